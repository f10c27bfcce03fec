/* Every size of a buffer from 0 to enough, for every function that fills one: nothing outside of it changes, and what is said to be
 * needed is enough. Of trro_get_devices() and trro_load_device_config() at every alignment too: buffers.c, device_config.c. */
#define _GNU_SOURCE
#include "callers.h"

enum { GUARD = 64, MOST = TRRO_CHANGE_BUFFER_SIZE(16) };

/* A buffer between two pieces that nobody may write to. */
static unsigned char memory[GUARD + MOST + GUARD];

static char *fresh_buffer(void) {
    memset(memory, 0x5a, sizeof memory);
    return (char *)memory + GUARD;
}

static void check_outside(size_t size) {
    size_t i;
    for (i = 0; i < GUARD; i++)
        CHECK(memory[i] == 0x5a);
    for (i = GUARD + size; i < sizeof memory; i++)
        CHECK(memory[i] == 0x5a);
}

/* A function that fills a buffer; what it gives back lies in `result`, or is NULL. */
typedef trro_status filler(const void *context, void *buffer, size_t buffer_size, const void **result, size_t *needed,
                           trro_error *error);

static void every_size(filler *fill, const void *context) {
    size_t size, needed = 0;
    for (size = 0; size <= MOST; size++) {
        const void *result = memory;
        size_t needed_now = 7;
        trro_error error = uninitialised_error();
        const trro_status status = fill(context, fresh_buffer(), size, &result, &needed_now, &error);
        check_outside(size);
        if (status == TRRO_STATUS_OK) {
            CHECK(size > 0 && needed_now <= size && size <= needed);
            CHECK((const unsigned char *)result >= memory + GUARD && (const unsigned char *)result < memory + GUARD + size);
            return;
        }
        CHECK_STATUS(status, TRRO_STATUS_BUFFER_TOO_SMALL, &error);
        CHECK(result == NULL && needed_now > size && (size == 0 || needed_now == needed));
        needed = needed_now;
    }
    CHECK(0);
}

static trro_status fill_typed(const void *context, void *buffer, size_t buffer_size, const void **result, size_t *needed,
                              trro_error *error) {
    const typed_call *call = context;
    const any_request request = full_request(call);
    return call->call(receiver, &request, buffer, buffer_size, result, needed, error);
}

static void every_size_for_every_typed_call_that_reads(void) {
    const typed_call *call;
    tell_emulator("always", "answer:{\"Response\":{\"RequestId\":\"0123456789\"}}");
    receiver = client_for_test();
    for (call = CALLS; call < CALLS + COUNT_OF(CALLS); call++)
        if (!call->changes)
            every_size(fill_typed, call);
    trro_client_free(receiver);
}

/* Not sent without room for every answer; who asks again with what is needed has room. */
static void every_size_for_every_typed_call_that_changes(void) {
    const typed_call *call;
    const long before = requests_seen();
    receiver = client_for_test();
    for (call = CALLS; call < CALLS + COUNT_OF(CALLS); call++) {
        const size_t least = TRRO_CHANGE_BUFFER_SIZE(ids_of(call));
        size_t size;
        fresh_buffer();
        for (size = 0; size < least && call->changes; size++) {
            const void *result = memory;
            size_t needed = 7;
            trro_error error = uninitialised_error();
            CHECK_STATUS(fill_typed(call, memory + GUARD, size, &result, &needed, &error), TRRO_STATUS_BUFFER_TOO_SMALL, &error);
            CHECK(result == NULL && needed == least && error.attempts == 0 && error.outcome_unknown == 0);
        }
        check_outside(0);
    }
    CHECK(requests_seen() == before);
    trro_client_free(receiver);
}

static trro_status fill_json(const void *context, void *buffer, size_t buffer_size, const void **result, size_t *needed,
                             trro_error *error) {
    size_t length = 7;
    const trro_status status = trro_call(receiver, context, "{}", buffer, buffer_size, &length, needed, error);
    *result = status == TRRO_STATUS_OK ? buffer : NULL;
    CHECK(status == TRRO_STATUS_OK ? strlen(buffer) == length : length == 0);
    return status;
}

static void every_size_for_json(void) {
    receiver = client_for_test();
    every_size(fill_json, "GetLicenseStat");
    trro_client_free(receiver);
}

static trro_status fill_query(const void *path, void *buffer, size_t buffer_size, const void **result, size_t *needed,
                              trro_error *error) {
    const trro_authorization_query *query = *result;
    const trro_status status = trro_load_device_config(path, buffer, buffer_size, &query, needed, error);
    *result = query;
    return status;
}

static void every_size_for_a_file_of_a_device(void) {
    char path[512];
    FILE *file;
    snprintf(path, sizeof path, "%s/config.json", getenv("HOME"));
    file = fopen(path, "w");
    CHECK(file != NULL && fputs("{\"projectid\":\"p\",\"device_id\":\"d\",\"device_streams\":2}", file) >= 0);
    CHECK(fclose(file) == 0);
    every_size(fill_query, path);
}

/* These have a size that is said once: as much is written, and no byte more, at any alignment. */
static void what_has_one_size_is_written_whole_and_alone(void) {
    trro_client *client = client_for_test();
    size_t shift;
    tell_emulator("always", "answer:{\"Response\":{\"RequestId\":\"r\"}}");
    for (shift = 0; shift < 16; shift++) {
        char *begin = fresh_buffer();
        void *place = begin + shift;
        CHECK(trro_derive_signing_key("secret", "2026-01-01", place, NULL) == TRRO_STATUS_OK);
        check_outside(shift + TRRO_SIGNING_KEY_SIZE);
        fresh_buffer();
        CHECK(trro_client_resume(client, place) == TRRO_STATUS_OK);
        check_outside(shift + sizeof(trro_error));
        fresh_buffer();
        CHECK(trro_check_authorization(client, &good_query, place, NULL) == TRRO_STATUS_OK);
        check_outside(shift + sizeof(trro_authorization));
        fresh_buffer();
        CHECK(trro_client_clock_offset_ms(client, place, NULL) == TRRO_STATUS_OK);
        check_outside(shift + sizeof(int64_t));
        fresh_buffer();
        CHECK(trro_device_verdict(&(trro_device){.license_count = 1}, 1, 0, place) == TRRO_STATUS_OK);
        check_outside(shift + sizeof(trro_verdict));
        fresh_buffer();
        CHECK(trro_watch_read(NULL, place) == TRRO_STATUS_INVALID_ARGUMENT);
        check_outside(shift + sizeof(trro_authorization));
        CHECK(shift == 0 || begin[shift - 1] == 0x5a);
    }
    trro_client_free(client);
}

static const test tests[] = {
    {"every_size_for_every_typed_call_that_reads", every_size_for_every_typed_call_that_reads, "", READING_COUNT},
    {"every_size_for_every_typed_call_that_changes", every_size_for_every_typed_call_that_changes, "", 0},
    {"every_size_for_json", every_size_for_json, "", 1},
    {"every_size_for_a_file_of_a_device", every_size_for_a_file_of_a_device, "", 0},
    {"what_has_one_size_is_written_whole_and_alone", what_has_one_size_is_written_whole_and_alone, "", 16},
};
RUN_TESTS(tests)
