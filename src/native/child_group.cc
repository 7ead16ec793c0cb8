#include "child_group.h"

#include <cerrno>

#if defined(_WIN32) || defined(__APPLE__)

namespace cloaca {

// Under macOS libuv starts processes by posix_spawn, which calls nobody (libuv 1.52).
int set_child_group(int group) { return group < 0 ? 0 : ENOSYS; }
int child_group_error() { return ENOSYS; }

}  // namespace cloaca

#else

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace cloaca {
namespace {

constexpr int kNotForked = -1;
constexpr int kNotExecuted = 255;

// In the memory of parent and child.
volatile int* error_of_child = nullptr;
// No thread_local: a thread's first use of one may allocate memory, which a forked child must not.
int wanted_group = -1;
pthread_t wanting_thread;

void in_child() {
  if (wanted_group < 0 || !pthread_equal(wanting_thread, pthread_self())) return;
  const int error = setpgid(0, wanted_group) == 0 ? 0 : errno;
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

int set_child_group(int group) {
  if (group >= 0) {
    const int error = prepare();
    if (error != 0) return error;
    *error_of_child = kNotForked;
    wanting_thread = pthread_self();
  }
  wanted_group = group;
  return 0;
}

int child_group_error() { return error_of_child == nullptr ? kNotForked : *error_of_child; }

}  // namespace cloaca

#endif
