#ifndef AURAE_SHIM_CONTROL_SOCKET_H
#define AURAE_SHIM_CONTROL_SOCKET_H

#include "shim.h"

/* Listens at the settings' path, in place of whatever socket is there. Returns 0 or errno. */
int control_socket_listen(struct shim *shim);

/* Takes in who has connected, for the last time before the end. */
void control_socket_accept(struct shim *shim);

/* A connection has been closed: goes on where there were too many. */
void control_socket_has_room(struct shim *shim);

/* Removes the socket from its place, unless another one is there; who has connected already is served. */
void control_socket_unlink(struct shim *shim);

/* The same, and closes it. */
void control_socket_remove(struct shim *shim);

#endif
