#define _GNU_SOURCE
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void frame_header(unsigned char *header, enum frame_type type, uint32_t length) {
  memset(header, 0, FRAME_HEADER_BYTES);
  header[0] = (unsigned char)type;
  for (int i = 0; i < 4; i++) {
    header[4 + i] = (unsigned char)(length >> (8 * i));
  }
}

static uint64_t little_endian(const char *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) {
    value |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
  }
  return value;
}

uint16_t frame_u16(const char *payload, size_t offset) {
  return (uint16_t)little_endian(payload + offset, 2);
}

uint32_t frame_u32(const char *payload, size_t offset) {
  return (uint32_t)little_endian(payload + offset, 4);
}

void frame_put_u64(char *payload, uint64_t value) {
  for (int i = 0; i < 8; i++) {
    payload[i] = (char)(unsigned char)(value >> (8 * i));
  }
}

/* 1: bytes came; otherwise the progress to return. */
static int receive(int socket, void *bytes, size_t room, size_t *count) {
  ssize_t received = 0;
  do {
    received = recv(socket, bytes, room, MSG_DONTWAIT);
  } while (received < 0 && errno == EINTR);
  if (received > 0) {
    *count = (size_t)received;
    return -1;
  }
  return received < 0 && errno == EAGAIN ? FRAME_INCOMPLETE : FRAME_CLOSED;
}

static bool is_header_valid(const struct frame_reader *reader) {
  const unsigned char *header = reader->header;
  return header[0] >= FRAME_STATE && header[0] <= FRAME_STOP && header[1] == 0 && header[2] == 0 && header[3] == 0 &&
         frame_u32((const char *)header, 4) <= FRAME_LONGEST_PAYLOAD;
}

static enum frame_progress begin_payload(struct frame_reader *reader) {
  if (!is_header_valid(reader)) {
    return FRAME_INVALID;
  }
  reader->length = frame_u32((const char *)reader->header, 4);
  reader->payload = reader->length == 0 ? NULL : malloc(reader->length);
  return reader->length > 0 && reader->payload == NULL ? FRAME_NO_MEMORY : FRAME_INCOMPLETE;
}

enum frame_progress frame_reader_receive(struct frame_reader *reader, int socket) {
  size_t count = 0;
  while (reader->header_length < FRAME_HEADER_BYTES) {
    size_t room = FRAME_HEADER_BYTES - reader->header_length;
    int stop = receive(socket, reader->header + reader->header_length, room, &count);
    if (stop >= 0) {
      return (enum frame_progress)stop;
    }
    reader->header_length += count;
    if (reader->header_length == FRAME_HEADER_BYTES) {
      enum frame_progress progress = begin_payload(reader);
      if (progress != FRAME_INCOMPLETE) {
        return progress;
      }
    }
  }
  while (reader->received < reader->length) {
    int stop = receive(socket, reader->payload + reader->received, reader->length - reader->received, &count);
    if (stop >= 0) {
      return (enum frame_progress)stop;
    }
    reader->received += (uint32_t)count;
  }
  return FRAME_WHOLE;
}

enum frame_type frame_reader_type(const struct frame_reader *reader) {
  return (enum frame_type)reader->header[0];
}

void frame_reader_next(struct frame_reader *reader) {
  free(reader->payload);
  *reader = (struct frame_reader){0};
}
