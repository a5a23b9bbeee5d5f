#define _GNU_SOURCE
#include "clients.h"
#include "input.h"
#include "stop-ladder.h"
#include "terminal.h"

#include <signal.h>

/* Payload length of each frame; `stdin` has any. */
static bool has_right_length(const struct client *client) {
  static const uint32_t lengths[] = {
      [FRAME_STATE] = 0,  [FRAME_WATCH] = 0,  [FRAME_STDIN_END] = 0,
      [FRAME_RESIZE] = 4, [FRAME_SIGNAL] = 8, [FRAME_STOP] = 8,
  };
  enum frame_type type = frame_reader_type(&client->reader);
  return type == FRAME_STDIN || client->reader.length == lengths[type];
}

static void send_signal(struct shim *shim, struct client *client, uint32_t signal, uint32_t whom) {
  if (signal < 1 || signal >= NSIG || whom > 1) {
    client_finish(shim, client, FRAME_ERROR, "a signal has a number from 1 to 64, for 0 (the main process) or 1 (all)");
  } else if (whom == 1) {
    workload_signal_all(shim, (int)signal);
  } else if (!shim->main_ended) {
    kill(shim->pid, (int)signal); /* our child, not reaped: the pid is its own */
  }
}

static void stop(struct shim *shim, struct client *client, uint32_t signal, uint32_t grace_ms) {
  if (signal >= NSIG) {
    client_finish(shim, client, FRAME_ERROR, "a stop signal has a number from 1 to 64, or 0 for the default one");
    return;
  }
  stop_ladder_begin(shim, signal == 0 ? shim->settings.stop_signal : (int)signal, grace_ms, true);
}

static void resize(struct shim *shim, const char *payload) {
  if (shim->settings.has_terminal && shim->outputs[0].source.descriptor >= 0) {
    terminal_resize(shim->outputs[0].source.descriptor, frame_u16(payload, 0), frame_u16(payload, 2));
  }
}

/* What is left of the frame. False when the workload does not take it now. */
static bool pass_input(struct shim *shim, struct client *client) {
  const struct frame_reader *reader = &client->reader;
  uint32_t left = reader->length - client->input_done;
  client->input_done += (uint32_t)input_write(shim, reader->payload + client->input_done, left);
  return client->input_done >= reader->length;
}

static void act(struct shim *shim, struct client *client) {
  const char *payload = client->reader.payload;
  switch (frame_reader_type(&client->reader)) {
  case FRAME_STATE:
    client->wants_state = true;
    client_tell_state(shim, client);
    break;
  case FRAME_WATCH:
    client->watches = true;
    break;
  case FRAME_STDIN_END:
    input_end(shim);
    break;
  case FRAME_RESIZE:
    resize(shim, payload);
    break;
  case FRAME_SIGNAL:
    send_signal(shim, client, frame_u32(payload, 0), frame_u32(payload, 4));
    break;
  case FRAME_STOP:
    stop(shim, client, frame_u32(payload, 0), frame_u32(payload, 4));
    break;
  default:
    break;
  }
}

bool client_handle_frame(struct shim *shim, struct client *client) {
  if (!has_right_length(client)) {
    client_finish(shim, client, FRAME_ERROR, "this frame has a payload of the wrong length");
    return true;
  }
  if (frame_reader_type(&client->reader) == FRAME_STDIN) {
    if (client->reader.length > 0 && !pass_input(shim, client)) {
      client->waits_for_input = true;
      return false;
    }
    client->input_done = 0;
  } else {
    act(shim, client);
  }
  frame_reader_next(&client->reader);
  return true;
}
