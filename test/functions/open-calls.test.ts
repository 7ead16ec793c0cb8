/** Whose doing it was that everything stood still. */

import { expect, it } from 'vitest'
import { openFunctions, SCRIPT } from './open-functions.ts'

it('names a call that has computed for long, and not for what another one does later', async () => {
  using functions = openFunctions()
  const { clock, host } = functions
  const suspects = () => host.suspects((script) => script === SCRIPT)
  const compute = () => {
    clock.computedMs += 1_500
  }

  await functions.run(compute)
  expect(suspects()).toHaveLength(1)
  expect(suspects()).toEqual([]) // it has been told

  await functions.run(compute)
  await clock.advance(2_000)
  expect(suspects()).toEqual([])
})
