/** States, lists and keys of the triggers of TypeScript scripts. */

import { describe, expect, it } from 'vitest'
import { moduleDeclarations } from '../../src/authoring/definition.ts'
import type { PollTools } from '../../src/authoring/function-types.ts'
import { fire, skip, type Trigger, trigger, UsageError } from '../../src/index.ts'
import { NO_LIMIT_MS, openFunctions, SCRIPT } from './open-functions.ts'

type Tools = PollTools & { readonly state: Record<string, unknown> }

/** Polls a trigger once. `poll` returns anything, as JavaScript can. */
async function poll(body: (tools: Tools) => unknown, stateText?: string, given: object = {}, maxStateBytes = 100) {
  using opened = openFunctions()
  const options = { starts: 'orders', ...(stateText !== undefined && { state: {} }), ...given }
  const declared = (trigger as unknown as (...all: unknown[]) => Trigger)('inbox', options, body)
  opened.host.use(SCRIPT, moduleDeclarations([declared], SCRIPT).functions)
  const state = stateText === undefined ? {} : { stateText, maxStateBytes }
  return await opened.host.poll({ script: SCRIPT, trigger: 'inbox', deadlineMs: NO_LIMIT_MS, ...state })
}

async function messageOf(...polled: Parameters<typeof poll>): Promise<string> {
  const outcome = await poll(...polled)
  return 'error' in outcome ? outcome.error.message : outcome.kind
}

describe('the state of a trigger', () => {
  it('is a copy that the function changes in place', async () => {
    const outcome = await poll(async ({ state }) => {
      state.last = Number(state.last) + 1
      await null
      return skip('nothing new')
    }, '{"last":7}')

    expect(outcome).toEqual({ kind: 'skipped', reason: 'nothing new', stateText: '{"last":8}' })
  })

  it('keeps its text, with all spellings of numbers, if nothing changes', async () => {
    const text = '{ "n": 1.0, "big": 12345678901234567890 }'

    expect(await poll(() => false, text)).toMatchObject({ stateText: text })
    expect(await poll(({ state }) => Boolean(Object.assign(state, { n: 1 })) && true, text)).toMatchObject({
      stateText: text,
    })
  })

  it('keeps the numbers of members that stay equal if another member changes', async () => {
    const text = '{"n":1,"price":1.0,"big":12345678901234567890,"nested":{"x":2.50}}'

    expect(await poll(({ state }) => Boolean(Object.assign(state, { n: 2 })), text)).toMatchObject({
      stateText: '{"n":2,"price":1.0,"big":12345678901234567890,"nested":{"x":2.50}}',
    })
  })

  it('is not returned by a poll that throws', async () => {
    const outcome = await poll(({ state }) => {
      state.last = 1
      throw new Error('no database')
    }, '{}')

    expect(outcome).not.toHaveProperty('stateText')
  })

  it.each([
    [undefined, 'state.rows[1].at: undefined is not a JSON value; omit the key, or use null'],
    [new Date(0), 'state.rows[1].at: a Date is not a JSON value; use .toISOString()'],
    [1n << 60n, 'state.rows[1].at: 1152921504606846976n exceeds 2^53'],
  ])('fails the poll with the path of a value that JSON does not have: %s', async (at, why) => {
    const message = await messageOf(({ state }) => Boolean(Object.assign(state, { rows: [1, { at }] })), '{}')

    expect(message).toContain(`trigger 'inbox' cannot store its state: TypeError: ${why}`)
  })

  it('fails the poll with its size if it is over the limit', async () => {
    const grow = ({ state }: Tools) => Boolean(Object.assign(state, { rows: ['ä'.repeat(50)] }))

    expect(await messageOf(grow, '{}', {}, 112)).toBe(
      "trigger 'inbox' cannot store its state: RangeError: it has 113 bytes of JSON, but limits.trigger-state allows " +
        '112, and state["rows"][0] has 102 of them',
    )
    expect(await messageOf(grow, '{}', {}, 113)).toBe('fired')
  })

  it('is undefined without the option, and the function is not called without a state that it takes', async () => {
    expect(await poll((tools) => fire({ state: String(tools.state) }))).toMatchObject({
      firings: [{ contextText: '{"state":"undefined"}' }],
    })
    expect(await poll(() => true, undefined, { state: {} })).toEqual({ kind: 'notStarted', isLate: true })
  })
})

describe('an array of answers', () => {
  it('fires its contexts with their keys in order', async () => {
    const outcome = await poll(({ state }) => {
      state.last = 2
      return [fire({ id: 1 }, { key: 'row-1' }), fire(), fire({}, { key: 'ö' })]
    }, '{}')

    expect(outcome).toEqual({
      kind: 'fired',
      firings: [{ contextText: '{"id":1}', key: 'row-1' }, { contextText: null }, { contextText: '{}', key: 'ö' }],
      isList: true,
      stateText: '{"last":2}',
    })
  })

  it('is a skip without a reason if it is empty, and has at most 1,000 firings', async () => {
    expect(await poll(() => [])).toEqual({ kind: 'skipped', reason: null })
    expect(await poll(() => Array(1_000).fill(fire()))).toMatchObject({ kind: 'fired', isList: true })
    expect(await messageOf(() => Array(1_001).fill(fire()))).toContain(
      'the function returned 1001 firings, but the maximum is 1000',
    )
  })

  it.each([
    [skip('x'), 'skip(…)'],
    [{ id: 1 }, 'an object'],
    [true, 'true'],
  ])('must contain only fire(…), and the message names the index: %s', async (wrong, shown) => {
    expect(await messageOf(() => [fire(), wrong])).toContain('must contain only fire(…), but item 1 is')
    expect(await messageOf(() => [fire(), wrong])).toContain(shown)
  })

  it('fails the poll of a trigger with onChange', async () => {
    expect(await messageOf(() => [fire()], undefined, { onChange: true })).toContain(
      '"onChange" would suppress firings',
    )
  })
})

describe('the declaration of a trigger', () => {
  const refusalOf = (options: object): unknown => {
    try {
      return (trigger as unknown as (...all: unknown[]) => Trigger)('rows', { starts: 'w', ...options }, () => false)
    } catch (error) {
      return error
    }
  }

  it('contains the default state as JSON, and the lifetime of keys', () => {
    const rows = trigger('rows', { starts: 'w', state: { last: 0, seen: ['a'] }, keyTtl: '90d' }, () => false)
    const { declarations } = moduleDeclarations([rows], SCRIPT)

    expect(declarations.triggers[0]).toMatchObject({
      initialStateText: '{"last":0,"seen":["a"]}',
      policy: { keyTtlMs: 90 * 86_400_000 },
    })
    expect(trigger('rows', { starts: 'w', keyTtl: 'never' }, () => false).declared.policy.keyTtlMs).toBe('never')
    expect(moduleDeclarations([trigger('t', { starts: 'w' }, () => false)], SCRIPT).declarations.triggers[0]).toSatisfy(
      (each: object) => !('initialStateText' in each),
    )
  })

  it.each([
    [{ state: { at: new Date(0) } }, 'The default state of trigger "rows" must be a JSON object: state.at: a Date'],
    [{ state: [1] }, 'must be a JSON object, such as { last: 0 }'],
    [{ state: 'x' }, 'must be a JSON object, such as { last: 0 }'],
    [{ state: {}, onChange: true }, 'conflict: "onChange" suppresses firings'],
    [{ state: {}, cron: '* * * * *' }, '"state" applies to polling, but "cron" is set'],
    [{ keyTtl: 'forever' }, 'keyTtl'],
    [{ keyTtl: '0s' }, 'keyTtl'],
  ])('is refused with options that no trigger can have: %j', (options, message) => {
    const refusal = refusalOf(options)

    expect(refusal).toBeInstanceOf(UsageError)
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) })
  })

  it.each(['', 'ä'.repeat(257), 7, 'a\0', '\ud800'])('refuses the key %j', (key) => {
    expect(() => fire({}, { key: key as string })).toThrow(/key.*1 to 512 bytes/)
  })
})
