/* A field device (vehicle, robot) asks whether it may run before it calls TRRO_start, and watches it while it drives.
 *
 *     field_device CONFIG [SECONDS]
 *
 * CONFIG is the config.json of the vendor's field SDK, which says who the device is. It drives for SECONDS, or until SIGINT or
 * SIGTERM. 0: it drove to the end; 1: it is not authorized, or was no longer; 2: usage; 3: it could not start for another
 * reason, or not print; 4: it was interrupted before it started.
 *
 * TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key; without one nothing is asked, and TRRO_start decides alone.
 * TRRO_ENDPOINT names another site than the international one, TRRO_CA_FILE the authorities to trust, and TRRO_SNAPSHOT a file
 * in which the watch keeps its last known answer for a start without a network.
 *
 * Here the vendor's functions are those of vendor_stub.h. With the vendor's package, whose header is C++ and whose libraries
 * are for 64-bit Linux, in the folder SDK:
 *
 *     g++ -x c++ -DWITH_VENDOR_SDK -I../include -I$SDK/include field_device.c -o field_device \
 *         -Lbuild -ltrro -L$SDK/lib -ltrro_field -lrtc_media -lrtc_engine -pthread -ldl
 *     LD_LIBRARY_PATH=build:$SDK/lib ./field_device config.json
 *
 * Before that remove the // comments from the sample's config.json, and put into it what the console shows of the project and the
 * device. A real program also registers the vendor's signal state callback before TRRO_initGwPath and the others after it, as the
 * vendor's sample does, and stops the vehicle when the signal is lost.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#ifdef WITH_VENDOR_SDK
#include <trro_field.h> /* after trro.h, which includes the stddef.h that it needs */
#else
#include "vendor_stub.h"
#endif

enum { STARTS = 3, WARN_S = 3600 };
enum { EXIT_DROVE = 0, EXIT_NOT_AUTHORIZED = 1, EXIT_USAGE = 2, EXIT_NOT_STARTED = 3, EXIT_INTERRUPTED = 4 };

static volatile sig_atomic_t is_interrupted;
/* NULL: there is no key. It is here for the signal handler. */
static trro_client *volatile client;

/* Ends what the client is asked at the moment, too: otherwise the check could take until its deadline. */
static void interrupt(int number) {
    (void)number;
    is_interrupted = 1;
    trro_client_cancel(client);
}

static int handle_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    if (sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0)
        return 1;
    perror("cannot handle signals");
    return 0;
}

/* A trro_log_fn: the background says here why it gets no answer. */
static void print_log(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    (void)level;
    fprintf(stderr, "libtrro: %s\n", message);
}

/* Whether the answer is a clear no. That nothing is known is none: TRRO_start decides. */
static int is_refused(const trro_authorization *authorization) {
    return authorization->verdict != TRRO_VERDICT_AUTHORIZED && authorization->verdict != TRRO_VERDICT_UNKNOWN;
}

/* Whether the service itself says so. What a snapshot says may have been mended since: it is good for a warning. */
static int must_stop(const trro_authorization *authorization) {
    return is_refused(authorization) && authorization->source == TRRO_SOURCE_SERVICE;
}

static void report(const char *when, const trro_authorization *authorization) {
    printf("%s: %s", when, trro_authorization_sentence(authorization));
    if (is_refused(authorization))
        printf("; the SDK would say: %s", getErrorMsg(authorization->sdk_code));
    printf("\n");
    if (authorization->source == TRRO_SOURCE_SNAPSHOT && authorization->age_ms != TRRO_ABSENT)
        printf("  that was the answer %lld s ago\n", (long long)(authorization->age_ms / 1000));
    if (is_refused(authorization) && !must_stop(authorization))
        printf("  WARNING: it is the last known answer only; TRRO_start decides\n");
    if (authorization->verdict == TRRO_VERDICT_AUTHORIZED && authorization->seconds_left != TRRO_ABSENT &&
        authorization->seconds_left < WARN_S)
        printf("  WARNING: for %lld s more\n", (long long)authorization->seconds_left);
    fflush(stdout);
}

/* A watch with what the last run has left of it; NULL without a key, or after a failure, which has been printed. */
static trro_watch *new_watch(const trro_authorization_query *query) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_watch *watch = NULL;
    trro_error error;
    config.query = query;
    config.snapshot_path = setting("TRRO_SNAPSHOT");
    if (client != NULL && trro_watch_new(client, &config, &watch, &error))
        print_error("cannot watch", &error);
    return watch;
}

/* What the service says before the start; if it cannot be asked, what the watch knows, from the last run it may be. It takes
 * 10 s at most; a device that must not wait so long gives a query of its own a shorter deadline_ms, since TRRO_start checks by
 * itself. */
static trro_authorization check(const trro_watch *watch, const trro_authorization_query *query) {
    trro_authorization authorization;
    trro_error error;
    memset(&authorization, 0, sizeof authorization); /* nobody has been asked */
    if (client == NULL || is_interrupted || !trro_check_authorization(client, query, &authorization, &error))
        return authorization;
    if (error.status != TRRO_STATUS_CANCELLED)
        print_error("cannot ask whether the device may run", &error);
    if (watch != NULL)
        (void)trro_watch_read(watch, &authorization); /* it fails for NULL only */
    return authorization;
}

/* As the vendor's sample does: again only after a timeout of the license check, up to three times, a second apart. */
static int start(void) {
    const struct timespec second = {1, 0};
    int code, starts;
    for (starts = 1;; starts++) {
        code = TRRO_start();
        if (code != -TRRO_INIT_PUBLIC_LICENSE_CHECK_TIMEOUT || starts == STARTS || is_interrupted)
            return code;
        printf("TRRO_start: %s; once more\n", getErrorMsg(code));
        fflush(stdout);
        nanosleep(&second, NULL); /* a signal ends it */
        if (is_interrupted)
            return code;
    }
}

/* Asks, connects and starts; EXIT_DROVE if video is sent. */
static int check_and_start(const trro_watch *watch, const char *config_path, const trro_authorization_query *query) {
    const trro_authorization authorization = check(watch, query);
    int code;
    if (is_interrupted)
        return EXIT_INTERRUPTED;
    report("before the start", &authorization);
    if (must_stop(&authorization))
        return EXIT_NOT_AUTHORIZED;
    code = TRRO_initGwPath(config_path, 0);
    if (is_interrupted)
        return EXIT_INTERRUPTED;
    if (code == TRRO_SUCCEED && (code = start()) == TRRO_SUCCEED)
        return EXIT_DROVE;
    if (is_interrupted)
        return EXIT_INTERRUPTED;
    fprintf(stderr, "the SDK cannot start: %s\n", getErrorMsg(code));
    return EXIT_NOT_STARTED;
}

/* Not the time of day, which may jump while it drives. */
static time_t seconds_since_boot(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Waits for a second, or until what is known has changed; returns whether it has. */
static int has_changed(struct pollfd *changed) {
    uint64_t changes;
    const int ready = poll(changed, 1, 1000); /* it leaves out the -1 of no watch */
    if ((ready < 0 && errno != EINTR) || (ready == 1 && (changed->revents & (POLLERR | POLLNVAL)) != 0)) {
        fprintf(stderr, "cannot wait for the watch any more\n");
        changed->fd = -1;
        return 0;
    }
    return ready == 1 && (changed->revents & POLLIN) != 0 &&
           read(changed->fd, &changes, sizeof changes) == (ssize_t)sizeof changes;
}

/* Drives until the time is over, or the device may run no longer; returns the exit status. */
static int drive(const trro_watch *watch, long seconds) {
    const time_t end = seconds_since_boot() + seconds;
    struct pollfd changed;
    trro_authorization authorization;
    changed.fd = trro_watch_fd(watch);
    changed.events = POLLIN;
    while (!is_interrupted && (seconds == 0 || seconds_since_boot() < end)) {
        if (!has_changed(&changed))
            continue;
        (void)trro_watch_read(watch, &authorization);
        report("while driving", &authorization);
        /* What the vendor's servers do to a running session is documented nowhere. Bring the vehicle to a halt before the
         * operator loses the picture, and only then: */
        if (must_stop(&authorization))
            return EXIT_NOT_AUTHORIZED;
    }
    return EXIT_DROVE;
}

static int run(const char *config_path, const trro_authorization_query *query, long seconds) {
    trro_watch *watch = new_watch(query);
    int status = check_and_start(watch, config_path, query);
    if (status == EXIT_DROVE) {
        status = drive(watch, seconds);
        TRRO_stop();
    }
    trro_watch_free(watch);
    return status;
}

int main(int argc, char **argv) {
    static char buffer[4096];
    const trro_authorization_query *query;
    trro_client *ended;
    trro_error error;
    long seconds = 0;
    int status;
    if (argc < 2 || argc > 3 || (argc == 3 && (seconds = read_number(argv[2], INT32_MAX)) == 0)) {
        fprintf(stderr, "usage: %s CONFIG [SECONDS]\n", argv[0]);
        return EXIT_USAGE;
    }
    if (!handle_signals())
        return EXIT_NOT_STARTED;
    if (trro_load_device_config(argv[1], buffer, sizeof buffer, &query, NULL, &error)) {
        print_error("cannot tell who the device is", &error);
        return EXIT_NOT_STARTED;
    }
    client = client_from_environment(print_log);
    status = run(argv[1], query, seconds);
    ended = client;
    client = NULL; /* the handler may not cancel what is being freed */
    trro_client_free(ended);
    return exit_status(status, EXIT_NOT_STARTED);
}
