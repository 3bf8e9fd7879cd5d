// The files that travel inside the binary: migrations, the shipped policy pack, schemas.
#ifndef IMPRIMATUR_RESOURCES_H
#define IMPRIMATUR_RESOURCES_H

#include <stddef.h>

struct imprimatur_resource {
    const char *path;            // relative to the top of the repository
    const unsigned char *bytes;
    size_t length;
};

// All embedded files, ordered by path.
const struct imprimatur_resource *imprimatur_resources(size_t *count);

#endif
