// The limit of a FastCGI responder: libfcgi alone, which gives one answer to everything.
//   responder SOCKET ANSWER-FILE PROCESSES THREADS
// libfcgi blocks on a connection for as long as it is kept open, so it takes a thread for each.
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener;
static char answer[65536];
static int length;

static void *serve(void *unused) {
  FCGX_Request request;
  char body[4096];
  FCGX_InitRequest(&request, listener, 0);
  while (FCGX_Accept_r(&request) == 0) {
    // Left unread, it would be taken for the next request of a kept connection.
    while (FCGX_GetStr(body, sizeof body, request.in) > 0) continue;
    FCGX_PutStr(answer, length, request.out);
    FCGX_Finish_r(&request);
  }
  return unused;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  FILE *file = fopen(arguments[2], "r");
  if (!file) return 1;
  length = fread(answer, 1, sizeof answer, file);
  fclose(file);

  FCGX_Init();
  listener = FCGX_OpenSocket(arguments[1], 4096);
  for (int process = 0; process < atoi(arguments[3]); process++) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_t thread;
    for (int number = 1; number < atoi(arguments[4]); number++)
      pthread_create(&thread, NULL, serve, NULL);
    serve(NULL);
    return 0;
  }
  while (wait(NULL) > 0) continue;
}
