/* Signing with OpenSSL, to be called in a loop inside of the benchmark. Uses sign.h and libcrypto.
 *
 * Two ways with the day's key kept: EVP with kept contexts, which is what sign_tuned.c does; and the functions that OpenSSL 3 advises
 * against and that are its fastest, with the states after the inner and the outer key kept, and no printf. */
#define _POSIX_C_SOURCE 200809L
#define OPENSSL_API_COMPAT 0x10100000L
#include "sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

enum { HASH_SIZE = SHA256_DIGEST_LENGTH, BLOCK_SIZE = SHA256_CBLOCK, SECONDS_PER_DAY = 86400, SCOPE_LENGTH = 27 };

/* 0, or -1 after a failure. */
int sign_set_up(const char *id, const char *key);
int sign_evp(const struct to_sign *request, char *line, size_t size);
int sign_low_level(const struct to_sign *request, char *line, size_t size);

static struct signer *signer;
static const char *secret_id, *secret_key;
static time_t day = -1;
static char scope[SCOPE_LENGTH + 1];
static SHA256_CTX inner, outer;

int sign_set_up(const char *id, const char *key) {
    secret_id = id;
    secret_key = key;
    signer = signer_new(id, key);
    return signer == NULL ? -1 : 0;
}

int sign_evp(const struct to_sign *request, char *line, size_t size) {
    return signer_sign(signer, request, line, size);
}

static void derive(const void *key, size_t length, const char *text, unsigned char *derived) {
    HMAC(EVP_sha256(), key, (int)length, (const unsigned char *)text, strlen(text), derived, NULL);
}

static int set_day(time_t at) {
    unsigned char key[256], derived[HASH_SIZE], block[BLOCK_SIZE];
    struct tm utc;
    char date[sizeof "YYYY-MM-DD"];
    int length = snprintf((char *)key, sizeof key, "TC3%s", secret_key), i;
    if (length < 0 || (size_t)length >= sizeof key || gmtime_r(&at, &utc) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%d", &utc) == 0)
        return -1;
    derive(key, (size_t)length, date, derived);
    derive(derived, HASH_SIZE, "trro", derived);
    derive(derived, HASH_SIZE, "tc3_request", derived);
    for (i = 0; i < BLOCK_SIZE; i++)
        block[i] = (unsigned char)((i < HASH_SIZE ? derived[i] : 0) ^ 0x36);
    SHA256_Init(&inner);
    SHA256_Update(&inner, block, sizeof block);
    for (i = 0; i < BLOCK_SIZE; i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&outer);
    SHA256_Update(&outer, block, sizeof block);
    snprintf(scope, sizeof scope, "%s/trro/tc3_request", date);
    day = at / SECONDS_PER_DAY;
    return 0;
}

static char *append(char *end, const char *text, size_t length) {
    memcpy(end, text, length);
    return end + length;
}

static char *append_hex(char *end, const unsigned char *bytes) {
    static const char DIGITS[] = "0123456789abcdef";
    int i;
    for (i = 0; i < HASH_SIZE; i++) {
        *end++ = DIGITS[bytes[i] >> 4];
        *end++ = DIGITS[bytes[i] & 15];
    }
    return end;
}

static char *append_number(char *end, long long number) {
    char digits[24], *first = digits + sizeof digits;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return append(end, first, (size_t)(digits + sizeof digits - first));
}

static void hash(const char *text, size_t length, unsigned char *bytes) {
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, text, length);
    SHA256_Final(bytes, &state);
}

static void mac(const char *text, size_t length, unsigned char *bytes) {
    SHA256_CTX state = inner;
    SHA256_Update(&state, text, length);
    SHA256_Final(bytes, &state);
    state = outer;
    SHA256_Update(&state, bytes, HASH_SIZE);
    SHA256_Final(bytes, &state);
}

#define APPEND(end, literal) append(end, literal, sizeof(literal) - 1)

int sign_low_level(const struct to_sign *request, char *line, size_t size) {
    char text[1024], *end = text;
    unsigned char bytes[HASH_SIZE];
    size_t host_length = strlen(request->host), action_length = strlen(request->action), id_length = strlen(secret_id);
    if (host_length + action_length > sizeof text - 256 || id_length + 256 > size ||
        (request->at / SECONDS_PER_DAY != day && set_day(request->at) != 0))
        return -1;
    end = APPEND(end, "POST\n/\n\ncontent-type:application/json\nhost:");
    end = append(end, request->host, host_length);
    end = APPEND(end, "\nx-tc-action:");
    end = append(end, request->action, action_length);
    end = APPEND(end, "\n\ncontent-type;host;x-tc-action\n");
    hash(request->body, request->body_length, bytes);
    end = append_hex(end, bytes);
    hash(text, (size_t)(end - text), bytes);
    end = APPEND(text, "TC3-HMAC-SHA256\n");
    end = append_number(end, request->at);
    end = APPEND(end, "\n");
    end = append(end, scope, SCOPE_LENGTH);
    end = APPEND(end, "\n");
    end = append_hex(end, bytes);
    mac(text, (size_t)(end - text), bytes);
    end = APPEND(line, "Authorization: TC3-HMAC-SHA256 Credential=");
    end = append(end, secret_id, id_length);
    end = APPEND(end, "/");
    end = append(end, scope, SCOPE_LENGTH);
    end = APPEND(end, ", SignedHeaders=content-type;host;x-tc-action, Signature=");
    *append_hex(end, bytes) = '\0';
    return 0;
}
