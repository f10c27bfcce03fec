/* One program that calls every function of version 0.1.0, in an order in which a program might: what makes a device and asks for
 * it before what deletes it. It is compiled with the header beside it, and works with every library of that SONAME. */
#include <poll.h>
#include <time.h>

#include "check.h"

static char buffer[TRRO_CHANGE_BUFFER_SIZE(64)];
static trro_client *client;

/* What every call of an action gives back, and what is expected of it. */
#define TO(response) buffer, sizeof buffer, &response, NULL, &error
#define ANSWER(response, call)                                                           \
    const trro_##response *response = NULL;                                              \
    trro_error error = uninitialised_error();                                            \
    CHECK_STATUS(call, TRRO_STATUS_OK, &error);                                          \
    CHECK(response != NULL && response->request_id[0] != '\0')

static void what_needs_no_client(void) {
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    CHECK(trro_version()[0] != '\0');
    CHECK_TEXT(trro_status_name(TRRO_STATUS_TIMEOUT), "TRRO_STATUS_TIMEOUT");
    CHECK_TEXT(trro_verdict_name(TRRO_VERDICT_EXPIRED), "TRRO_VERDICT_EXPIRED");
    CHECK_TEXT(trro_authorization_sentence(NULL), "there is no answer of the service");
    CHECK(trro_derive_signing_key("secret", "2026-01-01", key, NULL) == TRRO_STATUS_OK);
}

static void make_a_project(char *project_id) {
    trro_create_project_request request = TRRO_CREATE_PROJECT_REQUEST_INIT;
    request.project_name = "harbour";
    ANSWER(project_creation, trro_create_project(client, &request, TO(project_creation)));
    strcpy(project_id, project_creation->project_id);
}

static void look_at_the_project(const char *project_id) {
    {
        trro_modify_project_request request = TRRO_MODIFY_PROJECT_REQUEST_INIT;
        request.project_id = project_id;
        request.project_description = "cranes";
        ANSWER(project_modification, trro_modify_project(client, &request, TO(project_modification)));
    }
    {
        trro_describe_project_info_request request = TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(project_info, trro_describe_project_info(client, &request, TO(project_info)));
        CHECK_TEXT(project_info->project_description, "cranes");
    }
    {
        trro_describe_project_list_request request = TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT;
        ANSWER(project_list, trro_describe_project_list(client, &request, TO(project_list)));
        CHECK(project_list->total == 3);
    }
}

static void make_a_device(const char *project_id, const char *device_id, const char *type) {
    trro_create_device_request request = TRRO_CREATE_DEVICE_REQUEST_INIT;
    request.project_id = project_id;
    request.device_id = request.device_name = device_id;
    request.device_type = type;
    request.device_token = "0123456789abcdef";
    ANSWER(device_creation, trro_create_device(client, &request, TO(device_creation)));
}

static void look_at_the_device(const char *project_id) {
    {
        trro_modify_device_request request = TRRO_MODIFY_DEVICE_REQUEST_INIT;
        request.project_id = project_id;
        request.device_id = "crane_1";
        request.device_name = "gantry_1";
        ANSWER(device_modification, trro_modify_device(client, &request, TO(device_modification)));
    }
    {
        trro_describe_device_info_request request = TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT;
        request.project_id = project_id;
        request.device_id = "crane_1";
        ANSWER(device_info, trro_describe_device_info(client, &request, TO(device_info)));
        CHECK_TEXT(device_info->device_name, "gantry_1");
    }
    {
        char json[256];
        size_t length = 0;
        snprintf(json, sizeof json, "{\"Count\":2,\"DeviceId\":\"crane_1\",\"ProjectId\":\"%s\"}", project_id);
        CHECK(trro_call(client, "BoundLicenses", json, buffer, sizeof buffer, &length, NULL, NULL) == TRRO_STATUS_OK);
        CHECK(length == strlen(buffer));
    }
}

static void look_at_its_licenses(const char *project_id) {
    {
        trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
        trro_verdict verdict = TRRO_VERDICT_UNKNOWN;
        request.project_id = project_id;
        request.device_id = "crane_1";
        ANSWER(devices, trro_get_devices(client, &request, TO(devices)));
        CHECK(devices->device_count == 1 && devices->devices[0]->license_count == 2);
        CHECK(trro_device_verdict(devices->devices[0], 2, time(NULL), &verdict) == TRRO_STATUS_OK);
        CHECK(verdict == TRRO_VERDICT_AUTHORIZED);
    }
    {
        trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(licenses, trro_get_licenses(client, &request, TO(licenses)));
        CHECK(licenses->row_count == 2);
    }
    {
        trro_get_license_stat_request request = TRRO_GET_LICENSE_STAT_REQUEST_INIT;
        ANSWER(license_stat, trro_get_license_stat(client, &request, TO(license_stat)));
        CHECK(license_stat->unbound == 4);
    }
    {
        trro_get_device_license_request request = TRRO_GET_DEVICE_LICENSE_REQUEST_INIT;
        request.project_id = project_id;
        request.device_id = "crane_1";
        ANSWER(device_license, trro_get_device_license(client, &request, TO(device_license)));
        CHECK(device_license->available_count == 2);
    }
}

static int count(void *user_data, const trro_device *device) {
    (void)device;
    ++*(int *)user_data;
    return 0;
}

static int count_steps(void *user_data, const trro_diagnosis *diagnosis) {
    CHECK(diagnosis->status == TRRO_STATUS_OK);
    ++*(int *)user_data;
    return 0;
}

/* By the file that the vendor's SDK has. */
static void may_it_run(const char *project_id) {
    char path[512];
    char memory[1024];
    const trro_authorization_query *query;
    const trro_device_filter filter = {sizeof filter, project_id, NULL, 0, 0, 0};
    trro_authorization authorization;
    int64_t offset_ms = TRRO_ABSENT;
    int devices = 0, steps = 0;
    FILE *file;
    snprintf(path, sizeof path, "%s/config.json", getenv("HOME"));
    file = fopen(path, "w");
    CHECK(file != NULL);
    fprintf(file, "{\"projectid\":\"%s\",\"device_id\":\"crane_1\",\"device_streams\":2}", project_id);
    CHECK(fclose(file) == 0);
    CHECK(trro_load_device_config(path, memory, sizeof memory, &query, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(trro_check_authorization(client, query, &authorization, NULL) == TRRO_STATUS_OK);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED && authorization.streams == 2);
    CHECK(trro_for_each_device(client, &filter, count, &devices, NULL, NULL) == TRRO_STATUS_OK && devices == 2);
    CHECK(trro_client_diagnose(client, query, count_steps, &steps, NULL) == TRRO_STATUS_OK && steps == 11);
    CHECK(trro_client_clock_offset_ms(client, &offset_ms, NULL) == TRRO_STATUS_OK && offset_ms != TRRO_ABSENT);
}

static void watch_it(const char *project_id) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization;
    trro_watch *watch;
    struct pollfd changed = {.events = POLLIN};
    query.project_id = project_id;
    query.device_id = "crane_1";
    config.query = &query;
    CHECK(trro_watch_new(client, &config, &watch, NULL) == TRRO_STATUS_OK);
    changed.fd = trro_watch_fd(watch);
    CHECK(poll(&changed, 1, 20000) == 1);
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
}

static void look_at_sessions(const char *project_id) {
    {
        trro_describe_device_session_list_request request = TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(session_list, trro_describe_device_session_list(client, &request, TO(session_list)));
        CHECK(session_list->session_count == 0);
    }
    {
        trro_describe_recent_session_list_request request = TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(recent_session_list, trro_describe_recent_session_list(client, &request, TO(recent_session_list)));
        CHECK(recent_session_list->session_count == 0);
    }
    {
        trro_describe_session_statistics_request request = TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(session_statistics, trro_describe_session_statistics(client, &request, TO(session_statistics)));
        CHECK(session_statistics->session_count == 0);
    }
    {
        trro_describe_session_statistics_by_interval_request request =
            TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT;
        request.project_id = project_id;
        request.statistic_interval = "day";
        ANSWER(session_statistics_by_interval,
               trro_describe_session_statistics_by_interval(client, &request, TO(session_statistics_by_interval)));
        CHECK(session_statistics_by_interval->interval_count == 0);
    }
}

static void change_permissions(const char *project_id) {
    static const char *const field[] = {"crane_1"}, *const remote[] = {"cabin_1"};
    {
        trro_modify_policy_request request = TRRO_MODIFY_POLICY_REQUEST_INIT;
        request.project_id = project_id;
        request.remote_device_id = "cabin_1";
        request.field_device_ids = field;
        request.field_device_id_count = 1;
        request.policy_mode = "black";
        request.modify_mode = "add";
        ANSWER(policy_modification, trro_modify_policy(client, &request, TO(policy_modification)));
        CHECK(policy_modification->failed_insert_id_count == 0);
    }
    {
        trro_batch_delete_policy_request request = TRRO_BATCH_DELETE_POLICY_REQUEST_INIT;
        request.project_id = project_id;
        request.remote_device_ids = remote;
        request.remote_device_id_count = 1;
        request.policy_mode = "black";
        ANSWER(policy_deletion, trro_batch_delete_policy(client, &request, TO(policy_deletion)));
        CHECK(policy_deletion->failed_remote_device_id_count == 0);
    }
}

static void delete_all(const char *project_id) {
    static const char *const ids[] = {"crane_1", "cabin_1"};
    {
        trro_batch_delete_devices_request request = TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT;
        request.project_id = project_id;
        request.device_ids = ids;
        request.device_id_count = 2;
        ANSWER(device_deletion, trro_batch_delete_devices(client, &request, TO(device_deletion)));
        CHECK(device_deletion->failed_device_id_count == 0);
    }
    {
        trro_delete_project_request request = TRRO_DELETE_PROJECT_REQUEST_INIT;
        request.project_id = project_id;
        ANSWER(project_deletion, trro_delete_project(client, &request, TO(project_deletion)));
    }
}

static void every_function_can_be_called(void) {
    const trro_client_config config = config_for_test();
    char project_id[32];
    what_needs_no_client();
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    make_a_project(project_id);
    look_at_the_project(project_id);
    make_a_device(project_id, "crane_1", "field");
    make_a_device(project_id, "cabin_1", "remote");
    look_at_the_device(project_id);
    look_at_its_licenses(project_id);
    may_it_run(project_id);
    watch_it(project_id);
    look_at_sessions(project_id);
    change_permissions(project_id);
    CHECK(trro_client_connect(client, 0, NULL) == TRRO_STATUS_OK);
    trro_client_cancel(client);
    CHECK(trro_client_resume(client, NULL) == TRRO_STATUS_OK);
    delete_all(project_id);
    trro_client_free(client);
}

static const test tests[] = {
    {"every_function_can_be_called", every_function_can_be_called, "", -1},
};
RUN_TESTS(tests)
