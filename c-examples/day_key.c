/* A fleet of which only a server has the secret key. Each day it hands every device a key that signs for that day and for this
 * service; from it the secret key cannot be found.
 *
 *     day_key make [DATE]       the server: prints "ID DATE KEY", for today if it is not told for which day
 *     day_key use PROJECT_ID    a device: reads such a line, and prints the first devices of the project
 *
 *     day_key make | day_key use PROJECT_ID
 *
 * 0: done; 1: it failed, and said why; 2: usage. `make` needs TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, `use`
 * neither. TRRO_ENDPOINT names another site than the international one, TRRO_CA_FILE the authorities to trust.
 */
#define _DEFAULT_SOURCE /* explicit_bzero, of glibc 2.25 and newer */
#include "example.h"

/* ---- the server ---- */

/* The day is that of UTC, wherever the devices are. */
static int make_key(const char *date) {
    const char *secret_id = setting("TENCENTCLOUD_SECRET_ID"), *secret_key = setting("TENCENTCLOUD_SECRET_KEY");
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
    time_t now = time(NULL);
    char today[16];
    struct tm parts;
    trro_error error;
    size_t i;
    if (secret_id == NULL || secret_key == NULL) {
        fprintf(stderr, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not both set\n");
        return 1;
    }
    if (date == NULL) {
        if (gmtime_r(&now, &parts) == NULL || strftime(today, sizeof today, "%Y-%m-%d", &parts) == 0) {
            fprintf(stderr, "the clock does not tell the day\n");
            return 1;
        }
        date = today;
    }
    if (trro_derive_signing_key(secret_key, date, key, &error)) {
        print_error("cannot make a key", &error);
        return 1;
    }
    /* Who can read this line can sign until the day is over: hand it over where nobody else reads. */
    printf("%s %s ", secret_id, date);
    for (i = 0; i < sizeof key; i++)
        printf("%02x", key[i]);
    printf("\n");
    explicit_bzero(key, sizeof key);
    return exit_status(0, 1);
}

/* ---- a device ---- */

/* What the library is given stays where it is until it asks again. */
typedef struct {
    char secret_id[128];
    char date[16];
    uint8_t key[TRRO_SIGNING_KEY_SIZE];
} day_key;

static int read_hex(const char *hex, uint8_t key[TRRO_SIGNING_KEY_SIZE]) {
    size_t i;
    unsigned byte;
    if (strspn(hex, "0123456789abcdef") != 2 * TRRO_SIGNING_KEY_SIZE || hex[2 * TRRO_SIGNING_KEY_SIZE] != '\0')
        return 0;
    for (i = 0; i < TRRO_SIGNING_KEY_SIZE; i++) {
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return 0;
        key[i] = (uint8_t)byte;
    }
    return 1;
}

/* The next line of stdin; 0 if it is none. */
static int read_key(day_key *next) {
    char line[256] = "", hex[80] = "";
    int is_key = 0;
    if (fgets(line, sizeof line, stdin) != NULL) {
        is_key = sscanf(line, "%127s %15s %79s", next->secret_id, next->date, hex) == 3 && read_hex(hex, next->key);
        if (!is_key)
            fprintf(stderr, "that is not ID DATE KEY\n");
    }
    explicit_bzero(line, sizeof line);
    explicit_bzero(hex, sizeof hex);
    return is_key;
}

/* A trro_credentials_fn. The library asks when it has no key, and again when the day is over; here the next line is the next
 * key, where a device would ask its server. If there is none, the library goes on with the key that it has while that holds. */
static trro_status next_key(void *user_data, trro_credentials *credentials) {
    day_key *key = user_data;
    day_key next;
    const int is_read = read_key(&next);
    if (is_read)
        *key = next;
    explicit_bzero(&next, sizeof next);
    if (!is_read)
        return TRRO_STATUS_NO_CREDENTIALS;
    credentials->secret_id = key->secret_id;
    credentials->signing_date = key->date;
    credentials->signing_key = key->key;
    return TRRO_STATUS_OK;
}

/* Asks with a client whose key comes from next_key(). */
static int print_devices(const trro_client *client, const char *project_id) {
    static char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    size_t i;
    request.project_id = project_id;
    if (trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error)) {
        print_error("cannot get the devices", &error);
        return 1;
    }
    for (i = 0; i < page->device_count; i++) {
        print_name(page->devices[i]->device_id, 0);
        printf(": %zu license(s)\n", page->devices[i]->license_id_count);
    }
    return exit_status(0, 1);
}

static int use_key(const char *project_id) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    day_key key;
    trro_client *client;
    trro_error error;
    int status;
    config.credentials_fn = next_key;
    config.credentials_data = &key;
    config.endpoint = setting("TRRO_ENDPOINT");
    config.ca_file = setting("TRRO_CA_FILE");
    if (trro_client_new(&config, &client, &error)) {
        print_error("cannot make a client", &error);
        return 1;
    }
    status = print_devices(client, project_id);
    trro_client_free(client);
    explicit_bzero(&key, sizeof key);
    return status;
}

int main(int argc, char **argv) {
    if (argc >= 2 && argc <= 3 && strcmp(argv[1], "make") == 0)
        return make_key(argc == 3 ? argv[2] : NULL);
    if (argc == 3 && strcmp(argv[1], "use") == 0)
        return use_key(argv[2]);
    fprintf(stderr, "usage: %s make [DATE] | %s use PROJECT_ID\n", argv[0], argv[0]);
    return 2;
}
