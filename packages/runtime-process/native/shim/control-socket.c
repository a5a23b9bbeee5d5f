#define _GNU_SOURCE
#include "control-socket.h"

#include "clients.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { most_clients = 256, backlog = 64 };

/* A path that is too long for sun_path is reached through its directory. */
static int make_address(const char *path, struct sockaddr_un *address, int *directory) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  *directory = -1;
  if (strlen(path) < sizeof address->sun_path) {
    memcpy(address->sun_path, path, strlen(path) + 1);
    return 0;
  }
  const char *name = strrchr(path, '/') + 1;
  char parent[PATH_MAX];
  if (snprintf(parent, sizeof parent, "%.*s", (int)(name - path), path) >= (int)sizeof parent) {
    return ENAMETOOLONG;
  }
  *directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*directory < 0) {
    return errno;
  }
  int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *directory, name);
  return length < (int)sizeof address->sun_path ? 0 : ENAMETOOLONG;
}

/* The lock is held: whoever listened here before is dead. */
static int bind_anew(int socket, const char *path) {
  struct sockaddr_un address;
  int directory = -1;
  int error = make_address(path, &address, &directory);
  struct stat status;
  if (error == 0 && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
    unlink(path);
  }
  if (error == 0 && bind(socket, (const struct sockaddr *)&address, sizeof address) != 0) {
    error = errno;
  }
  shim_close(&directory);
  return error;
}

static bool may_connect(int socket) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static bool accept_one(struct shim *shim) {
  int socket = accept4(shim->listener.descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      shim_unwatch(shim, &shim->listener); /* until a connection is closed, or SIGUSR1 */
    }
    return false;
  }
  if (may_connect(socket)) {
    client_open(shim, socket);
  } else {
    close(socket);
  }
  return true;
}

static void on_listener_ready(struct shim *shim, struct source *source, uint32_t events) {
  (void)source;
  (void)events;
  if (shim->client_count >= most_clients) {
    shim_unwatch(shim, &shim->listener);
  } else {
    accept_one(shim);
  }
}

void control_socket_accept(struct shim *shim) {
  while (shim->listener.descriptor >= 0 && shim->client_count < most_clients && accept_one(shim)) {
  }
}

void control_socket_has_room(struct shim *shim) {
  if (shim->listener.descriptor >= 0) {
    shim_watch(shim, &shim->listener, EPOLLIN);
  }
}

static void remember_place(struct shim *shim) {
  struct stat status;
  if (lstat(shim->settings.socket, &status) == 0) {
    shim->socket_device = status.st_dev;
    shim->socket_inode = status.st_ino;
  }
}

int control_socket_listen(struct shim *shim) {
  int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) {
    return errno;
  }
  int error = shim_make_parents(shim->settings.socket);
  error = error == 0 ? bind_anew(made, shim->settings.socket) : error;
  if (error == 0) {
    remember_place(shim);
    error = listen(made, backlog) == 0 ? 0 : errno;
  }
  if (error != 0) {
    close(made);
    return error;
  }
  shim_close_source(shim, &shim->listener);
  shim->listener = (struct source){.descriptor = made, .on_ready = on_listener_ready};
  return shim_watch(shim, &shim->listener, EPOLLIN);
}

void control_socket_unlink(struct shim *shim) {
  struct stat status;
  if (shim->socket_inode != 0 && lstat(shim->settings.socket, &status) == 0 && status.st_dev == shim->socket_device &&
      status.st_ino == shim->socket_inode) {
    unlink(shim->settings.socket);
  }
  shim->socket_inode = 0;
}

void control_socket_remove(struct shim *shim) {
  control_socket_unlink(shim);
  shim_close_source(shim, &shim->listener);
}
