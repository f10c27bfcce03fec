/* What each of the typed calls makes of an answer: every field in its place, what is absent, and where there is no room for it. */
#include "control.h"
#include "typed_calls.h"

#define FOR_EACH_CALL(call) for (const typed_call *call = CALLS; call < CALLS + COUNT_OF(CALLS); call++)
#define FOR_EACH_FIELD(of, field) \
    for (const field_entry *field = (of)->fields; field < (of)->fields + (of)->field_count; field++)

enum { ROOM = TRRO_CHANGE_BUFFER_SIZE(16) };
static char buffer[ROOM];
static char json[16 * 1024];

static trro_status call_full(const trro_client *client, const typed_call *call, const void **result, trro_error *error) {
    const any_request request = full_request(call);
    size_t needed = 7;
    const trro_status status = call->call(client, &request, buffer, sizeof buffer, result, &needed, error);
    if (status == TRRO_STATUS_OK)
        CHECK(needed > 0 && needed <= sizeof buffer && *result != NULL);
    else
        CHECK(needed == 0 && *result == NULL);
    return status;
}

static const void *result_of(const trro_client *client, const typed_call *call) {
    const void *result = buffer;
    trro_error error = uninitialised_error();
    const trro_status status = call_full(client, call, &result, &error);
    if (status != TRRO_STATUS_OK) {
        fprintf(stderr, "%s: %s: %s\n", call->function, trro_status_name(status), error.message);
        exit(1);
    }
    CHECK(error.attempts == 1);
    return result;
}

static void every_field_of_every_request_is_taken_by_the_service(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        const void *result = result_of(client, call);
        FOR_EACH_FIELD(&call->response, field) {
            if (field->kind == ROWS && count_at(result, field) == 0) {
                fprintf(stderr, "%s: no rows\n", call->function);
                exit(1);
            }
        }
    }
    trro_client_free(client);
}

/* The RequestId is in every answer. */
static int is_request_id(const field_entry *field) {
    return strcmp(field->json, "RequestId") == 0;
}

/* All but the RequestId of `answered`. */
static void check_absent(const typed_call *call, const record *record, const void *object) {
    FOR_EACH_FIELD(record, field) {
        int is_so;
        if (is_request_id(field)) {
            CHECK_TEXT(text_at(object, field), "answered");
            continue;
        }
        if (field->kind == NUMBER)
            is_so = number_at(object, field) == TRRO_ABSENT;
        else if (field->kind == TEXT)
            is_so = text_at(object, field) != NULL && text_at(object, field)[0] == '\0';
        else
            is_so = elements_at(object, field) != NULL && count_at(object, field) == 0;
        if (!is_so) {
            fprintf(stderr, "%s: %s is not absent\n", call->function, field->json);
            exit(1);
        }
    }
}

static void what_the_service_does_not_say_is_absent(void) {
    trro_client *client = client_for_test();
    tell_emulator("always", "answer:{\"Response\":{\"RequestId\":\"answered\"}}");
    FOR_EACH_CALL(call) {
        check_absent(call, &call->response, result_of(client, call));
    }
    trro_client_free(client);
}

static void null_is_absent_too(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        char *end = json + sprintf(json, "answer:{\"Response\":{\"RequestId\":\"answered\"");
        FOR_EACH_FIELD(&call->response, field) {
            if (!is_request_id(field))
                end += sprintf(end, ",\"%s\":null", field->json);
        }
        sprintf(end, "}}");
        tell_emulator("once", json);
        check_absent(call, &call->response, result_of(client, call));
    }
    trro_client_free(client);
}

static void what_a_row_does_not_say_is_absent(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        FOR_EACH_FIELD(&call->response, field) {
            const void *result;
            size_t i;
            if (field->kind != ROWS)
                continue;
            sprintf(json, "answer:{\"Response\":{\"RequestId\":\"answered\",\"%s\":[{},{\"Unknown\":[{}]},{\"%s\":null}]}}",
                    field->json, field->row->fields[0].json);
            tell_emulator("once", json);
            result = result_of(client, call);
            CHECK(count_at(result, field) == 3);
            for (i = 0; i < 3; i++)
                check_absent(call, field->row, element_at(result, field, i));
        }
    }
    trro_client_free(client);
}

/* Values that tell which field they are of, and which row: `row` is 0 for what is in none. */
static int64_t number_of(size_t index, int row) {
    return 1000000007 * (int64_t)(index + 1) + row;
}

static void text_of(char *text, const field_entry *field, size_t index, int row, const char *escape) {
    sprintf(text, "%s-%zu-%d-车%s", field->json, index, row, escape);
}

static char *write_record(char *end, const record *record, int row) {
    size_t i;
    for (i = 0; i < record->field_count; i++) {
        const field_entry *field = &record->fields[i];
        char text[128];
        text_of(text, field, i, row, "\\n\\u0041\\\"");
        end += sprintf(end, "%s\"%s\":", i == 0 ? "" : ",", field->json);
        if (field->kind == NUMBER) {
            end += sprintf(end, "%lld", (long long)number_of(i, row));
        } else if (field->kind == TEXT) {
            end += sprintf(end, "\"%s\"", text);
        } else if (field->kind == TEXTS) {
            end += sprintf(end, "[\"%s\",\"\",\"%s\"]", text, text + 1);
        } else {
            end = write_record(end + sprintf(end, "[{"), field->row, 1);
            end = write_record(end + sprintf(end, "},{"), field->row, 2);
            end += sprintf(end, "}]");
        }
    }
    return end;
}

static void check_record(const record *record, const void *object, int row) {
    size_t i;
    for (i = 0; i < record->field_count; i++) {
        const field_entry *field = &record->fields[i];
        char text[128];
        text_of(text, field, i, row, "\nA\"");
        if (field->kind == NUMBER) {
            CHECK(number_at(object, field) == number_of(i, row));
        } else if (field->kind == TEXT) {
            CHECK_TEXT(text_at(object, field), text);
        } else if (field->kind == TEXTS) {
            CHECK(count_at(object, field) == 3);
            CHECK_TEXT(element_at(object, field, 0), text);
            CHECK_TEXT(element_at(object, field, 1), "");
            CHECK_TEXT(element_at(object, field, 2), text + 1);
        } else {
            CHECK(count_at(object, field) == 2);
            check_record(field->row, element_at(object, field, 0), 1);
            check_record(field->row, element_at(object, field, 1), 2);
        }
    }
}

static void every_field_of_every_answer_is_in_its_place(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        char *end = json + sprintf(json, "answer:{\"Response\":{");
        sprintf(write_record(end, &call->response, 0), "}}");
        tell_emulator("once", json);
        check_record(&call->response, result_of(client, call), 0);
    }
    trro_client_free(client);
}

/* `before` leads to the object that the field is in, and `after` out of it. */
static void check_wrong_type(const trro_client *client, const typed_call *call, const field_entry *field, const char *before,
                             const char *after) {
    const void *result = buffer;
    trro_error error = uninitialised_error();
    sprintf(json, "answer:{\"Response\":{%s%s\"%s\":%s%s}}", is_request_id(field) ? "" : "\"RequestId\":\"answered\",", before,
            field->json, field->kind == TEXT ? "[7]" : "true", after);
    tell_emulator("once", json);
    CHECK_STATUS(call_full(client, call, &result, &error), TRRO_STATUS_BAD_RESPONSE, &error);
    if (strstr(error.message, field->json) == NULL) {
        fprintf(stderr, "%s: %s is not named: %s\n", call->function, field->json, error.message);
        exit(1);
    }
    /* The service has carried out what it answers to. */
    CHECK(error.attempts == 1 && error.outcome_unknown == call->changes && error.http_status == 200);
}

static void a_field_of_another_type_is_named(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        FOR_EACH_FIELD(&call->response, field) {
            check_wrong_type(client, call, field, "", "");
            if (field->kind == ROWS) {
                char before[64];
                sprintf(before, "\"%s\":[{},{", field->json);
                FOR_EACH_FIELD(field->row, of_row) {
                    check_wrong_type(client, call, of_row, before, "}]");
                }
            }
        }
    }
    trro_client_free(client);
}

static int is_inside(const void *part, size_t size, const char *begin, const char *end) {
    return (const char *)part >= begin && (const char *)part + size <= end;
}

static void check_text_inside(const char *text, const char *begin, const char *end) {
    CHECK(is_inside(text, 1, begin, end) && memchr(text, 0, (size_t)(end - text)) != NULL);
}

static void check_inside(const record *record, const void *object, const char *begin, const char *end) {
    CHECK(is_inside(object, record->size, begin, end) && (uintptr_t)object % sizeof(int64_t) == 0);
    FOR_EACH_FIELD(record, field) {
        size_t i;
        if (field->kind == TEXT)
            check_text_inside(text_at(object, field), begin, end);
        if (field->kind != TEXTS && field->kind != ROWS)
            continue;
        CHECK(is_inside(elements_at(object, field), count_at(object, field) * sizeof(char *), begin, end));
        for (i = 0; i < count_at(object, field); i++) {
            if (field->kind == TEXTS)
                check_text_inside(element_at(object, field, i), begin, end);
            else
                check_inside(field->row, element_at(object, field, i), begin, end);
        }
    }
}

/* One call without room for anything, one with too little, and one with what is said to be enough: the last two are served from
 * the answer of the first. Nothing outside of the buffer changes. */
static void read_at(const trro_client *client, const typed_call *call, size_t shift) {
    enum { GUARD = 16 };
    const any_request request = full_request(call);
    const void *result = buffer;
    trro_error error = uninitialised_error();
    size_t needed = 7, again = 7, used = 7, i;
    char *memory, *begin;
    CHECK_STATUS(call->call(client, &request, NULL, 0, &result, &needed, &error), TRRO_STATUS_BUFFER_TOO_SMALL, &error);
    CHECK(result == NULL && needed > call->response.size && error.attempts == 1 && error.outcome_unknown == 0);
    memory = malloc(needed + shift + 2 * GUARD);
    CHECK(memory != NULL);
    memset(memory, 0x5a, needed + shift + 2 * GUARD);
    begin = memory + GUARD + shift;
    result = buffer;
    CHECK_STATUS(call->call(client, &request, begin, needed / 2, &result, &again, &error), TRRO_STATUS_BUFFER_TOO_SMALL,
                 &error);
    CHECK(result == NULL && again == needed && error.attempts == 0);
    CHECK_STATUS(call->call(client, &request, begin, needed, &result, &used, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 0 && used <= needed && used > 0);
    check_inside(&call->response, result, begin, begin + used);
    for (i = 0; i < GUARD + shift; i++)
        CHECK(memory[i] == 0x5a);
    for (i = 0; i < GUARD; i++)
        CHECK(begin[needed + i] == 0x5a);
    free(memory);
}

static void what_is_needed_is_enough_at_every_alignment(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        size_t shift;
        for (shift = 0; shift <= 8 && !call->changes; shift++)
            read_at(client, call, shift);
    }
    trro_client_free(client);
}

static void a_change_without_room_for_its_answer_is_not_sent(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        const any_request request = full_request(call);
        const size_t enough = TRRO_CHANGE_BUFFER_SIZE(ids_of(call));
        const size_t sizes[] = {0, 1, enough / 2, enough - 1};
        size_t i;
        for (i = 0; i < COUNT_OF(sizes) && call->changes; i++) {
            const void *result = buffer;
            size_t needed = 7;
            trro_error error = uninitialised_error();
            CHECK_STATUS(call->call(client, &request, sizes[i] != 0 ? buffer : NULL, sizes[i], &result, &needed, &error),
                         TRRO_STATUS_BUFFER_TOO_SMALL, &error);
            CHECK(result == NULL && needed == enough && error.attempts == 0 && error.outcome_unknown == 0);
        }
    }
    trro_client_free(client);
}

/* The least room that a change is sent with, of which the library has less than that where the buffer is not aligned. */
static void a_change_has_room_at_every_alignment(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        const any_request request = full_request(call);
        const size_t enough = TRRO_CHANGE_BUFFER_SIZE(ids_of(call));
        size_t shift;
        for (shift = 0; shift <= 8 && call->changes; shift++) {
            char *memory = malloc(enough + shift);
            const void *result = NULL;
            size_t used = 7;
            trro_error error = uninitialised_error();
            CHECK(memory != NULL);
            sprintf(write_record(json + sprintf(json, "answer:{\"Response\":{"), &call->response, 0), "}}");
            tell_emulator("once", json);
            CHECK_STATUS(call->call(client, &request, memory + shift, enough, &result, &used, &error), TRRO_STATUS_OK,
                         &error);
            CHECK(error.attempts == 1 && used <= enough);
            check_inside(&call->response, result, memory + shift, memory + shift + used);
            check_record(&call->response, result, 0);
            free(memory);
        }
    }
    trro_client_free(client);
}

/* Ids that the service does not know come back: with the room that the header asks for, there is room for as many as can be sent, and
 * as long as any can be. */
static void the_most_and_longest_ids_that_failed_have_room(void) {
    enum { IDS = 10000, LENGTH = 32 };
    static char room[TRRO_CHANGE_BUFFER_SIZE(IDS)], ids[IDS][LENGTH + 1];
    static const char *list[IDS];
    trro_client *client = client_for_test();
    trro_batch_delete_devices_request request = TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT;
    const trro_device_deletion *deletion;
    trro_error error = uninitialised_error();
    size_t i;
    for (i = 0; i < IDS; i++) {
        memset(ids[i], 'x', LENGTH);
        list[i] = ids[i];
    }
    request.project_id = PORT;
    request.device_ids = list;
    request.device_id_count = IDS;
    CHECK_STATUS(trro_batch_delete_devices(client, &request, room, sizeof room, &deletion, NULL, &error), TRRO_STATUS_OK,
                 &error);
    CHECK(deletion->failed_device_id_count == IDS);
    trro_client_free(client);
}

static void an_id_longer_than_any_is_refused(void) {
    static const char *const list[] = {"x", "123456789012345678901234567890123"};
    trro_client *client = client_for_test();
    trro_batch_delete_devices_request request = TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT;
    const trro_device_deletion *deletion;
    trro_error error = uninitialised_error();
    request.project_id = PORT;
    request.device_ids = list;
    request.device_id_count = 2;
    CHECK_STATUS(trro_batch_delete_devices(client, &request, buffer, sizeof buffer, &deletion, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "request->device_ids has to be at least one string, each of 1 to 32 bytes") != NULL);
    trro_client_free(client);
}

static void check_failure(trro_status expected, int change_is_unknown) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        const void *result = buffer;
        trro_error error = uninitialised_error();
        CHECK_STATUS(call_full(client, call, &result, &error), expected, &error);
        CHECK(error.attempts == 1 && error.outcome_unknown == (call->changes && change_is_unknown));
    }
    trro_client_free(client);
}

static void a_failure_clears_what_is_given_back(void) {
    tell_emulator("always", "error:InternalError");
    check_failure(TRRO_STATUS_SERVICE_FAILED, 1);
    tell_emulator("always", "error:ResourceNotFound");
    check_failure(TRRO_STATUS_NOT_FOUND, 0);
    tell_emulator("always", "not-json");
    check_failure(TRRO_STATUS_BAD_RESPONSE, 1);
    tell_emulator("always", "hang-up");
    check_failure(TRRO_STATUS_CONNECT_FAILED, 1);
}

/* Nobody knows whether it was carried out the first time. */
static void a_change_whose_outcome_is_unknown_is_not_sent_again(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    config.max_attempts = 4;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    tell_emulator("always", "status:503");
    FOR_EACH_CALL(call) {
        const void *result = buffer;
        trro_error error = uninitialised_error();
        if (!call->changes)
            continue;
        CHECK_STATUS(call_full(client, call, &result, &error), TRRO_STATUS_SERVICE_FAILED, &error);
        CHECK(error.attempts == 1 && error.outcome_unknown == 1);
    }
    trro_client_free(client);
}

static void no_secret(void *user_data, int32_t level, const char *message) {
    (void)level;
    CHECK(strstr(message, user_data) == NULL);
}

/* What the service, or who answers in its place, says of a password. */
static void a_password_shows_nowhere(void) {
    static const char *const answers[] = {
        "answer:{\"Response\":{\"Error\":{\"Code\":\"InvalidParameterValue\",\"Message\":\"DeviceToken %s is bad\"}}}",
        "answer:{\"Response\":{\"Error\":{\"Code\":\"FailedOperation\",\"Message\":\"%s\"},\"RequestId\":\"%s\"}}",
        "answer:{\"Response\":{\"Error\":{\"Code\":\"InvalidParameterValue.%s\",\"Message\":\"\"}}}",
        "answer:{\"Response\":{\"RequestId\":{\"%s\":1}}}",
        "answer:{\"Response\":{\"RequestId\":\"%s\"",
        "answer:<html>%s</html>",
        "answer:%s",
        "error:%s",
        "echo",
        "hang-up",
    };
    trro_client_config config = config_for_test();
    size_t i;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = no_secret;
    FOR_EACH_CALL(call) {
        for (i = 0; i < call->parameter_count; i++) {
            const char *secret = call->parameters[i].text;
            trro_client *client;
            size_t j;
            if (call->parameters[i].rule != DEVICE_TOKEN)
                continue;
            config.log_data = (void *)(uintptr_t)secret;
            CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
            for (j = 0; j < COUNT_OF(answers); j++) {
                const void *result = buffer;
                trro_error error = uninitialised_error();
                char *percent, *end = json;
                const char *rest = answers[j];
                while ((percent = strstr(rest, "%s")) != NULL) {
                    end += sprintf(end, "%.*s%s", (int)(percent - rest), rest, secret);
                    rest = percent + 2;
                }
                strcpy(end, rest);
                tell_emulator("once", json);
                CHECK(call_full(client, call, &result, &error) != TRRO_STATUS_OK);
                if (strstr(error.message, secret) || strstr(error.code, secret) || strstr(error.request_id, secret)) {
                    fprintf(stderr, "%s, %s: \"%s\" \"%s\" \"%s\"\n", call->function, json, error.message, error.code,
                            error.request_id);
                    exit(1);
                }
            }
            trro_client_free(client);
        }
    }
}

static const test tests[] = {
    {"every_field_of_every_request_is_taken_by_the_service", every_field_of_every_request_is_taken_by_the_service, "",
     CALL_COUNT},
    {"what_the_service_does_not_say_is_absent", what_the_service_does_not_say_is_absent, "", CALL_COUNT},
    {"null_is_absent_too", null_is_absent_too, "", CALL_COUNT},
    {"what_a_row_does_not_say_is_absent", what_a_row_does_not_say_is_absent, "", 6},
    {"every_field_of_every_answer_is_in_its_place", every_field_of_every_answer_is_in_its_place, "", CALL_COUNT},
    {"a_field_of_another_type_is_named", a_field_of_another_type_is_named, "", -1},
    {"what_is_needed_is_enough_at_every_alignment", what_is_needed_is_enough_at_every_alignment, "", 9 * READING_COUNT},
    {"a_change_without_room_for_its_answer_is_not_sent", a_change_without_room_for_its_answer_is_not_sent, "", 0},
    {"a_change_has_room_at_every_alignment", a_change_has_room_at_every_alignment, "", 9 * CHANGING_COUNT},
    {"the_most_and_longest_ids_that_failed_have_room", the_most_and_longest_ids_that_failed_have_room, "", 1},
    {"an_id_longer_than_any_is_refused", an_id_longer_than_any_is_refused, "", 0},
    {"a_failure_clears_what_is_given_back", a_failure_clears_what_is_given_back, "", 4 * CALL_COUNT},
    {"a_change_whose_outcome_is_unknown_is_not_sent_again", a_change_whose_outcome_is_unknown_is_not_sent_again, "",
     CHANGING_COUNT},
    {"a_password_shows_nowhere", a_password_shows_nowhere, "", 20},
};
RUN_TESTS(tests)
