/* The smallest build of the library: what it lacks it refuses, with a sentence that names it, and what it has works. */
#define _GNU_SOURCE

#include "calls.h"

static trro_credentials credentials(void) {
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    credentials.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials.secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    return credentials;
}

/* That config, with credentials, makes no client, and the message ends with what is missing. */
static void check_refusal(trro_client_config config, trro_status status, const char *message) {
    const trro_credentials given = credentials();
    trro_error error = uninitialised_error();
    trro_client *client;
    config.credentials = status == TRRO_STATUS_NO_CREDENTIALS ? NULL : &given;
    CHECK_STATUS(trro_client_new(&config, &client, &error), status, &error);
    CHECK(client == NULL);
    CHECK_TEXT(error.message, message);
}

static trro_client *client_with_credentials(void) {
    const trro_credentials given = credentials();
    trro_client_config config = config_for_test();
    config.credentials = &given;
    return client_of(&config);
}

static void devices_are_read_over_tls(void) {
    trro_client *client = client_with_credentials();
    trro_error error = uninitialised_error();
    CHECK(strncmp(getenv("TRRO_ENDPOINT"), "https://", 8) == 0);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
}

static void a_device_is_checked(void) {
    trro_client *client = client_with_credentials();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    query.ask_available = 1;
    CHECK_STATUS(trro_check_authorization(client, &query, &authorization, &error), TRRO_STATUS_OK, &error);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    trro_client_free(client);
}

static void any_action_is_called_with_json(void) {
    static char buffer[BUFFER_SIZE];
    trro_client *client = client_with_credentials();
    const char *json = "{\"PageNumber\":1,\"PageSize\":10}";
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_call(client, "DescribeProjectList", json, buffer, sizeof buffer, NULL, NULL, &error), TRRO_STATUS_OK,
                 &error);
    CHECK(strstr(buffer, "m82k5408n675phvb") != NULL);
    trro_client_free(client);
}

static void a_cancelled_client_calls_nothing(void) {
    trro_client *client = client_with_credentials();
    trro_error error = uninitialised_error();
    trro_client_cancel(client);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_CANCELLED, &error);
    trro_client_free(client);
}

static void a_proxy_is_refused(void) {
    trro_client_config config = config_for_test();
    config.proxy = "http://proxy.example";
    config.no_proxy = "*";
    check_refusal(config, TRRO_STATUS_INVALID_ARGUMENT,
                  "config->proxy is given, and this build of libtrro has no proxy support (feature \"proxy\")");
}

static void a_proxy_of_the_environment_is_refused_unless_it_is_not_for_the_host(void) {
    trro_client_config config = config_for_test();
    const trro_credentials given = credentials();
    CHECK(setenv("HTTPS_PROXY", "http://proxy.example", 1) == 0);
    config.endpoint = "https://trro.example";
    check_refusal(config, TRRO_STATUS_INVALID_ARGUMENT,
                  "config->no_proxy does not name the host of the endpoint, which the environment's HTTPS_PROXY has a proxy for, "
                  "and this build of libtrro has no proxy support (feature \"proxy\")");
    config.credentials = &given;
    config.no_proxy = "*";
    trro_client_free(client_of(&config));
    config.no_proxy = NULL;
    CHECK(setenv("NO_PROXY", "trro.example", 1) == 0);
    trro_client_free(client_of(&config));
    config.endpoint = getenv("TRRO_ENDPOINT");
    CHECK(unsetenv("NO_PROXY") == 0);
    trro_client_free(client_of(&config));
}

static void authorities_have_to_be_given(void) {
    trro_client_config config = config_for_test();
    config.ca_file = NULL;
    check_refusal(config, TRRO_STATUS_INVALID_ARGUMENT,
                  "config->ca_file is not given, and this build of libtrro has no built-in authorities (feature \"built-in-roots\")");
}

static void credentials_have_to_be_given(void) {
    trro_client_config config = config_for_test();
    check_refusal(config, TRRO_STATUS_NO_CREDENTIALS,
                  "no credentials: neither credentials nor credentials_fn are given, and this build of libtrro has no other source "
                  "of credentials (feature \"credential-sources\")");
    config.cvm_role = "role";
    check_refusal(config, TRRO_STATUS_INVALID_ARGUMENT,
                  "config->cvm_role is given, and this build of libtrro has no instance roles (feature \"credential-sources\")");
}

static void a_client_certificate_is_refused(void) {
    trro_client_config config = config_for_test();
    config.client_cert_file = config.client_key_file = "client.pem";
    check_refusal(config, TRRO_STATUS_INVALID_ARGUMENT,
                  "config->client_cert_file is given, and this build of libtrro has no client certificates "
                  "(feature \"client-certificates\")");
}

static void a_watch_is_refused(void) {
    trro_client *client = client_with_credentials();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *watch;
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_TEXT(error.message, "this build of libtrro has no watches (feature \"watch\")");
    CHECK(watch == NULL);
    CHECK(trro_watch_read(NULL, &authorization) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN);
    CHECK(trro_watch_fd(NULL) == -1);
    CHECK(trro_watch_free(NULL) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static int take_step(void *user_data, const trro_diagnosis *diagnosis) {
    (void)user_data;
    (void)diagnosis;
    CHECK(0);
    return 0;
}

static void a_diagnosis_is_refused(void) {
    trro_client *client = client_with_credentials();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_diagnose(client, &query, take_step, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_TEXT(error.message, "this build of libtrro has no diagnosis (feature \"diagnosis\")");
    trro_client_free(client);
}

static void a_typed_call_is_refused(void) {
    static char buffer[BUFFER_SIZE];
    trro_client *client = client_with_credentials();
    trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
    const trro_licenses *licenses = (const trro_licenses *)buffer;
    size_t needed = 1;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_licenses(client, &request, buffer, sizeof buffer, &licenses, &needed, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_TEXT(error.message, "this build of libtrro has no typed call for this action (feature \"actions\"); trro_call carries it "
                              "out");
    CHECK(licenses == NULL && needed == 0);
    trro_client_free(client);
}

static void the_vendors_file_is_refused(void) {
    char buffer[64];
    const trro_authorization_query *query;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_load_device_config("config.json", buffer, sizeof buffer, &query, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_TEXT(error.message, "this build of libtrro has no reader of the vendor's config.json (feature \"device-config\")");
    CHECK(query == NULL);
}

/* It is not asked for: the emulator compresses only what is to be wrong. */
static void a_compressed_answer_is_refused(void) {
    trro_client *client = client_with_credentials();
    trro_error error = uninitialised_error();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_BAD_RESPONSE, &error);
    CHECK_TEXT(error.message, "the answer is compressed with gzip, which was not asked for, and this build of libtrro has no gzip "
                              "(feature \"gzip\")");
    trro_client_free(client);
}

static const struct {
    const char *name;
    void (*run)(void);
    const char *faults;
    int requests;
} tests[] = {
    {"devices_are_read_over_tls", devices_are_read_over_tls, "", 1},
    {"a_device_is_checked", a_device_is_checked, "", 2},
    {"any_action_is_called_with_json", any_action_is_called_with_json, "", 1},
    {"a_cancelled_client_calls_nothing", a_cancelled_client_calls_nothing, "", 0},
    {"a_proxy_is_refused", a_proxy_is_refused, "", 0},
    {"a_proxy_of_the_environment_is_refused_unless_it_is_not_for_the_host",
     a_proxy_of_the_environment_is_refused_unless_it_is_not_for_the_host, "", 0},
    {"authorities_have_to_be_given", authorities_have_to_be_given, "", 0},
    {"credentials_have_to_be_given", credentials_have_to_be_given, "", 0},
    {"a_client_certificate_is_refused", a_client_certificate_is_refused, "", 0},
    {"a_watch_is_refused", a_watch_is_refused, "", 0},
    {"a_diagnosis_is_refused", a_diagnosis_is_refused, "", 0},
    {"a_typed_call_is_refused", a_typed_call_is_refused, "", 0},
    {"the_vendors_file_is_refused", the_vendors_file_is_refused, "", 0},
    {"a_compressed_answer_is_refused", a_compressed_answer_is_refused, "gzip-too-large:1000", 1},
};
RUN_TESTS(tests)
