/* Decoding and laying out with libtrro and without a network, to be called in a loop inside of the benchmark. Uses trro.h.
 *
 * An answer that does not fit is kept, and the next call of the same request decodes and lays out what is kept. With a buffer that
 * is one byte too small that can be done again and again; all but the last string is then written every time. */
#include <stdio.h>
#include <stdlib.h>
#include <trro.h>

/* 0, or -1 after a failure, which has been printed. */
int decode_set_up(const char *url, const char *secret_id, const char *secret_key, size_t devices);
/* Asks the service for what is to be decoded. */
int decode_fetch(void);
/* Decodes it. -1 also where the service was asked. */
int decode_again(void);

static trro_client *client;
static trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
static char *buffer;
static size_t needed;

int decode_set_up(const char *url, const char *secret_id, const char *secret_key, size_t devices) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    const trro_devices *page;
    trro_error error;
    credentials.secret_id = secret_id;
    credentials.secret_key = secret_key;
    config.credentials = &credentials;
    config.endpoint = url;
    config.max_requests_per_s = TRRO_UNLIMITED;
    request.page_num = 1;
    request.page_size = (int64_t)devices;
    buffer = malloc(TRRO_DEVICES_BUFFER_SIZE(devices));
    if (buffer == NULL || trro_client_new(&config, &client, &error) ||
        trro_get_devices(client, &request, buffer, TRRO_DEVICES_BUFFER_SIZE(devices), &page, &needed, &error)) {
        fprintf(stderr, "cannot get what is to be decoded: %s\n", buffer == NULL ? "no memory" : error.message);
        return -1;
    }
    return page->device_count == devices ? 0 : -1;
}

static int call(trro_error *error) {
    const trro_devices *page;
    return trro_get_devices(client, &request, buffer, needed - 1, &page, NULL, error) == TRRO_STATUS_BUFFER_TOO_SMALL
               ? 0
               : -1;
}

int decode_fetch(void) {
    trro_error error;
    return call(&error);
}

int decode_again(void) {
    trro_error error;
    return call(&error) == 0 && error.attempts == 0 ? 0 : -1;
}
