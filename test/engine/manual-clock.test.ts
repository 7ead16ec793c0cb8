/** `ManualClock` waits for all work that a timer starts, and fails if the work never ends. */

import { expect, it } from 'vitest'
import { ManualClock, settle } from '../support/manual-clock.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await turn()
}

it('runs the next timer only after all work that the previous timer started has ended', async () => {
  const clock = new ManualClock()
  const order: string[] = []
  clock.wakeAfter(10, () => void turns(100).then(() => order.push('set off by the first')))
  clock.wakeAfter(10, () => order.push('the second'))

  await clock.advance(10)

  expect(order).toEqual(['set off by the first', 'the second'])
})

it('fails if work never ends', async () => {
  let isOver = false
  const restless = async () => {
    while (!isOver) await turn()
  }
  const resting = restless()

  await expect(settle()).rejects.toThrow('not quiet after 10000 turns of the event loop')

  isOver = true
  await resting
})

it('fails if timers start each other endlessly without any time passing', async () => {
  const clock = new ManualClock()
  const again = () => void clock.wakeAfter(0, again)
  clock.wakeAfter(5, again)

  await expect(clock.advance(10)).rejects.toThrow('time stands still')
})
