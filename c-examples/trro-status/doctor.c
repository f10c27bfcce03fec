/* trro-status doctor: every step of a call, and what to do about the one that fails. */
#include "status.h"

#include <string.h>

typedef struct {
    const options *options;
    size_t steps;
    int status;
} examination;

static void print_json(const examination *examination, const trro_diagnosis *diagnosis) {
    printf(examination->steps > 0 ? ",\n" : "\n");
    printf("{\"step\":");
    print_json_text(diagnosis->name);
    printf(",\"was_reached\":%s,\"status\":\"%s\",\"elapsed_ms\":", diagnosis->was_reached ? "true" : "false",
           trro_status_name(diagnosis->status));
    print_json_number(diagnosis->elapsed_ms);
    printf(",\"finding\":");
    print_json_text(diagnosis->finding);
    printf(",\"advice\":");
    print_json_text(diagnosis->advice);
    printf("}");
}

/* That nothing is known of the licenses is no fault of a step, but there is something to do. */
static int is_not_known(const trro_diagnosis *diagnosis) {
    return diagnosis->step == TRRO_STEP_LICENSE && diagnosis->status == TRRO_STATUS_OK && diagnosis->advice[0] != '\0';
}

static void print_step(const trro_diagnosis *diagnosis) {
    const int is_fine = diagnosis->status == TRRO_STATUS_OK;
    char elapsed[32] = "";
    if (diagnosis->elapsed_ms != TRRO_ABSENT)
        snprintf(elapsed, sizeof elapsed, "%lld ms", (long long)diagnosis->elapsed_ms);
    if (!diagnosis->was_reached)
        print_cell("-", 4, FAINT);
    else if (is_not_known(diagnosis))
        print_cell("?", 4, YELLOW);
    else
        print_cell(is_fine ? "ok" : "FAIL", 4, is_fine ? GREEN : RED);
    printf("  ");
    print_cell(diagnosis->name, 11, PLAIN);
    printf("  %9s  ", elapsed);
    print_text(diagnosis->finding);
    printf("\n");
    if (diagnosis->advice[0] != '\0') {
        printf("%30s-> ", "");
        print_colored(diagnosis->advice, is_fine ? PLAIN : YELLOW);
        printf("\n");
    }
    fflush(stdout);
}

/* A trro_diagnosis_fn: one step, as soon as it is known. */
static int visit(void *user_data, const trro_diagnosis *diagnosis) {
    examination *examination = user_data;
    if (examination->options->is_json)
        print_json(examination, diagnosis);
    else
        print_step(diagnosis);
    examination->steps++;
    if (diagnosis->status != TRRO_STATUS_OK && examination->status == EXIT_FINE)
        examination->status = diagnosis->step == TRRO_STEP_LICENSE ? EXIT_NOT_AUTHORIZED : EXIT_NOT_KNOWN;
    if (is_not_known(diagnosis) && examination->status == EXIT_FINE)
        examination->status = EXIT_NOT_KNOWN;
    return 0;
}

int examine(const trro_client *client, const options *options) {
    trro_authorization_query query = TRRO_AUTHORIZATION_QUERY_INIT;
    examination examination = {options, 0, EXIT_FINE};
    trro_error error;
    query.project_id = options->project_id;
    query.device_id = options->device_id;
    query.streams = options->streams;
    query.deadline_ms = options->deadline_ms;
    if (options->is_json)
        printf("{\"steps\":[");
    if (trro_client_diagnose(client, &query, visit, &examination, &error)) {
        print_error("cannot examine", &error);
        examination.status = EXIT_NOT_KNOWN;
    }
    if (options->is_json)
        printf("\n]}\n");
    return examination.status;
}
