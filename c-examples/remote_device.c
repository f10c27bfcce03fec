/* A cockpit asks which vehicles of its project can be taken over: those that may run and that the vendor's remote SDK sees.
 *
 *     remote_device PROJECT_ID [GATEWAYS]
 *
 * GATEWAYS is a file with the JSON that TRRO_getGwList of the remote SDK gives, "-" for stdin; without it only the licenses are
 * listed. A cockpit that links the remote SDK hands that string to read_gateways() instead.
 *
 * 0: done; 1: it failed, and said why; 2: usage. TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key. TRRO_ENDPOINT
 * names another site than the international one, TRRO_CA_FILE the authorities to trust. It is built if Debian's libcjson-dev is
 * there.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <cjson/cJSON.h>

/* ---- what the remote SDK sees ---- */

enum { LARGEST_LIST = 16 << 20 };

/* The whole text, to be freed; NULL if it cannot be read. */
static char *read_all(FILE *file) {
    size_t length = 0, size = 0;
    char *text = NULL;
    do {
        char *larger = size < LARGEST_LIST ? (char *)realloc(text, size = size * 2 + 4096) : NULL;
        if (larger == NULL) {
            free(text);
            return NULL;
        }
        text = larger;
        length += fread(text + length, 1, size - length - 1, file);
    } while (length == size - 1);
    if (ferror(file)) {
        free(text);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

/* The list, to be ended with cJSON_Delete(); NULL after a failure, which has been printed. */
static cJSON *read_gateways(const char *text) {
    cJSON *list = cJSON_Parse(text);
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(list, "ret");
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(list, "gateways")) &&
        (!cJSON_IsNumber(result) || result->valueint == 0))
        return list;
    fprintf(stderr, "that is not a list of gateways as TRRO_getGwList gives it\n");
    cJSON_Delete(list);
    return NULL;
}

static cJSON *load_gateways(const char *path) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *text = file != NULL ? read_all(file) : NULL;
    cJSON *list = NULL;
    if (text != NULL)
        list = read_gateways(text);
    else
        fprintf(stderr, "%s cannot be read, or is too large\n", path);
    free(text);
    if (file != NULL && file != stdin)
        fclose(file);
    return list;
}

/* Whether the SDK's id is that of the device. The SDK may put the id of the project before it; what it puts between the two is
 * documented nowhere. */
static int is_id_of(const char *gateway_id, const char *project_id, const char *device_id) {
    const size_t project = strlen(project_id), device = strlen(device_id), whole = strlen(gateway_id);
    if (strcmp(gateway_id, device_id) == 0)
        return 1;
    return whole >= project + device && whole <= project + device + 1 && strncmp(gateway_id, project_id, project) == 0 &&
           strcmp(gateway_id + whole - device, device_id) == 0;
}

static const cJSON *find_gateway(const cJSON *list, const char *project_id, const char *device_id) {
    const cJSON *gateway;
    cJSON_ArrayForEach(gateway, cJSON_GetObjectItemCaseSensitive(list, "gateways")) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(gateway, "deviceID");
        if (cJSON_IsString(id) && is_id_of(id->valuestring, project_id, device_id))
            return gateway;
    }
    return NULL;
}

/* A number of the gateway's, or `otherwise`. */
static int number_of(const cJSON *gateway, const char *name, int otherwise) {
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(gateway, name);
    return cJSON_IsNumber(number) ? number->valueint : otherwise;
}

/* ---- what the service says ---- */

typedef struct {
    const trro_client *client;
    const char *project_id;
    const cJSON *gateways; /* NULL: the SDK was not asked */
    size_t devices, usable;
} cockpit_state;

/* A trro_device_fn: prints a device that can perhaps be taken over. Cockpits are listed as well, it may be: a row does not say
 * what it is, but a license is bound to what sends video. */
static int visit(void *user_data, const trro_device *device) {
    cockpit_state *cockpit = (cockpit_state *)user_data;
    const cJSON *gateway = find_gateway(cockpit->gateways, cockpit->project_id, device->device_id);
    const int streams = number_of(gateway, "streams", 1);
    trro_verdict verdict;
    cockpit->devices++;
    trro_device_verdict(device, streams > 0 ? (uint32_t)streams : 1, service_time_s(cockpit->client), &verdict);
    if (verdict != TRRO_VERDICT_AUTHORIZED && verdict != TRRO_VERDICT_UNKNOWN && gateway == NULL)
        return 0;
    print_name(device->device_id, 16);
    printf("  %-11s  ", short_name(verdict));
    /* What the numbers of the status mean is documented nowhere. */
    if (gateway != NULL)
        printf("status %-4d  ", number_of(gateway, "status", -1));
    else
        printf("%-11s  ", cockpit->gateways == NULL ? "not asked" : "not seen");
    print_name(device->device_name, 0);
    printf("\n");
    if (gateway != NULL || cockpit->gateways == NULL)
        cockpit->usable += verdict == TRRO_VERDICT_AUTHORIZED || verdict == TRRO_VERDICT_UNKNOWN;
    return 0;
}

static int list_devices(const char *project_id, const cJSON *gateways) {
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    cockpit_state cockpit = {NULL, project_id, gateways, 0, 0};
    trro_client *client = client_from_environment(NULL);
    trro_error error;
    int changed, status = 1;
    if (client == NULL)
        return 1;
    cockpit.client = client;
    filter.project_id = project_id;
    if (trro_for_each_device(client, &filter, visit, &cockpit, &changed, &error)) {
        print_error("cannot get the devices", &error);
    } else {
        status = 0;
        /* Only who asks the SDK knows which of them can be reached. */
        printf("%zu of the %zu devices of project %s %s\n", cockpit.usable, cockpit.devices, project_id,
               gateways == NULL ? "may run" : "can be taken over");
        if (changed)
            printf("the list has changed meanwhile: a device may be missing\n");
        /* Here TRRO_connect() of the remote SDK comes, to one of them. */
    }
    trro_client_free(client);
    return status;
}

int main(int argc, char **argv) {
    cJSON *gateways = NULL;
    int status;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s PROJECT_ID [GATEWAYS]\n", argv[0]);
        return 2;
    }
    if (argc == 3 && (gateways = load_gateways(argv[2])) == NULL)
        return 1;
    status = list_devices(argv[1], gateways);
    cJSON_Delete(gateways);
    return exit_status(status, 1);
}
