/* Two static Rust libraries in one program: it lists devices over TLS with one, and the other is used before and after. */
#include <stdio.h>
#include <stdlib.h>
#include <trro.h>

int other_catches_a_panic(void);
int other_has_a_thread(void);

static int other_works(void) {
    return other_catches_a_panic() == 1 && other_has_a_thread() == 1;
}

int main(void) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    trro_client *client;
    const trro_devices *page;
    trro_error error;
    if (!other_works())
        return 1;
    config.endpoint = getenv("TRRO_ENDPOINT");
    config.ca_file = getenv("TRRO_CA_FILE");
    if (trro_client_new(&config, &client, &error) ||
        trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    printf("%lu devices\n", (unsigned long)page->device_count);
    trro_client_free(client);
    return other_works() ? 0 : 3;
}
