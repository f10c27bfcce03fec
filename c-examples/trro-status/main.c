/* trro-status: looks at devices of Tencent Cloud's Real-time Teleoperation service and their licenses. The manual page
 * (docs/man/trro-status.1) is the reference; --help says the same in short. */
#define _XOPEN_SOURCE 700
#include "status.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: trro-status devices  [--project ID] [--streams N]\n"
    "       trro-status check    DEVICE --project ID [--streams N] [--available]\n"
    "       trro-status watch    DEVICE --project ID [--streams N]\n"
    "       trro-status licenses [--project ID]\n"
    "       trro-status projects [--project ID]\n"
    "       trro-status sessions --project ID [--device ID] [--recent]\n"
    "       trro-status doctor   [--project ID [--device ID]]\n"
    "\n"
    "Looks at devices of Tencent Cloud's Real-time Teleoperation service (TRRO) and\n"
    "the licenses by which they are authorized to run.\n"
    "\n"
    "  devices   every device, of a project or of all\n"
    "  check     whether one device may run\n"
    "  watch     the same, and on every change, until it is interrupted\n"
    "  licenses  how many there are, and when they expire\n"
    "  projects  every project\n"
    "  sessions  of a project or a device: who drove what, and when\n"
    "  doctor    every step of a call to the service, and what to do if one fails\n"
    "\n"
    "  --project ID      the project\n"
    "  --device ID       the device, in place of DEVICE; lists: only of this one\n"
    "  --streams N       how many streams the device is to send (default 1)\n"
    "  --available       check: ask how many of its licenses are usable, too\n"
    "  --recent          sessions: those of the last two hours\n"
    "  --config FILE     take project, device (but for devices and licenses) and\n"
    "                    streams from the config.json of the vendor's field SDK\n"
    "  --json            for programs\n"
    "  --endpoint URL    another site than the international one (default:\n"
    "                    TRRO_ENDPOINT of the environment)\n"
    "  --ca-file FILE    the authorities to trust (default: TRRO_CA_FILE of the\n"
    "                    environment, else Mozilla's)\n"
    "  --region NAME     sent as X-TC-Region\n"
    "  --deadline-ms N   for everything together; watch: for asking once\n"
    "  --version\n"
    "  --help\n"
    "\n"
    "The key is looked for in TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY of\n"
    "the environment, then in the files of Tencent's own tools.\n"
    "\n"
    "Exit status: 0 authorized, or fine; 1 not authorized; 2 wrong usage; 3 not\n"
    "known, or the service cannot be asked.\n";

typedef struct {
    const char *name;
    int (*run)(const trro_client *client, const options *options);
    int needs_device, needs_project;
    int is_of_fleet; /* a file of --config says the project only */
} command;

static const command commands[] = {
    {"devices", list_devices, 0, 0, 1},
    {"check", check_device, 1, 1, 0},
    {"watch", watch_device, 1, 1, 0},
    {"licenses", list_licenses, 0, 0, 1},
    {"projects", list_projects, 0, 0, 1},
    {"sessions", list_sessions, 0, 1, 0},
    {"doctor", examine, 0, 0, 0},
};

static const command *find_command(const char *name) {
    size_t i;
    for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int hint_at_help(void) {
    fprintf(stderr, "try trro-status --help\n");
    return EXIT_USAGE;
}

static int wrong_usage(const char *what, const char *which) {
    fprintf(stderr, "trro-status: %s%s\n", what, which);
    return hint_at_help();
}

/* A variable of the environment; NULL if it is not set or empty. */
static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* A number from 1 to `most`; 0 if it is none. */
static uint32_t read_number(const char *text, uint32_t most) {
    char *end;
    unsigned long long number;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number > most)
        return 0;
    return (uint32_t)number;
}

/* What goes wrong while others are asked in the background. */
static void print_log(void *user_data, int32_t level, const char *message) {
    (void)user_data;
    (void)level;
    fprintf(stderr, "trro-status: %s\n", message);
}

/* Fills in what the command line leaves open. The file's texts stay in a buffer of this function. */
static int load_config(const char *path, const command *command, options *options) {
    static char buffer[16384];
    const trro_authorization_query *query;
    trro_error error;
    if (trro_load_device_config(path, buffer, sizeof buffer, &query, NULL, &error)) {
        print_error("cannot use the file of --config", &error);
        return 0;
    }
    if (options->project_id == NULL)
        options->project_id = query->project_id;
    if (options->device_id == NULL && !command->is_of_fleet)
        options->device_id = query->device_id;
    if (options->streams == 0)
        options->streams = query->streams;
    return 1;
}

static int run(const command *command, trro_client_config *config, const options *options) {
    trro_client *client;
    trro_error error;
    int status;
    if (command->run == watch_device) {
        config->log_fn = print_log;
        config->log_level = TRRO_LOG_LEVEL_WARNING;
    }
    if (trro_client_new(config, &client, &error)) {
        print_error("cannot make a client", &error);
        return EXIT_NOT_KNOWN;
    }
    status = command->run(client, options);
    trro_client_free(client);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("trro-status: stdout");
        return EXIT_NOT_KNOWN;
    }
    return status;
}

enum { PROJECT = 1, DEVICE, STREAMS, AVAILABLE, RECENT, CONFIG, JSON, ENDPOINT, CA_FILE, REGION, DEADLINE_MS, VERSION, HELP };

static const struct option long_options[] = {
    {"project", required_argument, NULL, PROJECT},
    {"device", required_argument, NULL, DEVICE},
    {"streams", required_argument, NULL, STREAMS},
    {"available", no_argument, NULL, AVAILABLE},
    {"recent", no_argument, NULL, RECENT},
    {"config", required_argument, NULL, CONFIG},
    {"json", no_argument, NULL, JSON},
    {"endpoint", required_argument, NULL, ENDPOINT},
    {"ca-file", required_argument, NULL, CA_FILE},
    {"region", required_argument, NULL, REGION},
    {"deadline-ms", required_argument, NULL, DEADLINE_MS},
    {"version", no_argument, NULL, VERSION},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* What the command line says; a result other than EXIT_FINE is how the program ends. */
static int read_options(int argc, char **argv, options *options, trro_client_config *config, const char **config_file) {
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case PROJECT: options->project_id = optarg; break;
        case DEVICE: options->device_id = optarg; break;
        case AVAILABLE: options->asks_available = 1; break;
        case RECENT: options->is_recent = 1; break;
        case CONFIG: *config_file = optarg; break;
        case JSON: options->is_json = 1; break;
        case ENDPOINT: config->endpoint = optarg; break;
        case CA_FILE: config->ca_file = optarg; break;
        case REGION: config->region = optarg; break;
        case STREAMS:
            if ((options->streams = read_number(optarg, INT32_MAX)) == 0)
                return wrong_usage("not a number of streams: ", optarg);
            break;
        case DEADLINE_MS:
            if ((options->deadline_ms = read_number(optarg, 600000)) == 0)
                return wrong_usage("not a number from 1 to 600000: ", optarg);
            break;
        case VERSION:
            printf("trro-status %d.%d.%d, libtrro %s\n", TRRO_VERSION_MAJOR, TRRO_VERSION_MINOR, TRRO_VERSION_PATCH,
                   trro_version());
            exit(EXIT_FINE);
        case HELP: fputs(help, stdout); exit(EXIT_FINE);
        default: return hint_at_help(); /* getopt_long() has said what is wrong */
        }
    }
    return EXIT_FINE;
}

/* Whether the command has what it needs, and nothing that another one is asked with. */
static int check_options(const command *command, const options *options) {
    if (command->needs_device && (options->device_id == NULL || options->project_id == NULL))
        return wrong_usage("DEVICE and --project, or --config, are needed for ", command->name);
    if (command->needs_project && options->project_id == NULL)
        return wrong_usage("--project, or --config, is needed for ", command->name);
    if (options->device_id != NULL && options->project_id == NULL)
        return wrong_usage("--device needs --project: ids are unique inside of a project only", "");
    if (options->asks_available && command->run != check_device)
        return wrong_usage("--available is for check, and not for ", command->name);
    if (options->is_recent && command->run != list_sessions)
        return wrong_usage("--recent is for sessions, and not for ", command->name);
    return EXIT_FINE;
}

int main(int argc, char **argv) {
    trro_client_config config = TRRO_CLIENT_CONFIG_INIT;
    options options = {NULL, NULL, 0, 0, 0, 0, 0, 0};
    const char *config_file = NULL;
    const command *command;
    int status;
    config.endpoint = setting("TRRO_ENDPOINT");
    config.ca_file = setting("TRRO_CA_FILE");
    status = read_options(argc, argv, &options, &config, &config_file);
    if (status != EXIT_FINE)
        return status;
    if (optind == argc)
        return wrong_usage("no command is given", "");
    if ((command = find_command(argv[optind++])) == NULL)
        return wrong_usage("no such command: ", argv[optind - 1]);
    if (command->needs_device && optind < argc)
        options.device_id = argv[optind++];
    if (optind < argc)
        return wrong_usage("one argument too many: ", argv[optind]);
    if (config_file != NULL && !load_config(config_file, command, &options))
        return EXIT_NOT_KNOWN;
    if ((status = check_options(command, &options)) != EXIT_FINE)
        return status;
    options.began_ms = monotonic_ms();
    prepare_output();
    return run(command, &config, &options);
}
