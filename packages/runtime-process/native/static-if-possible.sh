#!/bin/sh
# Prints the flag by which a program is linked without the dynamic linker, which spares it a third of its start; where
# the host has no static C library, a flag that changes nothing.
printf 'int main(void) { return 0; }' | ${CC:-cc} -x c - -static-pie -o /dev/null 2>/dev/null && echo -static-pie || echo -Wl,-z,now
