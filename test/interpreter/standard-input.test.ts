/** Standard input, where those who wait for it may be interrupted, or be several. */

import { expect, it } from 'vitest'
import { StandardInput } from '../../src/interpreter/standard-input.ts'

const SIZE = 8

/** Input that comes when the test says so. */
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

it('what comes after one who waited was interrupted is had by the next one', async () => {
  const { reads, input, taken } = typed()
  void input.arrival(SIZE) // it never comes back

  const next = input.arrival(SIZE)
  reads[0]?.('abc\n')
  await next

  expect(reads).toHaveLength(1)
  expect(taken()).toBe('abc\n')
})

it('what came while nobody waited any more is there at once, the end of the input too, and both only once', async () => {
  const { reads, input, taken } = typed()
  for (const text of ['abc\n', '']) {
    const interrupted = input.arrival(SIZE)
    reads.at(-1)?.(text)
    await interrupted

    await input.arrival(SIZE)
    expect([taken(), taken()]).toEqual([text, null])
  }
})

it('one of two who wait finds that the other has it, and who wants less leaves the rest', async () => {
  const { reads, input, taken } = typed()
  const both = [input.arrival(SIZE), input.arrival(SIZE)]
  reads[0]?.('abcd')
  await Promise.all(both)

  expect([taken(3), taken(3), taken(3)]).toEqual(['abc', 'd', null])
})
