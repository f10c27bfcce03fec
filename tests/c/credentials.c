/* Credentials that a function is asked for. Keys for one day are in day_keys.c, files in credential_files.c. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

enum { BUFFER_SIZE = 64 * 1024, ROOM_SIZE = 512, THREADS = 8, CALLS = 5 };

static const char secret[] = "s3cretKeyS3cretKey";

/* What is asked for credentials, and what it gives. */
typedef struct {
    const char *secret_id, *token;
    int64_t expires_at_s;
    /* Returned instead of credentials. */
    trro_status failure;
    int asked;
    /* What was given last. It is overwritten and freed at the next call. */
    char *given[3];
} source;

static char *copy(const char *text) {
    char *copied = text == NULL ? NULL : strdup(text);
    CHECK(text == NULL || copied != NULL);
    return copied;
}

static void take_back(source *source) {
    int i;
    for (i = 0; i < 3; i++) {
        if (source->given[i] != NULL)
            memset(source->given[i], 'x', strlen(source->given[i]));
        free(source->given[i]);
        source->given[i] = NULL;
    }
}

static trro_status give(void *user_data, trro_credentials *credentials) {
    source *source = user_data;
    source->asked++;
    take_back(source);
    if (source->failure != TRRO_STATUS_OK)
        return source->failure;
    credentials->secret_id = source->given[0] = copy(source->secret_id);
    credentials->secret_key = source->given[1] = copy(getenv("TENCENTCLOUD_SECRET_KEY"));
    credentials->token = source->given[2] = copy(source->token);
    credentials->expires_at_s = source->expires_at_s;
    return TRRO_STATUS_OK;
}

static source permanent_source(void) {
    source source = {0};
    source.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    return source;
}

static trro_client *client_with(trro_credentials_fn function, void *user_data, uint32_t max_attempts) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    config.credentials_fn = function;
    config.credentials_data = user_data;
    config.max_attempts = max_attempts;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static trro_error get(const trro_client *client, trro_status expected) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    char *buffer = malloc(BUFFER_SIZE);
    CHECK(buffer != NULL);
    CHECK_STATUS(trro_get_devices(client, &request, buffer, BUFFER_SIZE, &page, NULL, &error), expected, &error);
    CHECK(strstr(error.message, secret) == NULL);
    free(buffer);
    return error;
}

static void check_names(const trro_error *error, const char *name) {
    if (strstr(error->message, name) == NULL) {
        fprintf(stderr, "\"%s\" does not name %s\n", error->message, name);
        exit(1);
    }
}

static void it_is_asked_by_the_first_call_and_not_before(void) {
    source source = permanent_source();
    trro_client *client = client_with(give, &source, 1);
    CHECK(source.asked == 0);
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 1);
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 1);
    trro_client_free(client);
    take_back(&source);
}

static void it_is_asked_again_in_the_minute_before_they_expire(void) {
    source source = permanent_source();
    trro_client *client = client_with(give, &source, 1);
    source.expires_at_s = time(NULL) + 30;
    get(client, TRRO_STATUS_OK);
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 2);
    source.expires_at_s = time(NULL) + 3600;
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 3);
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 3);
    trro_client_free(client);
    take_back(&source);
}

/* With a token that is out of date at first. */
static trro_status give_token(void *user_data, trro_credentials *credentials) {
    source *source = user_data;
    source->token = source->asked == 0 ? secret : getenv("TEST_TOKEN");
    return give(source, credentials);
}

static void a_refused_token_is_replaced_at_once(void) {
    source source = {0};
    trro_client *client = client_with(give_token, &source, 2);
    source.secret_id = getenv("TEST_TEMPORARY_SECRET_ID");
    CHECK(get(client, TRRO_STATUS_OK).attempts == 2 && source.asked == 2);
    CHECK(get(client, TRRO_STATUS_OK).attempts == 1 && source.asked == 2);
    trro_client_free(client);
    take_back(&source);
}

static void a_token_that_is_refused_again_is_not_replaced_in_the_same_call(void) {
    source source = {0};
    trro_client *client = client_with(give, &source, 4);
    trro_error error;
    source.secret_id = getenv("TEST_TEMPORARY_SECRET_ID");
    source.token = secret;
    error = get(client, TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.TokenFailure");
    CHECK(error.attempts == 2 && source.asked == 2);
    trro_client_free(client);
    take_back(&source);
}

static void a_token_that_is_refused_in_the_only_attempt_is_replaced_in_the_next_call(void) {
    source source = {0};
    trro_client *client = client_with(give_token, &source, 1);
    trro_error error;
    source.secret_id = getenv("TEST_TEMPORARY_SECRET_ID");
    error = get(client, TRRO_STATUS_AUTH_REJECTED);
    CHECK_TEXT(error.code, "AuthFailure.TokenFailure");
    CHECK(source.asked == 1);
    CHECK(get(client, TRRO_STATUS_OK).attempts == 1 && source.asked == 2);
    trro_client_free(client);
    take_back(&source);
}

static void without_credentials_the_call_fails_and_the_next_one_asks_again(void) {
    source source = permanent_source();
    trro_client *client = client_with(give, &source, 4);
    trro_error error;
    source.failure = TRRO_STATUS_NOT_FOUND;
    error = get(client, TRRO_STATUS_CREDENTIALS_FAILED);
    check_names(&error, "credentials_fn returned TRRO_STATUS_NOT_FOUND (9)");
    CHECK(error.attempts == 0 && error.retryable == 1 && source.asked == 1);
    source.failure = -7;
    error = get(client, TRRO_STATUS_CREDENTIALS_FAILED);
    check_names(&error, "TRRO_STATUS_UNKNOWN (-7)");
    CHECK(source.asked == 2);
    source.failure = TRRO_STATUS_OK;
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 3);
    trro_client_free(client);
    take_back(&source);
}

static void a_failure_counts_for_nothing_while_earlier_credentials_hold(void) {
    source source = permanent_source();
    trro_client *client = client_with(give, &source, 1);
    source.expires_at_s = time(NULL) + 30;
    get(client, TRRO_STATUS_OK);
    source.failure = TRRO_STATUS_INTERNAL;
    CHECK(get(client, TRRO_STATUS_OK).attempts == 1 && source.asked == 2);
    trro_client_free(client);
    take_back(&source);
}

/* A source that has failed is left alone for some seconds, but not once what it gave before is of no use. */
static void after_a_failure_it_is_asked_as_soon_as_the_earlier_credentials_have_expired(void) {
    static const struct timespec moment = {0, 10 * 1000 * 1000};
    source source = permanent_source();
    trro_client *client = client_with(give, &source, 1);
    source.expires_at_s = time(NULL) + 3;
    get(client, TRRO_STATUS_OK);
    source.failure = TRRO_STATUS_INTERNAL;
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 2);
    /* The service's time is right to a second. */
    while (time(NULL) < source.expires_at_s + 1)
        nanosleep(&moment, NULL);
    get(client, TRRO_STATUS_CREDENTIALS_FAILED);
    CHECK(source.asked == 3);
    source.failure = TRRO_STATUS_OK;
    source.expires_at_s = 0;
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 4);
    trro_client_free(client);
    take_back(&source);
}

/* Leaves what it was given full of something else, for the next call to get it fresh. */
static trro_status check_room(void *user_data, trro_credentials *credentials) {
    source *source = user_data;
    const unsigned char *bytes = (const unsigned char *)credentials;
    size_t i, size;
    memcpy(&size, bytes, sizeof size);
    CHECK(size == sizeof *credentials);
    for (i = sizeof size; i < ROOM_SIZE; i++)
        CHECK(bytes[i] == 0);
    memset((char *)credentials + size, 0xa5, ROOM_SIZE - size);
    source->expires_at_s = time(NULL) + 30;
    return give(source, credentials);
}

static void it_gets_512_zeroed_bytes_with_the_size_set(void) {
    source source = permanent_source();
    trro_client *client = client_with(check_room, &source, 1);
    get(client, TRRO_STATUS_OK);
    get(client, TRRO_STATUS_OK);
    CHECK(source.asked == 2);
    trro_client_free(client);
    take_back(&source);
}

static void fill_in_nothing(trro_credentials *credentials) {
    credentials->secret_id = NULL;
}

static void fill_in_text_that_is_none(trro_credentials *credentials) {
    credentials->secret_id = "AKID\xff";
}

static void fill_in_no_key(trro_credentials *credentials) {
    credentials->secret_key = NULL;
}

static void fill_in_a_blank(trro_credentials *credentials) {
    credentials->secret_key = "s3cretKeyS3cretKey ";
}

static void fill_in_an_empty_token(trro_credentials *credentials) {
    credentials->token = "";
}

static void fill_in_a_line_end(trro_credentials *credentials) {
    credentials->token = "s3cretKeyS3cretKey\r\nX-Header: 1";
}

static void fill_in_both_keys(trro_credentials *credentials) {
    credentials->signing_key = (const uint8_t *)"s3cretKeyS3cretKeyS3cretKeyS3cre";
    credentials->signing_date = "2026-01-01";
}

static void fill_in_a_key_without_its_date(trro_credentials *credentials) {
    fill_in_both_keys(credentials);
    credentials->secret_key = NULL;
    credentials->signing_date = NULL;
}

static void fill_in_no_date(trro_credentials *credentials) {
    fill_in_both_keys(credentials);
    credentials->secret_key = NULL;
    credentials->signing_date = "2026-02-29";
}

static void fill_in_a_date_without_its_key(trro_credentials *credentials) {
    credentials->signing_date = "2026-01-01";
}

static void fill_in_a_negative_expiry(trro_credentials *credentials) {
    credentials->expires_at_s = -1;
}

static void fill_in_no_size(trro_credentials *credentials) {
    credentials->struct_size = 0;
}

static void fill_in_a_size_beyond_the_room(trro_credentials *credentials) {
    credentials->struct_size = ROOM_SIZE + sizeof(size_t);
}

static void fill_in_a_field_of_a_newer_header(trro_credentials *credentials) {
    credentials->struct_size = ROOM_SIZE;
    ((char *)credentials)[ROOM_SIZE - 1] = 1;
}

typedef struct {
    void (*fill_in)(trro_credentials *);
    const char *name;
} mistake;

static trro_status give_mistaken(void *user_data, trro_credentials *credentials) {
    const mistake *mistake = user_data;
    credentials->secret_id = "AKIDEXAMPLE";
    credentials->secret_key = secret;
    mistake->fill_in(credentials);
    return TRRO_STATUS_OK;
}

static void what_is_filled_in_wrongly_is_named(void) {
    static const mistake mistakes[] = {
        {fill_in_nothing, "credentials_fn->secret_id"},
        {fill_in_text_that_is_none, "credentials_fn->secret_id"},
        {fill_in_no_key, "credentials_fn->secret_key"},
        {fill_in_a_blank, "credentials_fn->secret_key"},
        {fill_in_an_empty_token, "credentials_fn->token"},
        {fill_in_a_line_end, "credentials_fn->token"},
        {fill_in_both_keys, "credentials_fn->secret_key and signing_key are both given"},
        {fill_in_a_key_without_its_date, "credentials_fn->signing_date"},
        {fill_in_no_date, "credentials_fn->signing_date"},
        {fill_in_a_date_without_its_key, "credentials_fn->signing_date"},
        {fill_in_a_negative_expiry, "credentials_fn->expires_at_s"},
        {fill_in_no_size, "credentials_fn->struct_size"},
        {fill_in_a_size_beyond_the_room, "credentials_fn->struct_size is beyond the 512 bytes"},
        {fill_in_a_field_of_a_newer_header, "credentials_fn has a field set at offset 511"},
    };
    size_t i;
    for (i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        mistake mistake = mistakes[i];
        trro_client *client = client_with(give_mistaken, &mistake, 4);
        trro_error error = get(client, TRRO_STATUS_CREDENTIALS_FAILED);
        check_names(&error, mistake.name);
        CHECK(error.attempts == 0 && error.retryable == 0);
        trro_client_free(client);
    }
}

/* A function that calls its own client, and another one. */
typedef struct {
    source source;
    trro_client *own, *other;
} caller;

static trro_status call_from_inside(void *user_data, trro_credentials *credentials) {
    caller *caller = user_data;
    trro_error error = get(caller->own, TRRO_STATUS_INVALID_ARGUMENT);
    int64_t offset_ms;
    check_names(&error, "client");
    CHECK(error.attempts == 0);
    CHECK(trro_client_clock_offset_ms(caller->own, &offset_ms, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    CHECK(trro_client_resume(caller->own, NULL) == TRRO_STATUS_INVALID_ARGUMENT);
    get(caller->other, TRRO_STATUS_OK);
    return give(&caller->source, credentials);
}

static void a_call_on_the_same_client_from_inside_is_refused(void) {
    caller caller = {permanent_source(), NULL, client_for_test()};
    caller.own = client_with(call_from_inside, &caller, 1);
    get(caller.own, TRRO_STATUS_OK);
    CHECK(caller.source.asked == 1);
    get(caller.own, TRRO_STATUS_OK);
    trro_client_free(caller.own);
    trro_client_free(caller.other);
    take_back(&caller.source);
}

/* A function that many threads ask. */
typedef struct {
    source source;
    trro_client *client;
    atomic_int inside;
} shared;

static trro_status give_to_one(void *user_data, trro_credentials *credentials) {
    static const struct timespec moment = {0, 1000 * 1000};
    shared *shared = user_data;
    trro_status status;
    CHECK(atomic_fetch_add(&shared->inside, 1) == 0);
    /* For others to come in meanwhile, if they can. */
    nanosleep(&moment, NULL);
    status = give(&shared->source, credentials);
    atomic_fetch_sub(&shared->inside, 1);
    return status;
}

static void *call_often(void *user_data) {
    shared *shared = user_data;
    int i;
    for (i = 0; i < CALLS; i++)
        get(shared->client, TRRO_STATUS_OK);
    return NULL;
}

static int asked_by_threads(int64_t expires_at_s) {
    shared shared = {.source = permanent_source()};
    pthread_t threads[THREADS];
    int i;
    shared.source.expires_at_s = expires_at_s;
    shared.client = client_with(give_to_one, &shared, 1);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, call_often, &shared) == 0);
    for (i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    trro_client_free(shared.client);
    take_back(&shared.source);
    return shared.source.asked;
}

static void one_thread_asks_at_a_time(void) {
    CHECK(asked_by_threads(time(NULL) + 30) == THREADS * CALLS);
}

static void what_one_thread_is_given_is_for_all(void) {
    CHECK(asked_by_threads(0) == 1);
}

static const test tests[] = {
    {"it_is_asked_by_the_first_call_and_not_before", it_is_asked_by_the_first_call_and_not_before, "", 2},
    {"it_is_asked_again_in_the_minute_before_they_expire", it_is_asked_again_in_the_minute_before_they_expire, "", 4},
    {"a_refused_token_is_replaced_at_once", a_refused_token_is_replaced_at_once, "", 3},
    {"a_token_that_is_refused_again_is_not_replaced_in_the_same_call",
     a_token_that_is_refused_again_is_not_replaced_in_the_same_call, "", 2},
    {"a_token_that_is_refused_in_the_only_attempt_is_replaced_in_the_next_call",
     a_token_that_is_refused_in_the_only_attempt_is_replaced_in_the_next_call, "", 2},
    {"without_credentials_the_call_fails_and_the_next_one_asks_again",
     without_credentials_the_call_fails_and_the_next_one_asks_again, "", 1},
    {"a_failure_counts_for_nothing_while_earlier_credentials_hold",
     a_failure_counts_for_nothing_while_earlier_credentials_hold, "", 2},
    {"after_a_failure_it_is_asked_as_soon_as_the_earlier_credentials_have_expired",
     after_a_failure_it_is_asked_as_soon_as_the_earlier_credentials_have_expired, "", 3},
    {"it_gets_512_zeroed_bytes_with_the_size_set", it_gets_512_zeroed_bytes_with_the_size_set, "", 2},
    {"what_is_filled_in_wrongly_is_named", what_is_filled_in_wrongly_is_named, "", 0},
    {"a_call_on_the_same_client_from_inside_is_refused", a_call_on_the_same_client_from_inside_is_refused, "", 3},
    {"one_thread_asks_at_a_time", one_thread_asks_at_a_time, "", 40},
    {"what_one_thread_is_given_is_for_all", what_one_thread_is_given_is_for_all, "", 40},
};
RUN_TESTS(tests)
