/* trro_check_authorization(): every license state of the emulator's devices, ids that match more than one row, and what is
 * refused. trro_device_verdict(), trro_verdict_name() and trro_authorization_sentence(). */
#define _GNU_SOURCE
#include "control.h"

#define PROJECT "m82k5408n675phvb"
#define DAY_S INT64_C(86400)
#define ABSENT TRRO_ABSENT

static trro_authorization_query query_for(const char *device_id, uint32_t streams) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    query.project_id = PROJECT;
    query.device_id = device_id;
    query.streams = streams;
    return query;
}

static void check_reserved(const trro_authorization *authorization) {
    size_t i;
    for (i = 0; i < sizeof authorization->reserved; i++)
        CHECK(authorization->reserved[i] == 0);
    CHECK(authorization->available_license_count == ABSENT);
}

/* Every field is written: it was full of something else before. */
static trro_authorization ask(const trro_client *client, const char *device_id, uint32_t streams) {
    const trro_authorization_query query = query_for(device_id, streams);
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts >= 1 && authorization.source == TRRO_SOURCE_SERVICE);
    check_reserved(&authorization);
    return authorization;
}

typedef struct {
    const char *device_id;
    uint32_t streams;
    trro_verdict verdict;
    trro_reason reason;
    int32_t sdk_code;
    int64_t license_count, remain_days, days_left, monthly_remain_time, limited_time_minutes;
} state;

#define AUTHORIZED TRRO_VERDICT_AUTHORIZED, TRRO_REASON_AUTHORIZED, 1
#define NOT_FOUND TRRO_VERDICT_NOT_FOUND, TRRO_REASON_NOT_FOUND, -0x02000101
#define NOT_BOUND TRRO_VERDICT_NOT_BOUND, TRRO_REASON_NOT_BOUND, -0x02000101
#define NOT_ENOUGH TRRO_VERDICT_NOT_ENOUGH, TRRO_REASON_NOT_ENOUGH, -0x02000102
#define EXPIRED TRRO_VERDICT_EXPIRED, TRRO_REASON_EXPIRED, -0x02000103
#define NO_DURATION TRRO_VERDICT_NO_DURATION, TRRO_REASON_NO_DURATION, -0x02000104
#define UNKNOWN(reason) TRRO_VERDICT_UNKNOWN, reason, 0
/* The published sample expired in 1975. */
#define IN_1975 INT64_C(-1)

static const state STATES[] = {
    {"field_ok_1", 1, AUTHORIZED, 1, 200, 200, 51234, 60000},
    {"field_ok_1", 2, NOT_ENOUGH, 1, 200, 200, 51234, 60000},
    {"field_ok_4", 4, AUTHORIZED, 4, 200, 200, 201234, 60000},
    {"field_ok_4", 5, NOT_ENOUGH, 4, 200, 200, 201234, 60000},
    {"field_ok_4", 0, AUTHORIZED, 4, 200, 200, 201234, 60000},
    {"field_soon", 1, AUTHORIZED, 1, 2, 2, 12000, 60000},
    {"field_today", 1, AUTHORIZED, 1, 0, 0, 9000, 60000},
    {"field_expired", 1, EXPIRED, 1, 0, -3, 0, 60000},
    {"field_expired", 2, EXPIRED, 1, 0, -3, 0, 60000},
    {"field_unbound", 1, NOT_BOUND, 0, 0, ABSENT, ABSENT, ABSENT},
    {"field_month_used", 1, NO_DURATION, 1, 90, 90, 0, 60000},
    {"field_month_used", 2, NOT_ENOUGH, 1, 90, 90, 0, 60000},
    {"field_month_low", 1, AUTHORIZED, 1, 90, 90, 55, 60000},
    {"field_no_month", 1, AUTHORIZED, 1, 150, 150, ABSENT, ABSENT},
    {"field_number", 1, AUTHORIZED, 1, 80, 80, 30000, 60000},
    {"field_bare", 1, UNKNOWN(TRRO_REASON_COUNT_UNKNOWN), ABSENT, ABSENT, ABSENT, ABSENT, ABSENT},
    {"field_null", 1, UNKNOWN(TRRO_REASON_COUNT_UNKNOWN), ABSENT, ABSENT, ABSENT, ABSENT, ABSENT},
    {"field_sample", 1, UNKNOWN(TRRO_REASON_EXPIRY_CONTRADICTS), 2, 30, IN_1975, 66000, 60000},
    {"field_many", 16, AUTHORIZED, 16, 300, 300, 900000, 60000},
    {"field_many", 17, NOT_ENOUGH, 16, 300, 300, 900000, 60000},
    {"field_escape", 1, AUTHORIZED, 1, 100, 100, 1000, 60000},
    {"no_such_device", 1, NOT_FOUND, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT},
    {"field_ok_", 1, NOT_FOUND, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT},
    {"FIELD_OK_1", 1, NOT_FOUND, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT},
    {"dev1", 1, UNKNOWN(TRRO_REASON_ROWS_DIFFER), 2, 30, 30, 66000, 60000},
};

static void check_expiry(const trro_authorization *authorization, int64_t days_left) {
    const int64_t left_s = authorization->seconds_left;
    if (days_left == ABSENT) {
        CHECK(authorization->expire_time_s == ABSENT && left_s == ABSENT);
        return;
    }
    CHECK(authorization->expire_time_s - authorization->answered_at_s - left_s >= 0);
    CHECK(authorization->expire_time_s - authorization->answered_at_s - left_s <= authorization->age_ms / 1000 + 1);
    if (days_left == IN_1975)
        CHECK(authorization->expire_time_s == 167840945 && left_s < -30 * 365 * DAY_S);
    else
        CHECK(left_s / DAY_S == days_left);
}

static void check_times(const trro_authorization *authorization, int64_t before_s, int64_t before_ms, int64_t after_ms) {
    CHECK(authorization->answered_at_s >= before_s - 1 && authorization->answered_at_s <= time(NULL) + 1);
    CHECK(authorization->answered_boottime_ms >= before_ms && authorization->answered_boottime_ms <= after_ms);
    CHECK(authorization->age_ms >= 0 && authorization->age_ms <= after_ms - authorization->answered_boottime_ms);
}

static int64_t boottime_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void check_state(const trro_client *client, const state *expected) {
    const int64_t before_s = time(NULL), before_ms = boottime_ms();
    const trro_authorization found = ask(client, expected->device_id, expected->streams);
    if (found.verdict != expected->verdict || found.reason != expected->reason) {
        fprintf(stderr, "%s for %u streams: %s, because %s\n", expected->device_id, (unsigned)expected->streams,
                trro_verdict_name(found.verdict), trro_authorization_sentence(&found));
        exit(1);
    }
    CHECK(found.sdk_code == expected->sdk_code);
    CHECK(found.streams == (int32_t)(expected->streams != 0 ? expected->streams : 1));
    CHECK(found.license_count == expected->license_count && found.remain_days == expected->remain_days);
    CHECK(found.monthly_remain_time == expected->monthly_remain_time);
    CHECK(found.limited_time_minutes == expected->limited_time_minutes);
    check_expiry(&found, expected->days_left);
    check_times(&found, before_s, before_ms, boottime_ms());
    CHECK(strncmp(found.request_id, "00000000-0000-4000-8000-", 24) == 0 && strlen(found.request_id) == 36);
}

static void every_license_state_has_its_verdict(void) {
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        check_state(client, &STATES[i]);
    trro_client_free(client);
}

static void a_device_of_another_project_is_not_found(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("port_01", 1);
    trro_authorization found;
    CHECK(trro_check_authorization(client, &query, &found, NULL) == TRRO_STATUS_OK);
    CHECK(found.verdict == TRRO_VERDICT_NOT_FOUND);
    query.project_id = "q7d2x9w4k1z8r5tn";
    CHECK(trro_check_authorization(client, &query, &found, NULL) == TRRO_STATUS_OK);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED);
    trro_client_free(client);
}

static void rows_of_one_id_that_decide_the_same_are_one(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("twin", 1);
    trro_authorization found;
    query.project_id = "p";
    set_devices("{\"DeviceId\":\"twin\",\"DeviceName\":\"one\",\"LicenseCount\":1,\"RemainDay\":3},"
                "{\"DeviceId\":\"twin\",\"DeviceName\":\"other\",\"LicenseCount\":1,\"RemainDay\":3}");
    CHECK(trro_check_authorization(client, &query, &found, NULL) == TRRO_STATUS_OK);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.reason == TRRO_REASON_AUTHORIZED);
    trro_client_free(client);
}

static char *append_row(char *end, const char *device_id, int license_count) {
    return end + sprintf(end, "{\"DeviceId\":\"%s\",\"LicenseCount\":%d,\"RemainDay\":9},", device_id, license_count);
}

/* The emulator of this test has a filter that takes an id for a part of others. */
static void a_fuzzy_filter_is_read_to_the_page_of_the_exact_id(void) {
    static char rows[16 * 1024];
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("v7", 1);
    trro_authorization found;
    trro_error error;
    char *end = rows;
    int i;
    query.project_id = "p";
    for (i = 0; i < 45; i++) {
        char id[32];
        snprintf(id, sizeof id, "v7_%d", i);
        end = append_row(end, id, 0);
    }
    end = append_row(end, "v7", 2);
    end[-1] = '\0';
    set_devices(rows);
    CHECK_STATUS(trro_check_authorization(client, &query, &found, &error), TRRO_STATUS_OK, &error);
    CHECK(found.verdict == TRRO_VERDICT_AUTHORIZED && found.license_count == 2 && error.attempts == 3);
    query.device_id = "v7_4";
    CHECK_STATUS(trro_check_authorization(client, &query, &found, &error), TRRO_STATUS_OK, &error);
    CHECK(found.verdict == TRRO_VERDICT_NOT_BOUND && error.attempts == 1);
    query.device_id = "7_";
    CHECK_STATUS(trro_check_authorization(client, &query, &found, &error), TRRO_STATUS_OK, &error);
    CHECK(found.verdict == TRRO_VERDICT_NOT_FOUND && error.attempts == 3);
    trro_client_free(client);
}

/* Two rows of one id, the last of one page and the first of the next. */
static void rows_of_one_id_on_two_pages_differ_too(void) {
    static char rows[16 * 1024];
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("v7", 1);
    trro_authorization found;
    char *end = rows;
    int i;
    query.project_id = "p";
    for (i = 0; i < 19; i++) {
        char id[32];
        snprintf(id, sizeof id, "v7_%d", i);
        end = append_row(end, id, 0);
    }
    end = append_row(append_row(end, "v7", 2), "v7", 0);
    end[-1] = '\0';
    set_devices(rows);
    CHECK(trro_check_authorization(client, &query, &found, NULL) == TRRO_STATUS_OK);
    CHECK(found.verdict == TRRO_VERDICT_UNKNOWN && found.reason == TRRO_REASON_ROWS_DIFFER);
    trro_client_free(client);
}

static void refuse(const trro_client *client, const trro_authorization_query *query, const char *expected) {
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK_STATUS(trro_check_authorization(client, query, &authorization, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    if (strstr(error.message, expected) == NULL) {
        fprintf(stderr, "not of %s: %s\n", expected, error.message);
        exit(1);
    }
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.source == TRRO_SOURCE_NONE);
    CHECK(authorization.reason == TRRO_REASON_NOT_ASKED && authorization.request_id[0] == '\0');
    CHECK(authorization.license_count == ABSENT && authorization.age_ms == ABSENT && authorization.sdk_code == 0);
    check_reserved(&authorization);
}

static void what_makes_no_sense_is_refused(void) {
    static const struct {
        const char *project_id, *device_id;
        uint32_t streams, deadline_ms;
        const char *expected;
    } cases[] = {
        {NULL, "d", 1, 0, "query->project_id"},         {"p", NULL, 1, 0, "query->device_id"},
        {"", "d", 1, 0, "query->project_id"},           {"p", "", 1, 0, "query->device_id"},
        {"p\n", "d", 1, 0, "query->project_id"},        {"p", "d\x01", 1, 0, "query->device_id"},
        {"p\xff", "d", 1, 0, "query->project_id"},      {"p", "d\x80", 1, 0, "query->device_id"},
        {"p", "d", 2147483648u, 0, "query->streams"},   {"p", "d", 4294967295u, 0, "query->streams"},
        {"p", "d", 1, 600001, "query->deadline_ms"},    {"p", "d\x7f", 1, 0, "query->device_id"},
    };
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        query.project_id = cases[i].project_id;
        query.device_id = cases[i].device_id;
        query.streams = cases[i].streams;
        query.deadline_ms = cases[i].deadline_ms;
        refuse(client, &query, cases[i].expected);
    }
    query = query_for("d", 1);
    refuse(NULL, &query, "client");
    refuse(client, NULL, "query");
    query.struct_size = 0;
    refuse(client, &query, "TRRO_AUTHORIZATION_QUERY_INIT");
    query = query_for("d", 1);
    CHECK(trro_check_authorization(client, &query, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    trro_client_free(client);
}

static void the_most_streams_are_not_refused(void) {
    trro_client *client = client_for_test();
    const trro_authorization found = ask(client, "field_many", 2147483647u);
    CHECK(found.verdict == TRRO_VERDICT_NOT_ENOUGH && found.streams == 2147483647);
    trro_client_free(client);
}

static void fail(trro_status expected) {
    trro_client *client = client_for_test();
    trro_authorization_query query = query_for("field_ok_1", 1);
    trro_authorization authorization;
    trro_error error;
    query.deadline_ms = 300;
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), expected, &error);
    CHECK(error.attempts == 1 && authorization.verdict == TRRO_VERDICT_UNKNOWN);
    CHECK(authorization.source == TRRO_SOURCE_NONE && authorization.license_count == ABSENT);
    check_reserved(&authorization);
    trro_client_free(client);
}

static void a_failure_clears_the_output(void) {
    fail(TRRO_STATUS_SERVICE_FAILED);
}

static void the_deadline_is_the_querys(void) {
    fail(TRRO_STATUS_TIMEOUT);
}

static void a_row_has_the_verdict_of_the_check(void) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    size_t i;
    request.project_id = PROJECT;
    for (i = 0; i < sizeof STATES / sizeof STATES[0]; i++) {
        const state *expected = &STATES[i];
        trro_verdict verdict = 99;
        request.device_id = expected->device_id;
        CHECK(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, NULL) == TRRO_STATUS_OK);
        if (page->device_count == 1) {
            CHECK(trro_device_verdict(page->devices[0], expected->streams, time(NULL), &verdict) == TRRO_STATUS_OK);
            CHECK(verdict == expected->verdict);
        }
    }
    trro_client_free(client);
}

static void a_rows_verdict_needs_a_row_and_a_place(void) {
    trro_device device;
    trro_verdict verdict = TRRO_VERDICT_AUTHORIZED;
    memset(&device, 0, sizeof device);
    CHECK(trro_device_verdict(NULL, 1, 0, &verdict) == TRRO_STATUS_INVALID_ARGUMENT && verdict == TRRO_VERDICT_UNKNOWN);
    CHECK(trro_device_verdict(&device, 1, 0, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    device.license_count = 1;
    device.expire_time_s = 1000;
    device.monthly_remain_time = ABSENT;
    CHECK(trro_device_verdict(&device, 1, 999, &verdict) == TRRO_STATUS_OK && verdict == TRRO_VERDICT_AUTHORIZED);
    CHECK(trro_device_verdict(&device, 1, 1000, &verdict) == TRRO_STATUS_OK && verdict == TRRO_VERDICT_EXPIRED);
    CHECK(trro_device_verdict(&device, 2, 999, &verdict) == TRRO_STATUS_OK && verdict == TRRO_VERDICT_NOT_ENOUGH);
    CHECK(trro_device_verdict(&device, 4294967295u, 999, &verdict) == TRRO_STATUS_OK);
    CHECK(verdict == TRRO_VERDICT_NOT_ENOUGH);
}

static void every_verdict_has_its_name(void) {
#define CHECK_NAME(verdict) CHECK_TEXT(trro_verdict_name(verdict), #verdict)
    CHECK_NAME(TRRO_VERDICT_UNKNOWN);
    CHECK_NAME(TRRO_VERDICT_AUTHORIZED);
    CHECK_NAME(TRRO_VERDICT_NOT_FOUND);
    CHECK_NAME(TRRO_VERDICT_NOT_BOUND);
    CHECK_NAME(TRRO_VERDICT_NOT_ENOUGH);
    CHECK_NAME(TRRO_VERDICT_EXPIRED);
    CHECK_NAME(TRRO_VERDICT_NO_DURATION);
    CHECK_TEXT(trro_verdict_name(7), "TRRO_VERDICT_UNKNOWN");
    CHECK_TEXT(trro_verdict_name(-1), "TRRO_VERDICT_UNKNOWN");
}

static void an_authorization_has_a_sentence(void) {
    trro_client *client = client_for_test();
    trro_authorization found = ask(client, "field_expired", 1);
    CHECK_TEXT(trro_authorization_sentence(&found), "the licenses of the device have expired");
    CHECK_TEXT(trro_authorization_sentence(NULL), "there is no answer of the service");
    found.reason = 15;
    CHECK_TEXT(trro_authorization_sentence(&found), "nothing is known");
    trro_client_free(client);
}

static const test tests[] = {
    {"every_license_state_has_its_verdict", every_license_state_has_its_verdict, "", 25},
    {"a_device_of_another_project_is_not_found", a_device_of_another_project_is_not_found, "", 2},
    {"rows_of_one_id_that_decide_the_same_are_one", rows_of_one_id_that_decide_the_same_are_one, "", 1},
    {"a_fuzzy_filter_is_read_to_the_page_of_the_exact_id", a_fuzzy_filter_is_read_to_the_page_of_the_exact_id, "fuzzy", 7},
    {"rows_of_one_id_on_two_pages_differ_too", rows_of_one_id_on_two_pages_differ_too, "fuzzy", 2},
    {"what_makes_no_sense_is_refused", what_makes_no_sense_is_refused, "", 0},
    {"the_most_streams_are_not_refused", the_most_streams_are_not_refused, "", 1},
    {"a_failure_clears_the_output", a_failure_clears_the_output, "error:InternalError", 1},
    {"the_deadline_is_the_querys", the_deadline_is_the_querys, "stall-head", 1},
    {"a_row_has_the_verdict_of_the_check", a_row_has_the_verdict_of_the_check, "", 25},
    {"a_rows_verdict_needs_a_row_and_a_place", a_rows_verdict_needs_a_row_and_a_place, "", 0},
    {"every_verdict_has_its_name", every_verdict_has_its_name, "", 0},
    {"an_authorization_has_a_sentence", an_authorization_has_a_sentence, "", 1},
};
RUN_TESTS(tests)
