#ifndef AURAE_SHIM_CLIENTS_H
#define AURAE_SHIM_CLIENTS_H

#include "outbox.h"
#include "shim.h"

/* One connection. */
struct client {
  struct source source; /* first */
  struct client *next;
  struct frame_reader reader;
  struct outbox outbox;
  uint32_t input_done;   /* so much of a `stdin` frame went to the workload */
  uint64_t lost;         /* bytes that this watcher has missed and not been told of */
  int64_t linger_until_ms; /* SHIM_NEVER: it is not being closed */
  bool wants_state;
  bool state_owed;       /* its outbox was full */
  bool watches;
  bool waits_for_input;
  bool has_hung_up;      /* while it waits for input: what it has sent is still to be read */
  bool is_finishing;     /* the last frame is on its way: what it sends is thrown away */
  bool was_ended;        /* that last frame is `ended` */
  bool is_shut;
};

/* Takes the connection over. */
void client_open(struct shim *shim, int socket);

/* Sends the last frame, and closes once it is read, or after 2 s. */
void client_finish(struct shim *shim, struct client *client, enum frame_type type, const char *text);

void client_close(struct shim *shim, struct client *client);

/* Sends the state now, or once there is room. */
void client_tell_state(struct shim *shim, struct client *client);

void clients_tell_state(struct shim *shim);
void clients_tell_output(struct shim *shim, int stream, const char *bytes, size_t count);
void clients_tell_ended(struct shim *shim);

/* The workload takes input again. */
void clients_resume_input(struct shim *shim);

/* Closes those that had their time or have read it all. Returns when to look again. */
int64_t clients_tick(struct shim *shim, int64_t now_ms);

void clients_free_closed(struct shim *shim);

/* client-frames.c: does what the frame says. False when the client waits for the workload's input. */
bool client_handle_frame(struct shim *shim, struct client *client);

#endif
