/* What the caller may get wrong: each mistake is TRRO_STATUS_INVALID_ARGUMENT, named, and nothing is sent. */
#include "check.h"

static char buffer[64 * 1024];

/* Expects that a client cannot be made, and that the message names `argument`. */
static void refuse_config(const trro_client_config *config, const char *argument) {
    trro_client *client = (trro_client *)&buffer;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_new(config, &client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(client == NULL);
    if (strstr(error.message, argument) == NULL) {
        fprintf(stderr, "\"%s\" does not name %s\n", error.message, argument);
        exit(1);
    }
    CHECK(error.attempts == 0);
}

static void refuse_request(const trro_get_devices_request *request, const char *argument) {
    trro_client *client = client_for_test();
    const trro_devices *page = (const trro_devices *)&buffer;
    size_t needed = 7;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, request, buffer, sizeof buffer, &page, &needed, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(page == NULL && needed == 0);
    if (strstr(error.message, argument) == NULL) {
        fprintf(stderr, "\"%s\" does not name %s\n", error.message, argument);
        exit(1);
    }
    CHECK(error.attempts == 0);
    trro_client_free(client);
}

static void new_refuses_null(void) {
    trro_client_config config = config_for_test();
    trro_error error = uninitialised_error();
    refuse_config(NULL, "config");
    CHECK_STATUS(trro_client_new(&config, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "client") != NULL);
    CHECK(trro_client_new(NULL, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
}

static void get_devices_refuses_null(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(NULL, &request, buffer, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "client") != NULL);
    CHECK_STATUS(trro_get_devices(client, NULL, buffer, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "request") != NULL);
    CHECK_STATUS(trro_get_devices(client, &request, NULL, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "buffer") != NULL);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, NULL, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "devices") != NULL);
    CHECK(trro_get_devices(NULL, NULL, NULL, 1, NULL, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    trro_client_free(client);
}

static void optional_outputs_may_be_null(void) {
    trro_client *client;
    trro_client_config config = config_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    CHECK(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(page->device_count == 20);
    trro_client_free(client);
}

static void endpoints_that_are_none(void) {
    static const char *const endpoints[] = {
        "", "example.com", "ftp://example.com", "http://example.com", "http://10.0.0.1", "http://127.1",
        "https://", "https://example.com:0", "https://example.com:65536", "https://u:p@example.com",
        "https://example.com?a=b", "https://example.com#a", "https://exa mple.com", "https://[::1", "https://\xc3\x28",
    };
    size_t i;
    for (i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        trro_client_config config = config_for_test();
        config.endpoint = endpoints[i];
        refuse_config(&config, "config->endpoint");
    }
}

/* Sets one string of the config. */
static void set_string(trro_client_config *config, size_t offset, const char *value) {
    memcpy((char *)config + offset, &value, sizeof value);
}

static void no_string_smuggles_a_line_end(void) {
    static const char *const smuggled[] = {"a\r\nX-Evil: b", "a\nb", "a\rb", "\r\n", "a\x01", "a\x7f", "\xff\xfe", "a\xc2"};
    static const struct {
        size_t offset;
        const char *name;
    } strings[] = {
        {offsetof(trro_client_config, endpoint), "config->endpoint"},
        {offsetof(trro_client_config, region), "config->region"},
        {offsetof(trro_client_config, language), "config->language"},
        {offsetof(trro_client_config, ca_file), "config->ca_file"},
        {offsetof(trro_client_config, user_agent), "config->user_agent"},
    };
    size_t i, j;
    for (i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        for (j = 0; j < sizeof smuggled / sizeof smuggled[0]; j++) {
            trro_client_config config = config_for_test();
            set_string(&config, strings[i].offset, smuggled[j]);
            refuse_config(&config, strings[i].name);
        }
    }
    for (j = 0; j < sizeof smuggled / sizeof smuggled[0]; j++) {
        trro_credentials credentials = TRRO_CREDENTIALS_INIT;
        trro_client_config config = config_for_test();
        trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
        config.credentials = &credentials;
        credentials.secret_id = smuggled[j];
        credentials.secret_key = "key";
        refuse_config(&config, "config->credentials->secret_id");
        credentials.secret_id = "id";
        credentials.secret_key = smuggled[j];
        refuse_config(&config, "config->credentials->secret_key");
        credentials.secret_key = "key";
        credentials.token = smuggled[j];
        refuse_config(&config, "config->credentials->token");
        request.project_id = smuggled[j];
        refuse_request(&request, "request->project_id");
        request.project_id = NULL;
        request.device_id = smuggled[j];
        refuse_request(&request, "request->device_id");
    }
}

static void blanks_around_a_key_are_named(void) {
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client_config config = config_for_test();
    trro_error error;
    trro_client *client;
    config.credentials = &credentials;
    credentials.secret_id = "AKIDEXAMPLE";
    credentials.secret_key = "s3cretkey ";
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "secret_key") != NULL && strstr(error.message, "blank") != NULL);
    CHECK(strstr(error.message, "s3cret") == NULL);
}

static void credentials_without_a_part_are_refused(void) {
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client_config config = config_for_test();
    config.credentials = &credentials;
    refuse_config(&config, "config->credentials->secret_id");
    credentials.secret_id = "AKIDEXAMPLE";
    refuse_config(&config, "config->credentials->secret_key");
    credentials.secret_key = "";
    refuse_config(&config, "config->credentials->secret_key");
}

static void numbers_out_of_range_are_refused(void) {
    trro_client_config config = config_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    config.deadline_ms = 600001;
    refuse_config(&config, "config->deadline_ms");
    config.deadline_ms = 0;
    config.connect_timeout_ms = UINT32_MAX;
    refuse_config(&config, "config->connect_timeout_ms");
    request.page_num = -1;
    refuse_request(&request, "request->page_num");
    request.page_num = INT64_MIN;
    refuse_request(&request, "request->page_num");
    request.page_num = 0;
    request.page_size = -5;
    refuse_request(&request, "request->page_size");
    request.page_size = 0;
    request.deadline_ms = 600001;
    refuse_request(&request, "request->deadline_ms");
    request.deadline_ms = 0;
    request.reserved = 1;
    refuse_request(&request, "request->reserved");
}

static trro_status some_credentials(void *user_data, trro_credentials *credentials) {
    (void)user_data;
    (void)credentials;
    return TRRO_STATUS_OK;
}

#define REFUSE_FIELD(field, value)                     \
    do {                                               \
        trro_client_config config = config_for_test(); \
        config.field = (value);                        \
        refuse_config(&config, "config->" #field);     \
    } while (0)

static void fields_that_make_no_sense_are_refused(void) {
    REFUSE_FIELD(cvm_role, "a/b");
    REFUSE_FIELD(client_cert_file, "/nonexistent/cert.pem");
    REFUSE_FIELD(proxy, "https://127.0.0.1:3128");
    REFUSE_FIELD(network_interface, "a name that no device has");
    REFUSE_FIELD(max_attempts, 101);
    REFUSE_FIELD(max_requests_per_s, 1001);
    REFUSE_FIELD(fleet_size, 1000001);
    REFUSE_FIELD(log_level, -1);
    REFUSE_FIELD(log_level, 5);
    REFUSE_FIELD(log_level, INT32_MIN);
    REFUSE_FIELD(log_level, INT32_MAX);
}

static void a_proxy_that_is_refused_shows_no_password(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error;
    config.proxy = "http://user:s3cret@proxy.example/path";
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "s3cret") == NULL);
}

static void two_ways_to_sign_are_refused(void) {
    static const uint8_t key[TRRO_SIGNING_KEY_SIZE] = {0};
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client_config config = config_for_test();
    config.credentials = &credentials;
    config.credentials_fn = some_credentials;
    credentials.secret_id = "AKIDEXAMPLE";
    credentials.secret_key = "secret";
    refuse_config(&config, "config->credentials_fn");
    config.credentials_fn = NULL;
    credentials.signing_date = "2026-01-01";
    refuse_config(&config, "config->credentials->signing_date");
    credentials.signing_key = key;
    refuse_config(&config, "config->credentials->secret_key");
    credentials.secret_key = NULL;
    credentials.signing_date = NULL;
    refuse_config(&config, "config->credentials->signing_date");
    credentials.signing_date = "2026-02-29";
    refuse_config(&config, "config->credentials->signing_date");
    credentials.signing_date = "2026-02-28";
    credentials.expires_at_s = -1;
    refuse_config(&config, "config->credentials->expires_at_s");
}

static void a_client_certificate_needs_its_key(void) {
    trro_client_config config = config_for_test();
    config.client_cert_file = "/nonexistent/cert.pem";
    refuse_config(&config, "config->client_cert_file");
    config.client_cert_file = NULL;
    config.client_key_file = "/nonexistent/key.pem";
    refuse_config(&config, "config->client_key_file");
}

static void derive_refuses_what_is_no_key_or_day(void) {
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    static const uint8_t zero[TRRO_SIGNING_KEY_SIZE] = {0};
    trro_error error;
    CHECK_STATUS(trro_derive_signing_key("secret", "2026-01-01", NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    memset(key, 0xa5, sizeof key);
    CHECK_STATUS(trro_derive_signing_key(NULL, "2026-01-01", key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "secret_key") != NULL && memcmp(key, zero, sizeof key) == 0);
    CHECK_STATUS(trro_derive_signing_key("s3cret ", "2026-01-01", key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "secret_key") != NULL && strstr(error.message, "s3cret ") == NULL);
    CHECK_STATUS(trro_derive_signing_key("secret", NULL, key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_derive_signing_key("secret", "2026-1-1", key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "date") != NULL);
    CHECK_STATUS(trro_derive_signing_key("secret", "2026-01-01", key, NULL), TRRO_STATUS_OK, NULL);
    CHECK(memcmp(key, zero, sizeof key) != 0);
}

static void the_new_functions_refuse_null(void) {
    trro_client *client = client_for_test();
    int64_t offset_ms = 7;
    trro_error error;
    trro_client_cancel(NULL);
    CHECK_STATUS(trro_client_connect(NULL, 0, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_client_resume(NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_client_clock_offset_ms(NULL, &offset_ms, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(offset_ms == 0);
    CHECK_STATUS(trro_client_clock_offset_ms(client, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_client_clock_offset_ms(client, &offset_ms, &error), TRRO_STATUS_OK, &error);
    CHECK(offset_ms == TRRO_ABSENT);
    trro_client_free(client);
}

static void a_ca_file_that_cannot_be_used_is_named(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    config.ca_file = "/nonexistent/ca.pem";
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "ca_file") != NULL && strstr(error.message, "/nonexistent/ca.pem") != NULL);
    CHECK(error.os_error != 0);
    config.ca_file = "/dev/null";
    refuse_config(&config, "config->ca_file");
    config.ca_file = "/";
    refuse_config(&config, "config->ca_file");
    config.ca_file = "/dev/zero"; /* does not end */
    refuse_config(&config, "config->ca_file");
}

static void strings_of_a_megabyte_are_no_problem(void) {
    size_t length = 1 << 20;
    char *text = malloc(length + 1);
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    CHECK(text != NULL);
    memset(text, 'a', length);
    text[length] = '\0';
    config.language = text;
    refuse_config(&config, "config->language");
    config.language = NULL;
    config.endpoint = text;
    refuse_config(&config, "config->endpoint");
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = text;
    refuse_config(&config, "config->ca_file");
    config.ca_file = NULL;
    config.region = text;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
    free(text);
}

static const test tests[] = {
    {"new_refuses_null", new_refuses_null, "", 0},
    {"get_devices_refuses_null", get_devices_refuses_null, "", 0},
    {"optional_outputs_may_be_null", optional_outputs_may_be_null, "", 1},
    {"endpoints_that_are_none", endpoints_that_are_none, "", 0},
    {"no_string_smuggles_a_line_end", no_string_smuggles_a_line_end, "", 0},
    {"blanks_around_a_key_are_named", blanks_around_a_key_are_named, "", 0},
    {"credentials_without_a_part_are_refused", credentials_without_a_part_are_refused, "", 0},
    {"numbers_out_of_range_are_refused", numbers_out_of_range_are_refused, "", 0},
    {"fields_that_make_no_sense_are_refused", fields_that_make_no_sense_are_refused, "", 0},
    {"a_proxy_that_is_refused_shows_no_password", a_proxy_that_is_refused_shows_no_password, "", 0},
    {"two_ways_to_sign_are_refused", two_ways_to_sign_are_refused, "", 0},
    {"a_client_certificate_needs_its_key", a_client_certificate_needs_its_key, "", 0},
    {"derive_refuses_what_is_no_key_or_day", derive_refuses_what_is_no_key_or_day, "", 0},
    {"the_new_functions_refuse_null", the_new_functions_refuse_null, "", 0},
    {"a_ca_file_that_cannot_be_used_is_named", a_ca_file_that_cannot_be_used_is_named, "", 0},
    {"strings_of_a_megabyte_are_no_problem", strings_of_a_megabyte_are_no_problem, "", 0},
};
RUN_TESTS(tests)
