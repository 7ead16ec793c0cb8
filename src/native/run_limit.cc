#include "run_limit.h"

#ifndef _WIN32

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace cloaca {
namespace {

constexpr int kEndAfterMs = 200;
// Exit status (EX_TEMPFAIL).
constexpr int kExitWithoutLease = 75;

// Operations of control records, as in channel.ts.
enum Operation : uint32_t { kRunUntil = 6, kRunFreely = 7 };

struct Record {
  uint32_t operation;
  uint32_t argument;
};

constexpr int kForever = 60'000;
constexpr uint64_t kIsLimited = uint64_t{1} << 32;

// Last record that Python has read: kIsLimited and the time, or 0.
std::atomic<uint64_t> read_by_python{0};
int wake_write = -1;

void apply(RunLimit& limit, uint64_t state) {
  if ((state & kIsLimited) == 0) limit.remove();
  else limit.set(static_cast<uint32_t>(state));
}

// Applies the last record that the engine has sent, and that Python could not read yet because C code blocks it. Python
// removes a record from the descriptor only after it has applied it.
void peek(int control, RunLimit& limit) {
  Record records[1024];
  const ssize_t length = recv(control, records, sizeof records, MSG_PEEK | MSG_DONTWAIT);
  if (length <= 0) return;
  for (size_t index = 0; index < static_cast<size_t>(length) / sizeof(Record); index++) {
    if (records[index].operation == kRunUntil) limit.set(records[index].argument);
    if (records[index].operation == kRunFreely) limit.remove();
  }
}

[[noreturn]] void watch(int control, int wake_read) {
  RunLimit limit;
  uint64_t applied = 0;
  pollfd wake = {wake_read, POLLIN, 0};
  for (;;) {
    poll(&wake, 1, limit.wait_ms(kForever));
    char drained[64];
    while (read(wake_read, drained, sizeof drained) > 0) continue;
    const uint64_t state = read_by_python.load();
    if (state != applied) apply(limit, applied = state);
    limit.has_just_passed();  // Python stops the attempts
    if (!limit.must_end()) continue;
    // Again if Python has applied a record in the meantime, which `peek` may not have seen.
    for (uint64_t last = ~applied; last != applied;) {
      last = read_by_python.load();
      if (last != applied) apply(limit, applied = last);
      peek(control, limit);
      last = read_by_python.load();
    }
    if (limit.must_end()) end_without_lease();
  }
}

}  // namespace

int64_t machine_ms() {
#ifdef __APPLE__
  constexpr clockid_t kClock = CLOCK_MONOTONIC_RAW;
#else
  constexpr clockid_t kClock = CLOCK_MONOTONIC;
#endif
  timespec now{};
  clock_gettime(kClock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void RunLimit::set(uint32_t until) {
  const int64_t now = machine_ms();
  until_ = now + static_cast<int32_t>(until - static_cast<uint32_t>(now));
  is_noted_ = false;
}

int RunLimit::wait_ms(int longest) const {
  if (until_ == kNone) return longest;
  const int64_t at = is_noted_ ? until_ + kEndAfterMs : until_;
  return static_cast<int>(std::clamp<int64_t>(at - machine_ms(), 0, longest));
}

bool RunLimit::has_just_passed() {
  if (is_noted_ || until_ == kNone || machine_ms() < until_) return false;
  return is_noted_ = true;
}

bool RunLimit::must_end() const { return until_ != kNone && machine_ms() >= until_ + kEndAfterMs; }

void end_without_lease() {
  if (getpgrp() == getpid()) kill(0, SIGKILL);
  _exit(kExitWithoutLease);
}

}  // namespace cloaca

#define CLOACA_FOR_PYTHON extern "C" __attribute__((visibility("default")))

// Functions for CPython, which loads the addon as a plain library (run_limit.py). Node's functions, which it lacks, are
// not called. Starts the thread, once a process. Returns 0 or an error number.
CLOACA_FOR_PYTHON int cloaca_start_run_limit(int control) {
  if (cloaca::wake_write != -1) return EALREADY;
  int wake[2];
  if (pipe(wake) != 0) return errno;
  for (const int end : wake) {
    fcntl(end, F_SETFL, O_NONBLOCK);
    fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  cloaca::wake_write = wake[1];
  // Other threads take signals.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int error = 0;
  try {
    std::thread(cloaca::watch, control, wake[0]).detach();
  } catch (const std::system_error& failure) {
    error = failure.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

// Sets the time of a record that Python has read.
CLOACA_FOR_PYTHON void cloaca_set_run_limit(int is_limited, uint32_t until) {
  cloaca::read_by_python.store(is_limited ? cloaca::kIsLimited | until : 0);
  // A full pipe has woken the thread already.
  [[maybe_unused]] const ssize_t written = write(cloaca::wake_write, "", 1);
}

#endif
