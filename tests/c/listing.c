/* trro_for_each_device(): what the callback is given and may do, and what is refused. tests/listing.rs has how the pages are
 * walked. */
#define _GNU_SOURCE
#include <pthread.h>

#include "control.h"

typedef struct {
    const trro_client *client;
    pthread_t thread;
    int seen, stop_after, count_of_dev1;
    char last_id[64];
} visitor;

static int take(void *user_data, const trro_device *device) {
    visitor *own = user_data;
    CHECK(pthread_equal(pthread_self(), own->thread));
    CHECK(device->device_id != NULL && device->device_name != NULL && device->license_ids != NULL);
    own->seen++;
    own->count_of_dev1 += strcmp(device->device_id, "dev1") == 0;
    snprintf(own->last_id, sizeof own->last_id, "%s", device->device_id);
    if (strcmp(device->device_id, "field_ok_4") == 0) {
        size_t i;
        CHECK_TEXT(device->device_name, "无人集卡 07");
        CHECK(device->license_count == 4 && device->license_id_count == 4 && device->monthly_remain_time == 201234);
        for (i = 0; i < 4; i++)
            CHECK(strncmp(device->license_ids[i], "trro-", 5) == 0 && strlen(device->license_ids[i]) == 41);
    }
    if (strcmp(device->device_id, "field_null") == 0)
        CHECK(device->license_count == TRRO_ABSENT && device->license_id_count == 0 && device->device_name[0] == '\0');
    return own->stop_after != 0 && own->seen == own->stop_after;
}

static visitor visitor_for(const trro_client *client) {
    visitor own;
    memset(&own, 0, sizeof own);
    own.client = client;
    own.thread = pthread_self();
    return own;
}

static void every_device_is_given_with_its_data(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    trro_error error = uninitialised_error();
    int changed = 99;
    filter.page_size = 10;
    CHECK_STATUS(trro_for_each_device(client, &filter, take, &own, &changed, &error), TRRO_STATUS_OK, &error);
    CHECK(own.seen == 62 && own.count_of_dev1 == 3 && changed == 0 && error.attempts == 7);
    CHECK_TEXT(own.last_id, "port_22");
    trro_client_free(client);
}

static void the_filter_is_that_of_the_service(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    filter.project_id = "m82k5408n675phvb";
    filter.device_id = "dev1";
    CHECK(trro_for_each_device(client, &filter, take, &own, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(own.seen == 2);
    filter.device_id = "no_such_device";
    CHECK(trro_for_each_device(client, &filter, take, &own, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(own.seen == 2);
    trro_client_free(client);
}

static void a_callback_stops_the_walk(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    trro_error error = uninitialised_error();
    int changed = 99;
    filter.page_size = 10;
    own.stop_after = 13;
    CHECK_STATUS(trro_for_each_device(client, &filter, take, &own, &changed, &error), TRRO_STATUS_OK, &error);
    CHECK(own.seen == 13 && changed == 0 && error.attempts == 2);
    trro_client_free(client);
}

static int never_called(void *user_data, const trro_device *device) {
    (void)user_data;
    (void)device;
    CHECK(0);
    return 0;
}

static int call_from_inside(void *user_data, const trro_device *device) {
    visitor *own = user_data;
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    const trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    const trro_devices *page;
    trro_authorization authorization;
    trro_watch *watch;
    trro_error error = uninitialised_error();
    (void)device;
    query.project_id = "p";
    query.device_id = "d";
    config.query = &query;
    CHECK_STATUS(trro_get_devices(own->client, &request, buffer, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "callback") != NULL);
    CHECK_STATUS(trro_for_each_device(own->client, &filter, never_called, NULL, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_check_authorization(own->client, &query, &authorization, &error), TRRO_STATUS_INVALID_ARGUMENT,
                 &error);
    CHECK_STATUS(trro_watch_new(own->client, &config, &watch, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    own->seen++;
    return 0;
}

static void a_call_from_inside_is_refused_and_the_walk_goes_on(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    filter.page_size = 50;
    CHECK(trro_for_each_device(client, &filter, call_from_inside, &own, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(own.seen == 62);
    trro_client_free(client);
}

static int call_another(void *user_data, const trro_device *device) {
    visitor *own = user_data;
    const trro_authorization_query query = {sizeof query, "m82k5408n675phvb", "field_ok_1", 1, 0, 0, 0};
    trro_authorization authorization;
    (void)device;
    CHECK(trro_check_authorization(own->client, &query, &authorization, NULL) == TRRO_STATUS_OK);
    own->seen++;
    return own->seen == 3;
}

static void a_call_on_another_client_from_inside_works(void) {
    trro_client *client = client_for_test(), *other = client_for_test();
    const trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(other);
    CHECK(trro_for_each_device(client, &filter, call_another, &own, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(own.seen == 3);
    trro_client_free(client);
    trro_client_free(other);
}

static void some_may_be_given_before_a_failure(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    trro_error error = uninitialised_error();
    int changed = 99;
    filter.page_size = 10;
    CHECK_STATUS(trro_for_each_device(client, &filter, take, &own, &changed, &error), TRRO_STATUS_SERVICE_FAILED, &error);
    CHECK(own.seen == 20 && changed == 0 && error.attempts == 3);
    trro_client_free(client);
}

static int cancel(void *user_data, const trro_device *device) {
    visitor *own = user_data;
    (void)device;
    trro_client_cancel(own->client);
    own->seen++;
    return 0;
}

static void a_cancellation_from_inside_ends_it_at_the_next_page(void) {
    trro_client *client = client_for_test();
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    visitor own = visitor_for(client);
    trro_error error = uninitialised_error();
    filter.page_size = 10;
    CHECK_STATUS(trro_for_each_device(client, &filter, cancel, &own, NULL, &error), TRRO_STATUS_CANCELLED, &error);
    CHECK(own.seen == 10 && error.attempts == 1);
    trro_client_free(client);
}

static void refuse(const trro_client *client, const trro_device_filter *filter, trro_device_fn visit,
                   const char *expected) {
    trro_error error = uninitialised_error();
    int changed = 99;
    CHECK_STATUS(trro_for_each_device(client, filter, visit, NULL, &changed, &error), TRRO_STATUS_INVALID_ARGUMENT,
                 &error);
    if (strstr(error.message, expected) == NULL || changed != 0) {
        fprintf(stderr, "not of %s: %s\n", expected, error.message);
        exit(1);
    }
}

static void what_makes_no_sense_is_refused(void) {
    trro_client *client = client_for_test();
    const trro_device_filter sound = TRRO_DEVICE_FILTER_INIT;
    trro_device_filter filter = sound;
#define REFUSE(field, value)                                                             \
    do {                                                                                 \
        filter = sound;                                                                  \
        filter.field = (value);                                                          \
        refuse(client, &filter, never_called, "filter->" #field);                        \
    } while (0)
    REFUSE(struct_size, 0);
    REFUSE(struct_size, sizeof filter - 1);
    REFUSE(project_id, "");
    REFUSE(project_id, "p\n");
    REFUSE(device_id, "");
    REFUSE(device_id, "d\x1f");
    REFUSE(device_id, "d\x80");
    REFUSE(page_size, -1);
    REFUSE(page_size, 10001);
    REFUSE(page_size, INT64_MIN);
    REFUSE(deadline_ms, 600001);
    REFUSE(reserved, 1);
    filter = sound;
    refuse(NULL, &filter, never_called, "client");
    refuse(client, NULL, never_called, "filter");
    refuse(client, &filter, NULL, "visit");
    trro_client_free(client);
}

static const test tests[] = {
    {"every_device_is_given_with_its_data", every_device_is_given_with_its_data, "", 7},
    {"the_filter_is_that_of_the_service", the_filter_is_that_of_the_service, "", 3},
    {"a_callback_stops_the_walk", a_callback_stops_the_walk, "", 2},
    {"a_call_from_inside_is_refused_and_the_walk_goes_on", a_call_from_inside_is_refused_and_the_walk_goes_on, "", 2},
    {"a_call_on_another_client_from_inside_works", a_call_on_another_client_from_inside_works, "", 4},
    {"some_may_be_given_before_a_failure", some_may_be_given_before_a_failure, "late:0|late:0|error:InternalError", 3},
    {"a_cancellation_from_inside_ends_it_at_the_next_page", a_cancellation_from_inside_ends_it_at_the_next_page, "", 1},
    {"what_makes_no_sense_is_refused", what_makes_no_sense_is_refused, "", 0},
};
RUN_TESTS(tests)
