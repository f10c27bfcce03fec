/* Handles that are none: of the other kind, freed, or any address. A debug build of the library knows them; the release build
 * does not, so that this is not run with it. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>

#include "typed_calls.h"
#include "watching.h"

static const char FAULT[] = "client is not a handle of this kind, or was freed";
static char buffer[TRRO_CHANGE_BUFFER_SIZE(16)];

static void is_refused(const char *function, trro_status status, const trro_error *error) {
    if (status != TRRO_STATUS_INVALID_ARGUMENT || strcmp(error->message, FAULT) != 0) {
        fprintf(stderr, "%s: %s: %.255s\n", function, trro_status_name(status), error->message);
        exit(1);
    }
    CHECK_STATUS(status, TRRO_STATUS_INVALID_ARGUMENT, error);
    CHECK(error->attempts == 0);
}

static int no_row(void *user_data, const trro_device *device) {
    (void)user_data;
    (void)device;
    CHECK(0);
    return 0;
}

static int no_step(void *user_data, const trro_diagnosis *diagnosis) {
    (void)user_data;
    (void)diagnosis;
    CHECK(0);
    return 0;
}

#define REFUSED(function, arguments)                                                     \
    do {                                                                                 \
        trro_error error = uninitialised_error();                                        \
        is_refused(#function, function arguments, &error);                               \
    } while (0)

/* Every function that takes a client. Those without a status do nothing. */
static void is_no_client(void *address) {
    trro_client *client = address;
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization;
    trro_watch *watch;
    int64_t offset_ms;
    size_t length, i;
    query.project_id = query.device_id = "p";
    config.query = &query;
    REFUSED(trro_client_connect, (client, 0, &error));
    REFUSED(trro_client_resume, (client, &error));
    REFUSED(trro_client_clock_offset_ms, (client, &offset_ms, &error));
    REFUSED(trro_call, (client, "GetDevices", "{}", buffer, sizeof buffer, &length, NULL, &error));
    REFUSED(trro_for_each_device, (client, &filter, no_row, NULL, NULL, &error));
    REFUSED(trro_check_authorization, (client, &query, &authorization, &error));
    REFUSED(trro_client_diagnose, (client, &query, no_step, NULL, &error));
    REFUSED(trro_watch_new, (client, &config, &watch, &error));
    CHECK(watch == NULL);
    for (i = 0; i < COUNT_OF(CALLS); i++) {
        const any_request request = full_request(&CALLS[i]);
        const void *result = buffer;
        trro_error error = uninitialised_error();
        is_refused(CALLS[i].function, CALLS[i].call(client, &request, buffer, sizeof buffer, &result, NULL, &error), &error);
        CHECK(result == NULL);
    }
    trro_client_cancel(client);
    trro_client_free(client);
}

/* Every function that takes a watch. */
static void is_no_watch(void *address) {
    trro_watch *watch = address;
    trro_authorization authorization;
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_NOT_ASKED);
    CHECK(trro_watch_fd(watch) == -1);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_INVALID_ARGUMENT);
}

static void works(const trro_client *client, const trro_watch *watch) {
    int64_t offset_ms;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_clock_offset_ms(client, &offset_ms, &error), TRRO_STATUS_OK, &error);
    CHECK_STATUS(trro_client_resume(client, &error), TRRO_STATUS_OK, &error);
    read_watch(watch);
    CHECK(trro_watch_fd(watch) >= 0);
}

static void a_handle_of_the_other_kind_is_refused_and_stays_what_it_is(void) {
    trro_client *client = client_for_test();
    trro_watch *watch = watch_for_test(client, 0, NULL, NULL);
    is_no_client(watch);
    is_no_watch(client);
    works(client, watch);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void a_freed_handle_is_refused_and_disturbs_no_other(void) {
    trro_client *client = client_for_test(), *freed_client = client_for_test();
    trro_watch *watch = watch_for_test(client, 0, NULL, NULL), *freed_watch = watch_for_test(client, 0, NULL, NULL);
    trro_client_free(freed_client);
    CHECK(trro_watch_free(freed_watch) == TRRO_STATUS_OK);
    is_no_client(freed_client);
    is_no_watch(freed_watch);
    works(client, watch);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
    is_no_client(client);
    is_no_watch(watch);
}

/* Who reads there gets SIGSEGV. */
static void what_an_address_points_to_is_not_read(void) {
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    is_no_client(page);
    is_no_watch(page);
    is_no_client((void *)1);
    is_no_watch((void *)UINTPTR_MAX);
}

static trro_client *freed;
static trro_watch *freed_watch;
static volatile sig_atomic_t handled;

static void use_what_was_freed(int signal_number) {
    trro_authorization authorization;
    (void)signal_number;
    trro_client_cancel(freed);
    handled = trro_watch_read(freed_watch, &authorization) == TRRO_STATUS_INVALID_ARGUMENT;
}

static void a_freed_handle_is_known_in_a_signal_handler_too(void) {
    struct sigaction action = {0};
    freed = client_for_test();
    freed_watch = watch_for_test(freed, 0, NULL, NULL);
    CHECK(trro_watch_free(freed_watch) == TRRO_STATUS_OK);
    trro_client_free(freed);
    action.sa_handler = use_what_was_freed;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    CHECK(handled);
}

static void more_handles_than_anyone_has_are_told_apart(void) {
    enum { HANDLES = 200 };
    trro_client *clients[HANDLES];
    int i, j;
    for (i = 0; i < HANDLES; i++)
        clients[i] = client_for_test();
    for (i = 0; i < HANDLES; i += 2)
        trro_client_free(clients[i]);
    for (i = 0; i < HANDLES; i++) {
        trro_error error = uninitialised_error();
        const trro_status expected = i % 2 == 0 ? TRRO_STATUS_INVALID_ARGUMENT : TRRO_STATUS_OK;
        CHECK_STATUS(trro_client_resume(clients[i], &error), expected, &error);
    }
    for (j = 0; j < 2; j++)
        for (i = 1; i < HANDLES; i += 2)
            trro_client_free(clients[i]);
}

static const test tests[] = {
    {"a_handle_of_the_other_kind_is_refused_and_stays_what_it_is", a_handle_of_the_other_kind_is_refused_and_stays_what_it_is, "", -1},
    {"a_freed_handle_is_refused_and_disturbs_no_other", a_freed_handle_is_refused_and_disturbs_no_other, "", -1},
    {"what_an_address_points_to_is_not_read", what_an_address_points_to_is_not_read, "", 0},
    {"a_freed_handle_is_known_in_a_signal_handler_too", a_freed_handle_is_known_in_a_signal_handler_too, "", -1},
    {"more_handles_than_anyone_has_are_told_apart", more_handles_than_anyone_has_are_told_apart, "", 0},
};
RUN_TESTS(tests)
