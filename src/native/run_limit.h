// Time until which attempts with limits may run. When it has passed, they are stopped, and the process ends 200 ms
// later, whatever code blocks it. Used by the control thread, and by a thread of its own in CPython (run_limit.cc).

#pragma once

#include <cstdint>

namespace cloaca {

// Milliseconds on the clock of machine-clock.ts.
int64_t machine_ms();

class RunLimit {
 public:
  // `until` is modulo 2^32.
  void set(uint32_t until);
  void remove() { until_ = kNone; }
  // Time until the next move, at most `longest`.
  int wait_ms(int longest) const;
  // Returns true once after the time has passed.
  bool has_just_passed();
  bool must_end() const;

 private:
  static constexpr int64_t kNone = INT64_MAX;

  int64_t until_ = kNone;
  bool is_noted_ = false;
};

// Ends the process, and the programs that it has started if it leads their group, as the engine does.
[[noreturn]] void end_without_lease();

}  // namespace cloaca
