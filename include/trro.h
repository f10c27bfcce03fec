/* Generated from src/ffi by cbindgen. To change it, change the source and build. */

/**
 * @file trro.h
 * libtrro: asks Tencent Cloud's Real-time Teleoperation service (TRRO) for devices and their licenses, which decide
 * whether a device is authorized to run.
 *
 * WHERE TO BEGIN. To ask whether one device may run: trro_check_authorization(), or trro_watch_new() to be kept informed. To list devices
 * with their licenses: trro_get_devices(), or trro_for_each_device() for all pages. Every other action of the API has a function of
 * its name (CreateDevice: trro_create_device()), and trro_call() carries out any action with JSON. All begin with trro_client_new().
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
 * MAY THIS DEVICE RUN? trro_check_authorization() asks once; trro_watch_new() keeps the answer fresh, and trro_watch_read()
 * gives it to a control loop in nanoseconds. trro_for_each_device() and trro_device_verdict() answer for a fleet.
 *
 * ERRORS. A function that takes a `trro_error *` last writes all of it in every case; it may be NULL. Its message names
 * what is wrong, and never holds a secret. Outputs are all or nothing: they are cleared first, and after a failure a
 * handle or a pointer is NULL and a size is 0 (*needed_size after TRRO_STATUS_BUFFER_TOO_SMALL is the one exception).
 *
 * MEMORY. A handle is made by trro_X_new() and ended by trro_X_free(); free(NULL) does nothing. Nothing else is to be
 * freed: results go into a buffer of the caller's, pointers in them point into the same buffer, and they are valid as
 * long as the caller leaves it alone. A buffer may have any alignment; what is in it after a failure is undefined. What
 * a function is given it copies, or is done with when it returns.
 *
 * NO MEMORY. Where malloc() fails, the process ends by abort(), with a line on stderr (more with RUST_BACKTRACE in the environment), as
 * programs in Rust do: leave it room. Two things are excepted: the body of an answer, for which there is TRRO_STATUS_INTERNAL, and
 * max_response_bytes; and trro_watch_read(), trro_watch_fd(), trro_device_verdict() and trro_client_cancel(), which allocate nothing.
 *
 * A HANDLE that was freed, or is of another kind, must not be used: the library as it ships does not recognise it, and anything
 * may happen. A debug build of it (`cargo build`) does, at every function: TRRO_STATUS_INVALID_ARGUMENT, with a message that says
 * so; without a status nothing is done. It goes by the address, and takes one that a new handle of the kind has got for that one.
 *
 * SECRETS. What the library has of keys and tokens, trro_client_free() wipes, or the last trro_watch_free() of the client's watches
 * where it comes later. What the program has itself stays: its own copies, what its credentials_fn gives, and the environment,
 * in which a key stays as long as the process lives. Where that matters, take a file, systemd, a role or credentials_fn.
 *
 * STRUCTS that the caller fills in begin with struct_size and are initialised with their _INIT macro; 0 or NULL in a
 * field means its default. That way a program keeps working with a newer library. Strings are UTF-8 and end with NUL;
 * an empty one is refused where one is given, since NULL says "none".
 *
 * CALLS THAT CHANGE SOMETHING (create, modify, delete, and what trro_call() does not know) are sent again only where that is safe: if
 * no byte of the request has left, or the service has refused it without carrying it out. Where it may have been carried out and nobody
 * knows, error.outcome_unknown is 1: ask how things are (trro_describe_device_info(), ...) before you do it again. Their buffer has to have
 * room for every answer (TRRO_CHANGE_BUFFER_SIZE), or nothing is sent.
 *
 * THREADS. A client may be used by any number of threads at the same time; every function says more. trro_client_free()
 * comes after the last call has returned. To end a client in use: trro_client_cancel(), wait until the calls have returned, for
 * instance by joining their threads, trro_client_free(); a watch: let those who read it stop, trro_watch_free(). A thread that
 * calls needs a stack of 128 KiB beside its thread-local variables. pthread_cancel() ends no thread inside of a function of the
 * library, nor inside of a callback, but once the function has returned.
 *
 * CALLBACKS. A function of the program's, and its user_data, must stay until trro_client_free() has returned and, if the client
 * has watches, the last trro_watch_free() too; a visitor until the call returns that it was given to. Each says from which
 * threads it is called. From inside, a call on the same client returns TRRO_STATUS_INVALID_ARGUMENT. It must return: no
 * longjmp(), no C++ exception.
 *
 * WHAT A BUILD MAY LACK. Every build of the library has this header and all its functions. One that was made smaller refuses what
 * was left out, before anything is sent, with a message that names the feature of the build that it lacks: mostly with
 * TRRO_STATUS_INVALID_ARGUMENT. Where a feature is needed, its name stands in the comment; "actions" is that of the functions
 * for actions of the API, but for trro_get_devices() and trro_get_device_license().
 *
 * WHEN IT DOES NOT WORK, error.message says why, log_fn tells what the library did, and trro_client_diagnose() (or the program
 * trro-status with `doctor`) looks at each step of a call and says what to do.
 *
 * TIME is in the name: _ms, _s, _minutes, _days; the unit of monthly_remain_time is documented nowhere. One deadline covers a
 * whole call, with the name lookup, every attempt and every wait; a step of the system clock does not move it, and a signal does
 * not end the call. trro_client_cancel() does.
 *
 * WHAT A CALL DOES BY ITSELF. It sends the request again where that may help, each time signed anew. It learns the service's
 * time from its answers, and goes by it in signatures and certificates: a board that boots in 1970 needs no NTP. It sends no
 * more requests a second than it may, slows down when the service refuses some, and returns TRRO_STATUS_THROTTLED rather
 * than wait past its deadline. It asks for credentials again before they run out. trro_client_config has the numbers.
 *
 * THE PROCESS is the caller's: no signal handler, no SIGPIPE, no setlocale() called or heeded, nothing written to the
 * environment, to stdout or stderr (but see NO MEMORY). errno is not preserved. A name lookup runs in a thread of its own (one a client), since libc cannot interrupt
 * it, and the watches of a client in another, as long as there are any; all signals are blocked in both. No other thread is
 * made. A client belongs to the process that made it: in a child after fork() calls return TRRO_STATUS_INVALID_ARGUMENT,
 * and trro_client_free() only closes descriptors. Who closes what he has not opened (closefrom() in a program that becomes a daemon)
 * makes clients afterwards: calls on one from before fail, with EBADF in trro_error.os_error or with TRRO_STATUS_TIMEOUT at their
 * deadline, and trro_client_free() may close what is not the client's.
 *
 * BESIDE THE VENDOR'S SDK. This header defines none of the names of trro_field.h, nor of what is documented of
 * trro_remote.h, and may come before or after them (those are C++; this is C and C++). It includes stddef.h, without
 * which trro_field.h does not compile.
 *
 * SINCE. What does not say since when it is there is there since 0.1.0.
 */

#ifndef LIBTRRO_H
#define LIBTRRO_H

#include <stddef.h>
#include <stdint.h>


/** The first number of the version that this header is of. */
#define TRRO_VERSION_MAJOR 0

/** The second number of the version that this header is of. */
#define TRRO_VERSION_MINOR 1

/** The third number of the version that this header is of. */
#define TRRO_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How many bytes a signing key has.
 */
#define TRRO_SIGNING_KEY_SIZE 32

/**
 * No limit of the library's, for trro_client_config.max_requests_per_s.
 */
#define TRRO_UNLIMITED UINT32_MAX

/**
 * A call failed by what a person has to mend: credentials, rights, certificates.
 */
#define TRRO_LOG_LEVEL_ERROR 1

/**
 * Something went wrong, and the library copes with it: an attempt that is repeated, a corrected clock.
 */
#define TRRO_LOG_LEVEL_WARNING 2

/**
 * What happens seldom: a connection, other credentials.
 */
#define TRRO_LOG_LEVEL_INFO 3

/**
 * Every request.
 */
#define TRRO_LOG_LEVEL_DEBUG 4

/**
 * In place of a number that the service did not send, or sent as null.
 */
#define TRRO_ABSENT INT64_MIN

/**
 * trro_license.status: bound to no device.
 */
#define TRRO_LICENSE_STATUS_UNBOUND 0

/**
 * trro_license.status: bound to a device.
 */
#define TRRO_LICENSE_STATUS_BOUND 1

/**
 * trro_license.status: its service is suspended.
 */
#define TRRO_LICENSE_STATUS_SUSPENDED 2

/**
 * trro_license.status: refunded.
 */
#define TRRO_LICENSE_STATUS_REFUNDED 3

/**
 * trro_get_licenses_request.status_filter: every license.
 */
#define TRRO_LICENSE_FILTER_ALL 0

/**
 * trro_get_licenses_request.status_filter: those that are bound to no device.
 */
#define TRRO_LICENSE_FILTER_UNBOUND 100

/**
 * trro_get_licenses_request.status_filter: those that are bound to a device.
 */
#define TRRO_LICENSE_FILTER_BOUND 101

/**
 * trro_get_licenses_request.status_filter: those whose service is suspended.
 */
#define TRRO_LICENSE_FILTER_SUSPENDED 102

/**
 * trro_get_licenses_request.status_filter: those that were refunded.
 */
#define TRRO_LICENSE_FILTER_REFUNDED 103

/**
 * There is no answer yet.
 */
#define TRRO_SOURCE_NONE 0

/**
 * The service answered this program.
 */
#define TRRO_SOURCE_SERVICE 1

/**
 * The last known answer, from a file that an earlier run of the program left.
 */
#define TRRO_SOURCE_SNAPSHOT 2

/**
 * How many bytes trro_watch_config.snapshot_key has.
 */
#define TRRO_SNAPSHOT_KEY_SIZE 32

/**
 * Access to the service: it signs, sends, keeps up to three idle connections for up to 50 s, and remembers the
 * addresses of the service for 60 s. Made by trro_client_new(), ended by trro_client_free().
 *
 * Any number of threads may use one client at the same time; where a function takes a `const trro_client *`, calls run
 * side by side. A program needs one client an account.
 */
typedef struct trro_client trro_client;

/**
 * A watch on one device's authorization. Made by trro_watch_new(), ended by trro_watch_free().
 *
 * It asks in the background: at once, then once a period at a moment that differs from device to device; sooner before the
 * licenses expire and when the monthly time runs out, later while the service cannot be reached. All watches of a client share
 * one thread, which is there as long as they are.
 */
typedef struct trro_watch trro_watch;

/**
 * What a call came to. 0 is success, errors are positive: `if (trro_f(...))` reads "if it failed". The vendor's field
 * and remote SDKs have it the other way round: 1 is success, 0 or a negative number is a failure.
 *
 * Every function that returns a status may return TRRO_STATUS_OK and TRRO_STATUS_INVALID_ARGUMENT, and every one that takes an
 * error TRRO_STATUS_INTERNAL. A function with an action is one that calls the service, but for
 * trro_client_diagnose(), which tells in its steps what fails. Numbers never change; new ones may come.
 */
typedef int32_t trro_status;

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
     * or the load may be another. 0: something has to be mended first, or outcome_unknown is 1.
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
     * How often the call has sent the request, or tried to. 0: nothing was tried; after a success, the answer was kept from
     * before. A connection that was closed while it was idle is replaced without being counted.
     */
    uint32_t attempts;
    /**
     * How long to wait before trying again; 0: not known. After TRRO_STATUS_THROTTLED, until the next turn of this client.
     */
    uint32_t retry_after_ms;
    /**
     * 1: a call that changes something may have been carried out all the same: a byte of the request had left, and no answer came by which
     * the service refuses it (one by which it fails, as InternalError, does not say that). Then retryable is 0: ask the service how
     * things are, and give it time, before you do it again. Always 0 after calls that change nothing.
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
 * What signs requests. Initialise it with TRRO_CREDENTIALS_INIT. A blank around a part is refused: it is the usual cause of a
 * wrong signature.
 *
 * Either secret_key, or signing_key with signing_date: the key of one day, from which the secret key cannot be found. A device
 * that is handed one every day by a server of its fleet needs no secret key (c-examples/day_key.c). Until the service has
 * said what time it is, a request is signed at the second of signing_date that is nearest to the system clock; afterwards
 * the key is used on its day and for 4 minutes more, and then calls return TRRO_STATUS_NO_CREDENTIALS. That is so for a minute
 * after an answer that told the time; then one request is sent all the same, in case it was wrong.
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
     * The secret that belongs to it; NULL with a signing_key.
     */
    const char *secret_key;
    /**
     * The token of a temporary key; NULL for a permanent one.
     */
    const char *token;
    /**
     * TRRO_SIGNING_KEY_SIZE bytes, as trro_derive_signing_key() makes them; NULL with a secret_key.
     */
    const uint8_t *signing_key;
    /**
     * The day (UTC) of signing_key, "YYYY-MM-DD"; NULL without one.
     */
    const char *signing_date;
    /**
     * When the service stops taking it, in seconds since 1970; 0: never. From then on, by the service's time, calls return
     * TRRO_STATUS_NO_CREDENTIALS, if an answer has told the time within the last minute; a trro_credentials_fn is asked for
     * others a minute before.
     */
    int64_t expires_at_s;
} trro_credentials;

/**
 * Gives the credentials to sign with. It is asked by the first call that needs them, a minute before expires_at_s, when the
 * day of a signing_date is over, and at once after the service has refused a token.
 *
 * `credentials` points to 512 zeroed bytes with struct_size set; fill in what is needed. Strings and key must stay valid
 * until the function is called again, or no longer can be (see CALLBACKS in the guide of trro.h). Return TRRO_STATUS_OK, or any other status for "there
 * are none": the call that asked returns TRRO_STATUS_CREDENTIALS_FAILED, unless earlier credentials still hold.
 *
 * It is called by one thread at a time: one that is inside of a call on the client, or that of the client's watches. Others
 * wait for it no longer than their own deadlines; neither a deadline nor trro_client_cancel() ends it itself.
 */
typedef trro_status (*trro_credentials_fn)(void *user_data, struct trro_credentials *credentials);

/**
 * Takes a message for people: one line of UTF-8, valid until the function returns, with `level` one of
 * TRRO_LOG_LEVEL_... . It never holds a header, a key, a token or a signature.
 *
 * It is called from the threads that are inside of a call on the client, trro_client_new() and trro_watch_new() included, and
 * from that of the client's watches, possibly by several at the same time. Neither a deadline nor trro_client_cancel() ends
 * it. See CALLBACKS in the guide of trro.h.
 */
typedef void (*trro_log_fn)(void *user_data, int32_t level, const char *message);

/**
 * How to reach the service, and as whom. Initialise it with TRRO_CLIENT_CONFIG_INIT. 0 or NULL in a field is the
 * default. Everything is copied by trro_client_new().
 */
typedef struct trro_client_config {
    /**
     * sizeof(trro_client_config), by TRRO_CLIENT_CONFIG_INIT.
     */
    size_t struct_size;
    /**
     * What signs. NULL, with credentials_fn NULL too: the first of these that is there, read once, by trro_client_new():
     * TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, for a temporary key, TENCENTCLOUD_TOKEN of the environment;
     * $CREDENTIALS_DIRECTORY/tencentcloud (systemd); the file that $TENCENTCLOUD_CREDENTIALS_FILE names, else
     * ~/.tencentcloud/credentials, else /etc/tencentcloud/credentials; cvm_role. The files are INI: secret_id, secret_key,
     * token in [default]. One that is incomplete, malformed or open to others ends the search with
     * TRRO_STATUS_CREDENTIALS_FAILED. A program with more rights than its user (setuid) takes nothing from the
     * environment. Feature "credential-sources": without it there are no such sources, and it is TRRO_STATUS_NO_CREDENTIALS.
     */
    const struct trro_credentials *credentials;
    /**
     * Asked for what signs, instead of `credentials`; NULL: not.
     */
    trro_credentials_fn credentials_fn;
    /**
     * The user_data of credentials_fn.
     */
    void *credentials_data;
    /**
     * The role of the Tencent Cloud instance on which the program runs: its credentials are asked for at the instance's
     * metadata service if no other source has any. NULL: that service is never asked.
     * Feature "credential-sources".
     */
    const char *cvm_role;
    /**
     * https://host[:port][/path]; NULL: TRRO_ENDPOINT_INTL. http:// is accepted for 127.0.0.0/8, [::1] and localhost
     * only. A path is for a gateway in front of the service: it is requested, and not signed. The service has regional
     * hosts, such as https://trro.ap-singapore.tencentcloudapi.com.
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
     * trro_client_new(). Certificates are always verified. Feature "built-in-roots": without it NULL is refused where the
     * endpoint is https://.
     */
    const char *ca_file;
    /**
     * A PEM file with a certificate by which a gateway knows this client, and its chain, read once, by trro_client_new().
     * NULL: none. Feature "client-certificates".
     */
    const char *client_cert_file;
    /**
     * A PEM file with the unencrypted key of that certificate; given if and only if client_cert_file is.
     */
    const char *client_key_file;
    /**
     * http://[user:password@]host[:port] or socks5://[user:password@]host[:port]; the proxy resolves the name of the
     * service. Characters that a URL cannot hold are written as %XX. NULL: HTTPS_PROXY, else ALL_PROXY of the environment,
     * in upper or lower case. The loopback and the metadata service are always reached directly.
     * Feature "proxy": without it one is refused, also that of the environment unless no_proxy names the host of the endpoint.
     */
    const char *proxy;
    /**
     * Hosts to reach without a proxy, with their subdomains, separated by commas; "*" is all. NULL: NO_PROXY of the
     * environment.
     */
    const char *no_proxy;
    /**
     * The one network device that connections go through, "wwan0", whatever the routes are; name lookups go as the
     * system sends them, and so does the metadata service. Linux before 5.7 allows it to privileged programs only. NULL: as the
     * routes are.
     */
    const char *network_interface;
    /**
     * Sent as User-Agent; NULL: "libtrro/" and the version.
     */
    const char *user_agent;
    /**
     * For a whole call, from the name lookup to the last byte, with every attempt and every wait between them: 1 to
     * 600000 ms; 0: 10000. There is no "for ever".
     */
    uint32_t deadline_ms;
    /**
     * For connecting, proxy and TLS included and the name lookup not, within the deadline; all addresses share it. Also
     * how long a connection may swallow what is sent before it counts as broken. 1 to 600000 ms; 0: 3000.
     */
    uint32_t connect_timeout_ms;
    /**
     * How often a call sends its request at most, 1 to 100; 0: 4. 1: nothing is repeated. Repeated is what may succeed
     * unchanged within seconds, after a random wait within 250 ms (1 s after TRRO_STATUS_THROTTLED) that doubles each time up
     * to 8 s, or longer if the service says so; and once, at once, what was refused for a wrong clock or a spent token.
     */
    uint32_t max_attempts;
    /**
     * A larger answer is TRRO_STATUS_BAD_RESPONSE: 1 to UINT32_MAX bytes, counted after decompression; 0: 4 MiB. Feature
     * "gzip": without it the service is not asked to compress, and an answer that is compressed is TRRO_STATUS_BAD_RESPONSE.
     */
    uint32_t max_response_bytes;
    /**
     * How many requests the client sends in any second at most, 1 to 1000; 0: 5. TRRO_UNLIMITED: no such limit. The account
     * has 20 for all its clients together.
     */
    uint32_t max_requests_per_s;
    /**
     * How many devices share the account and may be switched on in the same moment; 0: not known. If it is more than 20,
     * the first request of a client is sent at a random moment within 1.25 * fleet_size / 20 s, and a call whose deadline
     * is before it returns TRRO_STATUS_THROTTLED with error->retry_after_ms: keep the client, which remembers the moment, and
     * call again then. 0 to 1000000.
     */
    uint32_t fleet_size;
    /**
     * The least important messages that log_fn gets, TRRO_LOG_LEVEL_...; 0: TRRO_LOG_LEVEL_INFO.
     */
    int32_t log_level;
    /**
     * Told what happens; NULL: nobody is.
     */
    trro_log_fn log_fn;
    /**
     * The user_data of log_fn.
     */
    void *log_data;
} trro_client_config;

/**
 * Which devices to ask for. Initialise it with TRRO_GET_DEVICES_REQUEST_INIT.
 */
typedef struct trro_get_devices_request {
    /**
     * sizeof(trro_get_devices_request), by TRRO_GET_DEVICES_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The page. The service's samples begin with 1, and its documents do not say. What comes after the last page is
     * documented nowhere. 1 or more; 0: the default, 1.
     */
    int64_t page_num;
    /**
     * Rows a page. The service documents no largest one, and may give fewer or refuse; an answer with more than 10000
     * rows, or with more licenses in one, is TRRO_STATUS_BAD_RESPONSE. 1 to 10000; 0: the default, 20.
     */
    int64_t page_size;
    /**
     * Only devices of this project, else of all. A row does not say which project it is of. A string here may lie in
     * the buffer that the call fills. NULL: not sent.
     */
    const char *project_id;
    /**
     * Only this device. Whether the service compares exactly is documented nowhere: check the rows. An id is unique
     * inside one project only. NULL: not sent.
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
     * How many there are.
     */
    size_t device_count;
} trro_devices;

/**
 * Which licenses to ask for. Initialise it with TRRO_GET_LICENSES_REQUEST_INIT.
 */
typedef struct trro_get_licenses_request {
    /**
     * sizeof(trro_get_licenses_request), by TRRO_GET_LICENSES_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The page. The service's samples begin with 1, and its documents do not say. 1 or more; 0: the default, 1.
     */
    int64_t page_num;
    /**
     * Rows a page, each of which may be several licenses. The service documents no largest one. 1 to 10000; 0: the default, 20.
     */
    int64_t page_size;
    /**
     * Only licenses of this project. NULL: not sent.
     */
    const char *project_id;
    /**
     * Only licenses of this device; an id is unique inside one project only. NULL: not sent.
     */
    const char *device_id;
    /**
     * Only licenses in this state: TRRO_LICENSE_FILTER_UNBOUND, BOUND, SUSPENDED or REFUNDED (not TRRO_LICENSE_STATUS_...);
     * TRRO_LICENSE_FILTER_ALL: in any. 100 to 103; 0: not sent.
     */
    int64_t status_filter;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_get_licenses_request;

/**
 * Licenses of one kind. It lives in the caller's buffer. New fields may come at the end. A number that the service did not
 * send is TRRO_ABSENT.
 */
typedef struct trro_license {
    /**
     * How many licenses there are of this kind (Count). By what the service makes kinds is documented nowhere.
     */
    int64_t count;
    /**
     * Status: TRRO_LICENSE_STATUS_UNBOUND, BOUND, SUSPENDED or REFUNDED; others may come.
     */
    int64_t status;
    /**
     * When they expire (ExpireTime), in seconds since 1970, UTC.
     */
    int64_t expire_time_s;
    /**
     * The "service duration" (Duration) in seconds; what it means is documented nowhere.
     */
    int64_t duration_s;
    /**
     * Whole days until the expiry (RemainDay). What it is after the expiry is documented nowhere.
     */
    int64_t remain_days;
    /**
     * Their ids (LicenseIds); `license_id_count` of them. Neither it nor an element is NULL.
     */
    const char *const *license_ids;
    /**
     * How many there are.
     */
    size_t license_id_count;
} trro_license;

/**
 * One page of licenses. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_licenses {
    /**
     * TotalCount, or TRRO_ABSENT: in the published sample more than the rows of the page. Whether it counts rows or
     * licenses is documented nowhere.
     */
    int64_t total_count;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The rows (Licenses); `row_count` of them, which is not the number of licenses: each has a count. Go on until a page
     * has none. Neither it nor an element is NULL.
     */
    const struct trro_license *const *licenses;
    /**
     * How many there are.
     */
    size_t row_count;
} trro_licenses;

/**
 * How to ask for the account's licenses, counted: there is nothing to choose. Initialise it with TRRO_GET_LICENSE_STAT_REQUEST_INIT.
 */
typedef struct trro_get_license_stat_request {
    /**
     * sizeof(trro_get_license_stat_request), by TRRO_GET_LICENSE_STAT_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_get_license_stat_request;

/**
 * The account's licenses, counted. It lives in the caller's buffer. New fields may come at the end. A number that the
 * service did not send is TRRO_ABSENT. How the numbers overlap is documented nowhere.
 */
typedef struct trro_license_stat {
    /**
     * Licenses that are valid (Valid).
     */
    int64_t valid;
    /**
     * Licenses that are bound to devices (Bound).
     */
    int64_t bound;
    /**
     * Licenses that are free (UnBound).
     */
    int64_t unbound;
    /**
     * Licenses that have expired (Expire).
     */
    int64_t expired;
    /**
     * Licenses whose time of this month is used up (MonthlyExpire).
     */
    int64_t monthly_expired;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_license_stat;

/**
 * Which device to ask for. Initialise it with TRRO_GET_DEVICE_LICENSE_REQUEST_INIT.
 */
typedef struct trro_get_device_license_request {
    /**
     * sizeof(trro_get_device_license_request), by TRRO_GET_DEVICE_LICENSE_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the device. Required.
     */
    const char *project_id;
    /**
     * The device. Required.
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
} trro_get_device_license_request;

/**
 * The usable licenses of a device. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_device_license {
    /**
     * Licenses that are bound to the device and usable (AvailableCount), or TRRO_ABSENT.
     */
    int64_t available_count;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_device_license;

/**
 * Which project to make. Initialise it with TRRO_CREATE_PROJECT_REQUEST_INIT.
 */
typedef struct trro_create_project_request {
    /**
     * sizeof(trro_create_project_request), by TRRO_CREATE_PROJECT_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * Its name. 1 to 24 characters; required.
     */
    const char *project_name;
    /**
     * What it is for. 0 to 120 characters; NULL: not sent.
     */
    const char *project_description;
    /**
     * Who may connect to whom: all but what is listed, or only what is listed. The service takes "black" where it is not
     * sent. "black" or "white"; NULL: not sent.
     */
    const char *policy_mode;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_create_project_request;

/**
 * The project that was made. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_project_creation {
    /**
     * Its id, 16 characters; "" if the service did not send it. Never NULL.
     */
    const char *project_id;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_project_creation;

/**
 * Which project to change, and how. Initialise it with TRRO_MODIFY_PROJECT_REQUEST_INIT.
 */
typedef struct trro_modify_project_request {
    /**
     * sizeof(trro_modify_project_request), by TRRO_MODIFY_PROJECT_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * Its new name. 1 to 24 characters; NULL: not sent.
     */
    const char *project_name;
    /**
     * What it is for now. Whether the service takes an empty one for "none" or for "as it was" is not clear: its
     * document says to leave blank what is not to be modified. 0 to 120 characters; NULL: not sent.
     */
    const char *project_description;
    /**
     * Who may connect to whom from now on. "black" or "white"; NULL: not sent.
     */
    const char *policy_mode;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_modify_project_request;

/**
 * The project was changed. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_project_modification {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_project_modification;

/**
 * Which project to delete. Initialise it with TRRO_DELETE_PROJECT_REQUEST_INIT.
 */
typedef struct trro_delete_project_request {
    /**
     * sizeof(trro_delete_project_request), by TRRO_DELETE_PROJECT_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_delete_project_request;

/**
 * The project was deleted. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_project_deletion {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_project_deletion;

/**
 * Which projects to ask for. Initialise it with TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT.
 */
typedef struct trro_describe_project_list_request {
    /**
     * sizeof(trro_describe_project_list_request), by TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The page. 1 or more; 0: the default, 1.
     */
    int64_t page_number;
    /**
     * Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue). 1 to 10000; 0: the default, 10.
     */
    int64_t page_size;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_project_list_request;

/**
 * A project. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
 * "".
 */
typedef struct trro_project {
    /**
     * Its id, 16 characters. Never NULL.
     */
    const char *project_id;
    /**
     * Its name. Never NULL. UTF-8, as the service sent it.
     */
    const char *project_name;
    /**
     * What it is for. Never NULL. UTF-8, as the service sent it.
     */
    const char *project_description;
    /**
     * Who may connect to whom: "black", all but what is listed, or "white", only what is listed. Never NULL.
     */
    const char *policy_mode;
    /**
     * When it was last changed, by ISO 8601. Never NULL.
     */
    const char *modify_time;
} trro_project;

/**
 * One page of projects. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_project_list {
    /**
     * How many projects there are (Total), or TRRO_ABSENT.
     */
    int64_t total;
    /**
     * How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
     */
    int64_t num;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The rows (Projects); `project_count` of them. Go on until a page has none. Neither it nor an element
     * is NULL.
     */
    const struct trro_project *const *projects;
    /**
     * How many there are.
     */
    size_t project_count;
} trro_project_list;

/**
 * Which project to ask for. Initialise it with TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT.
 */
typedef struct trro_describe_project_info_request {
    /**
     * sizeof(trro_describe_project_info_request), by TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_project_info_request;

/**
 * One project. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
 * "".
 */
typedef struct trro_project_info {
    /**
     * Its name. Never NULL. UTF-8, as the service sent it.
     */
    const char *project_name;
    /**
     * What it is for. Never NULL. UTF-8, as the service sent it.
     */
    const char *project_description;
    /**
     * Who may connect to whom: "black", all but what is listed, or "white", only what is listed. Never NULL.
     */
    const char *policy_mode;
    /**
     * When it was last changed, by ISO 8601. Never NULL.
     */
    const char *modify_time;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_project_info;

/**
 * Which device to make. Initialise it with TRRO_CREATE_DEVICE_REQUEST_INIT.
 */
typedef struct trro_create_device_request {
    /**
     * sizeof(trro_create_device_request), by TRRO_CREATE_DEVICE_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the device. Required.
     */
    const char *project_id;
    /**
     * Its id, which no other device of the project has. The international site documents 18 characters at most, that for
     * China 32. 1 to 32 characters of a to z, 0 to 9 and _; required.
     */
    const char *device_id;
    /**
     * Its name; beyond ASCII the service documents Chinese. 1 to 23 characters; of the ASCII ones only letters, digits and _; required.
     */
    const char *device_name;
    /**
     * A device in the field, or a remote one that controls others. "field" or "remote"; required.
     */
    const char *device_type;
    /**
     * Its password. It shows in no message and no log. 16 characters of A to Z, a to z and 0 to 9; required.
     */
    const char *device_token;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_create_device_request;

/**
 * The device was made. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_device_creation {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_device_creation;

/**
 * Which device to change, and how. Initialise it with TRRO_MODIFY_DEVICE_REQUEST_INIT.
 */
typedef struct trro_modify_device_request {
    /**
     * sizeof(trro_modify_device_request), by TRRO_MODIFY_DEVICE_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the device. Required.
     */
    const char *project_id;
    /**
     * The device. Required.
     */
    const char *device_id;
    /**
     * Its new name; beyond ASCII the service documents Chinese. 1 to 23 characters; of the ASCII ones only letters, digits and _; NULL: not sent.
     */
    const char *device_name;
    /**
     * Its new password. It shows in no message and no log. 16 characters of A to Z, a to z and 0 to 9; NULL: not sent.
     */
    const char *device_token;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_modify_device_request;

/**
 * The device was changed. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_device_modification {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_device_modification;

/**
 * Which devices to delete. Initialise it with TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT.
 */
typedef struct trro_batch_delete_devices_request {
    /**
     * sizeof(trro_batch_delete_devices_request), by TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the devices. Required.
     */
    const char *project_id;
    /**
     * The devices; `device_id_count` of them. How many the service takes at once is documented nowhere. At least one string, each of 1 to 32 bytes; required.
     */
    const char *const *device_ids;
    /**
     * How many there are.
     */
    size_t device_id_count;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_batch_delete_devices_request;

/**
 * What became of the devices. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_device_deletion {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The devices that could not be deleted (FailedDeviceIds), `failed_device_id_count` of them; the others were. Neither it
     * nor an element is NULL.
     */
    const char *const *failed_device_ids;
    /**
     * How many there are.
     */
    size_t failed_device_id_count;
} trro_device_deletion;

/**
 * Which device to ask for. Initialise it with TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT.
 */
typedef struct trro_describe_device_info_request {
    /**
     * sizeof(trro_describe_device_info_request), by TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the device. Required.
     */
    const char *project_id;
    /**
     * The device. Required.
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
} trro_describe_device_info_request;

/**
 * One device. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
 * "".
 */
typedef struct trro_device_info {
    /**
     * Its name. Never NULL. UTF-8, as the service sent it.
     */
    const char *device_name;
    /**
     * "field", or "remote" for one that controls others. Never NULL.
     */
    const char *device_type;
    /**
     * "offline", "ready" (online) or "connected" (in a session). Never NULL.
     */
    const char *device_status;
    /**
     * When its status was last reported. Never NULL. In which form is not documented.
     */
    const char *last_report_time;
    /**
     * When it was last changed, by ISO 8601. Never NULL.
     */
    const char *modify_time;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_device_info;

/**
 * Which sessions to ask for. Initialise it with TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT.
 */
typedef struct trro_describe_device_session_list_request {
    /**
     * sizeof(trro_describe_device_session_list_request), by TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * The page. 1 or more; 0: the default, 1.
     */
    int64_t page_number;
    /**
     * Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue). 1 to 10000; 0: the default, 20.
     */
    int64_t page_size;
    /**
     * Only sessions of this device. NULL: not sent.
     */
    const char *device_id;
    /**
     * From this moment on, in seconds since 1970 by the published sample. 1 or more; 0: not sent.
     */
    int64_t start_time_s;
    /**
     * Until this moment, in seconds since 1970 by the published sample. 1 or more; 0: not sent.
     */
    int64_t end_time_s;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_device_session_list_request;

/**
 * A session between a remote device and a field device. It lives in the caller's buffer. New fields may come at the end.
 * A number that the service did not send is TRRO_ABSENT, a string "".
 */
typedef struct trro_session {
    /**
     * Its id. Never NULL.
     */
    const char *session_id;
    /**
     * The remote device. Never NULL.
     */
    const char *remote_device_id;
    /**
     * The field device. Never NULL.
     */
    const char *field_device_id;
    /**
     * The resolution, as "1920*1080" in the published sample. Never NULL.
     */
    const char *resolution;
    /**
     * When it began (StartTime), in seconds since 1970 by the published sample.
     */
    int64_t start_time_s;
    /**
     * When it ended (EndTime), in seconds since 1970 by the published sample.
     */
    int64_t end_time_s;
    /**
     * "good", "normal" or "bad". Never NULL.
     */
    const char *quality;
} trro_session;

/**
 * One page of sessions. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_session_list {
    /**
     * How many sessions there are (Total), or TRRO_ABSENT.
     */
    int64_t total;
    /**
     * How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
     */
    int64_t num;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The rows (DeviceSessionList); `session_count` of them. Go on until a page has none. Neither it nor an
     * element is NULL.
     */
    const struct trro_session *const *sessions;
    /**
     * How many there are.
     */
    size_t session_count;
} trro_session_list;

/**
 * Which recent sessions to ask for. Initialise it with TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT.
 */
typedef struct trro_describe_recent_session_list_request {
    /**
     * sizeof(trro_describe_recent_session_list_request), by TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * The page. 1 or more; 0: the default, 1.
     */
    int64_t page_number;
    /**
     * Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue). 1 to 10000; 0: the default, 20.
     */
    int64_t page_size;
    /**
     * Only sessions of this device, remote or in the field. NULL: not sent.
     */
    const char *device_id;
    /**
     * From this moment on, in seconds since 1970 by the published sample. The service takes two hours ago where it is not
     * sent or earlier. 1 or more; 0: not sent.
     */
    int64_t start_time_s;
    /**
     * Until this moment, in seconds since 1970 by the published sample. The service takes now where it is not sent or out
     * of range. 1 or more; 0: not sent.
     */
    int64_t end_time_s;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_recent_session_list_request;

/**
 * A session that is going on or ended lately. It lives in the caller's buffer. New fields may come at the end. A number
 * that the service did not send is TRRO_ABSENT, a string "".
 */
typedef struct trro_recent_session {
    /**
     * Its id. Never NULL.
     */
    const char *session_id;
    /**
     * The remote device. Never NULL.
     */
    const char *remote_device_id;
    /**
     * The field device. Never NULL.
     */
    const char *field_device_id;
    /**
     * The resolution, as "1920*1080" in the published sample. Never NULL.
     */
    const char *resolution;
    /**
     * When it began (StartTime), in seconds since 1970 by the published sample.
     */
    int64_t start_time_s;
    /**
     * When the service last heard of it (LatestUpdateTime), in seconds since 1970 by the published sample.
     */
    int64_t latest_update_time_s;
} trro_recent_session;

/**
 * One page of recent sessions. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_recent_session_list {
    /**
     * How many sessions there are (Total), or TRRO_ABSENT.
     */
    int64_t total;
    /**
     * How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
     */
    int64_t num;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The rows (RecentSessionList); `session_count` of them. Go on until a page has none. Neither it nor an
     * element is NULL.
     */
    const struct trro_recent_session *const *sessions;
    /**
     * How many there are.
     */
    size_t session_count;
} trro_recent_session_list;

/**
 * Which sessions to count. Initialise it with TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT.
 */
typedef struct trro_describe_session_statistics_request {
    /**
     * sizeof(trro_describe_session_statistics_request), by TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * Only sessions of this device. NULL: not sent.
     */
    const char *device_id;
    /**
     * From this moment on, in seconds since 1970. 1 or more; 0: not sent.
     */
    int64_t start_time_s;
    /**
     * Until this moment, in seconds since 1970. 1 or more; 0: not sent.
     */
    int64_t end_time_s;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_session_statistics_request;

/**
 * Sessions, counted. It lives in the caller's buffer. New fields may come at the end. A number that the service did not
 * send is TRRO_ABSENT.
 */
typedef struct trro_session_statistics {
    /**
     * Sessions (SessionNum).
     */
    int64_t session_count;
    /**
     * What they took together (TotalDuration), in minutes.
     */
    int64_t total_duration_minutes;
    /**
     * Field devices that took part (ActiveFieldDeviceNum).
     */
    int64_t active_field_device_count;
    /**
     * Remote devices that took part (ActiveRemoteDeviceNum).
     */
    int64_t active_remote_device_count;
    /**
     * How many of 100 sessions were not bad (NotBadSessionRatio).
     */
    int64_t not_bad_session_percent;
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
} trro_session_statistics;

/**
 * Which sessions to count. Initialise it with TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT.
 */
typedef struct trro_describe_session_statistics_by_interval_request {
    /**
     * sizeof(trro_describe_session_statistics_by_interval_request), by TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project. Required.
     */
    const char *project_id;
    /**
     * How long an interval is. "hour", "day" or "month"; required.
     */
    const char *statistic_interval;
    /**
     * Only sessions of this device. NULL: not sent.
     */
    const char *device_id;
    /**
     * From this moment on, in seconds since 1970. 1 or more; 0: not sent.
     */
    int64_t start_time_s;
    /**
     * Until this moment, in seconds since 1970. 1 or more; 0: not sent.
     */
    int64_t end_time_s;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_describe_session_statistics_by_interval_request;

/**
 * The sessions of one interval, counted. It lives in the caller's buffer. New fields may come at the end. A number that
 * the service did not send is TRRO_ABSENT.
 */
typedef struct trro_interval_statistics {
    /**
     * Where the interval begins (StartTime), in seconds since 1970.
     */
    int64_t start_time_s;
    /**
     * Where it ends (EndTime), in seconds since 1970.
     */
    int64_t end_time_s;
    /**
     * Sessions (SessionNum).
     */
    int64_t session_count;
    /**
     * What they took together (TotalDuration), in minutes.
     */
    int64_t total_duration_minutes;
    /**
     * Field devices that took part (ActiveFieldDeviceNum).
     */
    int64_t active_field_device_count;
    /**
     * Remote devices that took part (ActiveRemoteDeviceNum).
     */
    int64_t active_remote_device_count;
    /**
     * How many of 100 sessions were not bad (NotBadSessionRatio).
     */
    int64_t not_bad_session_percent;
} trro_interval_statistics;

/**
 * Sessions, counted in intervals. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_session_statistics_by_interval {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The intervals (SessionStatistics); `interval_count` of them. Neither it nor an element is NULL.
     */
    const struct trro_interval_statistics *const *intervals;
    /**
     * How many there are.
     */
    size_t interval_count;
} trro_session_statistics_by_interval;

/**
 * Which list to change, and how. Initialise it with TRRO_MODIFY_POLICY_REQUEST_INIT.
 */
typedef struct trro_modify_policy_request {
    /**
     * sizeof(trro_modify_policy_request), by TRRO_MODIFY_POLICY_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the devices. Required.
     */
    const char *project_id;
    /**
     * The remote device. Required.
     */
    const char *remote_device_id;
    /**
     * The field devices; `field_device_id_count` of them. How many the service takes at once is documented nowhere. At least one string, each of 1 to 32 bytes; required.
     */
    const char *const *field_device_ids;
    /**
     * How many there are.
     */
    size_t field_device_id_count;
    /**
     * Of which list: of what is forbidden, or of what is allowed. "black" or "white"; required.
     */
    const char *policy_mode;
    /**
     * Whether they are added to what is listed, removed from it, or are all that is listed from now on. "add", "remove" or "set"; required.
     */
    const char *modify_mode;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_modify_policy_request;

/**
 * What became of the field devices. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_policy_modification {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The devices that could not be added (FailedInsertIds), `failed_insert_id_count` of them. Neither it nor an element is
     * NULL.
     */
    const char *const *failed_insert_ids;
    /**
     * How many there are.
     */
    size_t failed_insert_id_count;
    /**
     * The devices that could not be removed (FailedDeleteIds), `failed_delete_id_count` of them. Neither it nor an element
     * is NULL.
     */
    const char *const *failed_delete_ids;
    /**
     * How many there are.
     */
    size_t failed_delete_id_count;
} trro_policy_modification;

/**
 * Whose lists to delete. Initialise it with TRRO_BATCH_DELETE_POLICY_REQUEST_INIT.
 */
typedef struct trro_batch_delete_policy_request {
    /**
     * sizeof(trro_batch_delete_policy_request), by TRRO_BATCH_DELETE_POLICY_REQUEST_INIT.
     */
    size_t struct_size;
    /**
     * The project of the devices. Required.
     */
    const char *project_id;
    /**
     * The remote devices; `remote_device_id_count` of them. How many the service takes at once is documented nowhere. At least one string, each of 1 to 32 bytes; required.
     */
    const char *const *remote_device_ids;
    /**
     * How many there are.
     */
    size_t remote_device_id_count;
    /**
     * Of which list: of what is forbidden, or of what is allowed. "black" or "white"; required.
     */
    const char *policy_mode;
    /**
     * For this call: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_batch_delete_policy_request;

/**
 * What became of the remote devices. It lives in the caller's buffer. New fields may come at the end.
 */
typedef struct trro_policy_deletion {
    /**
     * The service's id of the request. Never NULL.
     */
    const char *request_id;
    /**
     * The remote devices whose lists could not be deleted (FailedRemoteDeviceIds), `failed_remote_device_id_count` of them.
     * Neither it nor an element is NULL.
     */
    const char *const *failed_remote_device_ids;
    /**
     * How many there are.
     */
    size_t failed_remote_device_id_count;
} trro_policy_deletion;

/**
 * Which devices to go through. Initialise it with TRRO_DEVICE_FILTER_INIT.
 */
typedef struct trro_device_filter {
    /**
     * sizeof(trro_device_filter), by TRRO_DEVICE_FILTER_INIT.
     */
    size_t struct_size;
    /**
     * Only devices of this project; NULL: of all. A row does not say which project it is of.
     */
    const char *project_id;
    /**
     * Only devices with this id, as the service compares ids, which is documented nowhere; NULL: all.
     */
    const char *device_id;
    /**
     * Rows a page, 1 to 10000; 0: 100. If the service refuses it (InvalidParameterValue), it is halved, down to 10.
     */
    int64_t page_size;
    /**
     * For the whole walk: 1 to 600000 ms; 0: 600000. At 5 requests a second a page takes 200 ms.
     */
    uint32_t deadline_ms;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_device_filter;

/**
 * Takes one device, valid until the function returns. Return 0 to go on, and anything else to stop.
 *
 * It is called by the thread that called trro_for_each_device(). See CALLBACKS in the guide of trro.h.
 */
typedef int (*trro_device_fn)(void *user_data, const struct trro_device *device);

/**
 * Whose authorization to ask for. Initialise it with TRRO_AUTHORIZATION_QUERY_INIT.
 */
typedef struct trro_authorization_query {
    /**
     * sizeof(trro_authorization_query), by TRRO_AUTHORIZATION_QUERY_INIT.
     */
    size_t struct_size;
    /**
     * The project; required, since ids are unique only inside of one.
     */
    const char *project_id;
    /**
     * The device; required. A row counts if its id is exactly this.
     */
    const char *device_id;
    /**
     * How many streams the device is to send (device_streams in the vendor's config.json), 1 to 2147483647; 0: 1.
     */
    uint32_t streams;
    /**
     * For the call, all its pages together: 1 to 600000 ms; 0: the client's.
     */
    uint32_t deadline_ms;
    /**
     * 1: ask GetDeviceLicense as well, which counts the bound licenses that are usable: one more request, which the key has to be allowed
     * (trro:GetDeviceLicense), and if it fails the call fails. If it
     * disagrees with the device's row, the verdict is TRRO_VERDICT_UNKNOWN and the reason TRRO_REASON_AVAILABLE_DIFFERS. Cannot be
     * used with a watch. 0: do not.
     */
    uint32_t ask_available;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trro_authorization_query;

/**
 * Whether a device may run. New verdicts may come: take one that you do not know for TRRO_VERDICT_UNKNOWN.
 *
 * No document says by which values the vendor's field SDK lets a device start; the verdict follows its error codes, and is
 * TRRO_VERDICT_UNKNOWN where the service's documents are silent or its answer contradicts itself. Then TRRO_start is to be
 * asked, not refused: it checks by itself.
 */
typedef int32_t trro_verdict;

/**
 * Why a verdict is what it is. 1 to 6 are those of the verdicts with the same numbers; with 0, and from 7 on, the verdict is
 * TRRO_VERDICT_UNKNOWN. New reasons may come.
 */
typedef int32_t trro_reason;

/**
 * Whether a device may run, and by what. The caller owns it; every function that takes one writes all of it, so that it
 * needs no initialising. A number that is not known is TRRO_ABSENT.
 *
 * 256 bytes, for ever.
 */
typedef struct trro_authorization {
    /**
     * TRRO_VERDICT_...
     */
    trro_verdict verdict;
    /**
     * What TRRO_start of the vendor's field SDK is expected to return, to be passed to its getErrorMsg: 1 for
     * TRRO_VERDICT_AUTHORIZED, -0x02000101 for NOT_FOUND and NOT_BOUND, -0x02000102 for NOT_ENOUGH, -0x02000103 for EXPIRED,
     * -0x02000104 for NO_DURATION; 0 for UNKNOWN.
     */
    int32_t sdk_code;
    /**
     * Where the answer is from: TRRO_SOURCE_...
     */
    int32_t source;
    /**
     * How many streams were asked for.
     */
    int32_t streams;
    /**
     * As in trro_device; TRRO_ABSENT also where the service has no row of the device.
     */
    int64_t license_count;
    /**
     * How many of the bound licenses are usable (AvailableCount of GetDeviceLicense), if trro_authorization_query.ask_available says
     * that this is asked for as well; else, and where the service does not say, TRRO_ABSENT.
     */
    int64_t available_license_count;
    /**
     * As in trro_device, at the moment of the answer.
     */
    int64_t remain_days;
    /**
     * As in trro_device.
     */
    int64_t expire_time_s;
    /**
     * As in trro_device, at the moment of the answer.
     */
    int64_t monthly_remain_time;
    /**
     * As in trro_device.
     */
    int64_t limited_time_minutes;
    /**
     * From now to expire_time_s; negative after it.
     */
    int64_t seconds_left;
    /**
     * When the service answered, by its clock, in seconds since 1970.
     */
    int64_t answered_at_s;
    /**
     * The same moment by CLOCK_BOOTTIME.
     */
    int64_t answered_boottime_ms;
    /**
     * How long ago that was.
     */
    int64_t age_ms;
    /**
     * The service's id of the request, or "". Always terminated.
     */
    char request_id[64];
    /**
     * TRRO_REASON_...; trro_authorization_sentence() puts it in words.
     */
    trro_reason reason;
    /**
     * Always 0.
     */
    uint8_t reserved[92];
} trro_authorization;

/**
 * Told when the verdict, its reason or its source has changed. `authorization` is valid until the function returns.
 *
 * That is so for the first answer, for one from a file, and for what changes by time alone. It is called from the thread that
 * asks for all watches of the client, one call at a time; signals are blocked there. While it runs, no watch of the client
 * is asked for, and trro_watch_free() waits for it. From inside, trro_watch_read() works. See CALLBACKS at the head of this
 * file.
 */
typedef void (*trro_watch_fn)(void *user_data, const struct trro_authorization *authorization);

/**
 * What to watch, and how. Initialise it with TRRO_WATCH_CONFIG_INIT. Everything is copied by trro_watch_new().
 */
typedef struct trro_watch_config {
    /**
     * sizeof(trro_watch_config), by TRRO_WATCH_CONFIG_INIT.
     */
    size_t struct_size;
    /**
     * Whose authorization; required. Its deadline_ms is for asking once.
     */
    const struct trro_authorization_query *query;
    /**
     * A file in which the last answer is kept, for a start without a network; NULL: none. It is read by trro_watch_new(), which
     * then gives what it says as TRRO_SOURCE_SNAPSHOT until the service has answered: with the age that follows from the clock,
     * or TRRO_REASON_AGE_UNKNOWN as long as the clock is behind the moment of the answer. It is replaced as a whole, so that
     * after a power cut there is the old or the new one; written when something has changed, and else 24 times within
     * max_stale_s. A file of another device, project or endpoint, or one that is damaged, is not used,
     * and log_fn is told why. Two watches must not share one.
     */
    const char *snapshot_path;
    /**
     * TRRO_SNAPSHOT_KEY_SIZE bytes that prove that the file was written by who has them; NULL: it is protected against
     * corruption only. With a key nobody without it can make up a file; who can write there can still put back an older one.
     */
    const uint8_t *snapshot_key;
    /**
     * Told of changes; NULL: nobody is.
     */
    trro_watch_fn changed_fn;
    /**
     * The user_data of changed_fn.
     */
    void *changed_data;
    /**
     * How often to ask, 1 to 86400 s; 0: 300.
     */
    uint32_t period_s;
    /**
     * An answer that is older says nothing any more: TRRO_VERDICT_UNKNOWN with TRRO_REASON_TOO_OLD. 1 to 31536000 s; 0: 86400.
     */
    uint32_t max_stale_s;
} trro_watch_config;

/**
 * A step of a call, in the order in which they are taken; TRRO_STEP_ANSWER comes before TRRO_STEP_CLOCK. New steps may come.
 */
typedef int32_t trro_step;

/**
 * What was seen of one step. Laid out by the library, and valid with its texts until the callback returns; new fields may come
 * at the end. Texts are in English, on one line, never NULL, and hold no secret; a secret id does not show beyond AKID or IKID.
 */
typedef struct trro_diagnosis {
    /**
     * TRRO_STEP_...
     */
    trro_step step;
    /**
     * What is wrong at this step. TRRO_STATUS_OK: nothing, or nothing is known (see was_reached). A device that may not run is
     * TRRO_STATUS_NOT_FOUND or TRRO_STATUS_PERMISSION_DENIED at TRRO_STEP_LICENSE.
     */
    trro_status status;
    /**
     * How long it took; TRRO_ABSENT for a step that takes no time of its own.
     */
    int64_t elapsed_ms;
    /**
     * "resolve", "route", "connect", "TLS", "answer", "clock", "credentials", "signature", "permission", "rate limit",
     * "license".
     */
    const char *name;
    /**
     * What was seen: "2 addresses: 192.0.2.1, 192.0.2.2".
     */
    const char *finding;
    /**
     * What to do; "" if nothing. Also where nothing is wrong yet: a clock that only the library gets along with.
     */
    const char *advice;
    /**
     * 1: the step was looked at. 0: nothing is known of it, since another step failed.
     */
    int32_t was_reached;
} trro_diagnosis;

/**
 * Takes one step, valid until the function returns. Return 0 to go on, and anything else to stop.
 *
 * It is called by the thread that called trro_client_diagnose(), as soon as the step is known. A call on the same client from
 * inside returns TRRO_STATUS_INVALID_ARGUMENT. It must return: no longjmp(), no C++ exception.
 */
typedef int (*trro_diagnosis_fn)(void *user_data, const struct trro_diagnosis *diagnosis);

/**
 * It worked.
 * Returned by: every function that returns a status.
 * What to do: use the outputs.
 */
#define TRRO_STATUS_OK 0

/**
 * The caller broke the contract, and nothing was sent. NULL, a bad size or range, text that is not UTF-8, a ca_file or a config.json that cannot
 * be read (its errno is in error->os_error), a client used after fork() or from inside of its own callback, or
 * trro_client_resume() before the cancelled calls have returned. The message names the argument.
 * Returned by: every function that returns a status.
 * What to do: mend the program or its configuration; wait, with trro_client_resume().
 */
#define TRRO_STATUS_INVALID_ARGUMENT 1

/**
 * The answer does not fit the buffer; *needed_size says what is enough. An answer of the service is kept for 10 s, one a
 * client: the same call with enough room gets it without a second request, unless another answer has taken its place.
 * Returned by: every function with a buffer.
 * What to do: call again with a buffer of *needed_size bytes, in a loop. A call that changes something was not sent.
 */
#define TRRO_STATUS_BUFFER_TOO_SMALL 2

/**
 * No source gave credentials; or those that there are hold no more: they have expired, or are a signing key for another day
 * than the service's. Nothing was sent with them. The message names both days, or the places where a key may be.
 * Returned by: trro_client_new, every function with an action.
 * What to do: set config->credentials, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY; get a key for today.
 */
#define TRRO_STATUS_NO_CREDENTIALS 3

/**
 * The service knows no such key, or the signature or the token is wrong.
 * Returned by: every function with an action.
 * What to do: check key and token; the service's own message says which.
 */
#define TRRO_STATUS_AUTH_REJECTED 4

/**
 * The key is good and may not do this, or an address rule of the account forbids it. The code in error->code says which.
 * Returned by: every function with an action.
 * What to do: grant the key trro:GetDevices (or the action that was called) in the account's access management.
 */
#define TRRO_STATUS_PERMISSION_DENIED 5

/**
 * The service refused the time of the request, more than 5 minutes from its own, and no further attempt was left or its
 * answers do not tell the time. If they do, the next call goes by the service's time.
 * Returned by: every function with an action.
 * What to do: try again; if that does not help, set the clock of the machine (NTP).
 */
#define TRRO_STATUS_CLOCK_SKEW 6

/**
 * Too many requests: the service documents 20 a second for each action (50 for two), and not whether that is for an account, a key
 * or a region. With error->attempts 0 the service was not asked: the turn of the call, by max_requests_per_s, by fleet_size
 * or because the service has refused the client lately, would have come after its deadline.
 * Returned by: every function with an action.
 * What to do: wait for error->retry_after_ms, and try again.
 */
#define TRRO_STATUS_THROTTLED 7

/**
 * The service refused the request: a parameter, the region, the page size, a quota, or with a code that this version
 * does not know. error->code and the message say which.
 * Returned by: every function with an action.
 * What to do: mend the request; trying again does not help. MissingParameter that names Region: set config->region.
 */
#define TRRO_STATUS_REQUEST_REJECTED 8

/**
 * The service says by an error that it does not know what was asked for. Whether GetDevices does so for an unknown
 * project or device, or gives no rows, is documented nowhere: check for both.
 * Returned by: every function with an action.
 * What to do: check the ids.
 */
#define TRRO_STATUS_NOT_FOUND 9

/**
 * The service failed: InternalError, ServiceUnavailable and their like, or an HTTP status of 5xx.
 * Returned by: every function with an action.
 * What to do: try again later.
 */
#define TRRO_STATUS_SERVICE_FAILED 10

/**
 * The name of the endpoint did not resolve.
 * Returned by: every function with an action, trro_client_connect.
 * What to do: check the network; try again later.
 */
#define TRRO_STATUS_RESOLVE_FAILED 11

/**
 * No connection: refused, unreachable, reset, closed before the answer was whole, or no descriptor (EMFILE) or thread left
 * for it. error->os_error has the errno, or 0 if the other side closed.
 * Returned by: trro_client_new, every function with an action, trro_client_connect, trro_watch_new.
 * What to do: check the network; try again later. With EMFILE, ENFILE or EAGAIN: raise the limit, or close what leaks.
 */
#define TRRO_STATUS_CONNECT_FAILED 12

/**
 * The other side did not prove to be the service: certificate, name or protocol. No request was sent to it, unless it is its
 * answer that shows that the clock is wrong by which its certificate was taken. Or it did, and refused this client.
 * Returned by: every function with an action, trro_client_connect.
 * What to do: check the clock, the endpoint, ca_file and client_cert_file; the message says which.
 */
#define TRRO_STATUS_TLS_FAILED 13

/**
 * deadline_ms or connect_timeout_ms passed; the message says in what.
 * Returned by: every function with an action, trro_client_connect.
 * What to do: try again later, or give it more time.
 */
#define TRRO_STATUS_TIMEOUT 14

/**
 * The program called trro_client_cancel().
 * Returned by: every function with an action, trro_client_connect, trro_client_diagnose.
 * What to do: nothing; before the next call, trro_client_resume(). After a call that changes something, see outcome_unknown.
 */
#define TRRO_STATUS_CANCELLED 15

/**
 * What came back is not an answer of this API, or larger than max_response_bytes. The message names the field: one of
 * another type than documented, a string with a NUL character, a list of more than 10000, a RequestId that is missing. No row of
 * it is given.
 * Returned by: every function with an action.
 * What to do: check the endpoint, and what stands between (a captive portal, a proxy).
 */
#define TRRO_STATUS_BAD_RESPONSE 16

/**
 * A fault of this library. Nothing was written to stderr; the client can still be used.
 * Returned by: every function that takes an error.
 * What to do: report it, with the message.
 */
#define TRRO_STATUS_INTERNAL 17

/**
 * The proxy cannot be reached, wants another user or password, refused, or does not speak its protocol. The request was not
 * sent. The message names the proxy, without user and password.
 * Returned by: every function with an action, trro_client_connect.
 * What to do: check the proxy, config->proxy and the environment's HTTPS_PROXY and ALL_PROXY.
 */
#define TRRO_STATUS_PROXY_FAILED 18

/**
 * A source of credentials other than config->credentials is there and is incomplete, malformed or open to others, or it
 * failed: credentials_fn, the metadata service. (What is wrong with config->credentials is TRRO_STATUS_INVALID_ARGUMENT.)
 * Returned by: trro_client_new, every function with an action.
 * What to do: mend the source that the message names.
 */
#define TRRO_STATUS_CREDENTIALS_FAILED 19

/**
 * Nothing can be said; trro_authorization.reason tells why.
 */
#define TRRO_VERDICT_UNKNOWN 0

/**
 * Enough licenses are bound, and they last.
 */
#define TRRO_VERDICT_AUTHORIZED 1

/**
 * The project has no device with exactly this id.
 */
#define TRRO_VERDICT_NOT_FOUND 2

/**
 * No license is bound to the device.
 */
#define TRRO_VERDICT_NOT_BOUND 3

/**
 * Fewer licenses are bound than it wants to send streams. That the two are compared follows from the vendor's error texts.
 */
#define TRRO_VERDICT_NOT_ENOUGH 4

/**
 * The licenses have expired: at the second of their expiry they are no longer good.
 */
#define TRRO_VERDICT_EXPIRED 5

/**
 * monthly_remain_time is 0 or less. That it decides follows from the vendor's error texts.
 */
#define TRRO_VERDICT_NO_DURATION 6

/**
 * Unknown: there is no answer. The service has not been asked yet, or could not be.
 */
#define TRRO_REASON_NOT_ASKED 0

/**
 * As TRRO_VERDICT_AUTHORIZED.
 */
#define TRRO_REASON_AUTHORIZED 1

/**
 * As TRRO_VERDICT_NOT_FOUND.
 */
#define TRRO_REASON_NOT_FOUND 2

/**
 * As TRRO_VERDICT_NOT_BOUND.
 */
#define TRRO_REASON_NOT_BOUND 3

/**
 * As TRRO_VERDICT_NOT_ENOUGH.
 */
#define TRRO_REASON_NOT_ENOUGH 4

/**
 * As TRRO_VERDICT_EXPIRED.
 */
#define TRRO_REASON_EXPIRED 5

/**
 * As TRRO_VERDICT_NO_DURATION.
 */
#define TRRO_REASON_NO_DURATION 6

/**
 * Unknown: the service lists the id more than once, with different licenses, expiries or times.
 */
#define TRRO_REASON_ROWS_DIFFER 7

/**
 * Unknown: the service did not say how many licenses are bound.
 */
#define TRRO_REASON_COUNT_UNKNOWN 8

/**
 * Unknown: expire_time_s has passed, and remain_days is above 0. A published sample of the service's is such a row.
 */
#define TRRO_REASON_EXPIRY_CONTRADICTS 9

/**
 * Unknown: the service said neither when the licenses expire nor that days remain.
 */
#define TRRO_REASON_EXPIRY_UNKNOWN 10

/**
 * Unknown: the last answer is older than trro_watch_config.max_stale_s.
 */
#define TRRO_REASON_TOO_OLD 11

/**
 * Unknown: the last known answer is from a file, and the clock is behind the moment at which it came.
 */
#define TRRO_REASON_AGE_UNKNOWN 12

/**
 * Unknown: the device was not found in a list that changed while it was read, three times.
 */
#define TRRO_REASON_LIST_CHANGED 13

/**
 * Unknown: by its row the device may run, and by available_license_count not, or the other way round.
 */
#define TRRO_REASON_AVAILABLE_DIFFERS 14

/**
 * The name of the endpoint, or of the proxy, to addresses; asked for anew, whatever is remembered.
 */
#define TRRO_STEP_RESOLVE 0

/**
 * The way there that the system would take, and whether config->network_interface can be used.
 */
#define TRRO_STEP_ROUTE 1

/**
 * TCP, and through the proxy to the service.
 */
#define TRRO_STEP_CONNECT 2

/**
 * Who the service is: protocol and certificate.
 */
#define TRRO_STEP_TLS 3

/**
 * By how much the system clock is off.
 */
#define TRRO_STEP_CLOCK 4

/**
 * What the credentials look like, and whether the service knows them.
 */
#define TRRO_STEP_CREDENTIALS 5

/**
 * Whether the service agrees with the signature.
 */
#define TRRO_STEP_SIGNATURE 6

/**
 * Whether the credentials may list devices.
 */
#define TRRO_STEP_PERMISSION 7

/**
 * Whether the client and the account may send requests.
 */
#define TRRO_STEP_RATE_LIMIT 8

/**
 * Whether the device of the query is authorized to run.
 */
#define TRRO_STEP_LICENSE 9

/**
 * Whether a request is answered, and by the service.
 */
#define TRRO_STEP_ANSWER 10

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
 * The key that signs the requests of one day (UTC) to the service, for a program that hands keys to devices. From it the
 * secret key cannot be found, and it is good for nothing else and for no other day. No client and no network is needed.
 *
 * @param secret_key  The secret key of the account; must not be NULL.
 * @param date        The day, "YYYY-MM-DD"; must not be NULL.
 * @param key         Where the TRRO_SIGNING_KEY_SIZE bytes go; must not be NULL. All zero after a failure.
 * @param error       What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @par Example
 * c-examples/day_key.c shows both sides.
 * @since 0.1.0
 */
trro_status trro_derive_signing_key(const char *secret_key,
                                    const char *date,
                                    uint8_t *key,
                                    struct trro_error *error);

/**
 * Makes a client. No network is touched: a wrong key shows at the first call.
 *
 * @param config  How to reach the service. Must not be NULL; copied, with all it points to.
 * @param client  Where the client goes. Must not be NULL; *client is NULL after a failure. End it with trro_client_free().
 * @param error   What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_CREDENTIALS_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED, if no descriptor is left, or if a machine that was just switched on
 *         has no random numbers yet for client_key_file; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any. The environment is read: no other thread may change it meanwhile.
 * @par Blocking
 * Only as long as reading the files takes that it names, and those in which credentials are looked for.
 * @par Example
 * The program in the guide of trro.h.
 * @since 0.1.0
 */
trro_status trro_client_new(const struct trro_client_config *config,
                            struct trro_client **client,
                            struct trro_error *error);

/**
 * Ends a client: closes its connections and wipes its keys. What its watches need of it goes with the last of them.
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
 * Makes a connection ahead of the first call: name lookup, TCP, proxy and TLS are done when it is needed, and the call takes one round
 * trip. Nothing is asked of the service and no credential is sent; nothing is repeated: a failure is what a call would meet now.
 * The connection is used within 50 s, by a call that changes something within 1 s, or dropped. If there is one already, this does
 * nothing.
 *
 * @param client       Must not be NULL.
 * @param deadline_ms  For all of it together: 1 to 600000 ms; 0: the client's.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_RESOLVE_FAILED; TRRO_STATUS_CONNECT_FAILED;
 *         TRRO_STATUS_TLS_FAILED; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any.
 * @par Blocking
 * Until the deadline at the latest.
 * @par Example
 * @code
 * if (trro_client_connect(client, 2000, &error) != TRRO_STATUS_OK)
 *     fprintf(stderr, "the service is out of reach for now: %s\n", error.message);
 * @endcode
 * @since 0.1.0
 */
trro_status trro_client_connect(const struct trro_client *client,
                                uint32_t deadline_ms,
                                struct trro_error *error);

/**
 * Ends the calls in progress within 50 ms, whatever they wait for, and makes later ones return TRRO_STATUS_CANCELLED at
 * once, until trro_client_resume(). A function of the program's own (credentials_fn, log_fn, a visitor) is not ended. Watches
 * are not asked for meanwhile; trro_watch_read() goes on with what is known.
 *
 * @param client  May be NULL.
 * @par Threads
 * Any, and safe in a signal handler: atomic operations and write(); errno is what it was. Without effect in a
 * child after fork(). trro_client_free() must not have begun.
 * @par Blocking
 * Never; it does not wait for the calls to return.
 * @since 0.1.0
 */
void trro_client_cancel(const struct trro_client *client);

/**
 * Lets calls begin again after trro_client_cancel(). Without one before it, it does nothing. As long as a cancelled call has not
 * returned it is refused: call it again after that call has returned.
 *
 * @param client  Must not be NULL.
 * @param error   What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, also while a cancelled call, or a cancelled request of a watch, has
 *         not returned yet; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
trro_status trro_client_resume(const struct trro_client *client,
                               struct trro_error *error);

/**
 * By how much the service's time is ahead of the system clock, at this moment, as far as its answers have told. The
 * library uses the service's time for signatures and certificates, and never sets the system clock.
 *
 * @param client     Must not be NULL.
 * @param offset_ms  Where the milliseconds go, negative if the system clock is ahead; TRRO_ABSENT while no answer has told the
 *                   time. Must not be NULL; 0 after a failure. Right to a second or two.
 * @param error      What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
trro_status trro_client_clock_offset_ms(const struct trro_client *client,
                                        int64_t *offset_ms,
                                        struct trro_error *error);

/**
 * Carries out any action of the API, with JSON: for actions that have no function of their own (some are offered on the site for China
 * only), and for programs that have the JSON at hand. Version 2022-03-25 of TRRO is asked always; an action of another product is not
 * found there.
 *
 * An action that has a function of its own and changes nothing may be sent again, and if the buffer is too small, its answer is kept for
 * 10 s. Any other counts as changing something, since the library cannot know better: it is sent again only where that is safe, and
 * buffer_size must be at least TRRO_CHANGE_BUFFER_SIZE(n) for n elements in the lists at the first level of the request. An answer that
 * has no room all the same is lost: TRRO_STATUS_BAD_RESPONSE, with error->outcome_unknown 1. So give an action that lists things a buffer
 * as large as its answer can be.
 *
 * The parameters are sent as they are: their names are the service's ("PageNum"), no default is put in, and nothing of them is checked
 * before sending. A "DeviceToken", "Key" or "SignKey" at the first level of the JSON
 * shows in no message.
 *
 * @param client       Must not be NULL.
 * @param action       The name of the action as the service writes it, such as "DescribeDeviceList": 1 to 64 letters and digits. Must
 *                     not be NULL.
 * @param json         The parameters: a JSON object, "{}" for none, of 10 MiB at most. Must not be NULL. It may lie in the buffer.
 * @param buffer       Where the answer goes, the caller's: the JSON of `Response`, as the service sent it, and a NUL. May be NULL only if
 *                     buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param length       May be NULL. The length of the JSON, without the NUL; 0 after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough; else 0.
 * @param error        What went wrong; may be NULL. An `Error` in the answer of the service is a failure.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than the client's deadline_ms.
 * @par Action
 * Any, version 2022-03-25: https://www.tencentcloud.com/document/api/1252/68086 lists those of the international site,
 * https://cloud.tencent.com/document/api/1584 those for China.
 * @par Example
 * @code
 * static char buffer[1024 * 1024];
 * size_t length;
 * if (trro_call(client, "DescribeDeviceList", "{\"ProjectId\": \"m82k5408n675phvb\"}",
 *               buffer, sizeof buffer, &length, NULL, &error) == TRRO_STATUS_OK)
 *     fwrite(buffer, 1, length, stdout);
 * @endcode
 * @since 0.1.0
 */
trro_status trro_call(const struct trro_client *client,
                      const char *action,
                      const char *json,
                      char *buffer,
                      size_t buffer_size,
                      size_t *length,
                      size_t *needed_size,
                      struct trro_error *error);

/**
 * Asks for devices with their licenses, by which they are authorized to run: a page of them, into the caller's
 * buffer.
 *
 * A row alone does not mean that the device is authorized: its license_count, expire_time_s and monthly_remain_time
 * tell. By which values the field SDK lets a device start is documented nowhere, and neither is whether devices
 * without a license, and cockpits, are listed.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which devices to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param devices      Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *devices is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
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

/**
 * Asks for licenses, a page of them: which there are, and until when they last.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which licenses to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param licenses     Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *licenses is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * GetLicenses, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68114
 * @since 0.1.0
 */
trro_status trro_get_licenses(const struct trro_client *client,
                              const struct trro_get_licenses_request *request,
                              void *buffer,
                              size_t buffer_size,
                              const struct trro_licenses **licenses,
                              size_t *needed_size,
                              struct trro_error *error);

/**
 * Asks how many licenses the account has, and in which states.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      How to ask for the account's licenses, counted: there is nothing to choose; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param license_stat Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *license_stat is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * GetLicenseStat, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68115
 * @since 0.1.0
 */
trro_status trro_get_license_stat(const struct trro_client *client,
                                  const struct trro_get_license_stat_request *request,
                                  void *buffer,
                                  size_t buffer_size,
                                  const struct trro_license_stat **license_stat,
                                  size_t *needed_size,
                                  struct trro_error *error);

/**
 * Asks how many usable licenses are bound to one device.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which device to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param device_license Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *device_license is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * GetDeviceLicense, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68117
 * @since 0.1.0
 */
trro_status trro_get_device_license(const struct trro_client *client,
                                    const struct trro_get_device_license_request *request,
                                    void *buffer,
                                    size_t buffer_size,
                                    const struct trro_device_license **device_license,
                                    size_t *needed_size,
                                    struct trro_error *error);

/**
 * Makes a project.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which project to make; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(0): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param project_creation Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *project_creation is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * CreateProject, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68104
 * @since 0.1.0
 */
trro_status trro_create_project(const struct trro_client *client,
                                const struct trro_create_project_request *request,
                                void *buffer,
                                size_t buffer_size,
                                const struct trro_project_creation **project_creation,
                                size_t *needed_size,
                                struct trro_error *error);

/**
 * Changes a project. What is not given stays as it is.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which project to change, and how; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(0): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param project_modification Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *project_modification is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * ModifyProject, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68100
 * @since 0.1.0
 */
trro_status trro_modify_project(const struct trro_client *client,
                                const struct trro_modify_project_request *request,
                                void *buffer,
                                size_t buffer_size,
                                const struct trro_project_modification **project_modification,
                                size_t *needed_size,
                                struct trro_error *error);

/**
 * Deletes a project. What becomes of its devices and of their licenses is documented nowhere.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which project to delete; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(0): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param project_deletion Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *project_deletion is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DeleteProject, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68103
 * @since 0.1.0
 */
trro_status trro_delete_project(const struct trro_client *client,
                                const struct trro_delete_project_request *request,
                                void *buffer,
                                size_t buffer_size,
                                const struct trro_project_deletion **project_deletion,
                                size_t *needed_size,
                                struct trro_error *error);

/**
 * Asks for the projects of the account, a page of them.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which projects to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param project_list Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *project_list is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeProjectList, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68101
 * @since 0.1.0
 */
trro_status trro_describe_project_list(const struct trro_client *client,
                                       const struct trro_describe_project_list_request *request,
                                       void *buffer,
                                       size_t buffer_size,
                                       const struct trro_project_list **project_list,
                                       size_t *needed_size,
                                       struct trro_error *error);

/**
 * Asks for one project.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which project to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param project_info Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *project_info is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeProjectInfo, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68102
 * @since 0.1.0
 */
trro_status trro_describe_project_info(const struct trro_client *client,
                                       const struct trro_describe_project_info_request *request,
                                       void *buffer,
                                       size_t buffer_size,
                                       const struct trro_project_info **project_info,
                                       size_t *needed_size,
                                       struct trro_error *error);

/**
 * Makes a device, so that it can log in with its id and its password. By which code the service refuses an id that there is
 * already is documented nowhere.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which device to make; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(0): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param device_creation Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *device_creation is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * CreateDevice, version 2022-03-25; it changes something; 50 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68111
 * @par Example
 * c-examples/create_device.c, which finds out what became of it where nobody has said.
 * @since 0.1.0
 */
trro_status trro_create_device(const struct trro_client *client,
                               const struct trro_create_device_request *request,
                               void *buffer,
                               size_t buffer_size,
                               const struct trro_device_creation **device_creation,
                               size_t *needed_size,
                               struct trro_error *error);

/**
 * Changes a device. What is not given stays as it is.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which device to change, and how; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(0): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param device_modification Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *device_modification is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * ModifyDevice, version 2022-03-25; it changes something; 50 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68109
 * @since 0.1.0
 */
trro_status trro_modify_device(const struct trro_client *client,
                               const struct trro_modify_device_request *request,
                               void *buffer,
                               size_t buffer_size,
                               const struct trro_device_modification **device_modification,
                               size_t *needed_size,
                               struct trro_error *error);

/**
 * Deletes devices of one project. That some could not be deleted is no failure: look at failed_device_ids.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which devices to delete; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(request->device_id_count): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param device_deletion Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *device_deletion is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * BatchDeleteDevices, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68112
 * @since 0.1.0
 */
trro_status trro_batch_delete_devices(const struct trro_client *client,
                                      const struct trro_batch_delete_devices_request *request,
                                      void *buffer,
                                      size_t buffer_size,
                                      const struct trro_device_deletion **device_deletion,
                                      size_t *needed_size,
                                      struct trro_error *error);

/**
 * Asks for one device: what it is, and whether it is online.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which device to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param device_info  Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *device_info is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeDeviceInfo, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68110
 * @since 0.1.0
 */
trro_status trro_describe_device_info(const struct trro_client *client,
                                      const struct trro_describe_device_info_request *request,
                                      void *buffer,
                                      size_t buffer_size,
                                      const struct trro_device_info **device_info,
                                      size_t *needed_size,
                                      struct trro_error *error);

/**
 * Asks for the sessions of a project, a page of them.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which sessions to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param session_list Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *session_list is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeDeviceSessionList, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68098
 * @since 0.1.0
 */
trro_status trro_describe_device_session_list(const struct trro_client *client,
                                              const struct trro_describe_device_session_list_request *request,
                                              void *buffer,
                                              size_t buffer_size,
                                              const struct trro_session_list **session_list,
                                              size_t *needed_size,
                                              struct trro_error *error);

/**
 * Asks for the sessions of a project in the last two hours, a page of them.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which recent sessions to ask for; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param recent_session_list Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *recent_session_list is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeRecentSessionList, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68097
 * @since 0.1.0
 */
trro_status trro_describe_recent_session_list(const struct trro_client *client,
                                              const struct trro_describe_recent_session_list_request *request,
                                              void *buffer,
                                              size_t buffer_size,
                                              const struct trro_recent_session_list **recent_session_list,
                                              size_t *needed_size,
                                              struct trro_error *error);

/**
 * Asks for the sessions of a project, counted.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which sessions to count; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param session_statistics Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *session_statistics is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeSessionStatistics, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68096
 * @since 0.1.0
 */
trro_status trro_describe_session_statistics(const struct trro_client *client,
                                             const struct trro_describe_session_statistics_request *request,
                                             void *buffer,
                                             size_t buffer_size,
                                             const struct trro_session_statistics **session_statistics,
                                             size_t *needed_size,
                                             struct trro_error *error);

/**
 * Asks for the sessions of a project, counted in each hour, day or month.
 *
 * If the buffer is too small, the answer is kept for 10 s: the same call (client and request) with enough room gets it without a
 * second request, and error->attempts is 0. One answer a client is kept, until it is fetched or another takes its place; then
 * the request is sent again and may need more room. So call in a loop, as c-examples/list_devices.c does.
 *
 * @param client       Must not be NULL.
 * @param request      Which sessions to count; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes.
 * @param session_statistics_by_interval Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *session_statistics_by_interval is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * DescribeSessionStatisticsByInterval, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68095
 * @since 0.1.0
 */
trro_status trro_describe_session_statistics_by_interval(const struct trro_client *client,
                                                         const struct trro_describe_session_statistics_by_interval_request *request,
                                                         void *buffer,
                                                         size_t buffer_size,
                                                         const struct trro_session_statistics_by_interval **session_statistics_by_interval,
                                                         size_t *needed_size,
                                                         struct trro_error *error);

/**
 * Changes which field devices are listed for one remote device. That some could not be added or removed is no failure: look at
 * failed_insert_ids and failed_delete_ids. No action of the international site tells what is listed.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Which list to change, and how; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(request->field_device_id_count): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param policy_modification Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *policy_modification is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * ModifyPolicy, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68106
 * @since 0.1.0
 */
trro_status trro_modify_policy(const struct trro_client *client,
                               const struct trro_modify_policy_request *request,
                               void *buffer,
                               size_t buffer_size,
                               const struct trro_policy_modification **policy_modification,
                               size_t *needed_size,
                               struct trro_error *error);

/**
 * Deletes all that is listed for remote devices. That some could not be is no failure: look at failed_remote_device_ids.
 *
 * It is sent again only if no byte of it has left, or if the service has refused it without carrying it out. Where it may have been
 * carried out and nobody knows, error->outcome_unknown is 1: ask before you do it again.
 *
 * @param client       Must not be NULL.
 * @param request      Whose lists to delete; must not be NULL. Copied.
 * @param buffer       Where the answer goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes, at least TRRO_CHANGE_BUFFER_SIZE(request->remote_device_id_count): else TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is
 *                     sent. With that, it does not fail for want of room.
 * @param policy_deletion Where the answer begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *policy_deletion is NULL after a failure.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE; TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client. Each needs a buffer of its own.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms; decoding it comes after that, in milliseconds.
 * @par Action
 * BatchDeletePolicy, version 2022-03-25; it changes something; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68107
 * @since 0.1.0
 */
trro_status trro_batch_delete_policy(const struct trro_client *client,
                                     const struct trro_batch_delete_policy_request *request,
                                     void *buffer,
                                     size_t buffer_size,
                                     const struct trro_policy_deletion **policy_deletion,
                                     size_t *needed_size,
                                     struct trro_error *error);

/**
 * Goes through every device, page by page, at the rate that the client may ask at. Rows come in the service's order, which is
 * documented nowhere. Ids repeat; a row that is the same in all fields is given once.
 *
 * If the list changes on the way (TotalCount, or rows that have moved to another page), the walk begins again for the rows that
 * have not been given yet, at most twice. A row that was given may be gone or have changed since. That one device went and
 * another came between the same two pages cannot be seen: then the one that moved to an earlier page is missing.
 *
 * @param client     Must not be NULL.
 * @param filter     Which devices; must not be NULL. Copied.
 * @param visit      Called for every device; must not be NULL.
 * @param user_data  Handed to visit.
 * @param changed    May be NULL. 1: the list changed in each of the three walks, so that a device may be missing; else 0.
 * @param error      What went wrong; may be NULL. attempts is that of all pages together.
 * @return TRRO_STATUS_OK, also if visit has stopped it, which its own user_data has to tell; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS;
 *         TRRO_STATUS_AUTH_REJECTED; TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED;
 *         TRRO_STATUS_REQUEST_REJECTED; TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED;
 *         TRRO_STATUS_CONNECT_FAILED; TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED;
 *         TRRO_STATUS_BAD_RESPONSE, also for more than 1000000 rows; TRRO_STATUS_PROXY_FAILED;
 *         TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL. After a failure some devices may have been given.
 * @par Threads
 * Any number at the same time on one client.
 * @par Blocking
 * Until the last page is there, and no longer than deadline_ms and what visit takes.
 * @par Action
 * GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68116
 * @par Example
 * c-examples/remote_device.c lists what a cockpit can take over.
 * @since 0.1.0
 */
trro_status trro_for_each_device(const struct trro_client *client,
                                 const struct trro_device_filter *filter,
                                 trro_device_fn visit,
                                 void *user_data,
                                 int *changed,
                                 struct trro_error *error);

/**
 * Asks whether one device is authorized to run, at this moment: what TRRO_start of the vendor's field SDK is expected to say.
 * Devices are read page by page until one has exactly the id.
 *
 * @param client         Must not be NULL.
 * @param query          Whose authorization; must not be NULL. Copied.
 * @param authorization  Where the answer goes; must not be NULL. After a failure its verdict is TRRO_VERDICT_UNKNOWN and
 *                       its source TRRO_SOURCE_NONE.
 * @param error          What went wrong; may be NULL. That a device is not authorized, or not listed, is no failure; that the
 *                       service refuses the ids by an error is: TRRO_STATUS_NOT_FOUND.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_NO_CREDENTIALS; TRRO_STATUS_AUTH_REJECTED;
 *         TRRO_STATUS_PERMISSION_DENIED; TRRO_STATUS_CLOCK_SKEW; TRRO_STATUS_THROTTLED; TRRO_STATUS_REQUEST_REJECTED;
 *         TRRO_STATUS_NOT_FOUND; TRRO_STATUS_SERVICE_FAILED; TRRO_STATUS_RESOLVE_FAILED; TRRO_STATUS_CONNECT_FAILED;
 *         TRRO_STATUS_TLS_FAILED; TRRO_STATUS_TIMEOUT; TRRO_STATUS_CANCELLED; TRRO_STATUS_BAD_RESPONSE;
 *         TRRO_STATUS_PROXY_FAILED; TRRO_STATUS_CREDENTIALS_FAILED; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client.
 * @par Blocking
 * Until the answer is there, and no longer than deadline_ms.
 * @par Action
 * GetDevices, and GetDeviceLicense if it is to be asked, version 2022-03-25; they change nothing; 20 requests a second each:
 * https://www.tencentcloud.com/document/api/1252/68116 and https://www.tencentcloud.com/document/api/1252/68117
 * @par Example
 * c-examples/field_device.c asks before it starts to stream.
 * @since 0.1.0
 */
trro_status trro_check_authorization(const struct trro_client *client,
                                     const struct trro_authorization_query *query,
                                     struct trro_authorization *authorization,
                                     struct trro_error *error);

/**
 * The verdict on a row of trro_get_devices() or trro_for_each_device(), by the rules of trro_check_authorization(). That the
 * service lists the id once only is for the caller to know.
 *
 * @param device   The row; must not be NULL.
 * @param streams  How many streams the device is to send; 0: 1.
 * @param now_s    The time, in seconds since 1970: time(NULL), and after a call of trro_client_clock_offset_ms() that does not
 *                 give TRRO_ABSENT, a thousandth of its milliseconds more.
 * @param verdict  Where the verdict goes; must not be NULL. TRRO_VERDICT_UNKNOWN after a failure.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT.
 * @par Threads
 * Any; safe in a signal handler.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
trro_status trro_device_verdict(const struct trro_device *device,
                                uint32_t streams,
                                int64_t now_s,
                                trro_verdict *verdict);

/**
 * The name of a verdict.
 *
 * @param verdict  Any number.
 * @return A static string, such as "TRRO_VERDICT_EXPIRED"; "TRRO_VERDICT_UNKNOWN" also for a number that is no verdict.
 *         Never NULL.
 * @par Threads
 * Any; safe in a signal handler.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
const char *trro_verdict_name(trro_verdict verdict);

/**
 * An authorization in words, for people: "the licenses of the device have expired".
 *
 * @param authorization  May be NULL, which is as if nobody had been asked.
 * @return A static string in English, without a full stop. Never NULL.
 * @par Threads
 * Any; safe in a signal handler.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
const char *trro_authorization_sentence(const struct trro_authorization *authorization);

/**
 * Begins to watch a device's authorization. No network is touched by this call; the first answer comes later. Feature "watch".
 *
 * Why asking fails is told to log_fn (TRRO_LOG_LEVEL_WARNING), and nowhere else. While the client is cancelled nothing is
 * asked; soon after trro_client_resume() it is again.
 *
 * @param client  Must not be NULL. The watch holds on to what it needs of it: trro_client_free() may come before
 *                trro_watch_free(), which then alone can end a request.
 * @param config  What to watch; must not be NULL. Copied.
 * @param watch   Where the watch goes. Must not be NULL; *watch is NULL after a failure. End it with trro_watch_free().
 * @param error   What went wrong; may be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT; TRRO_STATUS_CONNECT_FAILED, if no descriptor or no thread is left;
 *         TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any. The first watch of a client makes a thread, in which all signals are blocked; credentials_fn and log_fn of the client
 * are then called from it too.
 * @par Blocking
 * Only as long as reading snapshot_path takes.
 * @par Example
 * c-examples/field_device.c watches while it drives.
 * @since 0.1.0
 */
trro_status trro_watch_new(const struct trro_client *client,
                           const struct trro_watch_config *config,
                           struct trro_watch **watch,
                           struct trro_error *error);

/**
 * What is known now of the device's authorization: the latest answer, and its age. By itself it becomes TRRO_VERDICT_EXPIRED
 * at expire_time_s, and TRRO_VERDICT_UNKNOWN when it is older than max_stale_s; before the first answer it is
 * TRRO_VERDICT_UNKNOWN with TRRO_SOURCE_NONE, unless there is one in snapshot_path.
 *
 * @param watch          Must not be NULL.
 * @param authorization  Where it goes; must not be NULL.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, and then the verdict is TRRO_VERDICT_UNKNOWN.
 * @par Threads
 * Any, a signal handler and a control loop too: it takes no lock, allocates nothing, and takes the same few steps whatever the
 * thread that asks does. It must not be left by longjmp() or by ending the thread. It reads CLOCK_BOOTTIME, which needs no system call where the machine's clock source can be read by programs.
 * In a child after fork() it goes on from what was known then.
 * @par Blocking
 * Never.
 * @par Example
 * c-examples/control_loop.c reads it a thousand times a second.
 * @since 0.1.0
 */
trro_status trro_watch_read(const struct trro_watch *watch,
                            struct trro_authorization *authorization);

/**
 * A descriptor for poll(): readable when verdict, reason or source has changed, as trro_watch_fn is told. Reading 8 bytes from
 * it clears it; then trro_watch_read() tells what is so now. It is an eventfd: it does not block, so that a read where nothing
 * has changed fails with EAGAIN, and it is closed on exec(). It belongs to the watch: do not close it.
 *
 * @param watch  May be NULL.
 * @return The descriptor, valid until trro_watch_free(); -1 for NULL.
 * @par Threads
 * Any.
 * @par Blocking
 * Never.
 * @since 0.1.0
 */
int trro_watch_fd(const struct trro_watch *watch);

/**
 * Ends a watch, also in the middle of a request. Afterwards its callback is not called any more. With the last watch of a client
 * its thread ends.
 *
 * @param watch  May be NULL. It must not be used by another thread, and not afterwards.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT from inside of any callback in the thread of the client's watches
 *         (changed_fn, credentials_fn, log_fn): then nothing was ended.
 * @par Threads
 * Any but that in which the callbacks of the client's watches run. Two clients' callbacks that end each other's watches wait for
 * each other for ever.
 * @par Blocking
 * For 50 ms at most, and as long as a callback takes that runs at the moment (changed_fn, credentials_fn or log_fn), or the
 * flushing of snapshot_path to the disk. In a child after fork() it only closes descriptors.
 * @since 0.1.0
 */
trro_status trro_watch_free(struct trro_watch *watch);

/**
 * Looks at a call step by step, to tell people which one fails and what to do about it: opens a connection for the purpose, and
 * sends one request over the client's own (more, if it is repeated or the device is on a later page). Every step is given once,
 * also those that were not reached. Feature "diagnosis".
 *
 * @param client     Must not be NULL.
 * @param query      What to ask for; must not be NULL. Copied. Unlike elsewhere, project_id and device_id may be NULL; without
 *                   device_id, TRRO_STEP_LICENSE is left out. deadline_ms is for everything together.
 * @param visit      Called for every step; must not be NULL.
 * @param user_data  Handed to visit.
 * @param error      What went wrong; may be NULL. That a step fails is no failure; attempts is that of the request.
 * @return TRRO_STATUS_OK, whatever the steps came to, and also if visit has stopped it; TRRO_STATUS_INVALID_ARGUMENT;
 *         TRRO_STATUS_CANCELLED, after which no further step is given; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any number at the same time on one client.
 * @par Blocking
 * Until the last step is known, and no longer than deadline_ms and what visit takes, which counts towards it.
 * @par Action
 * GetDevices, version 2022-03-25; it changes nothing; 20 requests a second:
 * https://www.tencentcloud.com/document/api/1252/68116
 * @par Example
 * `trro-status doctor` (c-examples/trro-status) prints every step.
 * @since 0.1.0
 */
trro_status trro_client_diagnose(const struct trro_client *client,
                                 const struct trro_authorization_query *query,
                                 trro_diagnosis_fn visit,
                                 void *user_data,
                                 struct trro_error *error);

/**
 * Reads projectid, device_id and device_streams from the config.json of the vendor's field SDK, so that a device has one
 * file that says who it is. Nothing else of it is used. The file must be JSON; the vendor's samples come with // comments,
 * which must be removed. Feature "device-config".
 *
 * @param path         The file, regular and of at most 1 MiB; must not be NULL.
 * @param buffer       Where the query goes, of any alignment, the caller's. May be NULL only if buffer_size is 0.
 * @param buffer_size  Its size in bytes; 1024 are plenty for ids as the service gives them.
 * @param query        Where the query begins, inside of the buffer: valid as long as the buffer is left alone. Must not be
 *                     NULL; *query is NULL after a failure. Its deadline_ms is 0: who wants another copies the fields into
 *                     a query of TRRO_AUTHORIZATION_QUERY_INIT.
 * @param needed_size  May be NULL. After a success, the bytes used; after TRRO_STATUS_BUFFER_TOO_SMALL, what is enough at
 *                     any alignment; else 0.
 * @param error        What went wrong; may be NULL. The message names the file and the field, and never holds a value.
 * @return TRRO_STATUS_OK; TRRO_STATUS_INVALID_ARGUMENT, also for a file that cannot be read, is not JSON or lacks one of the
 *         three; TRRO_STATUS_BUFFER_TOO_SMALL; TRRO_STATUS_INTERNAL.
 * @par Threads
 * Any.
 * @par Blocking
 * Only as long as reading the file takes.
 * @par Example
 * c-examples/field_device.c takes everything from that file.
 * @since 0.1.0
 */
trro_status trro_load_device_config(const char *path,
                                    void *buffer,
                                    size_t buffer_size,
                                    const struct trro_authorization_query **query,
                                    size_t *needed_size,
                                    struct trro_error *error);


/** What trro_get_devices_request begins as: nothing given. */
#define TRRO_GET_DEVICES_REQUEST_INIT \
    { sizeof(trro_get_devices_request), 0, 0, NULL, NULL, 0, 0 }

/** What trro_get_licenses_request begins as: nothing given. */
#define TRRO_GET_LICENSES_REQUEST_INIT \
    { sizeof(trro_get_licenses_request), 0, 0, NULL, NULL, 0, 0, 0 }

/** What trro_get_license_stat_request begins as: nothing given. */
#define TRRO_GET_LICENSE_STAT_REQUEST_INIT \
    { sizeof(trro_get_license_stat_request), 0, 0 }

/** What trro_get_device_license_request begins as: nothing given. */
#define TRRO_GET_DEVICE_LICENSE_REQUEST_INIT \
    { sizeof(trro_get_device_license_request), NULL, NULL, 0, 0 }

/** What trro_create_project_request begins as: nothing given. */
#define TRRO_CREATE_PROJECT_REQUEST_INIT \
    { sizeof(trro_create_project_request), NULL, NULL, NULL, 0, 0 }

/** What trro_modify_project_request begins as: nothing given. */
#define TRRO_MODIFY_PROJECT_REQUEST_INIT \
    { sizeof(trro_modify_project_request), NULL, NULL, NULL, NULL, 0, 0 }

/** What trro_delete_project_request begins as: nothing given. */
#define TRRO_DELETE_PROJECT_REQUEST_INIT \
    { sizeof(trro_delete_project_request), NULL, 0, 0 }

/** What trro_describe_project_list_request begins as: nothing given. */
#define TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT \
    { sizeof(trro_describe_project_list_request), 0, 0, 0, 0 }

/** What trro_describe_project_info_request begins as: nothing given. */
#define TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT \
    { sizeof(trro_describe_project_info_request), NULL, 0, 0 }

/** What trro_create_device_request begins as: nothing given. */
#define TRRO_CREATE_DEVICE_REQUEST_INIT \
    { sizeof(trro_create_device_request), NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** What trro_modify_device_request begins as: nothing given. */
#define TRRO_MODIFY_DEVICE_REQUEST_INIT \
    { sizeof(trro_modify_device_request), NULL, NULL, NULL, NULL, 0, 0 }

/** What trro_batch_delete_devices_request begins as: nothing given. */
#define TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT \
    { sizeof(trro_batch_delete_devices_request), NULL, NULL, 0, 0, 0 }

/** What trro_describe_device_info_request begins as: nothing given. */
#define TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT \
    { sizeof(trro_describe_device_info_request), NULL, NULL, 0, 0 }

/** What trro_describe_device_session_list_request begins as: nothing given. */
#define TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT \
    { sizeof(trro_describe_device_session_list_request), NULL, 0, 0, NULL, 0, 0, 0, 0 }

/** What trro_describe_recent_session_list_request begins as: nothing given. */
#define TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT \
    { sizeof(trro_describe_recent_session_list_request), NULL, 0, 0, NULL, 0, 0, 0, 0 }

/** What trro_describe_session_statistics_request begins as: nothing given. */
#define TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT \
    { sizeof(trro_describe_session_statistics_request), NULL, NULL, 0, 0, 0, 0 }

/** What trro_describe_session_statistics_by_interval_request begins as: nothing given. */
#define TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT \
    { sizeof(trro_describe_session_statistics_by_interval_request), NULL, NULL, NULL, 0, 0, 0, 0 }

/** What trro_modify_policy_request begins as: nothing given. */
#define TRRO_MODIFY_POLICY_REQUEST_INIT \
    { sizeof(trro_modify_policy_request), NULL, NULL, NULL, 0, NULL, NULL, 0, 0 }

/** What trro_batch_delete_policy_request begins as: nothing given. */
#define TRRO_BATCH_DELETE_POLICY_REQUEST_INIT \
    { sizeof(trro_batch_delete_policy_request), NULL, NULL, 0, NULL, 0, 0 }
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

/** What trro_device_filter begins as: every device, of all projects. */
#define TRRO_DEVICE_FILTER_INIT { sizeof(trro_device_filter), NULL, NULL, 0, 0, 0 }

/** What trro_authorization_query begins as; project_id and device_id are to be set. */
#define TRRO_AUTHORIZATION_QUERY_INIT { sizeof(trro_authorization_query), NULL, NULL, 0, 0, 0, 0 }

/** What trro_watch_config begins as; query is to be set. */
#define TRRO_WATCH_CONFIG_INIT { sizeof(trro_watch_config), NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** Bytes for a page of that many devices with up to about 15 licenses each. A hint and no promise: names and licenses
 *  have no documented limit. */
#define TRRO_DEVICES_BUFFER_SIZE(page_size) (1024 + 1024 * (size_t)(page_size))

/** Bytes for the answer to a call that changes something, whose lists of ids have so many elements together: enough for every
 *  answer that names no more ids than were sent. Less is TRRO_STATUS_BUFFER_TOO_SMALL, and nothing is sent. */
#define TRRO_CHANGE_BUFFER_SIZE(id_count) (16 * 1024 + 64 * (size_t)(id_count))

#ifdef __cplusplus
}
#endif

#endif /* LIBTRRO_H */
