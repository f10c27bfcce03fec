/* What the examples share: a client from the environment, when all pages have been read, and what a row says. */
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
    if (error->retryable)
        fprintf(stderr, "  trying again later may help\n");
}

/* The key comes from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, which the library reads by itself. It does not read
 * TRRO_ENDPOINT and TRRO_CA_FILE: that is this function's way to be told of another site and of the authorities to trust.
 * NULL after a failure, which has been printed. */
static inline trro_client *client_from_environment(void) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_client *client;
    trro_error error;
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = getenv("TRRO_CA_FILE");
    if (trro_client_new(&config, &client, &error))
        print_error("cannot make a client", &error);
    return client;
}

/* Whether all pages have been read. A page with few rows need not be the last: the service may give less than page_size.
 * What TotalCount counts is documented nowhere; if it is more than the rows of this page, it is all of them. */
static inline int is_last_page(const trro_devices *page, size_t rows_so_far) {
    const int64_t in_this_page = (int64_t)page->device_count;
    return in_this_page == 0 || (page->total_count > in_this_page && (int64_t)rows_so_far >= page->total_count);
}

typedef enum { CAN_RUN, CANNOT_RUN, NOT_KNOWN } judgement;

/* Whether a device that sends so many streams can run, as far as its row tells: TRRO_start decides. *reason is NULL for
 * CAN_RUN. */
static inline judgement judge(const trro_device *device, int64_t streams, time_t now, const char **reason) {
    const int has_expired = device->expire_time_s != TRRO_ABSENT && device->expire_time_s <= (int64_t)now;
    *reason = NULL;
    if (device->license_count == TRRO_ABSENT)
        *reason = "number of licenses unknown";
    else if (device->license_count > 0 && has_expired && device->remain_days > 0)
        *reason = "expiry and remaining days disagree";
    else if (device->license_count > 0 && device->expire_time_s == TRRO_ABSENT && device->remain_days <= 0)
        *reason = "expiry unknown";
    if (*reason != NULL)
        return NOT_KNOWN;

    if (device->license_count == 0)
        *reason = "no license";
    else if (has_expired)
        *reason = "expired";
    else if (device->license_count < streams)
        *reason = "fewer licenses than streams";
    else if (device->monthly_remain_time != TRRO_ABSENT && device->monthly_remain_time <= 0)
        *reason = "this month's time is used up";
    return *reason != NULL ? CANNOT_RUN : CAN_RUN;
}

#endif
