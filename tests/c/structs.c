/* How structs grow: struct_size of an older, the same and a newer header. */
#include "check.h"

static char buffer[64 * 1024];

typedef struct {
    trro_client_config config;
    char tail[64];
} newer_config;

typedef struct {
    trro_get_devices_request request;
    char tail[64];
} newer_request;

typedef struct {
    trro_device_filter filter;
    char tail[64];
} newer_filter;

typedef struct {
    trro_authorization_query query;
    char tail[64];
} newer_query;

typedef struct {
    trro_watch_config config;
    char tail[64];
} newer_watch_config;

static void refuse_size(size_t struct_size, const char *expected) {
    newer_config newer;
    trro_client *client;
    trro_error error = uninitialised_error();
    memset(&newer, 0, sizeof newer);
    newer.config = config_for_test();
    newer.config.struct_size = struct_size;
    CHECK_STATUS(trro_client_new(&newer.config, &client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(client == NULL);
    CHECK(strstr(error.message, "config->struct_size") != NULL && strstr(error.message, expected) != NULL);
}

static void a_size_of_zero_names_the_macro(void) {
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client_config config = config_for_test();
    trro_client *client = client_for_test();
    trro_get_devices_request request;
    const trro_devices *page;
    trro_client *none;
    trro_error error;
    refuse_size(0, "TRRO_CLIENT_CONFIG_INIT");
    credentials.struct_size = 0;
    config.credentials = &credentials;
    CHECK_STATUS(trro_client_new(&config, &none, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "TRRO_CREDENTIALS_INIT") != NULL);
    memset(&request, 0, sizeof request);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "TRRO_GET_DEVICES_REQUEST_INIT") != NULL);
    trro_client_free(client);
}

static void a_size_that_no_header_has_is_refused(void) {
    size_t size;
    for (size = 1; size < sizeof(trro_client_config); size++)
        refuse_size(size, "TRRO_CLIENT_CONFIG_INIT");
    refuse_size(sizeof(trro_client_config) + 1, "TRRO_CLIENT_CONFIG_INIT");
    refuse_size((size_t)-1, "TRRO_CLIENT_CONFIG_INIT");
    refuse_size((size_t)-1 / 2, "TRRO_CLIENT_CONFIG_INIT");
}

static void a_newer_struct_is_accepted_while_its_tail_is_zero(void) {
    newer_config config;
    newer_request request;
    trro_client *client;
    const trro_devices *page;
    trro_error error;
    memset(&config, 0, sizeof config);
    memset(&request, 0, sizeof request);
    config.config = config_for_test();
    config.config.struct_size = sizeof config;
    CHECK_STATUS(trro_client_new(&config.config, &client, &error), TRRO_STATUS_OK, &error);
    request.request.struct_size = sizeof request;
    CHECK_STATUS(trro_get_devices(client, &request.request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK,
                 &error);
    trro_client_free(client);
}

static void a_newer_struct_with_a_field_set_is_refused(void) {
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof(((newer_config *)0)->tail); i++) {
        newer_config config;
        newer_request request;
        trro_client *none;
        const trro_devices *page;
        trro_error error;
        memset(&config, 0, sizeof config);
        config.config = config_for_test();
        config.config.struct_size = sizeof config;
        config.tail[i] = 1;
        CHECK_STATUS(trro_client_new(&config.config, &none, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "config") != NULL && none == NULL);
        memset(&request, 0, sizeof request);
        request.request.struct_size = sizeof request;
        request.tail[i] = 1;
        CHECK_STATUS(trro_get_devices(client, &request.request, buffer, sizeof buffer, &page, NULL, &error),
                     TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "request") != NULL && page == NULL);
    }
    trro_client_free(client);
}

static int stop(void *user_data, const trro_device *device) {
    (void)user_data;
    (void)device;
    return 1;
}

/* What each call says to a struct of this size, in memory of 0 behind what this header knows. */
static trro_status list_with(const trro_client *client, newer_filter *filter, size_t struct_size, trro_error *error) {
    filter->filter.struct_size = struct_size;
    return trro_for_each_device(client, &filter->filter, stop, NULL, NULL, error);
}

static trro_status check_with(const trro_client *client, newer_query *query, size_t struct_size, trro_error *error) {
    trro_authorization authorization;
    query->query.struct_size = struct_size;
    query->query.project_id = query->query.device_id = "x";
    return trro_check_authorization(client, &query->query, &authorization, error);
}

static trro_status watch_with(const trro_client *client, newer_watch_config *config, size_t struct_size, trro_error *error) {
    const trro_authorization_query query = {sizeof query, "x", "x", 0, 0, 0, 0};
    trro_watch *watch;
    trro_status status;
    config->config.struct_size = struct_size;
    config->config.query = &query;
    status = trro_watch_new(client, &config->config, &watch, error);
    CHECK((status == TRRO_STATUS_OK) == (watch != NULL));
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    return status;
}

#define CHECK_SIZES(type, call_with, initialiser)                                        \
    do {                                                                                 \
        type newer;                                                                      \
        const size_t own = sizeof newer - sizeof newer.tail;                             \
        trro_error error;                                                                \
        size_t size, i;                                                                  \
        memset(&newer, 0, sizeof newer);                                                 \
        for (size = 0; size < own; size++) {                                             \
            CHECK_STATUS(call_with(client, &newer, size, &error), TRRO_STATUS_INVALID_ARGUMENT, &error); \
            CHECK(strstr(error.message, initialiser) != NULL);                           \
        }                                                                                \
        CHECK_STATUS(call_with(client, &newer, own, &error), TRRO_STATUS_OK, &error);    \
        CHECK_STATUS(call_with(client, &newer, sizeof newer, &error), TRRO_STATUS_OK, &error); \
        for (i = 0; i < sizeof newer.tail; i++) {                                        \
            newer.tail[i] = 1;                                                           \
            CHECK_STATUS(call_with(client, &newer, sizeof newer, &error), TRRO_STATUS_INVALID_ARGUMENT, &error); \
            newer.tail[i] = 0;                                                           \
        }                                                                                \
    } while (0)

static void every_struct_of_lists_verdicts_and_watches_grows_alike(void) {
    trro_client *client = client_for_test();
    CHECK_SIZES(newer_filter, list_with, "TRRO_DEVICE_FILTER_INIT");
    CHECK_SIZES(newer_query, check_with, "TRRO_AUTHORIZATION_QUERY_INIT");
    CHECK_SIZES(newer_watch_config, watch_with, "TRRO_WATCH_CONFIG_INIT");
    trro_client_free(client);
}

/* What is handed out may be wanted at any address as well. */
static void an_authorization_may_have_any_alignment(void) {
    char memory[sizeof(trro_authorization) + 8];
    const trro_authorization_query query = {sizeof query, "m82k5408n675phvb", "field_expired", 0, 0, 0, 0};
    trro_client *client = client_for_test();
    size_t shift;
    for (shift = 0; shift < 8; shift++) {
        trro_authorization copy;
        void *shifted = memory + shift;
        CHECK(trro_check_authorization(client, &query, shifted, NULL) == TRRO_STATUS_OK);
        CHECK_TEXT(trro_authorization_sentence(shifted), "the licenses of the device have expired");
        memcpy(&copy, shifted, sizeof copy);
        CHECK(copy.verdict == TRRO_VERDICT_EXPIRED);
    }
    trro_client_free(client);
}

static void inputs_may_have_any_alignment(void) {
    char memory[sizeof(trro_client_config) + 8];
    trro_client_config config = config_for_test();
    size_t shift;
    for (shift = 0; shift < 8; shift++) {
        trro_client *client;
        const void *shifted = memory + shift;
        memcpy(memory + shift, &config, sizeof config);
        CHECK(trro_client_new(shifted, &client, NULL) == TRRO_STATUS_OK);
        trro_client_free(client);
    }
}

static const test tests[] = {
    {"a_size_of_zero_names_the_macro", a_size_of_zero_names_the_macro, "", 0},
    {"a_size_that_no_header_has_is_refused", a_size_that_no_header_has_is_refused, "", 0},
    {"a_newer_struct_is_accepted_while_its_tail_is_zero", a_newer_struct_is_accepted_while_its_tail_is_zero, "", 1},
    {"a_newer_struct_with_a_field_set_is_refused", a_newer_struct_with_a_field_set_is_refused, "", 0},
    {"every_struct_of_lists_verdicts_and_watches_grows_alike", every_struct_of_lists_verdicts_and_watches_grows_alike, "",
     -1},
    {"an_authorization_may_have_any_alignment", an_authorization_may_have_any_alignment, "", 8},
    {"inputs_may_have_any_alignment", inputs_may_have_any_alignment, "", 0},
};
RUN_TESTS(tests)
