/* The program closes descriptors that are not its own, as those do that become daemons: calls on a client from before end in time,
 * and a watch takes no processor. Run with the library as it ships by tests/product.rs: one with debug assertions ends the process. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>

#include "calls.h"
#include "control.h"

enum { SHORT_MS = 300, MOST_DESCRIPTORS = 64 };

/* As programs do that become daemons. */
static void close_what_is_not_ours(void) {
    int descriptor;
    /* Ends a call that would not end. */
    alarm(60);
    for (descriptor = 3; descriptor < MOST_DESCRIPTORS; descriptor++)
        close(descriptor);
}

static void fails_in_time(const trro_client *client) {
    trro_error error = uninitialised_error();
    const int64_t began_ms = now_ms();
    trro_status got = get_device(client, "dev1", SHORT_MS, &error);
    CHECK(now_ms() - began_ms < SHORT_MS + 2000);
    CHECK_STATUS(got, error.status, &error);
    CHECK(got != TRRO_STATUS_OK && (got == TRRO_STATUS_TIMEOUT || error.os_error == EBADF));
}

static void calls_end_in_time_though_the_clients_descriptors_were_closed(void) {
    trro_client *client = client_for_test(), *lost = client_without_an_address();
    succeeds_at_once(client, "dev1");
    close_what_is_not_ours();
    fails_in_time(client);
    fails_in_time(client);
    fails_in_time(lost);
    trro_client_free(lost);
    trro_client_free(client);
}

static trro_status environments_key(void *data, trro_credentials *credentials) {
    (void)data;
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    return TRRO_STATUS_OK;
}

static void nobody_waits_for_ever_for_credentials_though_the_clients_descriptors_were_closed(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    config.credentials_fn = environments_key;
    client = client_of(&config);
    close_what_is_not_ours();
    fails_in_time(client);
    trro_client_free(client);
}

static int64_t processor_time_ms(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000) +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void a_watch_whose_descriptors_were_closed_takes_no_processor_and_can_be_freed(void) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization = {0};
    trro_client *client = client_for_test();
    trro_watch *watch;
    trro_error error;
    int64_t before_ms, began_ms;
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    config.period_s = 86400;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_OK, &error);
    UNTIL(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK && authorization.source == TRRO_SOURCE_SERVICE);
    close_what_is_not_ours();
    before_ms = processor_time_ms();
    sleep_ms(1000);
    CHECK(processor_time_ms() - before_ms < 300);
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    began_ms = now_ms();
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK && now_ms() - began_ms < 2000);
    trro_client_free(client);
}

static const test tests[] = {
    {"calls_end_in_time_though_the_clients_descriptors_were_closed",
     calls_end_in_time_though_the_clients_descriptors_were_closed, "", -1},
    {"nobody_waits_for_ever_for_credentials_though_the_clients_descriptors_were_closed",
     nobody_waits_for_ever_for_credentials_though_the_clients_descriptors_were_closed, "", -1},
    {"a_watch_whose_descriptors_were_closed_takes_no_processor_and_can_be_freed",
     a_watch_whose_descriptors_were_closed_takes_no_processor_and_can_be_freed, "", -1},
};
RUN_TESTS(tests)
