/* With ZLIB_CONST zlib takes its input as const. */
#define ZLIB_CONST
#include <zlib.h>

/* inflateInit2 is a macro, which Swift cannot call. Negative window bits mean deflate without a header (RFC 1951). */
static inline int countersign_inflate_init_raw(z_streamp stream) { return inflateInit2(stream, -MAX_WBITS); }
