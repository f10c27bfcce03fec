/* What every client of the comparison offers, so that one main.c measures them all. Uses nothing. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct settings {
    const char *url;
    /* NULL: none, over HTTP. */
    const char *ca_file;
    const char *secret_id;
    const char *secret_key;
    /* How many devices a page is to have. */
    size_t device_count;
};

/* A device of the last answer; everything it points to is the client's, and valid until its next call. */
struct device {
    const char *device_id;
    const char *device_name;
    int64_t license_count;
    int64_t remain_days;
    int64_t expire_time_s;
    int64_t duration_s;
    int64_t monthly_remain_time;
    int64_t limited_time_minutes;
    const char *const *license_ids;
    size_t license_id_count;
};

/* Whether the client decodes what it receives; client_device() gives nothing otherwise. */
extern const int client_decodes;

/* 0, or -1 after a failure, which has been printed. */
int client_set_up(const struct settings *settings);

/* Asks for one page. How many devices the answer has; -1 after a failure, which has been printed. */
long client_call(void);

void client_device(size_t index, struct device *device);

void client_tear_down(void);

#endif
