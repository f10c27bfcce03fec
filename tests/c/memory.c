/* How much memory a client takes while it is idle, and at most while the service sends what is too much. tests/product.rs
 * runs it, and reads what it writes: KiB before there is a client, after a call, and at most in more calls; and the
 * most threads that were there after any of them. Exit status 77: the kernel does not tell the most. */
#define _GNU_SOURCE

#include "calls.h"
#include "process_memory.h"

enum { CALLS = 3 };

int main(void) {
    trro_error error = uninitialised_error();
    trro_client *client;
    long before, idle, threads = 0;
    int i;
    before = status_of_process("VmRSS:");
    client = client_for_test();
    CHECK_STATUS(get(client, &error), TRRO_STATUS_OK, &error);
    forget_the_most();
    idle = status_of_process("VmHWM:");
    for (i = 0; i < CALLS; i++) {
        trro_status status = get(client, &error);
        CHECK_TEXT(trro_status_name(status), getenv("TEST_EXPECTED_STATUS"));
        if (threads < status_of_process("Threads:"))
            threads = status_of_process("Threads:");
    }
    printf("%ld %ld %ld %ld\n", before, idle, status_of_process("VmHWM:"), threads);
    trro_client_free(client);
    return 0;
}
