// Locks on open files, which Node has none of: flock(2) on the whole file, and the record locks of fcntl(2). And what is written
// is put on the disk, which Node refuses where it restricts a process.
// No call waits: whoever wants a lock asks again.

#pragma once

#include <cstdint>

namespace cloaca {

// The bytes that a record lock is about: `length` 0 is up to the end of the file, however far that moves.
struct ByteRange {
  int64_t start;
  int64_t length;
};

enum class RecordLock { shared, exclusive, none };

// What stands in the way of a record lock. `holder` is the number of the process, or -1 for the lock of an open file.
struct Obstacle {
  RecordLock lock;
  ByteRange range;
  int64_t holder;
};

// `operation` is one of flock(2). All return 0 or an error number; EAGAIN when another holds the lock.
int lock_file(int descriptor, int operation);
int lock_records(int descriptor, RecordLock lock, ByteRange range);
// Tells in `obstacle` what keeps the lock from being taken: `none` when nothing does.
int test_records(int descriptor, RecordLock lock, ByteRange range, Obstacle& obstacle);

// Returns when what was written to an open file is on the disk, as far as the system knows: 0 or an error number.
int sync_file(int descriptor);

}  // namespace cloaca
