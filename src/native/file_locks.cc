#include "file_locks.h"

#include <cerrno>

#ifdef _WIN32

namespace cloaca {

int lock_file(int, int) { return ENOSYS; }
int lock_records(int, RecordLock, ByteRange) { return ENOSYS; }
int test_records(int, RecordLock, ByteRange, Obstacle&) { return ENOSYS; }
int sync_file(int) { return ENOSYS; }

}  // namespace cloaca

#else

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace cloaca {

namespace {

struct flock described(RecordLock lock, ByteRange range) {
  struct flock description {};
  description.l_type = lock == RecordLock::shared ? F_RDLCK : lock == RecordLock::exclusive ? F_WRLCK : F_UNLCK;
  description.l_whence = SEEK_SET;
  description.l_start = range.start;
  description.l_len = range.length;
  return description;
}

// Systems report a lock of another process with different errors.
int conflict_or(int error) { return error == EACCES || error == EWOULDBLOCK ? EAGAIN : error; }

}  // namespace

int lock_file(int descriptor, int operation) {
  int result;
  do result = flock(descriptor, operation | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : conflict_or(errno);
}

int lock_records(int descriptor, RecordLock lock, ByteRange range) {
  struct flock description = described(lock, range);
  return fcntl(descriptor, F_SETLK, &description) == 0 ? 0 : conflict_or(errno);
}

int test_records(int descriptor, RecordLock lock, ByteRange range, Obstacle& obstacle) {
  struct flock description = described(lock, range);
  if (fcntl(descriptor, F_GETLK, &description) != 0) return errno;
  obstacle.lock = description.l_type == F_RDLCK   ? RecordLock::shared
                  : description.l_type == F_WRLCK ? RecordLock::exclusive
                                                  : RecordLock::none;
  obstacle.range = {description.l_start, description.l_len};
  obstacle.holder = description.l_pid;
  return 0;
}

int sync_file(int descriptor) {
  int result;
#ifdef __APPLE__
  // On macOS, fsync(2) lets the disk delay the write. Some file systems support nothing else.
  if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  do result = fsync(descriptor);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

}  // namespace cloaca

#endif
