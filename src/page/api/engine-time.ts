/**
 * The engine's time. Instants come from its clock: where the visitor's is set otherwise, ages and countdowns go by the engine's,
 * which its answers tell (`Date`).
 */

/** The header has whole seconds, and an answer is under way for a while: less than this is no difference. */
const SAME_WITHIN_MS = 2_000
const HALF_A_SECOND_MS = 500

let aheadMs = 0

/** Epoch milliseconds, by the engine's clock. */
export function engineNow(): number {
  return Date.now() + aheadMs
}

/** `date`: the header of an answer that has just come. */
export function noteEngineTime(date: string | null): void {
  const at = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(at)) return
  const differenceMs = at + HALF_A_SECOND_MS - Date.now()
  aheadMs = Math.abs(differenceMs) < SAME_WITHIN_MS ? 0 : differenceMs
}
