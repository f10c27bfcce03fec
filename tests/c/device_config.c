/* The config.json of the vendor's field SDK: what is taken from it, into any buffer, and what is said of a wrong one. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <unistd.h>

#include "check.h"

#define PASSWORD "0123456789abcdef"
#define SHORTENED "0123456"

static char path[64];

static void remove_file(void) {
    unlink(path);
}

/* Makes a file with that text. */
static void write_file(const char *text) {
    static int is_known;
    FILE *file;
    snprintf(path, sizeof path, "/tmp/trro-config-%ld.json", (long)getpid());
    if (!is_known)
        CHECK(atexit(remove_file) == 0);
    is_known = 1;
    file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static const char whole[] = "{\"projectid\": \"m82k5408n675phvb\", \"device_id\": \"field_ok_4\", \"device_streams\": 4,\n"
                            " \"device_name\": \"truck\", \"cloud_mode\": \"public\", \"password\": \"" PASSWORD "\"}";

static void check_query(const trro_authorization_query *query, const char *begin, const char *end) {
    CHECK((const char *)query >= begin && (const char *)(query + 1) <= end);
    CHECK(query->struct_size == sizeof *query && query->streams == 4 && query->deadline_ms == 0);
    CHECK(query->project_id >= begin && query->project_id + strlen(query->project_id) < end);
    CHECK(query->device_id >= begin && query->device_id + strlen(query->device_id) < end);
    CHECK_TEXT(query->project_id, "m82k5408n675phvb");
    CHECK_TEXT(query->device_id, "field_ok_4");
}

static void what_is_read_is_what_is_asked_for(void) {
    trro_client *client = client_for_test();
    char buffer[1024];
    const trro_authorization_query *query;
    trro_authorization authorization;
    trro_error error = uninitialised_error();
    write_file(whole);
    CHECK_STATUS(trro_load_device_config(path, buffer, sizeof buffer, &query, NULL, &error), TRRO_STATUS_OK, &error);
    check_query(query, buffer, buffer + sizeof buffer);
    CHECK_STATUS(trro_check_authorization(client, query, &authorization, &error), TRRO_STATUS_OK, &error);
    CHECK(authorization.verdict == TRRO_VERDICT_AUTHORIZED && authorization.streams == 4);
    trro_client_free(client);
}

/* Every size from 0 to enough, at every alignment; nothing outside of the buffer changes. */
static void every_size_at_every_alignment(void) {
    const trro_authorization_query *query;
    size_t needed, size, shift, i;
    char memory[1024];
    write_file(whole);
    CHECK(trro_load_device_config(path, NULL, 0, &query, &needed, NULL) == TRRO_STATUS_BUFFER_TOO_SMALL);
    CHECK(query == NULL && needed < sizeof memory - 64);
    for (shift = 0; shift < 16; shift++) {
        for (size = 0; size <= needed; size++) {
            char *begin = memory + 16 + shift;
            size_t needed_now;
            trro_status status;
            memset(memory, 0x5a, sizeof memory);
            status = trro_load_device_config(path, begin, size, &query, &needed_now, NULL);
            if (status == TRRO_STATUS_OK) {
                CHECK(needed_now <= size);
                check_query(query, begin, begin + size);
            } else {
                CHECK(status == TRRO_STATUS_BUFFER_TOO_SMALL && query == NULL && needed_now == needed && size < needed);
            }
            for (i = 0; i < sizeof memory; i++)
                CHECK(memory[i] == 0x5a || (memory + i >= begin && memory + i < begin + size));
        }
        CHECK(query != NULL);
    }
}

static void refuse(const char *text, const char *first, const char *second) {
    const trro_authorization_query *query = (const trro_authorization_query *)&path;
    size_t needed = 7;
    char buffer[1024];
    trro_error error = uninitialised_error();
    write_file(text);
    CHECK_STATUS(trro_load_device_config(path, buffer, sizeof buffer, &query, &needed, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(query == NULL && needed == 0 && error.os_error == 0);
    CHECK(strstr(error.message, path) == error.message);
    if (strstr(error.message, first) == NULL || strstr(error.message, second) == NULL) {
        fprintf(stderr, "\"%s\" has not \"%s\" and \"%s\"\n", error.message, first, second);
        exit(1);
    }
    CHECK(strstr(error.message, SHORTENED) == NULL);
}

static void what_is_missing_is_named(void) {
    refuse("{}", "projectid", "no");
    refuse("{\"projectid\": \"p\", \"password\": \"" PASSWORD "\"}", "device_id", "no");
    refuse("{\"projectid\": \"\", \"device_id\": \"d\", \"device_streams\": 1}", "projectid", "empty");
    refuse("{\"projectid\": \"p\", \"device_id\": \"d\"}", "device_streams", "no");
    refuse("{\"projectid\": \"p\", \"device_id\": \"d\", \"device_streams\": 0}", "device_streams", "number");
    refuse("{\"projectid\": \"p\", \"device_id\": {\"password\": \"" PASSWORD "\"}, \"device_streams\": 1}", "device_id",
           "string");
}

static void what_is_not_json_is_named_with_its_line(void) {
    refuse("{\n \"password\": \"" PASSWORD "\" \"projectid\": \"p\"}", "line 2", "JSON");
    refuse("{\n \"password\": \"" PASSWORD "\", // the token\n \"projectid\": \"p\"}", "line 2", "must be removed");
    refuse("\"" PASSWORD "\"", "is not", "JSON");
    refuse("", "is not", "JSON");
}

static void a_file_that_cannot_be_read_gives_its_errno(void) {
    const trro_authorization_query *query;
    char buffer[1024];
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_load_device_config("/no/such/config.json", buffer, sizeof buffer, &query, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(query == NULL && error.os_error == ENOENT && strstr(error.message, "/no/such/config.json") != NULL);
    CHECK_STATUS(trro_load_device_config("/dev/null", buffer, sizeof buffer, &query, NULL, &error),
                 TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(query == NULL && strstr(error.message, "regular file") != NULL);
}

static void null_is_refused(void) {
    const trro_authorization_query *query;
    char buffer[8];
    trro_error error = uninitialised_error();
    write_file(whole);
    CHECK_STATUS(trro_load_device_config(NULL, buffer, sizeof buffer, &query, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT,
                 &error);
    CHECK_TEXT(error.message, "path is NULL");
    CHECK_STATUS(trro_load_device_config(path, NULL, 8, &query, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT, &error);
    CHECK(strstr(error.message, "buffer") != NULL && query == NULL);
    CHECK_STATUS(trro_load_device_config(path, buffer, sizeof buffer, NULL, NULL, &error), TRRO_STATUS_INVALID_ARGUMENT,
                 &error);
    CHECK_TEXT(error.message, "query is NULL");
}

static const test tests[] = {
    {"what_is_read_is_what_is_asked_for", what_is_read_is_what_is_asked_for, "", 1},
    {"every_size_at_every_alignment", every_size_at_every_alignment, "", 0},
    {"what_is_missing_is_named", what_is_missing_is_named, "", 0},
    {"what_is_not_json_is_named_with_its_line", what_is_not_json_is_named_with_its_line, "", 0},
    {"a_file_that_cannot_be_read_gives_its_errno", a_file_that_cannot_be_read_gives_its_errno, "", 0},
    {"null_is_refused", null_is_refused, "", 0},
};
RUN_TESTS(tests)
