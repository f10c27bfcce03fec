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
    {"inputs_may_have_any_alignment", inputs_may_have_any_alignment, "", 0},
};
RUN_TESTS(tests)
