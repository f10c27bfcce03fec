/* An answer of GetDevices into structs, with cJSON: the strings are copied, so that the structs outlive the tree. Uses client.h and
 * libcjson. */
#define _POSIX_C_SOURCE 200809L
#include "decode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    size_t device_count;
    struct device devices[];
};

static const char *text_of(const cJSON *row, const char *name) {
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(row, name);
    return cJSON_IsString(field) ? field->valuestring : "";
}

/* The service writes some numbers as strings. -1: it sent none. */
static int64_t number_of(const cJSON *row, const char *name) {
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(row, name);
    if (cJSON_IsNumber(field))
        return (int64_t)field->valuedouble;
    return cJSON_IsString(field) && field->valuestring[0] != '\0' ? strtoll(field->valuestring, NULL, 10) : -1;
}

static char *copy(const char *text) {
    char *copied = strdup(text);
    if (copied == NULL)
        abort();
    return copied;
}

static void read_device(const cJSON *row, struct device *device) {
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(row, "LicenseIds"), *id;
    const char **license_ids = malloc(((size_t)cJSON_GetArraySize(ids) + 1) * sizeof *license_ids);
    if (license_ids == NULL)
        abort();
    device->device_id = copy(text_of(row, "DeviceId"));
    device->device_name = copy(text_of(row, "DeviceName"));
    device->license_count = number_of(row, "LicenseCount");
    device->remain_days = number_of(row, "RemainDay");
    device->expire_time_s = number_of(row, "ExpireTime");
    device->duration_s = number_of(row, "Duration");
    device->monthly_remain_time = number_of(row, "MonthlyRemainTime");
    device->limited_time_minutes = number_of(row, "LimitedTime");
    device->license_id_count = 0;
    cJSON_ArrayForEach(id, ids) {
        if (cJSON_IsString(id))
            license_ids[device->license_id_count++] = copy(id->valuestring);
    }
    device->license_ids = license_ids;
}

static struct page *read_page(const cJSON *rows) {
    const cJSON *row;
    struct page *page = malloc(sizeof *page + (size_t)cJSON_GetArraySize(rows) * sizeof page->devices[0]);
    if (page == NULL)
        abort();
    page->device_count = 0;
    cJSON_ArrayForEach(row, rows) {
        read_device(row, &page->devices[page->device_count++]);
    }
    return page;
}

struct page *page_decode(const char *json, size_t length) {
    cJSON *tree = cJSON_ParseWithLength(json, length);
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "Response");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "Error");
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(response, "Devices");
    struct page *page = NULL;
    if (error != NULL)
        fprintf(stderr, "%s: %s\n", text_of(error, "Code"), text_of(error, "Message"));
    else if (!cJSON_IsArray(rows))
        fprintf(stderr, "the answer has no devices\n");
    else
        page = read_page(rows);
    cJSON_Delete(tree);
    return page;
}

size_t page_device_count(const struct page *page) {
    return page->device_count;
}

const struct device *page_device(const struct page *page, size_t index) {
    return &page->devices[index];
}

void page_free(struct page *page) {
    size_t i, k;
    for (i = 0; page != NULL && i < page->device_count; i++) {
        const struct device *device = &page->devices[i];
        for (k = 0; k < device->license_id_count; k++)
            free((void *)(uintptr_t)device->license_ids[k]);
        free((void *)(uintptr_t)device->license_ids);
        free((void *)(uintptr_t)device->device_id);
        free((void *)(uintptr_t)device->device_name);
    }
    free(page);
}
