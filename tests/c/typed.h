/* The calls that have a function of their own, as a table: what each takes and gives, so that a rule that all of them keep to is
 * tested once and of all of them. */
#ifndef TYPED_H
#define TYPED_H

#include "check.h"

/* What a parameter has to be like. */
typedef enum {
    ANY,
    PROJECT_NAME,
    DESCRIPTION,
    NEW_DEVICE_ID,
    DEVICE_NAME,
    DEVICE_TOKEN,
    DEVICE_TYPE,
    POLICY_MODE,
    MODIFY_MODE,
    INTERVAL,
    LIST,
    /* From here on numbers. */
    PAGE,
    SIZE_OF_A_PAGE,
    MOMENT,
    STATUS_FILTER,
} rule;

typedef struct {
    const char *name;
    size_t at, count_at;
    rule rule;
    int is_required;
    /* A value that the emulator takes, of whichever kind it is. */
    const char *text;
    int64_t number;
    const char *const *list;
    size_t list_count;
} parameter_entry;

typedef enum { TEXT, NUMBER, TEXTS, ROWS } kind;

struct record;

/* A field of an answer. */
typedef struct {
    const char *json;
    kind kind;
    size_t at, count_at;
    const struct record *row;
} field_entry;

typedef struct record {
    size_t size, field_count;
    const field_entry *fields;
} record;

/* Room for every request, and for what a newer header may have behind it. */
typedef union {
    size_t struct_size;
    int64_t alignment;
    char bytes[256];
} any_request;

typedef struct {
    const char *action, *function, *init, *output;
    trro_status (*call)(const trro_client *, const void *, void *, size_t, const void **, size_t *, trro_error *);
    const void *initial;
    size_t size, deadline_ms_at, reserved_at;
    int changes;
    const parameter_entry *parameters;
    size_t parameter_count;
    record response;
} typed_call;

static inline int is_number(const parameter_entry *parameter) {
    return parameter->rule >= PAGE;
}

static inline int is_text(const parameter_entry *parameter) {
    return parameter->rule < LIST;
}

static inline void set_text(any_request *request, const parameter_entry *parameter, const char *text) {
    memcpy(request->bytes + parameter->at, &text, sizeof text);
}

static inline void set_number(any_request *request, const parameter_entry *parameter, int64_t number) {
    memcpy(request->bytes + parameter->at, &number, sizeof number);
}

static inline void set_list(any_request *request, const parameter_entry *parameter, const char *const *list, size_t count) {
    memcpy(request->bytes + parameter->at, &list, sizeof list);
    memcpy(request->bytes + parameter->count_at, &count, sizeof count);
}

static inline void set_good(any_request *request, const parameter_entry *parameter) {
    if (is_number(parameter))
        set_number(request, parameter, parameter->number);
    else if (is_text(parameter))
        set_text(request, parameter, parameter->text);
    else
        set_list(request, parameter, parameter->list, parameter->list_count);
}

/* What the _INIT macro says, in memory of zero. */
static inline any_request initial_request(const typed_call *call) {
    any_request request;
    memset(&request, 0, sizeof request);
    memcpy(request.bytes, call->initial, call->size);
    return request;
}

static inline any_request required_request(const typed_call *call) {
    any_request request = initial_request(call);
    size_t i;
    for (i = 0; i < call->parameter_count; i++)
        if (call->parameters[i].is_required)
            set_good(&request, &call->parameters[i]);
    return request;
}

static inline any_request full_request(const typed_call *call) {
    any_request request = initial_request(call);
    size_t i;
    for (i = 0; i < call->parameter_count; i++)
        set_good(&request, &call->parameters[i]);
    return request;
}

/* How many elements the lists of a full request have. */
static inline size_t ids_of(const typed_call *call) {
    size_t i, ids = 0;
    for (i = 0; i < call->parameter_count; i++)
        ids += call->parameters[i].list_count;
    return ids;
}

static inline const char *text_at(const void *object, const field_entry *field) {
    const char *text;
    memcpy(&text, (const char *)object + field->at, sizeof text);
    return text;
}

static inline int64_t number_at(const void *object, const field_entry *field) {
    int64_t number;
    memcpy(&number, (const char *)object + field->at, sizeof number);
    return number;
}

static inline size_t count_at(const void *object, const field_entry *field) {
    size_t count;
    memcpy(&count, (const char *)object + field->count_at, sizeof count);
    return count;
}

/* Where the elements of a list are, strings or rows. */
static inline const char *elements_at(const void *object, const field_entry *field) {
    const char *elements;
    memcpy(&elements, (const char *)object + field->at, sizeof elements);
    return elements;
}

static inline const void *element_at(const void *object, const field_entry *field, size_t index) {
    const void *element;
    memcpy(&element, elements_at(object, field) + index * sizeof element, sizeof element);
    return element;
}

#endif
