/** `TryLater` of TypeScript functions: its delay and limit, and the attempts that it ends. */

import { expect, it } from 'vitest'
import { TryLater } from '../../src/authoring/try-later.ts'
import { UsageError } from '../../src/errors.ts'
import { tryLaterMs } from '../../src/model/time/later-delay.ts'
import { openFunctions } from './open-functions.ts'

const DAY_S = 86_400

it.each([
  ['30s', 30_000],
  [' 250ms ', 250],
  ['30d', 30 * DAY_S * 1_000],
  ['120', 120_000],
  [0, 0],
  [1.5, 1_500],
  [0.0001, 1],
])('accepts the delay %s', (delay, ms) => {
  expect(new TryLater(delay).delayMs).toBe(ms)
})

it('accepts an HTTP date, which means no delay if it is in the past', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 0)

  expect(tryLaterMs('Sun, 06 Nov 1994 08:49:37 GMT', now)).toBe(37_000)
  expect(tryLaterMs('Sun, 06 Nov 1994 08:48:60 GMT', now)).toBe(0)
  expect(tryLaterMs('Sat, 05 Nov 1994 08:49:37 GMT', now)).toBe(0)
  expect(tryLaterMs('Tue, 06 Dec 1994 08:49:01 GMT', now)).toEqual({ reason: 'it is longer than 30 days' })
})

it.each([
  ...['', 'soon', '-5s', '31d', '1.5s', 'Sun, 06 Nov 1994 08:49:37', 'Sunday, 06-Nov-94 08:49:37 GMT', '٣s'],
  ...['Sun, 31 Feb 2020 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:61 GMT', 'Sun, 06 Nov 0000 08:49:37 GMT'],
  ...['Sun, 06 Nov 1994 24:00:00 GMT', '9'.repeat(15), 'Fri, 31 Dec 9999 23:59:60 GMT'],
  ...[-1, 30 * DAY_S + 1, Number.NaN, Number.POSITIVE_INFINITY, -0.1, true, null, undefined, [], {}],
])('refuses the delay %s', (delay) => {
  expect(() => new TryLater(delay as string)).toThrow(UsageError)
})

it.each([
  [[], 'must not be an array: expected a duration, a number of seconds, or an HTTP date.'],
  ['soon', 'must not be "soon" (string): '],
  [-5, 'must not be -5 (number): it must be 0 or a positive number of seconds.'],
])('names the refused delay %j and the reason', (delay, message) => {
  expect(() => new TryLater(delay as string)).toThrow(`TryLater cannot be created: its delay ${message}`)
})

it('takes a limit as an object or by its name', () => {
  expect(new TryLater('1s', { limit: 'crm' }).limit).toBe('crm')
  expect(new TryLater('1s', { limit: { name: 'crm' } }).limit).toBe('crm')
  expect(new TryLater('1s').limit).toBeNull()
  for (const limit of ['', 7, { name: 7 }, null]) {
    expect(() => new TryLater('1s', { limit: limit as string })).toThrow(UsageError)
  }
})

it('ends an attempt without a failure, and onFailure is not called', async () => {
  using functions = openFunctions()
  const called: string[] = []
  const onFailure = () => void called.push('failure')

  const outcome = await functions.run(
    () => {
      throw new TryLater('30s', { limit: 'crm' })
    },
    { onFailure },
  )

  expect(outcome).toEqual({ kind: 'tryLater', delayMs: 30_000, limit: 'crm' })
  expect(called).toEqual([])
})

it('works in async code, with a cause, and as a subclass', async () => {
  using functions = openFunctions()
  class Busy extends TryLater {}

  const outcome = await functions.run(async () => {
    await null
    throw new Busy(2, { cause: new Error('429') })
  })

  expect(outcome).toEqual({ kind: 'tryLater', delayMs: 2_000, limit: null })
})

it('is only the cause of an error that is thrown instead', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(() => {
    throw new Error('gave up', { cause: new TryLater(1) })
  })

  expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'Error' } })
})

it('fails a poll as other errors do', async () => {
  using functions = openFunctions()

  const outcome = await functions.poll(() => {
    throw new TryLater(1)
  })

  expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'TryLater' } })
})
