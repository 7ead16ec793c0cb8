#include "control_thread.h"

#include <cerrno>

#ifdef _WIN32

namespace cloaca {

int start_control_thread(int, Mailbox, std::function<void()>) { return ENOSYS; }
void set_thresholds(Thresholds) {}
int limit_open_files(uint32_t) { return ENOSYS; }
void set_running_token(const int32_t*) {}
int set_signal_action(int, SignalAction) { return ENOSYS; }
int set_interval_timer(IntervalTimer, int64_t, int64_t) { return ENOSYS; }

}  // namespace cloaca

#else

#include "run_limit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach/mach.h>
#endif

#include <atomic>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace cloaca {

namespace {

// The words of signal-mailbox.ts, and the operations of control-line.ts.
constexpr int kOverdueToken = 0;
constexpr int kSignalsBelow32 = 1;
constexpr int kSignalsFrom32 = 2;
constexpr int kAcknowledgements = 3;
constexpr int kMisses = 4;
constexpr int kIsInterrupting = 5;
constexpr int kIsSliceOver = 6;
constexpr int kIsRunOver = 7;
constexpr uint8_t kLookHere = 12;

enum Operation : uint32_t {
  kRequestCheck = 1,
  kRaise = 2,
  kInterrupt = 3,
  kEndSlice = 4,
  kAcknowledge = 5,
  kRunUntil = 6,
  kRunFreely = 7,
};
enum Report : uint32_t { kMissesSoFar = 1, kResidentMebibytes = 2, kOpenFiles = 3, kRunningToken = 4, kMemory = 5 };

struct Record {
  uint32_t operation;  // to the engine: a report
  uint32_t argument;
};

constexpr int kLookAtResourcesEveryMs = 1000;
constexpr int kSignals = 65;
// Time within which a signal to the engine and one to this process are the same (a service manager sends both).
constexpr int64_t kSameSignalWithinMs = 100;
// Exit status (EX_SOFTWARE). The engine, which would read it, is gone.
constexpr int kExitWithoutEngine = 70;

Mailbox mailbox{};
std::atomic<const volatile int32_t*> running_token{nullptr};
std::atomic<uint32_t> resident_threshold{UINT32_MAX};
std::atomic<uint32_t> open_files_threshold{UINT32_MAX};
int wake_write = -1;
std::atomic<int64_t> received_at_ms[kSignals];
std::atomic<int64_t> handed_on_at_ms[kSignals];
// Signals of a terminal arrive here and from the engine: how many more arrived here than from the engine.
std::atomic<int32_t> ahead_of_engine[kSignals];
// Stands for the engine's copy of a signal that the terminal also sent to this process.
constexpr int kNoSignal = 0;

int32_t exchange(int word, int32_t value) { return __atomic_exchange_n(&mailbox.words[word], value, __ATOMIC_SEQ_CST); }

void look_here() { __atomic_store_n(mailbox.interrupt, kLookHere, __ATOMIC_SEQ_CST); }

int64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000 + 1;
}

bool is_recent(const std::atomic<int64_t>& instant, int64_t now) {
  const int64_t at = instant.load();
  return at != 0 && now - at < kSameSignalWithinMs;
}

// Safe in a signal handler, as all functions that it calls.
void put_in(int signum) {
  const int word = signum < 32 ? kSignalsBelow32 : kSignalsFrom32;
  __atomic_fetch_or(&mailbox.words[word], static_cast<int32_t>(1u << (signum % 32)), __ATOMIC_SEQ_CST);
  look_here();
}

void received(int signum, siginfo_t* info, void*) {
#ifdef SI_KERNEL
  const bool is_of_terminal = info->si_code == SI_KERNEL && (signum == SIGINT || signum == SIGQUIT || signum == SIGHUP);
#else
  const bool is_of_terminal = info->si_pid == 0 && (signum == SIGINT || signum == SIGQUIT || signum == SIGHUP);
#endif
  const int error = errno;
  const int64_t now = now_ms();
  const bool is_first =
      is_of_terminal ? ahead_of_engine[signum].fetch_add(1) >= 0 : !is_recent(handed_on_at_ms[signum], now);
  if (is_first) {
    if (!is_of_terminal) received_at_ms[signum].store(now);
    put_in(signum);
    // A full pipe has woken the thread already.
    [[maybe_unused]] const ssize_t written = write(wake_write, "", 1);
  }
  errno = error;
}

void hand_on(int signum) {
  const int64_t now = now_ms();
  if (is_recent(received_at_ms[signum], now) || ahead_of_engine[signum].fetch_sub(1) > 0) {
    put_in(kNoSignal);
    return;
  }
  handed_on_at_ms[signum].store(now);
  put_in(signum);
}

bool write_fully(int descriptor, const void* bytes, size_t length) {
  const char* at = static_cast<const char*>(bytes);
  while (length > 0) {
    const ssize_t written = write(descriptor, at, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    length -= static_cast<size_t>(written);
  }
  return true;
}

#ifdef __APPLE__

uint32_t resident_mebibytes() {
  mach_task_basic_info info{};
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
  const auto status = task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count);
  return status == KERN_SUCCESS ? static_cast<uint32_t>(info.resident_size >> 20) : 0;
}

#else

uint32_t resident_mebibytes() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128]{};
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  unsigned long long size = 0;
  unsigned long long resident = 0;
  if (length <= 0 || sscanf(text, "%llu %llu", &size, &resident) != 2) return 0;
  return static_cast<uint32_t>(resident * static_cast<unsigned long long>(sysconf(_SC_PAGESIZE)) >> 20);
}

#endif

uint32_t open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > UINT32_MAX) return UINT32_MAX;
  return static_cast<uint32_t>(limit.rlim_cur);
}

// Returns the lowest free number: a lower bound of the open descriptors, and close to it if they have run out.
uint32_t open_files() {
  const int lowest_free = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (lowest_free < 0) return errno == EMFILE ? open_files_limit() : 0;
  close(lowest_free);
  return static_cast<uint32_t>(lowest_free);
}

class ControlThread {
 public:
  ControlThread(int control, int wake_read, std::function<void()> notify)
      : control_(control), wake_read_(wake_read), notify_(std::move(notify)) {}

  [[noreturn]] void run() {
    pollfd both[2] = {{control_, POLLIN, 0}, {wake_read_, POLLIN, 0}};
    for (;;) {
      if (poll(both, 2, run_limit_.wait_ms(kLookAtResourcesEveryMs)) < 0) continue;
      report_resources();
      if (both[1].revents != 0) {
        char drained[64];
        if (read(wake_read_, drained, sizeof drained) > 0) notify_();
      }
      if (both[0].revents != 0) read_records();
      check_run_limit();
    }
  }

 private:
  // Stops attempts with limits when their time has passed, and ends the process if they do not end.
  void check_run_limit() {
    if (run_limit_.has_just_passed()) {
      exchange(kIsRunOver, 1);
      look_here();
      notify_();
    }
    if (!run_limit_.must_end()) return;
    // After a standstill, the engine may have sent a later time.
    pollfd control = {control_, POLLIN, 0};
    while (run_limit_.must_end() && poll(&control, 1, 0) > 0) read_records();
    if (run_limit_.must_end()) end_without_lease();
  }

  void report(Report kind, uint32_t value) {
    const Record record{kind, value};
    if (!write_fully(control_, &record, sizeof record)) _exit(kExitWithoutEngine);
  }

  // Reports, at most once a second, changed memory usage and resources near their ceilings.
  void report_resources() {
    const int64_t now = now_ms();
    if (now - looked_at_ms_ < kLookAtResourcesEveryMs) return;
    looked_at_ms_ = now;
    const uint32_t mebibytes = resident_mebibytes();
    if (mebibytes != reported_mebibytes_) report(kMemory, reported_mebibytes_ = mebibytes);
    if (mebibytes >= resident_threshold.load()) {
      report_running_token();  // first, because the running call may have caused it
      report(kResidentMebibytes, mebibytes);
    }
    const uint32_t files = open_files();
    if (files >= open_files_threshold.load()) report(kOpenFiles, files);
  }

  void report_running_token() {
    const volatile int32_t* running = running_token.load();
    report(kRunningToken, running == nullptr ? 0 : static_cast<uint32_t>(*running));
  }

  void read_records() {
    const ssize_t length = read(control_, buffer_ + filled_, sizeof buffer_ - filled_);
    if (length < 0 && (errno == EINTR || errno == EAGAIN)) return;
    // The engine has closed its end. Nothing is flushed, because nobody reads it.
    if (length <= 0) _exit(kExitWithoutEngine);
    filled_ += static_cast<size_t>(length);
    size_t at = 0;
    for (; filled_ - at >= sizeof(Record); at += sizeof(Record)) {
      Record record;
      std::memcpy(&record, buffer_ + at, sizeof record);
      carry_out(record);
    }
    filled_ -= at;
    std::memmove(buffer_, buffer_ + at, filled_);
  }

  void carry_out(const Record& record) {
    switch (record.operation) {
      case kRequestCheck:
        look_here();
        break;
      case kRaise:
        if (record.argument == 0 || record.argument >= kSignals) break;
        // Sets the bit before it notifies, so that the woken reader finds it.
        hand_on(static_cast<int>(record.argument));
        notify_();
        break;
      case kInterrupt: {
        exchange(kOverdueToken, static_cast<int32_t>(record.argument));
        exchange(kIsInterrupting, 1);
        look_here();
        report_running_token();
        report(kMissesSoFar, static_cast<uint32_t>(__atomic_load_n(&mailbox.words[kMisses], __ATOMIC_SEQ_CST)));
        break;
      }
      case kEndSlice:
        exchange(kIsSliceOver, 1);
        look_here();
        break;
      case kAcknowledge:
        __atomic_fetch_add(&mailbox.words[kAcknowledgements], 1, __ATOMIC_SEQ_CST);
        break;
      case kRunUntil:
        run_limit_.set(record.argument);
        exchange(kIsRunOver, 0);
        break;
      case kRunFreely:
        run_limit_.remove();
        exchange(kIsRunOver, 0);
        break;
      default:
        break;  // an operation of a newer engine, which the hello has refused
    }
  }

  const int control_;
  const int wake_read_;
  const std::function<void()> notify_;
  int64_t looked_at_ms_ = now_ms();
  uint32_t reported_mebibytes_ = 0;
  RunLimit run_limit_;
  char buffer_[4096];
  size_t filled_ = 0;
};

}  // namespace

int start_control_thread(int descriptor, Mailbox memory, std::function<void()> notify) {
  if (wake_write != -1) return EALREADY;
  int wake[2];
  if (pipe(wake) != 0) return errno;
  for (const int end : wake) {
    fcntl(end, F_SETFL, O_NONBLOCK);
    fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  mailbox = memory;
  wake_write = wake[1];
  // Blocks signals here: other threads take them, and this one must be free to report them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int error = 0;
  try {
    std::thread([control = ControlThread(descriptor, wake[0], std::move(notify))]() mutable {
      control.run();
    }).detach();
  } catch (const std::system_error& failure) {
    error = failure.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

void set_thresholds(Thresholds thresholds) {
  resident_threshold.store(thresholds.resident_mebibytes);
  open_files_threshold.store(thresholds.open_files);
}

int limit_open_files(uint32_t count) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  if (limit.rlim_cur <= count) return 0;
  limit.rlim_cur = count;  // the hard limit stays, so that child processes may raise their own limit
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : errno;
}

void set_running_token(const int32_t* token) { running_token.store(token); }

int set_signal_action(int signum, SignalAction action) {
  if (signum <= 0 || signum >= kSignals) return EINVAL;
  struct sigaction wanted {};
  sigemptyset(&wanted.sa_mask);
  wanted.sa_flags = SA_RESTART;
  switch (action) {
    case SignalAction::system:
      wanted.sa_handler = SIG_DFL;
      break;
    case SignalAction::ignore:
      wanted.sa_handler = SIG_IGN;
      break;
    case SignalAction::raise:
      wanted.sa_flags |= SA_SIGINFO;
      wanted.sa_sigaction = received;
      break;
  }
  return sigaction(signum, &wanted, nullptr) == 0 ? 0 : errno;
}

int set_interval_timer(IntervalTimer timer, int64_t delay_us, int64_t interval_us) {
  constexpr int kKinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
  constexpr int kSignalsOfKinds[] = {SIGALRM, SIGVTALRM, SIGPROF};
  const int index = static_cast<int>(timer);
  const int error = set_signal_action(kSignalsOfKinds[index], SignalAction::raise);
  if (error != 0) return error;
  itimerval wanted{};
  wanted.it_value.tv_sec = delay_us / 1'000'000;
  wanted.it_value.tv_usec = static_cast<suseconds_t>(delay_us % 1'000'000);
  wanted.it_interval.tv_sec = interval_us / 1'000'000;
  wanted.it_interval.tv_usec = static_cast<suseconds_t>(interval_us % 1'000'000);
  return setitimer(kKinds[index], &wanted, nullptr) == 0 ? 0 : errno;
}

}  // namespace cloaca

#endif
