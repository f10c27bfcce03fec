/* Tells the emulator that a test runs against what to do, over its own port, and asks what it has seen. */
#ifndef CONTROL_H
#define CONTROL_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static inline int connection_to_emulator(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const char *port = strrchr(getenv("TRRO_ENDPOINT"), ':');
    const int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(port != NULL && stream >= 0);
    address.sin_port = htons((uint16_t)atoi(port + 1));
    CHECK(connect(stream, (struct sockaddr *)&address, sizeof address) == 0);
    return stream;
}

static inline void emulator(const char *command, const char *body, char *answer, size_t answer_size) {
    const int stream = connection_to_emulator();
    char head[256];
    size_t length = 0;
    ssize_t got;
    snprintf(head, sizeof head, "POST /_emulator/%s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", command, strlen(body));
    CHECK(write(stream, head, strlen(head)) == (ssize_t)strlen(head));
    CHECK(write(stream, body, strlen(body)) == (ssize_t)strlen(body));
    CHECK(shutdown(stream, SHUT_WR) == 0);
    while ((got = read(stream, answer + length, answer_size - 1 - length)) > 0)
        length += (size_t)got;
    answer[length] = '\0';
    close(stream);
    CHECK(strstr(answer, "\"error\"") == NULL);
}

static inline void tell_emulator(const char *command, const char *body) {
    char answer[1024];
    emulator(command, body, answer, sizeof answer);
}

/* How many requests the service has got. */
static inline long requests_seen(void) {
    char answer[1024];
    const char *number;
    emulator("statistics", "", answer, sizeof answer);
    number = strstr(answer, "\"requests\":");
    CHECK(number != NULL);
    return strtol(number + strlen("\"requests\":"), NULL, 10);
}

/* Devices of the project "p": a list of rows, as the service answers with them. */
static inline void set_devices(const char *rows) {
    static char body[64 * 1024];
    const int length = snprintf(body, sizeof body, "{\"Projects\":[{\"ProjectId\":\"p\",\"Devices\":[%s]}]}", rows);
    CHECK(length > 0 && (size_t)length < sizeof body);
    tell_emulator("devices", body);
}

static inline int64_t now_us(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Waits for what must come to pass. */
#define UNTIL(condition)                                                                 \
    do {                                                                                 \
        const int64_t began_us_ = now_us();                                              \
        while (!(condition)) {                                                           \
            if (now_us() - began_us_ > 20000000) {                                       \
                fprintf(stderr, "%s:%d: does not come: %s\n", __FILE__, __LINE__, #condition); \
                exit(1);                                                                 \
            }                                                                            \
            sleep_ms(1);                                                                 \
        }                                                                                \
    } while (0)

#endif
