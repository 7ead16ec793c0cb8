/** An interpreter near a ceiling is replaced when nothing is inside, and not for ever. */

import { expect, test } from 'vitest'
import { Replacement } from '../../src/host/process/replacement.ts'
import { FakeClock } from '../support/fake-clock.ts'

class NearCeiling {
  readonly clock = new FakeClock()
  readonly replaced: string[] = []
  readonly replacement = new Replacement(this.clock, {
    isDue: () => this.isQuiet,
    prepare: () => undefined,
    replace: (reason) => void this.replaced.push(reason),
  })
  isQuiet = true
}

test('is replaced at once when nothing is inside', () => {
  const one = new NearCeiling()

  one.replacement.near('memory', 830)

  expect(one.replaced).toEqual(['it used 830 MiB of memory'])
})

test('is replaced when the last one has left, and lets others in until then', () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('open files', 900)
  expect(one.replacement.held).toBeNull()

  one.isQuiet = true
  one.replacement.check()

  expect(one.replaced).toEqual(['it had 900 files open'])
})

test('lets nobody in after 10 s in which there was always somebody inside, until it is replaced', async () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('threads', 3_300)

  await one.clock.advance(10_000)
  const held = one.replacement.held
  one.isQuiet = true
  one.replacement.check()

  expect(held).not.toBeNull()
  await held
  expect(one.replacement.held).toBeNull()
  expect(one.replaced).toEqual(['it had 3300 threads'])
})

test('is replaced after 30 s, whoever is inside', async () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('memory', 830)

  await one.clock.advance(29_999)
  expect(one.replaced).toEqual([])
  await one.clock.advance(1)

  expect(one.replaced).toHaveLength(1)
})

test('that grows again is replaced again, a minute later at the earliest', async () => {
  const one = new NearCeiling()
  one.replacement.near('memory', 830)
  one.replacement.near('memory', 820)
  await one.clock.advance(59_999)
  one.replacement.near('memory', 900)
  expect(one.replaced).toHaveLength(1)

  await one.clock.advance(1)
  one.replacement.near('memory', 900)

  expect(one.replaced).toHaveLength(2)
})

test('whose scripts need so much from the start is not replaced for that again within ten minutes', async () => {
  const one = new NearCeiling()
  one.replacement.near('memory', 830)
  one.replacement.near('memory', 830)
  await one.clock.advance(599_999)
  one.replacement.near('memory', 840)
  expect(one.replaced).toHaveLength(1)

  await one.clock.advance(1)
  one.replacement.near('memory', 840)

  expect(one.replaced).toHaveLength(2)
})

test('that died is not replaced for what the dead one used', async () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('memory', 830)
  one.replacement.end()

  await one.clock.advance(30_000)

  expect(one.replaced).toEqual([])
  expect(one.replacement.held).toBeNull()
})
