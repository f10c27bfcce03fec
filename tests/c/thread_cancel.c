/* A thread is cancelled inside of a call: it ends when the call has returned, and the client is as before. Run over HTTP by
 * tests/c_programs.rs, over TLS by tests/product.rs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "calls.h"

enum { DEADLINE_MS = 600 };

static sem_t began;
static trro_status status;
static atomic_int has_returned;

static void tell_that_it_began(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    if (strstr(message, "attempt 1 of") != NULL)
        sem_post(&began);
}

static trro_client *client_that_tells(void) {
    trro_client_config config = config_for_test();
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = tell_that_it_began;
    CHECK(sem_init(&began, 0, 0) == 0);
    return client_of(&config);
}

static void call(const trro_client *client) {
    trro_error error;
    status = get_device(client, "dev1", DEADLINE_MS, &error);
    atomic_store(&has_returned, 1);
}

/* Ends here, and without variables of its own, of which the address sanitizer would remember that they are there. */
static void *call_and_end(void *client) {
    call(client);
    pthread_testcancel();
    return NULL;
}

static void a_thread_that_is_cancelled_in_a_call_ends_when_it_has_returned(void) {
    trro_client *client = client_that_tells();
    const int descriptors = entries("/proc/self/fd");
    trro_error error;
    pthread_t thread;
    void *ended;
    CHECK(pthread_create(&thread, NULL, call_and_end, client) == 0);
    CHECK(sem_wait(&began) == 0 && pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &ended) == 0 && ended == PTHREAD_CANCELED);
    CHECK(atomic_load(&has_returned) && status == TRRO_STATUS_TIMEOUT);
    /* Nothing is held, and nothing lost. */
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
    CHECK(entries("/proc/self/fd") == descriptors - 1);
}

static void *cancel_and_free(void *client) {
    /* From here on any system call in which a thread may be cancelled would end this one. */
    if (pthread_cancel(pthread_self()) == 0) {
        trro_client_cancel(client);
        trro_client_free(client);
        atomic_store(&has_returned, 1);
    }
    pthread_testcancel();
    return NULL;
}

static void a_thread_that_is_about_to_end_cancels_and_frees_first(void) {
    trro_client *client = client_that_tells();
    const int descriptors = entries("/proc/self/fd");
    trro_error error;
    pthread_t thread;
    void *ended;
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(pthread_create(&thread, NULL, cancel_and_free, client) == 0);
    CHECK(pthread_join(thread, &ended) == 0 && ended == PTHREAD_CANCELED && atomic_load(&has_returned));
    CHECK(entries("/proc/self/fd") == descriptors - 1);
}

static const test tests[] = {
    {"a_thread_that_is_cancelled_in_a_call_ends_when_it_has_returned",
     a_thread_that_is_cancelled_in_a_call_ends_when_it_has_returned, "stall-head", 2},
    {"a_thread_that_is_about_to_end_cancels_and_frees_first", a_thread_that_is_about_to_end_cancels_and_frees_first, "", 1},
};
RUN_TESTS(tests)
