/* What the service and the network can do to a call: a named status, an error that says more, and cleared outputs. */
#include <errno.h>

#include "check.h"

static char buffer[64 * 1024];

static trro_error fail_with(const trro_client_config *config, trro_status expected) {
    trro_client *client;
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page = (const trro_devices *)&buffer;
    size_t needed = 7;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_new(config, &client, &error), TRRO_STATUS_OK, &error);
    error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, &needed, &error), expected, &error);
    CHECK(page == NULL && needed == 0);
    CHECK(error.attempts == 1 && error.outcome_unknown == 0);
    CHECK((error.retry_after_ms != 0) == (expected == TRRO_STATUS_THROTTLED));
    trro_client_free(client);
    return error;
}

static trro_error fail(trro_status expected) {
    trro_client_config config = config_for_test();
    return fail_with(&config, expected);
}

static trro_error fail_with_key(const char *secret_id, const char *secret_key, const char *token, trro_status expected) {
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    credentials.secret_id = secret_id;
    credentials.secret_key = secret_key;
    credentials.token = token;
    config.credentials = &credentials;
    return fail_with(&config, expected);
}

static void a_wrong_key_is_rejected(void) {
    trro_error error = fail_with_key(getenv("TENCENTCLOUD_SECRET_ID"), "wrong", NULL, TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.SignatureFailure");
    CHECK(error.request_id[0] != '\0' && error.http_status == 200 && error.retryable == 0);
}

static void an_unknown_key_is_rejected(void) {
    trro_error error = fail_with_key("AKIDUNKNOWN", "wrong", NULL, TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.SecretIdNotFound");
    CHECK(strstr(error.message, ": The SecretId is not found.") != NULL);
}

static void a_wrong_token_is_rejected(void) {
    trro_error error = fail_with_key(getenv("TEST_TEMPORARY_SECRET_ID"), getenv("TENCENTCLOUD_SECRET_KEY"), "wrong",
                                     TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.TokenFailure");
}

static void a_key_without_rights_is_denied(void) {
    trro_error error = fail_with_key(getenv("TEST_POWERLESS_SECRET_ID"), getenv("TENCENTCLOUD_SECRET_KEY"), NULL,
                                     TRRO_STATUS_PERMISSION_DENIED);
    CHECK_TEXT(error.code, "AuthFailure.UnauthorizedOperation");
}

static void a_wrong_clock_is_named(void) {
    trro_error error = fail(TRRO_STATUS_CLOCK_SKEW);
    CHECK_TEXT(error.code, "AuthFailure.SignatureExpire");
    CHECK(strstr(error.message, "clock") != NULL);
}

static void throttling_is_retryable(void) {
    trro_error error = fail(TRRO_STATUS_THROTTLED);
    CHECK_TEXT(error.code, "RequestLimitExceeded");
    CHECK(error.retryable == 1);
}

static void an_internal_error_of_the_service_is_retryable(void) {
    CHECK(fail(TRRO_STATUS_SERVICE_FAILED).retryable == 1);
}

static void an_unknown_code_is_a_refusal(void) {
    CHECK(fail(TRRO_STATUS_REQUEST_REJECTED).retryable == 0);
}

static void what_does_not_exist_is_not_found(void) {
    CHECK(fail(TRRO_STATUS_NOT_FOUND).retryable == 0);
}

static void a_page_size_beyond_the_limit_is_rejected(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    request.page_size = 101;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_REQUEST_REJECTED, &error);
    CHECK_TEXT(error.code, "InvalidParameterValue");
    trro_client_free(client);
}

static void a_failing_gateway_is_the_service_failing(void) {
    trro_error error = fail(TRRO_STATUS_SERVICE_FAILED);
    CHECK(error.http_status == 503 && error.retryable == 1);
    CHECK_TEXT(error.code, "");
}

static void a_redirect_is_not_followed(void) {
    CHECK(fail(TRRO_STATUS_BAD_RESPONSE).http_status == 307);
}

static void a_web_page_is_a_bad_response(void) {
    CHECK(strstr(fail(TRRO_STATUS_BAD_RESPONSE).message, "not JSON") != NULL);
}

static void a_wrong_type_names_the_field(void) {
    CHECK(strstr(fail(TRRO_STATUS_BAD_RESPONSE).message, "Response.Devices[0].LicenseIds[0]") != NULL);
}

static void a_null_row_names_the_field(void) {
    CHECK(strstr(fail(TRRO_STATUS_BAD_RESPONSE).message, "Response.Devices[0]") != NULL);
}

static void a_nul_in_a_string_names_the_field(void) {
    trro_error error = fail(TRRO_STATUS_BAD_RESPONSE);
    CHECK(strstr(error.message, "Response.Devices[0].DeviceName") != NULL && strstr(error.message, "NUL") != NULL);
}

static void an_answer_above_the_limit_is_a_bad_response(void) {
    CHECK(strstr(fail(TRRO_STATUS_BAD_RESPONSE).message, "max_response_bytes (4194304 bytes)") != NULL);
}

static void the_limit_is_the_callers(void) {
    trro_client_config config = config_for_test();
    config.max_response_bytes = 1000;
    CHECK(strstr(fail_with(&config, TRRO_STATUS_BAD_RESPONSE).message, "max_response_bytes (1000 bytes)") != NULL);
}

static void a_reset_is_a_failed_connection(void) {
    trro_error error = fail(TRRO_STATUS_CONNECT_FAILED);
    CHECK(error.retryable == 1 && error.os_error == ECONNRESET);
}

static void an_answer_that_is_cut_off_is_a_failed_connection(void) {
    CHECK(fail(TRRO_STATUS_CONNECT_FAILED).retryable == 1);
}

static void nobody_there_is_a_failed_connection(void) {
    trro_client_config config = config_for_test();
    trro_error error;
    config.endpoint = getenv("TEST_CLOSED_ENDPOINT");
    error = fail_with(&config, TRRO_STATUS_CONNECT_FAILED);
    CHECK(error.os_error == ECONNREFUSED && error.retryable == 1);
}

static void a_name_that_does_not_resolve_is_named(void) {
    trro_client_config config = config_for_test();
    trro_error error;
    config.endpoint = "https://no-such-host.invalid";
    error = fail_with(&config, TRRO_STATUS_RESOLVE_FAILED);
    CHECK(strstr(error.message, "no-such-host.invalid") != NULL && error.retryable == 1);
}

static void a_peer_without_tls_is_not_believed(void) {
    trro_client_config config = config_for_test();
    static char endpoint[64];
    const char *port = strrchr(config.endpoint, ':');
    snprintf(endpoint, sizeof endpoint, "https://localhost%s", port);
    config.endpoint = endpoint;
    fail_with(&config, TRRO_STATUS_TLS_FAILED);
}

static void a_late_answer_is_a_timeout(void) {
    trro_client_config config = config_for_test();
    config.deadline_ms = 100;
    CHECK(fail_with(&config, TRRO_STATUS_TIMEOUT).retryable == 1);
}

static void a_secret_sent_back_is_not_shown(void) {
    trro_error error = fail_with_key(getenv("TEST_TEMPORARY_SECRET_ID"), getenv("TENCENTCLOUD_SECRET_KEY"),
                                     getenv("TEST_TOKEN"), TRRO_STATUS_REQUEST_REJECTED);
    CHECK(strstr(error.message, getenv("TENCENTCLOUD_SECRET_KEY")) == NULL);
    CHECK(strstr(error.message, "***") != NULL);
    CHECK_TEXT(error.code, "***");
}

static void a_client_is_usable_after_every_failure(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    int i;
    for (i = 0; i < 6; i++)
        CHECK(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, NULL) != TRRO_STATUS_OK);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(page->device_count == 20 && error.attempts == 1);
    trro_client_free(client);
}

static const test tests[] = {
    {"a_wrong_key_is_rejected", a_wrong_key_is_rejected, "", 1},
    {"an_unknown_key_is_rejected", an_unknown_key_is_rejected, "", 1},
    {"a_wrong_token_is_rejected", a_wrong_token_is_rejected, "", 1},
    {"a_key_without_rights_is_denied", a_key_without_rights_is_denied, "", 1},
    {"a_wrong_clock_is_named", a_wrong_clock_is_named, "wrong-clock:301", 1},
    {"throttling_is_retryable", throttling_is_retryable, "throttled", 1},
    {"an_internal_error_of_the_service_is_retryable", an_internal_error_of_the_service_is_retryable, "error:InternalError", 1},
    {"an_unknown_code_is_a_refusal", an_unknown_code_is_a_refusal, "error:SomethingNew", 1},
    {"what_does_not_exist_is_not_found", what_does_not_exist_is_not_found, "error:ResourceNotFound", 1},
    {"a_page_size_beyond_the_limit_is_rejected", a_page_size_beyond_the_limit_is_rejected, "", 1},
    {"a_failing_gateway_is_the_service_failing", a_failing_gateway_is_the_service_failing, "status:503", 1},
    {"a_redirect_is_not_followed", a_redirect_is_not_followed, "redirect", 1},
    {"a_web_page_is_a_bad_response", a_web_page_is_a_bad_response, "not-json", 1},
    {"a_wrong_type_names_the_field", a_wrong_type_names_the_field, "wrong-type", 1},
    {"a_null_row_names_the_field", a_null_row_names_the_field,
     "answer:{\"Response\":{\"Devices\":[null],\"RequestId\":\"r\"}}", 1},
    {"a_nul_in_a_string_names_the_field", a_nul_in_a_string_names_the_field,
     "answer:{\"Response\":{\"Devices\":[{\"DeviceName\":\"a\\u0000b\"}],\"RequestId\":\"r\"}}", 1},
    {"an_answer_above_the_limit_is_a_bad_response", an_answer_above_the_limit_is_a_bad_response, "too-large:4194304", 1},
    {"the_limit_is_the_callers", the_limit_is_the_callers, "too-large:1000", 1},
    {"a_reset_is_a_failed_connection", a_reset_is_a_failed_connection, "reset", 1},
    {"an_answer_that_is_cut_off_is_a_failed_connection", an_answer_that_is_cut_off_is_a_failed_connection, "cut-off", 1},
    {"an_answer_that_is_too_short_is_a_failed_connection", an_answer_that_is_cut_off_is_a_failed_connection, "wrong-length", 1},
    {"nobody_there_is_a_failed_connection", nobody_there_is_a_failed_connection, "", 0},
    {"a_name_that_does_not_resolve_is_named", a_name_that_does_not_resolve_is_named, "", 0},
    {"a_peer_without_tls_is_not_believed", a_peer_without_tls_is_not_believed, "", 0},
    {"a_late_answer_is_a_timeout", a_late_answer_is_a_timeout, "late:5000", 1},
    {"a_dripping_answer_is_a_timeout", a_late_answer_is_a_timeout, "drip:20", 1},
    {"a_secret_sent_back_is_not_shown", a_secret_sent_back_is_not_shown, "echo", 1},
    {"a_client_is_usable_after_every_failure", a_client_is_usable_after_every_failure,
     "reset|cut-off|not-json|status:500|wrong-type|throttled", 7},
};
RUN_TESTS(tests)
