/* What a call comes to whose answer is hostile: tests/hostile has the answers.
 *
 *     hostile CALLS DEADLINE_MS STACK_KIB
 *
 * Makes so many calls with a client each, on a thread with a stack of so many KiB, and prints a line for each: the status, and the first device
 * as it came. The last line is the most memory, in KiB, that the process took. */
#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>

#include "process_memory.h"

enum { BYTES_OF_KIB = 1024 };

static char buffer[256 * 1024];
static uint32_t deadline_ms;

static void print_number(const char *name, int64_t number) {
    if (number == TRRO_ABSENT)
        printf(" %s=absent", name);
    else
        printf(" %s=%" PRId64, name, number);
}

static void print_text(const char *name, const char *text) {
    printf(" %s=%s", name, text == NULL ? "absent" : text);
}

static void print(const trro_devices *page) {
    const trro_device *device;
    printf(" devices=%zu", page->device_count);
    if (page->device_count == 0)
        return;
    device = page->devices[0];
    print_text("id", device->device_id);
    print_text("name", device->device_name);
    print_number("count", device->license_count);
    print_number("days", device->remain_days);
    print_number("expiry", device->expire_time_s);
    print_number("duration", device->duration_s);
    print_number("monthly", device->monthly_remain_time);
    print_number("limit", device->limited_time_minutes);
    printf(" ids=%zu", device->license_id_count);
}

static void call(void) {
    trro_client_config config = config_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_client *client;
    trro_error error;
    trro_status status;
    config.deadline_ms = deadline_ms;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    status = trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error);
    printf("%s", trro_status_name(status) + strlen("TRRO_STATUS_"));
    if (status == TRRO_STATUS_OK)
        print(page);
    else
        printf(" %s", error.message);
    printf("\n");
    trro_client_free(client);
}

static void *make_calls(void *calls) {
    long left = *(long *)calls;
    while (left-- > 0)
        call();
    return NULL;
}

int main(int argc, char **argv) {
    long calls;
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(argc == 4);
    calls = strtol(argv[1], NULL, 10);
    deadline_ms = (uint32_t)strtoul(argv[2], NULL, 10);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, strtoul(argv[3], NULL, 10) * BYTES_OF_KIB) == 0);
    CHECK(pthread_create(&thread, &attributes, make_calls, &calls) == 0 && pthread_join(thread, NULL) == 0);
    printf("%ld\n", status_of_process("VmHWM:"));
    return 0;
}
