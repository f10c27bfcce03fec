/* Callers that give what is wrong, to every function of the library: NULL, numbers at the edges of their types, texts that are none or
 * are too long. What is refused is named, and nothing of it is sent; a Rust test checks that no pointer of the header is missing. */
#define _GNU_SOURCE
#include <limits.h>

#include "callers.h"

static char buffer[TRRO_CHANGE_BUFFER_SIZE(16)];

#define FOR_EACH(type, item, array) for (const type *item = array; item < array + COUNT_OF(array); item++)
#define FOR_EACH_FIELD(of, field) \
    for (const caller_field *field = (of)->fields; field < (of)->fields + (of)->field_count; field++)

/* A function of which one pointer is NULL: refused by its name, or taken. Without an error there is a status only. */
#define REFUSED(function, parameter, arguments)                                          \
    do {                                                                                 \
        trro_error error = uninitialised_error();                                        \
        CHECK_STATUS(function arguments, TRRO_STATUS_INVALID_ARGUMENT, &error);          \
        check_named(&error, #parameter, "is NULL");                                      \
    } while (0)
#define REFUSED_BY_STATUS(function, parameter, arguments) CHECK((function arguments) == TRRO_STATUS_INVALID_ARGUMENT)
#define TAKEN(function, parameter, arguments)                                            \
    do {                                                                                 \
        trro_error error = uninitialised_error();                                        \
        CHECK((function arguments) == TRRO_STATUS_OK);                                   \
        (void)error;                                                                     \
    } while (0)
#define IGNORED(function, parameter, arguments) ((void)(function arguments))

static trro_client *client_of_a_service_that_takes_all(void) {
    tell_emulator("always", "answer:{\"Response\":{\"RequestId\":\"r\"}}");
    return client_for_test();
}

static const char *file_of_a_device(void) {
    static char path[512];
    FILE *file;
    snprintf(path, sizeof path, "%s/config.json", getenv("HOME"));
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("{\"projectid\":\"p\",\"device_id\":\"d\",\"device_streams\":2}", file) >= 0);
    CHECK(fclose(file) == 0);
    return path;
}

static void null_without_a_client(void) {
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    trro_client_config config = config_for_test();
    trro_device device = {.license_count = 1};
    trro_verdict verdict;
    trro_client *client;
    const trro_authorization_query *query;
    const char *path = file_of_a_device();
    size_t needed;
    REFUSED(trro_derive_signing_key, secret_key, (NULL, "2026-01-01", key, &error));
    REFUSED(trro_derive_signing_key, date, ("secret", NULL, key, &error));
    REFUSED(trro_derive_signing_key, key, ("secret", "2026-01-01", NULL, &error));
    TAKEN(trro_derive_signing_key, error, ("secret", "2026-01-01", key, NULL));
    REFUSED(trro_client_new, config, (NULL, &client, &error));
    REFUSED(trro_client_new, client, (&config, NULL, &error));
    TAKEN(trro_client_new, error, (&config, &client, NULL));
    trro_client_free(client);
    REFUSED(trro_load_device_config, path, (NULL, buffer, sizeof buffer, &query, &needed, &error));
    REFUSED(trro_load_device_config, buffer, (path, NULL, sizeof buffer, &query, &needed, &error));
    REFUSED(trro_load_device_config, query, (path, buffer, sizeof buffer, NULL, &needed, &error));
    TAKEN(trro_load_device_config, needed_size, (path, buffer, sizeof buffer, &query, NULL, &error));
    TAKEN(trro_load_device_config, error, (path, buffer, sizeof buffer, &query, &needed, NULL));
    REFUSED_BY_STATUS(trro_device_verdict, device, (NULL, 1, 0, &verdict));
    REFUSED_BY_STATUS(trro_device_verdict, verdict, (&device, 1, 0, NULL));
    CHECK_TEXT(trro_authorization_sentence(NULL), "there is no answer of the service");
    IGNORED(trro_authorization_sentence, authorization, (NULL));
    IGNORED(trro_client_free, client, (NULL));
    IGNORED(trro_client_cancel, client, (NULL));
    CHECK_TEXT(trro_version(), trro_version());
}

static void null_with_a_client(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    trro_authorization authorization;
    int64_t offset_ms;
    size_t length, needed;
    int changed;
    REFUSED(trro_client_connect, client, (NULL, 0, &error));
    TAKEN(trro_client_connect, error, (client, 0, NULL));
    REFUSED(trro_client_resume, client, (NULL, &error));
    TAKEN(trro_client_resume, error, (client, NULL));
    REFUSED(trro_client_clock_offset_ms, client, (NULL, &offset_ms, &error));
    REFUSED(trro_client_clock_offset_ms, offset_ms, (client, NULL, &error));
    TAKEN(trro_client_clock_offset_ms, error, (client, &offset_ms, NULL));
    REFUSED(trro_call, client, (NULL, "GetLicenseStat", "{}", buffer, sizeof buffer, &length, &needed, &error));
    REFUSED(trro_call, action, (client, NULL, "{}", buffer, sizeof buffer, &length, &needed, &error));
    REFUSED(trro_call, json, (client, "GetLicenseStat", NULL, buffer, sizeof buffer, &length, &needed, &error));
    REFUSED(trro_call, buffer, (client, "GetLicenseStat", "{}", NULL, sizeof buffer, &length, &needed, &error));
    TAKEN(trro_call, length, (client, "GetLicenseStat", "{}", buffer, sizeof buffer, NULL, &needed, &error));
    TAKEN(trro_call, needed_size, (client, "GetLicenseStat", "{}", buffer, sizeof buffer, &length, NULL, &error));
    TAKEN(trro_call, error, (client, "GetLicenseStat", "{}", buffer, sizeof buffer, &length, &needed, NULL));
    REFUSED(trro_for_each_device, client, (NULL, &good_filter, see_row, &changed, &changed, &error));
    REFUSED(trro_for_each_device, filter, (client, NULL, see_row, &changed, &changed, &error));
    REFUSED(trro_for_each_device, visit, (client, &good_filter, NULL, &changed, &changed, &error));
    TAKEN(trro_for_each_device, user_data, (client, &good_filter, see_row, NULL, &changed, &error));
    TAKEN(trro_for_each_device, changed, (client, &good_filter, see_row, &changed, NULL, &error));
    TAKEN(trro_for_each_device, error, (client, &good_filter, see_row, &changed, &changed, NULL));
    REFUSED(trro_check_authorization, client, (NULL, &good_query, &authorization, &error));
    REFUSED(trro_check_authorization, query, (client, NULL, &authorization, &error));
    REFUSED(trro_check_authorization, authorization, (client, &good_query, NULL, &error));
    TAKEN(trro_check_authorization, error, (client, &good_query, &authorization, NULL));
    REFUSED(trro_client_diagnose, client, (NULL, &good_query, see_step, &changed, &error));
    REFUSED(trro_client_diagnose, query, (client, NULL, see_step, &changed, &error));
    REFUSED(trro_client_diagnose, visit, (client, &good_query, NULL, &changed, &error));
    TAKEN(trro_client_diagnose, user_data, (client, &good_query, see_step, NULL, &error));
    TAKEN(trro_client_diagnose, error, (client, &good_query, see_step, &changed, NULL));
    trro_client_free(client);
}

static void null_with_a_watch(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    trro_authorization authorization;
    trro_watch *watch;
    REFUSED(trro_watch_new, client, (NULL, &good_watch, &watch, &error));
    REFUSED(trro_watch_new, config, (client, NULL, &watch, &error));
    REFUSED(trro_watch_new, watch, (client, &good_watch, NULL, &error));
    TAKEN(trro_watch_new, error, (client, &good_watch, &watch, NULL));
    REFUSED_BY_STATUS(trro_watch_read, watch, (NULL, &authorization));
    REFUSED_BY_STATUS(trro_watch_read, authorization, (watch, NULL));
    CHECK(trro_watch_fd(NULL) == -1);
    IGNORED(trro_watch_fd, watch, (NULL));
    TAKEN(trro_watch_free, watch, (NULL));
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

/* What is refused there is in typed_arguments.c. */
static void null_for_what_a_typed_call_need_not_give_back(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH(typed_call, call, CALLS) {
        const any_request request = full_request(call);
        const void *result;
        size_t needed;
        CHECK(call->call(client, &request, buffer, sizeof buffer, &result, NULL, NULL) == TRRO_STATUS_OK);
        CHECK(call->call(client, &request, buffer, sizeof buffer, &result, &needed, NULL) == TRRO_STATUS_OK);
    }
    trro_client_free(client);
}

/* The sizes of the fields add up, but for what aligns a pointer behind a number. */
static size_t aligned(size_t size, size_t alignment) {
    return (size + alignment - 1) / alignment * alignment;
}

static void the_table_has_every_field(void) {
    FOR_EACH(caller_struct, of, STRUCTS) {
        size_t end = sizeof(size_t), largest = sizeof(size_t);
        FOR_EACH_FIELD(of, field) {
            const size_t size = size_of_kind(field->kind);
            /* Each begins where the one before it ends, and where numbers of its size do. */
            CHECK(field->at == aligned(end, size));
            end = field->at + size;
            largest = size > largest ? size : largest;
        }
        CHECK(of->size == aligned(end, largest));
    }
}

static void offer_number(const caller_struct *of, const caller_field *field, int64_t number) {
    const uint32_t as_uint32 = (uint32_t)number;
    const int32_t as_int32 = (int32_t)number;
    const void *value = field->kind == IS_INT64 ? (const void *)&number : field->kind == IS_INT32 ? (const void *)&as_int32 : &as_uint32;
    const any_request object = with_field(of, field, value);
    const int is_good = number == 0 || (number >= field->least && number <= field->most) || number == field->also;
    trro_error error = uninitialised_error();
    const trro_status status = of->offer(&object, &error);
    char name[64];
    snprintf(name, sizeof name, "%s->%s", of->name, field->name);
    /* A short deadline may pass. */
    if (is_good ? status != TRRO_STATUS_OK && status != TRRO_STATUS_TIMEOUT : status != TRRO_STATUS_INVALID_ARGUMENT) {
        fprintf(stderr, "%s, %lld: %s\n", name, (long long)number, error.message);
        exit(1);
    }
    if (!is_good)
        check_named(&error, name, "");
}

static void numbers_are_taken_as_documented_and_else_refused(void) {
    receiver = client_of_a_service_that_takes_all();
    FOR_EACH(caller_struct, of, STRUCTS) {
        FOR_EACH_FIELD(of, field) {
            const int64_t beyond = field->most < INT64_MAX ? field->most + 1 : 0;
            const int64_t edges[] = {0, 1, 2, field->least - 1, field->least, field->most - 1, field->most, INT32_MAX};
            const int64_t of_uint32[] = {beyond, (int64_t)INT32_MAX + 1, UINT32_MAX};
            const int64_t of_int32[] = {beyond, -1, INT32_MIN};
            const int64_t of_int64[] = {beyond, -1, INT32_MIN, INT64_MIN, INT64_MAX, UINT32_MAX};
            size_t i;
            if (field->kind == IS_POINTER || field->kind == IS_TEXT)
                continue;
            for (i = 0; i < COUNT_OF(edges); i++)
                if (edges[i] >= 0 || field->kind != IS_UINT32)
                    offer_number(of, field, edges[i]);
            for (i = 0; i < COUNT_OF(of_uint32) && field->kind == IS_UINT32; i++)
                if (of_uint32[i] <= UINT32_MAX)
                    offer_number(of, field, of_uint32[i]);
            for (i = 0; i < COUNT_OF(of_int32) && field->kind == IS_INT32; i++)
                offer_number(of, field, of_int32[i]);
            for (i = 0; i < COUNT_OF(of_int64) && field->kind == IS_INT64; i++)
                offer_number(of, field, of_int64[i]);
        }
    }
    trro_client_free(receiver);
}

static void a_deadline_that_is_no_field_is_one_all_the_same(void) {
    static const uint32_t refused[] = {600001, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
    trro_client *client = client_for_test();
    FOR_EACH(uint32_t, deadline_ms, refused) {
        trro_error error = uninitialised_error();
        CHECK_STATUS(trro_client_connect(client, *deadline_ms, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        check_named(&error, "deadline_ms", "600000");
    }
    trro_client_free(client);
}

/* Each of these functions gives something for every number there is. */
static void every_number_has_a_name_a_sentence_and_a_verdict(void) {
    static const int32_t numbers[] = {INT32_MIN, INT32_MIN + 1, -1, 0, 1, 6, 7, 14, 15, 19, 20, 255, 256, INT32_MAX - 1, INT32_MAX};
    static const int64_t facts[] = {INT64_MIN, INT64_MIN + 1, INT32_MIN, -1, 0, 1, INT32_MAX, INT64_MAX - 1, INT64_MAX};
    static const uint32_t streams[] = {0, 1, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
    FOR_EACH(int32_t, number, numbers) {
        trro_authorization authorization;
        memset(&authorization, 0xa5, sizeof authorization);
        authorization.reason = *number;
        CHECK(strncmp(trro_status_name(*number), "TRRO_STATUS_", 12) == 0);
        CHECK(strncmp(trro_verdict_name(*number), "TRRO_VERDICT_", 13) == 0);
        CHECK(strlen(trro_authorization_sentence(&authorization)) > 8);
    }
    FOR_EACH(int64_t, count, facts)
        FOR_EACH(int64_t, days, facts)
            FOR_EACH(int64_t, expiry, facts)
                FOR_EACH(int64_t, now_s, facts)
                    FOR_EACH(uint32_t, wanted, streams) {
                        const trro_device device = {.license_count = *count, .remain_days = *days, .expire_time_s = *expiry,
                                                    .monthly_remain_time = *days};
                        trro_verdict verdict = -1;
                        CHECK(trro_device_verdict(&device, *wanted, *now_s, &verdict) == TRRO_STATUS_OK);
                        CHECK(verdict >= TRRO_VERDICT_UNKNOWN && verdict <= TRRO_VERDICT_NO_DURATION);
                    }
}

static int returned;

static trro_status give_no_credentials(void *user_data, trro_credentials *credentials) {
    (void)user_data;
    (void)credentials;
    return returned;
}

static int stop_at_row(void *rows, const trro_device *device) {
    (void)device;
    ++*(int *)rows;
    return returned;
}

static void a_callback_may_return_any_number(void) {
    static const int numbers[] = {INT_MIN, -1, 1, 20, INT_MAX};
    FOR_EACH(int, number, numbers) {
        trro_client_config config = config_for_test();
        trro_client *client;
        trro_error error = uninitialised_error();
        int rows = 0;
        returned = *number;
        config.credentials_fn = give_no_credentials;
        CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
        CHECK_STATUS(trro_for_each_device(client, &good_filter, see_row, NULL, NULL, &error), TRRO_STATUS_CREDENTIALS_FAILED, &error);
        trro_client_free(client);
        client = client_for_test();
        CHECK(trro_for_each_device(client, &(trro_device_filter)TRRO_DEVICE_FILTER_INIT, stop_at_row, &rows, NULL, NULL) == 0);
        CHECK(rows == 1);
        trro_client_free(client);
    }
}

/* With a NUL a text of C is at its end. */
static const char *const NO_LINES[] = {"a\r\nX-Evil: b", "a\nb", "a\rb", "\r\n", "a\x01", "a\x7f", "\x1b[31m"};
static const char *const NO_UTF_8[] = {"\xff\xfe", "a\xc2", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"};

static void refuse_text(const caller_struct *of, const caller_field *field, const char *text, const char *fault) {
    const any_request object = with_field(of, field, &text);
    trro_error error = uninitialised_error();
    char name[64];
    snprintf(name, sizeof name, "%s->%s", of->name, field->name);
    if (of->offer(&object, &error) != TRRO_STATUS_INVALID_ARGUMENT) {
        fprintf(stderr, "%s, \"%.32s\": %s %s\n", name, text, trro_status_name(error.status), error.message);
        exit(1);
    }
    check_named(&error, name, fault);
}

static void texts_that_are_none_are_refused(void) {
    receiver = client_for_test();
    FOR_EACH(caller_struct, of, STRUCTS) {
        FOR_EACH_FIELD(of, field) {
            if (field->kind != IS_TEXT)
                continue;
            refuse_text(of, field, "", "");
            FOR_EACH(char *const, text, NO_LINES)
                refuse_text(of, field, *text, "");
            FOR_EACH(char *const, text, NO_UTF_8)
                refuse_text(of, field, *text, "UTF-8");
        }
    }
    trro_client_free(receiver);
}

static void texts_of_a_megabyte_are_taken_or_refused(void) {
    char *text = megabyte_of('a');
    receiver = client_of_a_service_that_takes_all();
    FOR_EACH(caller_struct, of, STRUCTS) {
        FOR_EACH_FIELD(of, field) {
            if (field->kind == IS_TEXT && field->may_be_long) {
                const any_request object = with_field(of, field, &text);
                trro_error error = uninitialised_error();
                CHECK_STATUS(of->offer(&object, &error), TRRO_STATUS_OK, &error);
            } else if (field->kind == IS_TEXT) {
                refuse_text(of, field, text, "");
            }
        }
    }
    FOR_EACH(typed_call, call, CALLS) {
        size_t i;
        for (i = 0; i < call->parameter_count; i++) {
            any_request request = full_request(call);
            const void *result;
            trro_error error = uninitialised_error();
            trro_status status;
            if (!is_text(&call->parameters[i]))
                continue;
            set_text(&request, &call->parameters[i], text);
            status = call->call(receiver, &request, buffer, sizeof buffer, &result, NULL, &error);
            CHECK((status == TRRO_STATUS_OK) == (call->parameters[i].rule == ANY));
            if (status != TRRO_STATUS_OK)
                check_named(&error, "request", "has to be");
        }
    }
    trro_client_free(receiver);
    free(text);
}

/* The texts that are in no struct. */
static void refuse_lone_text(const trro_client *client, const char *text) {
    const trro_authorization_query *query;
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_call(client, text, "{}", buffer, sizeof buffer, NULL, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    check_named(&error, "action", "");
    CHECK_STATUS(trro_call(client, "GetDevices", text, buffer, sizeof buffer, NULL, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    check_named(&error, "json", "");
    CHECK_STATUS(trro_derive_signing_key("secret", text, key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    check_named(&error, "date", "");
    CHECK_STATUS(trro_load_device_config(text, buffer, sizeof buffer, &query, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "cannot be read") != NULL || strncmp(error.message, "path is ", 8) == 0);
}

static void texts_in_no_struct_are_refused_too(void) {
    trro_client *client = client_for_test();
    char *text = megabyte_of('a');
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    trro_error error;
    refuse_lone_text(client, "");
    refuse_lone_text(client, text);
    FOR_EACH(char *const, line, NO_LINES) {
        refuse_lone_text(client, *line);
        CHECK_STATUS(trro_derive_signing_key(*line, "2026-01-01", key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        check_named(&error, "secret_key", "");
    }
    FOR_EACH(char *const, line, NO_UTF_8) {
        refuse_lone_text(client, *line);
        CHECK_STATUS(trro_derive_signing_key(*line, "2026-01-01", key, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        check_named(&error, "secret_key", "UTF-8");
    }
    CHECK(trro_derive_signing_key(text, "2026-01-01", key, NULL) == TRRO_STATUS_OK);
    free(text);
    trro_client_free(client);
}

static const test tests[] = {
    {"null_without_a_client", null_without_a_client, "", 0},
    {"null_with_a_client", null_with_a_client, "", -1},
    {"null_with_a_watch", null_with_a_watch, "", -1},
    {"null_for_what_a_typed_call_need_not_give_back", null_for_what_a_typed_call_need_not_give_back, "", 2 * CALL_COUNT},
    {"the_table_has_every_field", the_table_has_every_field, "", 0},
    {"numbers_are_taken_as_documented_and_else_refused", numbers_are_taken_as_documented_and_else_refused, "", -1},
    {"a_deadline_that_is_no_field_is_one_all_the_same", a_deadline_that_is_no_field_is_one_all_the_same, "", 0},
    {"every_number_has_a_name_a_sentence_and_a_verdict", every_number_has_a_name_a_sentence_and_a_verdict, "", 0},
    {"a_callback_may_return_any_number", a_callback_may_return_any_number, "", 5},
    {"texts_that_are_none_are_refused", texts_that_are_none_are_refused, "", 0},
    {"texts_of_a_megabyte_are_taken_or_refused", texts_of_a_megabyte_are_taken_or_refused, "", -1},
    {"texts_in_no_struct_are_refused_too", texts_in_no_struct_are_refused_too, "", 0},
};
RUN_TESTS(tests)
