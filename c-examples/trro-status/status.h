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
    const char *project_id; /* NULL: not given */
    const char *device_id;  /* NULL: not given */
    uint32_t streams;       /* 0: not given */
    uint32_t deadline_ms;   /* 0: not given */
    int64_t began_ms;       /* when the command began, by monotonic_ms() */
    int is_json;
    int is_recent;
    int asks_available;
} options;

/* ---- the commands; each returns how the program ends ---- */

int list_devices(const trro_client *client, const options *options);
int check_device(const trro_client *client, const options *options);
int watch_device(const trro_client *client, const options *options);
int examine(const trro_client *client, const options *options);
int list_licenses(const trro_client *client, const options *options);
int list_projects(const trro_client *client, const options *options);
int list_sessions(const trro_client *client, const options *options);

/* ---- service.c: how the service is asked ---- */

/* The service's time, as far as its answers have told; else the machine's. */
int64_t service_time_s(const trro_client *client);
int64_t monotonic_ms(void);

/* Where an answer goes. */
typedef struct {
    void *memory;
    size_t size, needed;
} buffer;

/* Rows, in the answers that they came with. */
typedef struct {
    const void **rows;
    size_t count, room;
    void **answers;
    size_t answer_count;
    int has_changed; /* while it was read: rows may be missing, or be there twice */
    int is_full;     /* there is no memory left */
} list;

#define EMPTY_LIST {NULL, 0, 0, NULL, 0, 0, 0}

/* A page: what is asked for, and what is known from the answer. */
typedef struct {
    int64_t number, size;
    uint32_t deadline_ms; /* 0: the client's */
    int64_t total;        /* how many rows there are, or TRRO_ABSENT */
    size_t rows;          /* how many are in this answer */
} page;

/* What to ask for. */
typedef struct question {
    const trro_client *client;
    const options *options;
    /* Asks for one page, and adds the rows of its answer to the list, unless it fails. */
    trro_status (*ask)(const struct question *question, page *page, buffer *buffer, list *list, trro_error *error);
    const char *failure; /* what to say if it cannot be asked for */
    int total_is_of_all; /* it is documented that the total is that of all pages */
} question;

/* One answer, and all pages of a list. 0 after a failure, which has been printed. The list is to be freed in any case. */
int ask_once(const question *question, list *list);
int ask_for_all(const question *question, list *list);
void add_row(list *list, const void *row);
void free_list(list *list);
void warn_of_changes(const list *list);
/* The width of a column, by its title and the texts at this offset in the rows; those above `most` do not count. */
int widest_text(const list *list, const char *title, size_t field, int most);

/* ---- text.c: what people read ---- */

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
/* "-" for an empty text. */
const char *or_dash(const char *text);
/* Makes a column wide enough for a text, unless that is wider than `most`. */
void widen(int *width, const char *text, int most);
/* A blank and a bar that is full at a year; nothing where there are no bars. */
void print_days_bar(int64_t days, color color);
/* The days until an expiry in a column of 6, or what the service says of them, and their bar. */
void print_days(int64_t expire_time_s, int64_t remain_days, int64_t now_s);

/* A moment in UTC into `text`; "-" for TRRO_ABSENT. */
void format_time(int64_t moment_s, const char *format, char *text, size_t size);
/* A number into `text`; "-" for TRRO_ABSENT. */
void format_number(int64_t number, char *text, size_t size);
void print_error(const char *what, const trro_error *error);

/* "EXPIRED" of TRRO_VERDICT_EXPIRED. */
const char *short_name(trro_verdict verdict);
color verdict_color(trro_verdict verdict);
int exit_of(trro_verdict verdict);

/* ---- json.c: what programs read ---- */

/* A string, and a number that may be TRRO_ABSENT (null). */
void print_json_text(const char *text);
void print_json_number(int64_t number);
/* The same as a member of an object that is not its first. */
void print_member(const char *name, int64_t number);
void print_member_text(const char *name, const char *text);
void print_member_texts(const char *name, const char *const *texts, size_t count);

#endif
