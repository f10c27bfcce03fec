/* The host program has no descriptors left, forks, and has threads with little stack; and it is left as it was. Run over
 * HTTP by tests/c_programs.rs, over TLS by tests/product.rs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

enum { MOST_DESCRIPTORS = 64, LAST_SIGNAL = 64, SHORT_MS = 300 };

static int taken[MOST_DESCRIPTORS], taken_count;

static void take_every_descriptor(void) {
    struct rlimit limit;
    int descriptor;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = MOST_DESCRIPTORS;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while ((descriptor = open("/dev/null", O_RDONLY)) >= 0)
        taken[taken_count++] = descriptor;
    CHECK(errno == EMFILE && taken_count > 8);
}

static void give_one_back(void) {
    CHECK(close(taken[--taken_count]) == 0);
}

/* How many descriptors are left. */
static int room(void) {
    int before = taken_count, count;
    take_every_descriptor();
    count = taken_count - before;
    while (taken_count > before)
        give_one_back();
    return count;
}

static trro_status environments_key(void *data, trro_credentials *credentials) {
    (void)data;
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    return TRRO_STATUS_OK;
}

static void without_descriptors_no_client_is_made(void) {
    enum { ENOUGH = 8 };
    trro_client_config config = config_for_test();
    trro_client *client = NULL;
    trro_error error;
    int left;
    config.credentials_fn = environments_key;
    take_every_descriptor();
    for (left = 0; left < ENOUGH; left++, give_one_back()) {
        error = uninitialised_error();
        if (trro_client_new(&config, &client, &error) == TRRO_STATUS_OK)
            break;
        CHECK_STATUS(error.status, TRRO_STATUS_CONNECT_FAILED, &error);
        CHECK(error.os_error == EMFILE && strstr(error.message, "descriptor") != NULL && client == NULL);
        CHECK(error.retryable == 1 && error.attempts == 0);
        CHECK(room() == left);
    }
    CHECK(left > 0 && left < ENOUGH);
    trro_client_free(client);
    CHECK(room() == left);
}

static void fails_without_descriptor(const trro_client *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_CONNECT_FAILED, &error);
    CHECK(error.os_error == EMFILE && error.attempts == 1 && error.retryable == 1);
}

static void without_a_descriptor_a_call_fails_and_with_one_it_succeeds(void) {
    trro_client *client = client_for_test();
    take_every_descriptor();
    fails_without_descriptor(client);
    fails_without_descriptor(client);
    give_one_back();
    succeeds_at_once(client, "dev1");
    CHECK(room() == 0);
    /* A connection that is there needs none. */
    succeeds_at_once(client, "dev1");
    trro_client_free(client);
    CHECK(room() == 2);
}

static void without_a_descriptor_no_connection_is_made_ahead_and_with_one_it_is(void) {
    trro_client *client = client_for_test();
    trro_error error = uninitialised_error();
    take_every_descriptor();
    CHECK_STATUS(trro_client_connect(client, 0, &error), TRRO_STATUS_CONNECT_FAILED, &error);
    CHECK(error.os_error == EMFILE && error.attempts == 0 && error.retryable == 1);
    give_one_back();
    CHECK_STATUS(trro_client_connect(client, 0, &error), TRRO_STATUS_OK, &error);
    CHECK(room() == 0);
    succeeds_at_once(client, "dev1");
    trro_client_free(client);
    CHECK(room() == 2);
}

static int is_authorized(const trro_watch *watch) {
    trro_authorization authorization;
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    return authorization.verdict == TRRO_VERDICT_AUTHORIZED;
}

static void count_failure(void *failures, int32_t level, const char *message) {
    (void)message;
    if (level == TRRO_LOG_LEVEL_WARNING)
        sem_post(failures);
}

static void without_descriptors_no_watch_begins_and_one_that_has_begun_goes_on_with_the_next(void) {
    const struct timespec millisecond = {0, 1000000};
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_client_config client_config = config_for_test();
    trro_client *client;
    trro_watch *watch;
    trro_error error = uninitialised_error();
    sem_t failures;
    int64_t began_ms;
    int left;
    CHECK(sem_init(&failures, 0, 0) == 0);
    client_config.log_fn = count_failure;
    client_config.log_data = &failures;
    client = client_of(&client_config);
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    config.period_s = 1;
    take_every_descriptor();
    for (left = 0; trro_watch_new(client, &config, &watch, &error) != TRRO_STATUS_OK; left++, give_one_back()) {
        CHECK_STATUS(error.status, TRRO_STATUS_CONNECT_FAILED, &error);
        CHECK(error.os_error == EMFILE && error.retryable == 1 && watch == NULL && room() == left && left < 4);
    }
    /* It has what it needs for itself, and none to ask with. */
    CHECK(left > 0 && room() == 0);
    CHECK(sem_wait(&failures) == 0 && !is_authorized(watch));
    give_one_back();
    for (began_ms = now_ms(); !is_authorized(watch) && now_ms() - began_ms < 30000;)
        nanosleep(&millisecond, NULL);
    CHECK(is_authorized(watch));
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void give_one_back_before_a_retry(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    if (strstr(message, "is repeated") != NULL)
        give_one_back();
}

static void a_descriptor_that_is_given_back_during_a_call_is_used(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    config.max_attempts = 2;
    config.log_fn = give_one_back_before_a_retry;
    client = client_of(&config);
    take_every_descriptor();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2);
    trro_client_free(client);
}

static void without_descriptors_a_lookup_fails(void) {
    trro_client *client = client_without_an_address();
    trro_error error = uninitialised_error();
    int left;
    take_every_descriptor();
    for (left = 0; left < 4; left++, give_one_back()) {
        CHECK_STATUS(get(client, &error), TRRO_STATUS_RESOLVE_FAILED, &error);
        CHECK(left > 0 || error.os_error == EMFILE);
        CHECK(room() == left);
    }
    trro_client_free(client);
    CHECK(room() == left + 1);
}

static sem_t began;
static atomic_int has_ended;

static void tell_that_it_began(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    if (strstr(message, "attempt 1 of") != NULL)
        sem_post(&began);
}

static void *call_ten_times(void *client) {
    int i;
    for (i = 0; i < 10; i++)
        succeeds_at_once(client, "dev1");
    atomic_store(&has_ended, 1);
    return NULL;
}

static void fork_and_free(trro_client *client) {
    trro_error error = uninitialised_error();
    int state;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* Ends who waits for a lock that another thread had at the fork. */
        alarm(30);
        CHECK_STATUS(get(client, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
        CHECK(strstr(error.message, "fork") != NULL && error.attempts == 0);
        trro_client_cancel(client);
        trro_client_free(client);
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void forks_during_calls_disturb_neither_side(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    pthread_t thread;
    CHECK(sem_init(&began, 0, 0) == 0);
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = tell_that_it_began;
    client = client_of(&config);
    CHECK(pthread_create(&thread, NULL, call_ten_times, client) == 0);
    CHECK(sem_wait(&began) == 0);
    do
        fork_and_free(client);
    while (!atomic_load(&has_ended));
    CHECK(pthread_join(thread, NULL) == 0);
    trro_client_free(client);
}

static void count_message(void *data, int32_t level, const char *message) {
    (void)level;
    CHECK(message[0] != '\0');
    ++*(int *)data;
}

static void *call_with_a_retry(void *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2);
    return NULL;
}

static void a_small_stack_is_enough_for_everything(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    pthread_attr_t attributes;
    pthread_t thread;
    int messages = 0;
    config.max_attempts = 2;
    config.credentials_fn = environments_key;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = count_message;
    config.log_data = &messages;
    config.proxy = getenv("TEST_PROXY");
    client = client_of(&config);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
    CHECK(pthread_create(&thread, &attributes, call_with_a_retry, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    CHECK(messages > 3);
    trro_client_free(client);
}

typedef struct {
    int descriptors, threads;
    struct sigaction dispositions[LAST_SIGNAL + 1];
    sigset_t mask;
} host;

static int is_ours(int signal_number) {
    return signal_number < 32 || signal_number >= SIGRTMIN; /* between them are libc's own */
}

static void look(host *seen) {
    int signal_number;
    memset(seen, 0, sizeof *seen);
    seen->descriptors = entries("/proc/self/fd");
    seen->threads = entries("/proc/self/task");
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &seen->mask) == 0);
    for (signal_number = 1; signal_number <= LAST_SIGNAL; signal_number++)
        if (is_ours(signal_number))
            CHECK(sigaction(signal_number, NULL, &seen->dispositions[signal_number]) == 0);
}

static void check_same_set(const sigset_t *first, const sigset_t *second) {
    int signal_number;
    for (signal_number = 1; signal_number <= LAST_SIGNAL; signal_number++)
        CHECK(sigismember(first, signal_number) == sigismember(second, signal_number));
}

static void check_same_host(const host *before) {
    host after;
    int signal_number;
    look(&after);
    CHECK(after.descriptors == before->descriptors);
    CHECK(after.threads == before->threads);
    check_same_set(&after.mask, &before->mask);
    for (signal_number = 1; signal_number <= LAST_SIGNAL; signal_number++) {
        const struct sigaction *was = &before->dispositions[signal_number], *is = &after.dispositions[signal_number];
        CHECK(is->sa_handler == was->sa_handler && is->sa_flags == was->sa_flags);
        if (is_ours(signal_number))
            check_same_set(&is->sa_mask, &was->sa_mask);
    }
}

/* A thread that was waited for is to be seen for a moment more. */
static void until_no_more_threads_than(int threads) {
    const struct timespec millisecond = {0, 1000000};
    int64_t began_ms = now_ms();
    while (entries("/proc/self/task") > threads && now_ms() - began_ms < 5000)
        nanosleep(&millisecond, NULL);
}

static const trro_client *to_cancel;

static void cancel_in_the_attempt(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    if (strstr(message, "attempt 1 of") != NULL)
        trro_client_cancel(to_cancel);
}

static void call_in_every_way(void) {
    trro_client_config config = config_for_test();
    trro_client *client, *lost = client_without_an_address();
    trro_error error = uninitialised_error();
    config.credentials_fn = environments_key;
    config.max_attempts = 2;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = cancel_in_the_attempt;
    client = client_of(&config);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2);
    CHECK_STATUS(get_device(client, "dev1", SHORT_MS, &error), TRRO_STATUS_TIMEOUT, &error);
    to_cancel = client;
    CHECK_STATUS(get(client, &error), TRRO_STATUS_CANCELLED, &error);
    to_cancel = NULL;
    CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_OK, &error);
    CHECK_STATUS(get(lost, &error), TRRO_STATUS_RESOLVE_FAILED, &error);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(lost);
    trro_client_free(client);
}

static void print(void *data, int32_t level, const char *message) {
    (void)data;
    (void)level;
    printf("%s\n", message);
    fflush(stdout);
}

/* As in a daemon. Nothing of the library's may have the number of a stream that the program writes to. */
static void what_is_printed_goes_to_nobody_where_there_are_no_standard_streams(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    int stream;
    config.credentials_fn = environments_key;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    config.log_fn = print;
    for (stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        CHECK(close(stream) == 0);
    client = client_of(&config);
    succeeds_at_once(client, "dev1");
    for (stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        CHECK(fcntl(stream, F_GETFD) == -1 && errno == EBADF);
    succeeds_at_once(client, "dev1");
    trro_client_free(client);
}

static void be_told(int signal_number) {
    (void)signal_number;
}

static void nothing_is_left_behind(void) {
    struct sigaction action = {0};
    sigset_t blocked;
    host before;
    action.sa_handler = be_told;
    action.sa_flags = SA_RESTART | SA_NODEFER;
    CHECK(sigemptyset(&blocked) == 0 && sigaddset(&blocked, SIGUSR1) == 0 && sigaddset(&action.sa_mask, SIGUSR1) == 0);
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0 && pthread_sigmask(SIG_SETMASK, &blocked, NULL) == 0);
    look(&before);
    call_in_every_way();
    until_no_more_threads_than(before.threads);
    check_same_host(&before);
}

static const test tests[] = {
    {"without_descriptors_no_client_is_made", without_descriptors_no_client_is_made, "", 0},
    {"without_a_descriptor_a_call_fails_and_with_one_it_succeeds", without_a_descriptor_a_call_fails_and_with_one_it_succeeds, "", 2},
    {"without_a_descriptor_no_connection_is_made_ahead_and_with_one_it_is",
     without_a_descriptor_no_connection_is_made_ahead_and_with_one_it_is, "", 1},
    {"without_descriptors_no_watch_begins_and_one_that_has_begun_goes_on_with_the_next",
     without_descriptors_no_watch_begins_and_one_that_has_begun_goes_on_with_the_next, "", -1},
    {"a_descriptor_that_is_given_back_during_a_call_is_used", a_descriptor_that_is_given_back_during_a_call_is_used, "", 1},
    {"without_descriptors_a_lookup_fails", without_descriptors_a_lookup_fails, "", 0},
    {"forks_during_calls_disturb_neither_side", forks_during_calls_disturb_neither_side, "late:200", 10},
    {"a_small_stack_is_enough_for_everything", a_small_stack_is_enough_for_everything, "error:InternalError", 2},
    {"what_is_printed_goes_to_nobody_where_there_are_no_standard_streams",
     what_is_printed_goes_to_nobody_where_there_are_no_standard_streams, "", 2},
    {"nothing_is_left_behind", nothing_is_left_behind, "error:InternalError|gzip|stall-head", 4},
};
RUN_TESTS(tests)
