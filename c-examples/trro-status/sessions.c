/* trro-status sessions: those of a project or a device, or with --recent those of the last two hours, as a table or as JSON. */
#include "status.h"

#include <string.h>

enum { WIDEST_ID = 64, MOMENT_WIDTH = 19 };

/* What the rows of both lists have. */
typedef struct {
    const char *session_id, *remote_device_id, *field_device_id, *resolution;
    int64_t start_time_s;
} common;

/* Whether it is a session of the device that is asked for: how the service compares ids is documented nowhere. */
static int is_wanted(const options *options, const char *remote_device_id, const char *field_device_id) {
    const char *id = options->device_id;
    return id == NULL || strcmp(id, remote_device_id) == 0 || strcmp(id, field_device_id) == 0;
}

static trro_status ask_for_sessions(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    trro_describe_device_session_list_request request = TRRO_DESCRIBE_DEVICE_SESSION_LIST_REQUEST_INIT;
    const trro_session_list *sessions;
    trro_status status;
    size_t i;
    request.project_id = question->options->project_id;
    request.device_id = question->options->device_id;
    request.page_number = page->number;
    request.page_size = page->size;
    request.deadline_ms = page->deadline_ms;
    status = trro_describe_device_session_list(question->client, &request, buffer->memory, buffer->size, &sessions,
                                               &buffer->needed, error);
    if (status != TRRO_STATUS_OK)
        return status;
    for (i = 0; i < sessions->session_count; i++) {
        const trro_session *session = sessions->sessions[i];
        if (is_wanted(question->options, session->remote_device_id, session->field_device_id))
            add_row(list, session);
    }
    page->total = sessions->total;
    page->rows = sessions->session_count;
    return status;
}

static trro_status ask_for_recent(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    trro_describe_recent_session_list_request request = TRRO_DESCRIBE_RECENT_SESSION_LIST_REQUEST_INIT;
    const trro_recent_session_list *sessions;
    trro_status status;
    size_t i;
    request.project_id = question->options->project_id;
    request.device_id = question->options->device_id;
    request.page_number = page->number;
    request.page_size = page->size;
    request.deadline_ms = page->deadline_ms;
    status = trro_describe_recent_session_list(question->client, &request, buffer->memory, buffer->size, &sessions,
                                               &buffer->needed, error);
    if (status != TRRO_STATUS_OK)
        return status;
    for (i = 0; i < sessions->session_count; i++) {
        const trro_recent_session *session = sessions->sessions[i];
        if (is_wanted(question->options, session->remote_device_id, session->field_device_id))
            add_row(list, session);
    }
    page->total = sessions->total;
    page->rows = sessions->session_count;
    return status;
}

static common of_session(const trro_session *session) {
    const common common = {session->session_id, session->remote_device_id, session->field_device_id, session->resolution,
                           session->start_time_s};
    return common;
}

static common of_recent(const trro_recent_session *session) {
    const common common = {session->session_id, session->remote_device_id, session->field_device_id, session->resolution,
                           session->start_time_s};
    return common;
}

/* ---- the table ---- */

typedef struct {
    int session, remote, field;
} widths;

static widths widths_of(const list *list, int is_recent) {
    widths widths;
    widths.session = widest_text(list, "SESSION", is_recent ? offsetof(trro_recent_session, session_id)
                                                            : offsetof(trro_session, session_id), WIDEST_ID);
    widths.remote = widest_text(list, "REMOTE", is_recent ? offsetof(trro_recent_session, remote_device_id)
                                                          : offsetof(trro_session, remote_device_id), WIDEST_ID);
    widths.field = widest_text(list, "FIELD", is_recent ? offsetof(trro_recent_session, field_device_id)
                                                        : offsetof(trro_session, field_device_id), WIDEST_ID);
    return widths;
}

static void print_moment(int64_t moment_s, int width) {
    char text[32];
    format_time(moment_s, "%Y-%m-%d %H:%M:%S", text, sizeof text);
    printf("  %-*s", width, text);
}

static void print_common(const common *common, const widths *widths) {
    print_cell(or_dash(common->session_id), widths->session, PLAIN);
    printf("  ");
    print_cell(or_dash(common->remote_device_id), widths->remote, PLAIN);
    printf("  ");
    print_cell(or_dash(common->field_device_id), widths->field, PLAIN);
    printf("  ");
    print_cell(or_dash(common->resolution), 10, PLAIN);
    print_moment(common->start_time_s, MOMENT_WIDTH);
}

static color quality_color(const char *quality) {
    if (strcmp(quality, "good") == 0)
        return GREEN;
    return strcmp(quality, "bad") == 0 ? RED : PLAIN;
}

static void print_session(const trro_session *session, const widths *widths) {
    const common common = of_session(session);
    print_common(&common, widths);
    print_moment(session->end_time_s, MOMENT_WIDTH);
    printf("  ");
    print_colored(or_dash(session->quality), quality_color(session->quality));
    printf("\n");
}

static void print_recent(const trro_recent_session *session, const widths *widths) {
    const common common = of_recent(session);
    print_common(&common, widths);
    print_moment(session->latest_update_time_s, 0);
    printf("\n");
}

static void print_table(const list *list, int is_recent) {
    const widths widths = widths_of(list, is_recent);
    size_t i;
    printf("%-*s  %-*s  %-*s  %-10s  %-*s  ", widths.session, "SESSION", widths.remote, "REMOTE", widths.field, "FIELD",
           "RESOLUTION", (int)MOMENT_WIDTH, "START (UTC)");
    if (is_recent)
        printf("LAST UPDATE (UTC)\n");
    else
        printf("%-*s  QUALITY\n", (int)MOMENT_WIDTH, "END (UTC)");
    for (i = 0; i < list->count; i++) {
        if (is_recent)
            print_recent(list->rows[i], &widths);
        else
            print_session(list->rows[i], &widths);
    }
    printf("%zu %ssessions\n", list->count, is_recent ? "recent " : "");
}

/* ---- JSON ---- */

static void print_json_common(const common *common) {
    printf("{\"session_id\":");
    print_json_text(common->session_id);
    print_member_text("remote_device_id", common->remote_device_id);
    print_member_text("field_device_id", common->field_device_id);
    print_member_text("resolution", common->resolution);
    print_member("start_time_s", common->start_time_s);
}

static void print_json_session(const trro_session *session) {
    const common common = of_session(session);
    print_json_common(&common);
    print_member("end_time_s", session->end_time_s);
    print_member_text("quality", session->quality);
    printf("}");
}

static void print_json_recent(const trro_recent_session *session) {
    const common common = of_recent(session);
    print_json_common(&common);
    print_member("latest_update_time_s", session->latest_update_time_s);
    printf("}");
}

static void print_json(const list *list, int is_recent) {
    size_t i;
    printf("{\"sessions\":[");
    for (i = 0; i < list->count; i++) {
        printf(i > 0 ? ",\n" : "\n");
        if (is_recent)
            print_json_recent(list->rows[i]);
        else
            print_json_session(list->rows[i]);
    }
    printf("\n],\"changed\":%s}\n", list->has_changed ? "true" : "false");
}

int list_sessions(const trro_client *client, const options *options) {
    const question question = {client, options, options->is_recent ? ask_for_recent : ask_for_sessions,
                               "cannot get the sessions", 1};
    list list = EMPTY_LIST;
    int status = EXIT_NOT_KNOWN;
    if (ask_for_all(&question, &list)) {
        if (options->is_json)
            print_json(&list, options->is_recent);
        else
            print_table(&list, options->is_recent);
        warn_of_changes(&list);
        status = EXIT_FINE;
    }
    free_list(&list);
    return status;
}
