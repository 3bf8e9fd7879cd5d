// Embeds files by #embed; the list is checked against the folders by a test (`embedded files are complete`).
#include "resources.h"

#pragma clang diagnostic ignored "-Wc23-extensions"


static const unsigned char migration_0001[] = {
#embed "../../migrations/0001_log.sql"
};
static const unsigned char migration_0002[] = {
#embed "../../migrations/0002_registry.sql"
};


#define ROW(path, symbol) {path, symbol, sizeof symbol}

static const struct imprimatur_resource resources[] = {
    ROW("migrations/0001_log.sql", migration_0001),
    ROW("migrations/0002_registry.sql", migration_0002),
};

const struct imprimatur_resource *imprimatur_resources(size_t *count) {
    *count = sizeof resources / sizeof *resources;
    return resources;
}
