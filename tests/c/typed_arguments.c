/* What the caller may get wrong in each of the typed calls: each mistake is TRRO_STATUS_INVALID_ARGUMENT, named, with what is
 * allowed, and nothing is sent. */
#include "control.h"
#include "typed_calls.h"

static char buffer[TRRO_CHANGE_BUFFER_SIZE(16)];

#define FOR_EACH_CALL(call) for (const typed_call *call = CALLS; call < CALLS + COUNT_OF(CALLS); call++)
#define FOR_EACH_PARAMETER(call, parameter)                                              \
    for (const parameter_entry *parameter = (call)->parameters; parameter < (call)->parameters + (call)->parameter_count; \
         parameter++)

static void fail(const typed_call *call, const char *about, const char *what, const char *message) {
    fprintf(stderr, "%s, %s: %s: \"%s\"\n", call->function, about, what, message);
    exit(1);
}

static void check_message(const typed_call *call, const trro_error *error, const char *argument, const char *fault) {
    const char *name = strstr(error->message, argument);
    /* "request->page" must not pass for "request->page_size". */
    const char after = name != NULL ? name[strlen(argument)] : '\0';
    if (name != error->message || (after != ' ' && after != '-' && after != '['))
        fail(call, argument, "is not named", error->message);
    if (strstr(error->message, fault) == NULL)
        fail(call, fault, "is not said", error->message);
}

/* Expects that a request is refused, that every output is cleared, and that the message begins with the argument and says what is
 * the matter. */
static void refuse(const trro_client *client, const typed_call *call, const void *request, const char *argument,
                   const char *fault) {
    const void *result = buffer;
    size_t needed = 7;
    trro_error error = uninitialised_error();
    const trro_status status = call->call(client, request, buffer, sizeof buffer, &result, &needed, &error);
    if (status != TRRO_STATUS_INVALID_ARGUMENT)
        fail(call, argument, trro_status_name(status), error.message);
    CHECK_STATUS(status, TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(result == NULL && needed == 0);
    CHECK(error.attempts == 0 && error.outcome_unknown == 0 && error.retryable == 0 && error.http_status == 0);
    check_message(call, &error, argument, fault);
}

static void refuse_parameter(const trro_client *client, const typed_call *call, const any_request *request,
                             const parameter_entry *parameter, const char *fault) {
    char argument[64];
    snprintf(argument, sizeof argument, "request->%s", parameter->name);
    refuse(client, call, request, argument, fault);
}

/* Expects that a request is taken, by an emulator that says yes to everything. */
static void take(const trro_client *client, const typed_call *call, const void *request) {
    const void *result = NULL;
    trro_error error = uninitialised_error();
    const trro_status status = call->call(client, request, buffer, sizeof buffer, &result, NULL, &error);
    if (status != TRRO_STATUS_OK)
        fail(call, "a good request", trro_status_name(status), error.message);
    CHECK(result != NULL && error.attempts == 1);
}

static trro_client *client_of_a_service_that_takes_all(void) {
    tell_emulator("always", "answer:{\"Response\":{\"RequestId\":\"r\"}}");
    return client_for_test();
}

/* The end of a member of this size, behind what ends there. */
static size_t behind(size_t end, size_t size) {
    return (end + size - 1) / size * size + size;
}

/* The table has to have all that the structs have: the members, each where it belongs, come to the size. */
static void the_table_has_every_call_and_every_field(void) {
    size_t reads = 0, changes = 0;
    FOR_EACH_CALL(call) {
        size_t size = sizeof(size_t), i;
        FOR_EACH_PARAMETER(call, parameter) {
            size = behind(size, is_number(parameter) ? sizeof(int64_t) : sizeof(char *));
            if (parameter->rule == LIST)
                size = behind(size, sizeof(size_t));
        }
        if (size + 2 * sizeof(uint32_t) != call->size)
            fail(call, "the table of its parameters", "has not what the struct has", "");
        for (i = 0, size = 0; i < call->response.field_count; i++) {
            const kind kind = call->response.fields[i].kind;
            size = behind(size, kind == NUMBER ? sizeof(int64_t) : sizeof(char *));
            if (kind == TEXTS || kind == ROWS)
                size = behind(size, sizeof(size_t));
        }
        if (call->response.size - size >= sizeof(int64_t))
            fail(call, "the table of its answer", "has not what the struct has", "");
        *(call->changes ? &changes : &reads) += 1;
    }
    CHECK(COUNT_OF(CALLS) == CALL_COUNT && reads == READING_COUNT && changes == CHANGING_COUNT);
}

static void null_is_refused_and_named(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        const any_request request = full_request(call);
        const void *result = buffer;
        size_t needed = 7;
        trro_error error = uninitialised_error();
        refuse(NULL, call, &request, "client", "is NULL");
        refuse(client, call, NULL, "request", "is NULL");
        CHECK_STATUS(call->call(client, &request, buffer, sizeof buffer, NULL, &needed, &error),
                     TRRO_STATUS_INVALID_ARGUMENT, &error);
        check_message(call, &error, call->output, "is NULL");
        CHECK(needed == 0 && error.attempts == 0);
        needed = 7;
        CHECK_STATUS(call->call(client, &request, NULL, sizeof buffer, &result, &needed, &error),
                     TRRO_STATUS_INVALID_ARGUMENT, &error);
        check_message(call, &error, "buffer", "is NULL");
        CHECK(result == NULL && needed == 0 && error.attempts == 0);
        CHECK(call->call(NULL, NULL, NULL, 1, NULL, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    }
    trro_client_free(client);
}

static void a_size_that_no_header_has_names_the_macro(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        any_request request = full_request(call);
        size_t size;
        for (size = 0; size < call->size; size++) {
            request.struct_size = size;
            refuse(client, call, &request, "request->struct_size", call->init);
        }
        request.struct_size = call->size + 1;
        refuse(client, call, &request, "request->struct_size", call->init);
        request.struct_size = SIZE_MAX;
        refuse(client, call, &request, "request->struct_size", call->init);
        request.struct_size = SIZE_MAX / 2 + 1;
        refuse(client, call, &request, "request->struct_size", call->init);
    }
    trro_client_free(client);
}

static void a_newer_request_with_a_field_set_is_refused(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        any_request request = full_request(call);
        size_t i;
        request.struct_size = sizeof request;
        for (i = call->size; i < sizeof request.bytes; i++) {
            request.bytes[i] = 1;
            refuse(client, call, &request, "request", "does not know");
            request.bytes[i] = 0;
        }
    }
    trro_client_free(client);
}

static void a_newer_request_is_taken_while_its_tail_is_zero(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH_CALL(call) {
        any_request request = full_request(call);
        request.struct_size = sizeof request;
        take(client, call, &request);
    }
    trro_client_free(client);
}

static void a_request_may_have_any_alignment(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH_CALL(call) {
        const any_request request = full_request(call);
        char memory[sizeof request + 8];
        memcpy(memory + 1, &request, sizeof request);
        take(client, call, memory + 1);
        memcpy(memory + 4, &request, sizeof request);
        take(client, call, memory + 4);
    }
    trro_client_free(client);
}

/* The struct, its strings and its lists may lie where the answer goes. */
static void a_request_may_lie_in_the_buffer(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH_CALL(call) {
        any_request request = full_request(call);
        char *end = buffer + sizeof request;
        FOR_EACH_PARAMETER(call, parameter) {
            if (is_text(parameter)) {
                set_text(&request, parameter, strcpy(end, parameter->text));
                end += strlen(end) + 1;
            } else if (parameter->rule == LIST) {
                char *list = end;
                size_t i;
                end += parameter->list_count * sizeof(char *);
                for (i = 0; i < parameter->list_count; i++) {
                    memcpy(list + i * sizeof(char *), &(char *){strcpy(end, parameter->list[i])}, sizeof(char *));
                    end += strlen(end) + 1;
                }
                memcpy(request.bytes + parameter->at, &list, sizeof list);
            }
        }
        memcpy(buffer, &request, sizeof request);
        take(client, call, buffer);
    }
    trro_client_free(client);
}

static void what_is_reserved_is_0_and_a_deadline_is_10_minutes_at_most(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        any_request request = full_request(call);
        memcpy(request.bytes + call->reserved_at, &(uint32_t){1}, sizeof(uint32_t));
        refuse(client, call, &request, "request->reserved", "leave it 0");
        request = full_request(call);
        memcpy(request.bytes + call->deadline_ms_at, &(uint32_t){600001}, sizeof(uint32_t));
        refuse(client, call, &request, "request->deadline_ms", "600000");
        memcpy(request.bytes + call->deadline_ms_at, &(uint32_t){UINT32_MAX}, sizeof(uint32_t));
        refuse(client, call, &request, "request->deadline_ms", "600000");
    }
    trro_client_free(client);
}

static void what_is_required_is_missed_by_its_name(void) {
    trro_client *client = client_for_test();
    size_t missed = 0;
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            if (!parameter->is_required)
                continue;
            missed++;
            if (is_text(parameter)) {
                set_text(&request, parameter, NULL);
                refuse_parameter(client, call, &request, parameter, "is required");
            } else {
                set_list(&request, parameter, NULL, 0);
                refuse_parameter(client, call, &request, parameter, "at least one");
                set_list(&request, parameter, parameter->list, 0);
                refuse_parameter(client, call, &request, parameter, "at least one");
            }
        }
    }
    CHECK(missed == 30);
    trro_client_free(client);
}

/* A line end could begin a header of its own, or a line of a log. */
static void no_string_smuggles_anything(void) {
    static const char *const smuggled[] = {"a\r\nX-Evil: b", "a\nb", "\r", "a\x01", "a\x7f", "a\xc2\x85"};
    static const char *const broken[] = {"\xff\xfe", "a\xc2", "\xed\xa0\x80", "\xc0\xaf"};
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            size_t i;
            for (i = 0; i < COUNT_OF(smuggled) && is_text(parameter); i++) {
                set_text(&request, parameter, smuggled[i]);
                refuse_parameter(client, call, &request, parameter, "control character");
            }
            for (i = 0; i < COUNT_OF(broken) && is_text(parameter); i++) {
                set_text(&request, parameter, broken[i]);
                refuse_parameter(client, call, &request, parameter, "not UTF-8");
            }
        }
    }
    trro_client_free(client);
}

static void an_empty_string_says_nothing(void) {
    trro_client *client = client_for_test();
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            if (!is_text(parameter) || parameter->rule == DESCRIPTION)
                continue;
            set_text(&request, parameter, "");
            refuse_parameter(client, call, &request, parameter, "is empty");
        }
    }
    trro_client_free(client);
}

#define X10 "xxxxxxxxxx"
#define X20 X10 X10
#define X120 X20 X20 X20 X20 X20 X20
#define CHINESE_24 "车车车车车车车车车车车车车车车车车车车车车车车车"

/* By rule: what is not allowed, and how it is said; and the ends of what is. */
static const struct {
    rule rule;
    const char *says;
    const char *refused[4], *taken[4];
} TEXTS_BY_RULE[] = {
    {PROJECT_NAME, "has to be 1 to 24 characters", {X20 "xxxxx", CHINESE_24 "车"}, {"x", X20 "xxxx", CHINESE_24, "a b"}},
    {DESCRIPTION, "has to be 0 to 120 characters", {X120 "x", X120 "车"}, {"", X120, "车"}},
    {NEW_DEVICE_ID, "has to be 1 to 32 characters of a to z, 0 to 9 and _", {X20 X10 "xxx", "Truck", "a-b", "车"},
     {"x", X20 X10 "xx", "_09az"}},
    {DEVICE_NAME, "has to be 1 to 23 characters; of the ASCII ones only letters, digits and _", {CHINESE_24, X20 "xxxx", "a b", "a-b"},
     {"x", X20 "xxx", "矿卡_7A"}},
    {DEVICE_TOKEN, "has to be 16 characters of A to Z, a to z and 0 to 9",
     {"0123456789abcde", "0123456789abcdefg", "0123456789abcde_", "0123456789abcd车"}, {"0123456789ABCxyz"}},
    {DEVICE_TYPE, "has to be \"field\" or \"remote\"", {"robot", "Field", "field ", "fieldremote"}, {"field", "remote"}},
    {POLICY_MODE, "has to be \"black\" or \"white\"", {"grey", "WHITE", "blackwhite", " black"}, {"black", "white"}},
    {MODIFY_MODE, "has to be \"add\", \"remove\" or \"set\"", {"delete", "Add", "addset"}, {"add", "remove", "set"}},
    {INTERVAL, "has to be \"hour\", \"day\" or \"month\"", {"week", "Hour", "days"}, {"hour", "day", "month"}},
};

static void what_is_not_allowed_is_refused_with_what_is(void) {
    trro_client *client = client_for_test();
    size_t refused = 0;
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            size_t i, j;
            for (i = 0; i < COUNT_OF(TEXTS_BY_RULE); i++) {
                for (j = 0; j < 4 && TEXTS_BY_RULE[i].refused[j] && TEXTS_BY_RULE[i].rule == parameter->rule; j++, refused++) {
                    set_text(&request, parameter, TEXTS_BY_RULE[i].refused[j]);
                    refuse_parameter(client, call, &request, parameter, TEXTS_BY_RULE[i].says);
                }
            }
        }
    }
    CHECK(refused > 40);
    trro_client_free(client);
}

static void the_ends_of_what_is_allowed_are_taken(void) {
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            size_t i, j;
            for (i = 0; i < COUNT_OF(TEXTS_BY_RULE); i++) {
                for (j = 0; j < 4 && TEXTS_BY_RULE[i].taken[j] && TEXTS_BY_RULE[i].rule == parameter->rule; j++) {
                    set_text(&request, parameter, TEXTS_BY_RULE[i].taken[j]);
                    take(client, call, &request);
                }
            }
        }
    }
    trro_client_free(client);
}

/* Where least and most are taken, what is beyond them is refused; 0 is the default. */
static void numbers_out_of_range_are_refused(void) {
    static const struct {
        rule rule;
        int64_t least, most;
        const char *says;
    } ranges[] = {
        {PAGE, 1, INT64_MAX, "has to be 1 or more"},
        {SIZE_OF_A_PAGE, 1, 10000, "has to be 1 to 10000"},
        {MOMENT, 1, INT64_MAX, "has to be 1 or more"},
        {STATUS_FILTER, 100, 103, "has to be 100 to 103"},
    };
    trro_client *client = client_of_a_service_that_takes_all();
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            size_t i;
            for (i = 0; i < COUNT_OF(ranges); i++) {
                if (ranges[i].rule != parameter->rule)
                    continue;
                set_number(&request, parameter, -1);
                refuse_parameter(client, call, &request, parameter, ranges[i].says);
                set_number(&request, parameter, INT64_MIN);
                refuse_parameter(client, call, &request, parameter, ranges[i].says);
                if (ranges[i].most < INT64_MAX) {
                    set_number(&request, parameter, ranges[i].most + 1);
                    refuse_parameter(client, call, &request, parameter, ranges[i].says);
                    set_number(&request, parameter, INT64_MAX);
                    refuse_parameter(client, call, &request, parameter, ranges[i].says);
                }
                set_number(&request, parameter, 0);
                take(client, call, &request);
                set_number(&request, parameter, ranges[i].least);
                take(client, call, &request);
                set_number(&request, parameter, ranges[i].most);
                take(client, call, &request);
            }
        }
    }
    trro_client_free(client);
}

static void refuse_element(const trro_client *client, const typed_call *call, const parameter_entry *parameter,
                           const char *element, const char *fault) {
    const char *const elements[] = {"a", "b", element};
    any_request request = full_request(call);
    char argument[64];
    set_list(&request, parameter, elements, COUNT_OF(elements));
    snprintf(argument, sizeof argument, "request->%s[2]", parameter->name);
    refuse(client, call, &request, argument, fault);
}

static void elements_of_lists_are_named_by_their_index(void) {
    trro_client *client = client_for_test();
    size_t lists = 0;
    FOR_EACH_CALL(call) {
        FOR_EACH_PARAMETER(call, parameter) {
            any_request request = full_request(call);
            if (parameter->rule != LIST)
                continue;
            lists++;
            refuse_element(client, call, parameter, NULL, "is NULL");
            refuse_element(client, call, parameter, "", "is empty");
            refuse_element(client, call, parameter, "c\r\nd", "control character");
            refuse_element(client, call, parameter, "\xff", "not UTF-8");
            set_list(&request, parameter, NULL, 1);
            refuse_parameter(client, call, &request, parameter, "is NULL, and its count is not 0");
            set_list(&request, parameter, NULL, SIZE_MAX);
            refuse_parameter(client, call, &request, parameter, "is NULL, and its count is not 0");
            /* Nobody has so many, and none is looked at. */
            set_list(&request, parameter, parameter->list, SIZE_MAX);
            refuse_parameter(client, call, &request, parameter, "10000 or less");
            set_list(&request, parameter, parameter->list, 10001);
            refuse_parameter(client, call, &request, parameter, "10000 or less");
        }
    }
    CHECK(lists == 3);
    trro_client_free(client);
}

/* The service takes no more. */
static void a_request_of_more_than_10_mib_is_refused(void) {
    enum { LENGTH = 11 << 20 };
    char *id = malloc(LENGTH + 1);
    trro_client *client = client_for_test();
    trro_describe_device_info_request request = TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT;
    const trro_device_info *info = (const trro_device_info *)buffer;
    size_t needed = 7;
    trro_error error = uninitialised_error();
    CHECK(id != NULL);
    memset(id, 'x', LENGTH);
    id[LENGTH] = '\0';
    request.project_id = PORT;
    request.device_id = id;
    CHECK_STATUS(trro_describe_device_info(client, &request, buffer, sizeof buffer, &info, &needed, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(info == NULL && needed == 0 && error.attempts == 0);
    CHECK(strncmp(error.message, "request is larger", 17) == 0);
    trro_client_free(client);
    free(id);
}

static const test tests[] = {
    {"the_table_has_every_call_and_every_field", the_table_has_every_call_and_every_field, "", 0},
    {"null_is_refused_and_named", null_is_refused_and_named, "", 0},
    {"a_size_that_no_header_has_names_the_macro", a_size_that_no_header_has_names_the_macro, "", 0},
    {"a_newer_request_with_a_field_set_is_refused", a_newer_request_with_a_field_set_is_refused, "", 0},
    {"a_newer_request_is_taken_while_its_tail_is_zero", a_newer_request_is_taken_while_its_tail_is_zero, "", CALL_COUNT},
    {"a_request_may_have_any_alignment", a_request_may_have_any_alignment, "", 2 * CALL_COUNT},
    {"a_request_may_lie_in_the_buffer", a_request_may_lie_in_the_buffer, "", CALL_COUNT},
    {"what_is_reserved_is_0_and_a_deadline_is_10_minutes_at_most",
     what_is_reserved_is_0_and_a_deadline_is_10_minutes_at_most, "", 0},
    {"what_is_required_is_missed_by_its_name", what_is_required_is_missed_by_its_name, "", 0},
    {"no_string_smuggles_anything", no_string_smuggles_anything, "", 0},
    {"an_empty_string_says_nothing", an_empty_string_says_nothing, "", 0},
    {"what_is_not_allowed_is_refused_with_what_is", what_is_not_allowed_is_refused_with_what_is, "", 0},
    {"the_ends_of_what_is_allowed_are_taken", the_ends_of_what_is_allowed_are_taken, "", 41},
    {"numbers_out_of_range_are_refused", numbers_out_of_range_are_refused, "", 57},
    {"a_request_of_more_than_10_mib_is_refused", a_request_of_more_than_10_mib_is_refused, "", 0},
    {"elements_of_lists_are_named_by_their_index", elements_of_lists_are_named_by_their_index, "", 0},
};
RUN_TESTS(tests)
