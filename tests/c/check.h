/* The frame of the C tests. Without an argument a program lists its tests, a line each: name, the faults that the
 * emulator is to have ready (separated by '|'; "fuzzy" is its filter), and how many requests it must have seen at the end
 * (-1: any number). With a name it runs that test. */
#ifndef CHECK_H
#define CHECK_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trro.h>

typedef struct {
    const char *name;
    void (*run)(void);
    const char *faults;
    int requests;
} test;

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

#define CHECK_TEXT(actual, expected)                                                     \
    do {                                                                                 \
        const char *actual_ = (actual);                                                  \
        if (strcmp(actual_, (expected)) != 0) {                                          \
            fprintf(stderr, "%s:%d: \"%s\", not \"%s\"\n", __FILE__, __LINE__, actual_, (expected)); \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

/* Checks what a call returned, that its error says the same, and that the error is whole. */
#define CHECK_STATUS(call, expected, error) check_status(__FILE__, __LINE__, (call), (expected), (error))

static inline void check_error_is_whole(const char *file, int line, const trro_error *error) {
    int terminated = memchr(error->code, 0, sizeof error->code) && memchr(error->request_id, 0, sizeof error->request_id) &&
                     memchr(error->message, 0, sizeof error->message);
    size_t i;
    int reserved = 0;
    for (i = 0; i < sizeof error->reserved; i++)
        reserved |= error->reserved[i];
    if (!terminated || reserved || (error->status != TRRO_STATUS_OK) != (error->message[0] != '\0')) {
        fprintf(stderr, "%s:%d: the error is not whole (status %d, message \"%.255s\")\n", file, line, (int)error->status,
                error->message);
        exit(1);
    }
}

static inline void check_status(const char *file, int line, trro_status status, trro_status expected,
                                const trro_error *error) {
    if (status != expected || (error != NULL && error->status != expected)) {
        fprintf(stderr, "%s:%d: %s, not %s: %.255s\n", file, line, trro_status_name(status), trro_status_name(expected),
                error != NULL ? error->message : "");
        exit(1);
    }
    if (error != NULL)
        check_error_is_whole(file, line, error);
}

/* An error full of what a stack may hold, to show that calls write all of it. */
static inline trro_error uninitialised_error(void) {
    trro_error error;
    memset(&error, 0xa5, sizeof error);
    return error;
}

/* How many names a folder has. */
static inline int entries(const char *folder) {
    DIR *directory = opendir(folder);
    int count = 0;
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* For the emulator that the test runs against: what one attempt comes to, at once. */
static inline trro_client_config config_for_test(void) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    config.max_attempts = 1;
    config.max_requests_per_s = TRRO_UNLIMITED;
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = getenv("TRRO_CA_FILE");
    CHECK(config.endpoint != NULL);
    return config;
}

static inline trro_client *client_for_test(void) {
    trro_client_config config = config_for_test();
    trro_client *client = NULL;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    CHECK(client != NULL);
    return client;
}

#define RUN_TESTS(tests)                                                                 \
    int main(int argc, char **argv) {                                                    \
        size_t i;                                                                        \
        for (i = 0; i < sizeof(tests) / sizeof(tests)[0]; i++) {                         \
            if (argc == 1)                                                               \
                printf("%s\t%s\t%d\n", tests[i].name, tests[i].faults, tests[i].requests); \
            else if (strcmp(argv[1], tests[i].name) == 0) {                              \
                tests[i].run();                                                          \
                return 0;                                                                \
            }                                                                            \
        }                                                                                \
        return argc == 1 ? 0 : 2;                                                        \
    }

#endif
