/* What programs read: JSON. */
#include "status.h"

void print_json_text(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < ' ' || byte == 0x7f)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

void print_json_number(int64_t number) {
    if (number == TRRO_ABSENT)
        printf("null");
    else
        printf("%lld", (long long)number);
}

void print_member(const char *name, int64_t number) {
    printf(",\"%s\":", name);
    print_json_number(number);
}

void print_member_text(const char *name, const char *text) {
    printf(",\"%s\":", name);
    print_json_text(text);
}

void print_member_texts(const char *name, const char *const *texts, size_t count) {
    size_t i;
    printf(",\"%s\":[", name);
    for (i = 0; i < count; i++) {
        if (i > 0)
            putchar(',');
        print_json_text(texts[i]);
    }
    putchar(']');
}
