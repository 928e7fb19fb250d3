#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/outfile.h"
#include "lib/zio.h"
#include "nn/loop_private.h"

static volatile sig_atomic_t stop_signal, save_signal, evaluate_signal;
static int wake[2] = {-1, -1}; /* a byte in it interrupts readers */

static void on_stop_signal(int number) {
    if (stop_signal) { /* asked twice: at once */
        outfile_discard_all();
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_signal = number;
    if (wake[1] >= 0)
        (void)!write(wake[1], "", 1);
}

static void on_user_signal(int number) {
    if (number == SIGUSR1)
        save_signal = 1;
    else
        evaluate_signal = 1;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction old, act = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(number, &act, NULL);
}

void loop_listen(void) {
    if (pipe(wake) == 0) {
        fcntl(wake[0], F_SETFD, FD_CLOEXEC);
        fcntl(wake[1], F_SETFD, FD_CLOEXEC);
        zio_interrupt_by(wake[0]);
    } else {
        wake[0] = wake[1] = -1;
    }
    handle(SIGTERM, on_stop_signal);
    handle(SIGINT, on_stop_signal);
    handle(SIGHUP, on_stop_signal);
    handle(SIGUSR1, on_user_signal);
    handle(SIGUSR2, on_user_signal);
}

void loop_stop_listening(void) {
    zio_interrupt_by(-1);
    int ends[2] = {wake[0], wake[1]};
    wake[0] = wake[1] = -1;
    if (ends[0] >= 0) {
        close(ends[0]);
        close(ends[1]);
    }
}

const char *loop_stop_signal(void) {
    int number = (int)stop_signal;
    return number == 0         ? NULL
           : number == SIGTERM ? "SIGTERM"
           : number == SIGINT  ? "SIGINT"
                               : "SIGHUP";
}

bool loop_take_save_signal(void) {
    bool asked = save_signal;
    save_signal = 0;
    return asked;
}

bool loop_take_evaluate_signal(void) {
    bool asked = evaluate_signal;
    evaluate_signal = 0;
    return asked;
}
