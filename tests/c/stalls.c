/* How long calls go on past their deadline, and after they were cancelled, while a peer stalls, and how long a watch takes to
 * end meanwhile. tests/stalls makes the peer, runs this program, and judges what it writes: a line a round, with the microseconds, and the status, the attempts
 * and the retry_after_ms of the call. Exit status 77: the kernel does not tell what a thread waits for. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { ROUNDS = 3, DEADLINE_MS = 300, LONG_MS = 60000, MANY = 16, CANNOT_TELL = 77 };

/* For so many milliseconds in a row a thread is seen to wait before it counts as waiting. */
enum { SEEN_WAITING = 20 };

/* A thread that never waits is in the middle of the answer once it has computed for so long. */
enum { BUSY_MS = 20 };

typedef struct {
    pthread_t thread;
    atomic_int id;
    atomic_int has_returned;
    int is_of_watches;
    int64_t returned_us;
    uint32_t deadline_ms;
    trro_status status;
    trro_error error;
} call;

static trro_client *client;
static char *project_id;
static call holder;
static sem_t asked, release;
static atomic_llong cancelled_us;

static int64_t now_us(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint32_t number(const char *variable) {
    const char *text = getenv(variable);
    return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static trro_status get(uint32_t deadline_ms, trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    char buffer[64 * 1024];
    request.deadline_ms = deadline_ms;
    request.project_id = project_id;
    return trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, error);
}

static void *run_call(void *argument) {
    call *running = argument;
    atomic_store(&running->id, (int)syscall(SYS_gettid));
    running->status = get(running->deadline_ms, &running->error);
    running->returned_us = now_us();
    atomic_store(&running->has_returned, 1);
    return NULL;
}

static void start(call *started, uint32_t deadline_ms) {
    memset(started, 0, sizeof *started);
    started->deadline_ms = deadline_ms;
    CHECK(pthread_create(&started->thread, NULL, run_call, started) == 0);
}

static void join(call *joined) {
    CHECK(pthread_join(joined->thread, NULL) == 0);
}

static int is_in_ppoll(int id) {
    char path[64];
    long number = -1;
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", id);
    file = fopen(path, "r");
    if (file == NULL && access("/proc/self/syscall", R_OK) != 0)
        exit(CANNOT_TELL);
    if (file == NULL)
        return 0; /* the thread has ended */
    if (fscanf(file, "%ld", &number) != 1)
        number = -1;
    fclose(file);
#ifdef SYS_ppoll_time64
    if (number == SYS_ppoll_time64)
        return 1;
#endif
    return number == SYS_ppoll;
}

static int is_busy(int id) {
    /* The processor time of any thread of the process: <linux/posix-timers.h>. */
    const clockid_t clock = (clockid_t)(~(unsigned)id << 3 | 6);
    struct timespec used;
    CHECK(clock_gettime(clock, &used) == 0);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000 >= BUSY_MS;
}

static int is_in_the_stall(int id) {
    if (id == 0)
        return 0;
    return number("TEST_NEVER_WAITS") != 0 ? is_busy(id) : is_in_ppoll(id);
}

/* The thread of the watches, by its name, which it gives itself; 0 if there is none. One that it makes has that name, too, for a
 * moment. */
static int thread_of_watches(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int id = 0;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        char path[300], name[32] = "";
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        file = fopen(path, "r");
        if (file != NULL && fgets(name, sizeof name, file) != NULL && strcmp(name, "trro-watch\n") == 0)
            id = atoi(task->d_name);
        if (file != NULL)
            fclose(file);
    }
    closedir(tasks);
    return id;
}

static void until_all_are_in_the_stall(const call *calls, int count) {
    const struct timespec millisecond = {0, 1000000};
    int seen = 0, needed = number("TEST_NEVER_WAITS") != 0 ? 1 : SEEN_WAITING, i;
    while (seen < needed) {
        int all = 1;
        nanosleep(&millisecond, NULL);
        for (i = 0; i < count; i++) {
            CHECK(!atomic_load(&calls[i].has_returned));
            all &= is_in_the_stall(calls[i].is_of_watches ? thread_of_watches() : atomic_load(&calls[i].id));
        }
        seen = all ? seen + 1 : 0;
    }
}

/* Gives no credentials, so that the next call asks again; returns when it is told to. */
static trro_status ask(void *data, trro_credentials *credentials) {
    (void)data;
    (void)credentials;
    sem_post(&asked);
    while (sem_wait(&release) != 0)
        CHECK(errno == EINTR);
    return TRRO_STATUS_NO_CREDENTIALS;
}

static int is_held(void) {
    return number("TEST_HOLD_CREDENTIALS") != 0;
}

static void begin_round(void) {
    if (is_held()) {
        start(&holder, DEADLINE_MS);
        CHECK(sem_wait(&asked) == 0);
    }
}

/* Neither a deadline nor a cancellation ends the program's own function. */
static void end_round(void) {
    if (is_held()) {
        CHECK(!atomic_load(&holder.has_returned));
        sem_post(&release);
        join(&holder);
    }
}

static void report(int64_t us, trro_status status, const trro_error *error) {
    printf("%lld %s %u %u\n", (long long)us, trro_status_name(status), (unsigned)error->attempts,
           (unsigned)error->retry_after_ms);
}

static void deadline(void) {
    int round;
    for (round = 0; round < ROUNDS; round++) {
        trro_error error = uninitialised_error();
        trro_status status;
        int64_t began_us;
        begin_round();
        began_us = now_us();
        status = get(DEADLINE_MS, &error);
        report(now_us() - began_us, status, &error);
        check_error_is_whole(__FILE__, __LINE__, &error);
        end_round();
    }
}

static void cancel_from_here(const call *calls) {
    (void)calls;
    atomic_store(&cancelled_us, now_us());
    trro_client_cancel(client);
}

static call *interrupted;

static void handle_alarm(int signal_number) {
    const int errno_before = errno;
    (void)signal_number;
    CHECK(syscall(SYS_gettid) == atomic_load(&interrupted->id));
    atomic_store(&cancelled_us, now_us());
    errno = ENOTEMPTY;
    trro_client_cancel(client);
    CHECK(errno == ENOTEMPTY);
    errno = errno_before;
}

static void cancel_from_a_signal_handler(const call *calls) {
    CHECK(pthread_kill(calls[0].thread, SIGALRM) == 0);
}

static void cancel(int count, void (*cancel_all)(const call *)) {
    static call calls[MANY];
    int round, i;
    interrupted = &calls[0];
    for (round = 0; round < ROUNDS; round++) {
        trro_error error = uninitialised_error();
        const call *last = &calls[0];
        begin_round();
        for (i = 0; i < count; i++)
            start(&calls[i], LONG_MS);
        until_all_are_in_the_stall(calls, count);
        cancel_all(calls);
        for (i = 0; i < count; i++) {
            join(&calls[i]);
            CHECK_STATUS(calls[i].status, TRRO_STATUS_CANCELLED, &calls[i].error);
            if (calls[i].returned_us > last->returned_us)
                last = &calls[i];
        }
        end_round();
        CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_OK, &error);
        report(last->returned_us - (int64_t)atomic_load(&cancelled_us), last->status, &last->error);
    }
}

static trro_watch *new_watch(void) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_error error = uninitialised_error();
    trro_watch *watch;
    query.project_id = project_id != NULL ? project_id : "p";
    query.device_id = "d";
    query.deadline_ms = LONG_MS;
    config.query = &query;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_OK, &error);
    return watch;
}

static void end_watch(void) {
    int round;
    for (round = 0; round < ROUNDS; round++) {
        trro_error error = {0};
        trro_watch *watch;
        int64_t began_us, took_us;
        call asking;
        memset(&asking, 0, sizeof asking);
        begin_round();
        watch = new_watch();
        asking.is_of_watches = 1;
        until_all_are_in_the_stall(&asking, 1);
        began_us = now_us();
        CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
        took_us = now_us() - began_us;
        while (thread_of_watches() != 0)
            ;
        end_round();
        report(took_us, TRRO_STATUS_OK, &error);
    }
}

/* In a network namespace of our own, in which the loopback is still down. */
static void serve_names_without_answering(void) {
    const int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {0};
    struct ifreq loopback = {0};
    CHECK(server >= 0);
    strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    CHECK(ioctl(server, SIOCSIFFLAGS, &loopback) == 0);
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0);
}

static void make_client(void) {
    trro_client_config config = config_for_test();
    trro_error error = uninitialised_error();
    config.proxy = getenv("TEST_PROXY");
    config.cvm_role = getenv("TEST_CVM_ROLE");
    config.connect_timeout_ms = LONG_MS;
    if (number("TEST_MAX_ATTEMPTS") != 0)
        config.max_attempts = number("TEST_MAX_ATTEMPTS");
    if (number("TEST_MAX_REQUESTS_PER_S") != 0)
        config.max_requests_per_s = number("TEST_MAX_REQUESTS_PER_S");
    config.max_response_bytes = number("TEST_MAX_RESPONSE_BYTES");
    if (is_held())
        config.credentials_fn = ask;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
}

static void prepare(void) {
    const uint32_t project_id_bytes = number("TEST_PROJECT_ID_BYTES");
    struct sigaction action = {0};
    trro_error error = uninitialised_error();
    uint32_t i;
    CHECK(sem_init(&asked, 0, 0) == 0 && sem_init(&release, 0, 0) == 0);
    action.sa_handler = handle_alarm;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    if (project_id_bytes != 0) {
        project_id = malloc(project_id_bytes + 1);
        CHECK(project_id != NULL);
        memset(project_id, 'p', project_id_bytes);
        project_id[project_id_bytes] = '\0';
    }
    if (number("TEST_SILENT_NAME_SERVER") != 0)
        serve_names_without_answering();
    make_client();
    for (i = 0; i < number("TEST_CALLS_BEFORE"); i++)
        CHECK_STATUS(get(LONG_MS, &error), TRRO_STATUS_OK, &error);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    prepare();
    if (strcmp(argv[1], "deadline") == 0)
        deadline();
    else if (strcmp(argv[1], "cancel") == 0)
        cancel(1, cancel_from_here);
    else if (strcmp(argv[1], "cancel-many") == 0)
        cancel(MANY, cancel_from_here);
    else if (strcmp(argv[1], "signal") == 0)
        cancel(1, cancel_from_a_signal_handler);
    else if (strcmp(argv[1], "watch") == 0)
        end_watch();
    else
        return 2;
    trro_client_free(client);
    free(project_id);
    return 0;
}
