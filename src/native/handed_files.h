// Functions for files of child processes that Node lacks: pipes of the system, because a child cannot open a socket
// again by /dev/stdout, and is not signalled when its reader is gone; and the offset of a file that both share.

#pragma once

#include <cstdint>

namespace cloaca {

// Makes a pipe that no child inherits by default: `ends[0]` is read, `ends[1]` written. Returns 0 or an error number.
int open_pipe(int (&ends)[2]);

// Makes two connected sockets that no child inherits by itself. Returns 0 or an error number.
int open_socket_pair(int (&ends)[2]);

// Moves the offset of an open file, as lseek(2) does. Returns the new one, or a negative error number.
int64_t move_offset(int descriptor, int64_t offset, int whence);

// Returns whether an open file is read, written or both (O_RDONLY, O_WRONLY, O_RDWR), or a negative error number.
int access_mode(int descriptor);

// Makes a pipe that has a name, with exactly these permissions. Returns 0 or an error number.
int make_named_pipe(const char* path, unsigned mode);

// Makes `replaced` another number of an open file, as dup2(2) does. Children inherit it only if it is a standard
// stream. Returns 0 or an error number.
int replace_descriptor(int replaced, int descriptor);

}  // namespace cloaca
