/* The client of the comparison that is written with libtrro. Uses trro.h. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <trro.h>

const int client_decodes = 1;

static trro_client *client;
static char *buffer;
static size_t buffer_size;
static trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
static const trro_devices *page;

static void print_error(const char *what, const trro_error *error) {
    fprintf(stderr, "%s: %s: %s\n", what, trro_status_name(error->status), error->message);
}

int client_set_up(const struct settings *settings) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_error error;
    credentials.secret_id = settings->secret_id;
    credentials.secret_key = settings->secret_key;
    config.credentials = &credentials;
    config.endpoint = settings->url;
    config.ca_file = settings->ca_file;
    /* A benchmark asks more often than a device may. */
    config.max_requests_per_s = TRRO_UNLIMITED;
    request.page_num = 1;
    request.page_size = (int64_t)settings->device_count;
    buffer_size = TRRO_DEVICES_BUFFER_SIZE(settings->device_count);
    buffer = malloc(buffer_size);
    if (buffer == NULL) {
        fprintf(stderr, "there is no memory for the buffer\n");
        return -1;
    }
    if (trro_client_new(&config, &client, &error)) {
        print_error("cannot make the client", &error);
        return -1;
    }
    return 0;
}

long client_call(void) {
    trro_error error;
    if (trro_get_devices(client, &request, buffer, buffer_size, &page, NULL, &error)) {
        print_error("cannot get the devices", &error);
        return -1;
    }
    return (long)page->device_count;
}

void client_device(size_t index, struct device *device) {
    const trro_device *row = page->devices[index];
    device->device_id = row->device_id;
    device->device_name = row->device_name;
    device->license_count = row->license_count;
    device->remain_days = row->remain_days;
    device->expire_time_s = row->expire_time_s;
    device->duration_s = row->duration_s;
    device->monthly_remain_time = row->monthly_remain_time;
    device->limited_time_minutes = row->limited_time_minutes;
    device->license_ids = row->license_ids;
    device->license_id_count = row->license_id_count;
}

void client_tear_down(void) {
    trro_client_free(client);
    free(buffer);
}
