#define _GNU_SOURCE
#include "addon-calls.h"
#include "addon-values.h"
#include "descriptors.h"
#include "readiness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static napi_value descriptor_or_error(napi_env env, int descriptor) {
  return aurae_number(env, descriptor >= 0 ? (double)descriptor : -(double)errno);
}

/* pidfdOpen(pid): a descriptor that the caller closes, or -errno. */
napi_value aurae_addon_pidfd_open(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  long descriptor = syscall(SYS_pidfd_open, aurae_read_integer(env, arguments[0]), 0U);
  return aurae_number(env, descriptor >= 0 ? (double)descriptor : -(double)errno);
}

/* pidfdSendSignal(pidfd, signal): 0 or errno. */
napi_value aurae_addon_pidfd_send_signal(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  long result = syscall(SYS_pidfd_send_signal, aurae_read_integer(env, arguments[0]), aurae_read_integer(env, arguments[1]),
                        NULL, 0U);
  return aurae_number(env, result == 0 ? 0 : errno);
}

/* createPipe(): [reader, writer], or -errno. */
napi_value aurae_addon_create_pipe(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return aurae_number(env, -(double)errno);
  }
  if (aurae_is_reserved(ends[1])) {
    close(ends[0]);
    close(ends[1]);
    return aurae_number(env, -(double)EMFILE);
  }
  napi_value pair = NULL;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, aurae_number(env, ends[0]));
  napi_set_element(env, pair, 1, aurae_number(env, ends[1]));
  return pair;
}

static int store(int file, const char *bytes, size_t count) {
  for (size_t offset = 0; offset < count;) {
    ssize_t written = pwrite(file, bytes + offset, count - offset, (off_t)offset);
    if (written < 0 && errno != EINTR) {
      return -1;
    }
    offset += written < 0 ? 0 : (size_t)written;
  }
  return 0;
}

/* memoryFile(bytes): a descriptor that the caller closes, at offset 0; or -errno. */
napi_value aurae_addon_memory_file(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  void *bytes = NULL;
  size_t length = 0;
  if (napi_get_buffer_info(env, arguments[0], &bytes, &length) != napi_ok) {
    return aurae_number(env, -(double)EINVAL);
  }
  int file = memfd_create("aurae", MFD_CLOEXEC);
  if (file >= 0 && store(file, bytes, length) != 0) {
    int error = errno;
    close(file);
    return aurae_number(env, -(double)error);
  }
  return descriptor_or_error(env, file);
}

/* tryLock(descriptor): takes flock(2) for itself alone if that is free. 0 or errno; EWOULDBLOCK when another has it. */
napi_value aurae_addon_try_lock(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  int result = -1;
  do {
    result = flock(aurae_read_integer(env, arguments[0]), LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return aurae_number(env, result == 0 ? 0 : errno);
}

/* isReservedDescriptor(descriptor): whether it is one of those that are kept for ending what runs. */
napi_value aurae_addon_is_reserved_descriptor(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_value result = NULL;
  napi_get_boolean(env, aurae_is_reserved(aurae_read_integer(env, arguments[0])), &result);
  return result;
}

/* makeNonBlocking(descriptor): 0 or errno. */
napi_value aurae_addon_make_non_blocking(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  int descriptor = aurae_read_integer(env, arguments[0]);
  int flags = fcntl(descriptor, F_GETFL);
  return aurae_number(env, flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : errno);
}

/* pollDescriptor(descriptor): what of POLLIN, POLLHUP and so on holds now; or -errno. */
napi_value aurae_addon_poll_descriptor(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  struct pollfd polled = {.fd = aurae_read_integer(env, arguments[0]), .events = POLLIN};
  return aurae_number(env, poll(&polled, 1, 0) >= 0 ? polled.revents : -(double)errno);
}

void aurae_readiness_report(struct aurae_process_table *table, napi_ref on_ready, uint32_t events) {
  napi_handle_scope scope = NULL;
  if (napi_open_handle_scope(table->env, &scope) != napi_ok) {
    return;
  }
  const napi_value arguments[] = {aurae_number(table->env, events)};
  aurae_call_once(table, &on_ready, 1, arguments);
  napi_close_handle_scope(table->env, scope);
}

/* whenReady(descriptor, forWriting, callback): calls it once, with poll(2)'s events. The id of the wait, or -errno. */
napi_value aurae_addon_when_ready(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_ref on_ready = NULL;
  if (count < 3 || napi_create_reference(env, arguments[2], 1, &on_ready) != napi_ok) {
    napi_throw_type_error(env, NULL, "whenReady needs a callback");
    return NULL;
  }
  uint32_t events = aurae_read_bool(env, arguments[1]) ? EPOLLOUT : EPOLLIN;
  uint64_t id = 0;
  int descriptor = aurae_read_integer(env, arguments[0]);
  int error = aurae_readiness_wait(aurae_table_of(env), descriptor, events, on_ready, &id);
  if (error != 0) {
    napi_delete_reference(env, on_ready);
  }
  return aurae_number(env, error == 0 ? (double)id : -(double)error);
}

/* ignoreReady(id): the callback does not come any more. For use before the descriptor is closed. */
napi_value aurae_addon_ignore_ready(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  aurae_readiness_ignore(aurae_table_of(env), (uint64_t)aurae_read_double(env, arguments[0]));
  return NULL;
}

static int set_close_on_exec(int descriptor) {
  return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/*
 * prepareTerminal(master, slave): mends what node-pty leaves open: no program but the command's may inherit them, and a
 * command expects its own side to block. A second descriptor of the master, for writing; or -errno.
 */
napi_value aurae_addon_prepare_terminal(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  int master = aurae_read_integer(env, arguments[0]);
  int slave = aurae_read_integer(env, arguments[1]);
  int flags = fcntl(slave, F_GETFL);
  if (flags < 0 || fcntl(slave, F_SETFL, flags & ~O_NONBLOCK) != 0 || set_close_on_exec(slave) != 0 ||
      set_close_on_exec(master) != 0) {
    return aurae_number(env, -(double)errno);
  }
  int writer = fcntl(master, F_DUPFD_CLOEXEC, 0);
  if (writer >= 0 && aurae_is_reserved(writer)) {
    close(writer);
    return aurae_number(env, -(double)EMFILE);
  }
  return descriptor_or_error(env, writer);
}

/* endOfFileCharacter(terminal): the byte that means end of file when it is typed; 0 when none does; or -errno. */
napi_value aurae_addon_end_of_file_character(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arguments[1];
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  struct termios settings;
  if (tcgetattr(aurae_read_integer(env, arguments[0]), &settings) != 0) {
    return aurae_number(env, -(double)errno);
  }
  return aurae_number(env, settings.c_cc[VEOF]);
}
