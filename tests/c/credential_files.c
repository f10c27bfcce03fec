/* Credentials in files. Those in the environment's variables are in process.c, those that a function gives in
 * credentials.c. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

enum { PATH_SIZE = 512 };

/* In the order in which they count. */
static const char *const names[] = {"service/tencentcloud", "named", ".tencentcloud/credentials"};
enum { SERVICE, NAMED, HOME, FILES, NONE };

static const char secret[] = "s3cretKeyS3cretKey";
static char buffer[64 * 1024];
static char known_id[64], known_key[64];
static char paths[FILES][PATH_SIZE];

static void get(const trro_client *client, trro_status expected) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), expected, &error);
}

static void calls_end_with(trro_status expected) {
    trro_client *client = client_for_test();
    get(client, expected);
    trro_client_free(client);
}

/* A client cannot be made, and the message says why, and no secret. */
static void fails_with(const char *path, const char *fault) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_CREDENTIALS_FAILED, &error);
    CHECK(client == NULL && strstr(error.message, secret) == NULL && strstr(error.message, known_key) == NULL);
    if (strstr(error.message, path) == NULL || strstr(error.message, fault) == NULL) {
        fprintf(stderr, "\"%s\" does not say that %s %s\n", error.message, path, fault);
        exit(1);
    }
}

/* The home is a folder of the test's own. */
static void at_home(char path[PATH_SIZE], const char *name) {
    CHECK(snprintf(path, PATH_SIZE, "%s/%s", getenv("HOME"), name) < PATH_SIZE);
}

static void make_folders(void) {
    char path[PATH_SIZE];
    int i;
    at_home(path, ".tencentcloud");
    CHECK(mkdir(path, 0700) == 0);
    at_home(path, "service");
    CHECK(mkdir(path, 0700) == 0 && setenv("CREDENTIALS_DIRECTORY", path, 1) == 0);
    for (i = 0; i < FILES; i++)
        at_home(paths[i], names[i]);
}

static void begin(void) {
    CHECK(snprintf(known_id, sizeof known_id, "%s", getenv("TENCENTCLOUD_SECRET_ID")) > 0);
    CHECK(snprintf(known_key, sizeof known_key, "%s", getenv("TENCENTCLOUD_SECRET_KEY")) > 0);
    make_folders();
}

static void begin_without_keys_in_the_environment(void) {
    begin();
    CHECK(unsetenv("TENCENTCLOUD_SECRET_ID") == 0 && unsetenv("TENCENTCLOUD_SECRET_KEY") == 0);
}

static void write_file(const char *path, const char *secret_id, const char *rest) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(fprintf(file, "[default]\nsecret_id = %s\nsecret_key = %s\n%s", secret_id, known_key, rest) > 0);
    CHECK(fclose(file) == 0 && chmod(path, 0600) == 0);
}

/* Every file is there, and only one has the id that the service knows. */
static void write_files(int good) {
    int i;
    for (i = 0; i < FILES; i++)
        write_file(paths[i], i == good ? known_id : "AKIDUNKNOWN", "");
    CHECK(setenv("TENCENTCLOUD_CREDENTIALS_FILE", paths[NAMED], 1) == 0);
}

static void the_environment_comes_before_every_file(void) {
    begin();
    write_files(NONE);
    calls_end_with(TRRO_STATUS_OK);
}

static void systemds_folder_comes_before_a_file_that_is_named(void) {
    begin_without_keys_in_the_environment();
    write_files(SERVICE);
    calls_end_with(TRRO_STATUS_OK);
}

static void a_file_that_is_named_comes_before_the_one_at_home(void) {
    begin_without_keys_in_the_environment();
    write_files(NAMED);
    CHECK(remove(paths[SERVICE]) == 0);
    calls_end_with(TRRO_STATUS_OK);
}

static void the_file_at_home_is_found(void) {
    begin_without_keys_in_the_environment();
    write_files(HOME);
    CHECK(remove(paths[SERVICE]) == 0 && unsetenv("TENCENTCLOUD_CREDENTIALS_FILE") == 0);
    calls_end_with(TRRO_STATUS_OK);
}

static void credentials_that_are_given_come_before_every_source(void) {
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error;
    begin();
    CHECK(setenv("TENCENTCLOUD_SECRET_ID", "AKIDUNKNOWN", 1) == 0);
    write_files(NONE);
    credentials.secret_id = known_id;
    credentials.secret_key = known_key;
    config.credentials = &credentials;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    get(client, TRRO_STATUS_OK);
    trro_client_free(client);
}

static void a_token_in_a_file_is_sent(void) {
    char token[128];
    begin_without_keys_in_the_environment();
    CHECK(snprintf(token, sizeof token, "token = %s\n", getenv("TEST_TOKEN")) < (int)sizeof token);
    write_file(paths[SERVICE], getenv("TEST_TEMPORARY_SECRET_ID"), token);
    calls_end_with(TRRO_STATUS_OK);
}

static void a_token_in_the_environment_goes_with_no_key_of_a_file(void) {
    begin_without_keys_in_the_environment();
    CHECK(setenv("TENCENTCLOUD_TOKEN", getenv("TEST_TOKEN"), 1) == 0);
    write_files(SERVICE);
    /* Which the emulator refuses with a permanent key. */
    calls_end_with(TRRO_STATUS_OK);
}

static void what_is_found_is_read_once(void) {
    trro_client *client;
    begin_without_keys_in_the_environment();
    write_files(SERVICE);
    client = client_for_test();
    write_files(NONE);
    get(client, TRRO_STATUS_OK);
    CHECK(remove(paths[SERVICE]) == 0);
    get(client, TRRO_STATUS_OK);
    trro_client_free(client);
}

static void a_file_that_is_open_to_others_is_named(void) {
    int i;
    begin_without_keys_in_the_environment();
    write_files(NONE);
    for (i = 0; i < FILES; i++) {
        CHECK(chmod(paths[i], 0644) == 0);
        fails_with(paths[i], "is open to others, with mode 0644");
        CHECK(remove(paths[i]) == 0);
        CHECK(i != NAMED || unsetenv("TENCENTCLOUD_CREDENTIALS_FILE") == 0);
    }
}

static void a_file_that_is_named_and_not_there_is_named(void) {
    begin_without_keys_in_the_environment();
    write_files(HOME);
    CHECK(remove(paths[SERVICE]) == 0 && remove(paths[NAMED]) == 0);
    fails_with(paths[NAMED], "does not exist, and TENCENTCLOUD_CREDENTIALS_FILE names it");
}

static void a_file_that_is_malformed_is_named_and_nothing_of_it_shown(void) {
    begin_without_keys_in_the_environment();
    write_files(HOME);
    write_file(paths[SERVICE], known_id, secret);
    fails_with(paths[SERVICE], "is malformed: line 4");
    write_file(paths[SERVICE], known_id, "token = s3cretKeyS3cretKey of 2026\n");
    fails_with(paths[SERVICE], "cannot be used: token holds a blank");
}

static const test tests[] = {
    {"the_environment_comes_before_every_file", the_environment_comes_before_every_file, "", 1},
    {"systemds_folder_comes_before_a_file_that_is_named", systemds_folder_comes_before_a_file_that_is_named, "", 1},
    {"a_file_that_is_named_comes_before_the_one_at_home", a_file_that_is_named_comes_before_the_one_at_home, "", 1},
    {"the_file_at_home_is_found", the_file_at_home_is_found, "", 1},
    {"credentials_that_are_given_come_before_every_source", credentials_that_are_given_come_before_every_source, "", 1},
    {"a_token_in_a_file_is_sent", a_token_in_a_file_is_sent, "", 1},
    {"a_token_in_the_environment_goes_with_no_key_of_a_file",
     a_token_in_the_environment_goes_with_no_key_of_a_file, "", 1},
    {"what_is_found_is_read_once", what_is_found_is_read_once, "", 2},
    {"a_file_that_is_open_to_others_is_named", a_file_that_is_open_to_others_is_named, "", 0},
    {"a_file_that_is_named_and_not_there_is_named", a_file_that_is_named_and_not_there_is_named, "", 0},
    {"a_file_that_is_malformed_is_named_and_nothing_of_it_shown",
     a_file_that_is_malformed_is_named_and_nothing_of_it_shown, "", 0},
};
RUN_TESTS(tests)
