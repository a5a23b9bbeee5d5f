#define _GNU_SOURCE
#include "starter.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER;
static struct aurae_job *first;
static struct aurae_job **last = &first;
static bool running;

static struct aurae_job *take(void) {
  pthread_mutex_lock(&mutex);
  while (first == NULL) {
    pthread_cond_wait(&submitted, &mutex);
  }
  struct aurae_job *job = first;
  first = job->next;
  if (first == NULL) {
    last = &first;
  }
  pthread_mutex_unlock(&mutex);
  return job;
}

static void *run_jobs(void *argument) {
  (void)argument;
  for (;;) {
    struct aurae_job *job = take();
    job->run(job);
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
    pthread_detach(thread);
  }
  return error;
}

int aurae_starter_submit(struct aurae_job *job) {
  pthread_mutex_lock(&mutex);
  int error = running ? 0 : create_thread();
  if (error == 0) {
    running = true;
    job->next = NULL;
    *last = job;
    last = &job->next;
    pthread_cond_signal(&submitted);
  }
  pthread_mutex_unlock(&mutex);
  return error;
}
