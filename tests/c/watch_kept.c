/* The watch with a file for the last known answer: what a start without a network knows, and what becomes of the file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "watching.h"

enum { HOUR_S = 3600, DAY_S = 86400, MINUTE_MS = 60000, LARGEST_FILE = 4096 };

static atomic_llong shift_s;

/* A definition in the program comes before libc's, for the library too. The other clocks are the machine's. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_REALTIME)
        time->tv_sec += (time_t)atomic_load(&shift_s);
    return failed;
}

#ifdef SYS_clock_gettime64
/* What the library calls on 32 bits, where libc has it. */
typedef struct {
    int64_t s, ns;
} time_of_64_bits;

int __clock_gettime64(clockid_t clock, time_of_64_bits *time);
int __clock_gettime64(clockid_t clock, time_of_64_bits *time) {
    int failed = (int)syscall(SYS_clock_gettime64, clock, time);
    if (!failed && clock == CLOCK_REALTIME)
        time->s += atomic_load(&shift_s);
    return failed;
}
#endif

static char messages[16 * 1024];
static pthread_mutex_t messages_lock = PTHREAD_MUTEX_INITIALIZER;

static void note(void *user_data, int32_t level, const char *message) {
    size_t length;
    (void)user_data;
    if (level != TRRO_LOG_LEVEL_WARNING)
        return;
    pthread_mutex_lock(&messages_lock);
    length = strlen(messages);
    snprintf(messages + length, sizeof messages - length, "%s\n", message);
    pthread_mutex_unlock(&messages_lock);
}

static int times_told(const char *part) {
    const char *at = messages;
    int count = 0;
    pthread_mutex_lock(&messages_lock);
    for (; (at = strstr(at, part)) != NULL; at++)
        count++;
    pthread_mutex_unlock(&messages_lock);
    return count;
}

static trro_client *client_that_tells(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    config.log_fn = note;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static const char *path_in_home(const char *name) {
    static char path[512];
    CHECK(snprintf(path, sizeof path, "%s/%s", getenv("HOME"), name) < (int)sizeof path);
    return path;
}

static const char *kept_path(void) {
    return path_in_home("kept");
}

/* What is in the file; nothing without one. */
static size_t kept(char bytes[LARGEST_FILE]) {
    const int file = open(kept_path(), O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;
    if (file >= 0) {
        length = read(file, bytes, LARGEST_FILE - 1);
        close(file);
    }
    CHECK(length >= 0);
    bytes[length] = '\0';
    return (size_t)length;
}

static int file_says(const char *part) {
    char bytes[LARGEST_FILE];
    kept(bytes);
    return strstr(bytes, part) != NULL;
}

static void overwrite(const char *bytes, size_t length) {
    const int file = open(kept_path(), O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    CHECK(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    close(file);
}

/* One run of a program. */
typedef struct {
    trro_client *client;
    trro_watch *watch;
    told changes;
} run;

static trro_watch_config keeping(void) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    config.snapshot_path = kept_path();
    return config;
}

static void begin(run *own, const trro_watch_config *config) {
    trro_watch_config telling = *config;
    memset(own, 0, sizeof *own);
    own->client = client_that_tells();
    telling.changed_fn = be_told;
    telling.changed_data = &own->changes;
    own->watch = watch_with(own->client, &telling);
}

static void end(run *own) {
    CHECK(trro_watch_free(own->watch) == TRRO_STATUS_OK);
    trro_client_free(own->client);
}

static int source_of(const run *own) {
    return read_watch(own->watch).source;
}

/* A run that is answered with these rows and leaves the file; then the service is gone. */
static void leave_a_file(const char *rows, const trro_watch_config *config) {
    run first;
    set_devices(rows);
    begin(&first, config);
    UNTIL(source_of(&first) == TRRO_SOURCE_SERVICE);
    UNTIL(file_says("00000000-0000-4000-8000-000000000001"));
    end(&first);
    CHECK(times_told("\n") == 0);
    tell_emulator("always", "hang-up");
}

static void begin_again(run *own) {
    const trro_watch_config config = keeping();
    begin(own, &config);
}

static void an_answer_is_kept_in_a_file_of_the_users_own(void) {
    const trro_watch_config config = keeping();
    struct stat file;
    leave_a_file(ONE_LICENSE, &config);
    CHECK(stat(kept_path(), &file) == 0 && S_ISREG(file.st_mode) && (file.st_mode & 07777) == 0600);
    /* "." and "..", and no unfinished file. */
    CHECK(entries(getenv("HOME")) == 3);
}

static void the_next_run_knows_it_at_once(void) {
    const trro_watch_config config = keeping();
    trro_authorization authorization;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    atomic_store(&shift_s, HOUR_S);
    begin_again(&second);
    authorization = read_watch(second.watch);
    CHECK(authorization.source == TRRO_SOURCE_SNAPSHOT && authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    CHECK(authorization.sdk_code == 1 && authorization.license_count == 1 && authorization.remain_days == 9);
    CHECK(authorization.age_ms >= HOUR_S * 1000 - 1000 && authorization.age_ms < HOUR_S * 1000 + MINUTE_MS);
    CHECK_TEXT(authorization.request_id, "00000000-0000-4000-8000-000000000001");
    end(&second);
}

static void who_is_told_of_changes_is_told_of_the_file_and_then_of_the_service(void) {
    const trro_watch_config config = keeping();
    trro_authorization authorization;
    uint64_t changes;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    begin_again(&second);
    UNTIL(second.changes.calls == 1);
    CHECK(second.changes.last_reason == TRRO_REASON_AUTHORIZED && source_of(&second) == TRRO_SOURCE_SNAPSHOT);
    CHECK(read(trro_watch_fd(second.watch), &changes, sizeof changes) == sizeof changes && changes == 1);
    UNTIL(requests_seen() >= 2);
    tell_emulator("always", "");
    UNTIL(second.changes.calls == 2);
    CHECK(second.changes.last_reason == TRRO_REASON_AUTHORIZED);
    CHECK(read(trro_watch_fd(second.watch), &changes, sizeof changes) == sizeof changes && changes == 1);
    authorization = read_watch(second.watch);
    CHECK(authorization.source == TRRO_SOURCE_SERVICE && authorization.verdict == TRRO_VERDICT_AUTHORIZED);
    CHECK(strcmp(authorization.request_id, "00000000-0000-4000-8000-000000000001") != 0);
    end(&second);
}

static void a_file_from_too_long_ago_says_nothing(void) {
    const trro_watch_config config = keeping();
    trro_authorization authorization;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    atomic_store(&shift_s, 2 * DAY_S);
    begin_again(&second);
    authorization = read_watch(second.watch);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_TOO_OLD);
    CHECK(authorization.source == TRRO_SOURCE_SNAPSHOT && authorization.sdk_code == 0);
    CHECK(authorization.license_count == 1 && authorization.age_ms >= 2LL * DAY_S * 1000 - 1000);
    end(&second);
}

static void an_authorization_has_expired_by_the_next_run(void) {
    const trro_watch_config config = keeping();
    trro_authorization authorization;
    run second;
    leave_a_file("{\"DeviceId\":\"d\",\"LicenseCount\":1,\"RemainDay\":0,\"ExpireTime\":{\"InDays\":0.05}}", &config);
    begin_again(&second);
    authorization = read_watch(second.watch);
    CHECK(authorization.reason == TRRO_REASON_AUTHORIZED && authorization.seconds_left > HOUR_S);
    end(&second);
    atomic_store(&shift_s, 2 * HOUR_S);
    begin_again(&second);
    authorization = read_watch(second.watch);
    CHECK(authorization.reason == TRRO_REASON_EXPIRED && authorization.source == TRRO_SOURCE_SNAPSHOT);
    CHECK(authorization.verdict == TRRO_VERDICT_EXPIRED && authorization.seconds_left < 0);
    end(&second);
}

static void check_age_is_unknown(const run *own) {
    const trro_authorization authorization = read_watch(own->watch);
    CHECK(authorization.verdict == TRRO_VERDICT_UNKNOWN && authorization.reason == TRRO_REASON_AGE_UNKNOWN);
    CHECK(authorization.source == TRRO_SOURCE_SNAPSHOT && authorization.age_ms == TRRO_ABSENT);
    CHECK(authorization.answered_boottime_ms == TRRO_ABSENT && authorization.seconds_left == TRRO_ABSENT);
    CHECK(authorization.license_count == 1 && authorization.answered_at_s != TRRO_ABSENT);
}

/* It is asked for in vain for longer than the clock is left alone. */
static void a_clock_that_is_behind_leaves_the_age_open_until_it_is_set(void) {
    enum { LONGEST_MS = 45000 };
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = keeping();
    int64_t began_us;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    tell_emulator("always", "stall-head");
    query.project_id = "p";
    query.device_id = "d";
    query.deadline_ms = 600000;
    config.query = &query;
    atomic_store(&shift_s, -HOUR_S);
    begin(&second, &config);
    check_age_is_unknown(&second);
    UNTIL(second.changes.calls == 1 && requests_seen() == 2);
    atomic_store(&shift_s, HOUR_S);
    began_us = now_us();
    while (second.changes.calls == 1 && now_us() - began_us < (int64_t)LONGEST_MS * 1000)
        sleep_ms(10);
    CHECK(second.changes.last_reason == TRRO_REASON_AUTHORIZED && source_of(&second) == TRRO_SOURCE_SNAPSHOT);
    CHECK(read_watch(second.watch).age_ms >= HOUR_S * 1000 - 1000);
    end(&second);
}

static void what_is_kept_is_judged_for_as_many_streams_as_are_wanted_now(void) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = keeping();
    trro_authorization authorization;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    query.project_id = "p";
    query.device_id = "d";
    query.streams = 2;
    config.query = &query;
    begin(&second, &config);
    CHECK(trro_watch_read(second.watch, &authorization) == TRRO_STATUS_OK);
    CHECK(authorization.source == TRRO_SOURCE_SNAPSHOT && authorization.streams == 2);
    CHECK(authorization.reason == TRRO_REASON_NOT_ENOUGH && authorization.verdict == TRRO_VERDICT_NOT_ENOUGH);
    end(&second);
    CHECK(times_told("there is no last known answer") == 0);
}

/* Nothing is known, and log_fn is told why. */
static void begin_in_vain(const trro_watch_config *config, const char *why) {
    trro_authorization authorization;
    run second;
    begin(&second, config);
    authorization = read_watch(second.watch);
    CHECK(authorization.source == TRRO_SOURCE_NONE && authorization.reason == TRRO_REASON_NOT_ASKED);
    CHECK(authorization.license_count == TRRO_ABSENT && authorization.request_id[0] == '\0');
    CHECK(times_told("there is no last known answer") == 1 && times_told(why) == 1);
    end(&second);
    messages[0] = '\0';
}

static void a_file_is_for_who_has_its_key(void) {
    uint8_t key[TRRO_SNAPSHOT_KEY_SIZE] = {7}, another[TRRO_SNAPSHOT_KEY_SIZE] = {8};
    trro_watch_config config = keeping();
    run second;
    config.snapshot_key = key;
    leave_a_file(ONE_LICENSE, &config);
    config.snapshot_key = another;
    begin_in_vain(&config, "written with another key");
    config.snapshot_key = NULL;
    begin_in_vain(&config, "written with a key, and none is given");
    config.snapshot_key = key;
    begin(&second, &config);
    CHECK(source_of(&second) == TRRO_SOURCE_SNAPSHOT);
    end(&second);
}

static void a_file_without_a_key_is_not_for_who_has_one(void) {
    const uint8_t key[TRRO_SNAPSHOT_KEY_SIZE] = {7};
    trro_watch_config config = keeping();
    leave_a_file(ONE_LICENSE, &config);
    config.snapshot_key = key;
    begin_in_vain(&config, "written without a key, and one is given");
}

static void a_file_of_another_device_is_not_used(void) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config config = keeping();
    leave_a_file(ONE_LICENSE, &config);
    query.project_id = "p";
    query.device_id = "e";
    config.query = &query;
    begin_in_vain(&config, "is of the device d, not of e");
    query.project_id = "q";
    query.device_id = "d";
    begin_in_vain(&config, "is of the project p, not of q");
}

/* Behind one gateway there may be several services. */
static void a_file_of_another_endpoint_is_not_used(void) {
    const trro_watch_config config = keeping();
    char another[512];
    leave_a_file(ONE_LICENSE, &config);
    CHECK(snprintf(another, sizeof another, "%s/another", getenv("TRRO_ENDPOINT")) < (int)sizeof another);
    CHECK(setenv("TRRO_ENDPOINT", another, 1) == 0);
    begin_in_vain(&config, "is of the endpoint ");
}

static void a_damaged_file_is_as_if_there_were_none_and_is_replaced(void) {
    const trro_watch_config config = keeping();
    char bytes[LARGEST_FILE], *number;
    size_t length;
    run second;
    leave_a_file(ONE_LICENSE, &config);
    length = kept(bytes);
    number = strstr(bytes, "\"license_count\": 1");
    CHECK(number != NULL);
    number[strlen("\"license_count\": ")] = '2';
    overwrite(bytes, length);
    begin_in_vain(&config, "is damaged");
    tell_emulator("always", "");
    begin_again(&second);
    UNTIL(source_of(&second) == TRRO_SOURCE_SERVICE);
    UNTIL(file_says("\"license_count\": 1"));
    end(&second);
}

static void a_key_without_a_path_is_refused(void) {
    const uint8_t key[TRRO_SNAPSHOT_KEY_SIZE] = {7};
    const trro_authorization_query query = {sizeof query, "p", "d", 1, 0, 0, 0};
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_client *client = client_for_test();
    trro_watch *watch = (trro_watch *)&config;
    trro_error error = uninitialised_error();
    config.query = &query;
    config.snapshot_key = key;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(watch == NULL && strstr(error.message, "config->snapshot_key") != NULL);
    trro_client_free(client);
}

static void where_nothing_can_be_written_it_is_told_once_and_goes_on(void) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    char path[512];
    run own;
    snprintf(path, sizeof path, "%s", path_in_home("no-such-folder/kept"));
    config.snapshot_path = path;
    config.period_s = 1;
    set_devices(ONE_LICENSE);
    begin(&own, &config);
    UNTIL(strcmp(read_watch(own.watch).request_id, "00000000-0000-4000-8000-000000000004") >= 0);
    CHECK(reason_of(own.watch) == TRRO_REASON_AUTHORIZED && source_of(&own) == TRRO_SOURCE_SERVICE);
    CHECK(times_told("the answer is not kept") == 1 && times_told("\n") == 1);
    end(&own);
}

static void answers_that_say_the_same_are_not_written_again(void) {
    trro_watch_config config = keeping();
    run own;
    config.period_s = 1;
    set_devices(ONE_LICENSE);
    begin(&own, &config);
    UNTIL(strcmp(read_watch(own.watch).request_id, "00000000-0000-4000-8000-000000000005") >= 0);
    CHECK(file_says("00000000-0000-4000-8000-000000000001"));
    set_devices(NO_LICENSE);
    UNTIL(file_says("\"reason\": \"not_bound\""));
    CHECK(!file_says("00000000-0000-4000-8000-000000000001"));
    end(&own);
}

/* 24 times within max_stale_s: here every second. */
static void a_file_is_written_again_before_it_is_too_old(void) {
    trro_watch_config config = keeping();
    run own;
    config.period_s = 1;
    config.max_stale_s = 24;
    set_devices(ONE_LICENSE);
    begin(&own, &config);
    UNTIL(file_says("00000000-0000-4000-8000-000000000001"));
    UNTIL(file_says("00000000-0000-4000-8000-000000000003") || file_says("00000000-0000-4000-8000-000000000004"));
    end(&own);
}

static void a_relative_path_stays_in_the_folder_in_which_the_watch_began(void) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    run own;
    set_devices(ONE_LICENSE);
    CHECK(chdir(getenv("HOME")) == 0);
    config.snapshot_path = "kept";
    tell_emulator("once", "late:300");
    begin(&own, &config);
    CHECK(chdir("/proc") == 0);
    UNTIL(file_says("00000000-0000-4000-8000-000000000001"));
    end(&own);
    CHECK(times_told("not kept") == 0);
}

static const test tests[] = {
    {"an_answer_is_kept_in_a_file_of_the_users_own", an_answer_is_kept_in_a_file_of_the_users_own, "", 1},
    {"the_next_run_knows_it_at_once", the_next_run_knows_it_at_once, "", -1},
    {"who_is_told_of_changes_is_told_of_the_file_and_then_of_the_service",
     who_is_told_of_changes_is_told_of_the_file_and_then_of_the_service, "", -1},
    {"a_file_from_too_long_ago_says_nothing", a_file_from_too_long_ago_says_nothing, "", -1},
    {"an_authorization_has_expired_by_the_next_run", an_authorization_has_expired_by_the_next_run, "", -1},
    {"a_clock_that_is_behind_leaves_the_age_open_until_it_is_set",
     a_clock_that_is_behind_leaves_the_age_open_until_it_is_set, "", -1},
    {"what_is_kept_is_judged_for_as_many_streams_as_are_wanted_now",
     what_is_kept_is_judged_for_as_many_streams_as_are_wanted_now, "", -1},
    {"a_file_is_for_who_has_its_key", a_file_is_for_who_has_its_key, "", -1},
    {"a_file_without_a_key_is_not_for_who_has_one", a_file_without_a_key_is_not_for_who_has_one, "", -1},
    {"a_file_of_another_device_is_not_used", a_file_of_another_device_is_not_used, "", -1},
    {"a_file_of_another_endpoint_is_not_used", a_file_of_another_endpoint_is_not_used, "", -1},
    {"a_damaged_file_is_as_if_there_were_none_and_is_replaced", a_damaged_file_is_as_if_there_were_none_and_is_replaced, "",
     -1},
    {"a_key_without_a_path_is_refused", a_key_without_a_path_is_refused, "", 0},
    {"where_nothing_can_be_written_it_is_told_once_and_goes_on", where_nothing_can_be_written_it_is_told_once_and_goes_on, "",
     -1},
    {"answers_that_say_the_same_are_not_written_again", answers_that_say_the_same_are_not_written_again, "", -1},
    {"a_file_is_written_again_before_it_is_too_old", a_file_is_written_again_before_it_is_too_old, "", -1},
    {"a_relative_path_stays_in_the_folder_in_which_the_watch_began",
     a_relative_path_stays_in_the_folder_in_which_the_watch_began, "", 1},
};
RUN_TESTS(tests)
