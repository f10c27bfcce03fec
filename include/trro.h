/* Generated from src/ffi by cbindgen. To change it, change the source and build. */

/**
 * @file trro.h
 * libtrro: asks Tencent Cloud's Real-time Teleoperation service (TRRO) for devices and their licenses, which decide
 * whether a device is authorized to run.
 *
 * RETURN VALUES. Every function that can fail returns a trro_status: 0 (TRRO_STATUS_OK) is success, errors are
 * positive. Mind that the vendor's field and remote SDKs have it the other way round: there 1 is success, and 0 or a
 * negative number a failure. `if (trro_f(...))` reads "if it failed".
 *
 * A PROGRAM. With TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment:
 *
 * @code
 * #include <stdio.h>
 * #include <trro.h>
 *
 * int main(void) {
 *     static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
 *     trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
 *     trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
 *     trro_client *client;
 *     const trro_devices *page;
 *     trro_error error;
 *     size_t i;
 *     if (trro_client_new(&config, &client, &error) ||
 *         trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error)) {
 *         fprintf(stderr, "%s: %s\n", trro_status_name(error.status), error.message);
 *         trro_client_free(client);
 *         return 1;
 *     }
 *     for (i = 0; i < page->device_count; i++)
 *         printf("%s: %lu license(s)\n", page->devices[i]->device_id, (unsigned long)page->devices[i]->license_id_count);
 *     trro_client_free(client);
 *     return 0;
 * }
 * @endcode
 *
 * ERRORS. A function that takes a `trro_error *` last writes all of it in every case; it may be NULL. Its message names
 * what is wrong, and never holds a secret. Outputs are all or nothing: they are cleared first, and after a failure a
 * handle or a pointer is NULL and a size is 0 (*needed_size after TRRO_STATUS_BUFFER_TOO_SMALL is the one exception).
 *
 * MEMORY. A handle is made by trro_X_new() and ended by trro_X_free(); free(NULL) does nothing. Nothing else is to be
 * freed: results go into a buffer of the caller's, pointers in them point into the same buffer, and they are valid as
 * long as the caller leaves it alone. A buffer may have any alignment; what is in it after a failure is undefined. What
 * a function is given it copies, or is done with when it returns. Where malloc() fails, the process may end by abort()
 * and a line on stderr; max_response_bytes bounds what a call can need.
 *
 * STRUCTS that the caller fills in begin with struct_size and are initialised with their _INIT macro; 0 or NULL in a
 * field means its default. That way a program keeps working with a newer library. Strings are UTF-8 and end with NUL;
 * an empty one is refused where one is given, since NULL says "none".
 *
 * THREADS. A client may be used by any number of threads at the same time; every function says more. trro_client_free()
 * comes after the last call has returned. A thread that calls needs a stack of 128 KiB beside its thread-local
 * variables.
 *
 * TIME is in the name: _ms, _s, _minutes. One deadline covers a whole call; a step of the system clock does not move
 * it, and a signal does not end the call.
 *
 * THE PROCESS is the caller's: no signal handler, no SIGPIPE, no locale, nothing written to the environment, to stdout
 * or stderr. errno is not preserved. A name lookup runs in a thread of its own (one a client, all signals blocked),
 * since libc cannot interrupt it; no other thread is made. A client belongs to the process that made it: in a child
 * after fork() calls return TRRO_STATUS_INVALID_ARGUMENT, and trro_client_free() only closes descriptors.
 *
 * BESIDE THE VENDOR'S SDK. This header defines none of the names of trro_field.h, nor of what is documented of
 * trro_remote.h, and may come before or after them (those are C++; this is C and C++). It includes stddef.h, without
 * which trro_field.h does not compile.
 */

#ifndef LIBTRRO_H
#define LIBTRRO_H

#include <stddef.h>
#include <stdint.h>

#define TRRO_VERSION_MAJOR 0
#define TRRO_VERSION_MINOR 1
#define TRRO_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/**
 * No limit, for a field that says it takes this; none of this version does.
 */
#define TRRO_UNLIMITED UINT32_MAX

/**
 * In place of a number that the service did not send, or sent as null.
 */
#define TRRO_ABSENT INT64_MIN

/**
 * Access to the service: it signs, sends, keeps up to three idle connections for up to 50 s, and remembers the
 * addresses of the service for 60 s. Made by trro_client_new(), ended by trro_client_free().
 *
 * Any number of threads may use one client at the same time; where a function takes a `const trro_client *`, calls run
 * side by side. A program needs one client an account.
 */
typedef struct trro_client trro_client;

/**
 * What a call came to. 0 is success, errors are positive: `if (trro_f(...))` reads "if it failed". The vendor's field
 * and remote SDKs have it the other way round: 1 is success, 0 or a negative number is a failure.
 *
 * Every function that returns a status may return TRRO_STATUS_OK, TRRO_STATUS_INVALID_ARGUMENT and
 * TRRO_STATUS_INTERNAL. Numbers never change; new ones may come.
 */
typedef int32_t trro_status;

/**
 * The key that signs requests. Initialise it with TRRO_CREDENTIALS_INIT.
 *
 * A blank around a part is refused: it is the usual cause of a wrong signature.
 */
typedef struct trro_credentials {
    /**
     * sizeof(trro_credentials), by TRRO_CREDENTIALS_INIT.
     */
    size_t struct_size;
    /**
     * "AKID..."; required.
     */
    const char *secret_id;
    /**
     * The secret that belongs to it; required.
     */
    const char *secret_key;
    /**
     * The token of a temporary key; NULL for a permanent one.
     */
    const char *token;
    /**
     * Not in this version: NULL.
     */
    const uint8_t *signing_key;
    /**
     * Not in this version: NULL.
     */
    const char *signing_date;
    /**
     * Not in this version: 0.
     */
    int64_t expires_at_s;
} trro_credentials;

/**
 * Not in this version: trro_client_config.credentials_fn must be NULL.
 */
typedef trro_status (*trro_credentials_fn)(void *user_data, struct trro_credentials *credentials);

/**
 * Not in this version: trro_client_config.log_fn must be NULL.
 */
typedef void (*trro_log_fn)(void *user_data, int32_t level, const char *message);

/**
 * How to reach the service, and as whom. Initialise it with TRRO_CLIENT_CONFIG_INIT. 0 or NULL in a field is the
 * default. Everything is copied by trro_client_new(). A field that this version does not honour is refused when it is
 * set, not ignored.
 */
typedef struct trro_client_config {
    /**
     * sizeof(trro_client_config), by TRRO_CLIENT_CONFIG_INIT.
     */
    size_t struct_size;
    /**
     * NULL: the environment's, TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for a temporary key,
     * TENCENTCLOUD_TOKEN, read once, in trro_client_new(), and not in a program with more rights than its user
     * (setuid).
     */
    const struct trro_credentials *credentials;
    /**
     * Not in this version: NULL.
     */
    trro_credentials_fn credentials_fn;
    /**
     * Not in this version: NULL.
     */
    void *credentials_data;
    /**
     * Not in this version: NULL.
     */
    const char *cvm_role;
    /**
     * https://host[:port][/path]; NULL: TRRO_ENDPOINT_INTL. http:// is accepted for 127.0.0.0/8, [::1] and localhost
     * only. A path is for a gateway in front of the service: it is requested, and not signed. The service has regional
     * hosts, such as https://trro.ap-singapore.tencentcloudapi.com. The proxies of the environment are not used.
     */
    const char *endpoint;
    /**
     * Sent as X-TC-Region, for example "ap-singapore". NULL: TENCENTCLOUD_REGION of the environment, and if that is
     * not set none is sent. Whether the service requires one is documented both ways, and which ones it takes nowhere.
     */
    const char *region;
    /**
     * The language of the service's messages: "en-US" (default) or "zh-CN".
     */
    const char *language;
    /**
     * A PEM file with the authorities to trust instead of the built-in ones (Mozilla's list), read once, by
     * trro_client_new(). Certificates are always verified.
     */
    const char *ca_file;
    /**
     * Not in this version: NULL.
     */
    const char *client_cert_file;
    /**
     * Not in this version: NULL.
     */
    const char *client_key_file;
    /**
     * Not in this version: NULL.
     */
    const char *proxy;
    /**
     * Not in this version: NULL.
     */
    const char *no_proxy;
    /**
     * Not in this version: NULL.
     */
    const char *network_interface;
    /**
     * Sent as User-Agent; NULL: "libtrro/" and the version.
     */
    const char *user_agent;
    /**
     * For a whole call, from the name lookup to the last byte: 1 to 600000 ms; 0: 10000. There is no "for ever".
     */
    uint32_t deadline_ms;
    /**
     * For connecting, TLS included and the name lookup not, within the deadline; all addresses share it. 1 to 600000
     * ms; 0: 3000.
     */
    uint32_t connect_timeout_ms;
    /**
     * Not in this version: 0. A call sends its request once.
     */
    uint32_t max_attempts;
    /**
     * A larger answer is TRRO_STATUS_BAD_RESPONSE: 1 to UINT32_MAX bytes, counted after decompression; 0: 4 MiB.
     */
    uint32_t max_response_bytes;
    /**
     * Not in this version: 0.
     */
    uint32_t max_requests_per_s;
    /**
     * Not in this version: 0.
     */
    uint32_t fleet_size;
    /**
     * Not in this version: 0.
     */
    int32_t log_level;
    /**
     * Not in this version: NULL.
     */
    trro_log_fn log_fn;
    /**
     * Not in this version: NULL.
     */
    void *log_data;
} trro_client_config;

/**
 * What happened, in full. The caller owns it, and may pass NULL where it is not wanted. Every function that takes one
 * writes all of it, so that it needs no initialising: after a success everything is 0 but `attempts`.
 *
 * 512 bytes, for ever.
 */
typedef struct trro_error {
    /**
     * What the function returned.
     */
    trro_status status;
    /**
     * 1: the same call may succeed later, without a change to the program or its configuration: the network, the clock
     * or the load may be another. 0: something has to be mended first.
     */
    int32_t retryable;
    /**
     * The HTTP status of the answer that the call failed by; 0: there was none. The service answers 200 to failures
     * too.
     */
    int32_t http_status;
    /**
     * errno of the system call that failed, or 0.
     */
    int32_t os_error;
    /**
     * How often the call has sent the request, or tried to. 0: nothing was tried, the answer was kept from before.
     */
    uint32_t attempts;
    /**
     * How long to wait before trying again; 0: not known, as always in this version.
     */
    uint32_t retry_after_ms;
    /**
     * 1: a call that changes something may have been carried out.
     */
    int32_t outcome_unknown;
    /**
     * The service's error code, "AuthFailure.SignatureExpire", or "". Always terminated.
     */
    char code[64];
    /**
     * The service's id of the request, which its support asks for, or "". Always terminated.
     */
    char request_id[64];
    /**
     * A sentence for people; after a colon the service's own message, in the language of the client. UTF-8, one line,
     * cut where there is no room, always terminated. Never a secret.
     */
    char message[256];
    /**
     * Always 0.
     */
    uint8_t reserved[100];
} trro_error;

/**
 * Which devices to ask for. Initialise it with TRRO_GET_DEVICES_REQUEST_INIT.
 */
typedef struct trro_get_devices_request {
    /**
     * sizeof(trro_get_devices_request), by TRRO_GET_DEVICES_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The page, from 1; 0: 1. The service's samples begin with 1, and its documents do not say. What comes after the
     * last page is documented nowhere.
     */
    int64_t page_num;
    /**
     * Rows a page, 1 to 10000; 0: 20. The service documents no largest one, and may give fewer or refuse; an answer
     * with more than 10000 rows, or with more licenses in one, is TRRO_STATUS_BAD_RESPONSE.
     */
    int64_t page_size;
    /**
     * Only devices of this project; NULL: of all. A row does not say which project it is of. A string here may lie in
     * the buffer that the call fills.
     */
    const char *project_id;
    /**
     * Only this device; NULL: all. Whether the service compares exactly is documented nowhere: check the rows. An id
     * is unique inside one project only.
     */
    const char *device_id;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_get_devices_request;

/**
 * A device and its licenses. It lives in the caller's buffer. New fields may come at the end.
 *
 * A number that the service did not send, or sent as null or as an empty string, is TRRO_ABSENT; a string is "" and a
 * list is empty.
 */
typedef struct trro_device {
    /**
     * Never NULL. Unique inside one project at most: two rows may have the same.
     */
    const char *device_id;
    /**
     * Never NULL. UTF-8, as the service sent it: it may hold control characters.
     */
    const char *device_name;
    /**
     * Licenses bound to the device (LicenseCount). Whether expired or suspended ones are counted is documented
     * nowhere.
     */
    int64_t license_count;
    /**
     * Whole days until the expiry (RemainDay). What it is after the expiry is documented nowhere.
     */
    int64_t remain_days;
    /**
     * When the licenses expire (ExpireTime), in seconds since 1970, UTC. Which license's, where several are bound, is
     * documented nowhere.
     */
    int64_t expire_time_s;
    /**
     * The "service duration" (Duration) in seconds; what it means is documented nowhere.
     */
    int64_t duration_s;
    /**
     * MonthlyRemainTime: by its name what is left of this month's allowance, by its description the allowance. Its
     * unit is documented nowhere. The sample has 66000 beside a limited_time_minutes of 60000, so do not compare the
     * two.
     */
    int64_t monthly_remain_time;
    /**
     * The month's allowance (LimitedTime), in minutes; whether of a license or of the device is documented nowhere.
     */
    int64_t limited_time_minutes;
    /**
     * The ids of the licenses (LicenseIds); `license_id_count` of them. Neither it nor an element is NULL.
     */
    const char *const *license_ids;
    /**
     * How many there are.
     */
    size_t license_id_count;
} trro_device;

/**
 * One page of devices. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_devices {
    /**
     * TotalCount, or TRRO_ABSENT. Whether of all pages or of this one is documented nowhere; the samples suggest all.
     * To read all pages, go on until one has no rows: a short page may also be a page_size that the service has cut.
     * If total_count is more than the rows of the page, it is that of all pages and says where to stop.
     */
    int64_t total_count;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The rows, in the service's order, which is documented nowhere; `device_count` of them. Neither it nor an element
     * is NULL. An answer without a list of devices has no rows.
     */
    const struct trro_device *const *devices;
    /**
     * How many rows there are.
     */
    size_t device_count;
} trro_devices;

/**
 * It worked.
 * Returned by: every function that returns a status.
 * What to do: use the outputs.
 */
#define TRRO_STATUS_OK 0

/**
 * The caller broke the contract: NULL, a bad size or range, text that is not UTF-8, a ca_file that cannot be read (its
 * errno is in error->os_error), a client used after fork(). Nothing was sent. The message names the argument.
 * Returned by: every function that returns a status.
 * What to do: mend the program or its configuration.
 */
#define TRRO_STATUS_INVALID_ARGUMENT 1

/**
 * The answer does not fit the buffer; *needed_size says what is enough. The answer is kept for 10 s, one a client: the
 * same call with enough room gets it without a second request, unless another answer has taken its place.
 * Returned by: trro_get_devices.
 * What to do: call again with a buffer of *needed_size bytes, in a loop.
 */
#define TRRO_STATUS_BUFFER_TOO_SMALL 2

/**
 * No source gave credentials.
 * Returned by: trro_client_new.
 * What to do: set config->credentials, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
 */
#define TRRO_STATUS_NO_CREDENTIALS 3

/**
 * The service knows no such key, or the signature or the token is wrong.
 * Returned by: trro_get_devices.
 * What to do: check key and token; the service's own message says which.
 */
#define TRRO_STATUS_AUTH_REJECTED 4

/**
 * The key is good and may not do this, or an address rule of the account forbids it. error->code says which.
 * Returned by: trro_get_devices.
 * What to do: grant the key trro:GetDevices in the account's access management.
 */
#define TRRO_STATUS_PERMISSION_DENIED 5

/**
 * The service refused the time of the request: more than 5 minutes from its own.
 * Returned by: trro_get_devices.
 * What to do: set the clock of the machine (NTP).
 */
#define TRRO_STATUS_CLOCK_SKEW 6

/**
 * Too many requests: the service documents 20 a second for GetDevices, and not whether that is for an account, a key
 * or a region.
 * Returned by: trro_get_devices.
 * What to do: wait, a second at least, and try again.
 */
#define TRRO_STATUS_THROTTLED 7

/**
 * The service refused the request: a parameter, the region, the page size, a quota, or with a code that this version
 * does not know. error->code and the message say which.
 * Returned by: trro_get_devices.
 * What to do: mend the request; trying again does not help. MissingParameter that names Region: set config->region.
 */
#define TRRO_STATUS_REQUEST_REJECTED 8

/**
 * The service says by an error that it does not know what was asked for. Whether GetDevices does so for an unknown
 * project or device, or gives no rows, is documented nowhere: check for both.
 * Returned by: trro_get_devices.
 * What to do: check the ids.
 */
#define TRRO_STATUS_NOT_FOUND 9

/**
 * The service failed: InternalError, ServiceUnavailable and their like, or an HTTP status of 5xx.
 * Returned by: trro_get_devices.
 * What to do: try again later.
 */
#define TRRO_STATUS_SERVICE_FAILED 10

/**
 * The name of the endpoint did not resolve.
 * Returned by: trro_get_devices.
 * What to do: check the network; try again later.
 */
#define TRRO_STATUS_RESOLVE_FAILED 11

/**
 * No connection: refused, unreachable, reset, or closed before the answer was whole. error->os_error has the errno, or
 * 0 if the other side closed.
 * Returned by: trro_get_devices.
 * What to do: check the network; try again later.
 */
#define TRRO_STATUS_CONNECT_FAILED 12

/**
 * The other side did not prove to be the service: certificate, name or protocol. No request was sent to it.
 * Returned by: trro_get_devices.
 * What to do: check the clock, the endpoint and ca_file; the message says which.
 */
#define TRRO_STATUS_TLS_FAILED 13

/**
 * deadline_ms or connect_timeout_ms passed; the message says in what.
 * Returned by: trro_get_devices.
 * What to do: try again later, or give it more time.
 */
#define TRRO_STATUS_TIMEOUT 14

/**
 * The program cancelled the call.
 * Returned by: no function of this version.
 * What to do: nothing.
 */
#define TRRO_STATUS_CANCELLED 15

/**
 * What came back is not an answer of this API, or larger than max_response_bytes. The message names the field: one of
 * another type than documented, a string with a NUL character, a list of more than 10000. No row of it is given.
 * Returned by: trro_get_devices.
 * What to do: check the endpoint, and what stands between (a captive portal, a proxy).
 */
#define TRRO_STATUS_BAD_RESPONSE 16

/**
 * A fault of this library. Nothing was written to stderr; the client can still be used.
 * Returned by: every function that returns a status.
 * What to do: report it, with the message.
 */
#define TRRO_STATUS_INTERNAL 17

/**
 * The proxy refused or failed.
 * Returned by: no function of this version.
 * What to do: check the proxy.
 */
#define TRRO_STATUS_PROXY_FAILED 18

/**
 * A source of credentials other than config->credentials is there and is incomplete or malformed. (What is wrong with
 * config->credentials is TRRO_STATUS_INVALID_ARGUMENT.)
 * Returned by: trro_client_new.
 * What to do: mend the source that the message names.
 */
#define TRRO_STATUS_CREDENTIALS_FAILED 19

/**
 * The version of the library that the program runs with, such as "0.1.0". The macros TRRO_VERSION_MAJOR, _MINOR and
 * _PATCH are those of the header that it was compiled with.
 *
 * @return A static string; never NULL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
const char *trro_version(void);

/**
 * The name of a status.
 *
 * @param status  Any number.
 * @return A static string, such as "TRRO_STATUS_TIMEOUT"; "TRRO_STATUS_UNKNOWN" for a number that is no status. Never
 *         NULL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
const char *trro_status_name(trro_status status);

/**
 * Makes a client. No network is touched: a wrong key shows at the first call.
 *
 * @param config  How to reach the service. Must not be NULL; copied, with all it points to.
 * @param client  Where the client goes. Must not be NULL; *client is NULL after a failure. End it with trro_client_free().
 * @param error   What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_CREDENTIALS_FAILED;
 *         TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any. The environment is read: no other thread may change it meanwhile.
 * @par Blocking
 * Only as long as reading ca_file takes.
 * @par Example
 * The program at the head of this file.
 * @since 0.1.0
 */
trro_status trro_client_new(const struct trro_client_config *config,
                            struct trro_client **client,
                            struct trro_error *error);

/**
 * Ends a client: closes its connections and wipes its keys.
 *
 * @param client  May be NULL. No call on it may be running, and none may follow.
 * @par Threads
 * Any. A name lookup that has not ended may go on in a thread of its own until libc gives it up.
 * @par Blocking
 * Never. In a child after fork() it only closes descriptors: the parent's connections live on.
 * @since 0.1.0
 */
void trro_client_free(struct trro_client *client);

/**
 * Asks for devices with their licenses, by which they are authorized to run: a page of them, into the caller's buffer.
 *
 * A row alone does not mean that the device is authorized: its license_count, expire_time_s and monthly_remain_time
 * tell. By which values the field SDK lets a device start is documented nowhere, and neither is whether devices
 * without a license, and cockpits, are listed.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client, page and filters) with enough room
 * gets it without a second request, and error->attempts is 0. One answer a client is kept, until it is fetched or
 * another takes its place; then the request is sent again and may need more room. So call in a loop, as
 * c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which devices; must not be NULL. Copied.
 * @param buffer       Where the rows go, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param devices      Where the page begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *devices is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_AUTH_REJECTED;
 *         TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED; TRRO_STATUS_REQUEST_REJECTED;
 *         TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED; TRRO_STATUS_CONNECT_FAILED;
 *         TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68116
 * @par Example
 * c-examples/list_devices.c reads all pages; c-examples/shortest.c is the least that is useful.
 * @since 0.1.0
 */
trro_status trro_get_devices(const struct trro_client *client,
                             const struct trro_get_devices_request *request,
                             void *buffer,
                             size_t buffer_size,
                             const struct trro_devices **devices,
                             size_t *needed_size,
                             struct trro_error *error);

/** The international site, the default of trro_client_config.endpoint. */
#define TRRO_ENDPOINT_INTL "https://trro.intl.tencentcloudapi.com"

/** The site for mainland China. */
#define TRRO_ENDPOINT_CHINA "https://trro.tencentcloudapi.com"

/** What trro_credentials begins as: nothing given. */
#define TRRO_CREDENTIALS_INIT { sizeof(trro_credentials), NULL, NULL, NULL, NULL, NULL, 0 }

/** What trro_client_config begins as: every default. */
#define TRRO_CLIENT_CONFIG_INIT \
    { sizeof(trro_client_config), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
      0, 0, 0, 0, 0, 0, 0, NULL, NULL }

/** What trro_get_devices_request begins as: the first 20 devices, of all projects. */
#define TRRO_GET_DEVICES_REQUEST_INIT { sizeof(trro_get_devices_request), 0, 0, NULL, NULL, 0, 0 }

/** Bytes for a page of that many devices with up to about 15 licenses each. A hint and no promise: names and licenses
 *  have no documented limit. */
#define TRRO_DEVICES_BUFFER_SIZE(page_size) (1024 + 1024 * (size_t)(page_size))

#ifdef __cplusplus
}
#endif

#endif /* LIBTRRO_H */
