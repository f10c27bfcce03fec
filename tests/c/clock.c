/* A client on a machine whose clock is wrong. It does what each line of its input says and answers with lines, of which
 * the last begins with "= ":
 *
 *     shift S         the system clock is ahead of the machine's by S seconds from now on
 *     boot S          the clock since boot, likewise
 *     new N           makes a client that sends a request N times at most, with the secret key of the environment
 *     new N DATE      the same, with that key's signing key for one day
 *     until N S       the same, with the secret key, which expires S seconds after 1970
 *     once N S        the same, with a function that gives that once and then fails
 *     ask N DATE      the same, with a function that is asked for that key, which is logged
 *     call            = STATUS ATTEMPTS MESSAGE, after what was logged
 *     offset          = MILLISECONDS, or "= absent"
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static char buffer[64 * 1024];
static trro_client *client;
static char day[16];
static uint8_t day_key[TRRO_SIGNING_KEY_SIZE];
static int64_t expires_at_s;
static atomic_llong shift_s, boot_shift_s;

/* A definition in the program comes before libc's, for the library too. The other clocks are the machine's. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && clock == CLOCK_REALTIME)
        time->tv_sec += (time_t)atomic_load(&shift_s);
    if (!failed && clock == CLOCK_BOOTTIME)
        time->tv_sec += (time_t)atomic_load(&boot_shift_s);
    return failed;
}

static void print_log(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    printf("log %d %s\n", (int)level, message);
}

static trro_status give_day_key(void *user_data, trro_credentials *credentials) {
    (void)user_data;
    printf("asked for a key\n");
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->signing_key = day_key;
    credentials->signing_date = day;
    return TRRO_STATUS_OK;
}

static void replace_client(const trro_client_config *config) {
    trro_error error;
    trro_client_free(client);
    CHECK_STATUS(trro_client_new(config, &client, &error), TRRO_STATUS_OK, &error);
    printf("= made\n");
}

/* Without a `day` its key is the secret one. */
static void make_client(uint32_t max_attempts, int is_asked) {
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_error error;
    config.max_attempts = max_attempts;
    config.log_fn = print_log;
    if (day[0] != '\0') {
        CHECK_STATUS(trro_derive_signing_key(getenv("TENCENTCLOUD_SECRET_KEY"), day, day_key, &error), TRRO_STATUS_OK, &error);
        credentials.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
        credentials.signing_key = day_key;
        credentials.signing_date = day;
        config.credentials = is_asked ? NULL : &credentials;
        config.credentials_fn = is_asked ? give_day_key : NULL;
    }
    replace_client(&config);
}

static trro_status give_expiring_key(void *asked_before, trro_credentials *credentials) {
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    credentials->expires_at_s = expires_at_s;
    return asked_before != NULL && (*(int *)asked_before)++ > 0 ? TRRO_STATUS_CREDENTIALS_FAILED : TRRO_STATUS_OK;
}

static void make_client_with_expiring_key(uint32_t max_attempts, int is_asked) {
    static int asked_before;
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    config.max_attempts = max_attempts;
    if (is_asked) {
        asked_before = 0;
        config.credentials_fn = give_expiring_key;
        config.credentials_data = &asked_before;
    } else {
        give_expiring_key(NULL, &credentials);
        config.credentials = &credentials;
    }
    replace_client(&config);
}

static void call(void) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    trro_status status = trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error);
    check_status(__FILE__, __LINE__, status, error.status, &error);
    CHECK(status != TRRO_STATUS_OK || page->device_count == 20);
    printf("= %s %u %s\n", trro_status_name(status), (unsigned)error.attempts, error.message);
}

static void print_offset(void) {
    int64_t offset_ms;
    trro_error error;
    CHECK_STATUS(trro_client_clock_offset_ms(client, &offset_ms, &error), TRRO_STATUS_OK, &error);
    if (offset_ms == TRRO_ABSENT)
        printf("= absent\n");
    else
        printf("= %" PRId64 "\n", offset_ms);
}

int main(void) {
    char line[128];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char verb[8], date[16] = "";
        long long number = 0;
        CHECK(sscanf(line, "%7s %lld %15s", verb, &number, date) >= 1);
        if (strcmp(verb, "shift") == 0) {
            atomic_store(&shift_s, number);
            printf("= shifted\n");
        } else if (strcmp(verb, "boot") == 0) {
            atomic_store(&boot_shift_s, number);
            printf("= shifted\n");
        } else if (strcmp(verb, "until") == 0 || strcmp(verb, "once") == 0) {
            expires_at_s = strtoll(date, NULL, 10);
            make_client_with_expiring_key((uint32_t)number, strcmp(verb, "once") == 0);
        } else if (strcmp(verb, "new") == 0 || strcmp(verb, "ask") == 0) {
            memcpy(day, date, sizeof day);
            make_client((uint32_t)number, strcmp(verb, "ask") == 0);
        } else if (strcmp(verb, "call") == 0) {
            call();
        } else {
            CHECK(strcmp(verb, "offset") == 0);
            print_offset();
        }
        fflush(stdout);
    }
    trro_client_free(client);
    return 0;
}
