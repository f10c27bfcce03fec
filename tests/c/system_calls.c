/* What the library asks the kernel for, where strace sees it: everything between two writes to a descriptor that is none. It does what
 * a program of a vehicle does, and the program itself asks for nothing in between but to wait for a watch. */
#define _GNU_SOURCE
#include "watching.h"

static char buffer[TRRO_DEVICES_BUFFER_SIZE(64)];

static void mark(const char *text) {
    CHECK(write(-1, text, strlen(text)) < 0);
}

static int go_on(void *user_data, const trro_diagnosis *diagnosis) {
    (void)user_data;
    (void)diagnosis;
    return 0;
}

static void ask(const trro_client *client, trro_status expected) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), expected, &error);
}

static void watch(const trro_client *client, const char *path) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    trro_authorization authorization;
    trro_watch *watch;
    trro_error error;
    struct pollfd waited = {.events = POLLIN};
    query.project_id = "m82k5408n675phvb";
    query.device_id = "field_ok_4";
    config.query = &query;
    config.snapshot_path = path;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_OK, &error);
    waited.fd = trro_watch_fd(watch);
    CHECK(poll(&waited, 1, 10000) == 1);
    CHECK(trro_watch_read(watch, &authorization) == TRRO_STATUS_OK);
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
}

int main(void) {
    trro_client_config config = config_for_test();
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    const trro_authorization_query *loaded;
    trro_client *client;
    trro_error error;
    const char *closed = getenv("TEST_CLOSED_ENDPOINT");
    char path[512], device[512];
    FILE *file;
    CHECK(snprintf(path, sizeof path, "%s/known", getenv("HOME")) < (int)sizeof path);
    CHECK(snprintf(device, sizeof device, "%s/config.json", getenv("HOME")) < (int)sizeof device);
    file = fopen(device, "w");
    CHECK(file != NULL && fputs("{\"projectid\": \"p\", \"device_id\": \"d\", \"device_streams\": 1}", file) >= 0 && fclose(file) == 0);

    mark("begin");
    config.max_attempts = 3;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    CHECK_STATUS(trro_client_connect(client, 0, &error), TRRO_STATUS_OK, &error);
    /* The first of them is tried again, as the service fails once. */
    ask(client, TRRO_STATUS_OK);
    ask(client, TRRO_STATUS_OK);
    watch(client, path);
    /* The answer that the file has is read. */
    watch(client, path);
    CHECK_STATUS(trro_client_diagnose(client, &query, go_on, NULL, &error), TRRO_STATUS_OK, &error);
    trro_client_cancel(client);
    ask(client, TRRO_STATUS_CANCELLED);
    trro_client_free(client);
    CHECK_STATUS(trro_load_device_config(device, buffer, sizeof buffer, &loaded, NULL, &error), TRRO_STATUS_OK, &error);
    config.endpoint = closed;
    config.max_attempts = 1;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    ask(client, TRRO_STATUS_CONNECT_FAILED);
    trro_client_free(client);
    mark("end");
    return 0;
}
