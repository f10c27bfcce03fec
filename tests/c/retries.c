/* What a C program is told of a call that was tried several times, or not at all: error->attempts and
 * error->retry_after_ms. */
#include <time.h>

#include "check.h"

static char buffer[64 * 1024];

/* As it is by default, but for the deadline, and for the fleet: of the only device of an account. */
static trro_client *make_client(uint32_t max_attempts, uint32_t fleet_size, uint32_t max_requests_per_s) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error;
    config.max_attempts = max_attempts;
    config.fleet_size = fleet_size;
    config.max_requests_per_s = max_requests_per_s;
    config.deadline_ms = 60000;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static trro_error call(trro_client *client, uint32_t deadline_ms) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page = NULL;
    trro_error error = uninitialised_error();
    trro_status status;
    request.deadline_ms = deadline_ms;
    status = trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error);
    check_status(__FILE__, __LINE__, status, error.status, &error);
    CHECK((page != NULL) == (status == TRRO_STATUS_OK));
    return error;
}

/* One call of a client of its own. */
static trro_error call_with(uint32_t max_attempts, trro_status expected) {
    trro_client *client = make_client(max_attempts, 1, TRRO_UNLIMITED);
    trro_error error = call(client, 0);
    CHECK_STATUS(error.status, expected, &error);
    trro_client_free(client);
    return error;
}

static void sleep_ms(uint32_t ms) {
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
}

static void a_success_counts_the_attempts_that_failed_before_it(void) {
    trro_error error = call_with(0, TRRO_STATUS_OK);
    CHECK(error.attempts == 4);
    /* Nothing else of them shows. */
    CHECK(error.http_status == 0 && error.os_error == 0 && error.retry_after_ms == 0 && error.retryable == 0);
    CHECK(error.code[0] == '\0' && error.request_id[0] == '\0' && error.message[0] == '\0');
}

static void the_error_is_that_of_the_last_attempt(void) {
    trro_error error = call_with(0, TRRO_STATUS_SERVICE_FAILED);
    CHECK(error.attempts == 4 && error.http_status == 200 && error.os_error == 0);
    CHECK(error.retryable == 1 && error.retry_after_ms == 0);
    CHECK_TEXT(error.code, "ServiceUnavailable");
    CHECK_TEXT(error.request_id, "00000000-0000-4000-8000-000000000004");
}

static void attempts_are_as_many_as_configured(void) {
    CHECK(call_with(2, TRRO_STATUS_SERVICE_FAILED).attempts == 2);
}

static void what_cannot_succeed_is_tried_once(void) {
    CHECK(call_with(100, TRRO_STATUS_NOT_FOUND).attempts == 1);
}

static void a_failing_service_that_asks_for_an_hour_is_given_up_with_its_wish(void) {
    trro_error error = call_with(0, TRRO_STATUS_SERVICE_FAILED);
    CHECK(error.attempts == 1 && error.http_status == 503 && error.retry_after_ms == 3600000);
}

static void a_throttling_service_that_asks_for_an_hour_is_given_up_with_its_wish(void) {
    trro_error error = call_with(0, TRRO_STATUS_THROTTLED);
    CHECK(error.attempts == 1 && error.retry_after_ms == 3600000);
    CHECK_TEXT(error.code, "RequestLimitExceeded");
}

static void a_wait_beyond_the_milliseconds_is_the_longest(void) {
    CHECK(call_with(0, TRRO_STATUS_SERVICE_FAILED).retry_after_ms == UINT32_MAX);
}

static void a_turn_after_the_deadline_is_told_without_a_request(void) {
    trro_client *client = make_client(0, 1000000, 0);
    trro_error error = call(client, 100);
    CHECK_STATUS(error.status, TRRO_STATUS_THROTTLED, &error);
    CHECK(error.attempts == 0 && error.http_status == 0 && error.code[0] == '\0' && error.request_id[0] == '\0');
    CHECK(error.retry_after_ms > 100 && error.retryable == 1);
    trro_client_free(client);
}

static void after_the_wait_that_was_told_the_call_has_its_turn(void) {
    trro_client *client = make_client(0, 0, 1);
    trro_error error;
    /* On a machine that was busy for a second a call has its turn after all, so another one is in its way. */
    do
        error = call(client, 50);
    while (error.status != TRRO_STATUS_THROTTLED);
    CHECK(error.attempts == 0 && error.retry_after_ms > 50 && error.retry_after_ms <= 1000);
    sleep_ms(error.retry_after_ms);
    error = call(client, 0);
    CHECK_STATUS(error.status, TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
    trro_client_free(client);
}

static const test tests[] = {
    {"a_success_counts_the_attempts_that_failed_before_it", a_success_counts_the_attempts_that_failed_before_it,
     "hang-up|error:InternalError|status:503", 4},
    {"the_error_is_that_of_the_last_attempt", the_error_is_that_of_the_last_attempt,
     "reset|status:503|error:InternalError|error:ServiceUnavailable", 4},
    {"attempts_are_as_many_as_configured", attempts_are_as_many_as_configured, "status:500|status:500|status:500", 2},
    {"what_cannot_succeed_is_tried_once", what_cannot_succeed_is_tried_once, "error:ResourceNotFound", 1},
    {"a_failing_service_that_asks_for_an_hour_is_given_up_with_its_wish",
     a_failing_service_that_asks_for_an_hour_is_given_up_with_its_wish, "unavailable-for:3600", 1},
    {"a_throttling_service_that_asks_for_an_hour_is_given_up_with_its_wish",
     a_throttling_service_that_asks_for_an_hour_is_given_up_with_its_wish, "throttled-for:3600", 1},
    {"a_wait_beyond_the_milliseconds_is_the_longest", a_wait_beyond_the_milliseconds_is_the_longest,
     "unavailable-for:18446744073709551615", 1},
    {"a_turn_after_the_deadline_is_told_without_a_request", a_turn_after_the_deadline_is_told_without_a_request, "", 0},
    {"after_the_wait_that_was_told_the_call_has_its_turn", after_the_wait_that_was_told_the_call_has_its_turn, "", -1},
};
RUN_TESTS(tests)
