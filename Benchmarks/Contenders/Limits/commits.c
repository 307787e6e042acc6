// The limit of durable commits: what a file system does with nobody's code around it.
//   commits FOLDER PROCESSES SECONDS
// Each process replaces a file of its own: lock, write aside, fdatasync, rename, fsync of the
// folder, unlock. Prints commits a second of all, and the median of the first's in milliseconds.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { longest = 1 << 20, most = 256 };

struct shared {
  long commits[most];
  double first[longest];
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void check(int result) {
  if (result >= 0) return;
  perror("commits");
  exit(1);
}

static void commit(int folder, int lock, const char *bytes, int size) {
  check(flock(lock, LOCK_EX));
  int file = openat(folder, ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  check(file);
  check(write(file, bytes, size) == size ? 0 : -1);
  check(fdatasync(file));
  check(close(file));
  check(renameat(folder, ".new", folder, "document.json"));
  check(fsync(folder));
  check(flock(lock, LOCK_UN));
}

static int ascending(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
  int processes = count == 4 ? atoi(arguments[2]) : 0;
  double seconds = count == 4 ? atof(arguments[3]) : 0;
  if (processes < 1 || processes > most) return 2;
  struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  // As long as a user's sessions are.
  static char bytes[2000];

  double begin = now();
  for (int process = 0; process < processes; process++) {
    if (fork() != 0) continue;
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", arguments[1], process);
    mkdir(path, 0700);
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(folder);
    int lock = openat(folder, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    check(lock);
    double last = now();
    while (last - begin < seconds) {
      commit(folder, lock, bytes, sizeof bytes);
      double end = now();
      long number = shared->commits[process]++;
      if (process == 0 && number < longest) shared->first[number] = end - last;
      last = end;
    }
    return 0;
  }
  int status, failed = 0;
  while (wait(&status) > 0) failed |= status;
  double time = now() - begin;
  long all = 0;
  for (int process = 0; process < processes; process++) all += shared->commits[process];
  long first = shared->commits[0] < longest ? shared->commits[0] : longest;
  qsort(shared->first, first, sizeof *shared->first, ascending);
  printf("%.1f %.4f\n", all / time, first ? shared->first[first / 2] * 1000 : 0);
  return failed ? 1 : 0;
}
