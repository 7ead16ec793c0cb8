/** The grammar of durations in TypeScript, settings and options of commands. Python's tests read the same table. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { duration } from '../../src/cli/option-values.ts'
import { skip, trigger, workflow } from '../../src/index.ts'
import { durationMs, intervalMs } from '../../src/model/time/duration.ts'
import { durationFrom } from '../../src/settings/value-types.ts'
import { FakeClock } from '../../src/testing/index.ts'

const { accepted, refused, interval } = JSON.parse(
  readFileSync(new URL('../fixtures/durations.json', import.meta.url), 'utf8'),
) as Cases & { interval: Cases }

interface Cases {
  readonly accepted: readonly { text: string; ms: number }[]
  readonly refused: readonly { text: string; reason: string }[]
}

const SETTING = durationFrom(0)
const BARE_SETTING = durationFrom(0, { bareSeconds: true })

describe('a duration', () => {
  it.each(accepted)('"$text" is $ms ms', ({ text, ms }) => {
    expect(durationMs(text)).toBe(ms)
    expect(duration(text)).toBe(ms)
    for (const { read, readText } of [SETTING, BARE_SETTING]) expect([read(text), readText(text)]).toEqual([ms, ms])
  })

  it.each(refused)('refuses "$text"', ({ text, reason }) => {
    expect(durationMs(text)).toEqual({ reason })
    expect(() => duration(text)).toThrow('Expected a duration such as 90s, 12h or 7d.')
    expect([SETTING.read(text), SETTING.readText(text), BARE_SETTING.read(text)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('may be a number of seconds only in options and variables of settings that say so', () => {
    expect([BARE_SETTING.readText('5'), BARE_SETTING.read('5'), SETTING.readText('5')]).toEqual([
      5_000,
      undefined,
      undefined,
    ])
  })
})

describe('a poll interval', () => {
  it.each(interval.accepted)('"$text" is $ms ms', ({ text, ms }) => {
    expect(intervalMs(text)).toBe(ms)
  })

  it.each(interval.refused)('"$text" is refused', ({ text, reason }) => {
    expect(intervalMs(text)).toEqual({ reason })
    const given = { every: text as never, starts: 'w' }
    expect(() => trigger('t', given, () => skip('nothing'))).toThrow(`(${reason}), but `)
  })
})

describe('the options of TypeScript with a duration', () => {
  it.each(refused)('refuse "$text"', async ({ text, reason }) => {
    const given = text as never
    const task = (options: object) => workflow('w').task('t', options, () => ({}))
    const refusing = [
      () => task({ timeout: given }),
      () => task({ retryDelay: given }),
      () => task({ maxDelay: given }),
      () => trigger('t', { every: '1s', starts: 'w', timeout: given }, () => skip('nothing')),
      () => trigger('t', { every: '1s', starts: 'w', jitter: given }, () => skip('nothing')),
    ]
    for (const call of refusing) expect(call).toThrow(`(${reason}), but `)
    await expect(new FakeClock().advance(given)).rejects.toThrow('The time must be a duration')
  })

  it('accept days', () => {
    expect(() => workflow('w').task('t', { timeout: '1d' }, () => ({}))).not.toThrow()
  })
})

describe('a large duration', () => {
  it('is counted exactly, or refused', () => {
    expect(durationMs('9007199254740991ms')).toBe(Number.MAX_SAFE_INTEGER)
    expect(durationMs('9007199254740992ms')).toHaveProperty('reason')
    expect(durationMs('99999999999999h')).toHaveProperty('reason')
  })
})
