// The part of an interpreter's process that never computes: a thread that hears the engine through a control descriptor,
// signals of the process and its interval timers, and writes what they mean into the mailbox that Python looks into between two
// steps. It ends the process when the engine is gone, also while Python computes or hangs in C.

#pragma once

#include <cstdint>
#include <functional>

namespace cloaca {

// The memory of SignalMailbox (signal-mailbox.ts), which must live as long as the process: the byte that Pyodide
// watches, and the words behind it.
struct Mailbox {
  uint8_t* interrupt;
  int32_t* words;
};

// From where on the engine is told, once a second, how much there is of it.
struct Thresholds {
  uint32_t resident_mebibytes;
  uint32_t open_files;
};

enum class IntervalTimer { real, virtual_time, prof };

// What happens with a signal that the process gets: the system's default, nothing, or the mailbox.
enum class SignalAction { system, ignore, raise };

// Starts the thread, once for a process. `notify` is called from it, after a signal is in the mailbox. Returns 0 or an error number.
int start_control_thread(int descriptor, Mailbox mailbox, std::function<void()> notify);

// Nothing is told before.
void set_thresholds(Thresholds thresholds);

// How many files the process may have open, unless it may have fewer already. Returns 0 or an error number.
int limit_open_files(uint32_t count);

// Where the number of the stack that runs stands from now on; it is only read, whatever it holds.
void set_running_token(const int32_t* token);

// Both return 0 or an error number. A signal that a terminal sends to its whole foreground group is never raised: the
// engine gets it as well, and hands it on.
int set_signal_action(int signum, SignalAction action);
int set_interval_timer(IntervalTimer timer, int64_t delay_us, int64_t interval_us);

}  // namespace cloaca
