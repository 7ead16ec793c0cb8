/** Grammar of durations in TypeScript, settings and command options. The Python tests read the same table. */

import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { durationParser } from '../../src/cli/option-values.ts'
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

/** Returns the value of a setting in a file, or undefined. */
function read({ schema }: typeof SETTING, value: unknown): number | undefined {
  const { success, output } = v.safeParse(schema, value)
  return success ? output : undefined
}

const readText = (type: typeof SETTING, text: string) => read(type, type.fromText(text))

describe('a duration', () => {
  it.each(accepted)('"$text" is $ms ms', ({ text, ms }) => {
    expect(durationMs(text)).toBe(ms)
    expect(durationParser(text)).toBe(ms)
    for (const type of [SETTING, BARE_SETTING]) expect([read(type, text), readText(type, text)]).toEqual([ms, ms])
  })

  it.each(refused)('"$text" is rejected', ({ text, reason }) => {
    expect(durationMs(text)).toEqual({ reason })
    expect(() => durationParser(text)).toThrow(`Expected a duration such as "30s", "5m" or "12h" (${reason}).`)
    expect([read(SETTING, text), readText(SETTING, text), read(BARE_SETTING, text)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('without a unit is accepted only as the text of a setting that permits bare seconds', () => {
    expect([readText(BARE_SETTING, '5'), read(BARE_SETTING, '5'), readText(SETTING, '5')]).toEqual([
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

  it.each(interval.refused)('"$text" is rejected', ({ text, reason }) => {
    expect(intervalMs(text)).toEqual({ reason })
    const given = { every: text as never, starts: 'w' }
    expect(() => trigger('t', given, () => skip('nothing'))).toThrow(`(${reason}), but `)
  })
})

describe('duration options in TypeScript', () => {
  it.each(refused)('reject "$text"', async ({ text, reason }) => {
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
    await expect(new FakeClock().advance(given)).rejects.toThrow('"time" must be a duration')
  })

  it('accept days', () => {
    expect(() => workflow('w').task('t', { timeout: '1d' }, () => ({}))).not.toThrow()
  })
})

describe('a large duration', () => {
  it('is converted exactly, or rejected above the largest safe integer', () => {
    expect(durationMs('9007199254740991ms')).toBe(Number.MAX_SAFE_INTEGER)
    expect(durationMs('9007199254740992ms')).toHaveProperty('reason')
    expect(durationMs('99999999999999h')).toHaveProperty('reason')
  })
})
