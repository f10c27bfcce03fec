/* A cockpit asks which vehicles of its project can be taken over.
 *
 *     remote_device PROJECT_ID
 *
 * TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key.
 */
#include "example.h"

enum { PAGE_SIZE = 50 };

/* Room for a page whose devices have many licenses; a program that must take any number grows its buffer, as
 * list_devices.c does. */
static char buffer[4 * TRRO_DEVICES_BUFFER_SIZE(PAGE_SIZE)];

/* Prints the vehicles of one page that can be taken over; returns how many. */
static size_t print_vehicles(const trro_devices *page, time_t now) {
    size_t vehicles = 0, i;
    for (i = 0; i < page->device_count; i++) {
        const trro_device *device = page->devices[i];
        if (reason_not_to_run(device, 1, now) != NULL)
            continue;
        vehicles++;
        printf("%-16s  %2lld license(s)  %s\n", device->device_id, (long long)device->license_count, device->device_name);
    }
    return vehicles;
}

int main(int argc, char **argv) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    size_t devices = 0, vehicles = 0;
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
            print_error("cannot get the vehicles", &error);
            break;
        }
        vehicles += print_vehicles(page, now);
        devices += page->device_count;
    } while (page->device_count == PAGE_SIZE);
    if (page != NULL)
        printf("%zu of %zu vehicles of project %s can be taken over\n", vehicles, devices, argv[1]);
    /* Here TRRO_connect() of the vendor's remote SDK comes, to one of them that is online. */
    trro_client_free(client);
    return page == NULL;
}
