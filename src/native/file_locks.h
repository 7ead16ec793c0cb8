// Locks on open files, which Node lacks: flock(2) on the whole file, and the record locks of fcntl(2). Also syncs files
// to the disk, which Node refuses in a restricted process. No call waits.

#pragma once

#include <cstdint>

namespace cloaca {

// Bytes of a record lock. `length` 0 is up to the end of the file, however far that moves.
struct ByteRange {
  int64_t start;
  int64_t length;
};

enum class RecordLock { shared, exclusive, none };

// Obstacle to a record lock. `holder` is the number of the process, or -1 for the lock of an open file.
struct Obstacle {
  RecordLock lock;
  ByteRange range;
  int64_t holder;
};

// `operation` is one of flock(2). All return 0 or an error number; EAGAIN when another holds the lock.
int lock_file(int descriptor, int operation);
int lock_records(int descriptor, RecordLock lock, ByteRange range);
// Stores the obstacle to the lock in `obstacle`: `none` if there is none.
int test_records(int descriptor, RecordLock lock, ByteRange range, Obstacle& obstacle);

// Waits until an open file is on the disk, as far as the system knows. Returns 0 or an error number.
int sync_file(int descriptor);

}  // namespace cloaca
