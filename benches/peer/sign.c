/* TC3-HMAC-SHA256 as the sample of the service's documents does it, with OpenSSL: a hash or an HMAC is one call, and the key is derived
 * for each request. Uses libcrypto. */
#define _POSIX_C_SOURCE 200809L
#include "sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 32, HEX_SIZE = 2 * HASH_SIZE + 1 };

struct signer {
    const char *secret_id;
    const char *secret_key;
};

struct signer *signer_new(const char *secret_id, const char *secret_key) {
    struct signer *signer = malloc(sizeof *signer);
    if (signer != NULL) {
        signer->secret_id = secret_id;
        signer->secret_key = secret_key;
    }
    return signer;
}

void signer_free(struct signer *signer) {
    free(signer);
}

static void to_hex(const unsigned char *bytes, char *hex) {
    static const char DIGITS[] = "0123456789abcdef";
    size_t i;
    for (i = 0; i < HASH_SIZE; i++) {
        hex[2 * i] = DIGITS[bytes[i] >> 4];
        hex[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    hex[2 * i] = '\0';
}

static int hash(const char *text, size_t length, char *hex) {
    unsigned char bytes[HASH_SIZE];
    if (EVP_Digest(text, length, bytes, NULL, EVP_sha256(), NULL) != 1)
        return -1;
    to_hex(bytes, hex);
    return 0;
}

static int mac(const void *key, size_t key_length, const char *text, unsigned char *bytes) {
    return HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text), bytes, NULL) == NULL ? -1 : 0;
}

static int derive(const struct signer *signer, const char *date, unsigned char *derived) {
    char key[256];
    int length = snprintf(key, sizeof key, "TC3%s", signer->secret_key);
    if (length < 0 || (size_t)length >= sizeof key || mac(key, (size_t)length, date, derived) != 0 ||
        mac(derived, HASH_SIZE, "trro", derived) != 0)
        return -1;
    return mac(derived, HASH_SIZE, "tc3_request", derived);
}

int signer_sign(struct signer *signer, const struct to_sign *request, char *line, size_t size) {
    char text[1024], hex[HEX_SIZE], date[sizeof "YYYY-MM-DD"], scope[64];
    unsigned char key[HASH_SIZE], signature[HASH_SIZE];
    struct tm utc;
    int length;
    if (gmtime_r(&request->at, &utc) == NULL || strftime(date, sizeof date, "%Y-%m-%d", &utc) == 0 ||
        hash(request->body, request->body_length, hex) != 0)
        return -1;
    snprintf(scope, sizeof scope, "%s/trro/tc3_request", date);
    length = snprintf(text, sizeof text,
                      "POST\n/\n\ncontent-type:application/json\nhost:%s\nx-tc-action:%s\n\ncontent-type;host;x-tc-action\n%s",
                      request->host, request->action, hex);
    if (length < 0 || (size_t)length >= sizeof text || hash(text, (size_t)length, hex) != 0)
        return -1;
    length = snprintf(text, sizeof text, "TC3-HMAC-SHA256\n%lld\n%s\n%s", (long long)request->at, scope, hex);
    if (length < 0 || (size_t)length >= sizeof text || derive(signer, date, key) != 0 ||
        mac(key, HASH_SIZE, text, signature) != 0)
        return -1;
    to_hex(signature, hex);
    length = snprintf(line, size,
                      "Authorization: TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host;x-tc-action, "
                      "Signature=%s",
                      signer->secret_id, scope, hex);
    return length < 0 || (size_t)length >= size ? -1 : 0;
}
