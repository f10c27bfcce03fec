/* Makes a device, and finds out what became of it where nobody has said: the connection may break after the service has
 * carried a request out and before it can say so.
 *
 *   create_device PROJECT_ID DEVICE_ID NAME      the device's password is read from stdin: 16 letters and digits
 *
 * Exit status: 0 the device is there, 1 it is not, 2 wrong usage, 3 nobody knows. */
#define _XOPEN_SOURCE 700
#include "example.h"

enum { THERE = 0, NOT_THERE = 1, USAGE = 2, NOT_KNOWN = 3 };

/* The service may still be at work on a request whose answer is lost: one that asks too soon learns nothing. */
enum { QUESTIONS = 3, SECONDS_BETWEEN = 2 };

static int find_out(const trro_client *client, const trro_create_device_request *wanted) {
    static char buffer[4096];
    trro_describe_device_info_request request = TRRO_DESCRIBE_DEVICE_INFO_REQUEST_INIT;
    const trro_device_info *info;
    trro_error error;
    int i;
    request.project_id = wanted->project_id;
    request.device_id = wanted->device_id;
    for (i = 0; i < QUESTIONS; i++) {
        const struct timespec pause = {SECONDS_BETWEEN, 0};
        if (trro_describe_device_info(client, &request, buffer, sizeof buffer, &info, NULL, &error) == TRRO_STATUS_OK) {
            /* It may have been there before; its name tells. */
            const int is_ours = strcmp(info->device_name, wanted->device_name) == 0;
            printf("%s is there, %s\n", wanted->device_id, is_ours ? "with this name" : "with another name");
            return is_ours ? THERE : NOT_THERE;
        }
        if (error.status != TRRO_STATUS_NOT_FOUND)
            print_error("cannot ask what became of it", &error);
        nanosleep(&pause, NULL);
    }
    printf("%s: %s\n", wanted->device_id,
           error.status == TRRO_STATUS_NOT_FOUND ? "was not made" : "nobody can say whether it was made");
    return error.status == TRRO_STATUS_NOT_FOUND ? NOT_THERE : NOT_KNOWN;
}

static int create(const trro_client *client, const trro_create_device_request *request) {
    static char buffer[TRRO_CHANGE_BUFFER_SIZE(0)];
    const trro_device_creation *creation;
    trro_error error;
    if (trro_create_device(client, request, buffer, sizeof buffer, &creation, NULL, &error) == TRRO_STATUS_OK) {
        printf("%s was made\n", request->device_id);
        return THERE;
    }
    print_error("cannot make the device", &error);
    return error.outcome_unknown ? find_out(client, request) : NOT_THERE;
}

int main(int argc, char **argv) {
    trro_create_device_request request = TRRO_CREATE_DEVICE_REQUEST_INIT;
    char token[64];
    trro_client *client;
    int status;
    if (argc != 4 || fgets(token, sizeof token, stdin) == NULL) {
        fprintf(stderr, "usage: create_device PROJECT_ID DEVICE_ID NAME < PASSWORD\n");
        return USAGE;
    }
    token[strcspn(token, "\n")] = '\0';
    request.project_id = argv[1];
    request.device_id = argv[2];
    request.device_name = argv[3];
    request.device_type = "field";
    request.device_token = token;
    client = client_from_environment(NULL);
    if (client == NULL)
        return NOT_THERE;
    status = create(client, &request);
    trro_client_free(client);
    memset(token, 0, sizeof token);
    return exit_status(status, NOT_KNOWN);
}
