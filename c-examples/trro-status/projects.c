/* trro-status projects: every project, or one, as a table or as JSON. */
#include "status.h"

enum { WIDEST_ID = 32, WIDEST_NAME = 48 };

static trro_status ask_for_projects(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    trro_describe_project_list_request request = TRRO_DESCRIBE_PROJECT_LIST_REQUEST_INIT;
    const trro_project_list *projects;
    trro_status status;
    size_t i;
    request.page_number = page->number;
    request.page_size = page->size;
    request.deadline_ms = page->deadline_ms;
    status = trro_describe_project_list(question->client, &request, buffer->memory, buffer->size, &projects, &buffer->needed,
                                        error);
    if (status != TRRO_STATUS_OK)
        return status;
    for (i = 0; i < projects->project_count; i++)
        add_row(list, projects->projects[i]);
    page->total = projects->total;
    page->rows = projects->project_count;
    return status;
}

/* The one of --project, as a row of the list has it. */
static trro_status ask_for_project(const question *question, page *page, buffer *buffer, list *list, trro_error *error) {
    static trro_project project;
    trro_describe_project_info_request request = TRRO_DESCRIBE_PROJECT_INFO_REQUEST_INIT;
    const trro_project_info *info;
    trro_status status;
    request.project_id = question->options->project_id;
    request.deadline_ms = page->deadline_ms;
    status =
        trro_describe_project_info(question->client, &request, buffer->memory, buffer->size, &info, &buffer->needed, error);
    if (status != TRRO_STATUS_OK)
        return status;
    project.project_id = request.project_id;
    project.project_name = info->project_name;
    project.project_description = info->project_description;
    project.policy_mode = info->policy_mode;
    project.modify_time = info->modify_time;
    add_row(list, &project);
    return status;
}

static void print_row(const trro_project *project, int id_width, int name_width) {
    print_cell(or_dash(project->project_id), id_width, PLAIN);
    printf("  ");
    print_cell(or_dash(project->project_name), name_width, PLAIN);
    printf("  ");
    print_cell(or_dash(project->policy_mode), 6, PLAIN);
    printf("  ");
    print_text(or_dash(project->modify_time));
    printf("\n");
}

/* When a project was modified is printed as the service says it, by ISO 8601. */
static void print_table(const list *list) {
    const int id_width = widest_text(list, "PROJECT", offsetof(trro_project, project_id), WIDEST_ID);
    const int name_width = widest_text(list, "NAME", offsetof(trro_project, project_name), WIDEST_NAME);
    size_t i;
    printf("%-*s  %-*s  %-6s  %s\n", id_width, "PROJECT", name_width, "NAME", "POLICY", "MODIFIED");
    for (i = 0; i < list->count; i++)
        print_row(list->rows[i], id_width, name_width);
    printf("%zu projects\n", list->count);
}

static void print_json_row(const trro_project *project) {
    printf("{\"project_id\":");
    print_json_text(project->project_id);
    print_member_text("project_name", project->project_name);
    print_member_text("project_description", project->project_description);
    print_member_text("policy_mode", project->policy_mode);
    print_member_text("modify_time", project->modify_time);
    printf("}");
}

static void print_json(const list *list) {
    size_t i;
    printf("{\"projects\":[");
    for (i = 0; i < list->count; i++) {
        printf(i > 0 ? ",\n" : "\n");
        print_json_row(list->rows[i]);
    }
    printf("\n],\"changed\":%s}\n", list->has_changed ? "true" : "false");
}

int list_projects(const trro_client *client, const options *options) {
    const question for_one = {client, options, ask_for_project, "cannot get the project", 0};
    const question for_all = {client, options, ask_for_projects, "cannot get the projects", 1};
    list list = EMPTY_LIST;
    int status = EXIT_NOT_KNOWN;
    if (options->project_id != NULL ? ask_once(&for_one, &list) : ask_for_all(&for_all, &list)) {
        if (options->is_json)
            print_json(&list);
        else
            print_table(&list);
        warn_of_changes(&list);
        status = EXIT_FINE;
    }
    free_list(&list);
    return status;
}
