/* The watch: what it says when, and by which ways. tests/c/watch_end.c has how watches end, and tests/c/stalls.c how soon. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>

#include "watching.h"

static void before_the_first_answer_nothing_is_known(void) {
    trro_client *client = client_for_test();
    told changes = {0};
    trro_watch *watch = watch_for_test(client, 0, be_told, &changes);
    trro_authorization authorization;
    UNTIL(requests_seen() == 1);
    authorization = read_watch(watch);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_NOT_ASKED);
    CHECK(authorization.source == TRRO_SOURCE_NONE && authorization.sdk_code == 0);
    CHECK(authorization.age_ms == TRRO_ABSENT && authorization.answered_at_s == TRRO_ABSENT);
    CHECK(authorization.license_count == TRRO_ABSENT && authorization.request_id[0] == '\0');
    CHECK_TEXT(trro_authorization_sentence(&authorization), "there is no answer of the service");
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    CHECK(changes.calls == 0);
    trro_client_free(client);
}

static void the_first_answer_comes_by_itself(void) {
    trro_client *client = client_for_test();
    told changes = {0};
    trro_watch *watch;
    trro_authorization authorization;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 0, be_told, &changes);
    UNTIL(changes.calls == 1);
    CHECK(changes.last_reason == TRRO_REASON_AUTHORIZED);
    authorization = read_watch(watch);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED && authorization.source == TRRO_SOURCE_SERVICE);
    CHECK(authorization.sdk_code == 1 && authorization.license_count == 1 && authorization.remain_days == 9);
    CHECK(authorization.expire_time_s == TRRO_ABSENT && authorization.seconds_left == TRRO_ABSENT);
    CHECK_TEXT(authorization.request_id, "00000000-0000-4000-8000-000000000001");
    sleep_ms(20);
    CHECK(read_watch(watch).age_ms >= authorization.age_ms + 20);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static atomic_int inside, most_inside, unblocked;

static void look_around(void *data, const trro_authorization *authorization) {
    const int now_inside = atomic_fetch_add(&inside, 1) + 1;
    sigset_t blocked;
    int signal_number;
    if (now_inside > atomic_load(&most_inside))
        atomic_store(&most_inside, now_inside);
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0);
    for (signal_number = 1; signal_number < 65; signal_number++)
        if (signal_number != SIGKILL && signal_number != SIGSTOP && signal_number != 32 && signal_number != 33 &&
            !sigismember(&blocked, signal_number))
            atomic_store(&unblocked, signal_number);
    sleep_ms(50);
    atomic_fetch_sub(&inside, 1);
    be_told(data, authorization);
}

static void callbacks_come_one_at_a_time_from_a_thread_without_signals(void) {
    enum { MANY = 4 };
    trro_client *client = client_for_test();
    told changes[MANY];
    trro_watch *watches[MANY];
    int i;
    set_devices(ONE_LICENSE);
    memset(changes, 0, sizeof changes);
    for (i = 0; i < MANY; i++)
        watches[i] = watch_for_test(client, 0, look_around, &changes[i]);
    for (i = 0; i < MANY; i++) {
        UNTIL(changes[i].calls == 1);
        CHECK(changes[i].thread_id == changes[0].thread_id && changes[i].thread_id != own_thread_id());
    }
    CHECK(most_inside == 1 && unblocked == 0);
    for (i = 0; i < MANY; i++)
        CHECK(trro_watch_free(watches[i]) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static int is_readable(int descriptor, int timeout_ms) {
    struct pollfd awaited = {descriptor, POLLIN, 0};
    const int ready = poll(&awaited, 1, timeout_ms);
    CHECK(ready >= 0);
    return ready == 1 && (awaited.revents & POLLIN) != 0;
}

static void a_descriptor_is_readable_after_a_change_until_it_is_read(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    uint64_t changes;
    int descriptor;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    descriptor = trro_watch_fd(watch);
    CHECK(is_readable(descriptor, 20000));
    CHECK(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    CHECK(is_readable(descriptor, 0));
    CHECK(read(descriptor, &changes, sizeof changes) == sizeof changes && changes == 1);
    /* More answers that say the same are no change. */
    UNTIL(requests_seen() >= 3);
    CHECK(!is_readable(descriptor, 0));
    CHECK(read(descriptor, &changes, sizeof changes) == -1);
    set_devices(NO_LICENSE);
    CHECK(is_readable(descriptor, 20000));
    CHECK(reason_of(watch) == TRRO_REASON_NOT_BOUND);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void it_asks_once_a_period_and_does_not_drift(void) {
    trro_client *client = client_for_test();
    trro_authorization first, next;
    trro_watch *watch;
    int periods;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(requests_seen() == 2);
    UNTIL(strcmp(read_watch(watch).request_id, "00000000-0000-4000-8000-000000000002") == 0);
    first = next = read_watch(watch);
    for (periods = 1; periods <= 4; periods++) {
        int64_t off_ms;
        char request_id[64];
        memcpy(request_id, next.request_id, sizeof request_id);
        UNTIL(strcmp(read_watch(watch).request_id, request_id) != 0);
        next = read_watch(watch);
        off_ms = next.answered_boottime_ms - first.answered_boottime_ms - periods * 1000;
        CHECK(off_ms > -500 && off_ms < 500);
    }
    CHECK(requests_seen() == 6);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static _Atomic int64_t expired_after_ms;

static void note_the_expiry(void *data, const trro_authorization *authorization) {
    if (authorization->reason == TRRO_REASON_EXPIRED) {
        struct timespec now;
        CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
        CHECK(authorization->verdict == TRRO_VERDICT_EXPIRED && authorization->sdk_code == -0x02000103);
        CHECK(authorization->seconds_left <= 0 && authorization->source == TRRO_SOURCE_SERVICE);
        atomic_store(&expired_after_ms, ((int64_t)now.tv_sec - authorization->expire_time_s) * 1000 + now.tv_nsec / 1000000);
    }
    be_told(data, authorization);
}

/* The emulator's clock is this machine's, and tells whole seconds. */
static void it_expires_at_its_second_without_the_service(void) {
    trro_client *client = client_for_test();
    told changes = {0};
    trro_authorization authorization;
    trro_watch *watch;
    set_devices("{\"DeviceId\":\"d\",\"LicenseCount\":1,\"RemainDay\":0,\"ExpireTime\":{\"InDays\":0.000046297}}");
    watch = watch_for_test(client, 0, note_the_expiry, &changes);
    UNTIL(changes.calls == 1);
    tell_emulator("always", "hang-up");
    authorization = read_watch(watch);
    CHECK(authorization.reason == TRRO_REASON_AUTHORIZED && authorization.seconds_left > 0);
    UNTIL(changes.calls == 2);
    CHECK(changes.last_reason == TRRO_REASON_EXPIRED && reason_of(watch) == TRRO_REASON_EXPIRED);
    CHECK(expired_after_ms > -1100 && expired_after_ms < 2000);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

/* Six seconds ahead. */
#define EXPIRES_SOON "{\"DeviceId\":\"d\",\"LicenseCount\":1,\"RemainDay\":0,\"ExpireTime\":{\"InDays\":0.00006945}}"

static trro_watch *stalling_watch(const trro_client *client, const char *device_id, uint32_t period_s, told *changes) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    query.project_id = "p";
    query.device_id = device_id;
    query.deadline_ms = 20000;
    config.query = &query;
    config.period_s = period_s;
    config.changed_fn = note_the_expiry;
    config.changed_data = changes;
    return watch_with(client, &config);
}

static void it_expires_at_its_second_while_it_waits_for_an_answer(void) {
    trro_client *client = client_for_test();
    told changes = {0};
    trro_watch *watch;
    set_devices(EXPIRES_SOON);
    watch = stalling_watch(client, "d", 1, &changes);
    UNTIL(changes.calls == 1);
    tell_emulator("always", "stall-head");
    UNTIL(requests_seen() >= 2);
    CHECK(changes.calls == 1);
    UNTIL(changes.calls == 2);
    CHECK(changes.last_reason == TRRO_REASON_EXPIRED && expired_after_ms > -1100 && expired_after_ms < 2000);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void it_expires_at_its_second_while_another_watch_waits_for_an_answer(void) {
    trro_client *client = client_for_test();
    told changes[2];
    trro_watch *watch, *other;
    memset(changes, 0, sizeof changes);
    set_devices(EXPIRES_SOON);
    watch = stalling_watch(client, "d", 0, &changes[0]);
    UNTIL(changes[0].calls == 1);
    tell_emulator("always", "stall-head");
    other = stalling_watch(client, "e", 0, &changes[1]);
    UNTIL(requests_seen() == 2);
    CHECK(changes[0].calls == 1);
    UNTIL(changes[0].calls == 2);
    CHECK(changes[0].last_reason == TRRO_REASON_EXPIRED && expired_after_ms > -1100 && expired_after_ms < 2000);
    CHECK(trro_watch_free(other) == TRRO_STATUS_OK);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void an_answer_grows_too_old_and_a_new_one_mends_it(void) {
    trro_client *client = client_for_test();
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    told changes = {0};
    trro_authorization authorization;
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    config.period_s = 1;
    config.max_stale_s = 1;
    config.changed_fn = be_told;
    config.changed_data = &changes;
    watch = watch_with(client, &config);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    tell_emulator("always", "hang-up");
    UNTIL(changes.last_reason == TRRO_REASON_TOO_OLD);
    authorization = read_watch(watch);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_TOO_OLD);
    CHECK(authorization.age_ms > 1000 && authorization.source == TRRO_SOURCE_SERVICE);
    CHECK(authorization.license_count == 1 && authorization.sdk_code == 0);
    tell_emulator("always", "");
    UNTIL(changes.last_reason == TRRO_REASON_AUTHORIZED);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void the_first_answer_may_come_after_an_outage(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(requests_seen() == 2);
    CHECK(reason_of(watch) == TRRO_REASON_NOT_ASKED);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static trro_watch *read_by_all;
static atomic_int is_over, torn, reads_of_handler;

/* All numbers of a row are the same here. */
static void read_and_compare(void) {
    trro_authorization read;
    if (trro_watch_read(read_by_all, &read) != TRRO_STATUS_OK || read.license_count != read.remain_days ||
        read.license_count != read.monthly_remain_time || read.license_count != read.limited_time_minutes)
        atomic_fetch_add(&torn, 1);
}

static void read_in_handler(int signal_number) {
    (void)signal_number;
    read_and_compare();
    atomic_fetch_add(&reads_of_handler, 1);
}

static void *read_on(void *unused) {
    while (!atomic_load(&is_over))
        read_and_compare();
    return unused;
}

static void it_is_read_in_a_signal_handler_and_by_many_threads(void) {
    enum { READERS = 4, ANSWERS = 4 };
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    trro_client *client = client_for_test();
    struct sigaction action;
    pthread_t readers[READERS];
    int i;
    memset(&action, 0, sizeof action);
    action.sa_handler = read_in_handler;
    set_devices("{\"DeviceId\":\"d\",\"LicenseCount\":1,\"RemainDay\":1,\"MonthlyRemainTime\":1,\"LimitedTime\":1}");
    read_by_all = watch_for_test(client, 1, NULL, NULL);
    UNTIL(reason_of(read_by_all) == TRRO_REASON_AUTHORIZED);
    for (i = 0; i < READERS; i++)
        CHECK(pthread_create(&readers[i], NULL, read_on, NULL) == 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (i = 2; i < 2 + ANSWERS; i++) {
        const int64_t began_us = now_us();
        while (read_watch(read_by_all).license_count != i - 1 && now_us() - began_us < 20000000)
            read_and_compare();
        CHECK(read_watch(read_by_all).license_count == i - 1);
        CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
        {
            char row[256];
            snprintf(row, sizeof row,
                     "{\"DeviceId\":\"d\",\"LicenseCount\":%d,\"RemainDay\":%d,\"MonthlyRemainTime\":%d,\"LimitedTime\":%d}", i,
                     i, i, i);
            set_devices(row);
        }
        CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    atomic_store(&is_over, 1);
    for (i = 0; i < READERS; i++)
        CHECK(pthread_join(readers[i], NULL) == 0);
    CHECK(torn == 0 && reads_of_handler > 0);
    CHECK(trro_watch_free(read_by_all) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static void after_a_cancellation_it_goes_on(void) {
    trro_client *client = client_for_test();
    trro_watch *watch;
    set_devices(ONE_LICENSE);
    watch = watch_for_test(client, 1, NULL, NULL);
    UNTIL(requests_seen() == 1);
    trro_client_cancel(client);
    UNTIL(trro_client_resume(client, NULL) == TRRO_STATUS_OK);
    UNTIL(reason_of(watch) == TRRO_REASON_AUTHORIZED);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static char last_line[256];
static atomic_int has_told;

static void keep_line(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    (void)level;
    if (strncmp(message, "watch: ", 7) == 0 && !atomic_load(&has_told)) {
        snprintf(last_line, sizeof last_line, "%s", message);
        atomic_store(&has_told, 1);
    }
}

/* What turns the direction of the letters behind it makes another line of it to who reads it. */
static void an_id_changes_nothing_else_in_a_line_of_the_log(void) {
    static const char turning[] = "\xe2\x80\xae";
    trro_client_config client_config = config_for_test();
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_client *client;
    trro_watch *watch;
    char id[16];
    client_config.log_fn = keep_line;
    CHECK(trro_client_new(&client_config, &client, NULL) == TRRO_STATUS_OK);
    set_devices(ONE_LICENSE);
    snprintf(id, sizeof id, "d%se", turning);
    query.project_id = "p";
    query.device_id = id;
    config.query = &query;
    watch = watch_with(client, &config);
    UNTIL(atomic_load(&has_told));
    CHECK(strstr(last_line, "watch: d e: the project has no device") != NULL && strstr(last_line, turning) == NULL);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    trro_client_free(client);
}

static const test tests[] = {
    {"before_the_first_answer_nothing_is_known", before_the_first_answer_nothing_is_known, "stall-head", 1},
    {"the_first_answer_comes_by_itself", the_first_answer_comes_by_itself, "", 1},
    {"callbacks_come_one_at_a_time_from_a_thread_without_signals",
     callbacks_come_one_at_a_time_from_a_thread_without_signals, "", 4},
    {"a_descriptor_is_readable_after_a_change_until_it_is_read", a_descriptor_is_readable_after_a_change_until_it_is_read,
     "", -1},
    {"it_asks_once_a_period_and_does_not_drift", it_asks_once_a_period_and_does_not_drift, "", 6},
    {"it_expires_at_its_second_without_the_service", it_expires_at_its_second_without_the_service, "", -1},
    {"it_expires_at_its_second_while_it_waits_for_an_answer", it_expires_at_its_second_while_it_waits_for_an_answer, "", -1},
    {"it_expires_at_its_second_while_another_watch_waits_for_an_answer",
     it_expires_at_its_second_while_another_watch_waits_for_an_answer, "", -1},
    {"an_answer_grows_too_old_and_a_new_one_mends_it", an_answer_grows_too_old_and_a_new_one_mends_it, "", -1},
    {"the_first_answer_may_come_after_an_outage", the_first_answer_may_come_after_an_outage, "hang-up|hang-up", 3},
    {"it_is_read_in_a_signal_handler_and_by_many_threads", it_is_read_in_a_signal_handler_and_by_many_threads, "", -1},
    {"an_id_changes_nothing_else_in_a_line_of_the_log", an_id_changes_nothing_else_in_a_line_of_the_log, "", 1},
    {"after_a_cancellation_it_goes_on", after_a_cancellation_it_goes_on, "stall-head", -1},
};
RUN_TESTS(tests)
