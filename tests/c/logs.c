/* What log_fn is told, in which words that a person may search for, and at which level. What it is never told is in
 * tests/secrets.rs, corrections of the clock are in tests/clock. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

enum { MOST_LINES = 64, LINE_SIZE = 1024 };

static char buffer[64 * 1024];

/* What one client has told. */
typedef struct {
    trro_client *client;
    pthread_t caller;
    int count;
    int32_t levels[MOST_LINES];
    char lines[MOST_LINES][LINE_SIZE];
} told;

static trro_error get(const trro_client *client, trro_status expected) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), expected, &error);
    return error;
}

/* Every line of every test is checked to be one. */
static void take(void *user_data, int32_t level, const char *message) {
    told *told = user_data;
    const char *character;
    CHECK(told != NULL && told->count < MOST_LINES);
    CHECK(level >= TRRO_LOG_LEVEL_ERROR && level <= TRRO_LOG_LEVEL_DEBUG);
    CHECK(pthread_equal(pthread_self(), told->caller));
    CHECK(message != NULL && message[0] != '\0' && strlen(message) < LINE_SIZE);
    for (character = message; *character != '\0'; character++)
        CHECK((unsigned char)*character >= ' ' && *character != 0x7f);
    told->levels[told->count] = level;
    strcpy(told->lines[told->count++], message);
}

static trro_client *make(told *told, trro_client_config *config) {
    trro_error error = uninitialised_error();
    memset(told, 0, sizeof *told);
    told->caller = pthread_self();
    config->log_data = told;
    CHECK_STATUS(trro_client_new(config, &told->client, &error), TRRO_STATUS_OK, &error);
    return told->client;
}

static trro_client_config config_with(int32_t level, uint32_t max_attempts) {
    trro_client_config config = config_for_test();
    config.log_fn = take;
    config.log_level = level;
    config.max_attempts = max_attempts;
    return config;
}

static void print(const told *told) {
    int i;
    for (i = 0; i < told->count; i++)
        fprintf(stderr, "%d %s\n", (int)told->levels[i], told->lines[i]);
}

/* Expects that exactly one line holds the text, at that level, and gives its place. */
static int find(const told *told, int32_t level, const char *text) {
    int i, found = -1, times = 0;
    for (i = 0; i < told->count; i++) {
        if (strstr(told->lines[i], text) != NULL) {
            found = i;
            times++;
        }
    }
    if (times != 1 || told->levels[found] != level) {
        fprintf(stderr, "not told once, at level %d: %s\n", (int)level, text);
        print(told);
        exit(1);
    }
    return found;
}

static void not_told(const told *told, const char *text) {
    int i;
    for (i = 0; i < told->count; i++) {
        if (strstr(told->lines[i], text) != NULL) {
            fprintf(stderr, "told: %s\n", told->lines[i]);
            exit(1);
        }
    }
}

static void a_call_tells_of_credentials_connection_and_attempt(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 3);
    const trro_client *client = make(&told, &config);
    CHECK(find(&told, TRRO_LOG_LEVEL_INFO, "the credentials are those of the environment") == 0);
    get(client, TRRO_STATUS_OK);
    CHECK(find(&told, TRRO_LOG_LEVEL_DEBUG, "GetDevices: attempt 1 of 3") == 1);
    CHECK(find(&told, TRRO_LOG_LEVEL_INFO, "connected to 127.0.0.1:") == 2);
    CHECK(told.count == 3);
    get(client, TRRO_STATUS_OK);
    CHECK(told.count == 4 && told.levels[3] == TRRO_LOG_LEVEL_DEBUG);
    CHECK_TEXT(told.lines[3], "GetDevices: attempt 1 of 3");
    trro_client_free(told.client);
}

static void without_a_level_it_is_info(void) {
    static told told;
    trro_client_config config = config_with(0, 1);
    get(make(&told, &config), TRRO_STATUS_OK);
    find(&told, TRRO_LOG_LEVEL_INFO, "the credentials are those of");
    find(&told, TRRO_LOG_LEVEL_INFO, "connected to");
    CHECK(told.count == 2);
    trro_client_free(told.client);
}

/* A repetition; credentials and a connection; two attempts. */
static void nothing_less_important_than_the_level_is_told(void) {
    static const int counts[] = {0, 1, 3, 5};
    int32_t level;
    for (level = TRRO_LOG_LEVEL_ERROR; level <= TRRO_LOG_LEVEL_DEBUG; level++) {
        static told told;
        trro_client_config config = config_with(level, 2);
        int i;
        get(make(&told, &config), TRRO_STATUS_OK);
        for (i = 0; i < told.count; i++)
            CHECK(told.levels[i] <= level);
        if (told.count != counts[level - 1])
            print(&told);
        CHECK(told.count == counts[level - 1]);
        trro_client_free(told.client);
    }
}

/* Neither an attempt that is repeated nor a device that is not there is such. */
static void what_a_person_has_to_mend_is_told_as_an_error_once_a_call(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_ERROR, 3);
    const trro_client *client = make(&told, &config);
    int calls;
    for (calls = 1; calls <= 2; calls++) {
        get(client, TRRO_STATUS_AUTH_REJECTED);
        if (told.count != calls)
            print(&told);
        CHECK(told.count == calls && told.levels[calls - 1] == TRRO_LOG_LEVEL_ERROR);
        CHECK(strstr(told.lines[calls - 1], "AuthFailure.SignatureFailure") != NULL);
    }
    get(client, TRRO_STATUS_NOT_FOUND);
    get(client, TRRO_STATUS_OK);
    CHECK(told.count == 2);
    trro_client_free(told.client);
}

/* Gives credentials that have to be renewed soon, once. */
static trro_status give_once(void *user_data, trro_credentials *credentials) {
    int *asked = user_data;
    credentials->secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials->secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    credentials->expires_at_s = time(NULL) + 30;
    return (*asked)++ == 0 ? TRRO_STATUS_OK : TRRO_STATUS_TIMEOUT;
}

static void credentials_that_are_asked_for_are_told_of(void) {
    static told told;
    trro_client_config config = config_with(0, 1);
    int asked = 0;
    config.credentials_fn = give_once;
    config.credentials_data = &asked;
    make(&told, &config);
    CHECK(told.count == 0);
    get(told.client, TRRO_STATUS_OK);
    find(&told, TRRO_LOG_LEVEL_INFO, "credentials_fn gave credentials");
    get(told.client, TRRO_STATUS_OK);
    find(&told, TRRO_LOG_LEVEL_WARNING,
         "credentials_fn returned TRRO_STATUS_TIMEOUT (14); the credentials from before are used");
    trro_client_free(told.client);
}

static void a_repeated_attempt_tells_why(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 3);
    CHECK(get(make(&told, &config), TRRO_STATUS_OK).attempts == 3);
    find(&told, TRRO_LOG_LEVEL_WARNING, "attempt 1 failed and is repeated in ");
    find(&told, TRRO_LOG_LEVEL_WARNING, "HTTP status 503");
    find(&told, TRRO_LOG_LEVEL_WARNING, "attempt 2 failed and is repeated in ");
    find(&told, TRRO_LOG_LEVEL_WARNING, "(InternalError)");
    CHECK(find(&told, TRRO_LOG_LEVEL_DEBUG, "attempt 3 of 3") == told.count - 1);
    trro_client_free(told.client);
}

/* What the service says may hold anything; take() checks that the line is one. */
static void a_line_end_of_the_service_ends_no_line(void) {
    static told told;
    trro_client_config config = config_with(0, 2);
    CHECK(get(make(&told, &config), TRRO_STATUS_OK).attempts == 2);
    find(&told, TRRO_LOG_LEVEL_WARNING, "one two three four");
    trro_client_free(told.client);
}

static void what_is_not_repeated_is_not_told_as_repeated(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 1);
    get(make(&told, &config), TRRO_STATUS_SERVICE_FAILED);
    trro_client_free(told.client);
    not_told(&told, "repeated");
    /* The service asks for a pause that is longer than the call may take. */
    config = config_with(TRRO_LOG_LEVEL_DEBUG, 4);
    CHECK(get(make(&told, &config), TRRO_STATUS_SERVICE_FAILED).attempts == 1);
    trro_client_free(told.client);
    not_told(&told, "repeated");
}

static void a_throttled_client_tells_that_it_slows_down(void) {
    static told told;
    trro_client_config config = config_with(0, 1);
    trro_error error;
    get(make(&told, &config), TRRO_STATUS_OK);
    not_told(&told, "slows down");
    get(told.client, TRRO_STATUS_THROTTLED);
    find(&told, TRRO_LOG_LEVEL_WARNING, "too many requests; this client slows down, with its next turn in ");
    not_told(&told, "repeated");
    trro_client_free(told.client);
    config.max_attempts = 2;
    get(make(&told, &config), TRRO_STATUS_OK);
    error = get(told.client, TRRO_STATUS_OK);
    CHECK(error.attempts == 2);
    find(&told, TRRO_LOG_LEVEL_WARNING, "slows down, with its next turn in ");
    find(&told, TRRO_LOG_LEVEL_WARNING, "(RequestLimitExceeded)");
    trro_client_free(told.client);
}

static void waiting_for_its_turn_is_told(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 1);
    config.max_requests_per_s = 1;
    get(make(&told, &config), TRRO_STATUS_OK);
    not_told(&told, "waiting");
    get(told.client, TRRO_STATUS_OK);
    find(&told, TRRO_LOG_LEVEL_DEBUG, " for this client's turn to send");
    trro_client_free(told.client);
}

/* From inside of log_fn calls its own client, and another one. */
typedef struct {
    trro_client *own, *other;
    int lines;
} caller;

static void call_from_inside(void *user_data, int32_t level, const char *message) {
    caller *caller = user_data;
    (void)level;
    (void)message;
    if (caller->own != NULL) {
        CHECK(get(caller->own, TRRO_STATUS_INVALID_ARGUMENT).attempts == 0);
        caller->lines++;
    }
    if (caller->lines == 1)
        get(caller->other, TRRO_STATUS_OK);
}

static void a_call_on_the_same_client_from_inside_is_refused(void) {
    caller caller = {NULL, client_for_test(), 0};
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 1);
    trro_error error;
    config.log_fn = call_from_inside;
    config.log_data = &caller;
    CHECK_STATUS(trro_client_new(&config, &caller.own, &error), TRRO_STATUS_OK, &error);
    get(caller.own, TRRO_STATUS_OK);
    CHECK(caller.lines == 2);
    trro_client_free(caller.own);
    trro_client_free(caller.other);
}

/* Who runs this checks that nothing was written to stdout or stderr. */
static void without_log_fn_nothing_is_told(void) {
    static told told;
    trro_client_config config = config_with(TRRO_LOG_LEVEL_DEBUG, 2);
    config.log_fn = NULL;
    get(make(&told, &config), TRRO_STATUS_OK);
    CHECK(told.count == 0);
    trro_client_free(told.client);
}

static const test tests[] = {
    {"a_call_tells_of_credentials_connection_and_attempt", a_call_tells_of_credentials_connection_and_attempt, "", 2},
    {"without_a_level_it_is_info", without_a_level_it_is_info, "", 1},
    {"nothing_less_important_than_the_level_is_told", nothing_less_important_than_the_level_is_told,
     "status:503|gzip|status:503|gzip|status:503|gzip|status:503|gzip", 8},
    {"credentials_that_are_asked_for_are_told_of", credentials_that_are_asked_for_are_told_of, "", 2},
    {"what_a_person_has_to_mend_is_told_as_an_error_once_a_call",
     what_a_person_has_to_mend_is_told_as_an_error_once_a_call,
     "status:503|error:AuthFailure.SignatureFailure|error:AuthFailure.SignatureFailure|error:ResourceNotFound", 5},
    {"a_repeated_attempt_tells_why", a_repeated_attempt_tells_why, "status:503|error:InternalError", 3},
    {"a_line_end_of_the_service_ends_no_line", a_line_end_of_the_service_ends_no_line,
     "answer:{\"Response\":{\"Error\":{\"Code\":\"InternalError\",\"Message\":\"one\\ntwo\\u001bthree\\u007ffour\"}}}", 2},
    {"what_is_not_repeated_is_not_told_as_repeated", what_is_not_repeated_is_not_told_as_repeated,
     "status:503|unavailable-for:60", 2},
    {"a_throttled_client_tells_that_it_slows_down", a_throttled_client_tells_that_it_slows_down,
     "gzip|throttled|gzip|throttled", 5},
    {"waiting_for_its_turn_is_told", waiting_for_its_turn_is_told, "", 2},
    {"a_call_on_the_same_client_from_inside_is_refused", a_call_on_the_same_client_from_inside_is_refused, "", 2},
    {"without_log_fn_nothing_is_told", without_log_fn_nothing_is_told, "status:503", 2},
};
RUN_TESTS(tests)
