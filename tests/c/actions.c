/* Each of the typed calls, in the stories that they are made for, against the account that the emulator begins with: projects,
 * devices and permissions from creation to deletion, licenses, and sessions. */
#define _GNU_SOURCE
#include "control.h"

#define PIT "m82k5408n675phvb"
#define PORT "q7d2x9w4k1z8r5tn"
#define HOUR_S 3600

static char buffer[256 * 1024];

#define EXPECT(status, function, request, result, error) \
    CHECK_STATUS(function(client, &(request), buffer, sizeof buffer, &(result), NULL, &(error)), status, &(error))
#define ASK(function, request, result) EXPECT(TRRO_STATUS_OK, function, request, result, error)

/* "2026-11-26T10:00:00+08:00": as the emulator says moments, by the time of China. */
static void check_moment(const char *text, time_t least_s, time_t most_s) {
    struct tm time = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &time);
    time_t moment_s;
    CHECK(end != NULL);
    CHECK_TEXT(end, "+08:00");
    moment_s = timegm(&time) - 8 * HOUR_S;
    CHECK(moment_s >= least_s && moment_s <= most_s);
}

static void check_request_id(const char *request_id) {
    CHECK(strncmp(request_id, "00000000-0000-4000-8000-", 24) == 0 && strlen(request_id) == 36);
}

/* The emulator tells what no action of the service does: passwords and permissions. */
static void check_state(const char *expected) {
    static char state[128 * 1024];
    emulator("state", "", state, sizeof state);
    if (strstr(state, expected) == NULL) {
        fprintf(stderr, "the emulator has no %s\n", expected);
        exit(1);
    }
}

/* The id of a new project, for as long as there is no other. */
static const char *new_project(const trro_client *client) {
    static char project_id[32];
    trro_create_project_request request = TRRO_CREATE_PROJECT_REQUEST_INIT;
    const trro_project_creation *creation;
    trro_error error = uninitialised_error();
    request.project_name = "采石场 quarry";
    request.project_description = "for \"tests\"";
    request.policy_mode = "white";
    ASK(trro_create_project, request, creation);
    CHECK(error.attempts == 1 && strlen(creation->project_id) == 16);
    check_request_id(creation->request_id);
    strcpy(project_id, creation->project_id);
    return project_id;
}

/* The row of a project in the list. */
static const trro_project *listed_project(const trro_client *client, const char *project_id, int64_t expected) {
    trro_describe_project_list_request request = TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT;
    const trro_project_list *list;
    const trro_project *found = NULL;
    trro_error error = uninitialised_error();
    size_t i;
    ASK(trro_describe_project_list, request, list);
    check_request_id(list->request_id);
    CHECK(list->total == expected && list->num == expected && list->project_count == (size_t)expected);
    for (i = 0; i < list->project_count; i++)
        if (strcmp(list->projects[i]->project_id, project_id) == 0)
            found = list->projects[i];
    return found;
}

static void a_project_is_made_changed_and_deleted(void) {
    trro_client *client = client_for_test();
    const time_t before_s = time(NULL) - 1;
    const char *project_id = new_project(client);
    trro_describe_project_info_request ask = TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT;
    trro_modify_project_request modify = TRRO_MODIFY_PROJECT_REQUEST_INIT;
    trro_delete_project_request delete = TRRO_DELETE_PROJECT_REQUEST_INIT;
    const trro_project_info *info;
    const trro_project_modification *modification;
    const trro_project_deletion *deletion;
    const trro_project *row = listed_project(client, project_id, 3);
    trro_error error = uninitialised_error();
    CHECK(row != NULL);
    CHECK_TEXT(row->project_name, "采石场 quarry");
    CHECK_TEXT(row->project_description, "for \"tests\"");
    CHECK_TEXT(row->policy_mode, "white");
    check_moment(row->modify_time, before_s, time(NULL) + 1);
    ask.project_id = modify.project_id = delete.project_id = project_id;

    /* What is not given stays; an empty description is one. */
    modify.project_name = "采石场 2";
    modify.project_description = "";
    ASK(trro_modify_project, modify, modification);
    check_request_id(modification->request_id);
    ASK(trro_describe_project_info, ask, info);
    CHECK_TEXT(info->project_name, "采石场 2");
    CHECK_TEXT(info->project_description, "");
    CHECK_TEXT(info->policy_mode, "white");
    check_moment(info->modify_time, before_s, time(NULL) + 1);
    check_request_id(info->request_id);

    ASK(trro_delete_project, delete, deletion);
    check_request_id(deletion->request_id);
    EXPECT(TRRO_STATUS_NOT_FOUND, trro_describe_project_info, ask, info, error);
    CHECK_TEXT(error.code, "ResourceNotFound");
    CHECK(info == NULL && strstr(error.message, project_id) != NULL && error.http_status == 200);
    check_request_id(error.request_id);
    EXPECT(TRRO_STATUS_NOT_FOUND, trro_delete_project, delete, deletion, error);
    CHECK(deletion == NULL && error.outcome_unknown == 0 && error.retryable == 0);
    CHECK(listed_project(client, project_id, 2) == NULL);
    trro_client_free(client);
}

static void projects_come_in_pages(void) {
    trro_client *client = client_for_test();
    trro_describe_project_list_request request = TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT;
    const trro_project_list *list;
    trro_error error = uninitialised_error();
    request.page_size = 1;
    ASK(trro_describe_project_list, request, list);
    CHECK(list->total == 2 && list->num == 1 && list->project_count == 1);
    CHECK_TEXT(list->projects[0]->project_id, PIT);
    CHECK_TEXT(list->projects[0]->project_name, "矿区 open pit");
    CHECK_TEXT(list->projects[0]->project_description, "Trucks and excavators of the open pit");
    CHECK_TEXT(list->projects[0]->policy_mode, "black");
    check_moment(list->projects[0]->modify_time, time(NULL) - 200 * 24 * HOUR_S - 60, time(NULL) - 200 * 24 * HOUR_S + 1);
    request.page_number = 2;
    ASK(trro_describe_project_list, request, list);
    CHECK(list->project_count == 1);
    CHECK_TEXT(list->projects[0]->project_id, PORT);
    request.page_number = 3;
    ASK(trro_describe_project_list, request, list);
    CHECK(list->total == 2 && list->num == 0 && list->project_count == 0 && list->projects != NULL);
    trro_client_free(client);
}

static void make_device(const trro_client *client, const char *project_id, const char *device_id, const char *name,
                        const char *type, const char *token) {
    trro_create_device_request request = TRRO_CREATE_DEVICE_REQUEST_INIT;
    const trro_device_creation *creation;
    trro_error error = uninitialised_error();
    request.project_id = project_id;
    request.device_id = device_id;
    request.device_name = name;
    request.device_type = type;
    request.device_token = token;
    ASK(trro_create_device, request, creation);
    check_request_id(creation->request_id);
    EXPECT(TRRO_STATUS_REQUEST_REJECTED, trro_create_device, request, creation, error);
    CHECK_TEXT(error.code, "InvalidParameterValue");
    CHECK(creation == NULL && error.outcome_unknown == 0 && strstr(error.message, token) == NULL);
}

static const trro_device_info *device_info(const trro_client *client, const char *project_id, const char *device_id) {
    trro_describe_device_info_request request = TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT;
    const trro_device_info *info;
    trro_error error = uninitialised_error();
    request.project_id = project_id;
    request.device_id = device_id;
    ASK(trro_describe_device_info, request, info);
    check_request_id(info->request_id);
    return info;
}

static const trro_devices *devices_of(const trro_client *client, const char *project_id) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    request.project_id = project_id;
    ASK(trro_get_devices, request, page);
    return page;
}

static void check_new_device(const trro_device *device, const char *device_id, const char *name) {
    CHECK_TEXT(device->device_id, device_id);
    CHECK_TEXT(device->device_name, name);
    CHECK(device->license_count == 0 && device->license_id_count == 0 && device->license_ids != NULL);
    CHECK(device->expire_time_s == TRRO_ABSENT && device->monthly_remain_time == TRRO_ABSENT);
}

static void devices_are_made_changed_and_deleted(void) {
    static const char *const ids[] = {"truck_7", "ghost", "cab_1"};
    trro_client *client = client_for_test();
    const time_t before_s = time(NULL) - 1;
    const char *project_id = new_project(client);
    trro_modify_device_request modify = TRRO_MODIFY_DEVICE_REQUEST_INIT;
    trro_batch_delete_devices_request delete = TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT;
    const trro_device_modification *modification;
    const trro_device_deletion *deletion;
    const trro_device_info *info;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    make_device(client, project_id, "truck_7", "矿卡_7", "field", "firstTOKEN012345");
    make_device(client, project_id, "cab_1", "cab", "remote", "cabinTOKEN012345");
    check_state("\"DeviceToken\":\"firstTOKEN012345\"");

    info = device_info(client, project_id, "truck_7");
    CHECK_TEXT(info->device_name, "矿卡_7");
    CHECK_TEXT(info->device_type, "field");
    CHECK_TEXT(info->device_status, "offline");
    CHECK_TEXT(info->last_report_time, "");
    check_moment(info->modify_time, before_s, time(NULL) + 1);
    CHECK_TEXT(device_info(client, project_id, "cab_1")->device_type, "remote");
    page = devices_of(client, project_id);
    CHECK(page->device_count == 2 && page->total_count == 2);
    check_new_device(page->devices[0], "truck_7", "矿卡_7");
    check_new_device(page->devices[1], "cab_1", "cab");

    /* What is not given stays, the name and the password. */
    modify.project_id = delete.project_id = project_id;
    modify.device_id = "truck_7";
    modify.device_name = "矿卡_8";
    ASK(trro_modify_device, modify, modification);
    check_request_id(modification->request_id);
    check_state("\"DeviceToken\":\"firstTOKEN012345\"");
    modify.device_name = NULL;
    modify.device_token = "otherTOKEN543210";
    ASK(trro_modify_device, modify, modification);
    check_state("\"DeviceToken\":\"otherTOKEN543210\"");
    CHECK_TEXT(device_info(client, project_id, "truck_7")->device_name, "矿卡_8");
    modify.device_id = "ghost";
    EXPECT(TRRO_STATUS_NOT_FOUND, trro_modify_device, modify, modification, error);
    CHECK(error.outcome_unknown == 0);

    delete.device_ids = ids;
    delete.device_id_count = 3;
    ASK(trro_batch_delete_devices, delete, deletion);
    check_request_id(deletion->request_id);
    CHECK(deletion->failed_device_id_count == 1);
    CHECK_TEXT(deletion->failed_device_ids[0], "ghost");
    CHECK(devices_of(client, project_id)->device_count == 0);
    trro_client_free(client);
}

static void devices_of_the_port_are_what_they_are(void) {
    trro_client *client = client_for_test();
    const trro_device_info *info = device_info(client, PORT, "cockpit_a");
    CHECK_TEXT(info->device_name, "驾驶舱 A");
    CHECK_TEXT(info->device_type, "remote");
    CHECK_TEXT(info->device_status, "connected");
    check_moment(info->last_report_time, time(NULL) - 120, time(NULL));
    check_moment(info->modify_time, time(NULL) - 19 * 24 * HOUR_S - 60, time(NULL) - 19 * 24 * HOUR_S + 1);
    info = device_info(client, PORT, "port_02");
    CHECK_TEXT(info->device_type, "field");
    CHECK_TEXT(info->device_status, "ready");
    CHECK_TEXT(device_info(client, PORT, "port_03")->device_status, "offline");
    trro_client_free(client);
}

static void check_one(const char *const *list, size_t count, const char *expected) {
    CHECK(list != NULL && count == (expected != NULL));
    if (expected != NULL)
        CHECK_TEXT(list[0], expected);
}

static void modify_policy(const trro_client *client, const char *mode, const char *const *ids, size_t count,
                          const char *not_added, const char *not_removed) {
    trro_modify_policy_request request = TRRO_MODIFY_POLICY_REQUEST_INIT;
    const trro_policy_modification *modification;
    trro_error error = uninitialised_error();
    request.project_id = PORT;
    request.remote_device_id = "cockpit_a";
    request.field_device_ids = ids;
    request.field_device_id_count = count;
    request.policy_mode = "black";
    request.modify_mode = mode;
    ASK(trro_modify_policy, request, modification);
    check_request_id(modification->request_id);
    check_one(modification->failed_insert_ids, modification->failed_insert_id_count, not_added);
    check_one(modification->failed_delete_ids, modification->failed_delete_id_count, not_removed);
}

static void permissions_are_added_removed_set_and_deleted(void) {
    static const char *const some[] = {"port_05", "ghost", "port_06"}, *const others[] = {"port_07"};
    static const char *const remote[] = {"cockpit_a", "ghost"};
    trro_client *client = client_for_test();
    trro_batch_delete_policy_request delete = TRRO_BATCH_DELETE_POLICY_REQUEST_INIT;
    const trro_policy_deletion *deletion;
    trro_error error = uninitialised_error();
    modify_policy(client, "add", some, 3, "ghost", NULL);
    check_state("\"FieldDeviceIds\":[\"port_05\",\"port_06\"]");
    modify_policy(client, "add", others, 1, NULL, NULL);
    check_state("\"FieldDeviceIds\":[\"port_05\",\"port_06\",\"port_07\"]");
    modify_policy(client, "remove", some, 2, NULL, "ghost");
    check_state("\"FieldDeviceIds\":[\"port_06\",\"port_07\"]");
    modify_policy(client, "set", some, 1, NULL, NULL);
    check_state("\"FieldDeviceIds\":[\"port_05\"]");
    delete.project_id = PORT;
    delete.remote_device_ids = remote;
    delete.remote_device_id_count = 2;
    delete.policy_mode = "black";
    ASK(trro_batch_delete_policy, delete, deletion);
    check_request_id(deletion->request_id);
    check_one(deletion->failed_remote_device_ids, deletion->failed_remote_device_id_count, "ghost");
    /* The other list is another matter. */
    check_state("\"FieldDeviceIds\":[\"port_01\",\"port_02\",\"port_03\",\"port_04\"]");
    delete.policy_mode = "white";
    delete.remote_device_id_count = 1;
    ASK(trro_batch_delete_policy, delete, deletion);
    check_one(deletion->failed_remote_device_ids, deletion->failed_remote_device_id_count, NULL);
    check_state("\"Policies\":[]");
    trro_client_free(client);
}

static const test tests[] = {
    {"a_project_is_made_changed_and_deleted", a_project_is_made_changed_and_deleted, "", 8},
    {"projects_come_in_pages", projects_come_in_pages, "", 3},
    {"devices_are_made_changed_and_deleted", devices_are_made_changed_and_deleted, "", 14},
    {"devices_of_the_port_are_what_they_are", devices_of_the_port_are_what_they_are, "", 3},
    {"permissions_are_added_removed_set_and_deleted", permissions_are_added_removed_set_and_deleted, "", 6},
};
RUN_TESTS(tests)
