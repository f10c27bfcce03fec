/* Calls where a program or a thread ends: what the library keeps of a thread may be gone by then. */
#include <pthread.h>

#include "calls.h"

static trro_client *client;
static pthread_key_t key;

/* The library is told to tell, since its own callbacks are what it counts for each thread. */
static void be_told(void *data, int32_t level, const char *message) {
    (void)data;
    CHECK(level != 0 && message[0] != '\0');
}

static void make_client(void) {
    trro_client_config config = config_for_test();
    config.log_fn = be_told;
    config.log_level = TRRO_LOG_LEVEL_DEBUG;
    client = client_of(&config);
}

static void use(void) {
    int64_t offset_ms;
    trro_error error;
    succeeds_at_once(client, "dev1");
    CHECK_STATUS(trro_client_clock_offset_ms(client, &offset_ms, &error), TRRO_STATUS_OK, &error);
    CHECK(offset_ms != TRRO_ABSENT);
}

static void use_and_free(void) {
    use();
    trro_client_free(client);
}

static void a_call_in_atexit_succeeds(void) {
    make_client();
    use();
    CHECK(atexit(use_and_free) == 0);
}

static void use_as_the_thread_ends(void *data) {
    CHECK(data == client);
    use();
}

static void *use_in_a_thread(void *data) {
    CHECK(pthread_setspecific(key, data) == 0);
    use();
    return NULL;
}

static void a_call_in_the_destructor_of_a_thread_key_succeeds(void) {
    pthread_t thread;
    make_client();
    CHECK(pthread_key_create(&key, use_as_the_thread_ends) == 0);
    CHECK(pthread_create(&thread, NULL, use_in_a_thread, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    use_and_free();
}

static const test tests[] = {
    {"a_call_in_atexit_succeeds", a_call_in_atexit_succeeds, "", 2},
    {"a_call_in_the_destructor_of_a_thread_key_succeeds", a_call_in_the_destructor_of_a_thread_key_succeeds, "", 3},
};
RUN_TESTS(tests)
