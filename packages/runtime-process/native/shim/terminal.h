#ifndef AURAE_SHIM_TERMINAL_H
#define AURAE_SHIM_TERMINAL_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Opens a pair: `master` does not block, `slave` is for the workload alone. While someone held the slave open, the
 * end of the session's leader would hang the terminal up and so throw away what nobody has read yet.
 * Returns 0 or errno.
 */
int terminal_open(uint16_t rows, uint16_t columns, int *master, int *slave);

/* Makes the process's user its owner, as login(1) does: who may use it may also open it by its name. */
void terminal_give_to(int master, pid_t process);

void terminal_resize(int master, uint16_t rows, uint16_t columns);

/* The character that means end of file there, as a program may have changed it; -1 when there is none. */
int terminal_end_of_file(int master);

#endif
