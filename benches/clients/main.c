/* Measures a client of the comparison from inside. Uses client.h.
 *
 *     CLIENT URL CA_FILE DEVICES WARM_UP CALLS [quiet]
 *
 * CA_FILE is "-" over HTTP. The first call is followed by WARM_UP calls that do not count and CALLS that do. Prints lines of
 * `key value`, or with "quiet" nothing: it then does nothing besides the calls, for who counts from outside. TENCENTCLOUD_SECRET_ID
 * and TENCENTCLOUD_SECRET_KEY hold the key.
 *
 * 0: every answer was right; 1: one was not, or failed, and it says which; 2: usage.
 */
#define _DEFAULT_SOURCE
#include "client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_CALLS = 1000000, MOST_FILES = 256, LONGEST_PATH = 4096 };

/* What the rows of the benchmark's server hold, see rows.rs. */
static const int64_t FIRST_EXPIRY_S = 1893456000, DURATION_S = 31536000, LIMITED_MINUTES = 60000;

static uint32_t wall_ns[MOST_CALLS];

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_ns(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000U +
           ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000U;
}

/* Whether the row is what the server has sent. */
static int is_right(size_t index) {
    struct device device;
    char device_id[64], device_name[64], license_id[64];
    int64_t number = (int64_t)index;
    size_t i;
    client_device(index, &device);
    snprintf(device_id, sizeof device_id, "vehicle_%05zu", index);
    snprintf(device_name, sizeof device_name, "\xe9\x9b\x86\xe5\x8d\xa1 %05zu", index);
    if (strcmp(device.device_id, device_id) != 0 || strcmp(device.device_name, device_name) != 0 ||
        device.license_count != 1 + number % 3 || device.remain_days != 100 + number % 200 ||
        device.expire_time_s != FIRST_EXPIRY_S + 86400 * number || device.duration_s != DURATION_S ||
        device.monthly_remain_time != 40000 + number || device.limited_time_minutes != LIMITED_MINUTES ||
        (int64_t)device.license_id_count != device.license_count)
        return 0;
    for (i = 0; i < device.license_id_count; i++) {
        snprintf(license_id, sizeof license_id, "trro-%08zu-0000-4000-8000-%012zu", i, index);
        if (strcmp(device.license_ids[i], license_id) != 0)
            return 0;
    }
    return 1;
}

/* One call. Looks at the last row, or at all of them. */
static void call(const struct settings *settings, int look_at_all) {
    size_t index = look_at_all ? 0 : settings->device_count - 1;
    long devices = client_call();
    if (devices < 0)
        exit(1);
    if ((size_t)devices != settings->device_count) {
        fprintf(stderr, "%ld devices came, and %zu were asked for\n", devices, settings->device_count);
        exit(1);
    }
    for (; client_decodes && index < settings->device_count; index++) {
        if (!is_right(index)) {
            fprintf(stderr, "device %zu is not what the server has sent\n", index);
            exit(1);
        }
    }
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print_calls(const struct settings *settings, size_t calls) {
    uint64_t cpu_before = cpu_ns(), cpu;
    size_t i;
    for (i = 0; i < calls; i++) {
        uint64_t before = now_ns();
        call(settings, 0);
        wall_ns[i] = (uint32_t)(now_ns() - before);
    }
    cpu = cpu_ns() - cpu_before;
    if (calls == 0)
        return;
    qsort(wall_ns, calls, sizeof *wall_ns, compare);
    printf("cpu_ns %" PRIu64 "\n", cpu / calls);
    printf("wall_p50_ns %" PRIu32 "\nwall_p99_ns %" PRIu32 "\n", wall_ns[calls / 2], wall_ns[calls * 99 / 100]);
}

/* Not ru_maxrss, which begins with that of the parent. */
static void print_peak_memory(void) {
    char line[256];
    unsigned long kib;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmHWM: %lu", &kib) == 1)
            printf("peak_memory_kib %lu\n", kib);
    }
    if (status != NULL)
        fclose(status);
}

/* The files that are mapped: the program, its libraries, and what they map. */
static void print_loaded(void) {
    static char seen[MOST_FILES][LONGEST_PATH];
    static char line[LONGEST_PATH + 256];
    size_t files = 0, i;
    uint64_t bytes = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL && files < MOST_FILES) {
        char *path = strchr(line, '/');
        struct stat file;
        if (path == NULL)
            continue;
        path[strcspn(path, "\n")] = '\0';
        for (i = 0; i < files && strcmp(seen[i], path) != 0; i++) {
        }
        if (i < files || stat(path, &file) != 0 || strlen(path) >= LONGEST_PATH)
            continue;
        strcpy(seen[files++], path);
        bytes += (uint64_t)file.st_size;
        printf("loaded %" PRIu64 " %s\n", (uint64_t)file.st_size, path);
    }
    if (maps != NULL)
        fclose(maps);
    printf("loaded_files %zu\nloaded_bytes %" PRIu64 "\n", files, bytes);
}

static size_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > MOST_CALLS) {
        fprintf(stderr, "%s is not a number up to %d\n", text, (int)MOST_CALLS);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv) {
    struct settings settings;
    uint64_t start = now_ns();
    size_t warm_up, calls, i;
    int is_quiet = argc == 7 && strcmp(argv[6], "quiet") == 0;
    if (argc != 6 && !is_quiet) {
        fprintf(stderr, "usage: %s URL CA_FILE DEVICES WARM_UP CALLS [quiet]\n", argv[0]);
        return 2;
    }
    settings.url = argv[1];
    settings.ca_file = strcmp(argv[2], "-") == 0 ? NULL : argv[2];
    settings.device_count = number(argv[3]);
    settings.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    settings.secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    warm_up = number(argv[4]);
    calls = number(argv[5]);
    if (settings.secret_id == NULL || settings.secret_key == NULL || settings.device_count == 0) {
        fprintf(stderr, "a key and a number of devices are needed\n");
        return 2;
    }
    if (client_set_up(&settings) != 0)
        return 1;
    /* A whole look is for once: what it costs is not the client's. */
    call(&settings, calls > 0);
    if (!is_quiet)
        printf("first_call_wall_ns %" PRIu64 "\n", now_ns() - start);
    for (i = 0; i < warm_up; i++)
        call(&settings, 0);
    if (is_quiet) {
        for (i = 0; i < calls; i++)
            call(&settings, 0);
    } else {
        print_calls(&settings, calls);
        print_peak_memory();
        print_loaded();
    }
    client_tear_down();
    return 0;
}
