/* How watches end: in which threads, what stays behind, after a fork, and what is refused. */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "watching.h"

static trro_client *own_client;
static trro_watch *own_watch;

static void end_from_inside(void *data, const trro_authorization *authorization) {
    trro_authorization read;
    trro_error error = uninitialised_error();
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *none;
    CHECK(trro_watch_free(own_watch) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(trro_watch_read(own_watch, &read) == TRRO_STATUS_OK && read.reason == authorization->reason);
    CHECK_STATUS(trro_client_resume(own_client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK_STATUS(trro_watch_new(own_client, &config, &none, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    be_told(data, authorization);
}

static void a_callback_cannot_end_its_watch(void) {
    told changes = {0};
    own_client = client_for_test();
    set_devices(ONE_LICENSE);
    /* The callback looks at own_watch, which has to be there by then. */
    tell_emulator("once", "late:300");
    own_watch = watch_for_test(own_client, 1, end_from_inside, &changes);
    UNTIL(changes.calls == 1);
    set_devices(NO_LICENSE);
    UNTIL(changes.calls == 2);
    CHECK(reason_of(own_watch) == TRRO_REASON_NOT_BOUND);
    CHECK(trro_watch_free(own_watch) == TRRO_STATUS_OK);
    trro_client_free(own_client);
}

static sem_t entered, leave;
static atomic_int has_left;

static void stay(void *data, const trro_authorization *authorization) {
    (void)data;
    (void)authorization;
    sem_post(&entered);
    while (sem_wait(&leave) != 0)
        ;
    atomic_store(&has_left, 1);
}

static void *let_it_leave(void *unused) {
    sleep_ms(300);
    sem_post(&leave);
    return unused;
}

static void prepare_to_stay(void) {
    CHECK(sem_init(&entered, 0, 0) == 0 && sem_init(&leave, 0, 0) == 0);
    set_devices(ONE_LICENSE);
}

static void a_callback_that_blocks_delays_the_end(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    pthread_t other;
    prepare_to_stay();
    watch = watch_for_test(client, 0, stay, NULL);
    while (sem_wait(&entered) != 0)
        ;
    CHECK(pthread_create(&other, NULL, let_it_leave, NULL) == 0);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    CHECK(has_left);
    CHECK(pthread_join(other, NULL) == 0);
    trro_client_free(client);
}

static atomic_int free_begins, free_has_ended;

static void *free_watch(void *watch) {
    atomic_store(&free_begins, 1);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    atomic_store(&free_has_ended, 1);
    return NULL;
}

/* While the last watch ends, whose callback blocks, another begins: each ends by itself, and the second at once. */
static void a_watch_that_begins_while_the_last_one_ends_ends_at_once_too(void) {
    trro_client *client = client_for_test();
    trro_watch *first, *second;
    pthread_t other;
    int64_t began_us, took_us;
    prepare_to_stay();
    first = watch_for_test(client, 0, stay, NULL);
    while (sem_wait(&entered) != 0)
        ;
    CHECK(pthread_create(&other, NULL, free_watch, first) == 0);
    UNTIL(free_begins);
    sleep_ms(100);
    tell_emulator("always", "stall-head");
    second = watch_for_test(client, 0, NULL, NULL);
    UNTIL(requests_seen() == 2);
    CHECK(!free_has_ended);
    sem_post(&leave);
    UNTIL(free_has_ended);
    CHECK(pthread_join(other, NULL) == 0);
    began_us = now_us();
    CHECK(trro_watch_free(second) == TRRO_STATUS_OK);
    took_us = now_us() - began_us;
    CHECK(took_us < 1000000);
    trro_client_free(client);
}

static void all_watches_of_a_client_share_a_thread_that_ends_with_them(void) {
    const int descriptors = entries("/proc/self/fd"), threads_before = threads();
    trro_client *client = client_for_test();
    told changes[2];
    trro_watch *first, *second;
    memset(changes, 0, sizeof changes);
    set_devices(ONE_LICENSE);
    CHECK(threads() == threads_before);
    first = watch_for_test(client, 0, be_told, &changes[0]);
    second = watch_for_test(client, 0, be_told, &changes[1]);
    UNTIL(changes[0].calls == 1 && changes[1].calls == 1);
    CHECK(threads() == threads_before + 1 && changes[0].thread_id == changes[1].thread_id);
    CHECK(trro_watch_free(first) == TRRO_STATUS_OK);
    CHECK(threads() == threads_before + 1);
    CHECK(trro_watch_free(second) == TRRO_STATUS_OK);
    UNTIL(threads() == threads_before);
    trro_client_free(client);
    CHECK(entries("/proc/self/fd") == descriptors);
}

static void two_clients_have_two_threads(void) {
    const int threads_before = threads();
    trro_client *clients[2];
    trro_watch *watches[2];
    int i;
    set_devices(ONE_LICENSE);
    for (i = 0; i < 2; i++) {
        clients[i] = client_for_test();
        watches[i] = watch_for_test(clients[i], 0, NULL, NULL);
    }
    for (i = 0; i < 2; i++)
        UNTIL(reason_of(watches[i]) == TRRO_REASON_AUTHORIZED);
    CHECK(threads() == threads_before + 2);
    for (i = 0; i < 2; i++) {
        CHECK(trro_watch_free(watches[i]) == TRRO_STATUS_OK);
        trro_client_free(clients[i]);
    }
}

static void a_new_watch_begins_after_the_last_has_ended(void) {
    const int threads_before = threads();
    trro_client *client = client_for_test();
    int i;
    set_devices(ONE_LICENSE);
    for (i = 0; i < 3; i++) {
        trro_watch *watch = watch_for_test(client, 0, NULL, NULL);
        UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
        CHECK(threads() == threads_before + 1);
        CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
        UNTIL(threads() == threads_before);
    }
    trro_client_free(client);
}

static void a_watch_outlives_its_client(void) {
    const int descriptors = entries("/proc/self/fd"), threads_before = threads();
    trro_client *client = client_for_test();
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    trro_client_free(client);
    set_devices(NO_LICENSE);
    UNTIL(reason_of(watch) == TRRO_REASON_NOT_BOUND);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    UNTIL(threads() == threads_before);
    CHECK(entries("/proc/self/fd") == descriptors);
}

/* A watch that ends does not end what is asked for another. */
static void the_end_of_one_leaves_the_request_of_another_alone(void) {
    trro_client *client = client_for_test();
    trro_watch *first, *second;
    set_devices(ONE_LICENSE);
    first = watch_for_test(client, 0, NULL, NULL);
    UNTIL(reason_of(first) == TRRO_REASON_AUTHORIZED);
    tell_emulator("once", "late:300");
    second = watch_for_test(client, 0, NULL, NULL);
    UNTIL(requests_seen() == 2);
    CHECK(trro_watch_free(first) == TRRO_STATUS_OK);
    UNTIL(reason_of(second) == TRRO_REASON_AUTHORIZED);
    CHECK(trro_watch_free(second) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void be_the_child(trro_client *client, trro_watch *watch) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch *none;
    trro_error error = uninitialised_error();
    const int threads_before = threads();
    query.project_id = "p";
    query.device_id = "d";
    config.query = &query;
    CHECK(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    CHECK_STATUS(trro_watch_new(client, &config, &none, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "fork") != NULL && none == NULL && threads() == threads_before);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void fork_and_go_on(trro_client *client, trro_watch *watch) {
    pid_t child = fork();
    int state;
    CHECK(child >= 0);
    if (child == 0) {
        be_the_child(client, watch);
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
    set_devices(NO_LICENSE);
    UNTIL(reason_of(watch) == TRRO_REASON_NOT_BOUND);
}

static void a_forked_child_reads_and_frees_and_the_parents_watch_goes_on(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    fork_and_go_on(client, watch);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

/* The thread is in the middle of a request when the child is made. */
static void a_fork_during_a_request_is_no_other(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    tell_emulator("once", "late:500");
    {
        const long before = requests_seen();
        UNTIL(requests_seen() > before);
    }
    fork_and_go_on(client, watch);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static atomic_int log_thread, credentials_thread;

static void log_line(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    if (strncmp(message, "watch: ", 7) == 0) {
        atomic_store(&log_thread, own_thread_id());
        CHECK(trro_watch_free(own_watch) == TRRO_STATUS_INVALID_ARGUMENT);
    }
}

static trro_status give_credentials(void *data, trro_credentials *credentials) {
    (void)data;
    atomic_store(&credentials_thread, own_thread_id());
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    return TRRO_STATUS_OK;
}

static void log_and_credentials_functions_are_called_in_its_thread(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    told changes = {0};
    config.credentials_fn = give_credentials;
    config.log_fn = log_line;
    config.log_level = TRRO_LOG_LEVEL_INFO;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    set_devices(ONE_LICENSE);
    tell_emulator("once", "late:300");
    own_watch = watch_for_test(client, 0, be_told, &changes);
    UNTIL(changes.calls == 1);
    CHECK(log_thread == changes.thread_id && credentials_thread == changes.thread_id);
    CHECK(trro_watch_free(own_watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void refuse(const trro_client *client, const trro_watch_config *config, const char *expected) {
    trro_watch *watch = (trro_watch *)1;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_watch_new(client, config, &watch, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    if (watch != NULL || strstr(error.message, expected) == NULL) {
        fprintf(stderr, "not of %s: %s\n", expected, error.message);
        exit(1);
    }
}

static void what_makes_no_sense_is_refused(void) {
    trro_client *client = client_for_test();
    const trro_authorization_query sound_query = {sizeof sound_query, "p", "d", 1, 0, 0, 0};
    trro_authorization_query query = sound_query;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    const trro_watch_config sound = {sizeof sound, &query, NULL, NULL, NULL, NULL, 0, 0};
    const int threads_before = threads();
#define REFUSE(member, value, expected)                                                  \
    do {                                                                                 \
        config = sound;                                                                  \
        query = sound_query;                                                             \
        member = (value);                                                                \
        refuse(client, &config, expected);                                               \
    } while (0)
    REFUSE(config.struct_size, 0, "TRRO_WATCH_CONFIG_INIT");
    REFUSE(config.query, NULL, "config->query");
    REFUSE(config.period_s, 86401, "config->period_s");
    REFUSE(config.max_stale_s, 31536001, "config->max_stale_s");
    REFUSE(query.struct_size, 0, "TRRO_AUTHORIZATION_QUERY_INIT");
    REFUSE(query.project_id, NULL, "config->query->project_id");
    REFUSE(query.project_id, "", "config->query->project_id");
    REFUSE(query.device_id, "d\n", "config->query->device_id");
    REFUSE(query.streams, 2147483648u, "config->query->streams");
    REFUSE(query.deadline_ms, 600001, "config->query->deadline_ms");
    config = sound;
    query = sound_query;
    refuse(NULL, &config, "client");
    refuse(client, NULL, "config");
    CHECK(trro_watch_new(client, &config, NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(threads() == threads_before);
    trro_client_free(client);
}

static void null_is_no_watch(void) {
    trro_authorization read;
    memset(&read, 0xa5, sizeof read);
    CHECK(trro_watch_read(NULL, &read) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(read.verdict == TRRO_VERDICT_UNKNOWN && read.source == TRRO_SOURCE_NONE && read.age_ms == TRRO_ABSENT);
    CHECK(trro_watch_read(NULL, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(trro_watch_fd(NULL) == -1 && trro_watch_free(NULL) == TRRO_STATUS_OK);
}

static void a_read_needs_a_place(void) {
    trro_client *client = client_for_test();
    trro_watch *watch = watch_for_test(client, 0, NULL, NULL);
    CHECK(trro_watch_read(watch, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static const test tests[] = {
    {"a_callback_cannot_end_its_watch", a_callback_cannot_end_its_watch, "", -1},
    {"a_callback_that_blocks_delays_the_end", a_callback_that_blocks_delays_the_end, "", 1},
    {"a_watch_that_begins_while_the_last_one_ends_ends_at_once_too",
     a_watch_that_begins_while_the_last_one_ends_ends_at_once_too, "", 2},
    {"all_watches_of_a_client_share_a_thread_that_ends_with_them",
     all_watches_of_a_client_share_a_thread_that_ends_with_them, "", 2},
    {"two_clients_have_two_threads", two_clients_have_two_threads, "", 2},
    {"a_new_watch_begins_after_the_last_has_ended", a_new_watch_begins_after_the_last_has_ended, "", 3},
    {"a_watch_outlives_its_client", a_watch_outlives_its_client, "", -1},
    {"the_end_of_one_leaves_the_request_of_another_alone", the_end_of_one_leaves_the_request_of_another_alone, "", 2},
    {"a_forked_child_reads_and_frees_and_the_parents_watch_goes_on",
     a_forked_child_reads_and_frees_and_the_parents_watch_goes_on, "", -1},
    {"a_fork_during_a_request_is_no_other", a_fork_during_a_request_is_no_other, "", -1},
    {"log_and_credentials_functions_are_called_in_its_thread", log_and_credentials_functions_are_called_in_its_thread, "",
     1},
    {"what_makes_no_sense_is_refused", what_makes_no_sense_is_refused, "", 0},
    {"null_is_no_watch", null_is_no_watch, "", 0},
    {"a_read_needs_a_place", a_read_needs_a_place, "", -1},
};
RUN_TESTS(tests)
