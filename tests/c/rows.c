/* What C reads in the rows is what the service sent. */
#include "check.h"

static char buffer[64 * 1024];

static const trro_devices *get(trro_client *client, const char *device_id) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    request.project_id = "m82k5408n675phvb";
    request.device_id = device_id;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    return page;
}

static void every_field_arrives(void) {
    trro_client *client = client_for_test();
    const trro_devices *page = get(client, "field_sample");
    const trro_device *device = page->devices[0];
    CHECK(page->total_count == 1 && page->device_count == 1);
    CHECK_TEXT(page->request_id, "00000000-0000-4000-8000-000000000001");
    CHECK_TEXT(device->device_id, "field_sample");
    CHECK_TEXT(device->device_name, "the published sample");
    CHECK(device->license_count == 2);
    CHECK(device->remain_days == 30);
    CHECK(device->expire_time_s == 167840945);
    CHECK(device->duration_s == 86400);
    CHECK(device->monthly_remain_time == 66000);
    CHECK(device->limited_time_minutes == 60000);
    CHECK(device->license_id_count == 2);
    CHECK(strcmp(device->license_ids[0], device->license_ids[1]) != 0);
    trro_client_free(client);
}

static void check_absent(const trro_device *device) {
    CHECK(device->license_count == TRRO_ABSENT);
    CHECK(device->remain_days == TRRO_ABSENT);
    CHECK(device->expire_time_s == TRRO_ABSENT);
    CHECK(device->duration_s == TRRO_ABSENT);
    CHECK(device->monthly_remain_time == TRRO_ABSENT);
    CHECK(device->limited_time_minutes == TRRO_ABSENT);
    CHECK(device->license_ids != NULL && device->license_id_count == 0);
}

static void missing_and_null_are_absent(void) {
    trro_client *client = client_for_test();
    const trro_devices *page = get(client, "field_bare");
    check_absent(page->devices[0]);
    CHECK_TEXT(page->devices[0]->device_name, "only a name");
    page = get(client, "field_null");
    check_absent(page->devices[0]);
    CHECK_TEXT(page->devices[0]->device_name, "");
    trro_client_free(client);
}

static void an_empty_expiry_is_absent(void) {
    trro_client *client = client_for_test();
    const trro_device *device = get(client, "field_unbound")->devices[0];
    CHECK(device->license_count == 0 && device->expire_time_s == TRRO_ABSENT && device->duration_s == 0);
    trro_client_free(client);
}

static void two_rows_may_have_one_id(void) {
    trro_client *client = client_for_test();
    const trro_devices *page = get(client, "dev1");
    CHECK(page->device_count == 2);
    CHECK_TEXT(page->devices[0]->device_id, "dev1");
    CHECK_TEXT(page->devices[1]->device_id, "dev1");
    CHECK_TEXT(page->devices[0]->device_name, "vin234");
    CHECK_TEXT(page->devices[1]->device_name, "vin235");
    trro_client_free(client);
}

static void an_unknown_device_gives_no_rows(void) {
    trro_client *client = client_for_test();
    const trro_devices *page = get(client, "no_such_device");
    CHECK(page->device_count == 0 && page->total_count == 0 && page->devices != NULL);
    trro_client_free(client);
}

static void names_are_utf8(void) {
    trro_client *client = client_for_test();
    CHECK_TEXT(get(client, "field_ok_1")->devices[0]->device_name, "\xe7\x9f\xbf\xe5\x8d\xa1\xe4\xb8\x80\xe5\x8f\xb7");
    CHECK_TEXT(get(client, "field_escape")->devices[0]->device_name, "quote \" backslash \\ tab\t<&>");
    trro_client_free(client);
}

static void pages_together_are_the_whole_list(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    size_t rows = 0;
    trro_error error;
    request.page_size = 25;
    do {
        request.page_num++;
        CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK,
                     &error);
        CHECK(page->total_count == 62);
        rows += page->device_count;
    } while (page->device_count == 25);
    CHECK(rows == 62 && request.page_num == 3);
    trro_client_free(client);
}

static void devices_null_is_no_rows(void) {
    trro_client *client = client_for_test();
    const trro_devices *page = get(client, NULL);
    CHECK(page->device_count == 0 && page->total_count == TRRO_ABSENT);
    CHECK_TEXT(page->request_id, "r");
    trro_client_free(client);
}

static void compressed_answers_are_read(void) {
    trro_client *client = client_for_test();
    CHECK(get(client, "dev1")->device_count == 2);
    trro_client_free(client);
}

static const test tests[] = {
    {"every_field_arrives", every_field_arrives, "", 1},
    {"missing_and_null_are_absent", missing_and_null_are_absent, "", 2},
    {"an_empty_expiry_is_absent", an_empty_expiry_is_absent, "", 1},
    {"two_rows_may_have_one_id", two_rows_may_have_one_id, "", 1},
    {"an_unknown_device_gives_no_rows", an_unknown_device_gives_no_rows, "", 1},
    {"names_are_utf8", names_are_utf8, "", 2},
    {"pages_together_are_the_whole_list", pages_together_are_the_whole_list, "", 3},
    {"devices_null_is_no_rows", devices_null_is_no_rows, "answer:{\"Response\":{\"Devices\":null,\"RequestId\":\"r\"}}", 1},
    {"compressed_answers_are_read", compressed_answers_are_read, "gzip", 1},
};
RUN_TESTS(tests)
