/** Waits of suspended stacks, and stops that end the wait of one stack, tested without Python. */

import { expect, it } from 'vitest'
import { Waits } from '../../src/interpreter/stacks/stack-waits.ts'

const OVERDUE = ['overdue', 'too late']

it('a stop ends the wait of its own stack, and of no other stack', () => {
  const waits = new Waits()
  const [mine, others] = [waits.waitEvent(1, waits.newEvent()), waits.waitEvent(2, waits.newEvent())]

  waits.stop(1, 'too late')

  expect(mine.answer).toEqual(OVERDUE)
  expect(others.answer).toEqual(['ok'])
})

it('a stop before the first wait of a stack ends only that first wait', () => {
  const waits = new Waits()

  waits.stop(1, 'too late')
  const [others, first, second] = [2, 1, 1].map((token) => waits.waitEvent(token, waits.newEvent()))

  expect(first?.answer).toEqual(OVERDUE)
  expect([others?.answer, second?.answer]).toEqual([['ok'], ['ok']])
})

it('a stop that the stack receives in another way, before or after, ends no wait', () => {
  const waits = new Waits()
  waits.stop(1, 'too late')

  waits.hasHeard(1)
  waits.hasHeard(2)
  waits.stop(2, 'too late')

  const cleaningUp = [1, 2].map((token) => waits.waitEvent(token, waits.newEvent()))
  expect(cleaningUp.map(({ answer }) => answer)).toEqual([['ok'], ['ok']])
})

it('waits are removed after they time out', async () => {
  const waits = new Waits()

  for (let round = 0; round < 100; round += 1) waits.waitEvent(1, waits.newEvent(), 1)

  expect(waits.size).toBe(200)
  await expect.poll(() => waits.size).toBe(0)
})

it('setting an event after its wait timed out has no effect', async () => {
  const waits = new Waits()
  const event = waits.newEvent()
  waits.waitEvent(1, event, 1)
  await expect.poll(() => waits.size).toBe(0)

  waits.setEvent(event)

  expect(waits.size).toBe(0)
})

it('a stack runs its signal handlers before it receives an event that is set', async () => {
  let hasSignals = true
  const waits = new Waits((token) => token === 1 && hasSignals)
  const event = waits.newEvent()
  waits.setEvent(event)

  const [mine, others] = [1, 2].map((token) => waits.waitEvent(token, event))
  await expect.poll(() => waits.size).toBe(1)

  expect(mine?.answer).toEqual(['signal', expect.any(Number)])
  expect(others?.answer).toEqual(['ok'])
  hasSignals = false
  const again = waits.waitAgain(1, Number(mine?.answer[1]))
  await expect.poll(() => waits.size).toBe(0)
  expect(again.answer).toEqual(['ok'])
})
