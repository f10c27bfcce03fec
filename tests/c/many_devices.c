/* Lists many devices, and tells what it takes: how many they are, the milliseconds, and the KiB of memory at most above those of
 * the idle client. tests/product.rs runs it. Exit status 77: the kernel does not tell the most. */
#define _GNU_SOURCE
#include "control.h"
#include "process_memory.h"

static int count(void *user_data, const trro_device *device) {
    (void)device;
    ++*(long *)user_data;
    return 0;
}

static int stop(void *user_data, const trro_device *device) {
    (void)user_data;
    (void)device;
    return 1;
}

int main(void) {
    trro_client_config config = config_for_test();
    const trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_error error = uninitialised_error();
    trro_client *client;
    long devices = 0, idle_kib;
    int64_t began_us, took_us;
    int changed = 99;
    config.max_requests_per_s = 0;
    CHECK_STATUS(trro_client_new(&config, &client, &error), TRRO_STATUS_OK, &error);
    /* What a client needs once is there afterwards. */
    CHECK_STATUS(trro_for_each_device(client, &filter, stop, NULL, NULL, &error), TRRO_STATUS_OK, &error);
    forget_the_most();
    idle_kib = status_of_process("VmHWM:");
    began_us = now_us();
    CHECK_STATUS(trro_for_each_device(client, &filter, count, &devices, &changed, &error), TRRO_STATUS_OK, &error);
    took_us = now_us() - began_us;
    CHECK(changed == 0);
    printf("%ld %u %lld %ld\n", devices, (unsigned)error.attempts, (long long)(took_us / 1000),
           status_of_process("VmHWM:") - idle_kib);
    trro_client_free(client);
    return 0;
}
