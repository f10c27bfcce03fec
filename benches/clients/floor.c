/* The floor of the machine: a socket, over HTTPS with OpenSSL on it, that sends one prepared request and reads the whole answer. Uses
 * libssl.
 *
 * It signs nothing anew and decodes nothing: what it costs is what no client can save. */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const int client_decodes = 0;

enum { LARGEST_ANSWER = 1 << 20 };

static int descriptor = -1;
static SSL_CTX *context;
static SSL *session;
static char request[2048], answer[LARGEST_ANSWER + 1];
static size_t request_length;
/* Of the first answer: each later one has to be as long. */
static size_t answer_length;
static long device_count;

static int failed(const char *what) {
    perror(what);
    return -1;
}

static int failed_tls(const char *what) {
    fprintf(stderr, "%s: %s\n", what, ERR_error_string(ERR_get_error(), NULL));
    return -1;
}

/* As long as a signed request is, with a signature that is none. */
static int prepare(const struct settings *settings, const char *host) {
    char body[64];
    int body_length = snprintf(body, sizeof body, "{\"PageNum\":1,\"PageSize\":%zu}", settings->device_count);
    int length = snprintf(request, sizeof request,
                          "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
                          "Authorization: TC3-HMAC-SHA256 Credential=%s/2026-01-01/trro/tc3_request, "
                          "SignedHeaders=content-type;host;x-tc-action, Signature=%064d\r\nX-TC-Action: GetDevices\r\n"
                          "X-TC-Version: 2022-03-25\r\nX-TC-Timestamp: 1767225600\r\nX-TC-Language: en-US\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                          host, settings->secret_id, 0, body_length, body);
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "the request is too long\n");
        return -1;
    }
    request_length = (size_t)length;
    return 0;
}

static int connect_to(unsigned port) {
    struct sockaddr_in address;
    int on = 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        return failed("socket");
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        return failed("connect");
    return 0;
}

static int shake_hands(const char *ca_file) {
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1)
        return failed_tls("cannot read the authorities");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    session = SSL_new(context);
    if (session == NULL || SSL_set_tlsext_host_name(session, "localhost") != 1 ||
        SSL_set1_host(session, "localhost") != 1 || SSL_set_fd(session, descriptor) != 1)
        return failed_tls("cannot make a session");
    if (SSL_connect(session) != 1)
        return failed_tls("cannot shake hands");
    return 0;
}

int client_set_up(const struct settings *settings) {
    const char *host = strstr(settings->url, "//"), *port = strrchr(settings->url, ':');
    if (host == NULL || port == NULL || port < host) {
        fprintf(stderr, "%s has no port\n", settings->url);
        return -1;
    }
    if (prepare(settings, host + 2) != 0 || connect_to((unsigned)strtoul(port + 1, NULL, 10)) != 0)
        return -1;
    return settings->ca_file == NULL ? 0 : shake_hands(settings->ca_file);
}

static ssize_t receive(char *room, size_t size) {
    if (session == NULL)
        return recv(descriptor, room, size, 0);
    return SSL_read(session, room, (int)size);
}

static int send_request(void) {
    if (session == NULL)
        return send(descriptor, request, request_length, MSG_NOSIGNAL) == (ssize_t)request_length;
    return SSL_write(session, request, (int)request_length) == (int)request_length;
}

/* The length of the whole answer, by its head; 0 while the head is not whole. */
static size_t announced(size_t length) {
    const char *field, *end = memmem(answer, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    field = memmem(answer, (size_t)(end - answer), "\r\nContent-Length: ", 18);
    return field == NULL ? 0 : (size_t)(end + 4 - answer) + strtoul(field + 18, NULL, 10);
}

static long devices_in(size_t length) {
    const char *rest = answer;
    long devices = 0;
    while ((rest = memmem(rest, (size_t)(answer + length - rest), "\"DeviceId\"", 10)) != NULL) {
        devices++;
        rest++;
    }
    return devices;
}

long client_call(void) {
    size_t length = 0, whole = 0;
    if (!send_request())
        return failed("send");
    while (whole == 0 || length < whole) {
        ssize_t received = receive(answer + length, LARGEST_ANSWER - length);
        if (received <= 0)
            return failed("receive");
        length += (size_t)received;
        if (whole == 0)
            whole = announced(length);
    }
    if (answer_length == 0) {
        answer_length = length;
        device_count = devices_in(length);
    }
    if (length != answer_length) {
        fprintf(stderr, "%zu bytes came, and at first %zu\n", length, answer_length);
        return -1;
    }
    return device_count;
}

void client_device(size_t index, struct device *device) {
    (void)index;
    memset(device, 0, sizeof *device);
}

void client_tear_down(void) {
    SSL_free(session);
    SSL_CTX_free(context);
    close(descriptor);
}
