/** Open and ended calls, as suspects for a blocked event loop. */

import { expect, it } from 'vitest'
import { openFunctions, SCRIPT } from './open-functions.ts'

it('names the call that blocked the event loop at a given time, also after the call has ended', async () => {
  using functions = openFunctions()
  const { clock, host } = functions
  const suspects = (at: number) => host.suspects((script) => script === SCRIPT, at)
  const compute = () => {
    clock.computedMs += 1_500
  }

  const began = clock.monotonic()
  await functions.run(compute)
  await clock.advance(10_000)

  expect(suspects(began + 1_000)).toHaveLength(1)
  expect(suspects(clock.monotonic())).toEqual([])
})
