#define _GNU_SOURCE
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

static bool has_room(struct outbox *outbox, size_t more) {
  if (outbox->start > 0) {
    memmove(outbox->bytes, outbox->bytes + outbox->start, outbox->length);
    outbox->start = 0;
  }
  size_t needed = outbox->length + more;
  if (needed <= outbox->capacity) {
    return true;
  }
  size_t capacity = outbox->capacity == 0 ? 4096 : outbox->capacity;
  while (capacity < needed) {
    capacity *= 2;
  }
  char *bytes = realloc(outbox->bytes, capacity);
  if (bytes == NULL) {
    return false;
  }
  outbox->bytes = bytes;
  outbox->capacity = capacity;
  return true;
}

static void append(struct outbox *outbox, const void *bytes, size_t count) {
  if (count > 0) {
    memcpy(outbox->bytes + outbox->start + outbox->length, bytes, count);
    outbox->length += count;
  }
}

/* What was sent of the frame; 0 when the socket is full. -1 when nobody is at the other end. */
static ssize_t send_frame(int socket, unsigned char *header, const char *payload, size_t length) {
  struct iovec parts[] = {{.iov_base = header, .iov_len = FRAME_HEADER_BYTES},
                          {.iov_base = (char *)payload, .iov_len = length}}; /* only read from */
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = length > 0 ? 2 : 1};
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 && errno == EAGAIN ? 0 : sent;
}

bool outbox_send(struct outbox *outbox, int socket, enum frame_type type, const char *payload, size_t length) {
  unsigned char header[FRAME_HEADER_BYTES];
  frame_header(header, type, (uint32_t)length);
  ssize_t sent = outbox_is_empty(outbox) ? send_frame(socket, header, payload, length) : 0;
  if (sent < 0) {
    return false;
  }
  size_t done = (size_t)sent;
  size_t left = FRAME_HEADER_BYTES + length - done;
  if (left == 0) {
    return true;
  }
  if (!has_room(outbox, left)) {
    return false;
  }
  size_t header_done = done < FRAME_HEADER_BYTES ? done : FRAME_HEADER_BYTES;
  append(outbox, header + header_done, FRAME_HEADER_BYTES - header_done);
  append(outbox, payload + (done - header_done), length - (done - header_done));
  return true;
}

bool outbox_flush(struct outbox *outbox, int socket) {
  while (outbox->length > 0) {
    ssize_t sent = send(socket, outbox->bytes + outbox->start, outbox->length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0) {
      return errno == EAGAIN;
    }
    outbox->start += (size_t)sent;
    outbox->length -= (size_t)sent;
  }
  outbox_free(outbox);
  return true;
}

void outbox_free(struct outbox *outbox) {
  free(outbox->bytes);
  *outbox = (struct outbox){0};
}
