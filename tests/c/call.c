/* trro_call(): any action, with JSON. */
#include "control.h"

#define PIT "m82k5408n675phvb"
#define PORT "q7d2x9w4k1z8r5tn"
#define OF_PIT "{\"ProjectId\":\"" PIT "\"}"
#define OF_UNBOUND "\"DeviceId\":\"field_unbound\",\"ProjectId\":\"" PIT "\"}"

enum { ENOUGH = TRRO_CHANGE_BUFFER_SIZE(0) };
static char buffer[TRRO_CHANGE_BUFFER_SIZE(64)];

static trro_client *client_that_tries(uint32_t max_attempts) {
    trro_client_config config = config_for_test();
    trro_client *client;
    config.max_attempts = max_attempts;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    return client;
}

/* The answer has to be whole: an object from the first byte on, as long as is said, and terminated. */
static void check_json(const char *json, size_t length, size_t used) {
    CHECK(json[0] == '{' && json[length - 1] == '}' && json[length] == '\0' && strlen(json) == length);
    CHECK(used == length + 1);
}

static const char *ask(const trro_client *client, const char *action, const char *json) {
    size_t length = 7, used = 7;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_call(client, action, json, buffer, sizeof buffer, &length, &used, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
    check_json(buffer, length, used);
    return buffer;
}

/* Expects a failure that gives nothing back. */
static trro_error fail(const trro_client *client, const char *action, const char *json, size_t size, trro_status expected) {
    size_t length = 7, needed = 7;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_call(client, action, json, buffer, size, &length, &needed, &error), expected, &error);
    CHECK(length == 0 && needed == 0);
    return error;
}

static void check_field(const char *json, const char *name, const char *value) {
    char field[256];
    snprintf(field, sizeof field, "\"%s\":\"%s\"", name, value);
    if (strstr(json, field) == NULL) {
        fprintf(stderr, "no %s in %s\n", field, json);
        exit(1);
    }
}

static void the_json_says_what_the_typed_call_says(void) {
    static char typed[16 * 1024];
    trro_client *client = client_for_test();
    trro_describe_project_info_request request = TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT;
    trro_get_license_stat_request ask_stat = TRRO_GET_LICENSE_STAT_REQUEST_INIT;
    const trro_project_info *info;
    const trro_license_stat *stat;
    const char *json;
    char numbers[64];
    request.project_id = PIT;
    CHECK(trro_describe_project_info(client, &request, typed, sizeof typed, &info, NULL, NULL) == TRRO_STATUS_OK);
    json = ask(client, "DescribeProjectInfo", OF_PIT);
    check_field(json, "ProjectName", info->project_name);
    check_field(json, "ProjectDescription", info->project_description);
    check_field(json, "PolicyMode", info->policy_mode);
    check_field(json, "ModifyTime", info->modify_time);
    check_field(json, "RequestId", "00000000-0000-4000-8000-000000000002");
    CHECK(trro_get_license_stat(client, &ask_stat, typed, sizeof typed, &stat, NULL, NULL) == TRRO_STATUS_OK);
    json = ask(client, "GetLicenseStat", "{}");
    snprintf(numbers, sizeof numbers, "\"UnBound\":%d,\"Valid\":%d", (int)stat->unbound, (int)stat->valid);
    CHECK(strstr(json, numbers) != NULL && stat->valid > 0);
    trro_client_free(client);
}

static void the_json_is_the_services_own(void) {
    trro_client *client = client_for_test();
    CHECK_TEXT(ask(client, "GetLicenseStat", "{}"), "{ \"B\" : [1, {\"a\":\"\\u8f66\"}],\"A\":1.50, \"A\":null, \"RequestId\":\"1\" }");
    CHECK_TEXT(ask(client, "GetLicenseStat", " {\"x\": [1, 2, {}], \"y\": null}\n"), "{\"RequestId\":\"2\"}");
    trro_client_free(client);
}

/* Exactly enough at each alignment, and not a byte outside of it. Without room the answer is kept. */
static void the_json_begins_where_the_buffer_does(void) {
    trro_client *client = client_for_test();
    size_t shift;
    for (shift = 0; shift <= 8; shift++) {
        char *begin = buffer + 16 + shift;
        size_t length = 7, needed = 7, size, i;
        trro_error error = uninitialised_error();
        memset(buffer, 0x5a, sizeof buffer);
        CHECK_STATUS(trro_call(client, "DescribeProjectInfo", OF_PIT, NULL, 0, &length, &needed, &error),
                     TRRO_STATUS_BUFFER_TOO_SMALL, &error);
        CHECK(length == 0 && needed > 100 && error.attempts == 1 && error.outcome_unknown == 0);
        size = needed;
        length = 7;
        CHECK_STATUS(trro_call(client, "DescribeProjectInfo", OF_PIT, begin, size - 1, &length, &needed, &error),
                     TRRO_STATUS_BUFFER_TOO_SMALL, &error);
        CHECK(length == 0 && needed == size && error.attempts == 0);
        CHECK_STATUS(trro_call(client, "DescribeProjectInfo", OF_PIT, begin, size, &length, &needed, &error),
                     TRRO_STATUS_OK, &error);
        CHECK(error.attempts == 0 && length == size - 1);
        check_json(begin, length, needed);
        for (i = 0; i < 16 + shift; i++)
            CHECK(buffer[i] == 0x5a && begin[size + i] == 0x5a);
    }
    trro_client_free(client);
}

static void the_parameters_may_lie_in_the_buffer(void) {
    trro_client *client = client_for_test();
    strcpy(buffer, "DescribeProjectInfo");
    strcpy(buffer + 20, OF_PIT);
    check_field(ask(client, buffer, buffer + 20), "ProjectName", "矿区 open pit");
    strcpy(buffer, OF_PIT);
    check_field(ask(client, "DescribeProjectInfo", buffer), "ProjectName", "矿区 open pit");
    trro_client_free(client);
}

static void what_is_given_back_may_be_null(void) {
    trro_client *client = client_for_test();
    CHECK(trro_call(client, "GetLicenseStat", "{}", buffer, sizeof buffer, NULL, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(buffer[0] == '{');
    CHECK(trro_call(client, "GetLicenseStat", "{}", NULL, 0, NULL, NULL, NULL) == TRRO_STATUS_BUFFER_TOO_SMALL);
    CHECK(trro_call(client, "GetLicenseStat", "{}", buffer, sizeof buffer, NULL, NULL, NULL) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void refuse(const trro_client *client, const char *action, const char *json, const char *argument) {
    const trro_error error = fail(client, action, json, sizeof buffer, TRRO_STATUS_INVALID_ARGUMENT);
    if (strncmp(error.message, argument, strlen(argument)) != 0 || error.message[strlen(argument)] != ' ') {
        fprintf(stderr, "%s is not named for \"%.64s\": %s\n", argument, json != NULL ? json : "NULL", error.message);
        exit(1);
    }
    CHECK(error.attempts == 0 && error.outcome_unknown == 0 && error.retryable == 0);
    CHECK(strstr(error.message, "s3cret") == NULL && strstr(error.message, "Evil") == NULL);
}

static void what_is_no_action_is_refused(void) {
    static const char *const actions[] = {
        NULL, "", " ", "Get Devices", "GetDevices ", "GetDevices\r\nX-Evil: 1", "Get\nDevices", "\r", "Get-Devices", "Get_Devices",
        "Get.Devices", "Ger\xc3\xa4t", "\xff", "GetDevices\x01",
        "A234567890123456789012345678901234567890123456789012345678901234x",
    };
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
        refuse(client, actions[i], "{}", "action");
    CHECK(strlen(actions[i - 1]) == 65);
    trro_client_free(client);
}

static void what_is_no_json_object_is_refused_and_not_repeated(void) {
    static const char *const jsons[] = {
        NULL, "", " ", "7", "null", "true", "[]", "\"s3cret\"", "s3cret", "[\"s3cret\"]", "{", "}", "{} {}", "{}x", "{\"a\":}",
        "{\"a\":1,}", "{'a':1}", "{s3cret:1}", "{\"a\":s3cret}", "{\"DeviceToken\":\"s3cret", "{\"DeviceToken\":\"s3cret\"",
        "{\"s3cret\"}", "{\"a\":\"s3cret\n\"}", "{\"a\":\"\\ud800s3cret\"}", "{\"a\":\"\\xs3cret\"}", "{\"a\":1e999}",
        "{\"a\":01}", "{\"a\":[1,2}", "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{\"a\":NaN}", "{/* s3cret */}",
    };
    static char deep[200001];
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof jsons / sizeof jsons[0]; i++) {
        refuse(client, "GetDevices", jsons[i], "json");
        refuse(client, "BoundLicenses", jsons[i], "json");
    }
    memcpy(memset(deep, '[', sizeof deep - 1), "{\"a\":", 5);
    refuse(client, "GetDevices", deep, "json");
    trro_client_free(client);
}

static void what_is_larger_than_the_service_takes_is_not_sent(void) {
    enum { MOST = 10 << 20 };
    char *json = malloc(MOST + 2);
    trro_client *client = client_for_test();
    CHECK(json != NULL);
    memset(json, ' ', MOST + 1);
    memcpy(json, "{}", 2);
    json[MOST + 1] = '\0';
    refuse(client, "GetDevices", json, "json");
    free(json);
    trro_client_free(client);
}

static void null_is_refused_and_named(void) {
    trro_client *client = client_for_test();
    trro_error error = uninitialised_error();
    size_t length = 7, needed = 7;
    refuse(NULL, "GetDevices", "{}", "client");
    CHECK_STATUS(trro_call(client, "GetDevices", "{}", NULL, 1, &length, &needed, &error), TRRO_STATUS_INVALID_ARGUMENT,
                 &error);
    CHECK(strncmp(error.message, "buffer is NULL", 14) == 0 && length == 0 && needed == 0);
    CHECK(trro_call(NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    trro_client_free(client);
}

static void check_room(const trro_client *client, const char *action, const char *json, size_t ids) {
    const size_t enough = TRRO_CHANGE_BUFFER_SIZE(ids);
    const size_t sizes[] = {0, 1, enough - 1};
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t length = 7, needed = 7;
        trro_error error = uninitialised_error();
        CHECK_STATUS(trro_call(client, action, json, buffer, sizes[i], &length, &needed, &error),
                     TRRO_STATUS_BUFFER_TOO_SMALL, &error);
        CHECK(length == 0 && needed == enough && error.attempts == 0 && error.outcome_unknown == 0);
    }
}

static void what_may_change_something_is_not_sent_without_room(void) {
    trro_client *client = client_for_test();
    check_room(client, "BoundLicenses", "{\"Count\":1," OF_UNBOUND, 0);
    check_room(client, "DeleteProject", OF_PIT, 0);
    check_room(client, "DescribeWhatNobodyKnows", "{}", 0);
    /* Names of actions are those of the service, to the letter. */
    check_room(client, "getdevices", "{}", 0);
    check_room(client, "BatchDeleteDevices", "{\"ProjectId\":\"" PIT "\",\"DeviceIds\":[\"a\",\"b\",\"c\"]}", 3);
    check_room(client, "AnyOther", "{\"A\":[1,[2,3]],\"B\":{\"C\":[1,2,3]},\"D\":[null,\"x\",{}],\"E\":[]}", 5);
    trro_client_free(client);
}

static void what_is_not_known_is_not_sent_again(void) {
    trro_client *client = client_that_tries(4);
    const trro_error error = fail(client, "BoundLicenses", "{\"Count\":1," OF_UNBOUND, ENOUGH, TRRO_STATUS_SERVICE_FAILED);
    CHECK(error.attempts == 1 && error.outcome_unknown == 1 && error.http_status == 503);
    trro_client_free(client);
}

static void what_only_reads_is_sent_again(void) {
    trro_client *client = client_that_tries(4);
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_call(client, "GetLicenseStat", "{}", buffer, sizeof buffer, NULL, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2 && error.outcome_unknown == 0);
    trro_client_free(client);
}

static void what_was_refused_is_sent_again_also_if_it_changes(void) {
    trro_client *client = client_that_tries(4);
    trro_error error = uninitialised_error();
    /* A client that was answered before takes a refusal for what it is, and not for a fleet that boots. */
    ask(client, "GetLicenseStat", "{}");
    CHECK_STATUS(trro_call(client, "BoundLicenses", "{\"Count\":1," OF_UNBOUND, buffer, ENOUGH, NULL, NULL, &error),
                 TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2);
    trro_client_free(client);
}

static int64_t available(const trro_client *client) {
    static char typed[1024];
    trro_get_device_license_request request = TRRO_GET_DEVICE_LICENSE_REQUEST_INIT;
    const trro_device_license *license;
    trro_error error = uninitialised_error();
    request.project_id = PIT;
    request.device_id = "field_unbound";
    CHECK_STATUS(trro_get_device_license(client, &request, typed, sizeof typed, &license, NULL, &error), TRRO_STATUS_OK,
                 &error);
    return license->available_count;
}

/* An action that the site for China has, and this header has not. */
static void a_license_is_bound_by_an_action_without_a_function(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_authorization authorization;
    size_t length = 7, used = 7;
    trro_error error = uninitialised_error();
    CHECK(available(client) == 0);
    CHECK_STATUS(trro_call(client, "BoundLicenses", "{\"Count\":2," OF_UNBOUND, buffer, ENOUGH, &length, &used, &error),
                 TRRO_STATUS_OK, &error);
    check_json(buffer, length, used);
    check_field(buffer, "RequestId", "00000000-0000-4000-8000-000000000002");
    CHECK(available(client) == 2);
    query.project_id = PIT;
    query.device_id = "field_unbound";
    query.streams = 2;
    query.ask_available = 1;
    CHECK(trro_check_authorization(client, &query, &authorization, NULL) == TRRO_STATUS_OK);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED && authorization.available_license_count == 2);
    trro_client_free(client);
}

static void an_error_of_the_service_is_a_failure(void) {
    trro_client *client = client_for_test();
    trro_error error = fail(client, "BoundLicenses", "{\"Count\":7," OF_UNBOUND, ENOUGH, TRRO_STATUS_PERMISSION_DENIED);
    CHECK_TEXT(error.code, "OperationDenied.LicensesNotEnoughError");
    CHECK_TEXT(error.request_id, "00000000-0000-4000-8000-000000000001");
    CHECK(error.http_status == 200 && error.outcome_unknown == 0 && strstr(error.message, "6 free licenses") != NULL);
    error = fail(client, "NoSuchAction", "{}", ENOUGH, TRRO_STATUS_REQUEST_REJECTED);
    CHECK_TEXT(error.code, "InvalidAction");
    error = fail(client, "DescribeProjectInfo", "{\"ProjectId\":\"x\"}", ENOUGH, TRRO_STATUS_NOT_FOUND);
    CHECK_TEXT(error.code, "ResourceNotFound");
    /* What the service says of parameters is left to the service. */
    error = fail(client, "GetDevices", "{}", ENOUGH, TRRO_STATUS_REQUEST_REJECTED);
    CHECK_TEXT(error.code, "MissingParameter");
    error = fail(client, "GetLicenseStat", "{\"What\":1}", ENOUGH, TRRO_STATUS_REQUEST_REJECTED);
    CHECK_TEXT(error.code, "UnknownParameter");
    trro_client_free(client);
}

static void an_answer_to_a_change_that_has_no_room_is_none(void) {
    trro_client *client = client_for_test();
    trro_error error = fail(client, "BoundLicenses", "{\"Count\":1," OF_UNBOUND, ENOUGH, TRRO_STATUS_BAD_RESPONSE);
    CHECK(error.attempts == 1 && error.outcome_unknown == 1 && error.http_status == 200);
    /* One that reads just needs more. */
    CHECK_STATUS(trro_call(client, "GetLicenseStat", "{}", buffer, ENOUGH, NULL, &(size_t){0}, &error),
                 TRRO_STATUS_BUFFER_TOO_SMALL, &error);
    CHECK(error.attempts == 1 && error.outcome_unknown == 0);
    CHECK(trro_call(client, "GetLicenseStat", "{}", buffer, sizeof buffer, NULL, NULL, &error) == TRRO_STATUS_OK);
    CHECK(error.attempts == 0);
    trro_client_free(client);
}

static void what_is_no_answer_is_none(void) {
    static const char *const answers[] = {"answer:{}", "answer:[]", "answer:{\"Response\":[]}", "answer:{\"Response\":7}",
                                          "answer:{\"Response\":{}", "not-json"};
    trro_client *client = client_for_test();
    size_t i;
    for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        trro_error error;
        tell_emulator("once", answers[i]);
        error = fail(client, "GetLicenseStat", "{}", sizeof buffer, TRRO_STATUS_BAD_RESPONSE);
        CHECK(error.outcome_unknown == 0);
        tell_emulator("once", answers[i]);
        error = fail(client, "BoundLicenses", "{}", sizeof buffer, TRRO_STATUS_BAD_RESPONSE);
        CHECK(error.outcome_unknown == 1);
    }
    trro_client_free(client);
}

static void no_secret(void *user_data, int32_t level, const char *message) {
    (void)level;
    CHECK(strstr(message, user_data) == NULL);
}

static void a_secret_of_the_json_shows_nowhere(void) {
    static char secret[] = "tokenTOKEN012345";
    static const char *const jsons[] = {
        "{\"DeviceToken\":\"tokenTOKEN012345\"}",
        "{\"Key\": \"tokenTOKEN012345\", \"A\": [1]}",
        "{\"A\":{},\"SignKey\":\"tokenTOKE\\u004e012345\"}",
    };
    static const char *const answers[] = {
        "answer:{\"Response\":{\"Error\":{\"Code\":\"InvalidParameterValue\",\"Message\":\"tokenTOKEN012345 is bad\"}}}",
        "answer:{\"Response\":{\"Error\":{\"Code\":\"InvalidParameterValue\",\"Message\":\"\\u0074okenTOKEN012345\"}}}",
        "answer:{\"Response\":{\"Error\":{\"Code\":\"tokenTOKEN012345\",\"Message\":\"\"},\"RequestId\":\"tokenTOKEN012345\"}}",
        "answer:{\"Response\":{\"RequestId\":{\"tokenTOKEN012345\":1}}}",
        "answer:tokenTOKEN012345",
        "error:tokenTOKEN012345",
        "echo",
        "hang-up",
    };
    trro_client_config config = config_for_test();
    trro_client *client;
    size_t i, j;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = no_secret;
    config.log_data = secret;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    for (i = 0; i < sizeof jsons / sizeof jsons[0]; i++) {
        for (j = 0; j < sizeof answers / sizeof answers[0]; j++) {
            trro_error error = uninitialised_error();
            tell_emulator("once", answers[j]);
            CHECK(trro_call(client, "CreateDevice", jsons[i], buffer, sizeof buffer, NULL, NULL, &error) != TRRO_STATUS_OK);
            CHECK(strstr(error.message, secret) == NULL && strstr(error.code, secret) == NULL);
            CHECK(strstr(error.request_id, secret) == NULL);
        }
    }
    trro_client_free(client);
}

static const test tests[] = {
    {"the_json_says_what_the_typed_call_says", the_json_says_what_the_typed_call_says, "", 4},
    {"the_json_is_the_services_own", the_json_is_the_services_own,
     "answer: {\"Extra\":1, \"Response\" : { \"B\" : [1, {\"a\":\"\\u8f66\"}],\"A\":1.50, \"A\":null, \"RequestId\":\"1\" } } |"
     "answer:{\"Response\":{\"RequestId\":\"2\"}}",
     2},
    {"the_json_begins_where_the_buffer_does", the_json_begins_where_the_buffer_does, "", 9},
    {"the_parameters_may_lie_in_the_buffer", the_parameters_may_lie_in_the_buffer, "", 2},
    {"what_is_given_back_may_be_null", what_is_given_back_may_be_null, "", 2},
    {"what_is_no_action_is_refused", what_is_no_action_is_refused, "", 0},
    {"what_is_no_json_object_is_refused_and_not_repeated", what_is_no_json_object_is_refused_and_not_repeated, "", 0},
    {"what_is_larger_than_the_service_takes_is_not_sent", what_is_larger_than_the_service_takes_is_not_sent, "", 0},
    {"null_is_refused_and_named", null_is_refused_and_named, "", 0},
    {"what_may_change_something_is_not_sent_without_room", what_may_change_something_is_not_sent_without_room, "", 0},
    {"what_is_not_known_is_not_sent_again", what_is_not_known_is_not_sent_again, "status:503", 1},
    {"what_only_reads_is_sent_again", what_only_reads_is_sent_again, "status:503", 2},
    {"what_was_refused_is_sent_again_also_if_it_changes", what_was_refused_is_sent_again_also_if_it_changes,
     "sometimes:0|throttled", 3},
    {"a_license_is_bound_by_an_action_without_a_function", a_license_is_bound_by_an_action_without_a_function, "", 5},
    {"an_error_of_the_service_is_a_failure", an_error_of_the_service_is_a_failure, "", 5},
    {"an_answer_to_a_change_that_has_no_room_is_none", an_answer_to_a_change_that_has_no_room_is_none,
     "too-large:17000|too-large:17000", 2},
    {"what_is_no_answer_is_none", what_is_no_answer_is_none, "", 12},
    {"a_secret_of_the_json_shows_nowhere", a_secret_of_the_json_shows_nowhere, "", 24},
};
RUN_TESTS(tests)
