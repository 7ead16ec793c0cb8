/** Lines of a time axis, at round times and with room for their labels. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const STEPS: readonly number[] = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
]

const LABEL_PX = 84

export interface Axis {
  readonly stepMs: number
  readonly instants: readonly number[]
}

/** `offsetMs`: offset of the shown zone, so that days begin at its midnight. */
export function timeAxis(fromAt: number, untilAt: number, widthPx: number, offsetMs: number): Axis {
  const leastMs = ((untilAt - fromAt) * LABEL_PX) / Math.max(widthPx, LABEL_PX)
  const stepMs = STEPS.find((step) => step >= leastMs) ?? 30 * DAY * Math.ceil(leastMs / (30 * DAY))
  const first = Math.ceil((fromAt + offsetMs) / stepMs) * stepMs - offsetMs
  const count = Math.max(0, Math.floor((untilAt - first) / stepMs) + 1)
  return { stepMs, instants: Array.from({ length: count }, (_, index) => first + index * stepMs) }
}
