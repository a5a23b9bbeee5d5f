#ifndef AURAE_SHIM_OUTBOX_H
#define AURAE_SHIM_OUTBOX_H

#include "frames.h"

/* Bytes on their way to one client. Takes no memory while it is empty. */
struct outbox {
  char *bytes;
  size_t start;
  size_t length;
  size_t capacity;
};

static inline bool outbox_is_empty(const struct outbox *outbox) {
  return outbox->length == 0;
}

/* Sends what the socket takes at once, and keeps the rest. False when there is no memory or nobody at the other end. */
bool outbox_send(struct outbox *outbox, int socket, enum frame_type type, const char *payload, size_t length);

/* Sends on. False when nobody is at the other end. */
bool outbox_flush(struct outbox *outbox, int socket);

void outbox_free(struct outbox *outbox);

#endif
