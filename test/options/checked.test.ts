/** Error messages about invalid options, which have the same form for every entry point. */

import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { checkValue, type Owner, parseOptions } from '../../src/options/checked.ts'
import { durationAtLeast, optionsSchema, tableSchema, wholeNumberAtLeast } from '../../src/options/schemas.ts'

const RETENTION = optionsSchema({ endedMs: v.nullable(wholeNumberAtLeast(0)), skippedMs: wholeNumberAtLeast(0) })
const OPTIONS = optionsSchema({
  count: wholeNumberAtLeast(1),
  grace: durationAtLeast(1),
  mode: v.picklist(['full', 'normal']),
  places: v.array(v.string()),
  tags: tableSchema(v.string()),
  byPlace: tableSchema(v.nullable(RETENTION)),
  retention: RETENTION,
  isOpen: v.boolean(),
  log: v.function(),
})

const messageFor = (given: unknown, owner: Owner = {}) =>
  checkValue(OPTIONS, given, '', owner)
    .problems.map(({ message }) => message)
    .join(' ')

describe('the message about an option', () => {
  it.each<[unknown, string]>([
    [{ count: 0 }, '"count" must be a whole number, 1 or more, but 0 (number) was given.'],
    [{ count: '7' }, '"count" must be a whole number, 1 or more, but "7" (string) was given.'],
    [{ count: Number.NaN }, '"count" must be a whole number, 1 or more, but NaN (number) was given.'],
    [{ count: 2 ** 53 }, '"count" must be a whole number, 1 or more, but 9007199254740992 (number) was given.'],
    [{ isOpen: 1 }, '"isOpen" must be true or false, but 1 (number) was given.'],
    [{ log: 'stderr' }, '"log" must be a function, but "stderr" (string) was given.'],
    [{ places: 'jobs' }, '"places" must be a list, but "jobs" (string) was given.'],
    [{ places: ['jobs', null] }, '"places[1]" must be a string, but null was given.'],
    [{ tags: ['a'] }, '"tags" must be an object, but an array was given.'],
    [{ tags: { constructor: 1 } }, '"tags.constructor" must be a string, but 1 (number) was given.'],
    [
      { grace: '0s' },
      '"grace" must be a duration such as "30s", "5m" or "12h", at least 1ms, but "0s" (string) was given.',
    ],
    [{ retention: { endedMs: -1 } }, /"retention\.endedMs" must be a whole number, 0 or more, or null, but -1/],
    [{ byPlace: { jobs: { endedMs: 'x' } } }, /"byPlace\.jobs\.endedMs" must be a whole number, 0 or more, or null/],
    ['count', '"options" must be an object, but "count" (string) was given.'],
    [[], '"options" must be an object, but an array was given.'],
    [null, '"options" must be an object, but null was given.'],
  ] as [unknown, string][])('names the option, the expected value and the given value: %j', (given, message) => {
    expect(messageFor(given)).toMatch(message)
  })

  it.each([
    [{ cuont: 1 }, 'Unknown option "cuont". Did you mean "count"?'],
    [{ retention: { endMs: 1 } }, 'Unknown option "retention.endMs". Did you mean "endedMs"?'],
    [{ byPlace: { jobs: { endMs: 1 } } }, 'Unknown option "byPlace.jobs.endMs". Did you mean "endedMs"?'],
    [{ retention: { zzzzzz: 1 } }, 'Unknown option "retention.zzzzzz". Valid options: endedMs, skippedMs.'],
    [{ mode: 'ful' }, '"mode" must be one of "full", "normal", but "ful" (string) was given. Did you mean "full"?'],
    [{ constructor: 1 }, /^Unknown option "constructor"\. /],
  ])('names the nearest option or value, or all options: %j', (given, message) => {
    expect(messageFor(given)).toMatch(message)
  })

  it('names the owner of the option, and uses its noun in place of "option"', () => {
    const query = { what: 'the query', noun: 'parameter' }

    expect(messageFor({ count: 0 }, { what: 'workflow "orders"' })).toMatch(/^"count" of workflow "orders" must be /)
    expect(messageFor({ cuont: 0 }, query)).toBe('Unknown parameter "cuont" of the query. Did you mean "count"?')
    expect(checkValue(v.strictObject({ id: v.string() }), {}, '', query).problems).toMatchObject([
      { path: 'id', message: 'Missing parameter "id" of the query.' },
    ])
  })

  it('does not show a secret', () => {
    const { message } = refusal(() => parseOptions(OPTIONS, { grace: 'pa$$word' }, '', { secrets: ['grace'] }))

    expect(message).toMatch(/, but something else was given\.$/)
    expect(message).not.toContain('pa$$word')
  })

  it('shows the text from which the value was parsed', () => {
    const { problems } = checkValue(wholeNumberAtLeast(1), 0, 'JOBS', { shown: '0' })

    expect(problems[0]?.message).toBe('"JOBS" must be a whole number, 1 or more, but "0" (string) was given.')
  })
})

it('shortens a long unknown name in the message and in the path', () => {
  const { problems } = checkValue(OPTIONS, { ['x'.repeat(1_000_000)]: 1 })

  expect(problems).toHaveLength(1)
  expect(problems[0]?.path.length).toBeLessThan(100)
  expect(problems[0]?.message.length).toBeLessThan(300)
})

it('names at most ten problems of a long list', () => {
  const { problems } = checkValue(v.array(v.number()), new Array(100_000).fill('x'), 'counts')

  expect(problems).toHaveLength(10)
})

describe('an object of options', () => {
  it('is valid if it is undefined or has undefined options', () => {
    expect(parseOptions(OPTIONS, undefined)).toEqual({})
    expect(parseOptions(OPTIONS, { count: undefined, grace: '2s', tags: { constructor: 'a' } })).toEqual({
      grace: 2_000,
      tags: { constructor: 'a' },
    })
  })

  it('is rejected with all problems, and the path of the first problem', () => {
    const error = refusal(() =>
      parseOptions(OPTIONS, { count: 0, isOpen: 1 }, 'settings', { facts: { workflow: 'orders' } }),
    )

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path: 'settings.count', workflow: 'orders' } })
    expect(error.message).toMatch(
      /^"settings\.count" must be .* was given\. "settings\.isOpen" must be .* was given\.$/,
    )
  })
})

function refusal(call: () => unknown): UsageError {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return error as UsageError
  }
  throw new Error('nothing was thrown')
}
