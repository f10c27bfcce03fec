/* Signals: an interval timer of the host program, and SIGPIPE. Run over HTTP by tests/c_programs.rs, over TLS by
 * tests/product.rs. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "calls.h"

enum { DEADLINE_MS = 300, NOISE_MS = 1500, LONG_ID = 8 << 20 };

static volatile sig_atomic_t interruptions;

static char *long_id(void) {
    char *id = malloc(LONG_ID + 1);
    CHECK(id != NULL);
    memset(id, 'i', LONG_ID);
    id[LONG_ID] = '\0';
    return id;
}

static int listen_on_loopback(int backlog, struct sockaddr_in *address) {
    socklen_t length = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)address, length) == 0 && listen(listener, backlog) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)address, &length) == 0);
    return listener;
}

static void count_interruption(int signal_number) {
    (void)signal_number;
    interruptions++;
}

/* Without SA_RESTART every system call that waits ends with EINTR. */
static void be_interrupted_every_millisecond(void) {
    const struct itimerval millisecond = {{0, 1000}, {0, 1000}};
    struct sigaction action = {0};
    action.sa_handler = count_interruption;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &millisecond, NULL) == 0);
}

/* The first answer is late, the second comes a byte at a time. */
static void interrupted_calls_succeed_at_once(void) {
    trro_client *client;
    char *id = long_id();
    int i;
    be_interrupted_every_millisecond();
    client = client_for_test();
    for (i = 0; i < 10; i++)
        succeeds_at_once(client, "dev1");
    succeeds_at_once(client, id);
    CHECK(interruptions > 100);
    trro_client_free(client);
    free(id);
}

static void an_interrupted_wait_before_a_retry_is_no_shorter(void) {
    trro_client_config config = config_for_test();
    trro_client *client;
    trro_error error = uninitialised_error();
    int64_t began_ms = now_ms();
    config.max_attempts = 2;
    be_interrupted_every_millisecond();
    client = client_of(&config);
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    CHECK(error.attempts == 2 && now_ms() - began_ms >= 1000);
    trro_client_free(client);
}

static void an_interrupted_lookup_fails_for_its_own_reason(void) {
    trro_client *client = client_without_an_address();
    trro_error error = uninitialised_error();
    be_interrupted_every_millisecond();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_RESOLVE_FAILED, &error);
    CHECK(error.os_error != EINTR);
    trro_client_free(client);
}

static void ends_at_its_deadline(const trro_client *client) {
    trro_error error = uninitialised_error();
    int64_t began_ms = now_ms(), took_ms;
    CHECK_STATUS(get_device(client, "dev1", DEADLINE_MS, &error), TRRO_STATUS_TIMEOUT, &error);
    took_ms = now_ms() - began_ms;
    CHECK(took_ms >= DEADLINE_MS && took_ms < DEADLINE_MS + NOISE_MS);
}

static void an_interrupted_call_ends_at_its_deadline(void) {
    trro_client *client = client_for_test();
    be_interrupted_every_millisecond();
    ends_at_its_deadline(client);
    trro_client_free(client);
}

/* A connection to a listener whose queue is full is neither made nor refused. */
static void an_interrupted_connect_ends_at_its_deadline(void) {
    struct sockaddr_in address;
    trro_client_config config = config_for_test();
    trro_client *client;
    char endpoint[64];
    int sockets[4], listener = listen_on_loopback(0, &address), i;
    for (i = 0; i < 4; i++) {
        sockets[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        CHECK(connect(sockets[i], (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    }
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", ntohs(address.sin_port));
    config.endpoint = endpoint;
    client = client_of(&config);
    be_interrupted_every_millisecond();
    ends_at_its_deadline(client);
    trro_client_free(client);
    for (i = 0; i < 4; i++)
        close(sockets[i]);
    close(listener);
}

static void pass_on(int from, int to, long *heard) {
    char bytes[16 * 1024];
    ssize_t length = read(from, bytes, sizeof bytes);
    *heard = length > 0 ? *heard + length : -1;
    if (length > 0 && send(to, bytes, (size_t)length, MSG_NOSIGNAL) != length)
        *heard = -1;
}

/* Passes on what goes between a client and the service, until the client has said more than any handshake and short
 * request is long; then it says that it will send nothing, and goes away with the rest unread. Who goes on writing gets
 * EPIPE, and SIGPIPE unless it asked not to. */
static void pass_on_until_much_is_heard(int client, int server) {
    struct pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    long heard = 0, said = 0;
    while (heard >= 0 && heard < 64 * 1024 && said >= 0) {
        CHECK(poll(ends, 2, -1) > 0);
        if (ends[0].revents != 0)
            pass_on(client, server, &heard);
        if (ends[1].revents != 0)
            pass_on(server, client, &said);
    }
    shutdown(client, SHUT_WR);
    close(client);
    close(server);
}

static void *be_in_between(void *listener) {
    struct sockaddr_in service = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int client, connections = 0;
    service.sin_port = htons((uint16_t)atoi(strrchr(getenv("TRRO_ENDPOINT"), ':') + 1));
    /* Until the listener is shut down. */
    while ((client = accept(*(int *)listener, NULL, NULL)) >= 0) {
        int server = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(server >= 0 && connect(server, (struct sockaddr *)&service, sizeof service) == 0);
        pass_on_until_much_is_heard(client, server);
        connections++;
    }
    CHECK(connections == 2);
    return NULL;
}

/* On a connection that has carried a request before, and then on the new one that takes its place. */
static void sigpipe_comes_on_no_connection(void) {
    struct sockaddr_in address;
    int listener = listen_on_loopback(4, &address);
    trro_client_config config = config_for_test();
    char endpoint[64], *id = long_id();
    trro_client *client;
    pthread_t between;
    trro_error error = uninitialised_error();
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    CHECK(pthread_create(&between, NULL, be_in_between, &listener) == 0);
    snprintf(endpoint, sizeof endpoint, "%.*s:%d", (int)(strrchr(config.endpoint, ':') - config.endpoint),
             config.endpoint, ntohs(address.sin_port));
    config.endpoint = endpoint;
    client = client_of(&config);
    succeeds_at_once(client, "dev1");
    CHECK_STATUS(get_device(client, id, 0, &error), TRRO_STATUS_CONNECT_FAILED, &error);
    CHECK(error.os_error == EPIPE);
    trro_client_free(client);
    CHECK(shutdown(listener, SHUT_RDWR) == 0 && pthread_join(between, NULL) == 0);
    close(listener);
    free(id);
}

static const test tests[] = {
    {"interrupted_calls_succeed_at_once", interrupted_calls_succeed_at_once, "late:200|drip:1", 11},
    {"an_interrupted_wait_before_a_retry_is_no_shorter", an_interrupted_wait_before_a_retry_is_no_shorter, "unavailable-for:1", 2},
    {"an_interrupted_lookup_fails_for_its_own_reason", an_interrupted_lookup_fails_for_its_own_reason, "", 0},
    {"an_interrupted_call_ends_at_its_deadline", an_interrupted_call_ends_at_its_deadline, "stall-head", 1},
    {"an_interrupted_connect_ends_at_its_deadline", an_interrupted_connect_ends_at_its_deadline, "", 0},
    {"sigpipe_comes_on_no_connection", sigpipe_comes_on_no_connection, "", 1},
};
RUN_TESTS(tests)
