/* What the account has, by the typed calls that ask for it: licenses and sessions, against the account that the emulator begins
 * with. */
#include "control.h"

#define PIT "m82k5408n675phvb"
#define PORT "q7d2x9w4k1z8r5tn"
#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)

static char buffer[256 * 1024];

#define EXPECT(status, function, request, result, error) \
    CHECK_STATUS(function(client, &(request), buffer, sizeof buffer, &(result), NULL, &(error)), status, &(error))
#define ASK(function, request, result) EXPECT(TRRO_STATUS_OK, function, request, result, error)

/* What the licenses of some pages come to. */
typedef struct {
    int64_t rows, licenses, by_status[4], bound, unbound, expired;
} tally;

static void add_row(tally *tally, const trro_license *row) {
    const int has_expired = row->expire_time_s != TRRO_ABSENT && row->expire_time_s <= time(NULL);
    size_t i;
    CHECK(row->count == (int64_t)row->license_id_count && row->count > 0);
    CHECK(row->status >= TRRO_LICENSE_STATUS_UNBOUND && row->status <= TRRO_LICENSE_STATUS_REFUNDED);
    for (i = 0; i < row->license_id_count; i++)
        CHECK(strncmp(row->license_ids[i], "trro-", 5) == 0);
    CHECK(row->remain_days >= 0 && row->duration_s >= 0);
    if (row->expire_time_s == TRRO_ABSENT || has_expired)
        CHECK(row->remain_days == 0);
    else
        /* A day may have ended since the service counted, or end a little later by time(), which is behind. */
        CHECK(row->remain_days >= (row->expire_time_s - time(NULL) - 1) / DAY_S &&
              row->remain_days <= (row->expire_time_s - time(NULL) + 60) / DAY_S);
    tally->rows++;
    tally->licenses += row->count;
    tally->by_status[row->status] += row->count;
    if (row->status == TRRO_LICENSE_STATUS_BOUND || row->status == TRRO_LICENSE_STATUS_UNBOUND)
        *(has_expired ? &tally->expired : row->status == TRRO_LICENSE_STATUS_BOUND ? &tally->bound : &tally->unbound) +=
            row->count;
}

/* All pages. */
static tally licenses_of(const trro_client *client, int64_t status_filter, int64_t page_size) {
    trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
    tally tally = {0};
    request.status_filter = status_filter;
    request.page_size = page_size;
    for (request.page_num = 1;; request.page_num++) {
        const trro_licenses *page;
        trro_error error = uninitialised_error();
        size_t i;
        ASK(trro_get_licenses, request, page);
        CHECK(strlen(page->request_id) == 36 && (int64_t)page->row_count <= page_size);
        for (i = 0; i < page->row_count; i++)
            add_row(&tally, page->licenses[i]);
        if (page->row_count == 0) {
            CHECK(page->total_count == tally.rows && page->licenses != NULL);
            return tally;
        }
    }
}

/* What the rows of the devices say of their licenses. */
typedef struct {
    int64_t licenses, month_used;
} counted;

static int count_licenses(void *user_data, const trro_device *device) {
    counted *counted = user_data;
    if (device->license_count == TRRO_ABSENT)
        return 0;
    counted->licenses += device->license_count;
    if (device->monthly_remain_time == 0 && device->expire_time_s > time(NULL))
        counted->month_used += device->license_count;
    return 0;
}

static void licenses_come_in_pages_and_states(void) {
    trro_client *client = client_for_test();
    const tally all = licenses_of(client, TRRO_LICENSE_FILTER_ALL, 7);
    const tally unbound = licenses_of(client, TRRO_LICENSE_FILTER_UNBOUND, 2);
    const tally bound = licenses_of(client, TRRO_LICENSE_FILTER_BOUND, 100);
    const tally suspended = licenses_of(client, TRRO_LICENSE_FILTER_SUSPENDED, 100);
    const tally refunded = licenses_of(client, TRRO_LICENSE_FILTER_REFUNDED, 100);
    trro_get_license_stat_request request = TRRO_GET_LICENSE_STAT_REQUEST_INIT;
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    counted counted = {0};
    const trro_license_stat *stat;
    trro_error error = uninitialised_error();
    CHECK(trro_for_each_device(client, &filter, count_licenses, &counted, NULL, NULL) == TRRO_STATUS_OK);
    CHECK(unbound.rows == 3 && unbound.licenses == 6 && unbound.by_status[TRRO_LICENSE_STATUS_UNBOUND] == 6);
    CHECK(suspended.rows == 1 && suspended.by_status[TRRO_LICENSE_STATUS_SUSPENDED] == 1);
    CHECK(refunded.rows == 1 && refunded.by_status[TRRO_LICENSE_STATUS_REFUNDED] == 1);
    CHECK(bound.licenses == bound.by_status[TRRO_LICENSE_STATUS_BOUND] && bound.licenses == counted.licenses);
    CHECK(all.rows == unbound.rows + bound.rows + suspended.rows + refunded.rows && all.rows > 14);
    CHECK(all.licenses == unbound.licenses + bound.licenses + suspended.licenses + refunded.licenses);

    ASK(trro_get_license_stat, request, stat);
    CHECK(strlen(stat->request_id) == 36);
    CHECK(stat->bound == all.bound && stat->unbound == all.unbound && stat->unbound == 6);
    CHECK(stat->valid == all.bound + all.unbound);
    CHECK(stat->expired == all.expired && stat->expired > 0);
    CHECK(stat->monthly_expired == counted.month_used && stat->monthly_expired > 0);
    trro_client_free(client);
}

static void the_licenses_of_a_device_are_those_of_its_row(void) {
    static char row_buffer[16 * 1024];
    trro_client *client = client_for_test();
    trro_get_devices_request ask_row = TRRO_GET_DEVICES_REQUEST_INIT;
    trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
    const trro_devices *devices;
    const trro_device *device;
    const trro_licenses *page;
    const trro_license *license;
    trro_error error = uninitialised_error();
    size_t i;
    ask_row.project_id = request.project_id = PIT;
    ask_row.device_id = request.device_id = "field_ok_4";
    CHECK(trro_get_devices(client, &ask_row, row_buffer, sizeof row_buffer, &devices, NULL, NULL) == TRRO_STATUS_OK);
    device = devices->devices[0];
    ASK(trro_get_licenses, request, page);
    CHECK(page->row_count == 1 && page->total_count == 1);
    license = page->licenses[0];
    CHECK(license->count == 4 && license->status == TRRO_LICENSE_STATUS_BOUND && license->license_id_count == 4);
    CHECK(license->expire_time_s == device->expire_time_s && license->duration_s == 31536000);
    CHECK(license->remain_days == 200 && device->remain_days == 200);
    for (i = 0; i < 4; i++)
        CHECK_TEXT(license->license_ids[i], device->license_ids[i]);
    request.project_id = PORT;
    ASK(trro_get_licenses, request, page);
    CHECK(page->row_count == 0);
    trro_client_free(client);
}

static void usable_licenses_are_counted(void) {
    static const struct {
        const char *device_id;
        int64_t available;
    } cases[] = {{"field_ok_1", 1},    {"field_ok_4", 4},       {"field_many", 16}, {"field_today", 1},
                 {"field_expired", 0}, {"field_month_used", 0}, {"field_bare", 0},  {"field_unbound", 0}};
    trro_client *client = client_for_test();
    trro_get_device_license_request request = TRRO_GET_DEVICE_LICENSE_REQUEST_INIT;
    const trro_device_license *license;
    trro_error error = uninitialised_error();
    size_t i;
    request.project_id = PIT;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request.device_id = cases[i].device_id;
        ASK(trro_get_device_license, request, license);
        CHECK(license->available_count == cases[i].available && strlen(license->request_id) == 36);
    }
    request.device_id = "no_such_device";
    EXPECT(TRRO_STATUS_NOT_FOUND, trro_get_device_license, request, license, error);
    CHECK(license == NULL);
    CHECK_TEXT(error.code, "ResourceNotFound");
    trro_client_free(client);
}

/* So long ago, by the emulator's clock when it began: no test takes a minute. */
static void check_hours_ago(int64_t moment_s, double hours) {
    const int64_t expected_s = time(NULL) - (int64_t)(hours * HOUR_S);
    CHECK(moment_s <= expected_s + 1 && moment_s >= expected_s - 60);
}

static void sessions_that_are_over_come_in_pages(void) {
    trro_client *client = client_for_test();
    trro_describe_device_session_list_request request = TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT;
    const trro_session_list *list;
    trro_error error = uninitialised_error();
    request.project_id = PORT;
    request.page_size = 4;
    ASK(trro_describe_device_session_list, request, list);
    CHECK(list->total == 6 && list->num == 4 && list->session_count == 4 && strlen(list->request_id) == 36);
    CHECK_TEXT(list->sessions[0]->session_id, PORT "-50f7-4c60-9c89-e7076c850002-0");
    CHECK_TEXT(list->sessions[0]->remote_device_id, "cockpit_a");
    CHECK_TEXT(list->sessions[0]->field_device_id, "port_02");
    CHECK_TEXT(list->sessions[0]->resolution, "1280*720");
    CHECK_TEXT(list->sessions[0]->quality, "normal");
    check_hours_ago(list->sessions[0]->start_time_s, 1.75);
    check_hours_ago(list->sessions[0]->end_time_s, 1);
    CHECK_TEXT(list->sessions[1]->quality, "bad");
    request.page_number = 2;
    ASK(trro_describe_device_session_list, request, list);
    CHECK(list->total == 6 && list->num == 2 && list->session_count == 2);
    CHECK_TEXT(list->sessions[1]->session_id, PORT "-50f7-4c60-9c89-e7076c850007-0");

    request.page_number = 0;
    request.device_id = "port_01";
    ASK(trro_describe_device_session_list, request, list);
    CHECK(list->total == 1 && list->session_count == 1);
    CHECK_TEXT(list->sessions[0]->session_id, PORT "-50f7-4c60-9c89-e7076c850004-0");
    request.device_id = NULL;
    request.start_time_s = time(NULL) - 54 * HOUR_S;
    request.end_time_s = time(NULL) - 4 * HOUR_S;
    ASK(trro_describe_device_session_list, request, list);
    CHECK(list->session_count == 3);
    CHECK_TEXT(list->sessions[0]->session_id, PORT "-50f7-4c60-9c89-e7076c850004-0");
    CHECK_TEXT(list->sessions[2]->session_id, PORT "-50f7-4c60-9c89-e7076c850006-0");
    request.end_time_s = request.start_time_s - 1;
    EXPECT(TRRO_STATUS_REQUEST_REJECTED, trro_describe_device_session_list, request, list, error);
    CHECK_TEXT(error.code, "InvalidParameterValue");
    trro_client_free(client);
}

static void recent_sessions_are_those_of_two_hours(void) {
    trro_client *client = client_for_test();
    trro_describe_recent_session_list_request request = TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT;
    const trro_recent_session_list *list;
    const trro_recent_session *session;
    trro_error error = uninitialised_error();
    request.project_id = PORT;
    ASK(trro_describe_recent_session_list, request, list);
    CHECK(list->total == 3 && list->num == 3 && list->session_count == 3 && strlen(list->request_id) == 36);
    session = list->sessions[0];
    CHECK_TEXT(session->session_id, PORT "-50f7-4c60-9c89-e7076c850001-0");
    CHECK_TEXT(session->remote_device_id, "cockpit_a");
    CHECK_TEXT(session->field_device_id, "port_01");
    CHECK_TEXT(session->resolution, "1920*1080");
    check_hours_ago(session->start_time_s, 0.5);
    check_hours_ago(session->latest_update_time_s, 0);
    check_hours_ago(list->sessions[2]->start_time_s, 3);
    check_hours_ago(list->sessions[2]->latest_update_time_s, 1.5);
    request.page_size = 2;
    request.page_number = 2;
    ASK(trro_describe_recent_session_list, request, list);
    CHECK(list->total == 3 && list->num == 1 && list->session_count == 1);
    request.page_size = request.page_number = 0;
    request.device_id = "port_02";
    ASK(trro_describe_recent_session_list, request, list);
    CHECK(list->session_count == 1);
    request.device_id = NULL;
    request.start_time_s = time(NULL) - HOUR_S / 2;
    ASK(trro_describe_recent_session_list, request, list);
    CHECK(list->session_count == 1);
    request.end_time_s = request.start_time_s;
    request.start_time_s = 0;
    ASK(trro_describe_recent_session_list, request, list);
    CHECK(list->session_count == 3);
    trro_client_free(client);
}

static void sessions_are_counted(void) {
    trro_client *client = client_for_test();
    trro_describe_session_statistics_request request = TRRO_DESCRIBE_SESSION_STATISTICS_REQUEST_INIT;
    const trro_session_statistics *statistics;
    trro_error error = uninitialised_error();
    request.project_id = PIT;
    ASK(trro_describe_session_statistics, request, statistics);
    CHECK(statistics->session_count == 5 && statistics->total_duration_minutes == 75 + 30 + 60 + 240 + 60);
    CHECK(statistics->active_field_device_count == 4 && statistics->active_remote_device_count == 1);
    CHECK(statistics->not_bad_session_percent == 80 && strlen(statistics->request_id) == 36);
    request.device_id = "mine_01";
    ASK(trro_describe_session_statistics, request, statistics);
    CHECK(statistics->session_count == 2 && statistics->total_duration_minutes == 120);
    CHECK(statistics->active_field_device_count == 1 && statistics->not_bad_session_percent == 50);
    request.device_id = NULL;
    request.start_time_s = time(NULL) - 101 * HOUR_S;
    request.end_time_s = time(NULL) - 2 * HOUR_S;
    ASK(trro_describe_session_statistics, request, statistics);
    CHECK(statistics->session_count == 3 && statistics->total_duration_minutes == 30 + 60 + 240);
    request.project_id = "no_such_project";
    EXPECT(TRRO_STATUS_NOT_FOUND, trro_describe_session_statistics, request, statistics, error);
    trro_client_free(client);
}

static void check_intervals(const trro_client *client, const char *unit, int64_t shortest_s, int64_t longest_s) {
    trro_describe_session_statistics_by_interval_request request = TRRO_DESCRIBE_SESSION_STATISTICS_BY_INTERVAL_REQUEST_INIT;
    const trro_session_statistics_by_interval *result;
    trro_error error = uninitialised_error();
    int64_t sessions = 0, minutes = 0, before_s = 0;
    size_t i;
    request.project_id = PIT;
    request.statistic_interval = unit;
    ASK(trro_describe_session_statistics_by_interval, request, result);
    CHECK(strlen(result->request_id) == 36 && result->interval_count >= 1 && result->interval_count <= 5);
    for (i = 0; i < result->interval_count; i++) {
        const trro_interval_statistics *interval = result->intervals[i];
        const int64_t length_s = interval->end_time_s - interval->start_time_s;
        CHECK(length_s >= shortest_s && length_s <= longest_s && interval->start_time_s % shortest_s == 0);
        CHECK(interval->start_time_s >= before_s && interval->session_count >= 1);
        CHECK(interval->active_field_device_count >= 1 && interval->active_field_device_count <= interval->session_count);
        CHECK(interval->active_remote_device_count == 1);
        CHECK(interval->not_bad_session_percent >= 0 && interval->not_bad_session_percent <= 100);
        before_s = interval->end_time_s;
        sessions += interval->session_count;
        minutes += interval->total_duration_minutes;
    }
    CHECK(sessions == 5 && minutes == 75 + 30 + 60 + 240 + 60);
}

static void sessions_are_counted_by_interval(void) {
    trro_client *client = client_for_test();
    check_intervals(client, "hour", HOUR_S, HOUR_S);
    check_intervals(client, "day", DAY_S, DAY_S);
    /* A month begins with a day. */
    check_intervals(client, "month", DAY_S, 31 * DAY_S);
    trro_client_free(client);
}

static const test tests[] = {
    {"licenses_come_in_pages_and_states", licenses_come_in_pages_and_states, "", -1},
    {"the_licenses_of_a_device_are_those_of_its_row", the_licenses_of_a_device_are_those_of_its_row, "", 3},
    {"usable_licenses_are_counted", usable_licenses_are_counted, "", 9},
    {"sessions_that_are_over_come_in_pages", sessions_that_are_over_come_in_pages, "", 5},
    {"recent_sessions_are_those_of_two_hours", recent_sessions_are_those_of_two_hours, "", 5},
    {"sessions_are_counted", sessions_are_counted, "", 4},
    {"sessions_are_counted_by_interval", sessions_are_counted_by_interval, "", 3},
};
RUN_TESTS(tests)
