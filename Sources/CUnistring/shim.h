#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

/* UNINORM_NFC and UNINORM_NFD are macros, which Swift does not see. The result is the caller's to free. */
static inline uint8_t *countersign_convert(const uint8_t *text, size_t size, int decomposes, size_t *new_size) {
    return decomposes ? u8_normalize(UNINORM_NFD, text, size, NULL, new_size)
                      : u8_casefold(text, size, NULL, UNINORM_NFC, NULL, new_size);
}
