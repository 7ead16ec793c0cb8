/** Time of the engine, from the `Date` of its answers. Ages and countdowns do not depend on the visitor's clock. */

/** Smaller differences are ignored: the header has whole seconds, and an answer takes time to arrive. */
const SAME_WITHIN_MS = 2_000
const HALF_A_SECOND_MS = 500

let aheadMs = 0

/** Returns epoch milliseconds by the engine's clock. */
export function engineNow(): number {
  return Date.now() + aheadMs
}

/** Must be called with the `Date` header of each answer that has just arrived. */
export function noteEngineTime(date: string | null): void {
  const at = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(at)) return
  const differenceMs = at + HALF_A_SECOND_MS - Date.now()
  aheadMs = Math.abs(differenceMs) < SAME_WITHIN_MS ? 0 : differenceMs
}
