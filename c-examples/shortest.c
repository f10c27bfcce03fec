#include <stdio.h>
#include <trro.h>

int main(void) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    trro_client *client;
    const trro_devices *page;
    trro_error error;
    size_t i;
    if (trro_client_new(&config, &client, &error) ||
        trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error)) {
        fprintf(stderr, "%s: %s\n", trro_status_name(error.status), error.message);
        trro_client_free(client);
        return 1;
    }
    for (i = 0; i < page->device_count; i++)
        printf("%s: %lu license(s)\n", page->devices[i]->device_id, (unsigned long)page->devices[i]->license_id_count);
    trro_client_free(client);
    return 0;
}
