/* The client of the comparison that a good C developer writes by hand: libcurl, OpenSSL, cJSON. Uses client.h, sign.h, decode.h and
 * libcurl.
 *
 * With care: one handle, and with it one connection, for all calls; the buffer of the answer is kept; nothing is done twice. */
#include "client.h"
#include "decode.h"
#include "sign.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int client_decodes = 1;

enum { LONGEST_LINE = 512, DEADLINE_MS = 10000, CONNECT_TIMEOUT_MS = 3000 };

static CURL *handle;
static struct signer *signer;
static char host[256], body[64];
static int body_length;
static char *answer;
static size_t answer_length, answer_size;
static struct page *page;

static size_t receive(char *data, size_t size, size_t count, void *user) {
    size_t length = size * count;
    (void)user;
    if (length > answer_size - answer_length) {
        size_t larger = 2 * (answer_length + length);
        char *grown = realloc(answer, larger);
        if (grown == NULL)
            return 0;
        answer = grown;
        answer_size = larger;
    }
    memcpy(answer + answer_length, data, length);
    answer_length += length;
    return length;
}

int client_set_up(const struct settings *settings) {
    const char *begin = strstr(settings->url, "//");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || begin == NULL)
        return -1;
    snprintf(host, sizeof host, "%s", begin + 2);
    body_length = snprintf(body, sizeof body, "{\"PageNum\":1,\"PageSize\":%zu}", settings->device_count);
    handle = curl_easy_init();
    signer = signer_new(settings->secret_id, settings->secret_key);
    if (handle == NULL || signer == NULL) {
        fprintf(stderr, "cannot set up libcurl or OpenSSL\n");
        return -1;
    }
    curl_easy_setopt(handle, CURLOPT_URL, settings->url);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, (long)body_length);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)DEADLINE_MS);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    if (settings->ca_file != NULL)
        curl_easy_setopt(handle, CURLOPT_CAINFO, settings->ca_file);
    return 0;
}

static int append(struct curl_slist **headers, const char *line) {
    struct curl_slist *longer = curl_slist_append(*headers, line);
    if (longer == NULL)
        return -1;
    *headers = longer;
    return 0;
}

/* NULL after a failure. */
static struct curl_slist *signed_headers(void) {
    struct to_sign request;
    struct curl_slist *headers = NULL;
    char authorization[LONGEST_LINE], timestamp[64];
    request.host = host;
    request.action = "getdevices";
    request.body = body;
    request.body_length = (size_t)body_length;
    request.at = time(NULL);
    if (signer_sign(signer, &request, authorization, sizeof authorization) != 0)
        return NULL;
    snprintf(timestamp, sizeof timestamp, "X-TC-Timestamp: %lld", (long long)request.at);
    if (append(&headers, "Content-Type: application/json") != 0 || append(&headers, authorization) != 0 ||
        append(&headers, "X-TC-Action: GetDevices") != 0 || append(&headers, "X-TC-Version: 2022-03-25") != 0 ||
        append(&headers, timestamp) != 0 || append(&headers, "X-TC-Language: en-US") != 0) {
        curl_slist_free_all(headers);
        return NULL;
    }
    return headers;
}

long client_call(void) {
    struct curl_slist *headers = signed_headers();
    CURLcode result;
    long status = 0;
    if (headers == NULL) {
        fprintf(stderr, "cannot sign\n");
        return -1;
    }
    answer_length = 0;
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    result = curl_easy_perform(handle);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (result != CURLE_OK) {
        fprintf(stderr, "%s\n", curl_easy_strerror(result));
        return -1;
    }
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        fprintf(stderr, "HTTP status %ld\n", status);
        return -1;
    }
    page_free(page);
    page = page_decode(answer, answer_length);
    return page == NULL ? -1 : (long)page_device_count(page);
}

void client_device(size_t index, struct device *device) {
    *device = *page_device(page, index);
}

void client_tear_down(void) {
    page_free(page);
    signer_free(signer);
    curl_easy_cleanup(handle);
    curl_global_cleanup();
    free(answer);
}
