/* A cockpit asks which devices of its project can be taken over.
 *
 *     remote_device PROJECT_ID
 *
 * TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key. TRRO_ENDPOINT names another site than the international
 * one, TRRO_CA_FILE the authorities to trust.
 */
#include "example.h"

enum { PAGE_SIZE = 50, MOST_PAGES = 1000 };

/* Room for a page whose devices have many licenses; a program that must take any number grows its buffer, as
 * list_devices.c does. */
static char buffer[4 * TRRO_DEVICES_BUFFER_SIZE(PAGE_SIZE)];

/* Prints the devices of one page that can be taken over; returns how many. A row does not say whether it is a vehicle or a
 * cockpit; but a license is bound to what sends video. */
static size_t print_devices(const trro_devices *page, time_t now) {
    size_t count = 0, i;
    for (i = 0; i < page->device_count; i++) {
        const trro_device *device = page->devices[i];
        const char *reason;
        judgement judged = judge(device, 1, now, &reason);
        if (judged == CANNOT_RUN)
            continue;
        count++;
        printf("%-16s  %s%s%s\n", device->device_id, device->device_name, judged == NOT_KNOWN ? "  <- perhaps: " : "",
               judged == NOT_KNOWN ? reason : "");
    }
    return count;
}

int main(int argc, char **argv) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    size_t devices = 0, usable = 0;
    time_t now = time(NULL);
    const trro_devices *page;
    trro_client *client;
    trro_error error;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PROJECT_ID\n", argv[0]);
        return 2;
    }
    client = client_from_environment();
    if (client == NULL)
        return 1;
    request.project_id = argv[1];
    request.page_size = PAGE_SIZE;
    do {
        request.page_num++;
        if (trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error)) {
            print_error("cannot get the devices", &error);
            break;
        }
        usable += print_devices(page, now);
        devices += page->device_count;
    } while (!is_last_page(page, devices) && request.page_num < MOST_PAGES);
    if (page != NULL)
        printf("%zu of the %zu devices of project %s can be taken over\n", usable, devices, argv[1]);
    /* Here TRRO_connect() of the vendor's remote SDK comes, to one of them that is online. */
    trro_client_free(client);
    return page == NULL;
}
