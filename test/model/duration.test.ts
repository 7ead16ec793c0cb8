/** The grammar of durations, as Python has it: both read one table. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { durationMs } from '../../src/authoring/duration.ts'

const { accepted, refused } = JSON.parse(
  readFileSync(new URL('../fixtures/durations.json', import.meta.url), 'utf8'),
) as {
  accepted: readonly { text: string; ms: number }[]
  refused: readonly { text: string; reason: string }[]
}

describe('a duration', () => {
  it.each(accepted)('"$text" is $ms ms', ({ text, ms }) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each(refused)('"$text" is none', ({ text, reason }) => {
    expect(durationMs(text)).toEqual({ reason })
  })

  it('is counted exactly, or refused', () => {
    expect(durationMs('9007199254740991ms')).toBe(Number.MAX_SAFE_INTEGER)
    expect(durationMs('9007199254740992ms')).toHaveProperty('reason')
    expect(durationMs('99999999999999h')).toHaveProperty('reason')
  })
})
