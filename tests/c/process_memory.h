/* How much memory this process takes, as the kernel tells it. A program that the kernel does not tell ends with CANNOT_TELL. */
#ifndef PROCESS_MEMORY_H
#define PROCESS_MEMORY_H

#include "check.h"

enum { CANNOT_TELL = 77 };

/* A line of what the kernel tells of the process. */
static inline long status_of_process(const char *name) {
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (value < 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name), NULL, 10);
    fclose(file);
    return value;
}

/* From here on the most is counted anew. */
static inline void forget_the_most(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL || fputs("5", file) == EOF || fclose(file) != 0 || status_of_process("VmHWM:") < 0)
        exit(CANNOT_TELL);
}

#endif
