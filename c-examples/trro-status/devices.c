/* trro-status devices: every device, as a table or as JSON. */
#define _XOPEN_SOURCE 700
#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDEST_ID = 64, WIDEST_NAME = 32, PROGRESS_EVERY = 100 };

/* A row of which the texts are the program's own. */
typedef struct {
    trro_device device;
    trro_verdict verdict;
} row;

typedef struct {
    const trro_client *client;
    const options *options;
    row *rows;
    size_t count, room;
    int shows_progress, is_full;
} table;

/* A copy of a row in one block of memory; 0: there is none left. */
static int copy_device(const trro_device *device, trro_device *copy) {
    size_t size = device->license_id_count * sizeof(char *) + strlen(device->device_id) + strlen(device->device_name) + 2;
    const char **ids;
    char *next;
    size_t i;
    for (i = 0; i < device->license_id_count; i++)
        size += strlen(device->license_ids[i]) + 1;
    ids = malloc(size);
    if (ids == NULL)
        return 0;
    *copy = *device;
    next = (char *)(ids + device->license_id_count);
    copy->device_id = strcpy(next, device->device_id);
    next += strlen(next) + 1;
    copy->device_name = strcpy(next, device->device_name);
    for (i = 0; i < device->license_id_count; i++) {
        next += strlen(next) + 1;
        ids[i] = strcpy(next, device->license_ids[i]);
    }
    copy->license_ids = ids;
    return 1;
}

/* A trro_device_fn: remembers the row, if it is wanted. */
static int remember(void *user_data, const trro_device *device) {
    table *table = user_data;
    /* How the service compares ids is documented nowhere. */
    if (table->options->device_id != NULL && strcmp(table->options->device_id, device->device_id) != 0)
        return 0;
    if (table->count == table->room) {
        const size_t room = table->room * 2 + 64;
        row *larger = realloc(table->rows, room * sizeof *larger);
        if (larger == NULL) {
            table->is_full = 1;
            return 1;
        }
        table->rows = larger;
        table->room = room;
    }
    if (!copy_device(device, &table->rows[table->count].device)) {
        table->is_full = 1;
        return 1;
    }
    if (++table->count % PROGRESS_EVERY == 0 && table->shows_progress)
        fprintf(stderr, "\r%zu devices ...", table->count);
    return 0;
}

static int by_id(const void *left, const void *right) {
    const row *const *a = left, *const *b = right;
    return strcmp((*a)->device.device_id, (*b)->device.device_id);
}

/* Whether two rows of one id say different things of its authorization. */
static int differ(const trro_device *a, const trro_device *b) {
    return a->license_count != b->license_count || a->remain_days != b->remain_days ||
           a->expire_time_s != b->expire_time_s || a->monthly_remain_time != b->monthly_remain_time;
}

/* In one project, where an id should be unique, rows that differ say nothing of the device; without a project they may be of
 * two devices. */
static void judge(table *table, int64_t now_s) {
    row **sorted = malloc(table->count * sizeof *sorted);
    const uint32_t streams = table->options->streams;
    size_t i;
    for (i = 0; i < table->count; i++) {
        trro_device_verdict(&table->rows[i].device, streams, now_s, &table->rows[i].verdict);
        if (sorted != NULL)
            sorted[i] = &table->rows[i];
    }
    if (sorted != NULL && table->options->project_id != NULL) {
        qsort(sorted, table->count, sizeof(row *), by_id);
        for (i = 1; i < table->count; i++) {
            if (by_id(&sorted[i - 1], &sorted[i]) == 0 && differ(&sorted[i - 1]->device, &sorted[i]->device))
                sorted[i - 1]->verdict = sorted[i]->verdict = TRRO_VERDICT_UNKNOWN;
        }
    }
    free(sorted);
}

/* ---- the table ---- */

static int widest(const table *table, const char *title, size_t field, int most) {
    int width = width_of(title);
    size_t i;
    for (i = 0; i < table->count; i++)
        widen(&width, *(const char *const *)((const char *)&table->rows[i].device + field), most);
    return width;
}

static void print_row(const row *row, int id_width, int name_width, int64_t now_s) {
    const trro_device *device = &row->device;
    char text[32];
    print_cell(short_name(row->verdict), 11, verdict_color(row->verdict));
    printf("  ");
    print_cell(device->device_id, id_width, PLAIN);
    printf("  ");
    print_cell(device->device_name, name_width, PLAIN);
    format_number(device->license_count, text, sizeof text);
    printf("  %8s", text);
    format_time(device->expire_time_s, "%Y-%m-%d", text, sizeof text);
    printf("  %-10s", text);
    print_days(device->expire_time_s, device->remain_days, now_s);
    format_number(device->monthly_remain_time, text, sizeof text);
    printf("  %10s\n", text);
}

static void print_summary(const table *table) {
    size_t counts[4] = {0, 0, 0, 0}, i;
    for (i = 0; i < table->count; i++)
        counts[exit_of(table->rows[i].verdict)]++;
    printf("%zu devices: %zu authorized, %zu not, %zu not known\n", table->count, counts[EXIT_FINE],
           counts[EXIT_NOT_AUTHORIZED], counts[EXIT_NOT_KNOWN]);
}

static void print_table(const table *table, int64_t now_s) {
    const int id_width = widest(table, "DEVICE", offsetof(trro_device, device_id), WIDEST_ID);
    const int name_width = widest(table, "NAME", offsetof(trro_device, device_name), WIDEST_NAME);
    size_t i;
    /* The unit of the month's time is documented nowhere, so none is printed. */
    printf("%-11s  %-*s  %-*s  %8s  %-10s  %6s%s  %10s\n", "VERDICT", id_width, "DEVICE", name_width, "NAME", "LICENSES",
           "EXPIRES", "DAYS", is_rich() ? "           " : "", "MONTH LEFT");
    for (i = 0; i < table->count; i++)
        print_row(&table->rows[i], id_width, name_width, now_s);
    print_summary(table);
}

/* ---- JSON ---- */

static void print_json_row(const row *row) {
    const trro_device *device = &row->device;
    printf("{\"device_id\":");
    print_json_text(device->device_id);
    print_member_text("device_name", device->device_name);
    print_member_text("verdict", short_name(row->verdict));
    print_member("license_count", device->license_count);
    print_member("remain_days", device->remain_days);
    print_member("expire_time_s", device->expire_time_s);
    print_member("duration_s", device->duration_s);
    print_member("monthly_remain_time", device->monthly_remain_time);
    print_member("limited_time_minutes", device->limited_time_minutes);
    print_member_texts("license_ids", device->license_ids, device->license_id_count);
    printf("}");
}

static void print_json(const table *table, int changed) {
    size_t i;
    printf("{\"devices\":[");
    for (i = 0; i < table->count; i++) {
        printf(i > 0 ? ",\n" : "\n");
        print_json_row(&table->rows[i]);
    }
    printf("\n],\"changed\":%s}\n", changed ? "true" : "false");
}

/* ---- the command ---- */

static int ask(table *table, int *changed) {
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_status status;
    trro_error error;
    filter.project_id = table->options->project_id;
    filter.device_id = table->options->device_id;
    filter.deadline_ms = table->options->deadline_ms;
    status = trro_for_each_device(table->client, &filter, remember, table, changed, &error);
    if (table->shows_progress)
        fprintf(stderr, "\r\033[K");
    if (status != TRRO_STATUS_OK)
        print_error("cannot get the devices", &error);
    else if (table->is_full)
        fprintf(stderr, "trro-status: out of memory\n");
    return status == TRRO_STATUS_OK && !table->is_full;
}

int list_devices(const trro_client *client, const options *options) {
    table table = {client, options, NULL, 0, 0, 0, 0};
    int status = EXIT_NOT_KNOWN, changed;
    size_t i;
    table.shows_progress = is_rich() && isatty(STDERR_FILENO);
    if (ask(&table, &changed)) {
        const int64_t now_s = service_time_s(client);
        judge(&table, now_s);
        if (options->is_json)
            print_json(&table, changed);
        else
            print_table(&table, now_s);
        if (changed)
            fprintf(stderr, "trro-status: the list has changed meanwhile: a device may be missing\n");
        status = EXIT_FINE;
    }
    for (i = 0; i < table.count; i++)
        free((void *)table.rows[i].device.license_ids);
    free(table.rows);
    return status;
}
