/* The licenses of the account, or of one project: how many there are in which state, how many expire within 30 days, and the
 * devices that stop next.
 *
 *     licenses [DEVICES [PROJECT_ID]]
 *
 * DEVICES is how many devices are listed at most, 10 unless told otherwise. 0: done; 1: it failed, and said why; 2: usage.
 * TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY hold the key. TRRO_ENDPOINT names another site than the international one,
 * TRRO_CA_FILE the authorities to trust.
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

enum { PAGE_SIZE = 100, MOST_PAGES = 1000, SOON_DAYS = 30, DAY_S = 86400 };

/* ---- how many there are ---- */

static int print_stat(const trro_client *client, growing_buffer *buffer) {
    const trro_get_license_stat_request request = TRRO_GET_LICENSE_STAT_REQUEST_INIT;
    const trro_license_stat *stat;
    size_t needed;
    trro_error error;
    while (trro_get_license_stat(client, &request, buffer->memory, buffer->size, &stat, &needed, &error)) {
        if (!has_grown(buffer, needed, &error)) {
            print_error("cannot count the licenses", &error);
            return 0;
        }
    }
    /* The service counts for the account only. How the numbers overlap is documented nowhere, so nothing is added up. */
    printf("Licenses of the account\n");
    printf("  %8s  %8s  %8s  %8s  %18s\n", "VALID", "BOUND", "FREE", "EXPIRED", "USED UP THIS MONTH");
    print_number(stat->valid, 8);
    print_number(stat->bound, 8);
    print_number(stat->unbound, 8);
    print_number(stat->expired, 8);
    print_number(stat->monthly_expired, 18);
    printf("\n");
    return 1;
}

/* ---- how many expire soon ---- */

typedef struct {
    int64_t bound, unbound;
    int64_t not_known; /* of both */
} expiring;

/* The days until an expiry in the future, 0 after it; TRRO_ABSENT: not known. What the service's own days are after the expiry
 * is documented nowhere, so that 0 of them say nothing. */
static int64_t days_left(int64_t expire_time_s, int64_t remain_days, int64_t now_s) {
    if (expire_time_s == TRRO_ABSENT)
        return remain_days > 0 ? remain_days : TRRO_ABSENT;
    return expire_time_s > now_s ? (expire_time_s - now_s) / DAY_S : 0;
}

static void count_license(expiring *expiring, const trro_license *license, int64_t now_s) {
    const int64_t count = license->count != TRRO_ABSENT ? license->count : (int64_t)license->license_id_count;
    const int64_t days = days_left(license->expire_time_s, license->remain_days, now_s);
    const int has_expired = license->expire_time_s != TRRO_ABSENT && license->expire_time_s <= now_s;
    if (license->status != TRRO_LICENSE_STATUS_BOUND && license->status != TRRO_LICENSE_STATUS_UNBOUND)
        return;
    if (days == TRRO_ABSENT)
        expiring->not_known += count;
    else if (has_expired || days >= SOON_DAYS)
        return;
    else if (license->status == TRRO_LICENSE_STATUS_BOUND)
        expiring->bound += count;
    else
        expiring->unbound += count;
}

static const trro_licenses *get_page(const trro_client *client, const trro_get_licenses_request *request,
                                     growing_buffer *buffer) {
    const trro_licenses *page;
    size_t needed;
    trro_error error;
    while (trro_get_licenses(client, request, buffer->memory, buffer->size, &page, &needed, &error)) {
        if (!has_grown(buffer, needed, &error)) {
            print_error("cannot get the licenses", &error);
            return NULL;
        }
    }
    return page;
}

/* Goes through every page; 0 after a failure, which has been printed. */
static int count_expiring(const trro_client *client, const char *project_id, growing_buffer *buffer, expiring *expiring) {
    trro_get_licenses_request request = TRRO_GET_LICENSES_REQUEST_INIT;
    const trro_licenses *page;
    size_t rows = 0, i;
    request.project_id = project_id;
    request.page_size = PAGE_SIZE;
    while (request.page_num < MOST_PAGES) {
        request.page_num++;
        page = get_page(client, &request, buffer);
        if (page == NULL)
            return 0;
        for (i = 0; i < page->row_count; i++)
            count_license(expiring, page->licenses[i], service_time_s(client));
        rows += page->row_count;
        if (is_last_page(page->row_count, page->total_count, rows))
            return 1;
    }
    fprintf(stderr, "there are more than %d pages of licenses\n", (int)MOST_PAGES);
    return 0;
}

static void print_expiring(const expiring *expiring) {
    printf("\nExpiring within %d days\n", (int)SOON_DAYS);
    printf("  %8s  %8s\n", "BOUND", "FREE");
    print_number(expiring->bound, 8);
    print_number(expiring->unbound, 8);
    printf("\n");
    if (expiring->not_known > 0)
        printf("  of %lld more the expiry is not known\n", (long long)expiring->not_known);
}

/* ---- which devices stop next ---- */

/* What is kept of a row. */
typedef struct {
    char *device_id;
    int64_t expire_time_s, days_left, license_count;
    int64_t order_s; /* when it stops, as nearly as the service says it */
    trro_verdict verdict;
} device;

/* The devices whose licenses expire first, in that order. */
typedef struct {
    const trro_client *client;
    device *nearest;
    size_t count, most;
    size_t devices, without_license, not_known;
    int is_out_of_memory;
} fleet;

/* Puts a device to its place, and leaves out the last where there are too many. */
static void insert(fleet *fleet, const device *new_device) {
    size_t place = fleet->count;
    while (place > 0 && fleet->nearest[place - 1].order_s > new_device->order_s)
        place--;
    if (fleet->count == fleet->most)
        free(fleet->nearest[--fleet->count].device_id);
    memmove(fleet->nearest + place + 1, fleet->nearest + place, (fleet->count - place) * sizeof(device));
    fleet->nearest[place] = *new_device;
    fleet->count++;
}

static int is_near(const fleet *fleet, int64_t order_s) {
    return fleet->count < fleet->most || order_s < fleet->nearest[fleet->count - 1].order_s;
}

/* A trro_device_fn. */
static int visit(void *user_data, const trro_device *row) {
    fleet *fleet = user_data;
    const int64_t now_s = service_time_s(fleet->client);
    device device = {NULL, row->expire_time_s, days_left(row->expire_time_s, row->remain_days, now_s), row->license_count,
                     row->expire_time_s, TRRO_VERDICT_UNKNOWN};
    fleet->devices++;
    if (row->license_count == 0) {
        fleet->without_license++; /* it does not run, so it cannot stop */
        return 0;
    }
    if (device.days_left == TRRO_ABSENT) {
        fleet->not_known++;
        return 0;
    }
    if (row->expire_time_s == TRRO_ABSENT)
        device.order_s = device.days_left < INT32_MAX ? now_s + device.days_left * DAY_S : INT64_MAX;
    if (!is_near(fleet, device.order_s))
        return 0;
    trro_device_verdict(row, 1, now_s, &device.verdict);
    device.device_id = strdup(row->device_id);
    if (device.device_id == NULL) {
        fleet->is_out_of_memory = 1;
        return 1;
    }
    insert(fleet, &device);
    return 0;
}

/* "!": it has stopped; "?": what the service says of it contradicts itself. */
static void print_device(const device *device) {
    char mark = '!';
    if (device->verdict == TRRO_VERDICT_AUTHORIZED || device->verdict == TRRO_VERDICT_UNKNOWN)
        mark = device->verdict == TRRO_VERDICT_UNKNOWN ? '?' : ' ';
    printf("%c ", mark);
    print_name(device->device_id, 16);
    print_number(device->days_left, 9);
    print_date(device->expire_time_s);
    print_number(device->license_count, 11);
    if (device->verdict != TRRO_VERDICT_AUTHORIZED)
        printf("  <- %s", short_name(device->verdict));
    printf("\n");
}

static void print_fleet(const fleet *fleet, int has_changed) {
    size_t i;
    printf("\nDevices whose licenses expire first\n");
    printf("  %-16s  %9s  %-13s  %8s\n", "DEVICE", "DAYS LEFT", "EXPIRES (UTC)", "LICENSES");
    for (i = 0; i < fleet->count; i++)
        print_device(&fleet->nearest[i]);
    printf("%zu of %zu devices; %zu others have no license, and of %zu the expiry is not known\n", fleet->count,
           fleet->devices, fleet->without_license, fleet->not_known);
    if (has_changed)
        printf("the list has changed meanwhile: a device may be missing\n");
}

static int find_nearest(fleet *fleet, const char *project_id) {
    trro_device_filter filter = TRRO_DEVICE_FILTER_INIT;
    trro_error error;
    int has_changed;
    filter.project_id = project_id;
    if (trro_for_each_device(fleet->client, &filter, visit, fleet, &has_changed, &error)) {
        print_error("cannot get the devices", &error);
        return 0;
    }
    if (fleet->is_out_of_memory) {
        fprintf(stderr, "out of memory\n");
        return 0;
    }
    print_fleet(fleet, has_changed);
    return 1;
}

static int list_nearest(const trro_client *client, size_t most, const char *project_id) {
    fleet fleet = {client, calloc(most, sizeof(device)), 0, most, 0, 0, 0, 0};
    int is_fine = 0;
    if (fleet.nearest == NULL)
        fprintf(stderr, "out of memory\n");
    else
        is_fine = find_nearest(&fleet, project_id);
    while (fleet.count > 0)
        free(fleet.nearest[--fleet.count].device_id);
    free(fleet.nearest);
    return is_fine;
}

/* ---- all of it ---- */

/* Returns the exit status. */
static int show(const trro_client *client, size_t most, const char *project_id) {
    growing_buffer buffer = {NULL, 0};
    expiring expiring = {0, 0, 0};
    int is_fine = print_stat(client, &buffer);
    if (is_fine && project_id != NULL) {
        printf("\nFrom here on of project ");
        print_name(project_id, 0);
        printf(" only\n");
    }
    is_fine = is_fine && count_expiring(client, project_id, &buffer, &expiring);
    free(buffer.memory);
    if (!is_fine)
        return 1;
    print_expiring(&expiring);
    return !list_nearest(client, most, project_id);
}

int main(int argc, char **argv) {
    const long most = argc > 1 ? read_number(argv[1], 100000) : 10;
    trro_client *client;
    int status;
    if (argc > 3 || most == 0) {
        fprintf(stderr, "usage: %s [DEVICES [PROJECT_ID]]\n", argv[0]);
        return 2;
    }
    client = client_from_environment(NULL);
    if (client == NULL)
        return 1;
    status = show(client, (size_t)most, argc > 2 ? argv[2] : NULL);
    trro_client_free(client);
    return exit_status(status, 1);
}
