/** Replacement of an interpreter near a limit: its time, and the waits between replacements. */

import { expect, test } from 'vitest'
import { Replacement } from '../../src/host/process/supervision/replacement.ts'
import { ManualClock } from '../support/manual-clock.ts'

class NearCeiling {
  readonly clock = new ManualClock()
  readonly replaced: string[] = []
  readonly replacement = new Replacement(this.clock, {
    isDue: () => this.isQuiet,
    prepare: () => undefined,
    replace: (reason) => void this.replaced.push(reason),
  })
  isQuiet = true
}

test('an interpreter is replaced immediately if no call is running', () => {
  const one = new NearCeiling()

  one.replacement.near('memory', 830)

  expect(one.replaced).toEqual(['it used 830 MiB of memory'])
})

test('an interpreter is replaced when its last call ends, and admits other calls until then', () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('open files', 900)
  expect(one.replacement.held).toBeNull()

  one.isQuiet = true
  one.replacement.check()

  expect(one.replaced).toEqual(['it had 900 files open'])
})

test('an interpreter with running calls admits no call after 10 s until it is replaced', async () => {
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

test('an interpreter is replaced after 30 s even if calls are running', async () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('memory', 830)

  await one.clock.advance(29_999)
  expect(one.replaced).toEqual([])
  await one.clock.advance(1)

  expect(one.replaced).toHaveLength(1)
})

test('an interpreter that grows again is replaced again after at least a minute', async () => {
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

test('an interpreter that starts near its limit is replaced again after at least ten minutes', async () => {
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

test('an interpreter that died near its limit is not replaced again', async () => {
  const one = new NearCeiling()
  one.isQuiet = false
  one.replacement.near('memory', 830)
  one.replacement.end()

  await one.clock.advance(30_000)

  expect(one.replaced).toEqual([])
  expect(one.replacement.held).toBeNull()
})
