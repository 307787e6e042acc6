// The parts of the C library that Swift's own Glibc module leaves out.
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

// Declared by the C library only under _GNU_SOURCE: accept4(2), memfd_create(2), pipe2(2),
// posix_spawn_file_actions_addclosefrom_np(3).
int memfd_create(const char *name, unsigned int flags);
int accept4(int socket, struct sockaddr *address, socklen_t *size, int flags);
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// prctl(2) takes any number of arguments, which Swift cannot call.
static inline int process_control(int option, unsigned long value) {
  return prctl(option, value, 0UL, 0UL, 0UL);
}
