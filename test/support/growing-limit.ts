/** Calls with short time limits, which a busy machine can exceed before the call has begun. */

import { LIMIT_MS } from './limits.ts'

/**
 * Repeats a call, and doubles its time limit each time, until the call has begun within its limit. Returns the last
 * result and its limit.
 */
export async function withGrowingLimit<Result>(
  firstMs: number,
  call: (limitMs: number) => Promise<Result>,
  hasBegun: (result: Result) => boolean | Promise<boolean>,
): Promise<{ readonly result: Result; readonly limitMs: number }> {
  for (let limitMs = firstMs; limitMs <= LIMIT_MS; limitMs *= 2) {
    const result = await call(limitMs)
    if (await hasBegun(result)) return { result, limitMs }
  }
  throw new Error(`The call did not begin within its time limit, although that was raised to ${LIMIT_MS / 1_000} s.`)
}
