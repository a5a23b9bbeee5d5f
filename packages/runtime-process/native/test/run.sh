#!/bin/sh
# Builds the tests of the native core into DIRECTORY and runs them: run.sh sanitize|valgrind DIRECTORY
set -eu
mode=$1
directory=$2
cd "$(dirname "$0")/.."
sources='spawn.c exec-search.c capture.c test/core-test.c'
flags='-std=gnu11 -g -Wall -Wextra -Wconversion -Werror'
case $mode in
sanitize)
  # shellcheck disable=SC2086
  gcc $flags -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all $sources -o "$directory/core-test"
  exec "$directory/core-test"
  ;;
valgrind)
  # shellcheck disable=SC2086
  gcc $flags -O1 $sources -o "$directory/core-test"
  AURAE_UNDER_VALGRIND=1 exec valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=all \
    --errors-for-leak-kinds=all "$directory/core-test"
  ;;
esac
