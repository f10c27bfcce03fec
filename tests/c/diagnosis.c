/* What trro_client_diagnose() hands to its callback, and what it takes. */
#include "check.h"

#define MOST 16

typedef struct {
    trro_diagnosis steps[MOST]; /* without their texts, which are gone */
    char names[MOST][32];
    int count;
    int stop_at; /* -1: never */
    trro_client *call_on;
} record;

static int take(void *user_data, const trro_diagnosis *diagnosis) {
    record *seen = user_data;
    CHECK(seen->count < MOST);
    CHECK(diagnosis->name != NULL && strlen(diagnosis->name) < sizeof seen->names[0]);
    CHECK(diagnosis->finding != NULL && diagnosis->finding[0] != '\0' && diagnosis->advice != NULL);
    CHECK(strpbrk(diagnosis->finding, "\r\n\t") == NULL && strpbrk(diagnosis->advice, "\r\n\t") == NULL);
    CHECK(strstr(diagnosis->finding, getenv("TENCENTCLOUD_SECRET_KEY")) == NULL);
    seen->steps[seen->count] = *diagnosis;
    strcpy(seen->names[seen->count], diagnosis->name);
    if (seen->call_on != NULL) {
        trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
        trro_error error = uninitialised_error();
        CHECK_STATUS(trro_client_diagnose(seen->call_on, &query, take, seen, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    }
    return seen->count++ == seen->stop_at;
}

static record new_record(void) {
    record seen;
    memset(&seen, 0, sizeof seen);
    seen.stop_at = -1;
    return seen;
}

static record diagnose(const trro_client *client, const char *project_id, const char *device_id) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_error error = uninitialised_error();
    record seen = new_record();
    query.project_id = project_id;
    query.device_id = device_id;
    CHECK_STATUS(trro_client_diagnose(client, &query, take, &seen, &error), TRRO_STATUS_OK, &error);
    return seen;
}

static void every_step_is_given_once_in_order(void) {
    static const char *const names[] = {"resolve", "route", "connect", "TLS", "answer", "clock", "credentials",
                                        "signature", "permission", "rate limit", "license"};
    static const int steps[] = {TRRO_STEP_RESOLVE, TRRO_STEP_ROUTE, TRRO_STEP_CONNECT, TRRO_STEP_TLS, TRRO_STEP_ANSWER,
                                TRRO_STEP_CLOCK, TRRO_STEP_CREDENTIALS, TRRO_STEP_SIGNATURE, TRRO_STEP_PERMISSION,
                                TRRO_STEP_RATE_LIMIT, TRRO_STEP_LICENSE};
    trro_client *client = client_for_test();
    record seen = diagnose(client, "m82k5408n675phvb", "dev1");
    int i;
    CHECK(seen.count == 11);
    for (i = 0; i < seen.count; i++) {
        CHECK_TEXT(seen.names[i], names[i]);
        CHECK(seen.steps[i].step == steps[i]);
        CHECK(seen.steps[i].status == TRRO_STATUS_OK && seen.steps[i].was_reached == 1);
        /* Over plain HTTP there is no TLS to wait for. */
        CHECK((seen.steps[i].elapsed_ms != TRRO_ABSENT) == (i != 3 && i <= 4));
    }
    trro_client_free(client);
}

static void without_a_device_there_is_no_license_step(void) {
    trro_client *client = client_for_test();
    CHECK(diagnose(client, NULL, NULL).count == 10);
    CHECK(diagnose(client, "m82k5408n675phvb", NULL).count == 10);
    trro_client_free(client);
}

static void a_step_that_fails_is_success_and_later_ones_are_not_reached(void) {
    trro_client_config config = config_for_test();
    trro_client *client = NULL;
    trro_error error = uninitialised_error();
    record seen;
    int i;
    config.endpoint = getenv("TEST_CLOSED_ENDPOINT");
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    seen = diagnose(client, "m82k5408n675phvb", "dev1");
    CHECK(seen.count == 11);
    for (i = 0; i < seen.count; i++) {
        CHECK(seen.steps[i].status == (i == 2 ? TRRO_STATUS_CONNECT_FAILED : TRRO_STATUS_OK));
        CHECK(seen.steps[i].was_reached == (i <= 2));
        CHECK(i <= 2 || seen.steps[i].elapsed_ms == TRRO_ABSENT);
    }
    trro_client_free(client);
}

static void a_device_that_may_not_run_is_a_failed_step(void) {
    trro_client *client = client_for_test();
    record seen = diagnose(client, "m82k5408n675phvb", "field_unbound");
    CHECK(seen.steps[10].status == TRRO_STATUS_PERMISSION_DENIED && seen.steps[10].was_reached == 1);
    CHECK(diagnose(client, "m82k5408n675phvb", "no_such_device").steps[10].status == TRRO_STATUS_NOT_FOUND);
    trro_client_free(client);
}

static void a_callback_that_returns_another_number_stops_it(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_error error = uninitialised_error();
    record seen = new_record();
    seen.stop_at = 1;
    CHECK_STATUS(trro_client_diagnose(client, &query, take, &seen, &error), TRRO_STATUS_OK, &error);
    CHECK(seen.count == 2 && error.attempts == 0);
    trro_client_free(client);
}

static void a_call_from_inside_of_the_callback_is_refused(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_error error = uninitialised_error();
    record seen = new_record();
    seen.call_on = client;
    CHECK_STATUS(trro_client_diagnose(client, &query, take, &seen, &error), TRRO_STATUS_OK, &error);
    CHECK(seen.count == 10 && error.attempts == 1);
    trro_client_free(client);
}

static void expect_refusal(const trro_client *client, const trro_authorization_query *query, trro_diagnosis_fn visit,
                           const char *named) {
    trro_error error = uninitialised_error();
    record seen = new_record();
    CHECK_STATUS(trro_client_diagnose(client, query, visit, &seen, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, named) == error.message);
    CHECK(seen.count == 0);
    CHECK(trro_client_diagnose(client, query, visit, &seen, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
}

static void what_is_wrong_with_an_argument_is_named(void) {
    const trro_authorization_query init = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_client *client = client_for_test();
    trro_authorization_query query = init;
    expect_refusal(NULL, &query, take, "client ");
    expect_refusal(client, NULL, take, "query ");
    expect_refusal(client, &query, NULL, "visit ");
    query.struct_size = 0;
    expect_refusal(client, &query, take, "query->struct_size ");
    query = init;
    query.device_id = "dev1";
    expect_refusal(client, &query, take, "query->project_id ");
    query.project_id = "";
    expect_refusal(client, &query, take, "query->project_id ");
    query.project_id = "line\nend";
    expect_refusal(client, &query, take, "query->project_id ");
    query = init;
    query.deadline_ms = 600001;
    expect_refusal(client, &query, take, "query->deadline_ms ");
    query = init;
    query.streams = 1u << 31;
    expect_refusal(client, &query, take, "query->streams ");
    trro_client_free(client);
}

static void a_cancelled_client_gives_no_step(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_error error = uninitialised_error();
    record seen = new_record();
    trro_client_cancel(client);
    CHECK_STATUS(trro_client_diagnose(client, &query, take, &seen, &error), TRRO_STATUS_CANCELLED, &error);
    CHECK(seen.count == 0);
    trro_client_free(client);
}

static const test tests[] = {
    {"every_step_is_given_once_in_order", every_step_is_given_once_in_order, "", 1},
    {"without_a_device_there_is_no_license_step", without_a_device_there_is_no_license_step, "", 2},
    {"a_step_that_fails_is_success_and_later_ones_are_not_reached",
     a_step_that_fails_is_success_and_later_ones_are_not_reached, "", 0},
    {"a_device_that_may_not_run_is_a_failed_step", a_device_that_may_not_run_is_a_failed_step, "", 2},
    {"a_callback_that_returns_another_number_stops_it", a_callback_that_returns_another_number_stops_it, "", 0},
    {"a_call_from_inside_of_the_callback_is_refused", a_call_from_inside_of_the_callback_is_refused, "", 1},
    {"what_is_wrong_with_an_argument_is_named", what_is_wrong_with_an_argument_is_named, "", 0},
    {"a_cancelled_client_gives_no_step", a_cancelled_client_gives_no_step, "", 0},
};

RUN_TESTS(tests)
