/*
 * Runs a program as another user, in the process that it is started in: same pid, no process of its own remains.
 *
 *   aurae-exec USER PARENT DIRECTORY FILE ARGUMENT0 [ARGUMENT...]
 *
 * USER       name, uid, name:group or uid:gid
 * PARENT     pid that the process must not outlive, or 0
 * descriptor 3  a pipe: a struct aurae_spawn_failure if the program could not be run, nothing if it runs
 * descriptor 4  the program's environment: NAME=VALUE strings, each ended by NUL
 *
 * A program of its own, because the daemon starts processes by a clone that shares its memory. A child that changed
 * its credentials in there could be stopped by that other user's signals while the daemon waits for it. And the
 * environment comes by a descriptor, because in envp the dynamic linker would obey it (LD_PRELOAD) as root.
 */
#define _GNU_SOURCE
#include "exec-search.h"
#include "spawn.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { report_descriptor = 3, environment_descriptor = 4, added_variables = 4 };

struct target_user {
  uid_t uid;
  gid_t gid;
  const char *name;  /* NULL when no account has this uid */
  const char *home;
  const char *shell;
};

static _Noreturn void fail(enum aurae_spawn_step step, int error) {
  struct aurae_spawn_failure failure = {.step = (int32_t)step, .error = error};
  ssize_t written = write(report_descriptor, &failure, sizeof failure);
  _exit(written == (ssize_t)sizeof failure ? 127 : 126);
}

/* True for a decimal number in the range of uid_t and gid_t; (uid_t)-1 means "no change" to the kernel: refused. */
static bool parse_id(const char *text, unsigned int *id) {
  if (!isdigit((unsigned char)*text)) {
    return false;
  }
  char *end = NULL;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || *end != '\0' || value >= UINT_MAX) {
    return false;
  }
  *id = (unsigned int)value;
  return true;
}

/* getpwnam(3) sets errno to 0, ENOENT, ESRCH and others for "no such account": only these are real failures. */
static int lookup_error(int error) {
  bool failed = error == EIO || error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
  return failed ? error : ENOENT;
}

static gid_t resolve_group(const char *text) {
  unsigned int id = 0;
  if (parse_id(text, &id)) {
    return id;
  }
  errno = 0;
  const struct group *group = getgrnam(text);
  if (group == NULL) {
    fail(AURAE_STEP_USER, lookup_error(errno));
  }
  return group->gr_gid;
}

static struct target_user resolve_user(char *text) {
  char *group = strchr(text, ':');
  if (group != NULL) {
    *group++ = '\0';
  }
  unsigned int id = 0;
  bool numeric = parse_id(text, &id);
  errno = 0;
  const struct passwd *account = getpwnam(text);
  if (account == NULL && numeric) {
    errno = 0;
    account = getpwuid(id);
  }
  /* A uid without an account is fine as long as the group is told. */
  if (account == NULL && (!numeric || group == NULL)) {
    fail(AURAE_STEP_USER, lookup_error(errno));
  }
  struct target_user user = {.uid = id, .name = NULL, .home = "/", .shell = "/bin/sh"};
  if (account != NULL) {
    user.uid = account->pw_uid;
    user.gid = account->pw_gid;
    user.name = strdup(account->pw_name);
    user.home = strdup(account->pw_dir);
    user.shell = strdup(*account->pw_shell == '\0' ? "/bin/sh" : account->pw_shell);
    if (user.name == NULL || user.home == NULL || user.shell == NULL) {
      fail(AURAE_STEP_USER, ENOMEM);
    }
  }
  if (group != NULL) {
    user.gid = resolve_group(group);
  }
  return user;
}

static bool credentials_are(const struct target_user *user) {
  uid_t real_uid, effective_uid, saved_uid;
  gid_t real_gid, effective_gid, saved_gid;
  return getresuid(&real_uid, &effective_uid, &saved_uid) == 0 &&
         getresgid(&real_gid, &effective_gid, &saved_gid) == 0 && real_uid == user->uid &&
         effective_uid == user->uid && saved_uid == user->uid && real_gid == user->gid &&
         effective_gid == user->gid && saved_gid == user->gid;
}

/*
 * As login(1) does: /dev/tty is open to everyone, but /dev/stdout, the terminal's own name and what opens it anew are
 * for its owner only. Not a terminal of somebody else's session, which was only lent as a descriptor. A terminal that
 * cannot be given away still is one.
 */
static void give_terminal_to(const struct target_user *user) {
  if (geteuid() != 0 || user->uid == 0 || !isatty(0) || tcgetsid(0) != getpid()) {
    return;
  }
  const struct group *terminals = getgrnam("tty");
  gid_t group = terminals == NULL ? user->gid : terminals->gr_gid;
  mode_t mode = terminals == NULL ? 0600 : 0620;
  if (fchown(0, user->uid, group) != 0 || fchmod(0, mode) != 0) {
    return;
  }
}

static void become(const struct target_user *user) {
  /* Without privileges the only user that one can become is oneself. */
  if (geteuid() != 0 && credentials_are(user)) {
    return;
  }
  int groups = user->name == NULL ? setgroups(1, &user->gid) : initgroups(user->name, user->gid);
  if (groups != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
      setresuid(user->uid, user->uid, user->uid) != 0) {
    fail(AURAE_STEP_CREDENTIALS, errno);
  }
  if (!credentials_are(user) || (user->uid != 0 && setresuid(0, 0, 0) == 0)) {
    fail(AURAE_STEP_CREDENTIALS, EPERM);
  }
}

/* A change of credentials clears the parent death signal (prctl(2)). */
static void die_with(pid_t parent) {
  if (parent == 0) {
    return;
  }
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    fail(AURAE_STEP_PARENT_DEATH, errno);
  }
  if (getppid() != parent) {
    fail(AURAE_STEP_PARENT_DEATH, ESRCH);
  }
}

static char *read_environment(size_t *length) {
  off_t size = lseek(environment_descriptor, 0, SEEK_END);
  if (size < 0) {
    fail(AURAE_STEP_TRAMPOLINE, errno);
  }
  *length = (size_t)size;
  char *text = malloc(*length + 1);
  if (text == NULL) {
    fail(AURAE_STEP_TRAMPOLINE, ENOMEM);
  }
  for (size_t done = 0; done < *length;) {
    ssize_t count = pread(environment_descriptor, text + done, *length - done, (off_t)done);
    if (count <= 0 && !(count < 0 && errno == EINTR)) {
      fail(AURAE_STEP_TRAMPOLINE, count == 0 ? EIO : errno);
    }
    done += count > 0 ? (size_t)count : 0;
  }
  text[*length] = '\0';
  return text;
}

static bool has_variable(char *const environment[], const char *name) {
  size_t length = strlen(name);
  for (size_t i = 0; environment[i] != NULL; i++) {
    if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
      return true;
    }
  }
  return false;
}

static void add_variable(char **environment, const char *name, const char *value) {
  if (has_variable(environment, name)) {
    return;
  }
  size_t count = aurae_vector_length(environment);
  if (asprintf(&environment[count], "%s=%s", name, value) < 0) {
    fail(AURAE_STEP_TRAMPOLINE, ENOMEM);
  }
}

static char **build_environment(const struct target_user *user) {
  size_t length = 0;
  char *text = read_environment(&length);
  size_t count = 0;
  for (size_t i = 0; i < length; i++) {
    count += text[i] == '\0';
  }
  char **environment = calloc(count + added_variables + 1, sizeof *environment);
  if (environment == NULL) {
    fail(AURAE_STEP_TRAMPOLINE, ENOMEM);
  }
  char *next = text;
  for (size_t i = 0; i < count; i++) {
    environment[i] = next;
    next += strlen(next) + 1;
  }
  add_variable(environment, "HOME", user->home);
  add_variable(environment, "SHELL", user->shell);
  if (user->name != NULL) {
    add_variable(environment, "USER", user->name);
    add_variable(environment, "LOGNAME", user->name);
  }
  return environment;
}

static void close_on_exec(int descriptor) {
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    fail(AURAE_STEP_TRAMPOLINE, errno);
  }
}

int main(int count, char **arguments) {
  unsigned int parent = 0;
  if (count < 6 || !parse_id(arguments[2], &parent)) {
    fail(AURAE_STEP_TRAMPOLINE, EINVAL);
  }
  close_on_exec(report_descriptor);
  close_on_exec(environment_descriptor);
  struct target_user user = resolve_user(arguments[1]);
  char **environment = build_environment(&user);
  char **shell_arguments = calloc((size_t)count, sizeof *shell_arguments);
  if (shell_arguments == NULL) {
    fail(AURAE_STEP_TRAMPOLINE, ENOMEM);
  }
  give_terminal_to(&user);
  become(&user);
  die_with((pid_t)parent);
  /* As that user: a directory that only root can enter must not become a door. */
  if (chdir(arguments[3]) != 0) {
    fail(AURAE_STEP_DIRECTORY, errno);
  }
  fail(AURAE_STEP_EXEC, aurae_exec_search(arguments[4], arguments + 5, environment, shell_arguments));
}
