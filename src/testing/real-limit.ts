/** Real time limit of a call, besides that of the test's clock, so that hanging calls end as in the engine. */

import { clearTimeout, setTimeout } from 'node:timers'
import type { ClockPort } from './fake-clock.ts'

/** Time after which a call that ignores its signal is abandoned. */
const GIVEN_UP_AFTER_MS = 1_000
const LONGEST_TIMER_MS = 2 ** 31 - 1 - GIVEN_UP_AFTER_MS

/** Moves the clock to the limit when the real time has passed. Must be disposed of at the end of the call. */
export function realLimit(clock: ClockPort, limitMs: number): Disposable {
  if (limitMs > LONGEST_TIMER_MS) return { [Symbol.dispose]: () => undefined }
  const endsAt = clock.monotonic() + limitMs
  const timers = [0, GIVEN_UP_AFTER_MS].map((moreMs) =>
    setTimeout(() => void clock.moveTo(endsAt + moreMs), Math.ceil(limitMs + moreMs)),
  )
  return {
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
