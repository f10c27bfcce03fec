/* How libtrro's cost grows. Uses trro.h.
 *
 *     growth URL CA_FILE DEVICES THREADS CALLS
 *
 * CA_FILE is "-" over HTTP. THREADS threads share one client and CALLS calls, after calls that warm it up. With THREADS 0 the calls
 * are made one after another over one connection, without a warm-up, and are looked at after 1, 10, 100, ... of them. Prints lines of
 * `key value`: CPU of a call, and memory.
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <trro.h>

enum { WARM_UP = 20, MOST_THREADS = 256 };

static trro_client *client;
static size_t devices, calls_per_thread;
static pthread_barrier_t warm, done;

static uint64_t cpu_ns(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000U +
           ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000U;
}

/* A line of /proc/self/status, in KiB. */
static unsigned long memory_kib(const char *name) {
    char line[256];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtoul(line + strlen(name), NULL, 10);
    }
    if (status != NULL)
        fclose(status);
    return kib;
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void call(char *buffer, size_t size) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    request.page_num = 1;
    request.page_size = (int64_t)devices;
    if (trro_get_devices(client, &request, buffer, size, &page, NULL, &error))
        fail(error.message);
    if (page->device_count != devices ||
        page->devices[devices - 1]->monthly_remain_time != 40000 + (int64_t)devices - 1)
        fail("the answer is not what the server has sent");
}

static char *new_buffer(size_t *size) {
    char *buffer;
    *size = TRRO_DEVICES_BUFFER_SIZE(devices);
    buffer = malloc(*size);
    if (buffer == NULL)
        fail("there is no memory");
    return buffer;
}

static void *run_thread(void *argument) {
    size_t size, i;
    char *buffer = new_buffer(&size);
    (void)argument;
    for (i = 0; i < WARM_UP; i++)
        call(buffer, size);
    pthread_barrier_wait(&warm);
    for (i = 0; i < calls_per_thread; i++)
        call(buffer, size);
    pthread_barrier_wait(&done);
    free(buffer);
    return NULL;
}

static void run_threads(size_t threads) {
    pthread_t running[MOST_THREADS];
    uint64_t before;
    size_t i;
    pthread_barrier_init(&warm, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&done, NULL, (unsigned)threads + 1);
    for (i = 0; i < threads; i++) {
        if (pthread_create(&running[i], NULL, run_thread, NULL) != 0)
            fail("cannot make a thread");
    }
    pthread_barrier_wait(&warm);
    before = cpu_ns();
    pthread_barrier_wait(&done);
    printf("cpu_ns %" PRIu64 "\n", (cpu_ns() - before) / (calls_per_thread * threads));
    for (i = 0; i < threads; i++)
        pthread_join(running[i], NULL);
}

/* All calls over one connection. */
static void run_at_checkpoints(size_t calls) {
    size_t size, next = 1, last = 0, i;
    char *buffer = new_buffer(&size);
    uint64_t before = cpu_ns();
    for (i = 1; i <= calls; i++) {
        call(buffer, size);
        if (i == next) {
            printf("cpu_ns_at_%zu %" PRIu64 "\n", i, (cpu_ns() - before) / (i - last));
            printf("resident_kib_at_%zu %lu\n", i, memory_kib("VmRSS:"));
            last = i;
            next *= 10;
            before = cpu_ns();
        }
    }
    free(buffer);
}

int main(int argc, char **argv) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_error error;
    size_t threads, calls;
    if (argc != 6) {
        fprintf(stderr, "usage: %s URL CA_FILE DEVICES THREADS CALLS\n", argv[0]);
        return 2;
    }
    config.endpoint = argv[1];
    config.ca_file = strcmp(argv[2], "-") == 0 ? NULL : argv[2];
    config.max_requests_per_s = TRRO_UNLIMITED;
    config.deadline_ms = 60000;
    devices = strtoul(argv[3], NULL, 10);
    threads = strtoul(argv[4], NULL, 10);
    calls = strtoul(argv[5], NULL, 10);
    if (devices == 0 || threads > MOST_THREADS || calls < threads || calls == 0) {
        fprintf(stderr, "at least one device and one call a thread are needed\n");
        return 2;
    }
    if (trro_client_new(&config, &client, &error))
        fail(error.message);
    if (threads == 0) {
        run_at_checkpoints(calls);
    } else {
        calls_per_thread = calls / threads;
        run_threads(threads);
    }
    printf("peak_memory_kib %lu\n", memory_kib("VmHWM:"));
    trro_client_free(client);
    return 0;
}
