/* What the tests of the watch share. Devices are those of the project "p", see set_devices(). */
#ifndef WATCHING_H
#define WATCHING_H

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "control.h"

#define ONE_LICENSE "{\"DeviceId\":\"d\",\"LicenseCount\":1,\"RemainDay\":9}"
#define NO_LICENSE "{\"DeviceId\":\"d\",\"LicenseCount\":0,\"RemainDay\":0}"

static inline trro_watch *watch_with(const trro_client *client, const trro_watch_config *config) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_watch_config own = *config;
    trro_watch *watch = NULL;
    trro_error error = uninitialised_error();
    query.project_id = "p";
    query.device_id = "d";
    if (own.query == NULL)
        own.query = &query;
    CHECK_STATUS(trro_watch_new(client, &own, &watch, &error), TRRO_STATUS_OK, &error);
    CHECK(watch != NULL);
    return watch;
}

static inline trro_watch *watch_for_test(const trro_client *client, uint32_t period_s, trro_watch_fn changed_fn, void *data) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    config.period_s = period_s;
    config.changed_fn = changed_fn;
    config.changed_data = data;
    return watch_with(client, &config);
}

static inline trro_authorization read_watch(const trro_watch *watch) {
    trro_authorization authorization;
    size_t i;
    memset(&authorization, 0xa5, sizeof authorization);
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    CHECK(authorization.streams == 1 && memchr(authorization.request_id, 0, sizeof authorization.request_id) != NULL);
    for (i = 0; i < sizeof authorization.reserved; i++)
        CHECK(authorization.reserved[i] == 0);
    return authorization;
}

static inline trro_reason reason_of(const trro_watch *watch) {
    return read_watch(watch).reason;
}

/* Of how many changes a callback was told, of which last, and in which thread. */
typedef struct {
    atomic_int calls, last_reason, thread_id;
} told;

static inline int own_thread_id(void) {
    return (int)syscall(SYS_gettid);
}

static inline void be_told(void *data, const trro_authorization *authorization) {
    told *own = data;
    atomic_store(&own->thread_id, own_thread_id());
    atomic_store(&own->last_reason, authorization->reason);
    atomic_fetch_add(&own->calls, 1);
}

static inline int threads(void) {
    return entries("/proc/self/task");
}

#endif
