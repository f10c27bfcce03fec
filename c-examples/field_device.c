/* A field device (vehicle, robot) asks whether it may run before it calls TRRO_start, and watches it while it drives.
 *
 *     field_device CONFIG [SECONDS]
 *
 * CONFIG is the config.json of the vendor's field SDK, which says who the device is. It drives for SECONDS, or until SIGINT or
 * SIGTERM. 0: it drove to the end; 1: it is not authorized, or was no longer; 2: usage; 3: it could not start for another
 * reason. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key; without one nothing is asked, and TRRO_start
 * decides alone. TRRO_ENDPOINT names another site than the international one, TRRO_CA_FILE the authorities to trust, and
 * TRRO_SNAPSHOT a file in which the watch keeps its last known answer for a start without a network.
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

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#ifdef WITH_VENDOR_SDK
#include <trro_field.h> /* after trro.h, which includes the stddef.h that it needs */
#else
#include "vendor_stub.h"
#endif

enum { STARTS = 3, WARN_S = 3600 };
enum { EXIT_DROVE = 0, EXIT_NOT_AUTHORIZED = 1, EXIT_USAGE = 2, EXIT_NOT_STARTED = 3 };

static volatile sig_atomic_t is_interrupted;

static void interrupt(int number) {
    (void)number;
    is_interrupted = 1;
}

/* Whether the answer is a clear no. That nothing is known is none: TRRO_start decides. */
static int is_refused(const trro_authorization *authorization) {
    return authorization->verdict != TRRO_VERDICT_AUTHORIZED && authorization->verdict != TRRO_VERDICT_UNKNOWN;
}

static void report(const char *when, const trro_authorization *authorization) {
    printf("%s: %s", when, trro_authorization_sentence(authorization));
    if (is_refused(authorization))
        printf("; the SDK would say: %s", getErrorMsg(authorization->sdk_code));
    printf("\n");
    if (authorization->verdict == TRRO_VERDICT_AUTHORIZED && authorization->seconds_left != TRRO_ABSENT &&
        authorization->seconds_left < WARN_S)
        printf("  WARNING: for %lld s more\n", (long long)authorization->seconds_left);
    fflush(stdout);
}

/* What the service says before the start; a failure is an answer too: nothing is known. It takes 10 s at most; a device that
 * must not wait so long gives a query of its own a shorter deadline_ms, since TRRO_start checks by itself. */
static trro_authorization check(const trro_client *client, const trro_authorization_query *query) {
    trro_authorization authorization;
    trro_error error;
    if (trro_check_authorization(client, query, &authorization, &error) && client != NULL)
        print_error("cannot ask whether the device may run", &error);
    return authorization;
}

/* As the vendor's sample does: again only after a timeout of the license check, up to three times, a second apart. */
static int start(void) {
    const struct timespec second = {1, 0};
    int code, starts = 1;
    while ((code = TRRO_start()) == -TRRO_INIT_PUBLIC_LICENSE_CHECK_TIMEOUT && starts++ < STARTS) {
        printf("TRRO_start: %s; once more\n", getErrorMsg(code));
        nanosleep(&second, NULL);
    }
    return code;
}

/* Drives until the time is over, or the device may run no longer; returns the exit status. */
static int drive(const trro_watch *watch, time_t seconds) {
    const time_t end = time(NULL) + seconds;
    struct pollfd changed;
    trro_authorization authorization;
    uint64_t changes;
    changed.fd = trro_watch_fd(watch); /* poll() leaves out the -1 of no watch */
    changed.events = POLLIN;
    while (!is_interrupted && (seconds == 0 || time(NULL) < end)) {
        if (poll(&changed, 1, 1000) != 1 || read(changed.fd, &changes, sizeof changes) != (ssize_t)sizeof changes)
            continue;
        trro_watch_read(watch, &authorization);
        report("while driving", &authorization);
        /* What the vendor's servers do to a running session is documented nowhere. Bring the vehicle to a halt before the
         * operator loses the picture, and only then: */
        if (is_refused(&authorization))
            return EXIT_NOT_AUTHORIZED;
    }
    return EXIT_DROVE;
}

static int run(const trro_client *client, const char *config_path, const trro_authorization_query *query, time_t seconds) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization = check(client, query);
    trro_watch *watch = NULL;
    trro_error error;
    int code, status;
    report("before the start", &authorization);
    if (is_refused(&authorization))
        return EXIT_NOT_AUTHORIZED;
    code = TRRO_initGwPath(config_path, 0);
    if (code != TRRO_SUCCEED || (code = start()) != TRRO_SUCCEED) {
        fprintf(stderr, "the SDK cannot start: %s\n", getErrorMsg(code));
        return EXIT_NOT_STARTED;
    }
    config.query = query;
    config.snapshot_path = getenv("TRRO_SNAPSHOT");
    if (client != NULL && trro_watch_new(client, &config, &watch, &error))
        print_error("cannot watch", &error);
    status = drive(watch, seconds);
    trro_watch_free(watch);
    TRRO_stop();
    return status;
}

int main(int argc, char **argv) {
    static char buffer[4096];
    const trro_authorization_query *query;
    struct sigaction action;
    trro_client *client;
    trro_error error;
    long seconds = 0;
    int status;
    if (argc < 2 || argc > 3 || (argc == 3 && (seconds = strtol(argv[2], NULL, 10)) < 1)) {
        fprintf(stderr, "usage: %s CONFIG [SECONDS]\n", argv[0]);
        return EXIT_USAGE;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (trro_load_device_config(argv[1], buffer, sizeof buffer, &query, NULL, &error)) {
        print_error("cannot tell who the device is", &error);
        return EXIT_NOT_STARTED;
    }
    client = client_from_environment();
    status = run(client, argv[1], query, seconds);
    trro_client_free(client);
    return status;
}
