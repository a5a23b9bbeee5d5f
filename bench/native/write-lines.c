// Writes numbered lines to its standard output as fast as that takes them: ten digits, a space, and "x" up to 100 bytes
// with the line break. Usage: write-lines COUNT [SECONDS to wait before the first].
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { line_bytes = 100, digits = 10, lines_at_once = 600 };

static char lines[lines_at_once * line_bytes];

static void number(char *line, long value) {
  for (int digit = digits - 1; digit >= 0; digit--) {
    line[digit] = (char)('0' + value % 10);
    value /= 10;
  }
}

static int write_all(const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(STDOUT_FILENO, bytes, count);
    if (written <= 0) {
      return -1;
    }
    bytes += written;
    count -= (size_t)written;
  }
  return 0;
}

int main(int count, char **arguments) {
  long last = count > 1 ? atol(arguments[1]) : 0;
  sleep(count > 2 ? (unsigned)atoi(arguments[2]) : 0);
  memset(lines, 'x', sizeof lines);
  for (long next = 1; next <= last;) {
    size_t used = 0;
    for (; used < sizeof lines && next <= last; used += line_bytes) {
      number(lines + used, next++);
      lines[used + digits] = ' ';
      lines[used + line_bytes - 1] = '\n';
    }
    if (write_all(lines, used) != 0) {
      return 1;
    }
  }
  return 0;
}
