/* What the examples share: a client from the environment, numbers of the command line, buffers that grow, when all pages have
 * been read, the service's time, what a table consists of, and whether what was printed has arrived. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trro.h>

static inline void print_error(const char *what, const trro_error *error) {
    fprintf(stderr, "%s: %s (%s)\n", what, error->message, trro_status_name(error->status));
    if (error->code[0] != '\0')
        fprintf(stderr, "  the service says %s, request %s\n", error->code, error->request_id);
    if (error->outcome_unknown)
        fprintf(stderr, "  do not do it again before you know what became of it\n");
    else if (error->retry_after_ms > 0)
        fprintf(stderr, "  try again in %lu s\n", (unsigned long)(((uint64_t)error->retry_after_ms + 999) / 1000));
    else if (error->retryable)
        fprintf(stderr, "  trying again later may help\n");
}

/* A variable of the environment; NULL if it is not set or empty. */
static inline const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* The key comes from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, which the library reads by itself. It does not read
 * TRRO_ENDPOINT and TRRO_CA_FILE: that is this function's way to be told of another site and of the authorities to trust.
 * `log_fn` gets warnings and errors; NULL: nobody does. NULL after a failure, which has been printed. */
static inline trro_client *client_from_environment(trro_log_fn log_fn) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_client *client;
    trro_error error;
    config.endpoint = setting("TRRO_ENDPOINT");
    config.ca_file = setting("TRRO_CA_FILE");
    config.log_fn = log_fn;
    config.log_level = TRRO_LOG_LEVEL_WARNING;
    if (trro_client_new(&config, &client, &error))
        print_error("cannot make a client", &error);
    return client;
}

/* A number from 1 to `most`, and nothing behind it; 0 if it is none. */
static inline long read_number(const char *text, long most) {
    char *end;
    const long number = strtol(text, &end, 10);
    return end != text && *end == '\0' && number >= 1 && number <= most ? number : 0;
}

/* A buffer that grows to what the library says it needs. */
typedef struct {
    void *memory;
    size_t size;
} growing_buffer;

/* Whether the buffer was too small for a call, and now is not: then the call is to be made again. The library has kept the
 * answer, so that no second request is sent. */
static inline int has_grown(growing_buffer *buffer, size_t needed, const trro_error *error) {
    void *larger = error->status == TRRO_STATUS_BUFFER_TOO_SMALL ? realloc(buffer->memory, needed) : NULL;
    if (larger == NULL)
        return 0;
    buffer->memory = larger;
    buffer->size = needed;
    return 1;
}

/* Whether all pages have been read. A page with few rows need not be the last: the service may give less than page_size.
 * What TotalCount counts is documented nowhere; if it is more than the rows of this page, it is all of them. */
static inline int is_last_page(size_t rows, int64_t total_count, size_t rows_so_far) {
    const int64_t in_this_page = (int64_t)rows;
    return in_this_page == 0 || (total_count > in_this_page && (int64_t)rows_so_far >= total_count);
}

/* The service's time, as far as its answers have told; else the machine's. */
static inline int64_t service_time_s(const trro_client *client) {
    int64_t offset_ms;
    if (trro_client_clock_offset_ms(client, &offset_ms, NULL) || offset_ms == TRRO_ABSENT)
        offset_ms = 0;
    return (int64_t)time(NULL) + offset_ms / 1000;
}

/* "EXPIRED" of TRRO_VERDICT_EXPIRED. */
static inline const char *short_name(trro_verdict verdict) {
    return trro_verdict_name(verdict) + sizeof "TRRO_VERDICT_" - 1;
}

/* A name as it came from the service, without what would confuse a terminal, and filled up with blanks to a width. */
static inline void print_name(const char *name, int width) {
    for (; *name != '\0'; name++, width--)
        putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
    if (width > 0)
        printf("%*s", width, "");
}

/* A number after two blanks, or "-" where the service sent none. */
static inline void print_number(int64_t number, int width) {
    if (number == TRRO_ABSENT)
        printf("  %*s", width, "-");
    else
        printf("  %*lld", width, (long long)number);
}

/* A moment after two blanks, as its day in UTC. */
static inline void print_date(int64_t moment_s) {
    const time_t moment = (time_t)moment_s;
    char text[32] = "-";
    struct tm parts;
    if (moment_s != TRRO_ABSENT && (int64_t)moment == moment_s && gmtime_r(&moment, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d", &parts);
    printf("  %-10s", text);
}

/* The exit status: `failure` instead of 0 if what was printed has not arrived, as on a full disk. */
static inline int exit_status(int status, int failure) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "cannot write to stdout\n");
    return status == 0 ? failure : status;
}

#endif
