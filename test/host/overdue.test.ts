/** A poll or task that takes too long is stopped, however it resists, and costs the others at most a restart. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const DEADLINE_MS = 150

describe('a call that takes longer than it may', () => {
  let python: OpenHost
  beforeAll(async () => {
    python = await OpenHost.open([SCRIPT])
  })
  afterAll(() => python?.[Symbol.asyncDispose]())

  const poll = (trigger: string) => python.poll(SCRIPT, trigger, DEADLINE_MS)
  /** What this interpreter remembers. */
  async function memory(): Promise<{ readonly polls: number; readonly begun: readonly string[] }> {
    const outcome = await python.poll(SCRIPT, 'remember')
    return JSON.parse(outcome.kind === 'fired' ? (outcome.contextText ?? '') : JSON.stringify(outcome))
  }
  /** How often this interpreter was asked: 1 again in a new one. */
  const pollsRemembered = async () => (await memory()).polls

  // The first of all: an interpreter that has done nothing yet takes longest to begin.
  it('is stopped where it waits also when its time is over before it has begun', async () => {
    const outcome = await python.poll(SCRIPT, 'sleeps', 1)

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
    expect(await pollsRemembered()).toBe(1)
    expect(python.notices).toEqual([])
  })

  it.each([['sleeps'], ['computes'], ['catches_exceptions']])(
    'is stopped, and the interpreter goes on, when it %s',
    async (trigger) => {
      const before = Number(await pollsRemembered())

      const outcome = await poll(trigger)

      expect(outcome).toMatchObject({
        kind: 'timedOut',
        error: { message: `trigger '${trigger}' timed out: it exceeded its timeout of 0.15 s` },
      })
      expect(await pollsRemembered()).toBe(before + 1)
      expect(python.notices).toEqual([])
    },
  )

  it('is stopped as a task too, with a text that says timeout and a traceback that starts in the file of the user', async () => {
    for (const task of ['patient', 'endless']) {
      const { outcome, deadlineMs } = await stoppedInside(task)
      const seconds = deadlineMs / 1000
      expect(outcome).toMatchObject({
        kind: 'timedOut',
        error: { message: `task '${task}' of workflow 'work' timed out: it exceeded its timeout of ${seconds} s` },
      })
      expect(outcome).toMatchObject({
        error: { traceback: expect.stringMatching(`^Traceback .*\n  File "${SCRIPT}", line \\d+, in ${task}\n`) },
      })
    }
  })

  /** With so much time that the body has begun: more each time, for nobody knows how busy the machine is. */
  async function stoppedInside(task: string): Promise<{ readonly outcome: unknown; readonly deadlineMs: number }> {
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const before = (await memory()).begun
      const outcome = await python.runTask(SCRIPT, 'work', task, deadlineMs)
      if ((await memory()).begun.length > before.length) return { outcome, deadlineMs }
    }
  }

  it('keeps nobody else waiting while it sleeps', async () => {
    const sleeping = python.runTask(SCRIPT, 'work', 'until_woken')

    const others = await Promise.all([pollsRemembered(), python.runTask(SCRIPT, 'work', 'quick'), poll('sleeps')])
    const isWoken = await python.runTask(SCRIPT, 'work', 'waker')

    expect(others).toMatchObject([expect.any(Number), { kind: 'completed' }, { kind: 'timedOut' }])
    expect(isWoken).toMatchObject({ kind: 'completed' })
    expect(await sleeping).toMatchObject({ kind: 'completed', contextText: '{"woken":true}' })
  })

  it('is one of many that were asked for in one turn, each of which is answered once', async () => {
    const before = Number(await pollsRemembered())
    const polls = Array.from({ length: 300 }, (_, index) =>
      index % 100 === 50 ? poll('sleeps') : python.poll(SCRIPT, 'remember'),
    )

    const outcomes = await Promise.all(polls)

    const remembered = outcomes.flatMap((outcome) =>
      outcome.kind === 'fired' ? [Number(JSON.parse(outcome.contextText ?? '{}').polls)] : [],
    )
    expect(remembered.sort((a, b) => a - b)).toEqual(Array.from({ length: 297 }, (_, index) => before + 1 + index))
    expect(outcomes.filter(({ kind }) => kind === 'timedOut')).toHaveLength(3)
  })

  it('that cannot be stopped at all costs a restart, after which its script is loaded again and it is kept away', async () => {
    const outcome = await pollThatHasBegun('computes_in_c')

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'InterpreterDied' } })
    expect(await pollsRemembered()).toBe(1)
    expect(python.quarantines).toEqual([
      expect.stringMatching(/: trigger 'computes_in_c': trigger 'computes_in_c' did not stop at its time limit$/),
    ])
    expect(await poll('computes_in_c')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })
  })

  it('is named where a task that has time left does not let it stop, and not the time of that', async () => {
    const running = python.runTask(SCRIPT, 'work', 'counts_for_ever')

    const outcomes = await Promise.all([poll('sleeps'), running])

    expect(outcomes).toMatchObject([
      {
        kind: 'failed',
        error: {
          message:
            "The Python interpreter ended: task 'counts_for_ever' of workflow 'work' blocked the interpreter: " +
            "trigger 'sleeps' did not stop at its time limit.",
        },
      },
      {
        kind: 'timedOut',
        error: {
          message: expect.stringMatching(
            /^task 'counts_for_ever' of workflow 'work' blocked the interpreter: trigger 'sleeps' did not stop at its time limit\. For this reason, script ".*" was/,
          ),
        },
      },
    ])
  })

  /** With more time than that each time, too: one that has not begun is stopped as any other. */
  async function pollThatHasBegun(trigger: string): Promise<PollOutcome> {
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const outcome = await python.poll(SCRIPT, trigger, deadlineMs)
      if (outcome.kind !== 'timedOut' || outcome.error.type !== 'DeadlineExceeded') return outcome
    }
  }
})
