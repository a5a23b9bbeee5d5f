#ifndef AURAE_STARTER_H
#define AURAE_STARTER_H

/*
 * The thread that starts processes.
 *
 * - A start suspends its thread until the new program runs: the event loop must not be that thread.
 * - A parent death signal is tied to the thread that clones, prctl(2): this one lives as long as the daemon.
 * - One after the other, because a process that is started while the pipes of another are open inherits them until
 *   it executes, and the end of that other's output would be seen late. (So libuv's pool of threads does not serve.)
 *
 * A start may hang in the kernel (NFS, FUSE, fanotify). Once one has lasted for a second, a second thread takes over
 * the queue, and so on up to eight; the others stand by or hang. So one thread at a time starts, but for hung ones.
 */
struct aurae_job {
  void (*run)(struct aurae_job *job); /* on the starter's thread; the job belongs to `run` from then on */
  struct aurae_job *next;
};

/* Returns 0, or errno when the thread could not be created. For use on any thread. */
int aurae_starter_submit(struct aurae_job *job);

#endif
