/* A field device (vehicle, robot) asks whether it may run, before it starts to stream.
 *
 *     field_device PROJECT_ID DEVICE_ID [STREAMS]
 *
 * 0: authorized; 1: not authorized; 3: that is not known; 2: usage. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold
 * the key. TRRO_ENDPOINT names another site than the international one, TRRO_CA_FILE the authorities to trust.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

/* Two seconds a try: a device that waits for its license does not wait for ever. */
enum { TRIES = 3, DEADLINE_MS = 2000, MOST_PAGES = 100 };
enum { EXIT_AUTHORIZED = 0, EXIT_NOT_AUTHORIZED = 1, EXIT_USAGE = 2, EXIT_NOT_KNOWN = 3 };

/* The answer for one device is small; no heap is needed. */
static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];

/* One page; NULL if the service cannot be asked, and it has been said why. */
static const trro_devices *ask(const trro_client *client, const trro_get_devices_request *request) {
    const struct timespec pause = {1, 0};
    const trro_devices *page;
    trro_error error;
    int tries;
    for (tries = 1; trro_get_devices(client, request, buffer, sizeof buffer, &page, NULL, &error); tries++) {
        print_error("cannot ask for the licenses", &error);
        if (!error.retryable || tries == TRIES)
            return NULL;
        nanosleep(&pause, NULL);
    }
    return page;
}

/* Whether the device can run, by the one row that is exactly its own: how the service compares ids is documented nowhere. */
static judgement check(const trro_client *client, const char *project_id, const char *device_id, int64_t streams,
                       const char **reason) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    judgement judged = CANNOT_RUN;
    size_t rows = 0, found = 0, i;
    const trro_devices *page;
    request.project_id = project_id; /* an id is unique inside one project only */
    request.device_id = device_id;
    request.deadline_ms = DEADLINE_MS;
    *reason = "the project has no such device";
    do {
        request.page_num++;
        page = ask(client, &request);
        if (page == NULL) {
            *reason = "the service cannot be asked";
            return NOT_KNOWN;
        }
        for (i = 0; i < page->device_count; i++) {
            if (strcmp(page->devices[i]->device_id, device_id) != 0)
                continue;
            if (++found > 1) {
                *reason = "the project has more than one device with this id";
                return NOT_KNOWN;
            }
            judged = judge(page->devices[i], streams, time(NULL), reason);
        }
        rows += page->device_count;
    } while (!is_last_page(page, rows) && request.page_num < MOST_PAGES);
    return judged;
}

int main(int argc, char **argv) {
    char *end = "";
    int64_t streams = argc > 3 ? strtol(argv[3], &end, 10) : 1;
    const char *reason = "no client could be made";
    judgement judged = NOT_KNOWN;
    trro_client *client;

    if (argc < 3 || argc > 4 || streams < 1 || *end != '\0') {
        fprintf(stderr, "usage: %s PROJECT_ID DEVICE_ID [STREAMS]\n", argv[0]);
        return EXIT_USAGE;
    }
    client = client_from_environment();
    if (client != NULL)
        judged = check(client, argv[1], argv[2], streams, &reason);
    trro_client_free(client);

    switch (judged) {
    case CAN_RUN:
        printf("%s is authorized for %lld stream(s)\n", argv[2], (long long)streams);
        /* Here TRRO_start() of the vendor's field SDK comes. Mind that it returns 1 for success. */
        return EXIT_AUTHORIZED;
    case CANNOT_RUN:
        printf("%s is not authorized: %s\n", argv[2], reason);
        return EXIT_NOT_AUTHORIZED;
    default:
        printf("cannot tell whether %s is authorized: %s\n", argv[2], reason);
        /* TRRO_start() checks by itself: that one could not ask is no reason not to call it. */
        return EXIT_NOT_KNOWN;
    }
}
