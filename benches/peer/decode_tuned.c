/* An answer of GetDevices into structs, with cJSON. Uses client.h and libcjson.
 *
 * With care: all devices are in one block and all ids of licenses in another, and no string is copied: they are those of cJSON's
 * tree, which the page keeps. */
#include "decode.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    cJSON *tree;
    size_t device_count;
    const char **license_ids;
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

/* Returns where the next device's ids go. */
static const char **read_device(const cJSON *row, struct device *device, const char **license_ids) {
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(row, "LicenseIds"), *id;
    device->device_id = text_of(row, "DeviceId");
    device->device_name = text_of(row, "DeviceName");
    device->license_count = number_of(row, "LicenseCount");
    device->remain_days = number_of(row, "RemainDay");
    device->expire_time_s = number_of(row, "ExpireTime");
    device->duration_s = number_of(row, "Duration");
    device->monthly_remain_time = number_of(row, "MonthlyRemainTime");
    device->limited_time_minutes = number_of(row, "LimitedTime");
    device->license_ids = license_ids;
    device->license_id_count = 0;
    cJSON_ArrayForEach(id, ids) {
        if (cJSON_IsString(id))
            license_ids[device->license_id_count++] = id->valuestring;
    }
    return license_ids + device->license_id_count;
}

static struct page *read_page(cJSON *tree, const cJSON *rows) {
    const cJSON *row;
    struct page *page;
    const char **next;
    size_t devices = 0, licenses = 0;
    cJSON_ArrayForEach(row, rows) {
        devices++;
        licenses += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(row, "LicenseIds"));
    }
    page = malloc(sizeof *page + devices * sizeof page->devices[0]);
    next = malloc((licenses + 1) * sizeof *next);
    if (page == NULL || next == NULL) {
        free(page);
        free(next);
        return NULL;
    }
    page->tree = tree;
    page->device_count = 0;
    page->license_ids = next;
    cJSON_ArrayForEach(row, rows) {
        next = read_device(row, &page->devices[page->device_count++], next);
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
        page = read_page(tree, rows);
    if (page == NULL)
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
    if (page == NULL)
        return;
    cJSON_Delete(page->tree);
    free(page->license_ids);
    free(page);
}
