/* libtrro in one process with OpenSSL, with a libcurl that has GnuTLS, and with a second copy of itself: all of them do TLS, in turns.
 *
 *     beside COPY LIBSSL LIBCURL
 *
 * 77: one of the others is not installed, and stderr says which. */
#include <dlfcn.h>

#include "check.h"

/* From <openssl/ssl.h> and <curl/curl.h>, which need not be installed. */
enum { CURLOPT_URL = 10002, CURLOPT_CAINFO = 10065, CURLOPT_NOBODY = 44, CURLE_OK = 0, SSL_FILETYPE_PEM = 1 };

typedef trro_status new_client(const trro_client_config *, trro_client **, trro_error *);
typedef trro_status get_devices(const trro_client *, const trro_get_devices_request *, void *, size_t, const trro_devices **,
                                size_t *, trro_error *);
typedef void free_client(trro_client *);

/* The functions of one copy of the library. */
struct copy {
    new_client *new_client;
    get_devices *get_devices;
    free_client *free_client;
    trro_client *client;
};

static char buffer[256 * 1024];

static void *open_or_skip(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fprintf(stderr, "%s is not installed\n", library);
        exit(77);
    }
    return handle;
}

/* A function of a library; a pointer to data becomes one to a function by way of its bytes. */
static void find(void *handle, const char *name, void *function) {
    void *found = dlsym(handle, name);
    CHECK(found != NULL);
    memcpy(function, &found, sizeof found);
}

static struct copy open_copy(void *handle) {
    struct copy copy;
    trro_client_config config = config_for_test();
    trro_error error;
    find(handle, "trro_client_new", &copy.new_client);
    find(handle, "trro_get_devices", &copy.get_devices);
    find(handle, "trro_client_free", &copy.free_client);
    CHECK_STATUS(copy.new_client(&config, &copy.client, &error), TRRO_STATUS_OK, &error);
    return copy;
}

static void call(const struct copy *copy) {
    trro_get_devices_request request = TRRO_GET_DEVICES_REQUEST_INIT;
    const trro_devices *page;
    trro_error error;
    request.page_size = 10;
    CHECK_STATUS(copy->get_devices(copy->client, &request, buffer, sizeof buffer, &page, NULL, &error), TRRO_STATUS_OK, &error);
    CHECK(page->device_count == 10);
}

/* A context of OpenSSL with the emulator's authority. */
static void use_openssl(void *libssl) {
    const void *(*method)(void);
    void *(*new_context)(const void *);
    int (*load)(void *, const char *, const char *);
    void (*free_context)(void *);
    void *context;
    find(libssl, "TLS_client_method", &method);
    find(libssl, "SSL_CTX_new", &new_context);
    find(libssl, "SSL_CTX_load_verify_locations", &load);
    find(libssl, "SSL_CTX_free", &free_context);
    context = new_context(method());
    CHECK(context != NULL && load(context, getenv("TRRO_CA_FILE"), NULL) == 1);
    free_context(context);
}

/* A request of libcurl to the emulator. */
static void use_curl(void *libcurl) {
    void *(*init)(void);
    int (*set)(void *, int, ...);
    int (*perform)(void *);
    void (*cleanup)(void *);
    void *easy;
    find(libcurl, "curl_easy_init", &init);
    find(libcurl, "curl_easy_setopt", &set);
    find(libcurl, "curl_easy_perform", &perform);
    find(libcurl, "curl_easy_cleanup", &cleanup);
    easy = init();
    CHECK(easy != NULL && set(easy, CURLOPT_URL, getenv("TRRO_ENDPOINT")) == CURLE_OK);
    CHECK(set(easy, CURLOPT_CAINFO, getenv("TRRO_CA_FILE")) == CURLE_OK && set(easy, CURLOPT_NOBODY, 1L) == CURLE_OK);
    CHECK(perform(easy) == CURLE_OK);
    cleanup(easy);
}

int main(int argc, char **argv) {
    struct copy copies[2];
    void *libssl, *libcurl;
    int turn;
    CHECK(argc == 4);
    libssl = open_or_skip(argv[2]);
    libcurl = open_or_skip(argv[3]);
    copies[0] = open_copy(RTLD_DEFAULT);
    copies[1] = open_copy(open_or_skip(argv[1]));
    CHECK(copies[0].get_devices != copies[1].get_devices);
    for (turn = 0; turn < 3; turn++) {
        call(&copies[0]);
        use_curl(libcurl);
        call(&copies[1]);
        use_openssl(libssl);
    }
    copies[0].free_client(copies[0].client);
    call(&copies[1]);
    copies[1].free_client(copies[1].client);
    return 0;
}
