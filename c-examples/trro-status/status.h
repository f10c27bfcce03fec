/* What the parts of trro-status share. */
#ifndef STATUS_H
#define STATUS_H

#include <stdint.h>
#include <stdio.h>
#include <trro.h>

/* How the program ends; the manual page says so. */
enum { EXIT_FINE = 0, EXIT_NOT_AUTHORIZED = 1, EXIT_USAGE = 2, EXIT_NOT_KNOWN = 3 };

/* What the command line says. */
typedef struct {
    const char *command;
    const char *project_id; /* NULL: not given */
    const char *device_id;  /* NULL: not given */
    uint32_t streams;       /* 0: not given */
    uint32_t deadline_ms;   /* 0: not given */
    int is_json;
} options;

/* ---- the commands; each returns how the program ends ---- */

int list_devices(const trro_client *client, const options *options);
int check_device(const trro_client *client, const options *options);
int watch_device(const trro_client *client, const options *options);
int examine(const trro_client *client, const options *options);

/* ---- text.c: what people and programs read ---- */

typedef enum { PLAIN, GREEN, YELLOW, RED, FAINT } color;

/* Finds out what stdout is. */
void prepare_output(void);
/* Whether stdout is a terminal that may get colours and bars. */
int is_rich(void);

/* How many columns a text takes on a terminal, as print_text() prints it. */
int width_of(const char *text);
/* A text from outside: what would move the cursor or turn the writing around is shown as '?'. */
void print_text(const char *text);
/* The same, filled up with blanks to a width. */
void print_cell(const char *text, int width, color color);
void print_colored(const char *text, color color);
/* A blank and so many tenths of a bar; nothing where there are no bars. */
void print_bar(int tenths, color color);
/* A JSON string, and a number that may be TRRO_ABSENT (null). */
void print_json_text(const char *text);
void print_json_number(int64_t number);

/* A moment in UTC into `text`; "-" for TRRO_ABSENT. */
void format_time(int64_t moment_s, const char *format, char *text, size_t size);
/* A number into `text`; "-" for TRRO_ABSENT. */
void format_number(int64_t number, char *text, size_t size);
void print_error(const char *what, const trro_error *error);

/* "EXPIRED" of TRRO_VERDICT_EXPIRED. */
const char *short_name(trro_verdict verdict);
color verdict_color(trro_verdict verdict);
int exit_of(trro_verdict verdict);

#endif
