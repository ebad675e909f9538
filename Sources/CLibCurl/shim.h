/* The type checks are macros for constant options; below, the option is a parameter. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* Swift cannot call functions with a variable list of arguments: curl_easy_setopt and curl_easy_getinfo, once for each
   type of value that is used. */

static inline CURLcode countersign_curl_set_number(CURL *curl, CURLoption option, long value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode countersign_curl_set_size(CURL *curl, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode countersign_curl_set_text(CURL *curl, CURLoption option, const char *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode countersign_curl_set_pointer(CURL *curl, CURLoption option, const void *value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode countersign_curl_set_receiver(CURL *curl, CURLoption option, curl_write_callback value) {
    return curl_easy_setopt(curl, option, value);
}

static inline CURLcode countersign_curl_set_progress(CURL *curl, curl_xferinfo_callback value) {
    return curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode countersign_curl_get_status(CURL *curl, long *value) {
    return curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, value);
}
