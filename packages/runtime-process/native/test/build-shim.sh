#!/bin/sh
# Builds aurae-shim for tests: build-shim.sh plain|sanitize FILE
set -eu
mode=$1
file=$2
cd "$(dirname "$0")/.."
flags='-std=gnu11 -g -O1 -Wall -Wextra -Wconversion -Werror'
if [ "$mode" = sanitize ]; then
  flags="$flags -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
fi
# shellcheck disable=SC2086
exec gcc $flags shim/*.c exec-search.c user-switch.c -o "$file"
