#include "confinement.h"

#include <cerrno>

#if !defined(__linux__)

namespace cloaca {

int make_confinement(const ConfinedFiles&, const ConfinedPorts&) { return -ENOSYS; }
int set_child_confinement(int rules) { return rules < 0 ? 0 : ENOSYS; }
int child_confinement_error() { return -1; }

}  // namespace cloaca

#else

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

namespace cloaca {
namespace {

// Constants of linux/landlock.h, which older systems lack in part. The numbers are the same on all processors.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr int kPathBeneath = 1;
constexpr int kNetPort = 2;

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadFolder = 1 << 3;
constexpr uint64_t kRemoveFolder = 1 << 4;
constexpr uint64_t kRemoveFile = 1 << 5;
constexpr uint64_t kMakeFolder = 1 << 7;
constexpr uint64_t kMakeFile = 1 << 8;
constexpr uint64_t kMakeSocket = 1 << 9;
constexpr uint64_t kMakePipe = 1 << 10;
constexpr uint64_t kMoveBetweenFolders = 1 << 13;  // since version 2
constexpr uint64_t kTruncate = 1 << 14;            // since version 3
constexpr uint64_t kAllOfVersion1 = (1 << 13) - 1;
constexpr uint64_t kDevices = 1 << 15;  // since version 5
constexpr uint64_t kListen = 1 << 0;    // since version 4, as the next one
constexpr uint64_t kConnect = 1 << 1;
constexpr uint64_t kAbstractSockets = 1 << 0;  // since version 6, as the next one
constexpr uint64_t kSignals = 1 << 1;

constexpr uint64_t kReading = kReadFile | kReadFolder;
constexpr uint64_t kWriting = kReading | kWriteFile | kRemoveFolder | kRemoveFile | kMakeFolder | kMakeFile |
                              kMakeSocket | kMakePipe | kMoveBetweenFolders | kTruncate;
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kDevices;

struct Ruleset {
  uint64_t files;
  uint64_t ports;
  uint64_t scopes;
};

struct [[gnu::packed]] PathRule {
  uint64_t allowed;
  int32_t folder;
};

struct PortRule {
  uint64_t allowed;
  uint64_t port;
};

// Size of the part of `Ruleset` that a version of Landlock knows.
size_t size_known(long version) {
  if (version >= 6) return sizeof(Ruleset);
  return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

uint64_t files_known(long version) {
  uint64_t known = kAllOfVersion1;
  if (version >= 2) known |= kMoveBetweenFolders;
  if (version >= 3) known |= kTruncate;
  if (version >= 5) known |= kDevices;
  return known;
}

// Returns 0 or an error number.
int allow(int rules, int descriptor, uint64_t allowed) {
  const PathRule rule{allowed, descriptor};
  return syscall(kAddRule, rules, kPathBeneath, &rule, 0) == 0 ? 0 : errno;
}

int allow_path(int rules, const std::string& path, uint64_t allowed) {
  const int descriptor = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (descriptor < 0) return 0;
  struct stat status;
  const bool is_folder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
  const int error = allow(rules, descriptor, is_folder ? allowed : allowed & kOfFiles);
  close(descriptor);
  return error;
}

int allow_all(int rules, const std::vector<std::string>& paths, uint64_t allowed) {
  for (const std::string& path : paths) {
    if (const int error = allow_path(rules, path, allowed); error != 0) return error;
  }
  return 0;
}

int allow_ports(int rules, const std::vector<uint16_t>& ports) {
  for (const uint16_t port : ports) {
    const PortRule rule{kListen | kConnect, port};
    if (syscall(kAddRule, rules, kNetPort, &rule, 0) != 0) return errno;
  }
  return 0;
}

constexpr int kNotForked = -1;
constexpr int kNotExecuted = 255;

// In the memory of parent and child.
volatile int* error_of_child = nullptr;
// No thread_local: a thread's first use of one may allocate memory, which a forked child must not.
int wanted_rules = -1;
pthread_t wanting_thread;

// Lets the child read its own folder in /proc, where Node finds its memory usage and its limits.
int allow_own_process(int rules) {
  const int descriptor = open("/proc/self", O_PATH | O_CLOEXEC);
  if (descriptor < 0) return 0;
  const int error = allow(rules, descriptor, kReading);
  close(descriptor);
  return error;
}

void in_child() {
  if (wanted_rules < 0 || !pthread_equal(wanting_thread, pthread_self())) return;
  int error = allow_own_process(wanted_rules);
  if (error == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) error = errno;
  if (error == 0 && syscall(kRestrictSelf, wanted_rules, 0) != 0) error = errno;
  *error_of_child = error;
  if (error != 0) _exit(kNotExecuted);
}

int prepare() {
  if (error_of_child != nullptr) return 0;
  void* memory = mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  error_of_child = new (memory) int(kNotForked);
  return pthread_atfork(nullptr, nullptr, in_child);
}

}  // namespace

int make_confinement(const ConfinedFiles& files, const ConfinedPorts& ports) {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (version < 1) return -errno;
  const uint64_t known = files_known(version);
  const Ruleset ruleset{known, ports.any ? 0 : kListen | kConnect, kAbstractSockets | kSignals};
  const long rules = syscall(kCreateRuleset, &ruleset, size_known(version), 0);
  if (rules < 0) return -errno;
  int error = allow_all(rules, files.executable, kExecute | kReadFile);
  if (error == 0) error = allow_all(rules, files.readable, kReading & known);
  if (error == 0) error = allow_all(rules, files.writable, kWriting & known);
  if (error == 0 && version >= 4 && !ports.any) error = allow_ports(rules, ports.ports);
  if (error == 0) return static_cast<int>(rules);
  close(rules);
  return -error;
}

int set_child_confinement(int rules) {
  if (rules >= 0) {
    if (const int error = prepare(); error != 0) return error;
    *error_of_child = kNotForked;
    wanting_thread = pthread_self();
  }
  wanted_rules = rules;
  return 0;
}

int child_confinement_error() { return error_of_child == nullptr ? kNotForked : *error_of_child; }

}  // namespace cloaca

#endif
