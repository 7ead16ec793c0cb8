// Limits that the kernel keeps a restricted interpreter to, whatever code runs in it (Linux only). Landlock limits the files that the
// process and its descendants can open, the TCP ports, and signals to other processes; seccomp limits its system calls. Neither needs a
// privilege, and neither can be taken back.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cloaca {

// Files, and folders with all below them. Of what does not exist nothing is granted.
struct ConfinedFiles {
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  // May be executed, and read: the program itself, and what loads it.
  std::vector<std::string> executable;
};

// TCP ports that may be connected to and listened on: all with `any`, else these.
struct ConfinedPorts {
  bool any;
  std::vector<uint16_t> ports;
};

// Makes the rules of Landlock. Returns their descriptor, or a negative error number: ENOSYS or EOPNOTSUPP where the kernel has none.
int make_confinement(const ConfinedFiles& files, const ConfinedPorts& ports);

// Applies these rules to the next process that this thread forks, from its first instruction on; -1: none. Returns 0 or
// an error number.
int set_child_confinement(int rules);
// Returns the result of applying them: 0, an error number, or a negative number if no process was forked since.
int child_confinement_error();

// Lets no thread of this process start programs, trace other processes, or use parts of the kernel that an interpreter has no use for; and
// without `has_network` open sockets that leave the machine. Returns 0 or an error number.
int forbid_system_calls(bool has_network);

}  // namespace cloaca
