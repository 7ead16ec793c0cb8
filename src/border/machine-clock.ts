/**
 * The machine's monotonic clock, in milliseconds: the clock of `process.hrtime.bigint()`, which all processes and threads of a
 * machine share. The engine states on it until when a request may start, and interpreters compare.
 *
 * libuv reads CLOCK_MONOTONIC on Linux, `mach_continuous_time` on macOS and the performance counter on Windows. `performance.now()`
 * is the same clock, counted from the start of the process or thread, and costs less than `process.hrtime` (150 instead of 250 ns in
 * Node 26.10). So the difference of the two is measured once.
 */

const NANOSECONDS_IN_MS = 1e6
/** Two readings of the same clock that are further apart were interrupted, as by a signal that stops the process. */
const MAX_INTERRUPTION_MS = 0.1
const MAX_MEASUREMENTS = 1_000

/** Difference between the machine's monotonic clock and `performance.now()` of this thread. */
export const MACHINE_CLOCK_AHEAD_MS = measureOffset()

export function machineNowMs(): number {
  return performance.now() + MACHINE_CLOCK_AHEAD_MS
}

/** Takes the measurement with the shortest interruption: none is longer than a few microseconds unless the machine is very busy. */
function measureOffset(): number {
  let best = { offsetMs: 0, tookMs: Number.POSITIVE_INFINITY }
  for (let count = 0; count < MAX_MEASUREMENTS && best.tookMs > MAX_INTERRUPTION_MS; count++) {
    const before = performance.now()
    const machineMs = Number(process.hrtime.bigint()) / NANOSECONDS_IN_MS
    const after = performance.now()
    const tookMs = after - before
    if (tookMs < best.tookMs) best = { offsetMs: machineMs - after, tookMs }
  }
  return best.offsetMs
}
