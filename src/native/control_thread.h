// Thread of an interpreter's process that never computes. It receives messages of the engine on a control descriptor,
// signals of the process and interval timers, and writes them into the mailbox that Python checks between two steps.
// It ends the process when the engine is gone, also while Python computes or hangs in C.

#pragma once

#include <cstdint>
#include <functional>

namespace cloaca {

// Memory of SignalMailbox (signal-mailbox.ts): Pyodide's byte and the words. It must live as long as the process.
struct Mailbox {
  uint8_t* interrupt;
  int32_t* words;
};

// Memory usage from which the engine is notified, once a second.
struct Thresholds {
  uint32_t resident_mebibytes;
  uint32_t open_files;
};

enum class IntervalTimer { real, virtual_time, prof };

enum class SignalAction { system, ignore, raise };

// Starts the thread, once a process. It calls `notify` after adding a signal. Returns 0 or an error number.
int start_control_thread(int descriptor, Mailbox mailbox, std::function<void()> notify);

// Without thresholds, the engine is not notified.
void set_thresholds(Thresholds thresholds);

// Limits open files, unless there is a lower limit. Returns 0 or an error number.
int limit_open_files(uint32_t count);

// Sets the address of the running stack's number, which is only read.
void set_running_token(const int32_t* token);

// Both return 0 or an error number. A signal that a terminal sends to its whole foreground group is never raised: the
// engine gets it as well, and hands it on.
int set_signal_action(int signum, SignalAction action);
int set_interval_timer(IntervalTimer timer, int64_t delay_us, int64_t interval_us);

}  // namespace cloaca
