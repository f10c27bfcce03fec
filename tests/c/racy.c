/* Two threads that call on one client with one buffer, which the header forbids: the library writes into it from both at the
 * same time. With the library built for it, the thread sanitizer must report that. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <trro.h>

enum { CALLS = 100 };

static const trro_client *client;
static pthread_barrier_t start;

static void *work(void *buffer) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    int i;
    pthread_barrier_wait(&start);
    for (i = 0; i < CALLS; i++)
        (void)trro_get_devices(client, &request, buffer, TRRO_DEVICES_BUFFER_SIZE(20), &page, NULL, NULL);
    return NULL;
}

int main(void) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_client *made;
    pthread_t threads[2];
    int i;
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = getenv("TRRO_CA_FILE");
    config.max_requests_per_s = TRRO_UNLIMITED;
    if (trro_client_new(&config, &made, NULL) || pthread_barrier_init(&start, NULL, 2) != 0)
        return 2;
    client = made;
    for (i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, work, buffer) != 0)
            return 2;
    for (i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    trro_client_free(made);
    return 0;
}
