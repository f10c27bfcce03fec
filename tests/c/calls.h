/* Calls that several of the C tests make alike. */
#ifndef CALLS_H
#define CALLS_H

#include <time.h>

#include "check.h"

enum { BUFFER_SIZE = 64 * 1024 };

/* By one thread at a time: the rows are for nobody. */
static inline trro_status get_device(const trro_client *client, const char *device_id, uint32_t deadline_ms,
                                     trro_error *error) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    static char buffer[BUFFER_SIZE];
    request.device_id = device_id;
    request.deadline_ms = deadline_ms;
    return trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, error);
}

static inline trro_status get(const trro_client *client, trro_error *error) {
    return get_device(client, "dev1", 0, error);
}

static inline trro_client *client_of(const trro_client_config *config) {
    trro_client *client;
    trro_error error = uninitialised_error();
    CHECK_STATUS(trro_client_new(config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static inline trro_client *client_without_an_address(void) {
    trro_client_config config = config_for_test();
    config.endpoint = "https://no-such-host.invalid";
    return client_of(&config);
}

static inline void succeeds_at_once(const trro_client *client, const char *device_id) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(get_device(client, device_id, 0, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 1);
}

static inline int64_t now_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
