/* The system makes no more threads: what needs one fails with a named error, what needs none goes on, and both do once it makes some
 * again. A filter of system calls takes the place of a limit, which would not hold for root. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"

#ifndef __NR_clone3
#define __NR_clone3 435 /* The same on every machine. */
#endif

/* For the calling thread, and for those that it would make. */
static void make_no_more_threads(void) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
    };
    struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0);
}

static void *fail_to_look_up(void *client) {
    trro_error error = uninitialised_error();
    int descriptors, times;
    make_no_more_threads();
    descriptors = entries("/proc/self/fd");
    for (times = 0; times < 3; times++) {
        CHECK_STATUS(get(client, &error), TRRO_STATUS_RESOLVE_FAILED, &error);
        CHECK(error.os_error == EAGAIN && error.retryable == 1 && error.outcome_unknown == 0);
    }
    CHECK(entries("/proc/self/fd") == descriptors);
    return NULL;
}

static void a_lookup_fails_and_the_next_is_made_when_there_are_threads(void) {
    trro_client *client = client_without_an_address();
    trro_error error = uninitialised_error();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fail_to_look_up, client) == 0 && pthread_join(thread, NULL) == 0);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_RESOLVE_FAILED, &error);
    CHECK(error.os_error != EAGAIN && strstr(error.message, "no-such-host.invalid") != NULL);
    trro_client_free(client);
}

static void *fail_to_watch(void *client) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *watch;
    trro_error error = uninitialised_error();
    int descriptors, times;
    query.project_id = query.device_id = "x";
    config.query = &query;
    make_no_more_threads();
    descriptors = entries("/proc/self/fd");
    for (times = 0; times < 3; times++) {
        CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_CONNECT_FAILED, &error);
        CHECK(error.os_error == EAGAIN && error.retryable == 1 && watch == NULL);
    }
    CHECK(entries("/proc/self/fd") == descriptors);
    /* What needs no thread is not concerned. */
    succeeds_at_once(client, "dev1");
    return NULL;
}

static void no_watch_begins_and_calls_go_on(void) {
    trro_client *client = client_for_test();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fail_to_watch, client) == 0 && pthread_join(thread, NULL) == 0);
    succeeds_at_once(client, "dev1");
    trro_client_free(client);
}

static const test tests[] = {
    {"a_lookup_fails_and_the_next_is_made_when_there_are_threads",
     a_lookup_fails_and_the_next_is_made_when_there_are_threads, "", 0},
    {"no_watch_begins_and_calls_go_on", no_watch_begins_and_calls_go_on, "", 2},
};
RUN_TESTS(tests)
