/* How the service is asked: for one answer, or for a list with all of its pages. */
#define _XOPEN_SOURCE 700
#include "status.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rows a page: the service documents no largest number, so one that it refuses is halved. */
enum { PAGE_SIZE = 100, LEAST_PAGE_SIZE = 10, MOST_PAGES = 1000 };

int64_t service_time_s(const trro_client *client) {
    int64_t offset_ms;
    if (trro_client_clock_offset_ms(client, &offset_ms, NULL) || offset_ms == TRRO_ABSENT)
        offset_ms = 0;
    return (int64_t)time(NULL) + offset_ms / 1000;
}

int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is left of --deadline-ms; 0: it was not given. */
static uint32_t time_left_ms(const options *options) {
    const int64_t elapsed_ms = monotonic_ms() - options->began_ms;
    if (options->deadline_ms == 0)
        return 0;
    return elapsed_ms < options->deadline_ms ? options->deadline_ms - (uint32_t)elapsed_ms : 1;
}

/* ---- what is kept ---- */

void add_row(list *list, const void *row) {
    if (list->count == list->room) {
        const size_t room = list->room * 2 + PAGE_SIZE;
        const void **larger = realloc(list->rows, room * sizeof *larger);
        if (larger == NULL) {
            list->is_full = 1;
            return;
        }
        list->rows = larger;
        list->room = room;
    }
    list->rows[list->count++] = row;
}

/* Keeps the memory of an answer, in which rows are. */
static void keep(list *list, void *memory) {
    void **larger = realloc(list->answers, (list->answer_count + 1) * sizeof *larger);
    if (larger == NULL) {
        free(memory);
        list->count = 0; /* they may be in there */
        list->is_full = 1;
        return;
    }
    list->answers = larger;
    list->answers[list->answer_count++] = memory;
}

void free_list(list *list) {
    size_t i;
    for (i = 0; i < list->answer_count; i++)
        free(list->answers[i]);
    free(list->answers);
    free(list->rows);
}

/* ---- one answer ---- */

static int grow(buffer *buffer) {
    void *larger = realloc(buffer->memory, buffer->needed);
    if (larger == NULL)
        return 0;
    buffer->memory = larger;
    buffer->size = buffer->needed;
    return 1;
}

/* If the buffer is too small, the library keeps the answer: the second call sends no second request. */
static trro_status ask_page(const question *question, page *page, list *list, trro_error *error) {
    buffer buffer = {NULL, 0, 0};
    trro_status status;
    page->deadline_ms = time_left_ms(question->options);
    page->total = TRRO_ABSENT;
    page->rows = 0;
    do
        status = question->ask(question, page, &buffer, list, error);
    while (status == TRRO_STATUS_BUFFER_TOO_SMALL && grow(&buffer));
    if (status == TRRO_STATUS_OK)
        keep(list, buffer.memory);
    else
        free(buffer.memory);
    list->is_full |= status == TRRO_STATUS_BUFFER_TOO_SMALL;
    return status;
}

static int print_failure(const question *question, const list *list, const trro_error *error) {
    if (list->is_full)
        fprintf(stderr, "trro-status: out of memory\n");
    else
        print_error(question->failure, error);
    return 0;
}

int ask_once(const question *question, list *list) {
    page page = {1, 0, 0, TRRO_ABSENT, 0};
    trro_error error;
    if (ask_page(question, &page, list, &error) != TRRO_STATUS_OK || list->is_full)
        return print_failure(question, list, &error);
    return 1;
}

/* ---- all pages ---- */

/* The code by which the service refuses a page size, among others; it can do so before it has given anything only. */
static int is_size_refused(const page *page, const trro_error *error) {
    static const char code[] = "InvalidParameterValue";
    const char end = error->code[sizeof code - 1];
    return page->number == 1 && page->size > LEAST_PAGE_SIZE && strncmp(error->code, code, sizeof code - 1) == 0 &&
           (end == '\0' || end == '.');
}

static trro_status ask_sized_page(const question *question, page *page, list *list, trro_error *error) {
    trro_status status;
    while ((status = ask_page(question, page, list, error)) != TRRO_STATUS_OK && is_size_refused(page, error))
        page->size = page->size / 2 > LEAST_PAGE_SIZE ? page->size / 2 : LEAST_PAGE_SIZE;
    return status;
}

/* How far a list has been read. */
typedef struct {
    int64_t rows, total; /* TRRO_ABSENT: not told */
    int total_is_of_all;
} progress;

/* Whether that was the last page. One with few rows need not be: the service may give less than it is asked for. Where it is
 * not documented what a total counts, one of more than the rows of its page shows that it is of all pages. */
static int take_page(progress *progress, const page *page, list *list) {
    if (page->total != TRRO_ABSENT) {
        progress->total_is_of_all |= page->total > (int64_t)page->rows;
        list->has_changed |= progress->total_is_of_all && progress->total != TRRO_ABSENT && progress->total != page->total;
        progress->total = page->total;
    }
    progress->rows += (int64_t)page->rows;
    if (page->rows > 0 && (!progress->total_is_of_all || progress->total == TRRO_ABSENT || progress->rows < progress->total))
        return 0;
    list->has_changed |= progress->total_is_of_all && progress->total != TRRO_ABSENT && progress->rows != progress->total;
    return 1;
}

static int ask_pages(const question *question, list *list, int shows_progress) {
    progress progress = {0, TRRO_ABSENT, question->total_is_of_all};
    page page = {0, PAGE_SIZE, 0, TRRO_ABSENT, 0};
    trro_error error;
    while (page.number < MOST_PAGES) {
        page.number++;
        if (ask_sized_page(question, &page, list, &error) != TRRO_STATUS_OK || list->is_full)
            return print_failure(question, list, &error);
        if (take_page(&progress, &page, list))
            return 1;
        if (shows_progress)
            fprintf(stderr, "\r%lld rows ...", (long long)progress.rows);
    }
    fprintf(stderr, "trro-status: %s: there are more than %d pages\n", question->failure, (int)MOST_PAGES);
    return 0;
}

int ask_for_all(const question *question, list *list) {
    const int shows_progress = is_rich() && isatty(STDERR_FILENO);
    const int is_fine = ask_pages(question, list, shows_progress);
    if (shows_progress)
        fprintf(stderr, "\r\033[K");
    return is_fine;
}

void warn_of_changes(const list *list) {
    if (list->has_changed)
        fprintf(stderr, "trro-status: the list has changed meanwhile: a row may be missing, or be there twice\n");
}

int widest_text(const list *list, const char *title, size_t field, int most) {
    int width = width_of(title);
    size_t i;
    for (i = 0; i < list->count; i++)
        widen(&width, or_dash(*(const char *const *)((const char *)list->rows[i] + field)), most);
    return width;
}
