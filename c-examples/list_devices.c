/* Every device of the account, or of one project: its licenses, how long they last, and what cannot run.
 *
 *     list_devices [PROJECT_ID]
 *
 * 0: done; 1: it failed, and said why; 2: usage. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key. TRRO_ENDPOINT
 * names another site than the international one, TRRO_CA_FILE the authorities to trust.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

enum { PAGE_SIZE = 20, MOST_PAGES = 1000 };

/* One page; NULL after a failure, which has been printed. */
static const trro_devices *get_page(const trro_client *client, const trro_get_devices_request *request,
                                    growing_buffer *buffer) {
    const trro_devices *page;
    size_t needed;
    trro_error error;
    while (trro_get_devices(client, request, buffer->memory, buffer->size, &page, &needed, &error)) {
        if (!has_grown(buffer, needed, &error)) {
            print_error("cannot get the devices", &error);
            return NULL;
        }
    }
    return page;
}

/* Prints a row of the table; returns whether the device can run. */
static int print_device(const trro_device *device, int64_t now_s) {
    trro_verdict verdict;
    char mark = '!';
    trro_device_verdict(device, 1, now_s, &verdict);
    if (verdict == TRRO_VERDICT_AUTHORIZED || verdict == TRRO_VERDICT_UNKNOWN)
        mark = verdict == TRRO_VERDICT_UNKNOWN ? '?' : ' ';
    printf("%c ", mark);
    print_name(device->device_id, 16);
    print_number(device->license_count, 8);
    print_number(device->remain_days, 9);
    print_date(device->expire_time_s);
    print_number(device->monthly_remain_time, 10);
    printf("  ");
    print_name(device->device_name, 0);
    if (verdict != TRRO_VERDICT_AUTHORIZED)
        printf("  <- %s", short_name(verdict));
    printf("\n");
    return verdict == TRRO_VERDICT_AUTHORIZED;
}

/* Prints every page; returns the exit status. */
static int list_all(const trro_client *client, const char *project_id) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    growing_buffer buffer = {NULL, 0};
    const trro_devices *page;
    size_t devices = 0, stopped = 0, i;
    int is_last = 0;
    request.project_id = project_id;
    request.page_size = PAGE_SIZE;

    /* The unit of the month's time is documented nowhere, so none is printed. */
    printf("  %-16s  %8s  %9s  %-10s  %10s  %s\n", "DEVICE", "LICENSES", "DAYS LEFT", "EXPIRES", "MONTH LEFT", "NAME");
    do {
        request.page_num++;
        page = get_page(client, &request, &buffer);
        if (page == NULL)
            break;
        for (i = 0; i < page->device_count; i++)
            stopped += !print_device(page->devices[i], service_time_s(client));
        devices += page->device_count;
        is_last = is_last_page(page->device_count, page->total_count, devices);
    } while (!is_last && request.page_num < MOST_PAGES);
    if (page != NULL)
        printf("%zu devices; %zu of them cannot run (!) or cannot be judged (?)\n", devices, stopped);
    if (page != NULL && !is_last)
        fprintf(stderr, "there are more than %d pages; the devices of the others are left out\n", (int)MOST_PAGES);
    free(buffer.memory);
    return !is_last;
}

int main(int argc, char **argv) {
    trro_client *client;
    int status;
    if (argc > 2) {
        fprintf(stderr, "usage: %s [PROJECT_ID]\n", argv[0]);
        return 2;
    }
    client = client_from_environment(NULL);
    if (client == NULL)
        return 1;
    status = list_all(client, argc > 1 ? argv[1] : NULL);
    trro_client_free(client);
    return exit_status(status, 1);
}
