/* A control loop of 1 kHz that reads the watch in every turn, and the worst time that a read took.
 *
 *     control_loop CONFIG [SECONDS]
 *
 * CONFIG is the config.json of the vendor's field SDK; it runs for 5 s unless told otherwise. What is worst here is mostly what the
 * machine does meanwhile: on one that must keep its turns, run it with a real-time priority (chrt -f 50) and locked memory.
 * 0: done; 1: it failed, and said why; 2: usage. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key. TRRO_ENDPOINT
 * names another site than the international one, TRRO_CA_FILE the authorities to trust.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <errno.h>

enum { TURNS_PER_S = 1000, NS_PER_S = 1000000000, NS_PER_TURN = NS_PER_S / TURNS_PER_S };

typedef struct {
    long turns, late_turns;
    int64_t worst_ns, sum_ns;
    trro_authorization last;
} measured;

static int64_t nanoseconds(const struct timespec *time) {
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

/* One turn: what a controller has to know of the license, and how long it took to learn. */
static void turn(const trro_watch *watch, measured *result) {
    struct timespec before, after;
    int64_t took_ns;
    clock_gettime(CLOCK_MONOTONIC, &before);
    (void)trro_watch_read(watch, &result->last); /* it fails for NULL only */
    clock_gettime(CLOCK_MONOTONIC, &after);
    took_ns = nanoseconds(&after) - nanoseconds(&before);
    result->sum_ns += took_ns;
    if (took_ns > result->worst_ns)
        result->worst_ns = took_ns;
    result->turns++;
    /* Here the controller does its work, and slows the vehicle down where result->last.verdict says so. */
}

static void loop(const trro_watch *watch, long seconds, measured *result) {
    struct timespec next, now;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (result->turns < seconds * TURNS_PER_S) {
        turn(watch, result);
        next.tv_nsec += NS_PER_TURN;
        if (next.tv_nsec >= NS_PER_S) {
            next.tv_nsec -= NS_PER_S;
            next.tv_sec++;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        result->late_turns += nanoseconds(&now) > nanoseconds(&next);
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
            ;
    }
}

int main(int argc, char **argv) {
    static char buffer[4096];
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    measured result;
    trro_client *client;
    trro_watch *watch;
    trro_error error;
    int status = 1;
    long seconds = argc == 3 ? read_number(argv[2], 3600) : 5;
    if (argc < 2 || argc > 3 || seconds == 0) {
        fprintf(stderr, "usage: %s CONFIG [SECONDS]\n", argv[0]);
        return 2;
    }
    if (trro_load_device_config(argv[1], buffer, sizeof buffer, &config.query, NULL, &error)) {
        print_error("cannot tell who the device is", &error);
        return 1;
    }
    client = client_from_environment(NULL);
    if (client == NULL)
        return 1;
    if (trro_watch_new(client, &config, &watch, &error)) {
        print_error("cannot watch", &error);
    } else {
        status = 0;
        memset(&result, 0, sizeof result);
        loop(watch, seconds, &result);
        printf("at the end: %s\n", trro_authorization_sentence(&result.last));
        printf("%ld turns, %ld of them late; a read took %lld ns on average and %lld ns at worst\n", result.turns,
               result.late_turns, (long long)(result.sum_ns / result.turns), (long long)result.worst_ns);
    }
    trro_watch_free(watch);
    trro_client_free(client);
    return exit_status(status, 1);
}
