/* Keys for one day: how they are derived, and what they are good for. What they do on a wrong clock is in clock.c. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "check.h"

enum { DAY_S = 24 * 60 * 60 };

static char buffer[64 * 1024];

/* The credentials of a device, and where they are kept. */
typedef struct {
    trro_credentials credentials;
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    char date[16];
    int asked;
} device;

static void write_date(char date[16], int days_from_today) {
    time_t moment = time(NULL) + days_from_today * (time_t)DAY_S;
    struct tm parts;
    CHECK(gmtime_r(&moment, &parts) != NULL && strftime(date, 16, "%Y-%m-%d", &parts) == 10);
}

/* What the fleet's server does: only it has the secret key. */
static void hand_key_to(device *device, int days_from_today) {
    trro_error error = uninitialised_error();
    write_date(device->date, days_from_today);
    CHECK_STATUS(trro_derive_signing_key(getenv("TENCENTCLOUD_SECRET_KEY"), device->date, device->key, &error), TRRO_STATUS_OK,
                 &error);
    device->credentials = (trro_credentials)TRRO_CREDENTIALS_INIT;
    device->credentials.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    device->credentials.signing_key = device->key;
    device->credentials.signing_date = device->date;
}

static trro_client *client_of(const device *device, uint32_t max_attempts) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error;
    config.credentials = &device->credentials;
    config.max_attempts = max_attempts;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static trro_error get(const trro_client *client, trro_status expected) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), expected, &error);
    return error;
}

/* Of tests/signing/e-trro-three-headers. */
static void a_derived_key_is_that_of_the_published_derivation(void) {
    static const char expected[] = "5439d101b37fbc8ac8e56074f595ff433d2b65c643bcbdc4dfed413fd3c82d1d";
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    char hex[2 * TRRO_SIGNING_KEY_SIZE + 1];
    trro_error error;
    size_t i;
    CHECK_STATUS(trro_derive_signing_key("Gu5t9xGARNpq86cd98joQYCN3*******", "2019-02-25", key, &error), TRRO_STATUS_OK,
                 &error);
    for (i = 0; i < sizeof key; i++)
        snprintf(hex + 2 * i, 3, "%02x", key[i]);
    CHECK_TEXT(hex, expected);
}

static void a_key_for_today_needs_no_secret_key(void) {
    device device;
    trro_client *client;
    hand_key_to(&device, 0);
    client = client_of(&device, 1);
    /* Everything was copied. */
    memset(&device, 0xa5, sizeof device);
    get(client, TRRO_STATUS_OK);
    get(client, TRRO_STATUS_OK);
    trro_client_free(client);
}

static void a_key_for_today_may_be_that_of_a_temporary_one(void) {
    device device;
    trro_client *client;
    hand_key_to(&device, 0);
    device.credentials.secret_id = getenv("TEST_TEMPORARY_SECRET_ID");
    device.credentials.token = getenv("TEST_TOKEN");
    client = client_of(&device, 1);
    get(client, TRRO_STATUS_OK);
    trro_client_free(client);
}

static void a_wrong_key_is_rejected(void) {
    device device;
    trro_client *client;
    trro_error error;
    hand_key_to(&device, 0);
    device.key[0] ^= 1;
    client = client_of(&device, 4);
    error = get(client, TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.SignatureFailure");
    trro_client_free(client);
}

/* The first answer proves that it is another day; then nothing is sent. */
static void a_key_for_another_day_names_both(void) {
    device device;
    trro_client *client;
    char today[16];
    trro_error error;
    hand_key_to(&device, -10);
    client = client_of(&device, 1);
    CHECK(get(client, TRRO_STATUS_CLOCK_SKEW).attempts == 1);
    error = get(client, TRRO_STATUS_NO_CREDENTIALS);
    write_date(today, 0);
    CHECK(error.attempts == 0 && strstr(error.message, device.date) != NULL && strstr(error.message, today) != NULL);
    trro_client_free(client);
}

/* The server was late with the first key. */
static trro_status late_at_first(void *user_data, trro_credentials *credentials) {
    device *late = user_data;
    hand_key_to(late, late->asked++ == 0 ? -10 : 0);
    credentials->secret_id = late->credentials.secret_id;
    credentials->signing_key = late->key;
    credentials->signing_date = late->date;
    return TRRO_STATUS_OK;
}

static void a_key_is_asked_for_again_when_its_day_is_over(void) {
    trro_client_config config = config_for_test();
    device device;
    trro_client *client;
    trro_error error;
    device.asked = 0;
    config.credentials_fn = late_at_first;
    config.credentials_data = &device;
    config.max_attempts = 2;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    CHECK(device.asked == 0);
    CHECK(get(client, TRRO_STATUS_OK).attempts == 2 && device.asked == 2);
    CHECK(get(client, TRRO_STATUS_OK).attempts == 1 && device.asked == 2);
    trro_client_free(client);
}

static const test tests[] = {
    {"a_derived_key_is_that_of_the_published_derivation", a_derived_key_is_that_of_the_published_derivation, "", 0},
    {"a_key_for_today_needs_no_secret_key", a_key_for_today_needs_no_secret_key, "", 2},
    {"a_key_for_today_may_be_that_of_a_temporary_one", a_key_for_today_may_be_that_of_a_temporary_one, "", 1},
    {"a_wrong_key_is_rejected", a_wrong_key_is_rejected, "", 1},
    {"a_key_for_another_day_names_both", a_key_for_another_day_names_both, "", 1},
    {"a_key_is_asked_for_again_when_its_day_is_over", a_key_is_asked_for_again_when_its_day_is_over, "", 3},
};
RUN_TESTS(tests)
