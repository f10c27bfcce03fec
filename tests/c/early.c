/* A machine that was just switched on has no random numbers yet, and whoever asks for some waits. Here the kernel keeps every request
 * for them waiting, by a filter of system calls that nobody answers for: a call ends in time all the same. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "calls.h"
#include "control.h"

enum { SHORT_MS = 400, NOISE_MS = 1000, INSECURE = 4 };

static void be_without_random_numbers(void) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getrandom, 0, 5),
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
#else
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + 4),
#endif
        /* Numbers that are good enough for a hash map come at once. */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, INSECURE, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, GRND_NONBLOCK, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    char byte;
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) >= 0);
    CHECK(getrandom(&byte, 1, GRND_NONBLOCK) == -1 && errno == EAGAIN);
    /* Ends a call that would not end. */
    alarm(60);
}

/* The service is reached, and TLS is to begin. */
static trro_client *client_with_tls(void) {
    static char endpoint[64];
    trro_client_config config = config_for_test();
    snprintf(endpoint, sizeof endpoint, "https%s", strstr(config.endpoint, "://"));
    config.endpoint = endpoint;
    return client_of(&config);
}

static void a_call_ends_at_its_deadline(void) {
    trro_client *client = client_with_tls();
    trro_error error = uninitialised_error();
    int64_t began_ms, took_ms;
    be_without_random_numbers();
    began_ms = now_ms();
    CHECK_STATUS(get_device(client, "dev1", SHORT_MS, &error), TRRO_STATUS_TIMEOUT, &error);
    took_ms = now_ms() - began_ms;
    CHECK(strstr(error.message, "random numbers") != NULL && error.retryable == 1 && error.outcome_unknown == 0);
    CHECK(took_ms >= SHORT_MS && took_ms < SHORT_MS + NOISE_MS);
    CHECK_STATUS(trro_client_connect(client, SHORT_MS, &error), TRRO_STATUS_TIMEOUT, &error);
    trro_client_free(client);
}

static void *cancel_soon(void *client) {
    sleep_ms(SHORT_MS);
    trro_client_cancel(client);
    return NULL;
}

static void a_call_can_be_cancelled(void) {
    trro_client *client = client_with_tls();
    trro_error error = uninitialised_error();
    pthread_t thread;
    const int64_t began_ms = now_ms();
    be_without_random_numbers();
    CHECK(pthread_create(&thread, NULL, cancel_soon, client) == 0);
    CHECK_STATUS(get_device(client, "dev1", 60000, &error), TRRO_STATUS_CANCELLED, &error);
    CHECK(now_ms() - began_ms < SHORT_MS + NOISE_MS && pthread_join(thread, NULL) == 0);
    trro_client_free(client);
}

/* Of nobody, and made for this test. */
static const char key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgc0LbYr1Q0tzqtF7r\n"
    "M8D2GKiava6EtNBpf58BYPtp0A+hRANCAAQrLzKiaS9BZMb6Gy28c+mtYqcl+6Pd\n"
    "p7y45adV7RfCjpx+03YfX93W27R9EbpDxYtTBQeLeRJ7ASoaiGmT5Jfw\n"
    "-----END PRIVATE KEY-----\n";
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBcDCCARWgAwIBAgIURbVkye/iJMu0mHioHpi+KENlD4gwCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBYTAgFw0yNjExMzAxNDUxMzJaGA8yMTI2MTEwNjE0NTEzMlow\n"
    "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCsvMqJpL0Fk\n"
    "xvobLbxz6a1ipyX7o92nvLjlp1XtF8KOnH7Tdh9f3dbbtH0RukPFi1MFB4t5EnsB\n"
    "KhqIaZPkl/CjUzBRMB0GA1UdDgQWBBS4j9amqXnFGe9Uk9yWI8qnXg2dbTAfBgNV\n"
    "HSMEGDAWgBS4j9amqXnFGe9Uk9yWI8qnXg2dbTAPBgNVHRMBAf8EBTADAQH/MAoG\n"
    "CCqGSM49BAMCA0kAMEYCIQDypOhhvi0KIp06eBtEYzO6H1pbBRgXd98mIADhcqaV\n"
    "pgIhAKdC2UZQPt8sNQjsRrEHignKWf7j1Ij0jQlT7EjJJ17g\n"
    "-----END CERTIFICATE-----\n";

static void write_file(char path[], const char *text) {
    const int file = mkstemp(path);
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && close(file) == 0);
}

/* A key of elliptic curves is mixed with random numbers as it is read. */
static void a_client_with_a_key_of_its_own_is_not_made(void) {
    static char key_file[] = "/tmp/trro-early-XXXXXX", certificate_file[] = "/tmp/trro-early-XXXXXX";
    trro_client_config config = config_for_test();
    trro_client *client = NULL;
    trro_error error = uninitialised_error();
    trro_status status;
    const int64_t began_ms = now_ms();
    write_file(key_file, key);
    write_file(certificate_file, certificate);
    config.client_key_file = key_file;
    config.client_cert_file = certificate_file;
    be_without_random_numbers();
    status = trro_client_new(&config, &client, &error);
    unlink(key_file);
    unlink(certificate_file);
    CHECK_STATUS(status, TRRO_STATUS_CONNECT_FAILED, &error);
    CHECK(strstr(error.message, "random numbers") != NULL && error.retryable == 1 && client == NULL);
    CHECK(now_ms() - began_ms < NOISE_MS);
}

static void what_needs_none_is_done(void) {
    trro_client *client;
    be_without_random_numbers();
    client = client_for_test();
    succeeds_at_once(client, "dev1");
    trro_client_free(client);
}

static const test tests[] = {
    {"a_call_ends_at_its_deadline", a_call_ends_at_its_deadline, "", 0},
    {"a_call_can_be_cancelled", a_call_can_be_cancelled, "", 0},
    {"a_client_with_a_key_of_its_own_is_not_made", a_client_with_a_key_of_its_own_is_not_made, "", 0},
    {"what_needs_none_is_done", what_needs_none_is_done, "", 1},
};
RUN_TESTS(tests)
