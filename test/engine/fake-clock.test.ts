/** The clock that tests move: it waits for what a timer set off, however long that takes, and not for what never ends. */

import { expect, it } from 'vitest'
import { FakeClock, settle } from '../support/fake-clock.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await turn()
}

it('lets everything that a timer set off come to rest before the next timer runs', async () => {
  const clock = new FakeClock()
  const order: string[] = []
  clock.wakeAfter(10, () => void turns(100).then(() => order.push('set off by the first')))
  clock.wakeAfter(10, () => order.push('the second'))

  await clock.advance(10)

  expect(order).toEqual(['set off by the first', 'the second'])
})

it('says so when something never comes to rest', async () => {
  let isOver = false
  const restless = async () => {
    while (!isOver) await turn()
  }
  const resting = restless()

  await expect(settle()).rejects.toThrow('not quiet after 10000 turns of the event loop')

  isOver = true
  await resting
})

it('says so when timers set off one another at one instant for ever', async () => {
  const clock = new FakeClock()
  const again = () => void clock.wakeAfter(0, again)
  clock.wakeAfter(5, again)

  await expect(clock.advance(10)).rejects.toThrow('time stands still')
})
