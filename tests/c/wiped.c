/* What is left of a secret in the memory of the process after trro_client_free(): nothing, wherever the secret came from (the first
 * argument). Key and token are the first lines on stdin, since what a process begins with in its environment stays there;
 * tests/product/wiped.rs gives them to the source that the library takes them from, too.
 *
 * The program keeps what it looks for with every bit turned over, so that it does not find itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* What HMAC turns the bytes of a key over with. */
enum { LONGEST = 128, CHUNK = 1 << 16, LARGE = 200 * 1024, TURNED = 0xff, IPAD = 0x36, OPAD = 0x5c };

/* Nothing is given back, so that what was not wiped stays to be found: the next one to ask would write over it. A definition in the
 * program comes before libc's, for the library too. */
void free(void *block) {
    (void)block;
}

void *realloc(void *block, size_t size) {
    const size_t before = malloc_usable_size(block);
    void *larger = malloc(size);
    if (larger != NULL && block != NULL)
        memcpy(larger, block, before < size ? before : size);
    return larger;
}

/* A secret, turned over. Its halves are looked for: a part of one is no less a secret. */
struct hidden {
    unsigned char bytes[LONGEST];
    size_t length;
};

static struct hidden hide(const void *secret, size_t length) {
    struct hidden hidden = {{0}, length};
    size_t i;
    CHECK(length >= 32 && length <= LONGEST);
    for (i = 0; i < length; i++)
        hidden.bytes[i] = (unsigned char)~((const unsigned char *)secret)[i];
    return hidden;
}

/* As it is, or as HMAC has it. */
static int is_at(const unsigned char *hidden, size_t length, const unsigned char *place) {
    const int turned = place[0] ^ hidden[0];
    size_t i;
    if (turned != TURNED && turned != (TURNED ^ IPAD) && turned != (TURNED ^ OPAD))
        return 0;
    for (i = 1; i < length; i++)
        if ((place[i] ^ hidden[i]) != turned)
            return 0;
    return 1;
}

static int is_half_at(const struct hidden *hidden, const unsigned char *place) {
    const size_t half = hidden->length / 2;
    return is_at(hidden->bytes, half, place) || is_at(hidden->bytes + half, half, place);
}

/* How often a half of it is in what begins at `start`. */
static int count_between(int memory, uintptr_t start, uintptr_t end, const struct hidden *hidden, unsigned char *chunk) {
    int found = 0;
    /* Chunks overlap, so that none is missed at a border. */
    const size_t half = hidden->length / 2;
    for (; start + half <= end; start += CHUNK - LONGEST) {
        size_t wanted = end - start < CHUNK ? end - start : CHUNK, i;
        ssize_t got = pread(memory, chunk, wanted, (off_t)start);
        if (got < (ssize_t)half)
            break;
        for (i = 0; i + half <= (size_t)got && (i < CHUNK - LONGEST || start + CHUNK >= end); i++)
            found += is_half_at(hidden, chunk + i);
        /* Not to be found in here the next time. */
        explicit_bzero(chunk, (size_t)got);
        if (wanted < CHUNK)
            break;
    }
    return found;
}

/* How often a half of it is in all that a core dump would have: every mapping that can be read. */
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

/* The program's own copies, and what it has put into the environment of them. */
static char key[LONGEST], token[LONGEST], key_variable[2 * LONGEST], token_variable[2 * LONGEST];
static unsigned char day_key[TRRO_SIGNING_KEY_SIZE];
static char date[sizeof "YYYY-MM-DD"];

static void wipe_own(void) {
    explicit_bzero(key, sizeof key);
    explicit_bzero(token, sizeof token);
    explicit_bzero(key_variable, sizeof key_variable);
    explicit_bzero(token_variable, sizeof token_variable);
    explicit_bzero(day_key, sizeof day_key);
}

static void take_line(char *line) {
    size_t length = 0;
    while (length + 1 < LONGEST && read(STDIN_FILENO, line + length, 1) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
}

/* 32 bytes as 64 digits. */
static struct hidden take_hidden_line(void) {
    static char digits[LONGEST];
    static unsigned char bytes[32];
    struct hidden hidden;
    size_t i;
    take_line(digits);
    for (i = 0; i < sizeof bytes; i++)
        CHECK(sscanf(digits + 2 * i, "%2hhx", &bytes[i]) == 1);
    hidden = hide(bytes, sizeof bytes);
    explicit_bzero(digits, sizeof digits);
    explicit_bzero(bytes, sizeof bytes);
    return hidden;
}

static void begin(void) {
    time_t now = time(NULL);
    take_line(key);
    take_line(token);
    CHECK(strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now)) == 10);
    CHECK(trro_derive_signing_key(key, date, day_key, NULL) == TRRO_STATUS_OK);
}

static void fill(trro_credentials *credentials) {
    credentials->secret_id = getenv("TEST_SECRET_ID");
    credentials->secret_key = key;
    if (token[0] != '\0')
        credentials->token = token;
}

static void fill_with_day_key(trro_credentials *credentials) {
    fill(credentials);
    credentials->secret_key = NULL;
    credentials->signing_key = day_key;
    credentials->signing_date = date;
}

static trro_status give(void *user_data, trro_credentials *credentials) {
    (void)user_data;
    fill(credentials);
    return TRRO_STATUS_OK;
}

static trro_status give_day_key(void *user_data, trro_credentials *credentials) {
    (void)user_data;
    fill_with_day_key(credentials);
    return TRRO_STATUS_OK;
}

/* In memory that is the program's, and so can be wiped. */
static void put_into_the_environment(void) {
    CHECK(setenv("TENCENTCLOUD_SECRET_ID", getenv("TEST_SECRET_ID"), 1) == 0);
    snprintf(key_variable, sizeof key_variable, "TENCENTCLOUD_SECRET_KEY=%s", key);
    snprintf(token_variable, sizeof token_variable, "TENCENTCLOUD_TOKEN=%s", token);
    CHECK(putenv(key_variable) == 0 && (token[0] == '\0' || putenv(token_variable) == 0));
}

static trro_client *make(const char *source) {
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    trro_client *client;
    trro_error error;
    config.credentials = &credentials;
    if (strcmp(source, "given") == 0) {
        fill(&credentials);
    } else if (strcmp(source, "day-key") == 0) {
        fill_with_day_key(&credentials);
    } else {
        config.credentials = NULL;
        if (strcmp(source, "function") == 0)
            config.credentials_fn = give;
        else if (strcmp(source, "function-with-day-key") == 0)
            config.credentials_fn = give_day_key;
        else if (strcmp(source, "role") == 0)
            config.cvm_role = "emulator-role";
        else if (strcmp(source, "environment") == 0)
            put_into_the_environment();
        else
            CHECK(strcmp(source, "found") == 0);
    }
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    return client;
}

static void call(const trro_client *client) {
    static char buffer[256 * 1024];
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    CHECK_STATUS(trro_get_devices(client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
}

/* What is sent does not fit where a usual request does. The service takes it, or it does not. */
static void call_with_much(const trro_client *client) {
    static char json[LARGE], buffer[64 * 1024];
    static const char begin[] = "{\"PageNum\":1,\"PageSize\":1,\"DeviceId\":\"", end[] = "\"}";
    size_t length;
    memset(json, 'x', sizeof json);
    memcpy(json, begin, sizeof begin - 1);
    memcpy(json + sizeof json - sizeof end, end, sizeof end);
    trro_call(client, "GetDevices", json, buffer, sizeof buffer, &length, NULL, NULL);
}

/* One that has an answer. */
static trro_watch *watch(const trro_client *client) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    struct pollfd changed;
    trro_watch *watch;
    trro_error error;
    query.project_id = "p";
    query.device_id = "d";
    config.query = &query;
    CHECK_STATUS(trro_watch_new(client, &config, &watch, &error), TRRO_STATUS_OK, &error);
    changed.fd = trro_watch_fd(watch);
    changed.events = POLLIN;
    CHECK(poll(&changed, 1, 20000) == 1);
    return watch;
}

int main(int argc, char **argv) {
    struct hidden hidden_key, hidden_token = {{0}, 0}, hidden_day_key, inner, outer;
    trro_client *client;
    trro_watch *running = NULL;
    int turn, uses_day_key;
    CHECK(argc == 3);
    uses_day_key = strstr(argv[1], "day-key") != NULL;
    begin();
    /* The states of HMAC with the key of the day: who has them can sign as well. */
    inner = take_hidden_line();
    outer = take_hidden_line();
    hidden_key = hide(key, strlen(key));
    hidden_day_key = hide(day_key, sizeof day_key);
    if (token[0] != '\0')
        hidden_token = hide(token, strlen(token));
    client = make(argv[1]);
    if (strcmp(argv[2], "watched") == 0)
        running = watch(client);
    for (turn = 0; turn < 3; turn++)
        call(client);
    call_with_much(client);
    wipe_own();
    /* That it is found while it is there shows that the search can find it. */
    CHECK(count(uses_day_key ? &hidden_day_key : &hidden_key) > 0);
    CHECK(hidden_token.length == 0 || count(&hidden_token) > 0);
    CHECK(count(&inner) > 0 && count(&outer) > 0);
    /* The watch is the last to hold what signs. */
    trro_client_free(client);
    if (running != NULL) {
        CHECK(count(uses_day_key ? &hidden_day_key : &hidden_key) > 0);
        CHECK(trro_watch_free(running) == TRRO_STATUS_OK);
    }
    CHECK(count(&hidden_key) == 0);
    CHECK(count(&hidden_day_key) == 0);
    CHECK(hidden_token.length == 0 || count(&hidden_token) == 0);
    CHECK(count(&inner) == 0 && count(&outer) == 0);
    return 0;
}
