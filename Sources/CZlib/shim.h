// What Swift cannot call by itself: deflateInit2 is a macro.
#pragma once

#include <zlib.h>

// Prepares a stream that writes a gzip member (RFC 1952): 15 bits of window, and 16 for its header.
static inline int shim_gzip_start(z_stream *stream) {
    return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
