/* An answer of GetDevices into structs, as one writes it by hand. Uses client.h and libcjson. */
#ifndef DECODE_H
#define DECODE_H

#include "client.h"

struct page;

/* NULL after a failure, which has been printed. */
struct page *page_decode(const char *json, size_t length);

size_t page_device_count(const struct page *page);

const struct device *page_device(const struct page *page, size_t index);

void page_free(struct page *page);

#endif
