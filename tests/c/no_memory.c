/* What comes of it that there is no memory: the library ends a call by its error where it can, and the process by abort() where it
 * cannot, and never in another way. Built without sanitizers, which have an allocator of their own. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "control.h"

enum { NEVER_REACHED = 42, BUFFER_SIZE = 64 * 1024, MEBIBYTE = 1 << 20 };

/* glibc's own, under its other names: what the library allocates goes through the functions here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

/* Which allocation of this process is the first to fail, 0: none; and whether all after it fail too. */
static long first_to_fail, allocations;
static int all_after_it;

static int fails(void) {
    if (first_to_fail == 0)
        return 0;
    allocations++;
    return all_after_it ? allocations >= first_to_fail : allocations == first_to_fail;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return fails() ? NULL : __libc_realloc(block, size);
}

static char buffer[BUFFER_SIZE];

static trro_status get(const trro_client *client, trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    request.device_id = "dev1";
    return trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, error);
}

/* In a child: makes a client and calls, while an allocation fails, and once more when none does. */
static void call_without_memory(long which, int all) {
    const struct rlimit no_core = {0, 0};
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    trro_status status;
    int was_reached;
    CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0);
    all_after_it = all;
    first_to_fail = which;
    status = trro_client_new(&config, &client, &error);
    check_status(__FILE__, __LINE__, status, status, &error);
    if (status == TRRO_STATUS_OK) {
        status = get(client, &error);
        check_status(__FILE__, __LINE__, status, status, &error);
    }
    was_reached = allocations >= first_to_fail;
    first_to_fail = 0;
    if (client == NULL)
        CHECK(trro_client_new(&config, &client, &error) == TRRO_STATUS_OK);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    trro_client_free(client);
    _exit(was_reached ? 0 : NEVER_REACHED);
}

/* How the child ended, and what it wrote. */
static int end_of_child(long which, int all, char *written, size_t size) {
    int ends[2], state;
    size_t length = 0;
    ssize_t got;
    pid_t child;
    CHECK(pipe(ends) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(30);
        CHECK(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
        call_without_memory(which, all);
    }
    close(ends[1]);
    while ((got = read(ends[0], written + length, size - 1 - length)) > 0)
        length += (size_t)got;
    written[length] = '\0';
    close(ends[0]);
    CHECK(waitpid(child, &state, 0) == child);
    return state;
}

/* An abort, of Rust's or of libc's for a thread-local variable, leaves a line that says what there was no memory for. */
static int has_aborted(int state, const char *written) {
    const int is_ours = strncmp(written, "memory allocation of ", 21) == 0 && strstr(written, " bytes failed") != NULL;
    const int is_libcs = strncmp(written, "Fatal glibc error: ", 19) == 0 && strstr(written, "out of memory") != NULL;
    return WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT && (is_ours || is_libcs);
}

static void an_allocation_that_fails_ends_in_an_error_or_an_abort(int all) {
    static char written[4096];
    long which, ended = 0, aborted = 0;
    /* With it an abort takes a while, and writes much. */
    CHECK(unsetenv("RUST_BACKTRACE") == 0);
    for (which = 1;; which++) {
        const int state = end_of_child(which, all, written, sizeof written);
        if (WIFEXITED(state) && WEXITSTATUS(state) == NEVER_REACHED)
            break;
        if (has_aborted(state, written)) {
            aborted++;
        } else if (WIFEXITED(state) && WEXITSTATUS(state) == 0 && written[0] == '\0') {
            ended++;
        } else {
            fprintf(stderr, "allocation %ld: state %x, \"%s\"\n", which, (unsigned)state, written);
            exit(1);
        }
    }
    /* Fewer, and the functions above are not those that the library calls. */
    CHECK(which > 50 && aborted + ended == which - 1);
}

static void one_allocation_that_fails_ends_in_an_error_or_an_abort(void) {
    an_allocation_that_fails_ends_in_an_error_or_an_abort(0);
}

static void no_memory_at_all_ends_in_an_error_or_an_abort(void) {
    an_allocation_that_fails_ends_in_an_error_or_an_abort(1);
}

/* The program's own limit, and an answer for which it leaves no room: of the allocations the one that the service decides on. */
static void an_answer_for_which_there_is_no_memory_is_an_error(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    struct rlimit before, limit;
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm != NULL && fscanf(statm, "%ld", &pages) == 1 && fclose(statm) == 0);
    config.max_response_bytes = UINT32_MAX;
    CHECK(trro_client_new(&config, &client, NULL) == TRRO_STATUS_OK);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    limit = before;
    limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + 16 * MEBIBYTE;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_INTERNAL, &error);
    CHECK_TEXT(error.message, "there is no memory left for the answer");
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    trro_client_free(client);
}

/* What a control loop calls. */
static void what_allocates_nothing_works_without_memory(void) {
    trro_client *client = client_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization;
    trro_device device = {.license_count = 1, .remain_days = 1};
    trro_watch *watch;
    trro_verdict verdict;
    int is_well;
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    CHECK(trro_watch_new(client, &config, &watch, NULL) == TRRO_STATUS_OK);
    UNTIL(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK && authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    all_after_it = 1;
    first_to_fail = 1;
    is_well = trro_watch_read(watch, &authorization) == TRRO_STATUS_OK && trro_watch_fd(watch) >= 0 &&
              trro_device_verdict(&device, 1, 0, &verdict) == TRRO_STATUS_OK &&
              strcmp(trro_authorization_sentence(&authorization), "") != 0 && strcmp(trro_status_name(0), "TRRO_STATUS_OK") == 0;
    trro_client_cancel(client);
    is_well = is_well && allocations == 0;
    first_to_fail = 0;
    CHECK(is_well);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static const test tests[] = {
    {"one_allocation_that_fails_ends_in_an_error_or_an_abort", one_allocation_that_fails_ends_in_an_error_or_an_abort, "", -1},
    {"no_memory_at_all_ends_in_an_error_or_an_abort", no_memory_at_all_ends_in_an_error_or_an_abort, "", -1},
    {"an_answer_for_which_there_is_no_memory_is_an_error", an_answer_for_which_there_is_no_memory_is_an_error, "late:0|too-large:67108864", 3},
    {"what_allocates_nothing_works_without_memory", what_allocates_nothing_works_without_memory, "", -1},
};
RUN_TESTS(tests)
