#!/bin/sh
# Builds the tests of aurae-shim's parts into DIRECTORY and runs them: run-shim.sh sanitize|valgrind DIRECTORY
set -eu
mode=$1
directory=$2
cd "$(dirname "$0")/.."
sources='shim/log-writer.c shim/log-segments.c shim/files.c shim/frames.c shim/outbox.c shim/settings.c
  shim/settings-values.c shim/string-list.c shim/failure.c test/shim-test.c'
flags='-std=gnu11 -g -O1 -Wall -Wextra -Wconversion -Werror'
case $mode in
sanitize)
  # shellcheck disable=SC2086
  gcc $flags -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all $sources -o "$directory/shim-test"
  exec "$directory/shim-test" "$directory"
  ;;
valgrind)
  # shellcheck disable=SC2086
  gcc $flags $sources -o "$directory/shim-test"
  exec valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
    "$directory/shim-test" "$directory"
  ;;
esac
