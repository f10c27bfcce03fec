/* The structs that a caller fills in, besides those of the typed calls (typed_calls.h), as a table: each field, and what is allowed
 * in it. */
#ifndef CALLERS_H
#define CALLERS_H

#include "control.h"
#include "typed_calls.h"

enum { MEGABYTE = 1 << 20 };

typedef enum { IS_POINTER, IS_TEXT, IS_UINT32, IS_INT32, IS_INT64 } field_kind;

typedef struct {
    const char *name;
    field_kind kind;
    size_t at;
    /* Of a number: what is taken besides 0. */
    int64_t least, most, also;
    /* Of a text: one of a megabyte is taken. */
    int may_be_long;
} caller_field;

typedef struct {
    /* As the messages have it. */
    const char *name;
    size_t size;
    /* Hands it over, with a copy of what is good in place of what was not given. */
    trro_status (*offer)(const void *object, trro_error *error);
    const void *initial;
    const caller_field *fields;
    size_t field_count;
} caller_struct;

/* Whom the structs are handed to. */
static trro_client *receiver;

static inline int see_row(void *user_data, const trro_device *device) {
    (void)user_data;
    (void)device;
    return 0;
}

static inline int see_step(void *user_data, const trro_diagnosis *diagnosis) {
    (void)user_data;
    (void)diagnosis;
    return 1;
}

static inline trro_status offer_config(const void *object, trro_error *error) {
    trro_client_config config = *(const trro_client_config *)object;
    trro_client *client;
    trro_status status;
    if (config.endpoint == NULL)
        config.endpoint = getenv("TRRO_ENDPOINT");
    status = trro_client_new(&config, &client, error);
    CHECK((client != NULL) == (status == TRRO_STATUS_OK));
    trro_client_free(client);
    return status;
}

static inline trro_status offer_credentials(const void *object, trro_error *error) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    config.credentials = object;
    return offer_config(&config, error);
}

static inline trro_status offer_filter(const void *object, trro_error *error) {
    return trro_for_each_device(receiver, object, see_row, NULL, NULL, error);
}

static inline trro_status offer_query(const void *object, trro_error *error) {
    trro_authorization authorization;
    return trro_check_authorization(receiver, object, &authorization, error);
}

static inline trro_status offer_query_to_diagnose(const void *object, trro_error *error) {
    return trro_client_diagnose(receiver, object, see_step, NULL, error);
}

static inline trro_status offer_watch_config(const void *object, trro_error *error) {
    trro_watch *watch;
    const trro_status status = trro_watch_new(receiver, object, &watch, error);
    CHECK((watch != NULL) == (status == TRRO_STATUS_OK));
    CHECK(trro_watch_free(watch) == TRRO_STATUS_OK);
    return status;
}

static inline trro_status offer_watched_query(const void *object, trro_error *error) {
    trro_watch_config config = TRRO_WATCH_CONFIG_INIT;
    config.query = object;
    return offer_watch_config(&config, error);
}

/* STRUCT is the struct, while its table is written. */
#define FIELD(kind_, name_) .name = #name_, .kind = kind_, .at = offsetof(STRUCT, name_)
#define TEXT_OF(name) {FIELD(IS_TEXT, name)}
#define LONG_TEXT_OF(name) {FIELD(IS_TEXT, name), .may_be_long = 1}
#define POINTER_OF(name) {FIELD(IS_POINTER, name)}
#define RANGE_OF(kind, name, least_, most_) {FIELD(kind, name), .least = least_, .most = most_}

#define STRUCT trro_client_config
static const caller_field config_fields[] = {
    POINTER_OF(credentials),
    POINTER_OF(credentials_fn),
    POINTER_OF(credentials_data),
    TEXT_OF(cvm_role),
    TEXT_OF(endpoint),
    LONG_TEXT_OF(region),
    TEXT_OF(language),
    TEXT_OF(ca_file),
    TEXT_OF(client_cert_file),
    TEXT_OF(client_key_file),
    TEXT_OF(proxy),
    LONG_TEXT_OF(no_proxy),
    TEXT_OF(network_interface),
    LONG_TEXT_OF(user_agent),
    RANGE_OF(IS_UINT32, deadline_ms, 1, 600000),
    RANGE_OF(IS_UINT32, connect_timeout_ms, 1, 600000),
    RANGE_OF(IS_UINT32, max_attempts, 1, 100),
    RANGE_OF(IS_UINT32, max_response_bytes, 1, UINT32_MAX),
    {FIELD(IS_UINT32, max_requests_per_s), .least = 1, .most = 1000, .also = TRRO_UNLIMITED},
    RANGE_OF(IS_UINT32, fleet_size, 0, 1000000),
    RANGE_OF(IS_INT32, log_level, TRRO_LOG_LEVEL_ERROR, TRRO_LOG_LEVEL_DEBUG),
    POINTER_OF(log_fn),
    POINTER_OF(log_data),
};
#undef STRUCT

#define STRUCT trro_credentials
static const caller_field credentials_fields[] = {
    LONG_TEXT_OF(secret_id),   LONG_TEXT_OF(secret_key), LONG_TEXT_OF(token),
    POINTER_OF(signing_key),   POINTER_OF(signing_date), RANGE_OF(IS_INT64, expires_at_s, 0, INT64_MAX),
};
static const caller_field day_key_fields[] = {
    LONG_TEXT_OF(secret_id), POINTER_OF(secret_key), LONG_TEXT_OF(token),
    POINTER_OF(signing_key), TEXT_OF(signing_date),  RANGE_OF(IS_INT64, expires_at_s, 0, INT64_MAX),
};
#undef STRUCT

#define STRUCT trro_device_filter
static const caller_field filter_fields[] = {
    LONG_TEXT_OF(project_id),
    LONG_TEXT_OF(device_id),
    RANGE_OF(IS_INT64, page_size, 1, 10000),
    RANGE_OF(IS_UINT32, deadline_ms, 1, 600000),
    RANGE_OF(IS_UINT32, reserved, 0, 0),
};
#undef STRUCT

#define STRUCT trro_authorization_query
static const caller_field query_fields[] = {
    LONG_TEXT_OF(project_id),
    LONG_TEXT_OF(device_id),
    RANGE_OF(IS_UINT32, streams, 0, INT32_MAX),
    RANGE_OF(IS_UINT32, deadline_ms, 1, 600000),
    RANGE_OF(IS_UINT32, ask_available, 0, 1),
    RANGE_OF(IS_UINT32, reserved, 0, 0),
};
static const caller_field watched_query_fields[] = {
    LONG_TEXT_OF(project_id),
    LONG_TEXT_OF(device_id),
    RANGE_OF(IS_UINT32, streams, 0, INT32_MAX),
    RANGE_OF(IS_UINT32, deadline_ms, 1, 600000),
    RANGE_OF(IS_UINT32, ask_available, 0, 0),
    RANGE_OF(IS_UINT32, reserved, 0, 0),
};
#undef STRUCT

#define STRUCT trro_watch_config
static const caller_field watch_fields[] = {
    POINTER_OF(query),
    /* log_fn is told that it cannot be used. */
    LONG_TEXT_OF(snapshot_path),
    POINTER_OF(snapshot_key),
    POINTER_OF(changed_fn),
    POINTER_OF(changed_data),
    RANGE_OF(IS_UINT32, period_s, 1, 86400),
    RANGE_OF(IS_UINT32, max_stale_s, 1, 31536000),
};
#undef STRUCT

static const trro_client_config good_config = TRRO_CLIENT_CONFIG_INIT;
static const trro_credentials good_credentials = {sizeof good_credentials, "AKIDEXAMPLE", "key", NULL, NULL, NULL, 0};
static const uint8_t zeros[TRRO_SIGNING_KEY_SIZE];
static const trro_credentials good_day_key = {sizeof good_day_key, "AKIDEXAMPLE", NULL, NULL, zeros, "2026-01-01", 0};
static const trro_device_filter good_filter = {sizeof good_filter, "p", "d", 0, 0, 0};
static const trro_authorization_query good_query = {sizeof good_query, "p", "d", 0, 0, 0, 0};
static const trro_watch_config good_watch = {sizeof good_watch, &good_query, NULL, NULL, NULL, NULL, 0, 0};

#define CALLER_STRUCT(name, offer, good, fields) {name, sizeof good, offer, &good, fields, COUNT_OF(fields)}
static const caller_struct STRUCTS[] = {
    CALLER_STRUCT("config", offer_config, good_config, config_fields),
    CALLER_STRUCT("config->credentials", offer_credentials, good_credentials, credentials_fields),
    CALLER_STRUCT("config->credentials", offer_credentials, good_day_key, day_key_fields),
    CALLER_STRUCT("filter", offer_filter, good_filter, filter_fields),
    CALLER_STRUCT("query", offer_query, good_query, query_fields),
    CALLER_STRUCT("query", offer_query_to_diagnose, good_query, query_fields),
    CALLER_STRUCT("config", offer_watch_config, good_watch, watch_fields),
    CALLER_STRUCT("config->query", offer_watched_query, good_query, watched_query_fields),
};

static inline size_t size_of_kind(field_kind kind) {
    return kind == IS_UINT32 || kind == IS_INT32 ? sizeof(int32_t) : kind == IS_INT64 ? sizeof(int64_t) : sizeof(void *);
}

/* The struct with one field set to what is at `value`. */
static inline any_request with_field(const caller_struct *of, const caller_field *field, const void *value) {
    any_request object;
    memset(&object, 0, sizeof object);
    CHECK(of->size <= sizeof object.bytes);
    memcpy(object.bytes, of->initial, of->size);
    memcpy(object.bytes + field->at, value, size_of_kind(field->kind));
    return object;
}

/* The place of one field, and what is wrong with it, at the beginning of a message of one line. */
static inline void check_named(const trro_error *error, const char *name, const char *fault) {
    const char *byte;
    if (strncmp(error->message, name, strlen(name)) != 0 || strstr(error->message, fault) == NULL) {
        fprintf(stderr, "\"%.255s\" does not say \"%s ... %s\"\n", error->message, name, fault);
        exit(1);
    }
    CHECK(strchr(" [-", error->message[strlen(name)]) != NULL);
    for (byte = error->message; *byte != '\0'; byte++)
        CHECK((unsigned char)*byte >= ' ' && *byte != 0x7f);
    CHECK(error->attempts == 0 && error->outcome_unknown == 0 && error->retryable == 0);
}

static inline char *megabyte_of(char letter) {
    char *text = malloc(MEGABYTE + 1);
    CHECK(text != NULL);
    memset(text, letter, MEGABYTE);
    text[MEGABYTE] = '\0';
    return text;
}

#endif
