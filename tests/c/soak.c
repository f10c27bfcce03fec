/* A client and its watches under load, against a service that misbehaves: tests/soak.rs sees to that.
 *
 *     soak SECONDS SEED
 *
 * THREADS threads call in every way, with any deadline, and begin, read and end watches; the main thread cancels and resumes at any time. Every
 * call has to end as the header says. Prints what came of the calls, and of each quarter of the time the most memory that the process had and the
 * least that was in use; fails where something is left behind. */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "control.h"
#include "process_memory.h"

enum { THREADS = 16, STATUSES = 64, QUARTERS = 4, MOST_GROWTH_KIB = 1024, SHORTEST_PAUSE_MS = 5, LONGEST_PAUSE_MS = 200 };

static trro_client *client;
static atomic_int is_over;
static atomic_long begun, ended_as[STATUSES];

/* 0 to `below` - 1. */
static unsigned any(unsigned *seed, unsigned below) {
    return (unsigned)rand_r(seed) % below;
}

/* What a call in the midst of faults and cancels may come to; the caller's mistakes and ours it may not. */
static void end(trro_status status, const trro_error *error) {
    CHECK(status >= 0 && status < STATUSES && error->status == status);
    CHECK((status == TRRO_STATUS_OK) == (error->message[0] == '\0'));
    if (status == TRRO_STATUS_INTERNAL || status == TRRO_STATUS_INVALID_ARGUMENT) {
        fprintf(stderr, "%s: %s\n", trro_status_name(status), error->message);
        exit(1);
    }
    atomic_fetch_add(&ended_as[status], 1);
    /* Who does not wait for its turn would ask for nothing else. */
    if (status == TRRO_STATUS_THROTTLED || status == TRRO_STATUS_CANCELLED)
        sleep_ms(SHORTEST_PAUSE_MS + error->retry_after_ms % LONGEST_PAUSE_MS);
}

static uint32_t any_deadline(unsigned *seed) {
    return any(seed, 4) == 0 ? 20 + any(seed, 200) : 3000;
}

static void get_devices(unsigned *seed) {
    /* Of each thread. */
    static _Thread_local char buffer[128 * 1024];
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    trro_status status;
    request.page_size = 1 + any(seed, 100);
    request.deadline_ms = any_deadline(seed);
    status = trro_get_devices(client, &request, buffer, any(seed, 20) == 0 ? 64 : sizeof buffer, &page, NULL, &error);
    if (status == TRRO_STATUS_OK)
        CHECK(page->device_count > 0 && page->devices[page->device_count - 1]->device_id[0] != '\0');
    end(status, &error);
}

static int count_device(void *count, const trro_device *device) {
    CHECK(device->device_id[0] != '\0');
    ++*(size_t *)count;
    return 0;
}

static void list(unsigned *seed) {
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_error error;
    size_t count = 0;
    int changed;
    filter.deadline_ms = any_deadline(seed);
    end(trro_for_each_device(client, &filter, count_device, &count, &changed, &error), &error);
}

static trro_authorization_query query(unsigned *seed) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    query.streams = 1 + any(seed, 4);
    return query;
}

static void check(unsigned *seed) {
    trro_authorization_query asked = query(seed);
    trro_authorization authorization;
    trro_error error;
    trro_status status;
    asked.deadline_ms = any_deadline(seed);
    status = trro_check_authorization(client, &asked, &authorization, &error);
    CHECK(status == TRRO_STATUS_OK || authorization.verdict == TRRO_VERDICT_UNKNOWN);
    end(status, &error);
}

static void watch(unsigned *seed) {
    trro_authorization_query asked = query(seed);
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization;
    trro_watch *watch;
    trro_error error;
    int reads = (int)any(seed, 1000);
    config.query = &asked;
    config.period_s = 1;
    end(trro_watch_new(client, &config, &watch, &error), &error);
    while (reads-- > 0)
        CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    trro_watch_free(watch);
}

static void connect_ahead(unsigned *seed) {
    trro_error error;
    end(trro_client_connect(client, any_deadline(seed), &error), &error);
}

static void *work(void *argument) {
    static void (*const calls[])(unsigned *) = {get_devices, get_devices, get_devices, list, check, watch, connect_ahead};
    unsigned seed = *(unsigned *)argument;
    while (!atomic_load(&is_over)) {
        atomic_fetch_add(&begun, 1);
        calls[any(&seed, sizeof calls / sizeof *calls)](&seed);
    }
    return NULL;
}

/* What of a quarter of the time is compared: the most that the process had, and the least that malloc() had given and not got back,
 * which is when few calls were on their way. */
struct memory {
    long resident_kib, in_use_kib;
};

static void look_at_memory(struct memory *memory) {
    const struct mallinfo2 heap = mallinfo2();
    const long resident = status_of_process("VmRSS:"), in_use = (long)((heap.uordblks + heap.hblkhd) / 1024);
    if (resident > memory->resident_kib)
        memory->resident_kib = resident;
    if (memory->in_use_kib == 0 || in_use < memory->in_use_kib)
        memory->in_use_kib = in_use;
}

/* Cancels now and then, and looks at the memory, until the time is over. */
static void disturb(int64_t us, unsigned seed, struct memory *quarters) {
    const int64_t start = now_us();
    int64_t passed;
    while ((passed = now_us() - start) < us) {
        look_at_memory(&quarters[passed * QUARTERS / us]);
        sleep_ms(50);
        if (any(&seed, 40) == 0) {
            trro_client_cancel(client);
            sleep_ms(any(&seed, 30));
            UNTIL(trro_client_resume(client, NULL) == TRRO_STATUS_OK);
        }
    }
}

int main(int argc, char **argv) {
    trro_client_config config = config_for_test();
    pthread_t threads[THREADS];
    unsigned seeds[THREADS], seed;
    struct memory quarters[QUARTERS] = {{0, 0}};
    long ended = 0;
    int descriptors, tasks, i;
    CHECK(argc == 3);
    seed = (unsigned)strtoul(argv[2], NULL, 10);
    config.max_attempts = 3;
    config.max_requests_per_s = 400;
    config.deadline_ms = 3000;
    descriptors = entries("/proc/self/fd");
    tasks = entries("/proc/self/task");
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    for (i = 0; i < THREADS; i++) {
        seeds[i] = seed + (unsigned)i;
        CHECK(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0);
    }
    disturb(strtol(argv[1], NULL, 10) * 1000000, seed, quarters);
    atomic_store(&is_over, 1);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    trro_client_free(client);
    for (i = 0; i < STATUSES; i++) {
        if (ended_as[i] > 0)
            printf("%s %ld\n", trro_status_name(i), atomic_load(&ended_as[i]));
        ended += ended_as[i];
    }
    printf("calls %ld\n", begun);
    for (i = 0; i < QUARTERS; i++)
        printf("quarter %d: %ld KiB, %ld KiB in use\n", i + 1, quarters[i].resident_kib, quarters[i].in_use_kib);
    CHECK(ended == begun);
    CHECK(ended_as[TRRO_STATUS_OK] > begun / 2); /* Else the run would show little. */
    CHECK(quarters[3].resident_kib <= quarters[1].resident_kib + MOST_GROWTH_KIB);
    CHECK(quarters[3].in_use_kib <= quarters[1].in_use_kib + MOST_GROWTH_KIB);
    UNTIL(entries("/proc/self/task") == tasks);
    CHECK(entries("/proc/self/fd") == descriptors);
    return 0;
}
