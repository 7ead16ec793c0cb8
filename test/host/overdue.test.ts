/** Polls and tasks that exceed their deadlines are stopped, and cause at most a restart of their interpreter. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const DEADLINE_MS = 150

describe('a call that exceeds its deadline', () => {
  let python: OpenHost
  beforeAll(async () => {
    python = await OpenHost.open([SCRIPT])
  })
  afterAll(() => python?.[Symbol.asyncDispose]())

  const poll = (trigger: string) => python.poll(SCRIPT, trigger, DEADLINE_MS)
  /** Returns the number of polls and the started tasks that this interpreter remembers. */
  async function memory(): Promise<{ readonly polls: number; readonly begun: readonly string[] }> {
    const outcome = await python.poll(SCRIPT, 'remember')
    return JSON.parse(outcome.kind === 'fired' ? (outcome.firings[0]?.contextText ?? '') : JSON.stringify(outcome))
  }
  /** Returns the number of polls of this interpreter, which is 1 in a new interpreter. */
  const pollsRemembered = async () => (await memory()).polls

  // Runs as the first test, because the first call of an interpreter takes longest to begin.
  it('is stopped while it sleeps, also if its deadline passed before it began', async () => {
    const outcome = await python.poll(SCRIPT, 'sleeps', 1)

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
    expect(await pollsRemembered()).toBe(1)
    expect(python.notices).toEqual([])
  })

  it.each([['sleeps'], ['computes'], ['catches_exceptions']])(
    'is stopped without a restart of the interpreter in trigger "%s"',
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

  it('is stopped in a task, with a timeout message and a traceback that starts in the script', async () => {
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

  /** Runs the task with longer and longer deadlines until its function began, also on a busy machine. */
  async function stoppedInside(task: string): Promise<{ readonly outcome: unknown; readonly deadlineMs: number }> {
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const before = (await memory()).begun
      const outcome = await python.runTask(SCRIPT, 'work', task, deadlineMs)
      if ((await memory()).begun.length > before.length) return { outcome, deadlineMs }
    }
  }

  it('does not delay other calls while it sleeps', async () => {
    const sleeping = python.runTask(SCRIPT, 'work', 'until_woken')

    const others = await Promise.all([pollsRemembered(), python.runTask(SCRIPT, 'work', 'quick'), poll('sleeps')])
    const isWoken = await python.runTask(SCRIPT, 'work', 'waker')

    expect(others).toMatchObject([expect.any(Number), { kind: 'completed' }, { kind: 'timedOut' }])
    expect(isWoken).toMatchObject({ kind: 'completed' })
    expect(await sleeping).toMatchObject({ kind: 'completed', contextText: '{"woken":true}' })
  })

  it('is answered once, like all other polls of the same batch', async () => {
    const before = Number(await pollsRemembered())
    const polls = Array.from({ length: 300 }, (_, index) =>
      index % 100 === 50 ? poll('sleeps') : python.poll(SCRIPT, 'remember'),
    )

    const outcomes = await Promise.all(polls)

    const remembered = outcomes.flatMap((outcome) =>
      outcome.kind === 'fired' ? [Number(JSON.parse(outcome.firings[0]?.contextText ?? '{}').polls)] : [],
    )
    expect(remembered.sort((a, b) => a - b)).toEqual(Array.from({ length: 297 }, (_, index) => before + 1 + index))
    expect(outcomes.filter(({ kind }) => kind === 'timedOut')).toHaveLength(3)
  })

  it('causes a restart and is quarantined if it cannot be stopped', async () => {
    const outcome = await pollThatHasBegun('computes_in_c')

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'InterpreterDied' } })
    expect(await pollsRemembered()).toBe(1)
    expect(python.quarantines).toEqual([
      expect.stringMatching(/: trigger 'computes_in_c': trigger 'computes_in_c' did not stop at its time limit$/),
    ])
    expect(await poll('computes_in_c')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })
  })

  it('is named in the error of a task that blocks the interpreter and prevents the stop', async () => {
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
            new RegExp(
              "^task 'counts_for_ever' of workflow 'work' blocked the interpreter: " +
                "trigger 'sleeps' did not stop at its time limit\\. " +
                'For this reason, script ".*" was',
            ),
          ),
        },
      },
    ])
  })

  /** Polls with longer and longer deadlines until the trigger began, because a poll can be overdue before that. */
  async function pollThatHasBegun(trigger: string): Promise<PollOutcome> {
    for (let deadlineMs = DEADLINE_MS; ; deadlineMs *= 2) {
      const outcome = await python.poll(SCRIPT, trigger, deadlineMs)
      if (outcome.kind !== 'timedOut' || outcome.error.type !== 'DeadlineExceeded') return outcome
    }
  }
})
