/* The process is the caller's: handles, threads, fork, the environment and descriptors. More of it is in host.c and in
 * signals.c. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static char buffer[64 * 1024];

static trro_status get(const trro_client *client, trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    return trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, error);
}

static void free_of_null_does_nothing(void) {
    trro_client_free(NULL);
}

static void the_config_may_be_gone_after_new(void) {
    trro_client_config *config = malloc(sizeof *config);
    trro_credentials *credentials = malloc(sizeof *credentials);
    char *endpoint = strdup(getenv("TRRO_ENDPOINT")), *id = strdup(getenv("TENCENTCLOUD_SECRET_ID")),
         *key = strdup(getenv("TENCENTCLOUD_SECRET_KEY")), *region = strdup("ap-singapore");
    trro_client *client;
    trro_error error;
    CHECK(config && credentials && endpoint && id && key && region);
    *config = (trro_client_config)TRRO_CLIENT_CONFIG_INIT;
    *credentials = (trro_credentials)TRRO_CREDENTIALS_INIT;
    credentials->secret_id = id;
    credentials->secret_key = key;
    config->credentials = credentials;
    config->endpoint = endpoint;
    config->region = region;
    CHECK_STATUS(trro_client_new(config, &client, &error), TRRO_STATUS_OK, &error);
    memset(endpoint, 'x', strlen(endpoint));
    memset(key, 'x', strlen(key));
    free(endpoint);
    free(id);
    free(key);
    free(region);
    free(credentials);
    free(config);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
}

static void new_touches_no_network(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    config.endpoint = "https://no-such-host.invalid";
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void *call_in_a_thread(void *client) {
    trro_error error;
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    return NULL;
}

static void *call_ten_times(void *client) {
    enum { OWN_BUFFER = 64 * 1024 };
    char *own_buffer = malloc(OWN_BUFFER);
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    int i;
    CHECK(own_buffer != NULL);
    request.device_id = "dev1";
    for (i = 0; i < 10; i++) {
        const trro_devices *page;
        trro_error error;
        CHECK_STATUS(trro_get_devices(client, &request, own_buffer, OWN_BUFFER, &page, NULL, &error), TRRO_STATUS_OK,
                     &error);
        CHECK(page->device_count == 3);
    }
    free(own_buffer);
    return NULL;
}

static void threads_share_a_client(void) {
    trro_client *client = client_for_test();
    pthread_t threads[2];
    int i;
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, call_ten_times, client) == 0);
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    trro_client_free(client);
}

static void a_small_stack_is_enough(void) {
    trro_client *client = client_for_test();
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
    CHECK(pthread_create(&thread, &attributes, call_in_a_thread, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    trro_client_free(client);
}

/* Which socket the process has open; it must be one. The socket of a connection is never that of another. */
static void only_socket(char name[64]) {
    int descriptor, sockets = 0;
    for (descriptor = 3; descriptor < 64; descriptor++) {
        char path[64], target[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
        if (readlink(path, target, sizeof target - 1) > 0 && strncmp(target, "socket:", 7) == 0) {
            sockets++;
            memcpy(name, target, sizeof target);
            CHECK(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
        }
    }
    CHECK(sockets == 1);
}

static void a_forked_child_may_only_free(void) {
    trro_client *client = client_for_test();
    char before[64], after[64];
    trro_error error;
    pid_t child;
    int state;
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    only_socket(before);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_STATUS(get(client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "fork") != NULL && error.attempts == 0);
        trro_client_free(client);
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
    /* The connection that was open when the child freed its copy still works. */
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    only_socket(after);
    CHECK_TEXT(after, before);
    trro_client_free(client);
}

static trro_status new_with_environment(trro_error *error) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_status status = trro_client_new(&config, &client, error);
    trro_client_free(client);
    return status;
}

static void keys_come_from_the_environment(void) {
    trro_error error;
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_OK, &error);
    unsetenv("TENCENTCLOUD_SECRET_KEY");
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_CREDENTIALS_FAILED, &error);
    CHECK(strstr(error.message, "TENCENTCLOUD_SECRET_KEY") != NULL);
    unsetenv("TENCENTCLOUD_SECRET_ID");
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_NO_CREDENTIALS, &error);
    setenv("TENCENTCLOUD_SECRET_KEY", "key", 1);
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_CREDENTIALS_FAILED, &error);
    CHECK(strstr(error.message, "TENCENTCLOUD_SECRET_ID") != NULL);
    setenv("TENCENTCLOUD_SECRET_ID", "", 1);
    setenv("TENCENTCLOUD_SECRET_KEY", "", 1);
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_NO_CREDENTIALS, &error);
    setenv("TENCENTCLOUD_SECRET_ID", "AKIDEXAMPLE", 1);
    setenv("TENCENTCLOUD_SECRET_KEY", "s3cret ", 1);
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_CREDENTIALS_FAILED, &error);
    CHECK(strstr(error.message, "TENCENTCLOUD_SECRET_KEY") != NULL && strstr(error.message, "blank") != NULL);
    CHECK(strstr(error.message, "s3cret") == NULL);
}

#ifdef SETUID
/* Run with the rights of a file's owner or group, the environment is not to be trusted. */
static void a_setuid_program_takes_no_keys_from_the_environment(void) {
    trro_error error;
    CHECK(getuid() != geteuid() || getgid() != getegid());
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_NO_CREDENTIALS, &error);
}
#endif

static void the_environments_token_and_region_are_sent(void) {
    trro_client *client;
    trro_error error;
    setenv("TENCENTCLOUD_SECRET_ID", getenv("TEST_TEMPORARY_SECRET_ID"), 1);
    setenv("TENCENTCLOUD_TOKEN", getenv("TEST_TOKEN"), 1);
    client = client_for_test();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_REQUEST_REJECTED, &error);
    CHECK(strstr(error.message, "Region") != NULL);
    trro_client_free(client);
    setenv("TENCENTCLOUD_REGION", "ap-singapore", 1);
    client = client_for_test();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
    setenv("TENCENTCLOUD_REGION", "ap\nsingapore", 1);
    CHECK_STATUS(new_with_environment(&error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "TENCENTCLOUD_REGION") != NULL);
}

static void every_socket_closes_on_exec(void) {
    trro_client *client = client_for_test();
    char name[64];
    CHECK(get(client, NULL) == TRRO_STATUS_OK);
    only_socket(name);
    trro_client_free(client);
}

static void no_proxy_of_the_environment_leads_to_the_loopback(void) {
    static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"};
    trro_client *client;
    trro_error error;
    size_t i;
    for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
        CHECK(setenv(variables[i], getenv("TEST_CLOSED_ENDPOINT"), 1) == 0);
    client = client_for_test();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
}

static void a_connection_is_kept_and_used_again(void) {
    trro_client *client = client_for_test();
    int i, descriptors = 0;
    for (i = 0; i < 5; i++) {
        CHECK(get(client, NULL) == TRRO_STATUS_OK);
        CHECK(i == 0 || entries("/proc/self/fd") == descriptors);
        descriptors = entries("/proc/self/fd");
    }
    trro_client_free(client);
}

static void the_version_is_that_of_the_header(void) {
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", TRRO_VERSION_MAJOR, TRRO_VERSION_MINOR, TRRO_VERSION_PATCH);
    CHECK_TEXT(trro_version(), version);
}

static void every_status_has_its_name(void) {
#define CHECK_NAME(status) CHECK_TEXT(trro_status_name(status), #status)
    CHECK_NAME(TRRO_STATUS_OK);
    CHECK_NAME(TRRO_STATUS_INVALID_ARGUMENT);
    CHECK_NAME(TRRO_STATUS_BUFFER_TOO_SMALL);
    CHECK_NAME(TRRO_STATUS_NO_CREDENTIALS);
    CHECK_NAME(TRRO_STATUS_AUTH_REJECTED);
    CHECK_NAME(TRRO_STATUS_PERMISSION_DENIED);
    CHECK_NAME(TRRO_STATUS_CLOCK_SKEW);
    CHECK_NAME(TRRO_STATUS_THROTTLED);
    CHECK_NAME(TRRO_STATUS_REQUEST_REJECTED);
    CHECK_NAME(TRRO_STATUS_NOT_FOUND);
    CHECK_NAME(TRRO_STATUS_SERVICE_FAILED);
    CHECK_NAME(TRRO_STATUS_RESOLVE_FAILED);
    CHECK_NAME(TRRO_STATUS_CONNECT_FAILED);
    CHECK_NAME(TRRO_STATUS_TLS_FAILED);
    CHECK_NAME(TRRO_STATUS_TIMEOUT);
    CHECK_NAME(TRRO_STATUS_CANCELLED);
    CHECK_NAME(TRRO_STATUS_BAD_RESPONSE);
    CHECK_NAME(TRRO_STATUS_INTERNAL);
    CHECK_NAME(TRRO_STATUS_PROXY_FAILED);
    CHECK_NAME(TRRO_STATUS_CREDENTIALS_FAILED);
    CHECK_TEXT(trro_status_name(20), "TRRO_STATUS_UNKNOWN");
    CHECK_TEXT(trro_status_name(-1), "TRRO_STATUS_UNKNOWN");
}

static const test tests[] = {
#ifdef SETUID
    {"a_setuid_program_takes_no_keys_from_the_environment", a_setuid_program_takes_no_keys_from_the_environment, "", 0},
#endif
    {"free_of_null_does_nothing", free_of_null_does_nothing, "", 0},
    {"the_config_may_be_gone_after_new", the_config_may_be_gone_after_new, "", 1},
    {"new_touches_no_network", new_touches_no_network, "", 0},
    {"threads_share_a_client", threads_share_a_client, "", 20},
    {"a_small_stack_is_enough", a_small_stack_is_enough, "", 1},
    {"a_forked_child_may_only_free", a_forked_child_may_only_free, "", 2},
    {"keys_come_from_the_environment", keys_come_from_the_environment, "", 0},
    {"the_environments_token_and_region_are_sent", the_environments_token_and_region_are_sent, "region-required|region-required", 2},
    {"no_proxy_of_the_environment_leads_to_the_loopback", no_proxy_of_the_environment_leads_to_the_loopback, "", 1},
    {"every_socket_closes_on_exec", every_socket_closes_on_exec, "", 1},
    {"a_connection_is_kept_and_used_again", a_connection_is_kept_and_used_again, "", 5},
    {"the_version_is_that_of_the_header", the_version_is_that_of_the_header, "", 0},
    {"every_status_has_its_name", every_status_has_its_name, "", 0},
};
RUN_TESTS(tests)
