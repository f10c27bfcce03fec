/* The table of typed.h, filled. Its order is one in which every request is taken by an emulator that has just begun: who deletes
 * comes last. */
#ifndef TYPED_CALLS_H
#define TYPED_CALLS_H

#include "typed.h"

#define PORT "q7d2x9w4k1z8r5tn"
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Of a request: REQUEST is the struct, while the table of its parameters is written. */
#define NEEDED(field, rule_, value) \
    {.name = #field, .at = offsetof(REQUEST, field), .rule = rule_, .is_required = 1, .text = value}
#define MAY_BE(field, rule_, value) {.name = #field, .at = offsetof(REQUEST, field), .rule = rule_, .text = value}
#define NUMBER_OF(field, rule_, value) {.name = #field, .at = offsetof(REQUEST, field), .rule = rule_, .number = value}
#define NEEDED_LIST(field, count, values)                                                \
    {.name = #field, .at = offsetof(REQUEST, field), .count_at = offsetof(REQUEST, count), .rule = LIST, \
     .is_required = 1, .list = values, .list_count = COUNT_OF(values)}

/* Of an answer: RECORD is the struct. */
#define SAYS_TEXT(field, json_) {.json = json_, .kind = TEXT, .at = offsetof(RECORD, field)}
#define SAYS_NUMBER(field, json_) {.json = json_, .kind = NUMBER, .at = offsetof(RECORD, field)}
#define SAYS_TEXTS(field, count, json_) \
    {.json = json_, .kind = TEXTS, .at = offsetof(RECORD, field), .count_at = offsetof(RECORD, count)}
#define SAYS_ROWS(field, count, json_, row_) \
    {.json = json_, .kind = ROWS, .at = offsetof(RECORD, field), .count_at = offsetof(RECORD, count), .row = &row_}
#define RECORD_OF(fields_) {.size = sizeof(RECORD), .field_count = COUNT_OF(fields_), .fields = fields_}

/* The call through pointers to anything: the real one has types that a pointer to a function must not differ from. */
#define TYPED_CALL(name, response, INIT)                                                 \
    static trro_status call_##name(const trro_client *client, const void *request, void *buffer, size_t buffer_size, \
                                   const void **output, size_t *needed_size, trro_error *error) { \
        const trro_##response *result = output != NULL ? *output : NULL;                 \
        const trro_status status = trro_##name(client, request, buffer, buffer_size,     \
                                               output != NULL ? &result : NULL, needed_size, error); \
        if (output != NULL)                                                              \
            *output = result;                                                            \
        return status;                                                                   \
    }                                                                                    \
    static const trro_##name##_request initial_##name = INIT

#define TABLE_ROW(action_, name, response_, init_)                                       \
    .action = action_, .function = "trro_" #name, .init = init_, .output = #response_, .call = call_##name, \
    .initial = &initial_##name, .size = sizeof(trro_##name##_request),                   \
    .deadline_ms_at = offsetof(trro_##name##_request, deadline_ms),                      \
    .reserved_at = offsetof(trro_##name##_request, reserved),                            \
    .response = {sizeof(trro_##response_), COUNT_OF(fields_##response_), fields_##response_}
#define PARAMETERS(name) .parameters = parameters_##name, .parameter_count = COUNT_OF(parameters_##name)
#define READS(action, name, response, init) {TABLE_ROW(action, name, response, init), PARAMETERS(name)}
#define CHANGES(action, name, response, init) {TABLE_ROW(action, name, response, init), PARAMETERS(name), .changes = 1}

TYPED_CALL(get_devices, devices, TRRO_GET_DEVICES_REQUEST_INIT);
#define REQUEST trro_get_devices_request
static const parameter_entry parameters_get_devices[] = {
    NUMBER_OF(page_num, PAGE, 1),
    NUMBER_OF(page_size, SIZE_OF_A_PAGE, 3),
    MAY_BE(project_id, ANY, PORT),
    MAY_BE(device_id, ANY, "port_01"),
};
#undef REQUEST
#define RECORD trro_device
static const field_entry fields_device[] = {
    SAYS_TEXT(device_id, "DeviceId"),
    SAYS_TEXT(device_name, "DeviceName"),
    SAYS_NUMBER(license_count, "LicenseCount"),
    SAYS_NUMBER(remain_days, "RemainDay"),
    SAYS_NUMBER(expire_time_s, "ExpireTime"),
    SAYS_NUMBER(duration_s, "Duration"),
    SAYS_NUMBER(monthly_remain_time, "MonthlyRemainTime"),
    SAYS_NUMBER(limited_time_minutes, "LimitedTime"),
    SAYS_TEXTS(license_ids, license_id_count, "LicenseIds"),
};
static const record device_record = RECORD_OF(fields_device);
#undef RECORD
#define RECORD trro_devices
static const field_entry fields_devices[] = {
    SAYS_NUMBER(total_count, "TotalCount"),
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(devices, device_count, "Devices", device_record),
};
#undef RECORD

TYPED_CALL(get_licenses, licenses, TRRO_GET_LICENSES_REQUEST_INIT);
#define REQUEST trro_get_licenses_request
static const parameter_entry parameters_get_licenses[] = {
    NUMBER_OF(page_num, PAGE, 1),
    NUMBER_OF(page_size, SIZE_OF_A_PAGE, 3),
    MAY_BE(project_id, ANY, PORT),
    MAY_BE(device_id, ANY, "port_01"),
    NUMBER_OF(status_filter, STATUS_FILTER, TRRO_LICENSE_FILTER_BOUND),
};
#undef REQUEST
#define RECORD trro_license
static const field_entry fields_license[] = {
    SAYS_NUMBER(count, "Count"),
    SAYS_NUMBER(status, "Status"),
    SAYS_NUMBER(expire_time_s, "ExpireTime"),
    SAYS_NUMBER(duration_s, "Duration"),
    SAYS_NUMBER(remain_days, "RemainDay"),
    SAYS_TEXTS(license_ids, license_id_count, "LicenseIds"),
};
static const record license_record = RECORD_OF(fields_license);
#undef RECORD
#define RECORD trro_licenses
static const field_entry fields_licenses[] = {
    SAYS_NUMBER(total_count, "TotalCount"),
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(licenses, row_count, "Licenses", license_record),
};
#undef RECORD

TYPED_CALL(get_license_stat, license_stat, TRRO_GET_LICENSE_STAT_REQUEST_INIT);
#define RECORD trro_license_stat
static const field_entry fields_license_stat[] = {
    SAYS_NUMBER(valid, "Valid"),
    SAYS_NUMBER(bound, "Bound"),
    SAYS_NUMBER(unbound, "UnBound"),
    SAYS_NUMBER(expired, "Expire"),
    SAYS_NUMBER(monthly_expired, "MonthlyExpire"),
    SAYS_TEXT(request_id, "RequestId"),
};
#undef RECORD

TYPED_CALL(get_device_license, device_license, TRRO_GET_DEVICE_LICENSE_REQUEST_INIT);
#define REQUEST trro_get_device_license_request
static const parameter_entry parameters_get_device_license[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(device_id, ANY, "port_01"),
};
#undef REQUEST
#define RECORD trro_device_license
static const field_entry fields_device_license[] = {
    SAYS_NUMBER(available_count, "AvailableCount"),
    SAYS_TEXT(request_id, "RequestId"),
};
#undef RECORD

TYPED_CALL(create_project, project_creation, TRRO_CREATE_PROJECT_REQUEST_INIT);
#define REQUEST trro_create_project_request
static const parameter_entry parameters_create_project[] = {
    NEEDED(project_name, PROJECT_NAME, "矿区 \"2\""),
    MAY_BE(project_description, DESCRIPTION, "what it is for"),
    MAY_BE(policy_mode, POLICY_MODE, "white"),
};
#undef REQUEST
#define RECORD trro_project_creation
static const field_entry fields_project_creation[] = {
    SAYS_TEXT(project_id, "ProjectId"),
    SAYS_TEXT(request_id, "RequestId"),
};
#undef RECORD

TYPED_CALL(modify_project, project_modification, TRRO_MODIFY_PROJECT_REQUEST_INIT);
#define REQUEST trro_modify_project_request
static const parameter_entry parameters_modify_project[] = {
    NEEDED(project_id, ANY, PORT),
    MAY_BE(project_name, PROJECT_NAME, "another"),
    MAY_BE(project_description, DESCRIPTION, "another"),
    MAY_BE(policy_mode, POLICY_MODE, "black"),
};
#undef REQUEST
#define RECORD trro_project_modification
static const field_entry fields_project_modification[] = {SAYS_TEXT(request_id, "RequestId")};
#undef RECORD

TYPED_CALL(describe_project_list, project_list, TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT);
#define REQUEST trro_describe_project_list_request
static const parameter_entry parameters_describe_project_list[] = {
    NUMBER_OF(page_number, PAGE, 1),
    NUMBER_OF(page_size, SIZE_OF_A_PAGE, 3),
};
#undef REQUEST
#define RECORD trro_project
static const field_entry fields_project[] = {
    SAYS_TEXT(project_id, "ProjectId"),
    SAYS_TEXT(project_name, "ProjectName"),
    SAYS_TEXT(project_description, "ProjectDescription"),
    SAYS_TEXT(policy_mode, "PolicyMode"),
    SAYS_TEXT(modify_time, "ModifyTime"),
};
static const record project_record = RECORD_OF(fields_project);
#undef RECORD
#define RECORD trro_project_list
static const field_entry fields_project_list[] = {
    SAYS_NUMBER(total, "Total"),
    SAYS_NUMBER(num, "Num"),
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(projects, project_count, "Projects", project_record),
};
#undef RECORD

TYPED_CALL(describe_project_info, project_info, TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT);
#define REQUEST trro_describe_project_info_request
static const parameter_entry parameters_describe_project_info[] = {NEEDED(project_id, ANY, PORT)};
#undef REQUEST
#define RECORD trro_project_info
static const field_entry fields_project_info[] = {
    SAYS_TEXT(project_name, "ProjectName"),
    SAYS_TEXT(project_description, "ProjectDescription"),
    SAYS_TEXT(policy_mode, "PolicyMode"),
    SAYS_TEXT(modify_time, "ModifyTime"),
    SAYS_TEXT(request_id, "RequestId"),
};
#undef RECORD

TYPED_CALL(create_device, device_creation, TRRO_CREATE_DEVICE_REQUEST_INIT);
#define REQUEST trro_create_device_request
static const parameter_entry parameters_create_device[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(device_id, NEW_DEVICE_ID, "truck_7"),
    NEEDED(device_name, DEVICE_NAME, "矿卡_7"),
    NEEDED(device_type, DEVICE_TYPE, "field"),
    NEEDED(device_token, DEVICE_TOKEN, "tokenTOKEN012345"),
};
#undef REQUEST
#define RECORD trro_device_creation
static const field_entry fields_device_creation[] = {SAYS_TEXT(request_id, "RequestId")};
#undef RECORD

TYPED_CALL(modify_device, device_modification, TRRO_MODIFY_DEVICE_REQUEST_INIT);
#define REQUEST trro_modify_device_request
static const parameter_entry parameters_modify_device[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(device_id, ANY, "port_01"),
    MAY_BE(device_name, DEVICE_NAME, "another_name"),
    MAY_BE(device_token, DEVICE_TOKEN, "TOKENtoken543210"),
};
#undef REQUEST
#define RECORD trro_device_modification
static const field_entry fields_device_modification[] = {SAYS_TEXT(request_id, "RequestId")};
#undef RECORD

TYPED_CALL(describe_device_info, device_info, TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT);
#define REQUEST trro_describe_device_info_request
static const parameter_entry parameters_describe_device_info[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(device_id, ANY, "port_01"),
};
#undef REQUEST
#define RECORD trro_device_info
static const field_entry fields_device_info[] = {
    SAYS_TEXT(device_name, "DeviceName"),
    SAYS_TEXT(device_type, "DeviceType"),
    SAYS_TEXT(device_status, "DeviceStatus"),
    SAYS_TEXT(last_report_time, "LastReportTime"),
    SAYS_TEXT(modify_time, "ModifyTime"),
    SAYS_TEXT(request_id, "RequestId"),
};
#undef RECORD

TYPED_CALL(describe_device_session_list, session_list, TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT);
#define REQUEST trro_describe_device_session_list_request
static const parameter_entry parameters_describe_device_session_list[] = {
    NEEDED(project_id, ANY, PORT),
    NUMBER_OF(page_number, PAGE, 1),
    NUMBER_OF(page_size, SIZE_OF_A_PAGE, 3),
    MAY_BE(device_id, ANY, "cockpit_a"),
    NUMBER_OF(start_time_s, MOMENT, 1),
    NUMBER_OF(end_time_s, MOMENT, 4102444800),
};
#undef REQUEST
#define RECORD trro_session
static const field_entry fields_session[] = {
    SAYS_TEXT(session_id, "SessionId"),
    SAYS_TEXT(remote_device_id, "RemoteDeviceId"),
    SAYS_TEXT(field_device_id, "FieldDeviceId"),
    SAYS_TEXT(resolution, "Resolution"),
    SAYS_NUMBER(start_time_s, "StartTime"),
    SAYS_NUMBER(end_time_s, "EndTime"),
    SAYS_TEXT(quality, "Quality"),
};
static const record session_record = RECORD_OF(fields_session);
#undef RECORD
#define RECORD trro_session_list
static const field_entry fields_session_list[] = {
    SAYS_NUMBER(total, "Total"),
    SAYS_NUMBER(num, "Num"),
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(sessions, session_count, "DeviceSessionList", session_record),
};
#undef RECORD

TYPED_CALL(describe_recent_session_list, recent_session_list, TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT);
#define REQUEST trro_describe_recent_session_list_request
static const parameter_entry parameters_describe_recent_session_list[] = {
    NEEDED(project_id, ANY, PORT),
    NUMBER_OF(page_number, PAGE, 1),
    NUMBER_OF(page_size, SIZE_OF_A_PAGE, 3),
    MAY_BE(device_id, ANY, "cockpit_a"),
    NUMBER_OF(start_time_s, MOMENT, 1),
    NUMBER_OF(end_time_s, MOMENT, 4102444800),
};
#undef REQUEST
#define RECORD trro_recent_session
static const field_entry fields_recent_session[] = {
    SAYS_TEXT(session_id, "SessionId"),
    SAYS_TEXT(remote_device_id, "RemoteDeviceId"),
    SAYS_TEXT(field_device_id, "FieldDeviceId"),
    SAYS_TEXT(resolution, "Resolution"),
    SAYS_NUMBER(start_time_s, "StartTime"),
    SAYS_NUMBER(latest_update_time_s, "LatestUpdateTime"),
};
static const record recent_session_record = RECORD_OF(fields_recent_session);
#undef RECORD
#define RECORD trro_recent_session_list
static const field_entry fields_recent_session_list[] = {
    SAYS_NUMBER(total, "Total"),
    SAYS_NUMBER(num, "Num"),
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(sessions, session_count, "RecentSessionList", recent_session_record),
};
#undef RECORD

TYPED_CALL(describe_session_statistics, session_statistics, TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT);
#define REQUEST trro_describe_session_statistics_request
static const parameter_entry parameters_describe_session_statistics[] = {
    NEEDED(project_id, ANY, PORT),
    MAY_BE(device_id, ANY, "cockpit_a"),
    NUMBER_OF(start_time_s, MOMENT, 1),
    NUMBER_OF(end_time_s, MOMENT, 4102444800),
};
#undef REQUEST
#define SAYS_STATISTICS                                                                  \
    SAYS_NUMBER(session_count, "SessionNum"), SAYS_NUMBER(total_duration_minutes, "TotalDuration"), \
        SAYS_NUMBER(active_field_device_count, "ActiveFieldDeviceNum"),                  \
        SAYS_NUMBER(active_remote_device_count, "ActiveRemoteDeviceNum"),                \
        SAYS_NUMBER(not_bad_session_percent, "NotBadSessionRatio")
#define RECORD trro_session_statistics
static const field_entry fields_session_statistics[] = {SAYS_STATISTICS, SAYS_TEXT(request_id, "RequestId")};
#undef RECORD

TYPED_CALL(describe_session_statistics_by_interval, session_statistics_by_interval,
           TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT);
#define REQUEST trro_describe_session_statistics_by_interval_request
static const parameter_entry parameters_describe_session_statistics_by_interval[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(statistic_interval, INTERVAL, "month"),
    MAY_BE(device_id, ANY, "cockpit_a"),
    NUMBER_OF(start_time_s, MOMENT, 1),
    NUMBER_OF(end_time_s, MOMENT, 4102444800),
};
#undef REQUEST
#define RECORD trro_interval_statistics
static const field_entry fields_interval_statistics[] = {
    SAYS_NUMBER(start_time_s, "StartTime"),
    SAYS_NUMBER(end_time_s, "EndTime"),
    SAYS_STATISTICS,
};
static const record interval_record = RECORD_OF(fields_interval_statistics);
#undef RECORD
#define RECORD trro_session_statistics_by_interval
static const field_entry fields_session_statistics_by_interval[] = {
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_ROWS(intervals, interval_count, "SessionStatistics", interval_record),
};
#undef RECORD

TYPED_CALL(modify_policy, policy_modification, TRRO_MODIFY_POLICY_REQUEST_INIT);
static const char *const field_ids[] = {"port_05", "no_such_device", "port_06"};
#define REQUEST trro_modify_policy_request
static const parameter_entry parameters_modify_policy[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED(remote_device_id, ANY, "cockpit_a"),
    NEEDED_LIST(field_device_ids, field_device_id_count, field_ids),
    NEEDED(policy_mode, POLICY_MODE, "white"),
    NEEDED(modify_mode, MODIFY_MODE, "add"),
};
#undef REQUEST
#define RECORD trro_policy_modification
static const field_entry fields_policy_modification[] = {
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_TEXTS(failed_insert_ids, failed_insert_id_count, "FailedInsertIds"),
    SAYS_TEXTS(failed_delete_ids, failed_delete_id_count, "FailedDeleteIds"),
};
#undef RECORD

TYPED_CALL(batch_delete_policy, policy_deletion, TRRO_BATCH_DELETE_POLICY_REQUEST_INIT);
static const char *const remote_ids[] = {"cockpit_a", "no_such_device"};
#define REQUEST trro_batch_delete_policy_request
static const parameter_entry parameters_batch_delete_policy[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED_LIST(remote_device_ids, remote_device_id_count, remote_ids),
    NEEDED(policy_mode, POLICY_MODE, "white"),
};
#undef REQUEST
#define RECORD trro_policy_deletion
static const field_entry fields_policy_deletion[] = {
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_TEXTS(failed_remote_device_ids, failed_remote_device_id_count, "FailedRemoteDeviceIds"),
};
#undef RECORD

TYPED_CALL(batch_delete_devices, device_deletion, TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT);
static const char *const deleted_ids[] = {"port_21", "no_such_device", "port_22"};
#define REQUEST trro_batch_delete_devices_request
static const parameter_entry parameters_batch_delete_devices[] = {
    NEEDED(project_id, ANY, PORT),
    NEEDED_LIST(device_ids, device_id_count, deleted_ids),
};
#undef REQUEST
#define RECORD trro_device_deletion
static const field_entry fields_device_deletion[] = {
    SAYS_TEXT(request_id, "RequestId"),
    SAYS_TEXTS(failed_device_ids, failed_device_id_count, "FailedDeviceIds"),
};
#undef RECORD

TYPED_CALL(delete_project, project_deletion, TRRO_DELETE_PROJECT_REQUEST_INIT);
#define REQUEST trro_delete_project_request
static const parameter_entry parameters_delete_project[] = {NEEDED(project_id, ANY, PORT)};
#undef REQUEST
#define RECORD trro_project_deletion
static const field_entry fields_project_deletion[] = {SAYS_TEXT(request_id, "RequestId")};
#undef RECORD

static const typed_call CALLS[] = {
    READS("GetDevices", get_devices, devices, "TRRO_GET_DEVICES_REQUEST_INIT"),
    READS("GetLicenses", get_licenses, licenses, "TRRO_GET_LICENSES_REQUEST_INIT"),
    /* It has no parameters. */
    {TABLE_ROW("GetLicenseStat", get_license_stat, license_stat, "TRRO_GET_LICENSE_STAT_REQUEST_INIT")},
    READS("GetDeviceLicense", get_device_license, device_license, "TRRO_GET_DEVICE_LICENSE_REQUEST_INIT"),
    CHANGES("CreateProject", create_project, project_creation, "TRRO_CREATE_PROJECT_REQUEST_INIT"),
    CHANGES("ModifyProject", modify_project, project_modification, "TRRO_MODIFY_PROJECT_REQUEST_INIT"),
    READS("DescribeProjectList", describe_project_list, project_list, "TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT"),
    READS("DescribeProjectInfo", describe_project_info, project_info, "TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT"),
    CHANGES("CreateDevice", create_device, device_creation, "TRRO_CREATE_DEVICE_REQUEST_INIT"),
    CHANGES("ModifyDevice", modify_device, device_modification, "TRRO_MODIFY_DEVICE_REQUEST_INIT"),
    READS("DescribeDeviceInfo", describe_device_info, device_info, "TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT"),
    READS("DescribeDeviceSessionList", describe_device_session_list, session_list,
          "TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT"),
    READS("DescribeRecentSessionList", describe_recent_session_list, recent_session_list,
          "TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT"),
    READS("DescribeSessionStatistics", describe_session_statistics, session_statistics,
          "TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT"),
    READS("DescribeSessionStatisticsByInterval", describe_session_statistics_by_interval, session_statistics_by_interval,
          "TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT"),
    CHANGES("ModifyPolicy", modify_policy, policy_modification, "TRRO_MODIFY_POLICY_REQUEST_INIT"),
    CHANGES("BatchDeletePolicy", batch_delete_policy, policy_deletion, "TRRO_BATCH_DELETE_POLICY_REQUEST_INIT"),
    CHANGES("BatchDeleteDevices", batch_delete_devices, device_deletion, "TRRO_BATCH_DELETE_DEVICES_REQUEST_INIT"),
    CHANGES("DeleteProject", delete_project, project_deletion, "TRRO_DELETE_PROJECT_REQUEST_INIT"),
};

#define CALL_COUNT 19
#define READING_COUNT 11
#define CHANGING_COUNT 8

#endif
