#define _GNU_SOURCE
#include "terminal.h"

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int terminal_open(uint16_t rows, uint16_t columns, int *master, int *slave) {
  *slave = -1;
  *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*master < 0) {
    return errno;
  }
  /* By the master, not by name: another devpts may be mounted at /dev/pts. */
  if (unlockpt(*master) == 0) {
    *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  if (*slave < 0 || fcntl(*master, F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
    int error = errno;
    shim_close(slave);
    shim_close(master);
    return error;
  }
  terminal_resize(*master, rows, columns);
  return 0;
}

void terminal_give_to(int master, pid_t process) {
  char name[64];
  char path[32];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d", process);
  if (ptsname_r(master, name, sizeof name) == 0 && stat(path, &status) == 0 &&
      chown(name, status.st_uid, (gid_t)-1) != 0) {
    return; /* it still has it as its controlling terminal */
  }
}

void terminal_resize(int master, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  ioctl(master, TIOCSWINSZ, &size);
}

int terminal_end_of_file(int master) {
  struct termios settings;
  if (tcgetattr(master, &settings) != 0) {
    return 4;
  }
  return settings.c_cc[VEOF] == _POSIX_VDISABLE ? -1 : settings.c_cc[VEOF];
}
