/** Histogram of durations with upper bounds, as in Prometheus. */

/** Upper bounds in milliseconds for polls and tasks. */
export const DURATION_BOUNDS_MS: readonly number[] = Object.freeze([
  1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000,
])
/** Upper bounds in milliseconds for shorter durations: commits and delays of the event loop. */
export const SHORT_BOUNDS_MS: readonly number[] = Object.freeze([
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000,
])

/** Histogram of durations in milliseconds. */
export class Histogram {
  /** Upper bounds of the buckets, in ascending order. */
  readonly boundsMs: readonly number[]
  /** Number of durations by bucket. The last bucket contains durations above all bounds. */
  readonly counts: Float64Array
  /** Sum of all durations. */
  sumMs = 0

  constructor(boundsMs: readonly number[]) {
    this.boundsMs = boundsMs
    this.counts = new Float64Array(boundsMs.length + 1)
  }

  observe(durationMs: number): void {
    const { boundsMs, counts } = this
    let index = 0
    while (index < boundsMs.length && durationMs > (boundsMs[index] as number)) index++
    counts[index] = (counts[index] as number) + 1
    this.sumMs += durationMs
  }

  /** Number of all durations. */
  get count(): number {
    return this.counts.reduce((sum, each) => sum + each, 0)
  }
}
