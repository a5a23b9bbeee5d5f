/* Tests the parts of aurae-shim that need no process: log, frames, settings. Run as run-shim.sh says. */
#define _GNU_SOURCE
#include "../shim/frames.h"
#include "../shim/log-writer.h"
#include "../shim/outbox.h"
#include "../shim/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int failures;
static const char *scratch;
static const struct timespec now = {.tv_sec = 1700000000, .tv_nsec = 42};
#define STAMP "2023-11-14T22:13:20.000000042Z "

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      failures++; \
      fprintf(stderr, "%s:%d: %s: failed: %s (errno %d)\n", __FILE__, __LINE__, __func__, #condition, errno); \
    } \
  } while (0)

/* A log directory of its own for each test. */
static const char *log_directory(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", scratch, name);
  return path;
}

static const char *segment_path(const char *directory, unsigned first) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%020u.log", directory, first);
  return path;
}

static bool has_text(const char *path, const char *text) {
  static char found[256 * 1024];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = file < 0 ? -1 : read(file, found, sizeof found - 1);
  if (file >= 0) {
    close(file);
  }
  return count == (ssize_t)strlen(text) && memcmp(found, text, strlen(text)) == 0;
}

static void write_log(struct log_writer *writer, int stream, const char *text) {
  log_writer_write(writer, stream, text, strlen(text), &now);
}

static void lines_become_records(void) {
  const char *directory = log_directory("lines");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 1 << 20, 3) == 0);
  write_log(&writer, 0, "one\ntw");
  write_log(&writer, 1, "error\n\n");
  write_log(&writer, 0, "o\nrest");
  log_writer_flush(&writer, 0, &now);
  log_writer_flush(&writer, 1, &now);
  CHECK(writer.next_sequence == 6 && writer.first_sequence == 1 && writer.lost == 0);
  CHECK(has_text(segment_path(directory, 1), STAMP "stdout F one\n" STAMP "stderr F error\n" STAMP "stderr F \n" STAMP
                                                   "stdout F two\n" STAMP "stdout P rest\n"));
  log_writer_close(&writer);
}

static void long_lines_are_cut(void) {
  const char *directory = log_directory("long");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 1 << 20, 3) == 0);
  char *line = malloc(40000);
  memset(line, 'x', 40000);
  line[39999] = '\n';
  for (int at_once = 0; at_once < 2; at_once++) {
    size_t first = at_once ? 0 : 16000;
    log_writer_write(&writer, 0, line, first, &now);
    log_writer_write(&writer, 0, line + first, 40000 - first, &now);
  }
  /* 16 KiB, 16 KiB and the rest, both times. */
  CHECK(writer.next_sequence == 7 && writer.pending[0].length == 0);
  /* A line of just that length has a record without bytes at its end when the break comes later. */
  log_writer_write(&writer, 0, line, LOG_LONGEST_RECORD, &now);
  CHECK(writer.next_sequence == 8);
  write_log(&writer, 0, "\n");
  CHECK(writer.next_sequence == 9);
  free(line);
  log_writer_close(&writer);
}

static void segments_begin_and_go(void) {
  const char *directory = log_directory("rotation");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 100, 2) == 0);
  for (int i = 0; i < 6; i++) {
    write_log(&writer, 0, "123456789\n"); /* 50 bytes as a record: two in a segment */
  }
  CHECK(access(segment_path(directory, 1), F_OK) != 0);
  CHECK(has_text(segment_path(directory, 3), STAMP "stdout F 123456789\n" STAMP "stdout F 123456789\n"));
  CHECK(access(segment_path(directory, 5), F_OK) == 0);
  CHECK(writer.begun == 3);
  log_writer_close(&writer);
}

/* As the keeper of logs does: what has another name is no longer the writer's to remove. */
static void renamed_segments_stay(void) {
  const char *directory = log_directory("renamed");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 50, 2) == 0);
  write_log(&writer, 0, "123456789\n");
  write_log(&writer, 0, "123456789\n");
  char kept[512];
  snprintf(kept, sizeof kept, "%s/%020u.sealed.log", directory, 1);
  CHECK(rename(segment_path(directory, 1), kept) == 0);
  write_log(&writer, 0, "123456789\n");
  write_log(&writer, 0, "123456789\n");
  CHECK(access(kept, F_OK) == 0 && access(segment_path(directory, 2), F_OK) != 0);
  log_writer_close(&writer);
  CHECK(log_writer_open(&writer, directory, 0, 50, 2) == 0);
  CHECK(writer.next_sequence == 5 && writer.segments.count == 2 && writer.begun == 0);
  log_writer_close(&writer);
}

static void goes_on_after_a_torn_record(void) {
  const char *directory = log_directory("torn");
  CHECK(mkdir(directory, 0700) == 0);
  int file = open(segment_path(directory, 8), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  static const char text[] = STAMP "stdout F a\n" STAMP "stdout F b\n" STAMP "stdou";
  CHECK(write(file, text, sizeof text - 1) == sizeof text - 1);
  close(file);
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 1 << 20, 3) == 0);
  CHECK(writer.next_sequence == 10);
  write_log(&writer, 0, "c\n");
  CHECK(has_text(segment_path(directory, 8), STAMP "stdout F a\n" STAMP "stdout F b\n" STAMP "stdout F c\n"));
  log_writer_undo(&writer);
  CHECK(has_text(segment_path(directory, 8), STAMP "stdout F a\n" STAMP "stdout F b\n"));
  log_writer_close(&writer);
  CHECK(log_writer_open(&writer, directory, 10, 1 << 20, 3) == 0 && writer.next_sequence == 10);
  log_writer_close(&writer);
}

/* A limit of file sizes stands in for a disk that is full: a write stops in the middle of a record. */
static void full_disk_loses_whole_records(void) {
  const char *directory = log_directory("full");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 1 << 20, 9) == 0);
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit limit = {.rlim_cur = 120, .rlim_max = before.rlim_max};
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  write_log(&writer, 0, "123456789\n123456789\n123456789\n123456789\n");
  CHECK(writer.lost == 2 && writer.next_sequence == 5);
  limit.rlim_cur = 20;
  setrlimit(RLIMIT_FSIZE, &limit);
  write_log(&writer, 0, "123456789\n");
  CHECK(writer.lost == 3 && access(segment_path(directory, 5), F_OK) != 0);
  setrlimit(RLIMIT_FSIZE, &before);
  write_log(&writer, 0, "back\n");
  CHECK(has_text(segment_path(directory, 1), STAMP "stdout F 123456789\n" STAMP "stdout F 123456789\n"));
  CHECK(has_text(segment_path(directory, 6), STAMP "stdout F back\n"));
  limit.rlim_cur = 10;
  setrlimit(RLIMIT_FSIZE, &limit);
  write_log(&writer, 0, "lost\n");
  setrlimit(RLIMIT_FSIZE, &before);
  log_writer_finish(&writer);
  CHECK(has_text(segment_path(directory, 8), ""));
  log_writer_close(&writer);
}

static void removed_segment_is_begun_anew(void) {
  const char *directory = log_directory("removed");
  struct log_writer writer;
  CHECK(log_writer_open(&writer, directory, 0, 1 << 20, 9) == 0);
  write_log(&writer, 0, "a\n");
  CHECK(unlink(segment_path(directory, 1)) == 0 && rmdir(directory) == 0);
  write_log(&writer, 0, "b\n");
  CHECK(has_text(segment_path(directory, 2), STAMP "stdout F b\n"));
  log_writer_close(&writer);
}

/* Every way to cut a conversation into pieces gives the same frames. */
static void frames_survive_any_cut(void) {
  unsigned char bytes[64];
  size_t length = 0;
  frame_header(bytes, FRAME_STDIN, 5);
  memcpy(bytes + 8, "hello", 5);
  frame_header(bytes + 13, FRAME_WATCH, 0);
  frame_header(bytes + 21, FRAME_STOP, 8);
  memcpy(bytes + 29, "\x0f\0\0\0\x10\x27\0\0", 8);
  length = 37;
  for (size_t cut = 0; cut <= length; cut++) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    struct frame_reader reader = {0};
    int whole = 0;
    for (int part = 0; part < 2; part++) {
      size_t from = part == 0 ? 0 : cut;
      size_t count = part == 0 ? cut : length - cut;
      CHECK(count == 0 || write(ends[0], bytes + from, count) == (ssize_t)count);
      while (frame_reader_receive(&reader, ends[1]) == FRAME_WHOLE) {
        whole++;
        CHECK(whole != 1 || (reader.length == 5 && memcmp(reader.payload, "hello", 5) == 0));
        CHECK(whole != 3 || (frame_u32(reader.payload, 0) == 15 && frame_u32(reader.payload, 4) == 10000));
        frame_reader_next(&reader);
      }
    }
    CHECK(whole == 3);
    close(ends[0]);
    CHECK(frame_reader_receive(&reader, ends[1]) == FRAME_CLOSED);
    close(ends[1]);
    frame_reader_next(&reader);
  }
}

static void invalid_headers_are_refused(void) {
  static const unsigned char headers[][8] = {
      {0, 0, 0, 0, 0, 0, 0, 0}, {8, 0, 0, 0, 0, 0, 0, 0},  {1, 1, 0, 0, 0, 0, 0, 0},
      {3, 0, 0, 0, 1, 0, 1, 0}, {16, 0, 0, 0, 0, 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    struct frame_reader reader = {0};
    CHECK(write(ends[0], headers[i], 8) == 8);
    CHECK(frame_reader_receive(&reader, ends[1]) == FRAME_INVALID);
    frame_reader_next(&reader);
    close(ends[0]);
    close(ends[1]);
  }
}

/* What does not fit into the socket waits, in order and whole. */
static void outbox_keeps_what_does_not_fit(void) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  struct outbox outbox = {0};
  char *payload = malloc(FRAME_LONGEST_PAYLOAD);
  int sent = 0;
  for (; sent < 20; sent++) {
    memset(payload, 'a' + sent, FRAME_LONGEST_PAYLOAD);
    CHECK(outbox_send(&outbox, ends[0], FRAME_STDOUT, payload, FRAME_LONGEST_PAYLOAD));
  }
  CHECK(!outbox_is_empty(&outbox));
  for (int frame = 0; frame < sent; frame++) {
    for (size_t done = 0; done < FRAME_HEADER_BYTES + FRAME_LONGEST_PAYLOAD;) {
      char piece[5000];
      size_t room = FRAME_HEADER_BYTES + FRAME_LONGEST_PAYLOAD - done;
      ssize_t count = read(ends[1], piece, room < sizeof piece ? room : sizeof piece);
      CHECK(outbox_flush(&outbox, ends[0]));
      if (count > 0) {
        CHECK(done < FRAME_HEADER_BYTES || piece[count - 1] == 'a' + frame);
        done += (size_t)count;
      }
    }
  }
  CHECK(outbox_is_empty(&outbox) && outbox.bytes == NULL);
  close(ends[1]);
  CHECK(!outbox_send(&outbox, ends[0], FRAME_STDOUT, payload, 1));
  outbox_free(&outbox);
  free(payload);
  close(ends[0]);
}

static int read_settings(const char *text, size_t length, struct shim_settings *settings,
                         struct shim_failure *failure) {
  int file = memfd_create("settings", MFD_CLOEXEC);
  CHECK(write(file, text, length) == (ssize_t)length);
  int result = shim_settings_read(settings, file, failure);
  close(file);
  return result;
}

#define COMPLETE "directory=/d\0log=/l\0socket=/s\0file=f\0arg=f\0"

static void settings_are_read_in_their_order(void) {
  static const char text[] = COMPLETE "arg=a=b\0env=X=1\0env=Y=\0umask=027\0limit=7:5:18446744073709551615\0cgroup=/c\0"
                                      "cgroup-kill=/c\0terminal=24x80\0stop-grace-ms=0";
  struct shim_settings settings;
  struct shim_failure failure;
  CHECK(read_settings(text, sizeof text, &settings, &failure) == 0);
  CHECK(settings.arguments.count == 2 && strcmp(settings.arguments.items[1], "a=b") == 0);
  CHECK(settings.environment.count == 2 && strcmp(settings.environment.items[1], "Y=") == 0);
  CHECK(settings.umask == 027 && settings.limits[0].values.rlim_max == RLIM_INFINITY && settings.rows == 24);
  shim_settings_free(&settings);
}

static void wrong_settings_name_key_and_value(void) {
#define TEXT(text) text, sizeof text
  static const struct {
    const char *text;
    size_t length;
    const char *part;
  } cases[] = {
      {TEXT(COMPLETE "colour=red"), "\"colour\""},
      {TEXT(COMPLETE "umask=9"), "umask=\"9\""},
      {TEXT(COMPLETE "cwd=relative"), "cwd=\"relative\""},
      {TEXT(COMPLETE "limit=7:2:1"), "limit=\"7:2:1\""},
      {TEXT(COMPLETE "limit=99:1:1"), "limit=\"99:1:1\""},
      {TEXT(COMPLETE "stop-signal=65"), "stop-signal=\"65\""},
      {TEXT(COMPLETE "cgroup-kill=/c"), "/c"},
      {TEXT(COMPLETE "user=me"), "\"trampoline\""},
      {TEXT(COMPLETE "terminal=24"), "terminal=\"24\""},
      {TEXT(COMPLETE "alone"), "alone"},
      {TEXT("directory=/d"), "\"log\""},
      {COMPLETE "file=x", sizeof COMPLETE + 5, "NUL"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct shim_settings settings;
    struct shim_failure failure = {0};
    CHECK(read_settings(cases[i].text, cases[i].length, &settings, &failure) == -1);
    CHECK(failure.step == AURAE_STEP_SETTINGS && strstr(failure.detail, cases[i].part) != NULL);
    shim_settings_free(&settings);
  }
}

int main(int count, char **arguments) {
  scratch = count > 1 ? arguments[1] : "/tmp";
  lines_become_records();
  long_lines_are_cut();
  segments_begin_and_go();
  renamed_segments_stay();
  goes_on_after_a_torn_record();
  full_disk_loses_whole_records();
  removed_segment_is_begun_anew();
  frames_survive_any_cut();
  invalid_headers_are_refused();
  outbox_keeps_what_does_not_fit();
  settings_are_read_in_their_order();
  wrong_settings_name_key_and_value();
  fprintf(stderr, "%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
