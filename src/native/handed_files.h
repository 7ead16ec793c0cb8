// What a child process is handed, and Node cannot do. Pipes of the system: a child that has a socket in place of one cannot
// open it again by /dev/stdout, and is not signalled when nobody reads. The offset of an open file, which child and parent share.

#pragma once

#include <cstdint>

namespace cloaca {

// Makes a pipe whose ends no child inherits by itself: `ends[0]` is read, `ends[1]` written. Returns 0 or an error number.
int open_pipe(int (&ends)[2]);

// Makes two connected sockets that no child inherits by itself. Returns 0 or an error number.
int open_socket_pair(int (&ends)[2]);

// Moves the offset of an open file, as lseek(2) does. Returns the new one, or a negative error number.
int64_t move_offset(int descriptor, int64_t offset, int whence);

// Returns whether an open file is read, written or both (O_RDONLY, O_WRONLY, O_RDWR), or a negative error number.
int access_mode(int descriptor);

// Makes a pipe that has a name, with exactly these permissions. Returns 0 or an error number.
int make_named_pipe(const char* path, unsigned mode);

}  // namespace cloaca
