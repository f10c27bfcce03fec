/* What is left of a secret in the memory of the process after trro_client_free(): nothing. tests/product.rs gives the secret key on stdin, since
 * what is in the environment stays there.
 *
 * The program keeps what it looks for with every bit turned over, so that it does not find itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { LONGEST = 128, CHUNK = 1 << 16 };

/* A secret, turned over. */
struct hidden {
    unsigned char bytes[LONGEST];
    size_t length;
};

static struct hidden hide(const void *secret, size_t length) {
    struct hidden hidden = {{0}, length};
    size_t i;
    CHECK(length >= 16 && length <= LONGEST);
    for (i = 0; i < length; i++)
        hidden.bytes[i] = (unsigned char)~((const unsigned char *)secret)[i];
    return hidden;
}

static int is_at(const struct hidden *hidden, const unsigned char *place) {
    size_t i;
    for (i = 0; i < hidden->length; i++)
        if ((place[i] ^ hidden->bytes[i]) != 0xff)
            return 0;
    return 1;
}

/* How often it is in what begins at `start`. */
static int count_between(int memory, uintptr_t start, uintptr_t end, const struct hidden *hidden, unsigned char *chunk) {
    int found = 0;
    /* Chunks overlap, so that none is missed at a border. */
    for (; start + hidden->length <= end; start += CHUNK - LONGEST) {
        size_t wanted = end - start < CHUNK ? end - start : CHUNK, i;
        ssize_t got = pread(memory, chunk, wanted, (off_t)start);
        if (got < (ssize_t)hidden->length)
            break;
        for (i = 0; i + hidden->length <= (size_t)got && (i < CHUNK - LONGEST || start + CHUNK >= end); i++)
            found += is_at(hidden, chunk + i);
        /* Not to be found in here the next time. */
        explicit_bzero(chunk, (size_t)got);
        if (wanted < CHUNK)
            break;
    }
    return found;
}

/* How often it is in all that a core dump would have: every mapping that can be read. */
static int count(const struct hidden *hidden) {
    static unsigned char chunk[CHUNK];
    static char line[512];
    int memory = open("/proc/self/mem", O_RDONLY), found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(memory >= 0 && maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start, end;
        char access[5];
        CHECK(sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, access) == 3);
        if (access[0] == 'r' && strstr(line, "[v") == NULL)
            found += count_between(memory, start, end, hidden, chunk);
    }
    fclose(maps);
    close(memory);
    return found;
}

static void call(const trro_client *client) {
    static char buffer[256 * 1024];
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
}

static trro_client *client_with(const char *key) {
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client *client;
    trro_error error;
    credentials.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials.secret_key = key;
    config.credentials = &credentials;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

/* The key that signs today. */
static struct hidden hidden_day_key(const char *key) {
    unsigned char day_key[TRRO_SIGNING_KEY_SIZE];
    char date[sizeof "YYYY-MM-DD"];
    time_t now = time(NULL);
    struct hidden hidden;
    CHECK(strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now)) == 10);
    CHECK(trro_derive_signing_key(key, date, day_key, NULL) == TRRO_STATUS_OK);
    hidden = hide(day_key, sizeof day_key);
    explicit_bzero(day_key, sizeof day_key);
    return hidden;
}

int main(void) {
    static char key[LONGEST + 1];
    ssize_t length = read(STDIN_FILENO, key, LONGEST);
    struct hidden hidden_key, day_key;
    trro_client *client;
    int turn;
    CHECK(length > 0);
    hidden_key = hide(key, (size_t)length);
    day_key = hidden_day_key(key);
    client = client_with(key);
    explicit_bzero(key, sizeof key);
    for (turn = 0; turn < 3; turn++)
        call(client);
    /* That it is found while it is there shows that the search can find it. */
    CHECK(count(&hidden_key) > 0);
    trro_client_free(client);
    CHECK(count(&hidden_key) == 0);
    CHECK(count(&day_key) == 0);
    return 0;
}
