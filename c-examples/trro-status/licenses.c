/* trro-status licenses: how many the account has, and those that there are, as a table or as JSON. */
#include "status.h"

static trro_status ask_for_stat(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    trro_get_license_stat_request request = TRRO_GET_LICENSE_STAT_REQUEST_INIT;
    const trro_license_stat *stat;
    trro_status status;
    request.deadline_ms = page->deadline_ms;
    status = trro_get_license_stat(question->client, &request, buffer->memory, buffer->size, &stat, &buffer->needed, error);
    if (status == TRRO_STATUS_OK)
        add_row(list, stat);
    return status;
}

static trro_status ask_for_licenses(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
    const trro_licenses *licenses;
    trro_status status;
    size_t i;
    request.project_id = question->options->project_id;
    request.device_id = question->options->device_id;
    request.page_num = page->number;
    request.page_size = page->size;
    request.deadline_ms = page->deadline_ms;
    status = trro_get_licenses(question->client, &request, buffer->memory, buffer->size, &licenses, &buffer->needed, error);
    if (status != TRRO_STATUS_OK)
        return status;
    for (i = 0; i < licenses->row_count; i++)
        add_row(list, licenses->licenses[i]);
    page->total = licenses->total_count;
    page->rows = licenses->row_count;
    return status;
}

/* NULL for a status that this program does not know. */
static const char *status_word(int64_t status) {
    static const char *const words[] = {"free", "bound", "suspended", "refunded"};
    return status >= 0 && status < (int64_t)(sizeof words / sizeof words[0]) ? words[status] : NULL;
}

/* ---- the table ---- */

static void print_stat(const trro_license_stat *stat) {
    const int64_t numbers[] = {stat->valid, stat->bound, stat->unbound, stat->expired};
    char text[32];
    size_t i;
    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        format_number(numbers[i], text, sizeof text);
        printf("%8s  ", text);
    }
    format_number(stat->monthly_expired, text, sizeof text);
    printf("%13s\n", text);
}

static color status_color(int64_t status) {
    if (status == TRRO_LICENSE_STATUS_SUSPENDED)
        return RED;
    return status == TRRO_LICENSE_STATUS_REFUNDED ? FAINT : PLAIN;
}

static void print_row(const trro_license *license, int64_t now_s) {
    const char *word = status_word(license->status);
    char text[32];
    format_number(license->status, text, sizeof text);
    print_cell(word != NULL ? word : text, 9, status_color(license->status));
    format_number(license->count, text, sizeof text);
    printf("  %8s", text);
    printf("  %6zu", license->license_id_count);
    format_time(license->expire_time_s, "%Y-%m-%d", text, sizeof text);
    printf("  %-10s", text);
    print_days(license->expire_time_s, license->remain_days, now_s);
    printf("\n");
}

/* The service counts for the account only. How the numbers overlap is documented nowhere, so nothing is added up. */
static void print_table(const trro_license_stat *stat, const list *licenses, int64_t now_s) {
    size_t i;
    printf("Licenses of the account\n%8s  %8s  %8s  %8s  %13s\n", "VALID", "BOUND", "FREE", "EXPIRED", "MONTH USED UP");
    print_stat(stat);
    printf("\n%-9s  %8s  %6s  %-10s  %6s\n", "STATUS", "LICENSES", "IDS", "EXPIRES", "DAYS");
    for (i = 0; i < licenses->count; i++)
        print_row(licenses->rows[i], now_s);
    printf("%zu kinds of licenses\n", licenses->count);
}

/* ---- JSON ---- */

static void print_json_stat(const trro_license_stat *stat) {
    printf("{\"valid\":");
    print_json_number(stat->valid);
    print_member("bound", stat->bound);
    print_member("unbound", stat->unbound);
    print_member("expired", stat->expired);
    print_member("monthly_expired", stat->monthly_expired);
    printf("}");
}

static void print_json_row(const trro_license *license) {
    const char *word = status_word(license->status);
    printf("{\"count\":");
    print_json_number(license->count);
    print_member("status", license->status);
    if (word != NULL)
        print_member_text("status_name", word);
    else
        printf(",\"status_name\":null");
    print_member("remain_days", license->remain_days);
    print_member("expire_time_s", license->expire_time_s);
    print_member("duration_s", license->duration_s);
    print_member_texts("license_ids", license->license_ids, license->license_id_count);
    printf("}");
}

static void print_json(const trro_license_stat *stat, const list *licenses) {
    size_t i;
    printf("{\"stat\":");
    print_json_stat(stat);
    printf(",\"licenses\":[");
    for (i = 0; i < licenses->count; i++) {
        printf(i > 0 ? ",\n" : "\n");
        print_json_row(licenses->rows[i]);
    }
    printf("\n],\"changed\":%s}\n", licenses->has_changed ? "true" : "false");
}

int list_licenses(const trro_client *client, const options *options) {
    const question for_stat = {client, options, ask_for_stat, "cannot count the licenses", 0};
    const question for_licenses = {client, options, ask_for_licenses, "cannot get the licenses", 0};
    list stat = EMPTY_LIST, licenses = EMPTY_LIST;
    int status = EXIT_NOT_KNOWN;
    if (ask_once(&for_stat, &stat) && ask_for_all(&for_licenses, &licenses)) {
        if (options->is_json)
            print_json(stat.rows[0], &licenses);
        else
            print_table(stat.rows[0], &licenses, service_time_s(client));
        warn_of_changes(&licenses);
        status = EXIT_FINE;
    }
    free_list(&stat);
    free_list(&licenses);
    return status;
}
