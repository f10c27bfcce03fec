/* What a client takes from its process. tests/variants.rs runs it, and reads what it writes: KiB that an idle client takes
 * after a call, KiB that calls take above that at most, and bytes of stack that a call takes. Exit status 77: the kernel does
 * not tell the most. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "calls.h"
#include "process_memory.h"

enum { CALLS = 5, STACK = 1 << 20, PATTERN = 0xa5 };

/* Credentials are given, since the smallest build looks for none. */
static trro_client *client_with_credentials(void) {
    trro_client_config config = config_for_test();
    trro_credentials credentials = TRRO_CREDENTIALS_INIT;
    credentials.secret_id = getenv("TENCENTCLOUD_SECRET_ID");
    credentials.secret_key = getenv("TENCENTCLOUD_SECRET_KEY");
    config.credentials = &credentials;
    return client_of(&config);
}

static void *call_in_a_thread(void *client) {
    trro_error error = uninitialised_error();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    return NULL;
}

/* The first call of a client over TLS, on a stack that shows how far down it was written to. */
static long stack_of_first_call(trro_client *client) {
    unsigned char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    long untouched = 0;
    CHECK(stack != MAP_FAILED);
    memset(stack, PATTERN, STACK);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, call_in_a_thread, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    while (untouched < STACK && stack[untouched] == PATTERN)
        untouched++;
    munmap(stack, STACK);
    return STACK - untouched;
}

int main(void) {
    trro_error error = uninitialised_error();
    trro_client *client;
    long before, idle, most, stack;
    int i;
    before = status_of_process("VmRSS:");
    client = client_with_credentials();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    forget_the_most();
    idle = status_of_process("VmHWM:");
    for (i = 0; i < CALLS; i++)
        CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    most = status_of_process("VmHWM:");
    trro_client_free(client);
    client = client_with_credentials();
    stack = stack_of_first_call(client);
    trro_client_free(client);
    printf("%ld %ld %ld\n", idle - before, most - idle, stack);
    return 0;
}
