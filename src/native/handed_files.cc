#include "handed_files.h"

#include <cerrno>

#ifdef _WIN32

namespace cloaca {

int open_pipe(int (&)[2]) { return ENOSYS; }
int open_socket_pair(int (&)[2]) { return ENOSYS; }
int64_t move_offset(int, int64_t, int) { return -ENOSYS; }
int access_mode(int) { return -ENOSYS; }
int make_named_pipe(const char*, unsigned) { return ENOSYS; }
int replace_descriptor(int, int) { return ENOSYS; }

}  // namespace cloaca

#else

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cloaca {

int open_pipe(int (&ends)[2]) {
#ifdef __APPLE__
  // macOS has no pipe2. Only this thread starts processes, so none starts in between.
  if (pipe(ends) != 0) return errno;
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  return 0;
#else
  return pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
#endif
}

int open_socket_pair(int (&ends)[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return errno;
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  return 0;
}

int64_t move_offset(int descriptor, int64_t offset, int whence) {
  const off_t moved = lseek(descriptor, static_cast<off_t>(offset), whence);
  return moved < 0 ? -errno : static_cast<int64_t>(moved);
}

int access_mode(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags < 0 ? -errno : flags & O_ACCMODE;
}

int make_named_pipe(const char* path, unsigned mode) {
  if (mkfifo(path, static_cast<mode_t>(mode)) != 0) return errno;
  return chmod(path, static_cast<mode_t>(mode)) == 0 ? 0 : errno;  // the mask of the process is not the script's
}

int replace_descriptor(int replaced, int descriptor) {
  if (dup2(descriptor, replaced) < 0) return errno;
  return replaced <= STDERR_FILENO || fcntl(replaced, F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno;
}

}  // namespace cloaca

#endif
