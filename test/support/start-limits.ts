/** Tests of requests whose start limit has passed, for each kind of interpreter. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'
import type { StartLimit, TaskRequest } from '../../src/engine/ports.ts'
import type { PythonChoice } from '../../src/host/environment/python-choice.ts'
import { NO_SLOT, OpenHost } from './open-host.ts'

const SCRIPT = fileURLToPath(new URL('./start_limits.py', import.meta.url))
/** More than any test takes. */
const NO_DEADLINE_MS = 600_000
/** Shorter than the computation of the script. */
const SHORT_MS = 400
const LATE = { kind: 'notEntered', isLate: true }

interface MovableLimit extends StartLimit {
  until: number
}

export function describeStartLimits(name: string, choice: PythonChoice): void {
  describe(`a request that may start until a certain time, under ${name}`, () => {
    let python: OpenHost
    beforeAll(async () => {
      python = await OpenHost.open([SCRIPT], 1, { python: choice })
    })
    afterAll(() => python?.[Symbol.asyncDispose]())

    const until = (ms: number): MovableLimit => ({ until: machineNowMs() + ms })
    const poll = (trigger: string, startLimit: StartLimit = until(NO_DEADLINE_MS)) =>
      python.host.poll({ script: SCRIPT, trigger, deadlineMs: NO_DEADLINE_MS, startLimit })
    const run = (taskId: string, startLimit: StartLimit) => {
      const request: TaskRequest = {
        ...{ script: SCRIPT, workflow: 'work', taskId, executionId: 'e', attempt: 1, inputText: '{}', startLimit },
        ...{ deadlineMs: NO_DEADLINE_MS, slot: NO_SLOT },
      }
      return python.host.runTask(request)
    }
    const accumulate = (startLimit: StartLimit) =>
      python.host.accumulate({
        ...{ script: SCRIPT, source: 'events', mode: 'each', events: ['1'], firstSequence: 1, startLimit },
        deadlineMs: NO_DEADLINE_MS,
      })
    /** Sends a poll before the next request: polls of one tick of the event loop share a message. */
    const begin = async (trigger: string) => {
      const outcome = poll(trigger)
      await null
      return { outcome }
    }
    /** Names of the functions that were called since the last query, in the order of the calls. */
    const called = async (): Promise<readonly string[]> => {
      const told = await poll('tells')
      return told.kind === 'fired' ? JSON.parse(told.contextText ?? '{}').called : [told.kind]
    }

    it('is started while it may', async () => {
      const outcomes = await Promise.all([
        ...[poll('notes'), poll('notes_async'), accumulate(until(NO_DEADLINE_MS))],
        ...['note', 'note-async'].map((task) => run(task, until(NO_DEADLINE_MS))),
      ])

      expect(outcomes.map(({ kind }) => kind)).toEqual(['skipped', 'skipped', 'answered', 'completed', 'completed'])
      expect((await called()).toSorted()).toEqual(['events', 'note', 'note-async', 'notes', 'notes_async'])
    })

    it('is answered as late after that, and its function is not called', async () => {
      const over = until(-1)

      const outcomes = await Promise.all([
        ...[poll('notes', over), poll('notes_async', over), accumulate(over)],
        ...[run('note', over), run('note-async', over)],
      ])

      expect(outcomes).toEqual(outcomes.map(() => LATE))
      expect(await called()).toEqual([])
    })

    it('is late when it had to wait behind a computation in C', async () => {
      const blocks = await begin('blocks')
      const soon = until(SHORT_MS)

      const waited = await Promise.all([poll('notes', soon), run('note', soon), accumulate(soon)])

      expect(waited).toEqual(waited.map(() => LATE))
      expect(await blocks.outcome).toMatchObject({ kind: 'skipped' })
      expect(await called()).toEqual(['blocks'])
    })

    it('is late when its async function had to wait for a loop that another one blocked', async () => {
      const blocks = await begin('blocks_loop')
      const soon = until(SHORT_MS)

      const waited = await Promise.all([poll('notes_async', soon), run('note-async', soon)])

      expect(waited).toEqual(waited.map(() => LATE))
      expect(await blocks.outcome).toMatchObject({ kind: 'skipped' })
      expect(await called()).toEqual(['blocks_loop'])
    })

    it('is started after all when its limit moves while it waits', async () => {
      const limit = until(SHORT_MS)
      const blocks = await begin('blocks')
      const waited = [poll('notes', limit), run('note', limit), accumulate(limit)]
      limit.until += NO_DEADLINE_MS

      const kinds = (await Promise.all(waited)).map(({ kind }) => kind)
      await blocks.outcome

      expect(kinds).toEqual(['skipped', 'completed', 'answered'])
      const [first, ...others] = await called()
      expect(first).toBe('blocks')
      expect(others.toSorted()).toEqual(['events', 'note', 'notes'])
    })

    it('is not started any more when its execution was cancelled while it waited, although its limit moves', async () => {
      const limit = until(SHORT_MS)
      const blocks = await begin('blocks')
      const task = run('note', limit)
      limit.until += NO_DEADLINE_MS
      python.host.cancelTasks('e')

      expect(await task).toEqual(LATE)
      await blocks.outcome
      expect(await called()).toEqual(['blocks'])
    })
  })
}
