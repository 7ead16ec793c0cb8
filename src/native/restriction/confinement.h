// Limits that the kernel enforces on a restricted interpreter, whatever code runs in it (Linux only). Landlock limits
// the files that the process and its descendants can open, the TCP ports, and signals to other processes. seccomp
// limits its system calls. Neither needs a privilege, and neither can be undone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cloaca {

// Files, and folders with all below them. Missing paths grant nothing.
struct ConfinedFiles {
  std::vector<std::string> readable;
  std::vector<std::string> writable;
  // Paths of the program and its loader, which may be executed and read.
  std::vector<std::string> executable;
};

// TCP ports for connecting and listening: all with `any`, else the listed ones.
struct ConfinedPorts {
  bool any;
  std::vector<uint16_t> ports;
};

// Makes the rules of Landlock. Returns their descriptor or a negative error number: ENOSYS, EOPNOTSUPP if unsupported.
int make_confinement(const ConfinedFiles& files, const ConfinedPorts& ports);

// Applies these rules to the next process that this thread forks; -1: none. Returns 0 or an error number.
int set_child_confinement(int rules);
// Returns the result: 0, an error number, or a negative number if no process was forked since.
int child_confinement_error();

// Forbids all threads to start programs, trace processes, use unneeded parts of the kernel, and without `has_network`
// to open sockets that leave the machine. Returns 0 or an error number.
int forbid_system_calls(bool has_network);

}  // namespace cloaca
