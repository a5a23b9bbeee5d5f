#ifndef AURAE_DESCRIPTORS_H
#define AURAE_DESCRIPTORS_H

#include <stdbool.h>

/* Sets it to -1; harmless on -1. */
void aurae_close_if_open(int *descriptor);

/*
 * True for one of the last that the limit allows: these are kept for what must not fail, such as looking for the
 * processes that a command left behind. Whoever gets one for anything else gives it back and reports EMFILE.
 */
bool aurae_is_reserved(int descriptor);

#endif
