#define _GNU_SOURCE
#include "clients.h"

#include "control-socket.h"
#include "status-files.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { outbox_limit_bytes = 256 * 1024, linger_ms = 2000, leaving_look_ms = 20, frames_in_a_turn = 16, most_hung_up = 16 };

/* Whatever is done with a client may close it, but none before it: its successor is looked up first. */
#define FOR_EACH_CLIENT(shim, client, following) \
  for (struct client *client = (shim)->clients, *following = NULL; \
       client != NULL && ((following = client->next), true); client = following)

static void rewatch(struct shim *shim, struct client *client) {
  uint32_t input = client->waits_for_input ? 0 : EPOLLIN;
  uint32_t output = outbox_is_empty(&client->outbox) ? 0 : EPOLLOUT;
  if (!client->has_hung_up) {
    shim_rewatch(shim, &client->source, input | output);
  }
}

void client_close(struct shim *shim, struct client *client) {
  struct client **link = &shim->clients;
  while (*link != NULL && *link != client) {
    link = &(*link)->next;
  }
  if (*link == NULL) {
    return;
  }
  int unread = 1;
  if (client->was_ended && client->is_shut && ioctl(client->source.descriptor, SIOCOUTQ, &unread) == 0 && unread == 0) {
    shim->ended_was_read = true;
  }
  *link = client->next;
  client->next = shim->closed_clients;
  shim->closed_clients = client;
  shim->client_count--;
  shim_close_source(shim, &client->source);
  frame_reader_next(&client->reader);
  outbox_free(&client->outbox);
  control_socket_has_room(shim);
}

void clients_free_closed(struct shim *shim) {
  while (shim->closed_clients != NULL) {
    struct client *client = shim->closed_clients;
    shim->closed_clients = client->next;
    free(client);
  }
}

static bool is_open(const struct client *client) {
  return client->source.descriptor >= 0;
}

static void send_frame(struct shim *shim, struct client *client, enum frame_type type, const char *payload,
                       size_t length) {
  bool was_empty = outbox_is_empty(&client->outbox);
  if (!is_open(client)) {
    return;
  }
  if (!outbox_send(&client->outbox, client->source.descriptor, type, payload, length)) {
    client_close(shim, client);
  } else if (was_empty && !outbox_is_empty(&client->outbox)) {
    rewatch(shim, client);
  }
}

static void tell_loss(struct shim *shim, struct client *client) {
  if (client->lost > 0) {
    char payload[8];
    frame_put_u64(payload, client->lost);
    client->lost = 0;
    send_frame(shim, client, FRAME_LOST, payload, sizeof payload);
  }
}

void client_tell_state(struct shim *shim, struct client *client) {
  client->state_owed = client->outbox.length >= outbox_limit_bytes;
  if (!client->state_owed) {
    char text[512];
    size_t length = status_state_json(shim, text, sizeof text);
    send_frame(shim, client, FRAME_STATE_IS, text, length);
  }
}

static void tell_output(struct shim *shim, struct client *client, int stream, const char *bytes, size_t count) {
  if (!client->watches || client->is_finishing) {
    return;
  }
  if (client->outbox.length + count > outbox_limit_bytes) {
    client->lost += count;
    return;
  }
  tell_loss(shim, client);
  send_frame(shim, client, stream == 0 ? FRAME_STDOUT : FRAME_STDERR, bytes, count);
}

/* Once the last frame has left, the other side sees the end; it is to close first, so that it surely has read. */
static void shut_when_sent(struct client *client) {
  if (is_open(client) && client->is_finishing && !client->is_shut && outbox_is_empty(&client->outbox)) {
    shutdown(client->source.descriptor, SHUT_WR);
    client->is_shut = true;
  }
}

void client_finish(struct shim *shim, struct client *client, enum frame_type type, const char *text) {
  if (client->is_finishing) {
    return;
  }
  tell_loss(shim, client);
  client->is_finishing = true;
  client->waits_for_input = false;
  client->was_ended = type == FRAME_ENDED;
  client->linger_until_ms = shim_now_ms() + linger_ms;
  frame_reader_next(&client->reader);
  send_frame(shim, client, type, text, strlen(text));
  shut_when_sent(client);
  if (is_open(client)) {
    rewatch(shim, client);
  }
}

static void discard(struct shim *shim, struct client *client) {
  char bytes[4096];
  ssize_t count = recv(client->source.descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    client_close(shim, client);
  }
}

static void receive(struct shim *shim, struct client *client) {
  for (int i = 0; i < frames_in_a_turn && is_open(client) && !client->is_finishing; i++) {
    enum frame_progress progress = frame_reader_receive(&client->reader, client->source.descriptor);
    if (progress == FRAME_INCOMPLETE) {
      return;
    }
    if (progress == FRAME_CLOSED) {
      client_close(shim, client);
    } else if (progress == FRAME_INVALID) {
      client_finish(shim, client, FRAME_ERROR, "this is no frame of protocol 1");
    } else if (progress == FRAME_NO_MEMORY) {
      client_finish(shim, client, FRAME_ERROR, "the shim has no memory for this frame");
    } else if (!client_handle_frame(shim, client)) {
      rewatch(shim, client);
      return;
    }
  }
}

static void send_on(struct shim *shim, struct client *client) {
  if (!outbox_flush(&client->outbox, client->source.descriptor)) {
    client_close(shim, client);
    return;
  }
  if (outbox_is_empty(&client->outbox)) {
    tell_loss(shim, client);
    if (client->state_owed && is_open(client)) {
      client_tell_state(shim, client);
    }
    shut_when_sent(client);
    if (is_open(client)) {
      rewatch(shim, client);
    }
  }
}

/* A few may leave input behind that nobody takes yet; more would use up the connections of those who are there. */
static void drop_oldest_hung_up(struct shim *shim) {
  struct client *oldest = NULL;
  int count = 0;
  FOR_EACH_CLIENT(shim, client, following) {
    if (client->has_hung_up) {
      oldest = client; /* the list begins with the newest */
      count++;
    }
  }
  if (count > most_hung_up) {
    client_close(shim, oldest);
  }
}

static void on_client_ready(struct shim *shim, struct source *source, uint32_t events) {
  struct client *client = (struct client *)source;
  if (is_open(client) && (events & EPOLLOUT) != 0) {
    send_on(shim, client);
  }
  if (!is_open(client)) {
    return;
  }
  if (client->is_finishing) {
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
      discard(shim, client);
    }
  } else if (client->waits_for_input) {
    /* The hang-up would be told again and again, and what it has sent is not read yet. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
      shim_unwatch(shim, source);
      client->has_hung_up = true;
      drop_oldest_hung_up(shim);
    }
  } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    receive(shim, client);
  }
}

void client_open(struct shim *shim, int socket) {
  struct client *client = calloc(1, sizeof *client);
  if (client == NULL) {
    close(socket);
    return;
  }
  client->source = (struct source){.descriptor = socket, .on_ready = on_client_ready};
  client->linger_until_ms = SHIM_NEVER;
  client->next = shim->clients;
  shim->clients = client;
  shim->client_count++;
  if (shim_watch(shim, &client->source, EPOLLIN) != 0) {
    client_close(shim, client);
  } else if (shim->phase != SHIM_RUNNING) {
    client_finish(shim, client, FRAME_ENDED, shim->ended);
  }
}

void clients_tell_state(struct shim *shim) {
  FOR_EACH_CLIENT(shim, client, following) {
    if (client->wants_state && !client->is_finishing) {
      client_tell_state(shim, client);
    }
  }
}

void clients_tell_output(struct shim *shim, int stream, const char *bytes, size_t count) {
  FOR_EACH_CLIENT(shim, client, following) {
    tell_output(shim, client, stream, bytes, count);
  }
}

void clients_tell_ended(struct shim *shim) {
  FOR_EACH_CLIENT(shim, client, following) {
    client_finish(shim, client, FRAME_ENDED, shim->ended);
  }
}

static void resume_input(struct shim *shim, struct client *client) {
  client->waits_for_input = false;
  if (!client_handle_frame(shim, client)) {
    return;
  }
  if (client->has_hung_up && is_open(client)) {
    client->has_hung_up = false;
    if (shim_watch(shim, &client->source, EPOLLIN) != 0) {
      client_close(shim, client);
    }
  } else if (is_open(client)) {
    rewatch(shim, client);
  }
}

void clients_resume_input(struct shim *shim) {
  FOR_EACH_CLIENT(shim, client, following) {
    if (client->waits_for_input) {
      resume_input(shim, client);
    }
  }
}

/* When the other side has read the last frame is told by no event: looked at, while the shim is leaving. */
static bool has_read_all(const struct shim *shim, const struct client *client) {
  int unread = 1;
  return shim->phase != SHIM_RUNNING && client->is_shut &&
         ioctl(client->source.descriptor, SIOCOUTQ, &unread) == 0 && unread == 0;
}

int64_t clients_tick(struct shim *shim, int64_t now_ms) {
  int64_t next = SHIM_NEVER;
  FOR_EACH_CLIENT(shim, client, following) {
    if (client->linger_until_ms == SHIM_NEVER) {
      continue;
    }
    if (now_ms >= client->linger_until_ms || has_read_all(shim, client)) {
      client_close(shim, client);
      continue;
    }
    int64_t look = shim->phase != SHIM_RUNNING ? now_ms + leaving_look_ms : client->linger_until_ms;
    next = look < next ? look : next;
  }
  return next;
}
