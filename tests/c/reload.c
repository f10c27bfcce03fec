/* A program that is not linked with the library, but loads it, calls, closes it, and does so again. tests/product.rs runs
 * it with the path of the library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>

#include "check.h"

enum { TIMES = 3, BUFFER_SIZE = 64 * 1024 };

static __typeof__(&trro_client_new) client_new;
static __typeof__(&trro_client_free) client_free;
static __typeof__(&trro_get_devices) get_devices;
static sem_t has_called, is_closed;

static void *load(void) {
    void *library = dlopen(getenv("TEST_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    /* ISO C has no cast from an object to a function. */
    *(void **)&client_new = dlsym(library, "trro_client_new");
    *(void **)&client_free = dlsym(library, "trro_client_free");
    *(void **)&get_devices = dlsym(library, "trro_get_devices");
    CHECK(client_new != NULL && client_free != NULL && get_devices != NULL);
    return library;
}

static trro_client *make(const char *endpoint) {
    trro_client_config config = config_for_test();
    trro_client *client = NULL;
    trro_error error = uninitialised_error();
    if (endpoint != NULL)
        config.endpoint = endpoint;
    CHECK(client_new(&config, &client, &error) == TRRO_STATUS_OK && client != NULL);
    return client;
}

static trro_status get(const trro_client *client, uint32_t deadline_ms) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error = uninitialised_error();
    char *buffer = malloc(BUFFER_SIZE);
    trro_status status;
    CHECK(buffer != NULL);
    request.device_id = "dev1";
    request.deadline_ms = deadline_ms;
    status = get_devices(client, &request, buffer, BUFFER_SIZE, &page, NULL, &error);
    CHECK(status != TRRO_STATUS_OK || page->device_count == 3);
    free(buffer);
    return status;
}

static void *call(void *client) {
    CHECK(get(client, 0) == TRRO_STATUS_OK);
    return NULL;
}

/* What the library keeps for a thread is given back when the thread ends. */
static void *call_and_outlive(void *client) {
    call(client);
    sem_post(&has_called);
    CHECK(sem_wait(&is_closed) == 0);
    return NULL;
}

/* libc may still be looking up, in a thread of the library's, when that is closed. */
static void leave_a_lookup(void) {
    trro_client *client = make("https://no-such-host.invalid");
    trro_status status = get(client, 1);
    CHECK(status == TRRO_STATUS_TIMEOUT || status == TRRO_STATUS_RESOLVE_FAILED);
    client_free(client);
}

static void *load_call_and_close(void *nothing) {
    void *library = load();
    trro_client *client = make(NULL);
    pthread_t ending, outliving;
    call(client);
    CHECK(pthread_create(&ending, NULL, call, client) == 0 && pthread_join(ending, NULL) == 0);
    CHECK(pthread_create(&outliving, NULL, call_and_outlive, client) == 0 && sem_wait(&has_called) == 0);
    leave_a_lookup();
    client_free(client);
    CHECK(dlclose(library) == 0);
    CHECK(sem_post(&is_closed) == 0 && pthread_join(outliving, NULL) == 0);
    return nothing;
}

static int is_loaded(void) {
    void *library = dlopen(getenv("TEST_LIBRARY"), RTLD_NOW | RTLD_NOLOAD);
    return library != NULL && dlclose(library) == 0;
}

int main(void) {
    int i;
    CHECK(!is_loaded());
    CHECK(sem_init(&has_called, 0, 0) == 0 && sem_init(&is_closed, 0, 0) == 0);
    for (i = 0; i < TIMES; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, load_call_and_close, NULL) == 0 && pthread_join(thread, NULL) == 0);
        /* A lookup may go on in it, also when no thread is left that has called. libc unloads what such a thread has held when
         * something is closed the next time. */
        is_loaded();
        CHECK(is_loaded());
    }
    return 0;
}
