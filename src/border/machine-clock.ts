/**
 * Reads the machine's monotonic clock in milliseconds: that of `process.hrtime.bigint()`, which all processes and
 * threads of a machine share. The engine states on it until when a request may start, and interpreters compare.
 *
 * `performance.now()` is the same clock, counted from the start of the process or thread, and costs less (150 instead
 * of 250 ns in Node 26.10). So the difference between the two is measured once.
 */

const NANOSECONDS_IN_MS = 1e6
/** Largest accepted time of a measurement. A longer one was interrupted, as by a signal that stops the process. */
const MAX_INTERRUPTION_MS = 0.1
const MAX_MEASUREMENTS = 1_000

export const MACHINE_CLOCK_AHEAD_MS = measureOffset()

export function machineNowMs(): number {
  return performance.now() + MACHINE_CLOCK_AHEAD_MS
}

/** Returns the result of the quickest measurement. The first one is quick enough unless the machine is very busy. */
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
