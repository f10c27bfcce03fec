/* TC3-HMAC-SHA256 with OpenSSL's EVP. Uses libcrypto.
 *
 * With care: the algorithms are fetched once, the contexts are kept, and so is the day's key inside of one of them. */
#define _POSIX_C_SOURCE 200809L
#include "sign.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 32, HEX_SIZE = 2 * HASH_SIZE + 1, SECONDS_PER_DAY = 86400 };

struct signer {
    const char *secret_id;
    const char *secret_key;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_MAC *hmac;
    /* Has the key of `day`. */
    EVP_MAC_CTX *mac;
    time_t day;
    char scope[sizeof "YYYY-MM-DD/trro/tc3_request"];
};

struct signer *signer_new(const char *secret_id, const char *secret_key) {
    struct signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL)
        return NULL;
    signer->secret_id = secret_id;
    signer->secret_key = secret_key;
    signer->day = -1;
    signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    signer->digest = EVP_MD_CTX_new();
    signer->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    signer->mac = signer->hmac == NULL ? NULL : EVP_MAC_CTX_new(signer->hmac);
    if (signer->sha256 == NULL || signer->digest == NULL || signer->mac == NULL) {
        signer_free(signer);
        return NULL;
    }
    return signer;
}

void signer_free(struct signer *signer) {
    if (signer == NULL)
        return;
    EVP_MAC_CTX_free(signer->mac);
    EVP_MAC_free(signer->hmac);
    EVP_MD_CTX_free(signer->digest);
    EVP_MD_free(signer->sha256);
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

static int hash(struct signer *signer, const char *text, size_t length, char *hex) {
    unsigned char bytes[HASH_SIZE];
    if (EVP_DigestInit_ex2(signer->digest, signer->sha256, NULL) != 1 ||
        EVP_DigestUpdate(signer->digest, text, length) != 1 || EVP_DigestFinal_ex(signer->digest, bytes, NULL) != 1)
        return -1;
    to_hex(bytes, hex);
    return 0;
}

/* With the key that the context has already. */
static int mac(struct signer *signer, const char *text, size_t length, unsigned char *bytes) {
    size_t written;
    return EVP_MAC_update(signer->mac, (const unsigned char *)text, length) == 1 &&
                   EVP_MAC_final(signer->mac, bytes, &written, HASH_SIZE) == 1
               ? 0
               : -1;
}

static int set_key(struct signer *signer, const unsigned char *key, size_t length) {
    char name[] = "SHA256";
    OSSL_PARAM parameters[2];
    parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    return EVP_MAC_init(signer->mac, key, length, parameters) == 1 ? 0 : -1;
}

/* The key of a day is derived once. */
static int set_day(struct signer *signer, time_t at) {
    unsigned char key[256], derived[HASH_SIZE];
    struct tm utc;
    char date[sizeof "YYYY-MM-DD"];
    int length = snprintf((char *)key, sizeof key, "TC3%s", signer->secret_key);
    if (length < 0 || (size_t)length >= sizeof key || gmtime_r(&at, &utc) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%d", &utc) == 0)
        return -1;
    if (set_key(signer, key, (size_t)length) != 0 || mac(signer, date, strlen(date), derived) != 0 ||
        set_key(signer, derived, HASH_SIZE) != 0 || mac(signer, "trro", 4, derived) != 0 ||
        set_key(signer, derived, HASH_SIZE) != 0 || mac(signer, "tc3_request", 11, derived) != 0 ||
        set_key(signer, derived, HASH_SIZE) != 0)
        return -1;
    snprintf(signer->scope, sizeof signer->scope, "%s/trro/tc3_request", date);
    signer->day = at / SECONDS_PER_DAY;
    return 0;
}

int signer_sign(struct signer *signer, const struct to_sign *request, char *line, size_t size) {
    char text[1024], hex[HEX_SIZE];
    unsigned char signature[HASH_SIZE];
    int length;
    if (request->at / SECONDS_PER_DAY != signer->day) {
        if (set_day(signer, request->at) != 0)
            return -1;
    } else if (EVP_MAC_init(signer->mac, NULL, 0, NULL) != 1) {
        return -1;
    }
    if (hash(signer, request->body, request->body_length, hex) != 0)
        return -1;
    length = snprintf(text, sizeof text,
                      "POST\n/\n\ncontent-type:application/json\nhost:%s\nx-tc-action:%s\n\ncontent-type;host;x-tc-action\n%s",
                      request->host, request->action, hex);
    if (length < 0 || (size_t)length >= sizeof text || hash(signer, text, (size_t)length, hex) != 0)
        return -1;
    length = snprintf(text, sizeof text, "TC3-HMAC-SHA256\n%lld\n%s\n%s", (long long)request->at, signer->scope, hex);
    if (length < 0 || (size_t)length >= sizeof text || mac(signer, text, (size_t)length, signature) != 0)
        return -1;
    to_hex(signature, hex);
    length = snprintf(line, size,
                      "Authorization: TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=content-type;host;x-tc-action, "
                      "Signature=%s",
                      signer->secret_id, signer->scope, hex);
    return length < 0 || (size_t)length >= size ? -1 : 0;
}
