#define _GNU_SOURCE
#include "signals.h"

#include "control-socket.h"
#include "lifetime.h"
#include "stop-ladder.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void act(struct shim *shim, uint32_t signal) {
  if (signal == SIGCHLD) {
    lifetime_reap(shim);
  } else if (shim->phase != SHIM_RUNNING && signal == SIGTERM) {
    return;
  } else if (signal == SIGTERM) {
    stop_ladder_begin(shim, shim->settings.stop_signal, shim->settings.stop_grace_ms, true);
  } else if (signal == SIGUSR1 && shim->phase < SHIM_LEAVING) {
    control_socket_listen(shim); /* where that fails, the old one stays: the next SIGUSR1 tries again */
  }
}

static void on_signals(struct shim *shim, struct source *source, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  while (read(source->descriptor, &info, sizeof info) == (ssize_t)sizeof info) {
    act(shim, info.ssi_signo);
  }
}

int signals_open(struct shim *shim) {
  /* SIGXFSZ: a log that reaches the limit of file sizes is one that cannot be written. */
  static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    signal(ignored[i], SIG_IGN);
  }
  signal(SIGCHLD, SIG_DFL); /* ignored, it would reap by itself */
  sigset_t handled;
  sigemptyset(&handled);
  sigaddset(&handled, SIGCHLD);
  sigaddset(&handled, SIGTERM);
  sigaddset(&handled, SIGUSR1);
  sigprocmask(SIG_SETMASK, &handled, NULL);
  int descriptor = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) {
    return errno;
  }
  shim->signals = (struct source){.descriptor = descriptor, .on_ready = on_signals};
  return shim_watch(shim, &shim->signals, EPOLLIN);
}
