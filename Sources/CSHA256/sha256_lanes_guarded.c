// A bus error in the bytes that a thread has said it reads ends its reading, and nothing else.
//
// The signal comes to the thread that touched the page. Between sigsetjmp and siglongjmp lie only the
// kernel's loads and the lanes' arithmetic in registers, so nothing is left half done (POSIX.1-2017,
// sigsetjmp; sigaction, SA_SIGINFO). A bus error anywhere else goes to who was there before us, and
// so does a signal that somebody has sent: it is of no page.
#include "sha256_lanes.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

struct reading {
    sigjmp_buf back;
    const void *const *data;
    int count;
    size_t length;
};

static _Thread_local struct reading *volatile current;
static struct sigaction previous;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int holds(const struct reading *reading, const char *address) {
    for (int l = 0; l < reading->count; l++) {
        const char *start = reading->data[l];
        if (address >= start && (size_t)(address - start) < reading->length) return 1;
    }
    return 0;
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
    struct reading *reading = current;
    // A signal that was sent has no address: who sent it stands in its place.
    const int was_sent = info->si_code <= 0;
    const char *address = was_sent ? NULL : info->si_addr;
    if (reading && !was_sent && holds(reading, address)) siglongjmp(reading->back, 1);
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler == SIG_IGN && was_sent) {
        return;
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        // The instruction runs once more, and the process ends as it would have; behind a signal
        // that was sent there is none that would raise it again.
        signal(SIGBUS, SIG_DFL);
        if (was_sent) raise(number);
    } else {
        previous.sa_handler(number);
    }
}

static void install(void) {
    struct sigaction action = {
        .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

int shim_sha256_lanes_guarded(
    uint32_t *const states[], const void *const data[], int count, size_t blocks) {
    struct reading reading = {.data = data, .count = count, .length = blocks * 64};
    pthread_once(&once, install);
    if (sigsetjmp(reading.back, 0)) {
        current = NULL;
        return -1;
    }
    current = &reading;
    shim_sha256_lanes(states, data, count, blocks);
    current = NULL;
    return 0;
}
