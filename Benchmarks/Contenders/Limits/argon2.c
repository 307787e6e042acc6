// The limit of sign-ins: libsodium's Argon2id alone, at Postern's cost.
//   argon2 THREADS SECONDS
// Prints verifications a second of all threads.
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char password[] = "postern-demo";
static char hash[crypto_pwhash_STRBYTES];
static double end;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void *verify(void *count) {
  while (now() < end) {
    if (crypto_pwhash_str_verify(hash, password, sizeof password - 1) != 0) exit(1);
    ++*(long *)count;
  }
  return NULL;
}

int main(int count, char **arguments) {
  int threads = count == 3 ? atoi(arguments[1]) : 0;
  if (threads < 1 || threads > 256 || sodium_init() < 0) return 2;
  // 19 MiB, two passes.
  if (crypto_pwhash_str(hash, password, sizeof password - 1, 2, 19 << 20) != 0) return 1;
  double begin = now();
  end = begin + atof(arguments[2]);
  static long counts[256];
  pthread_t ids[256];
  for (int number = 0; number < threads; number++)
    pthread_create(&ids[number], NULL, verify, &counts[number]);
  long all = 0;
  for (int number = 0; number < threads; number++) {
    pthread_join(ids[number], NULL);
    all += counts[number];
  }
  printf("%.1f\n", all / (now() - begin));
}
