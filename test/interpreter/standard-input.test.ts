/** Standard input with several readers, and with readers that are interrupted while they wait. */

import { expect, it } from 'vitest'
import { StandardInput } from '../../src/interpreter/standard-input.ts'

const SIZE = 8

/** Returns an input that receives text when the test calls one of `reads`. */
function typed() {
  const reads: ((text: string) => void)[] = []
  const input = new StandardInput((buffer) => {
    return new Promise((resolve) => reads.push((text) => resolve(new TextEncoder().encodeInto(text, buffer).written)))
  })
  const taken = (size = SIZE) => {
    const bytes = input.take(size)
    return bytes === undefined ? null : new TextDecoder().decode(bytes)
  }
  return { reads, input, taken }
}

it('gives a line to the next reader if the first reader was interrupted', async () => {
  const { reads, input, taken } = typed()
  void input.arrival(SIZE) // an interrupted reader

  const next = input.arrival(SIZE)
  reads[0]?.('abc\n')
  await next

  expect(reads).toHaveLength(1)
  expect(taken()).toBe('abc\n')
})

it('keeps a line, or the end of input, that arrives without a reader, and returns it once', async () => {
  const { reads, input, taken } = typed()
  for (const text of ['abc\n', '']) {
    const interrupted = input.arrival(SIZE)
    reads.at(-1)?.(text)
    await interrupted

    await input.arrival(SIZE)
    expect([taken(), taken()]).toEqual([text, null])
  }
})

it('wakes both readers, and keeps the rest of a line after a short read', async () => {
  const { reads, input, taken } = typed()
  const both = [input.arrival(SIZE), input.arrival(SIZE)]
  reads[0]?.('abcd')
  await Promise.all(both)

  expect([taken(3), taken(3), taken(3)]).toEqual(['abc', 'd', null])
})
