/* trro-status check and watch: one device's authorization, now, or now and on every change. */
#define _XOPEN_SOURCE 700
#include "status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static volatile sig_atomic_t is_interrupted;

static trro_authorization_query query_of(const options *options) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    query.project_id = options->project_id;
    query.device_id = options->device_id;
    query.streams = options->streams;
    query.deadline_ms = options->deadline_ms;
    query.ask_available = options->asks_available ? 1 : 0;
    return query;
}

static const char *source_name(int32_t source) {
    return source == TRRO_SOURCE_SERVICE ? "service" : source == TRRO_SOURCE_SNAPSHOT ? "snapshot" : "none";
}

/* ---- JSON ---- */

static void print_json(const options *options, const trro_authorization *authorization) {
    printf("{\"at_s\":%lld", (long long)time(NULL));
    print_member_text("project_id", options->project_id);
    print_member_text("device_id", options->device_id);
    print_member_text("verdict", short_name(authorization->verdict));
    print_member_text("sentence", trro_authorization_sentence(authorization));
    print_member("sdk_code", authorization->sdk_code);
    print_member_text("source", source_name(authorization->source));
    print_member("streams", authorization->streams);
    print_member("license_count", authorization->license_count);
    if (options->asks_available)
        print_member("available_license_count", authorization->available_license_count);
    print_member("remain_days", authorization->remain_days);
    print_member("expire_time_s", authorization->expire_time_s);
    print_member("monthly_remain_time", authorization->monthly_remain_time);
    print_member("limited_time_minutes", authorization->limited_time_minutes);
    print_member("seconds_left", authorization->seconds_left);
    print_member("answered_at_s", authorization->answered_at_s);
    print_member("age_ms", authorization->age_ms);
    print_member_text("request_id", authorization->request_id);
    printf("}\n");
}

/* ---- for people ---- */

/* "in 200 days", "in 3 h", "42 s ago" */
static void format_left(int64_t seconds_left, char *text, size_t size) {
    const int64_t distance = seconds_left < 0 ? -seconds_left : seconds_left;
    const char *before = seconds_left < 0 ? "" : "in ", *after = seconds_left < 0 ? " ago" : "";
    if (distance >= 2 * DAY_S)
        snprintf(text, size, "%s%lld days%s", before, (long long)(distance / DAY_S), after);
    else if (distance >= 7200)
        snprintf(text, size, "%s%lld h%s", before, (long long)(distance / 3600), after);
    else
        snprintf(text, size, "%s%lld s%s", before, (long long)distance, after);
}

static void print_fact(const char *name, int64_t number) {
    char text[32];
    format_number(number, text, sizeof text);
    printf("  %-12s%s\n", name, text);
}

static void print_expiry(const trro_authorization *authorization) {
    const int64_t left_s = authorization->seconds_left;
    char moment[32], left[48];
    format_time(authorization->expire_time_s, "%Y-%m-%d %H:%M UTC", moment, sizeof moment);
    printf("  %-12s%s", "expires", moment);
    if (left_s != TRRO_ABSENT) {
        format_left(left_s, left, sizeof left);
        printf(", %s", left);
        print_days_bar(left_s > 0 ? left_s / DAY_S : 0, verdict_color(authorization->verdict));
    }
    printf("\n");
}

static void print_answer(const options *options, const trro_authorization *authorization) {
    print_text(options->device_id);
    printf(": ");
    print_colored(short_name(authorization->verdict), verdict_color(authorization->verdict));
    printf(": %s\n", trro_authorization_sentence(authorization));
    printf("  %-12s", "project");
    print_text(options->project_id);
    printf("\n");
    print_fact("streams", authorization->streams);
    print_fact("licenses", authorization->license_count);
    if (options->asks_available)
        print_fact("usable", authorization->available_license_count);
    print_expiry(authorization);
    print_fact("month left", authorization->monthly_remain_time);
    printf("  %-12s", "request");
    print_text(authorization->request_id);
    printf("\n");
}

int check_device(const trro_client *client, const options *options) {
    const trro_authorization_query query = query_of(options);
    trro_authorization authorization;
    trro_error error;
    if (trro_check_authorization(client, &query, &authorization, &error)) {
        print_error("cannot ask whether the device may run", &error);
        return EXIT_NOT_KNOWN;
    }
    if (options->is_json)
        print_json(options, &authorization);
    else
        print_answer(options, &authorization);
    return exit_of(authorization.verdict);
}

/* ---- watch ---- */

static void interrupt(int number) {
    (void)number;
    is_interrupted = 1;
}

static void print_change(const trro_authorization *authorization) {
    char moment[32], left[48];
    format_time((int64_t)time(NULL), "%Y-%m-%dT%H:%M:%SZ", moment, sizeof moment);
    printf("%s ", moment);
    print_colored(short_name(authorization->verdict), verdict_color(authorization->verdict));
    printf(": %s", trro_authorization_sentence(authorization));
    if (authorization->seconds_left != TRRO_ABSENT) {
        format_left(authorization->seconds_left, left, sizeof left);
        printf("; %s %s", authorization->seconds_left > 0 ? "expires" : "expired", left);
    }
    printf("\n");
}

static void print_known(const options *options, const trro_watch *watch) {
    trro_authorization authorization;
    trro_watch_read(watch, &authorization);
    if (options->is_json)
        print_json(options, &authorization);
    else
        print_change(&authorization);
    fflush(stdout);
}

int watch_device(const trro_client *client, const options *options) {
    const trro_authorization_query query = query_of(options);
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization authorization;
    struct sigaction action;
    struct pollfd changed;
    trro_watch *watch;
    trro_error error;
    uint64_t changes;
    config.query = &query;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (trro_watch_new(client, &config, &watch, &error)) {
        print_error("cannot watch", &error);
        return EXIT_NOT_KNOWN;
    }
    changed.fd = trro_watch_fd(watch);
    changed.events = POLLIN;
    print_known(options, watch);
    /* A signal between the check and poll() is seen a second later. */
    while (!is_interrupted && !ferror(stdout)) {
        if (poll(&changed, 1, 1000) != 1 || read(changed.fd, &changes, sizeof changes) != (ssize_t)sizeof changes)
            continue;
        print_known(options, watch);
    }
    trro_watch_read(watch, &authorization);
    trro_watch_free(watch);
    return exit_of(authorization.verdict);
}
