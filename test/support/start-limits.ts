/** Tests of requests whose start limit has passed, for each kind of interpreter. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'
import type { StartLimit } from '../../src/engine/clock-port.ts'
import type { TaskRequest } from '../../src/engine/ports.ts'
import type { PythonChoice } from '../../src/host/environment/python-choice.ts'
import { NO_MEMORY, NO_SLOT, NO_VIEW, OpenHost } from './open-host.ts'

const SCRIPT = fileURLToPath(new URL('./start_limits.py', import.meta.url))
/** Longer than any test. */
const NO_DEADLINE_MS = 600_000
/** Shorter than the computation of the script. */
const SHORT_MS = 400
const LATE = { kind: 'notStarted', isLate: true }

interface MovableLimit extends StartLimit {
  until: number
}

export function describeStartLimits(name: string, choice: PythonChoice): void {
  describe(`a request with a start limit, under ${name}`, () => {
    let python: OpenHost
    beforeAll(async () => {
      python = await OpenHost.open([SCRIPT], 1, { python: choice })
    })
    afterAll(() => python?.[Symbol.asyncDispose]())

    const until = (ms: number): MovableLimit => ({ until: machineNowMs() + ms })
    const poll = (trigger: string, startLimit: StartLimit = until(NO_DEADLINE_MS)) =>
      python.host.calls.poll({ script: SCRIPT, trigger, deadlineMs: NO_DEADLINE_MS, startLimit })
    const run = (taskId: string, startLimit: StartLimit) => {
      const request: TaskRequest = {
        ...{ script: SCRIPT, workflow: 'work', taskId, executionId: 'e', attempt: 1, inputText: '{}', startLimit },
        ...{ deadlineMs: NO_DEADLINE_MS, slot: NO_SLOT, view: NO_VIEW, memory: NO_MEMORY },
      }
      return python.host.calls.runTask(request)
    }
    const accumulate = (startLimit: StartLimit) =>
      python.host.calls.accumulate({
        ...{ script: SCRIPT, source: 'events', mode: 'each', events: ['1'], firstSequence: 1, startLimit },
        deadlineMs: NO_DEADLINE_MS,
      })
    /** Sends a poll before the next request: polls of one tick of the event loop share a message. */
    const begin = async (trigger: string) => {
      const outcome = poll(trigger)
      await null
      return { outcome }
    }
    /** Returns the names of the functions called since the last query, in the order of the calls. */
    const called = async (): Promise<readonly string[]> => {
      const told = await poll('tells')
      return told.kind === 'fired' ? JSON.parse(told.firings[0]?.contextText ?? '{}').called : [told.kind]
    }

    it('is started before its limit', async () => {
      const outcomes = await Promise.all([
        ...[poll('notes'), poll('notes_async'), accumulate(until(NO_DEADLINE_MS))],
        ...['note', 'note-async'].map((task) => run(task, until(NO_DEADLINE_MS))),
      ])

      expect(outcomes.map(({ kind }) => kind)).toEqual(['skipped', 'skipped', 'answered', 'completed', 'completed'])
      expect((await called()).toSorted()).toEqual(['events', 'note', 'note-async', 'notes', 'notes_async'])
    })

    it('is answered as late after its limit, and its function is not called', async () => {
      const over = until(-1)

      const outcomes = await Promise.all([
        ...[poll('notes', over), poll('notes_async', over), accumulate(over)],
        ...[run('note', over), run('note-async', over)],
      ])

      expect(outcomes).toEqual(outcomes.map(() => LATE))
      expect(await called()).toEqual([])
    })

    it('is answered as late if a computation in C delays it beyond its limit', async () => {
      const blocks = await begin('blocks')
      const soon = until(SHORT_MS)

      const waited = await Promise.all([poll('notes', soon), run('note', soon), accumulate(soon)])

      expect(waited).toEqual(waited.map(() => LATE))
      expect(await blocks.outcome).toMatchObject({ kind: 'skipped' })
      expect(await called()).toEqual(['blocks'])
    })

    it('is answered as late if a blocked event loop delays its async function beyond its limit', async () => {
      const blocks = await begin('blocks_loop')
      const soon = until(SHORT_MS)

      const waited = await Promise.all([poll('notes_async', soon), run('note-async', soon)])

      expect(waited).toEqual(waited.map(() => LATE))
      expect(await blocks.outcome).toMatchObject({ kind: 'skipped' })
      expect(await called()).toEqual(['blocks_loop'])
    })

    it('is started if its limit is extended while the request waits', async () => {
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

    it('is not started if its execution is cancelled while it waits, even if its limit is extended', async () => {
      const limit = until(SHORT_MS)
      const blocks = await begin('blocks')
      const task = run('note', limit)
      limit.until += NO_DEADLINE_MS
      python.host.calls.cancelTasks('e')

      expect(await task).toEqual(LATE)
      await blocks.outcome
      expect(await called()).toEqual(['blocks'])
    })
  })
}
