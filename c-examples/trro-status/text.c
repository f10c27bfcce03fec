/* What people read: columns, colours, bars. */
#define _XOPEN_SOURCE 700
#include "status.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { FEW_DAYS = 14, FULL_BAR_DAYS = 365, DAY_S = 86400 };

static int rich, unicode;

void prepare_output(void) {
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    /* Names are UTF-8, whatever the locale is; without one that is, how wide they are cannot be told. */
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    rich = isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

int is_rich(void) {
    return rich;
}

/* One character of a text from outside. */
typedef struct {
    size_t bytes; /* 0: the end */
    int width;
    int is_shown; /* 0: '?' is, in its place */
} character;

static int turns_writing_around(wchar_t wide) {
    return (wide >= 0x2028 && wide <= 0x202e) || (wide >= 0x2066 && wide <= 0x2069) || wide == 0x200e || wide == 0x200f;
}

static character next_character(const char *text) {
    character next = {1, 1, 0};
    mbstate_t state;
    wchar_t wide;
    size_t bytes;
    int width;
    memset(&state, 0, sizeof state);
    if (*text == '\0') {
        next.bytes = 0;
        return next;
    }
    bytes = mbrtowc(&wide, text, strlen(text), &state);
    if (bytes == (size_t)-1 || bytes == (size_t)-2)
        return next;
    next.bytes = bytes;
    width = wcwidth(wide);
    if (width >= 0 && !turns_writing_around(wide)) {
        next.width = width;
        next.is_shown = 1;
    }
    return next;
}

int width_of(const char *text) {
    int width = 0;
    character next;
    for (; (next = next_character(text)).bytes > 0; text += next.bytes)
        width += next.width;
    return width;
}

void print_text(const char *text) {
    character next;
    for (; (next = next_character(text)).bytes > 0; text += next.bytes) {
        if (next.is_shown)
            fwrite(text, 1, next.bytes, stdout);
        else
            putchar('?');
    }
}

static void begin(color color) {
    static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m", "\033[2m"};
    if (rich)
        fputs(codes[color], stdout);
}

static void end(color color) {
    if (rich && color != PLAIN)
        fputs("\033[0m", stdout);
}

void print_colored(const char *text, color color) {
    begin(color);
    print_text(text);
    end(color);
}

void print_cell(const char *text, int width, color color) {
    print_colored(text, color);
    printf("%*s", width > width_of(text) ? width - width_of(text) : 0, "");
}

static void print_bar(int tenths, color color) {
    int i;
    if (!rich)
        return;
    putchar(' ');
    begin(color);
    for (i = 0; i < 10; i++)
        fputs(i < tenths ? (unicode ? "\xe2\x96\x88" : "#") : (unicode ? "\xe2\x96\x91" : "."), stdout);
    end(color);
}

const char *or_dash(const char *text) {
    return *text != '\0' ? text : "-";
}

void widen(int *width, const char *text, int most) {
    const int needed = width_of(text);
    if (needed > *width && needed <= most)
        *width = needed;
}

/* A day is a tenth already, and a year is all. */
static int tenths_of_year(int64_t days) {
    if (days == TRRO_ABSENT || days <= 0)
        return 0;
    return days >= FULL_BAR_DAYS ? 10 : (int)(1 + days * 9 / FULL_BAR_DAYS);
}

void print_days_bar(int64_t days, color color) {
    print_bar(tenths_of_year(days), color);
}

void print_days(int64_t expire_time_s, int64_t remain_days, int64_t now_s) {
    int64_t days = remain_days;
    color color = GREEN;
    char text[32];
    if (expire_time_s != TRRO_ABSENT)
        days = expire_time_s <= now_s ? 0 : (expire_time_s - now_s) / DAY_S;
    if (days == TRRO_ABSENT || days < FEW_DAYS)
        color = days == TRRO_ABSENT ? FAINT : days > 0 ? YELLOW : RED;
    format_number(days, text, sizeof text);
    printf("  %6s", text);
    print_days_bar(days, color);
}

void format_time(int64_t moment_s, const char *format, char *text, size_t size) {
    const time_t moment = (time_t)moment_s;
    struct tm parts;
    if (moment_s == TRRO_ABSENT || (int64_t)moment != moment_s || gmtime_r(&moment, &parts) == NULL ||
        strftime(text, size, format, &parts) == 0)
        snprintf(text, size, "-");
}

void format_number(int64_t number, char *text, size_t size) {
    if (number == TRRO_ABSENT)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%lld", (long long)number);
}

void print_error(const char *what, const trro_error *error) {
    fprintf(stderr, "trro-status: %s: %s (%s)\n", what, error->message, trro_status_name(error->status));
    if (error->code[0] != '\0')
        fprintf(stderr, "  the service says %s, request %s\n", error->code, error->request_id);
    if (error->retry_after_ms > 0)
        fprintf(stderr, "  try again in %lu s\n", (unsigned long)(((uint64_t)error->retry_after_ms + 999) / 1000));
    else if (error->retryable)
        fprintf(stderr, "  trying again later may help\n");
}

const char *short_name(trro_verdict verdict) {
    return trro_verdict_name(verdict) + sizeof "TRRO_VERDICT_" - 1;
}

color verdict_color(trro_verdict verdict) {
    if (verdict == TRRO_VERDICT_AUTHORIZED)
        return GREEN;
    return exit_of(verdict) == EXIT_NOT_KNOWN ? YELLOW : RED;
}

/* A verdict that this program does not know is as good as none. */
int exit_of(trro_verdict verdict) {
    if (verdict == TRRO_VERDICT_AUTHORIZED)
        return EXIT_FINE;
    return verdict >= TRRO_VERDICT_NOT_FOUND && verdict <= TRRO_VERDICT_NO_DURATION ? EXIT_NOT_AUTHORIZED
                                                                                     : EXIT_NOT_KNOWN;
}
