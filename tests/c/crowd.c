/* 64 threads on one client and one watch; and how a client is freed while calls run: cancel, wait until they have returned, free. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "control.h"

enum { THREADS = 64, ROUNDS = 5, BUFFER_SIZE = 64 * 1024, LONG_MS = 60000 };

static trro_client *client;
static trro_watch *watch;
static pthread_barrier_t start;
static atomic_int to_end;

static trro_status get(void *buffer, int64_t page_size, const trro_devices **page, trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    request.page_size = page_size;
    request.deadline_ms = LONG_MS;
    return trro_get_devices(client, &request, buffer, BUFFER_SIZE, page, NULL, error);
}

static trro_watch *watch_of_a_device(void) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *made;
    trro_error error = uninitialised_error();
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    CHECK_STATUS(trro_watch_new(client, &config, &made, &error), TRRO_STATUS_OK, &error);
    return made;
}

static void *use_everything(void *page_size) {
    char *buffer = malloc(BUFFER_SIZE);
    int i;
    CHECK(buffer != NULL);
    pthread_barrier_wait(&start);
    for (i = 0; i < ROUNDS; i++) {
        trro_authorization authorization;
        const trro_devices *page;
        int64_t offset_ms;
        trro_error error = uninitialised_error();
        CHECK_STATUS(get(buffer, (int64_t)(intptr_t)page_size, &page, &error), TRRO_STATUS_OK, &error);
        /* Each asks for another page, so that an answer for another thread is noticed. */
        CHECK(page->device_count == (size_t)(intptr_t)page_size);
        CHECK_STATUS(trro_client_clock_offset_ms(client, &offset_ms, &error), TRRO_STATUS_OK, &error);
        CHECK_STATUS(trro_client_connect(client, LONG_MS, &error), TRRO_STATUS_OK, &error);
        CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK && trro_watch_fd(watch) >= 0);
        CHECK(authorization.source == TRRO_SOURCE_NONE || authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    }
    free(buffer);
    return NULL;
}

static void begin(pthread_t *threads, void *(*work)(void *)) {
    int i;
    CHECK(pthread_barrier_init(&start, NULL, THREADS) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)(1 + i % 20)) == 0);
}

static void join(const pthread_t *threads) {
    int i;
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pthread_barrier_destroy(&start) == 0);
}

static void many_threads_use_one_client_and_one_watch(void) {
    pthread_t threads[THREADS];
    client = client_for_test();
    watch = watch_of_a_device();
    begin(threads, use_everything);
    join(threads);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void *be_cancelled(void *page_size) {
    char *buffer = malloc(BUFFER_SIZE);
    const trro_devices *page;
    trro_error error = uninitialised_error();
    CHECK(buffer != NULL);
    pthread_barrier_wait(&start);
    CHECK_STATUS(get(buffer, (int64_t)(intptr_t)page_size, &page, &error), TRRO_STATUS_CANCELLED, &error);
    free(buffer);
    return NULL;
}

/* The service answers nobody, so that all are in their calls. */
static void a_client_in_use_is_freed_after_its_calls_were_cancelled_and_have_returned(void) {
    pthread_t threads[THREADS];
    int descriptors = entries("/proc/self/fd");
    client = client_for_test();
    tell_emulator("always", "stall-head");
    begin(threads, be_cancelled);
    UNTIL(requests_seen() == THREADS);
    trro_client_cancel(client);
    join(threads);
    trro_client_free(client);
    CHECK(entries("/proc/self/fd") == descriptors);
}

static void *read_until_the_end(void *unused) {
    pthread_barrier_wait(&start);
    while (!atomic_load(&to_end)) {
        trro_authorization authorization;
        CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    }
    return unused;
}

/* In the middle of its request, which nobody answers. */
static void a_watch_in_use_is_freed_after_its_readers_have_ended(void) {
    pthread_t threads[THREADS];
    client = client_for_test();
    tell_emulator("always", "stall-head");
    watch = watch_of_a_device();
    begin(threads, read_until_the_end);
    UNTIL(requests_seen() == 1);
    atomic_store(&to_end, 1);
    join(threads);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static const test tests[] = {
    {"many_threads_use_one_client_and_one_watch", many_threads_use_one_client_and_one_watch, "", -1},
    {"a_client_in_use_is_freed_after_its_calls_were_cancelled_and_have_returned",
     a_client_in_use_is_freed_after_its_calls_were_cancelled_and_have_returned, "", THREADS},
    {"a_watch_in_use_is_freed_after_its_readers_have_ended", a_watch_in_use_is_freed_after_its_readers_have_ended, "", 1},
};
RUN_TESTS(tests)
