/** Tests of polls with state, lists and keys, for each kind of interpreter. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TickResult } from '../../src/engine/ports.ts'
import type { PythonChoice } from '../../src/host/environment/python-choice.ts'
import { OpenHost } from './open-host.ts'

const SCRIPT = fileURLToPath(new URL('./trigger_states.py', import.meta.url))
/** Longer than any test. */
const NO_DEADLINE_MS = 600_000
const MAX_STATE_BYTES = 65_536

export function describeTriggerStates(name: string, choice: PythonChoice): void {
  describe(`a poll with state, under ${name}`, () => {
    let python: OpenHost
    beforeAll(async () => {
      python = await OpenHost.open([SCRIPT], 1, { python: choice })
    })
    afterAll(() => python?.[Symbol.asyncDispose]())

    const poll = (trigger: string, stateText?: string, deadlineMs = NO_DEADLINE_MS): Promise<TickResult> =>
      python.host.calls.poll({
        ...{ script: SCRIPT, trigger, deadlineMs },
        ...(stateText !== undefined && { stateText, maxStateBytes: MAX_STATE_BYTES }),
      })
    const errorOf = async (outcome: Promise<TickResult>) => {
      const result = await outcome
      return 'error' in result ? { kind: result.kind, message: result.error.message } : result
    }

    it('returns a list of firings with their keys in order, and the changed state', async () => {
      expect(await poll('rows', '{"last":6}')).toEqual({
        kind: 'fired',
        firings: [
          { contextText: '{"id":7}', key: 'zeile-ä7' },
          { contextText: '{"id":8}', key: 'zeile-ä8' },
        ],
        isList: true,
        stateText: '{"last":8}',
      })
    })

    it('returns a single firing that is not a list, also of an async function', async () => {
      const fired = { kind: 'fired', firings: [{ contextText: '{"id":1}' }], isList: false, stateText: '{"last":1}' }

      expect(await poll('async_rows', '{}')).toEqual(fired)
    })

    it('returns the text of an unchanged state as it was given', async () => {
      expect(await poll('unchanged', '{ "n": 1.50 }')).toEqual({
        kind: 'skipped',
        reason: null,
        stateText: '{ "n": 1.50 }',
      })
      expect(await poll('unchanged', '{"last":"ä"}')).toEqual({
        kind: 'skipped',
        reason: 'last is ä',
        stateText: '{"last":"ä"}',
      })
    })

    it('keeps integers of 64 bits and floats with their types', async () => {
      const stateText = '{"big":18446744073709551615,"small":-9223372036854775808,"one":1.0,"pair":["😀",null,true]}'

      expect(await poll('echo', stateText)).toMatchObject({ stateText: `${stateText.slice(0, -1)},"seen":true}` })
    })

    it('gives each of many polls of one tick its own state', async () => {
      const texts = Array.from({ length: 600 }, (_, index) => `{"polls":${index},"name":"ä${index}"}`)

      const outcomes = await Promise.all(texts.map((text) => poll('counts', text)))

      expect(outcomes).toEqual(
        texts.map((_, index) => {
          return { kind: 'skipped', reason: null, stateText: `{"polls":${index + 1},"name":"ä${index}"}` }
        }),
      )
    })

    it('gives overlapping polls of one interpreter their own states', async () => {
      const outcomes = await Promise.all([poll('counts', '{"sleep":0.2}'), poll('counts', '{}'), poll('rows', '{}')])

      expect(outcomes).toMatchObject([
        { stateText: '{"sleep":0.2,"polls":1}' },
        { stateText: '{"polls":1}' },
        { stateText: '{"last":2}' },
      ])
    })

    it('returns 1,000 contexts with characters above U+FFFF unchanged', async () => {
      const outcome = await poll('many')

      expect(outcome).toEqual({
        kind: 'fired',
        firings: Array.from({ length: 1_000 }, (_, n) => {
          return { contextText: `{"text":"${'ä😀'.repeat(100)}","n":${n}}` }
        }),
        isList: true,
      })
    })

    it('returns no state of a trigger that takes none', async () => {
      expect(await poll('keyed')).toEqual({
        kind: 'fired',
        firings: [{ contextText: null, key: 'only' }],
        isList: false,
      })
      expect(await poll('empty')).toEqual({ kind: 'skipped', reason: null })
    })

    it('does not call a function that takes a state for a request that is older than its script', async () => {
      expect(await poll('counts')).toEqual({ kind: 'notStarted', isLate: true })
    })

    it('fails with the path of a value that JSON does not have', async () => {
      expect(await errorOf(poll('dated', '{}'))).toEqual({
        kind: 'failed',
        message: `trigger 'dated' cannot store its state: state["at"][0] has type date, which JSON does not have`,
      })
    })

    it('fails with the size of a state over the limit, and stores one of exactly the limit', async () => {
      // {"size":…,"rows":"…"}
      const size = MAX_STATE_BYTES - '{"size":65513,"rows":""}'.length
      expect(await poll('grows', `{"size":${size}}`)).toMatchObject({ kind: 'fired' })
      expect(await errorOf(poll('grows', `{"size":${size + 1}}`))).toEqual({
        kind: 'failed',
        message:
          `trigger 'grows' cannot store its state: it has 65,537 bytes of JSON, but limits.trigger-state allows ` +
          `65,536, and state["rows"] has 65,515 of them`,
      })
    })

    it('returns no state of a poll that failed or timed out', async () => {
      expect(await errorOf(poll('fails', '{}'))).toEqual({
        kind: 'failed',
        message: `trigger 'fails' raised exception: OSError: no database`,
      })
      expect(await errorOf(poll('hangs', '{}', 200))).toMatchObject({ kind: 'timedOut' })
    })

    it('fails if a trigger with on_change returns a list', async () => {
      expect(await errorOf(poll('suppressed'))).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining(`trigger 'suppressed' has \`on_change\`, so it cannot return a list`),
      })
    })
  })
}
