/* A field device (vehicle, robot) asks whether it may run, before it starts to stream.
 *
 *     field_device PROJECT_ID DEVICE_ID [STREAMS]
 *
 * 0: authorized; 1: not, or not known; 2: usage. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key.
 */
#include <string.h>

#include "example.h"

/* Two seconds a try: a device that waits for its license does not wait for ever. */
enum { TRIES = 3, DEADLINE_MS = 2000 };

/* The answer for one device is small; no heap is needed. */
static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];

/* The page that the device is on; NULL if the service cannot be asked, and it has been said why. */
static const trro_devices *ask(const trro_client *client, const char *project_id, const char *device_id) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    int tries;
    request.project_id = project_id; /* an id is unique inside one project only */
    request.device_id = device_id;
    request.deadline_ms = DEADLINE_MS;
    for (tries = 1; trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error); tries++) {
        struct timespec pause = {1, 0};
        print_error("cannot ask for the licenses", &error);
        if (!error.retryable || tries == TRIES)
            return NULL;
        nanosleep(&pause, NULL);
    }
    return page;
}

/* The row of exactly this device; NULL if there is none. How the service compares ids is documented nowhere. */
static const trro_device *find(const trro_devices *page, const char *device_id, size_t *rows) {
    const trro_device *found = NULL;
    size_t i;
    *rows = 0;
    for (i = 0; i < page->device_count; i++) {
        if (strcmp(page->devices[i]->device_id, device_id) == 0) {
            found = page->devices[i];
            ++*rows;
        }
    }
    return found;
}

int main(int argc, char **argv) {
    int64_t streams = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
    const char *reason = "the service cannot be asked";
    trro_client *client;
    const trro_devices *page;

    if (argc < 3 || argc > 4 || streams < 1) {
        fprintf(stderr, "usage: %s PROJECT_ID DEVICE_ID [STREAMS]\n", argv[0]);
        return 2;
    }
    client = client_from_environment();
    if (client == NULL)
        return 1;
    page = ask(client, argv[1], argv[2]);
    if (page != NULL) {
        size_t rows;
        const trro_device *device = find(page, argv[2], &rows);
        if (device == NULL)
            reason = "the project has no such device";
        else if (rows > 1)
            reason = "the project has more than one device with this id";
        else
            reason = reason_not_to_run(device, streams, time(NULL));
        if (reason == NULL) {
            printf("%s is authorized for %lld stream(s)", argv[2], (long long)streams);
            if (device->remain_days != TRRO_ABSENT)
                printf(", for %lld more days", (long long)device->remain_days);
            printf("\n");
            /* Here TRRO_start() of the vendor's field SDK comes. Mind that it returns 1 for success. */
        }
    }
    if (reason != NULL)
        printf("%s is not authorized: %s\n", argv[2], reason);
    trro_client_free(client);
    return reason != NULL;
}
