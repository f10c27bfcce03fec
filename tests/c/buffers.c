/* The caller's buffer: what fits, what is needed, and the answer that is kept meanwhile. */
#include <time.h>

#include "check.h"

static const char published[] = "field_sample";

/* The request of most tests: one device with two licenses. */
static trro_get_devices_request small_request(void) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    request.device_id = published;
    return request;
}

static void check_small_page(const trro_devices *page, const char *begin, const char *end) {
    const trro_device *device;
    size_t i;
    CHECK((const char *)page >= begin && (const char *)(page + 1) <= end);
    CHECK(page->device_count == 1 && page->total_count == 1);
    CHECK(page->request_id >= begin && page->request_id + strlen(page->request_id) < end);
    device = page->devices[0];
    CHECK((const char *)device >= begin && (const char *)(device + 1) <= end);
    CHECK_TEXT(device->device_id, published);
    CHECK_TEXT(device->device_name, "the published sample");
    CHECK(device->license_id_count == 2);
    for (i = 0; i < device->license_id_count; i++)
        CHECK(strncmp(device->license_ids[i], "trro-", 5) == 0 && strlen(device->license_ids[i]) == 41);
}

static void null_and_zero_ask_for_the_size(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    const trro_devices *page = (const trro_devices *)published;
    size_t needed = 7;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, &request, NULL, 0, &page, &needed, &error), TRRO_STATUS_BUFFER_TOO_SMALL, &error);
    CHECK(page == NULL && needed > sizeof(trro_devices) + sizeof(trro_device));
    CHECK(error.attempts == 1);
    trro_client_free(client);
}

/* Every size from 0 to enough, at every alignment; nothing outside of the buffer changes. Of all these calls only the first
 * one of each pass sends a request: the others are served from the answer that is kept. */
static void every_size_at_every_alignment(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    size_t needed, size, shift;
    char *memory;
    CHECK(trro_get_devices(client, &request, NULL, 0, &(const trro_devices *){NULL}, &needed, NULL) ==
          TRRO_STATUS_BUFFER_TOO_SMALL);
    memory = malloc(needed + 64);
    CHECK(memory != NULL);
    for (shift = 0; shift < 16; shift++) {
        for (size = 0; size <= needed; size++) {
            char *begin = memory + 16 + shift;
            const trro_devices *page;
            size_t needed_now, i;
            trro_status status;
            memset(memory, 0x5a, needed + 64);
            status = trro_get_devices(client, &request, begin, size, &page, &needed_now, NULL);
            for (i = 0; i < needed + 64; i++)
                CHECK(memory[i] == 0x5a || (memory + i >= begin && memory + i < begin + size));
            if (status == TRRO_STATUS_OK) {
                CHECK(needed_now <= size);
                check_small_page(page, begin, begin + size);
                break;
            }
            CHECK(status == TRRO_STATUS_BUFFER_TOO_SMALL);
            CHECK(page == NULL && needed_now == needed);
        }
        CHECK(size <= needed);
        /* Served, the answer is gone; this call sends another request and leaves one behind. */
        CHECK(trro_get_devices(client, &request, NULL, 0, &(const trro_devices *){NULL}, NULL, NULL) ==
              TRRO_STATUS_BUFFER_TOO_SMALL);
    }
    free(memory);
    trro_client_free(client);
}

static void the_kept_answer_is_served_once(void) {
    static char buffer[16 * 1024];
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    const trro_devices *page;
    size_t needed;
    trro_error error;
    CHECK(trro_get_devices(client, &request, buffer, 8, &page, &needed, NULL) == TRRO_STATUS_BUFFER_TOO_SMALL);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, needed, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 0);
    check_small_page(page, buffer, buffer + needed);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, &needed, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
    trro_client_free(client);
}

static void another_request_is_not_served_from_it(void) {
    static char buffer[16 * 1024];
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    const trro_devices *page;
    trro_error error;
    CHECK(trro_get_devices(client, &request, buffer, 8, &page, NULL, NULL) == TRRO_STATUS_BUFFER_TOO_SMALL);
    request.device_id = "field_ok_1";
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
    CHECK_TEXT(page->devices[0]->device_id, "field_ok_1");
    request.device_id = published;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 0);
    trro_client_free(client);
}

static void the_kept_answer_is_dropped_after_ten_seconds(void) {
    static char buffer[16 * 1024];
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    const trro_devices *page;
    struct timespec ten_seconds = {10, 100 * 1000 * 1000};
    trro_error error;
    CHECK(trro_get_devices(client, &request, buffer, 8, &page, NULL, NULL) == TRRO_STATUS_BUFFER_TOO_SMALL);
    nanosleep(&ten_seconds, NULL);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
    trro_client_free(client);
}

static void a_size_beyond_every_object_is_room_enough(void) {
    static char buffer[64 * 1024];
    trro_client *client = client_for_test();
    trro_get_devices_request request = small_request();
    const trro_devices *page;
    trro_error error;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, SIZE_MAX, &page, NULL, &error), TRRO_STATUS_OK, &error);
    check_small_page(page, buffer, buffer + sizeof buffer);
    trro_client_free(client);
}

static void the_hint_is_enough_for_a_usual_page(void) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(62)];
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    request.page_size = 62;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(page->device_count == 62);
    trro_client_free(client);
}

static const test tests[] = {
    {"null_and_zero_ask_for_the_size", null_and_zero_ask_for_the_size, "", 1},
    {"every_size_at_every_alignment", every_size_at_every_alignment, "", 17},
    {"the_kept_answer_is_served_once", the_kept_answer_is_served_once, "", 2},
    {"another_request_is_not_served_from_it", another_request_is_not_served_from_it, "", 2},
    {"the_kept_answer_is_dropped_after_ten_seconds", the_kept_answer_is_dropped_after_ten_seconds, "", 2},
    {"a_size_beyond_every_object_is_room_enough", a_size_beyond_every_object_is_room_enough, "", 1},
    {"the_hint_is_enough_for_a_usual_page", the_hint_is_enough_for_a_usual_page, "", 1},
};
RUN_TESTS(tests)
