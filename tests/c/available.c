/* trro_check_authorization() where the usable licenses are asked for as well. */
#include "control.h"

#define PIT "m82k5408n675phvb"
#define ABSENT TRRO_ABSENT

static trro_authorization_query query_for(const char *device_id, uint32_t streams) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    query.project_id = PIT;
    query.device_id = device_id;
    query.streams = streams;
    query.ask_available = 1;
    return query;
}

/* Every field is written: it was full of something else before. */
static trro_authorization ask(const trro_client *client, const trro_authorization_query *query, uint32_t attempts) {
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    size_t i;
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK_STATUS(trro_check_authorization(client, query, &authorization, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == attempts && authorization.source == TRRO_SOURCE_SERVICE);
    for (i = 0; i < sizeof authorization.reserved; i++)
        CHECK(authorization.reserved[i] == 0);
    return authorization;
}

static void both_agree(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("field_ok_4", 4);
    trro_authorization found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.reason == TRRO_REASON_AUTHORIZED && found.sdk_code == 1);
    CHECK(found.license_count == 4 && found.available_license_count == 4 && found.streams == 4);
    /* That of the row. */
    CHECK_TEXT(found.request_id, "00000000-0000-4000-8000-000000000001");
    query.ask_available = 0;
    found = ask(client, &query, 1);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.available_license_count == ABSENT);
    trro_client_free(client);
}

/* What the emulator says of each of its devices agrees with their rows; the verdict is then that of the row. */
static void what_agrees_has_the_verdict_of_the_row(void) {
    static const struct {
        const char *device_id;
        uint32_t streams;
        trro_reason reason;
        int64_t available;
    } cases[] = {
        {"field_ok_1", 1, TRRO_REASON_AUTHORIZED, 1},
        {"field_ok_1", 2, TRRO_REASON_NOT_ENOUGH, 1},
        {"field_today", 1, TRRO_REASON_AUTHORIZED, 1},
        {"field_no_month", 1, TRRO_REASON_AUTHORIZED, 1},
        {"field_expired", 1, TRRO_REASON_EXPIRED, 0},
        {"field_month_used", 1, TRRO_REASON_NO_DURATION, 0},
        {"field_unbound", 1, TRRO_REASON_NOT_BOUND, 0},
        {"field_many", 16, TRRO_REASON_AUTHORIZED, 16},
        /* What is unknown by the row stays so. */
        {"field_bare", 1, TRRO_REASON_COUNT_UNKNOWN, 0},
        {"field_sample", 1, TRRO_REASON_EXPIRY_CONTRADICTS, 0},
        {"dev1", 1, TRRO_REASON_ROWS_DIFFER, 3},
    };
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const trro_authorization_query query = query_for(cases[i].device_id, cases[i].streams);
        const trro_authorization found = ask(client, &query, 2);
        if (found.reason != cases[i].reason || found.available_license_count != cases[i].available) {
            fprintf(stderr, "%s: %s, %d usable\n", cases[i].device_id, trro_authorization_sentence(&found),
                    (int)found.available_license_count);
            exit(1);
        }
    }
    trro_client_free(client);
}

static void check_differs(const trro_client *client, const char *device_id, uint32_t streams, const char *available) {
    const trro_authorization_query query = query_for(device_id, streams);
    trro_authorization found;
    tell_emulator("available-licenses", available);
    found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_UNKNOWN && found.reason == TRRO_REASON_AVAILABLE_DIFFERS && found.sdk_code == 0);
    CHECK(found.available_license_count == strtol(available, NULL, 10) && found.license_count != ABSENT);
    CHECK_TEXT(trro_authorization_sentence(&found), "the device's row and its number of usable licenses say different things");
}

static void what_contradicts_the_row_is_unknown(void) {
    trro_client *client = client_for_test();
    check_differs(client, "field_ok_1", 1, "0");
    check_differs(client, "field_ok_4", 4, "3");
    check_differs(client, "field_ok_4", 4, "-1");
    check_differs(client, "field_ok_1", 2, "2");
    check_differs(client, "field_expired", 1, "1");
    check_differs(client, "field_month_used", 1, "1");
    check_differs(client, "field_unbound", 1, "1");
    trro_client_free(client);
}

/* It counts what is usable of all, and the row what is bound: more than is wanted is no contradiction. */
static void more_than_is_wanted_agrees(void) {
    trro_client *client = client_for_test();
    const trro_authorization_query query = query_for("field_ok_4", 2);
    trro_authorization found;
    tell_emulator("available-licenses", "3");
    found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.available_license_count == 3);
    trro_client_free(client);
}

static void a_service_that_does_not_say_leaves_the_row_alone(void) {
    trro_client *client = client_for_test();
    const trro_authorization_query query = query_for("field_ok_1", 1);
    const trro_authorization found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.available_license_count == ABSENT);
    trro_client_free(client);
}

static void a_device_that_is_not_there_is_not_found(void) {
    trro_client *client = client_for_test();
    const trro_authorization_query query = query_for("no_such_device", 1);
    const trro_authorization found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_NOT_FOUND && found.reason == TRRO_REASON_NOT_FOUND);
    CHECK(found.available_license_count == ABSENT && found.license_count == ABSENT);
    trro_client_free(client);
}

/* Who says so may have another view of the project: the row is there. */
static void a_row_without_licenses_to_ask_for_stands(void) {
    trro_client *client = client_for_test();
    const trro_authorization_query query = query_for("field_ok_1", 1);
    const trro_authorization found = ask(client, &query, 2);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.reason == TRRO_REASON_AUTHORIZED && found.sdk_code == 1);
    CHECK(found.available_license_count == ABSENT && found.license_count == 1);
    trro_client_free(client);
}

static void fail(trro_status expected, uint32_t attempts) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("field_ok_1", 1);
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    size_t i;
    query.deadline_ms = 500;
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), expected, &error);
    CHECK(error.attempts == attempts && error.outcome_unknown == 0);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_NOT_ASKED);
    CHECK(authorization.source == TRRO_SOURCE_NONE && authorization.sdk_code == 0 && authorization.request_id[0] == '\0');
    CHECK(authorization.license_count == ABSENT && authorization.available_license_count == ABSENT);
    CHECK(authorization.expire_time_s == ABSENT && authorization.age_ms == ABSENT);
    for (i = 0; i < sizeof authorization.reserved; i++)
        CHECK(authorization.reserved[i] == 0);
    trro_client_free(client);
}

static void a_failure_of_the_first_request_is_that_of_the_call(void) {
    fail(TRRO_STATUS_SERVICE_FAILED, 1);
}

static void a_failure_of_the_second_request_is_that_of_the_call(void) {
    fail(TRRO_STATUS_SERVICE_FAILED, 2);
}

static void a_key_that_may_not_ask_fails(void) {
    fail(TRRO_STATUS_PERMISSION_DENIED, 2);
}

static void a_count_of_another_type_fails(void) {
    fail(TRRO_STATUS_BAD_RESPONSE, 2);
}

static void both_requests_share_the_deadline(void) {
    fail(TRRO_STATUS_TIMEOUT, 2);
}

static void attempts_of_both_requests_count(void) {
    trro_client_config config = config_for_test();
    const trro_authorization_query query = query_for("field_ok_1", 1);
    trro_client *client;
    config.max_attempts = 4;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    CHECK(ask(client, &query, 4).verdict == TRRO_VERDICT_AUTHORIZED);
    trro_client_free(client);
}

static void what_is_neither_0_nor_1_is_refused(void) {
    static const uint32_t numbers[] = {2, 3, 256, UINT32_MAX};
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("field_ok_1", 1);
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    size_t i;
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        query.ask_available = numbers[i];
        CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "query->ask_available") != NULL && error.attempts == 0);
        CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.source == TRRO_SOURCE_NONE);
    }
    query.ask_available = 0;
    query.reserved = 1;
    CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "query->reserved") != NULL);
    trro_client_free(client);
}

static void a_watch_does_not_ask_for_it(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("field_ok_1", 1);
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    uint32_t number;
    config.query = &query;
    for (number = 1; number <= 2; number++) {
        trro_watch *watch = (trro_watch *)&query;
        trro_error error = uninitialised_error();
        query.ask_available = number;
        CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "config->query->ask_available") != NULL && watch == NULL);
    }
    trro_client_free(client);
}

static const test tests[] = {
    {"both_agree", both_agree, "", 3},
    {"what_agrees_has_the_verdict_of_the_row", what_agrees_has_the_verdict_of_the_row, "", 22},
    {"what_contradicts_the_row_is_unknown", what_contradicts_the_row_is_unknown, "", 14},
    {"more_than_is_wanted_agrees", more_than_is_wanted_agrees, "", 2},
    {"a_service_that_does_not_say_leaves_the_row_alone", a_service_that_does_not_say_leaves_the_row_alone,
     "sometimes:0|answer:{\"Response\":{\"AvailableCount\":null,\"RequestId\":\"r\"}}", 2},
    {"a_device_that_is_not_there_is_not_found", a_device_that_is_not_there_is_not_found, "", 2},
    {"a_row_without_licenses_to_ask_for_stands", a_row_without_licenses_to_ask_for_stands,
     "sometimes:0|error:ResourceNotFound", 2},
    {"a_failure_of_the_first_request_is_that_of_the_call", a_failure_of_the_first_request_is_that_of_the_call,
     "error:InternalError", 1},
    {"a_failure_of_the_second_request_is_that_of_the_call", a_failure_of_the_second_request_is_that_of_the_call,
     "sometimes:0|error:InternalError", 2},
    {"a_key_that_may_not_ask_fails", a_key_that_may_not_ask_fails, "sometimes:0|error:UnauthorizedOperation", 2},
    {"a_count_of_another_type_fails", a_count_of_another_type_fails,
     "sometimes:0|answer:{\"Response\":{\"AvailableCount\":{},\"RequestId\":\"r\"}}", 2},
    {"both_requests_share_the_deadline", both_requests_share_the_deadline, "sometimes:0|stall-head", 2},
    {"attempts_of_both_requests_count", attempts_of_both_requests_count,
     "error:InternalError|sometimes:0|error:InternalError", 4},
    {"what_is_neither_0_nor_1_is_refused", what_is_neither_0_nor_1_is_refused, "", 0},
    {"a_watch_does_not_ask_for_it", a_watch_does_not_ask_for_it, "", 0},
};
RUN_TESTS(tests)
