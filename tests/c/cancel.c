/* trro_client_cancel() and trro_client_resume(): what holds until when, and what meets what. How fast is in stalls.c. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { BUFFER_SIZE = 64 * 1024, THREADS = 4, LONG_MS = 60000 };

static trro_status get(const trro_client *client, trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    char buffer[BUFFER_SIZE];
    return trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, error);
}

static void resume(const trro_client *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_OK, &error);
}

static void resume_is_refused(const trro_client *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "has not returned yet") != NULL);
}

static void wait_for(sem_t *semaphore) {
    while (sem_wait(semaphore) != 0)
        CHECK(errno == EINTR);
}

static void *is_cancelled_at_once(void *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_CANCELLED, &error);
    CHECK(error.attempts == 0);
    return NULL;
}

static void every_call_is_cancelled_until_resumed(void) {
    trro_client *client = client_for_test();
    trro_error error = uninitialised_error();
    pthread_t thread;
    trro_client_cancel(client);
    trro_client_cancel(client);
    is_cancelled_at_once(client);
    CHECK(pthread_create(&thread, NULL, is_cancelled_at_once, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    is_cancelled_at_once(client);
    resume(client);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
}

static void resuming_what_was_not_cancelled_does_nothing(void) {
    trro_client *client = client_for_test();
    trro_error error = uninitialised_error();
    resume(client);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    resume(client);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
}

static void a_cancelled_client_can_be_freed(void) {
    trro_client *client = client_for_test();
    trro_client_cancel(client);
    trro_client_free(client);
}

static void a_kept_answer_is_given_after_resuming(void) {
    trro_client *client = client_for_test();
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    trro_error error = uninitialised_error();
    const trro_devices *page;
    size_t needed;
    char none;
    CHECK_STATUS(trro_get_devices(client, &request, &none, 0, &page, &needed, &error), TRRO_STATUS_BUFFER_TOO_SMALL,
                 &error);
    trro_client_cancel(client);
    is_cancelled_at_once(client);
    resume(client);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 0);
    trro_client_free(client);
}

/* A call that a callback of the program holds until it is released. */
typedef struct {
    trro_client *client;
    sem_t entered, release;
    trro_status status;
    trro_error error;
} held;

static void hold(held *call) {
    sem_post(&call->entered);
    wait_for(&call->release);
}

static trro_status hold_credentials(void *data, trro_credentials *credentials) {
    hold(data);
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    return TRRO_STATUS_OK;
}

static void hold_log(void *data, int32_t level, const char *message) {
    (void)level;
    if (strstr(message, "attempt 1 of") != NULL)
        hold(data);
}

static void *run_held(void *data) {
    held *call = data;
    call->status = get(call->client, &call->error);
    return NULL;
}

static void is_not_resumed_before_the_held_call_returns(trro_client_config *config, held *call) {
    trro_error error = uninitialised_error();
    pthread_t thread;
    CHECK(sem_init(&call->entered, 0, 0) == 0 && sem_init(&call->release, 0, 0) == 0);
    CHECK_STATUS(trro_client_new(config, &call->client, &error), TRRO_STATUS_OK, &error);
    CHECK(pthread_create(&thread, NULL, run_held, call) == 0);
    wait_for(&call->entered);
    resume(call->client);
    trro_client_cancel(call->client);
    resume_is_refused(call->client);
    is_cancelled_at_once(call->client);
    resume_is_refused(call->client);
    sem_post(&call->release);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_STATUS(call->status, TRRO_STATUS_CANCELLED, &call->error);
    resume(call->client);
    sem_post(&call->release);
    CHECK_STATUS(get(call->client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(call->client);
}

static void resuming_is_refused_while_a_cancelled_call_is_in_credentials_fn(void) {
    trro_client_config config = config_for_test();
    held call = {0};
    config.credentials_fn = hold_credentials;
    config.credentials_data = &call;
    is_not_resumed_before_the_held_call_returns(&config, &call);
}

static void resuming_is_refused_while_a_cancelled_call_is_in_log_fn(void) {
    trro_client_config config = config_for_test();
    held call = {0};
    config.log_fn = hold_log;
    config.log_data = &call;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    is_not_resumed_before_the_held_call_returns(&config, &call);
}

static void tell_of_the_attempt(void *semaphore, int32_t level, const char *message) {
    (void)level;
    if (strstr(message, "attempt 1 of") != NULL)
        sem_post(semaphore);
}

/* The child has the descriptors of its parent, and must not wake the parent's calls. */
static void a_forked_child_cancels_nothing_of_its_parents(void) {
    trro_client_config config = config_for_test();
    trro_error error = uninitialised_error();
    held call = {0};
    pthread_t thread;
    pid_t child;
    int state;
    CHECK(sem_init(&call.entered, 0, 0) == 0);
    config.log_fn = tell_of_the_attempt;
    config.log_data = &call.entered;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    CHECK_STATUS(trro_client_new(&config, &call.client, &error), TRRO_STATUS_OK, &error);
    CHECK(pthread_create(&thread, NULL, run_held, &call) == 0);
    wait_for(&call.entered);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        trro_client_cancel(call.client);
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_STATUS(call.status, TRRO_STATUS_OK, &call.error);
    CHECK_STATUS(get(call.client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(call.client);
}

/* Threads that call until they are told to stop. */
typedef struct {
    trro_client *client;
    atomic_int is_over;
    atomic_long answered;
    pthread_t threads[THREADS];
} callers;

static void *call_on(void *data) {
    callers *all = data;
    while (!atomic_load(&all->is_over)) {
        trro_error error = uninitialised_error();
        if (get(all->client, &error) == TRRO_STATUS_OK)
            atomic_fetch_add(&all->answered, 1);
        else
            CHECK_STATUS(error.status, TRRO_STATUS_CANCELLED, &error);
    }
    return NULL;
}

static void begin_calls(callers *all, const trro_client_config *config) {
    trro_error error = uninitialised_error();
    int i;
    memset(all, 0, sizeof *all);
    CHECK_STATUS(trro_client_new(config, &all->client, &error), TRRO_STATUS_OK, &error);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&all->threads[i], NULL, call_on, all) == 0);
}

static void end_calls(callers *all) {
    int i;
    atomic_store(&all->is_over, 1);
    trro_client_cancel(all->client);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(all->threads[i], NULL) == 0);
    trro_client_free(all->client);
}

static void until_resumed(const trro_client *client) {
    trro_error error = uninitialised_error();
    while (trro_client_resume(client, &error) != TRRO_STATUS_OK)
        CHECK_STATUS(error.status, TRRO_STATUS_INVALID_ARGUMENT, &error);
}

static void calls_are_answered_or_cancelled_however_often(void) {
    trro_client_config config = config_for_test();
    static callers all;
    int i;
    config.deadline_ms = LONG_MS;
    begin_calls(&all, &config);
    for (i = 0; i < 10000; i++) {
        trro_client_cancel(all.client);
        until_resumed(all.client);
    }
    while (atomic_load(&all.answered) == 0)
        usleep(1000);
    end_calls(&all);
}

/* The kernel takes connections for it, and nobody ever answers. */
static trro_client_config config_of_a_silent_peer(char endpoint[64]) {
    trro_client_config config = config_for_test();
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 128) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(endpoint, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
    config.endpoint = endpoint;
    config.deadline_ms = LONG_MS;
    config.connect_timeout_ms = LONG_MS;
    return config;
}

/* Threads that call once a round. */
typedef struct {
    trro_client *client;
    pthread_barrier_t barrier;
    int rounds;
} rounds_of_calls;

/* Nothing else ends these calls before their deadline, of which CHECK_STATUS would tell. */
static void *is_cancelled_in_every_round(void *data) {
    rounds_of_calls *all = data;
    int round;
    for (round = 0; round < all->rounds; round++) {
        trro_error error = uninitialised_error();
        pthread_barrier_wait(&all->barrier);
        CHECK_STATUS(get(all->client, &error), TRRO_STATUS_CANCELLED, &error);
        pthread_barrier_wait(&all->barrier);
    }
    return NULL;
}

static void no_thread_misses_a_cancellation(void) {
    char endpoint[64];
    trro_client_config config = config_of_a_silent_peer(endpoint);
    trro_error error = uninitialised_error();
    rounds_of_calls all = {.rounds = 10000};
    pthread_t threads[THREADS];
    int round, i;
    CHECK_STATUS(trro_client_new(&config, &all.client, &error), TRRO_STATUS_OK, &error);
    CHECK(pthread_barrier_init(&all.barrier, NULL, THREADS + 1) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, is_cancelled_in_every_round, &all) == 0);
    for (round = 0; round < all.rounds; round++) {
        volatile int left;
        pthread_barrier_wait(&all.barrier);
        /* Each time the threads are a little further in their calls. */
        for (left = round % 100 * 500; left > 0; left--)
            continue;
        trro_client_cancel(all.client);
        pthread_barrier_wait(&all.barrier);
        resume(all.client);
    }
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    trro_client_free(all.client);
}

typedef struct {
    trro_client *client;
    atomic_int is_over;
} resumer;

static void *resume_on(void *data) {
    resumer *resuming = data;
    while (!atomic_load(&resuming->is_over)) {
        trro_error error = uninitialised_error();
        if (trro_client_resume(resuming->client, &error) != TRRO_STATUS_OK)
            CHECK_STATUS(error.status, TRRO_STATUS_INVALID_ARGUMENT, &error);
    }
    return NULL;
}

/* Before the cancellation a resuming does nothing, and after it it is refused until the call has returned. */
static void a_resuming_takes_no_cancellation_away_from_a_call(void) {
    char endpoint[64];
    trro_client_config config = config_of_a_silent_peer(endpoint);
    trro_error error = uninitialised_error();
    resumer resuming = {0};
    held call = {0};
    pthread_t resuming_thread, thread;
    int round;
    CHECK(sem_init(&call.entered, 0, 0) == 0);
    config.log_fn = tell_of_the_attempt;
    config.log_data = &call.entered;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    CHECK_STATUS(trro_client_new(&config, &call.client, &error), TRRO_STATUS_OK, &error);
    resuming.client = call.client;
    CHECK(pthread_create(&resuming_thread, NULL, resume_on, &resuming) == 0);
    for (round = 0; round < 5000; round++) {
        CHECK(pthread_create(&thread, NULL, run_held, &call) == 0);
        wait_for(&call.entered);
        trro_client_cancel(call.client);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK_STATUS(call.status, TRRO_STATUS_CANCELLED, &call.error);
        until_resumed(call.client);
    }
    atomic_store(&resuming.is_over, 1);
    CHECK(pthread_join(resuming_thread, NULL) == 0);
    trro_client_free(call.client);
}

static const test tests[] = {
    {"every_call_is_cancelled_until_resumed", every_call_is_cancelled_until_resumed, "", 1},
    {"resuming_what_was_not_cancelled_does_nothing", resuming_what_was_not_cancelled_does_nothing, "", 2},
    {"a_cancelled_client_can_be_freed", a_cancelled_client_can_be_freed, "", 0},
    {"a_kept_answer_is_given_after_resuming", a_kept_answer_is_given_after_resuming, "", 1},
    {"resuming_is_refused_while_a_cancelled_call_is_in_credentials_fn",
     resuming_is_refused_while_a_cancelled_call_is_in_credentials_fn, "", 1},
    {"resuming_is_refused_while_a_cancelled_call_is_in_log_fn", resuming_is_refused_while_a_cancelled_call_is_in_log_fn,
     "", 1},
    {"a_forked_child_cancels_nothing_of_its_parents", a_forked_child_cancels_nothing_of_its_parents, "late:300", 2},
    {"calls_are_answered_or_cancelled_however_often", calls_are_answered_or_cancelled_however_often, "", -1},
    {"no_thread_misses_a_cancellation", no_thread_misses_a_cancellation, "", 0},
    {"a_resuming_takes_no_cancellation_away_from_a_call", a_resuming_takes_no_cancellation_away_from_a_call, "", 0},
};

RUN_TESTS(tests)
