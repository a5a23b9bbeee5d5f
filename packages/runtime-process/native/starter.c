#define _GNU_SOURCE
#include "starter.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { most_threads = 8, hangs_after_s = 1 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t submitted;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct aurae_job *first;
static struct aurae_job **last = &first;
static unsigned int threads;
static unsigned int standing_by;
static bool watched; /* a thread stands by that wakes by itself when the active one hangs */
static bool active;  /* a thread starts something, and is not known to hang */
static struct timespec hangs_at;
static unsigned long active_turn; /* tells the active thread from one that was given up as hung */

static void initialize(void) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&submitted, &attributes);
  pthread_condattr_destroy(&attributes);
}

static bool has_passed(const struct timespec *time) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec > time->tv_sec || (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

/* Until there is a job, and nobody else is on the way to it. */
static void wait_for_turn(void) {
  standing_by++;
  while (first == NULL || (active && !has_passed(&hangs_at))) {
    if (first == NULL || watched) {
      pthread_cond_wait(&submitted, &mutex);
    } else {
      struct timespec deadline = hangs_at;
      watched = true;
      pthread_cond_timedwait(&submitted, &mutex, &deadline);
      watched = false;
    }
  }
  standing_by--;
}

static int create_thread(void);

/* With the mutex held: takes the first job and makes this thread the active one. */
static struct aurae_job *take(unsigned long *turn) {
  struct aurae_job *job = first;
  first = job->next;
  if (first == NULL) {
    last = &first;
  }
  clock_gettime(CLOCK_MONOTONIC, &hangs_at);
  hangs_at.tv_sec += hangs_after_s;
  active = true;
  *turn = ++active_turn;
  /* Who took over from a hung thread leaves nobody behind to take over in turn. Without memory there is no other. */
  if (first != NULL && standing_by == 0 && threads < most_threads) {
    create_thread();
  }
  return job;
}

static void *run_jobs(void *argument) {
  (void)argument;
  pthread_mutex_lock(&mutex);
  for (;;) {
    unsigned long turn = 0;
    wait_for_turn();
    struct aurae_job *job = take(&turn);
    if (first != NULL && !watched) {
      pthread_cond_signal(&submitted);
    }
    pthread_mutex_unlock(&mutex);
    job->run(job);
    pthread_mutex_lock(&mutex);
    if (turn == active_turn) {
      active = false;
    }
  }
  return NULL;
}

/* The daemon's signals are for its main thread: a new thread inherits the mask that is set here. */
static int create_thread(void) {
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run_jobs, NULL);
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  if (error == 0) {
    threads++;
    pthread_detach(thread);
  }
  return error;
}

int aurae_starter_submit(struct aurae_job *job) {
  pthread_once(&once, initialize);
  pthread_mutex_lock(&mutex);
  int error = 0;
  /* The first, then one to watch it: one that cannot be had is only a pity as long as there is another. */
  if (standing_by == 0 && threads < (active ? most_threads : 1)) {
    error = create_thread();
  }
  if (threads > 0) {
    error = 0;
    job->next = NULL;
    *last = job;
    last = &job->next;
    if (!active || !watched) {
      pthread_cond_signal(&submitted);
    }
  }
  pthread_mutex_unlock(&mutex);
  return error;
}
