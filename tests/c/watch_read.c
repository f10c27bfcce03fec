/* What a read of a watch costs: no allocation, no system call, and so many nanoseconds. tests/product.rs runs it against the
 * library as it ships. Exit status 77: the clock cannot be read here without a system call; 78: the kernel has no seccomp. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "watching.h"

enum { CLOCK_NEEDS_THE_KERNEL = 77, NO_SECCOMP = 78, READS = 1000, BATCHES = 2001, PERCENT = 100 };

/* glibc's own, under its other names: what the library allocates goes through the functions here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static _Thread_local long allocations;

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}

void free(void *block) {
    allocations++;
    __libc_free(block);
}

static void nothing_is_allocated(trro_watch *watch) {
    trro_authorization read;
    trro_error error;
    trro_client *none;
    int i;
    /* A check that cannot fail shows nothing: this call allocates. */
    allocations = 0;
    CHECK(trro_client_new(NULL, &none, &error) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(allocations > 0);
    allocations = 0;
    for (i = 0; i < READS; i++)
        CHECK(trro_watch_read(watch, &read) == TRRO_STATUS_OK);
    CHECK(allocations == 0);
}

/* From here on any system call but exit ends the process. The strict mode of seccomp would not do: with it the kernel takes the
 * processor's clock away as well, by which a program reads the time by itself. */
static int forbid_the_kernel(void) {
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    };
    const struct sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* How a child ends that works without the kernel. */
static int end_of_child(void (*work)(trro_watch *), trro_watch *watch) {
    int state;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (!forbid_the_kernel())
            _exit(NO_SECCOMP);
        work(watch);
        syscall(SYS_exit, 0);
    }
    CHECK(waitpid(child, &state, 0) == child);
    return state;
}

static int has_succeeded(int state) {
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static void call_the_kernel(trro_watch *watch) {
    (void)watch;
    syscall(SYS_getppid);
}

static void read_the_clock(trro_watch *watch) {
    struct timespec now;
    (void)watch;
    clock_gettime(CLOCK_BOOTTIME, &now);
}

static void read_often(trro_watch *watch) {
    trro_authorization read;
    int i;
    for (i = 0; i < READS; i++)
        if (trro_watch_read(watch, &read) != TRRO_STATUS_OK || read.verdict != TRRO_VERDICT_AUTHORIZED)
            syscall(SYS_exit, 1);
}

static void the_kernel_is_not_called(trro_watch *watch) {
    const int of_call = end_of_child(call_the_kernel, watch);
    if (WIFEXITED(of_call) && WEXITSTATUS(of_call) == NO_SECCOMP)
        exit(NO_SECCOMP);
    CHECK(WIFSIGNALED(of_call));
    if (!has_succeeded(end_of_child(read_the_clock, watch)))
        exit(CLOCK_NEEDS_THE_KERNEL);
    CHECK(has_succeeded(end_of_child(read_often, watch)));
}

static int64_t now_ns(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Of a read, and of the read of the clock that is in it: median and 99th percentile of the means of batches. */
static void print_speed(trro_watch *watch) {
    static double reads_ns[BATCHES], clock_ns[BATCHES];
    trro_authorization read;
    struct timespec now;
    int batch, i;
    for (batch = 0; batch < BATCHES; batch++) {
        int64_t began_ns = now_ns();
        for (i = 0; i < READS; i++)
            trro_watch_read(watch, &read);
        reads_ns[batch] = (double)(now_ns() - began_ns) / READS;
        began_ns = now_ns();
        for (i = 0; i < READS; i++)
            clock_gettime(CLOCK_BOOTTIME, &now);
        clock_ns[batch] = (double)(now_ns() - began_ns) / READS;
    }
    qsort(reads_ns, BATCHES, sizeof reads_ns[0], compare);
    qsort(clock_ns, BATCHES, sizeof clock_ns[0], compare);
    printf("%.1f %.1f %.1f\n", reads_ns[BATCHES / 2], reads_ns[BATCHES - BATCHES / PERCENT], clock_ns[BATCHES / 2]);
}

int main(int argc, char **argv) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    CHECK(argc == 2);
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 0, NULL, NULL);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    if (strcmp(argv[1], "allocations") == 0)
        nothing_is_allocated(watch);
    else if (strcmp(argv[1], "system-calls") == 0)
        the_kernel_is_not_called(watch);
    else
        print_speed(watch);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
    return 0;
}
