/* Many threads that call on one client, for the thread sanitizer and for valgrind: HAMMER_THREADS threads (32) of
 * HAMMER_CALLS calls (1000) against the emulator at TRRO_ENDPOINT, which may misbehave. Every call must end in a right
 * answer or in a named error, and most in a right answer: else the run would show little. Beside each call the thread reads a
 * watch that asks every second. It prints how often each status came, as "calls 32000 TRRO_STATUS_OK 31987 TRRO_STATUS_TIMEOUT 13". */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trro.h>

enum { ROWS = 20, MAX_THREADS = 1000, MAX_CALLS = 1000000, STATUSES = 64 };

typedef struct {
    const trro_client *client;
    const trro_watch *watch;
    pthread_barrier_t *start;
    long calls;
    int64_t page_size;
    unsigned long wrong;
    unsigned long of_status[STATUSES];
} worker;

/* A number of the environment, from 1 to the largest. */
static long number(const char *name, long preset, long largest) {
    const char *text = getenv(name);
    char *end;
    long value;
    if (text == NULL)
        return preset;
    value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > largest) {
        fprintf(stderr, "%s: a number from 1 to %ld is expected, not \"%s\"\n", name, largest, text);
        exit(2);
    }
    return value;
}

/* What is wrong with a row, or NULL. */
static const char *fault_of_device(const trro_device *device) {
    size_t i;
    if (device->device_id == NULL || device->device_id[0] == '\0')
        return "a row without a device_id";
    if (device->device_name == NULL)
        return "a row without a device_name";
    for (i = 0; i < device->license_id_count; i++)
        if (device->license_ids[i] == NULL || device->license_ids[i][0] == '\0')
            return "a license without an id";
    return NULL;
}

/* What is wrong with the page that a successful call gave, or NULL. */
static const char *fault_of_page(const trro_devices *page, int64_t page_size) {
    size_t i;
    if (page == NULL)
        return "no page";
    if (page->request_id == NULL || page->request_id[0] == '\0')
        return "no request_id";
    if ((int64_t)page->device_count != page_size)
        return "not as many rows as were asked for";
    if (page->total_count < page_size)
        return "a total_count of less than the rows";
    for (i = 0; i < page->device_count; i++) {
        const char *fault = fault_of_device(page->devices[i]);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}

/* What is wrong with what a failed call gave, or NULL. */
static const char *fault_of_error(trro_status status, const trro_devices *page, const trro_error *error) {
    if (status < 0 || status >= STATUSES || strcmp(trro_status_name(status), "TRRO_STATUS_UNKNOWN") == 0)
        return "a status without a name";
    if (status == TRRO_STATUS_INVALID_ARGUMENT || status == TRRO_STATUS_INTERNAL)
        return "a status that is a fault of this program or of the library";
    if (error->message[0] == '\0')
        return "an error without a message";
    if (page != NULL)
        return "a page beside an error";
    return NULL;
}

static void call(worker *self, void *buffer, size_t buffer_size) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    trro_status status;
    const char *fault;
    request.page_num = 1;
    request.page_size = self->page_size;
    status = trro_get_devices(self->client, &request, buffer, buffer_size, &page, NULL, &error);
    if (error.status != status)
        fault = "an error with another status than was returned";
    else if (status == TRRO_STATUS_OK)
        fault = fault_of_page(page, self->page_size);
    else
        fault = fault_of_error(status, page, &error);
    if (fault == NULL) {
        self->of_status[status]++;
        return;
    }
    self->wrong++;
    fprintf(stderr, "%s: status %d, \"%.255s\"\n", fault, (int)status, error.message);
}

/* What is wrong with what a watch says of a device that is authorized, or NULL. */
static const char *fault_of_authorization(const trro_authorization *authorization) {
    if (authorization->source == TRRO_SOURCE_NONE)
        return authorization->verdict == TRRO_VERDICT_UNKNOWN ? NULL : "a verdict without an answer";
    if (authorization->verdict != TRRO_VERDICT_AUTHORIZED || authorization->license_count != 4 ||
        authorization->request_id[0] == '\0' || authorization->age_ms < 0)
        return "another authorization than the device's";
    return NULL;
}

static void read_watch(worker *self) {
    trro_authorization authorization;
    const char *fault = "a watch that cannot be read";
    if (trro_watch_read(self->watch, &authorization) == TRRO_STATUS_OK)
        fault = fault_of_authorization(&authorization);
    if (fault != NULL) {
        self->wrong++;
        fprintf(stderr, "%s\n", fault);
    }
}

static trro_watch *watch_of(const trro_client *client) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *watch;
    trro_error error;
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    query.streams = 4;
    config.query = &query;
    config.period_s = 1;
    if (trro_watch_new(client, &config, &watch, &error)) {
        fprintf(stderr, "%s: %s\n", trro_status_name(error.status), error.message);
        exit(2);
    }
    return watch;
}

static void *work(void *context) {
    worker *self = context;
    /* On the heap, each in a block of its own: valgrind sees a byte too far. */
    size_t buffer_size = TRRO_DEVICES_BUFFER_SIZE(ROWS);
    void *buffer = malloc(buffer_size);
    long i;
    if (buffer == NULL)
        abort();
    /* The first calls make what all share: they begin together. */
    pthread_barrier_wait(self->start);
    for (i = 0; i < self->calls; i++) {
        call(self, buffer, buffer_size);
        read_watch(self);
    }
    free(buffer);
    return NULL;
}

static trro_client *client_of_emulator(void) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_client *client;
    trro_error error;
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = getenv("TRRO_CA_FILE");
    config.max_requests_per_s = TRRO_UNLIMITED;
    if (config.endpoint == NULL) {
        fprintf(stderr, "TRRO_ENDPOINT is not set\n");
        exit(2);
    }
    if (trro_client_new(&config, &client, &error)) {
        fprintf(stderr, "%s: %s\n", trro_status_name(error.status), error.message);
        exit(2);
    }
    return client;
}

/* Prints the counts; whether they are as they have to be. */
static int report(const worker *workers, long threads, long calls) {
    unsigned long ended = 0, wrong = 0, of_status[STATUSES] = {0}, expected = (unsigned long)(threads * calls);
    long i;
    int status;
    for (i = 0; i < threads; i++) {
        wrong += workers[i].wrong;
        for (status = 0; status < STATUSES; status++)
            of_status[status] += workers[i].of_status[status];
    }
    printf("calls %lu", expected);
    for (status = 0; status < STATUSES; status++) {
        ended += of_status[status];
        if (of_status[status] > 0)
            printf(" %s %lu", trro_status_name(status), of_status[status]);
    }
    if (wrong > 0)
        printf(" wrong %lu", wrong);
    printf("\n");
    return wrong == 0 && ended == expected && of_status[TRRO_STATUS_OK] > expected / 2;
}

int main(void) {
    long threads = number("HAMMER_THREADS", 32, MAX_THREADS), calls = number("HAMMER_CALLS", 1000, MAX_CALLS), i;
    worker *workers = calloc((size_t)threads, sizeof *workers);
    pthread_t *handles = calloc((size_t)threads, sizeof *handles);
    trro_client *client = client_of_emulator();
    trro_watch *watch = watch_of(client);
    pthread_barrier_t start;
    int good;
    if (workers == NULL || handles == NULL || pthread_barrier_init(&start, NULL, (unsigned)threads) != 0)
        abort();
    for (i = 0; i < threads; i++) {
        workers[i].client = client;
        workers[i].watch = watch;
        workers[i].start = &start;
        workers[i].calls = calls;
        /* Threads ask for different pages, so that an answer that came to another thread is noticed. */
        workers[i].page_size = ROWS - i % ROWS;
        if (pthread_create(&handles[i], NULL, work, &workers[i]) != 0)
            abort();
    }
    for (i = 0; i < threads; i++)
        pthread_join(handles[i], NULL);
    pthread_barrier_destroy(&start);
    trro_client_free(client);
    if (trro_watch_free(watch) != TRRO_STATUS_OK)
        return 1;
    good = report(workers, threads, calls);
    free(handles);
    free(workers);
    return good ? 0 : 1;
}
