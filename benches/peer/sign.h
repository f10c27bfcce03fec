/* TC3-HMAC-SHA256 as one writes it by hand. Uses libcrypto. */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>
#include <time.h>

struct signer;

/* NULL after a failure. The strings have to stay. */
struct signer *signer_new(const char *secret_id, const char *secret_key);

void signer_free(struct signer *signer);

/* What of a request is signed; the method is POST, the content type application/json. */
struct to_sign {
    const char *host;
    /* In lower case. */
    const char *action;
    const char *body;
    size_t body_length;
    time_t at;
};

/* Writes the header's line. 0, or -1 after a failure. */
int signer_sign(struct signer *signer, const struct to_sign *request, char *line, size_t size);

#endif
