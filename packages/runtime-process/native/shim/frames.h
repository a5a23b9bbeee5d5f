#ifndef AURAE_SHIM_FRAMES_H
#define AURAE_SHIM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
  FRAME_STATE = 1,
  FRAME_WATCH = 2,
  FRAME_STDIN = 3,
  FRAME_STDIN_END = 4,
  FRAME_RESIZE = 5,
  FRAME_SIGNAL = 6,
  FRAME_STOP = 7,
  FRAME_STATE_IS = 16,
  FRAME_STDOUT = 17,
  FRAME_STDERR = 18,
  FRAME_LOST = 19,
  FRAME_ENDED = 20,
  FRAME_ERROR = 21,
};

enum { FRAME_HEADER_BYTES = 8, FRAME_LONGEST_PAYLOAD = 64 * 1024 };

void frame_header(unsigned char *header, enum frame_type type, uint32_t length);

uint16_t frame_u16(const char *payload, size_t offset);
uint32_t frame_u32(const char *payload, size_t offset);
void frame_put_u64(char *payload, uint64_t value);

/* One frame as it comes in. Nothing behind it is taken from the socket. */
struct frame_reader {
  unsigned char header[FRAME_HEADER_BYTES];
  size_t header_length;
  char *payload; /* NULL when the frame has none */
  uint32_t length;
  uint32_t received;
};

enum frame_progress { FRAME_INCOMPLETE, FRAME_WHOLE, FRAME_CLOSED, FRAME_INVALID, FRAME_NO_MEMORY };

/* Reads what is there. FRAME_CLOSED also in the middle of a frame. After FRAME_WHOLE: frame_reader_next. */
enum frame_progress frame_reader_receive(struct frame_reader *reader, int socket);

enum frame_type frame_reader_type(const struct frame_reader *reader);

/* Frees the payload and begins with the next frame. */
void frame_reader_next(struct frame_reader *reader);

#endif
