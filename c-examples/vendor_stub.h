/* In place of the vendor's trro_field.h, which is not public: the few functions of it that field_device.c uses, so that the
 * example can be compiled and run without the vendor's package. Nothing is sent and no video is made.
 *
 * VENDOR_STUB_TIMEOUTS in the environment: so many times TRRO_start says first that the license check took too long. */
#ifndef VENDOR_STUB_H
#define VENDOR_STUB_H

#include <stdio.h>
#include <stdlib.h>

#define TRRO_SUCCEED 1
#define TRRO_INIT_PUBLIC_LICENSE_CHECK_TIMEOUT 0x02000100
#define TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_BIND 0x02000101
#define TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_ENOUGH 0x02000102
#define TRRO_INIT_PUBLIC_LICENSE_CHECK_OVERTIME 0x02000103
#define TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_DURATION 0x02000104

/* Connects to the vendor's servers as the config.json says; mode 0: returns when that is done. */
static inline int TRRO_initGwPath(const char *config_path, int mode) {
    (void)config_path;
    (void)mode;
    return TRRO_SUCCEED;
}

/* Begins to send video, if the license check of the vendor's servers lets it. */
static inline int TRRO_start(void) {
    static int calls;
    const char *timeouts = getenv("VENDOR_STUB_TIMEOUTS");
    if (timeouts != NULL && calls++ < atoi(timeouts))
        return -TRRO_INIT_PUBLIC_LICENSE_CHECK_TIMEOUT;
    printf("  (stub) TRRO_start: video is sent\n");
    return TRRO_SUCCEED;
}

static inline void TRRO_stop(void) {
    printf("  (stub) TRRO_stop: no video is sent any more\n");
}

/* What a return value means. */
static inline const char *getErrorMsg(int code) {
    switch (-code) {
    case TRRO_INIT_PUBLIC_LICENSE_CHECK_TIMEOUT: return "(stub) the license check timed out";
    case TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_BIND: return "(stub) no license is bound";
    case TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_ENOUGH: return "(stub) too few licenses";
    case TRRO_INIT_PUBLIC_LICENSE_CHECK_OVERTIME: return "(stub) the license is past its time";
    case TRRO_INIT_PUBLIC_LICENSE_CHECK_NOT_DURATION: return "(stub) no time is left this month";
    default: return "(stub) some error";
    }
}

#endif
