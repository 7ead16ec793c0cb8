/** Real time within which a call has to end, beside that of the test's clock: what hangs in truth ends as in the engine. */

import { clearTimeout, setTimeout } from 'node:timers'
import type { ClockPort } from './fake-clock.ts'

/** What does not end when its signal is aborted is given up so much later. */
const GIVEN_UP_AFTER_MS = 1_000
const LONGEST_TIMER_MS = 2 ** 31 - 1 - GIVEN_UP_AFTER_MS

/** From now on: when so much real time has passed, the clock has come to the limit as well. Dispose of it when the call has ended. */
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
