// The parts of the C library that Swift's own Glibc module leaves out.
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// Declared by the C library only under _GNU_SOURCE: accept4(2), memfd_create(2), pipe2(2),
// renameat2(2), posix_spawn_file_actions_addclosefrom_np(3).
int memfd_create(const char *name, unsigned int flags);
int accept4(int socket, struct sockaddr *address, socklen_t *size, int flags);
int pipe2(int ends[2], int flags);
int renameat2(int old_folder, const char *old, int new_folder, const char *new_name, unsigned flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// prctl(2) takes any number of arguments, which Swift cannot call.
static inline int process_control(int option, unsigned long value) {
  return prctl(option, value, 0UL, 0UL, 0UL);
}

// open(2): O_PATH, under _GNU_SOURCE, too.
static const int open_path = 010000000;

// The control messages of sendmsg(2) are laid out by macros. Both return as the call does, and
// receive_descriptor 0 where no descriptor came.
static inline ssize_t send_descriptor(int socket, int descriptor) {
  char byte = 0;
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {{0}};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = sizeof control};
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof(int));
  __builtin_memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
  return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static inline ssize_t receive_descriptor(int socket, int *descriptor) {
  char byte;
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
                           .msg_controllen = sizeof control};
  ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (count <= 0) return count;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
    return 0;
  __builtin_memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
  return count;
}

// syscall(2) takes any number of arguments, too. These go past the C library, whose functions
// libfaketime replaces: times of files are compared with the very clock that the kernel takes them
// from.
static inline int kernel_clock_gettime(clockid_t clock, struct timespec *time) {
  return (int)syscall(SYS_clock_gettime, clock, time);
}

static inline int kernel_fstatat(int folder, const char *path, struct stat *status, int flags) {
  return (int)syscall(SYS_newfstatat, folder, path, status, flags);
}

static inline int kernel_fstat(int file, struct stat *status) {
  return (int)syscall(SYS_fstat, file, status);
}
