/** Polls and tasks that exceed their deadlines are stopped, and cause at most a restart of their interpreter. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const DEADLINE_MS = 150

describe('a call that exceeds its deadline', () => {
  let python: OpenHost
  beforeAll(async () => {
    // On a busy machine, an interpreter needs longer than 2 s to stop a call.
    python = await OpenHost.open([SCRIPT], 1, { killAfterMs: LIMIT_MS })
  })
  afterAll(() => python?.[Symbol.asyncDispose]())

  const poll = (trigger: string) => python.poll(SCRIPT, trigger, DEADLINE_MS)
  /** Returns the number of polls and the started tasks that this interpreter remembers. */
  async function memory(host = python): Promise<{ readonly polls: number; readonly begun: readonly string[] }> {
    const outcome = await host.poll(SCRIPT, 'remember')
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
      const { result: outcome, limitMs } = await stoppedInside(task)
      const seconds = limitMs / 1000
      expect(outcome).toMatchObject({
        kind: 'timedOut',
        error: { message: `task '${task}' of workflow 'work' timed out: it exceeded its timeout of ${seconds} s` },
      })
      expect(outcome).toMatchObject({
        error: { traceback: expect.stringMatching(`^Traceback .*\n  File "${SCRIPT}", line \\d+, in ${task}\n`) },
      })
    }
  })

  /** Runs the task until its deadline has passed after its function began. */
  async function stoppedInside(task: string) {
    const before = (await memory()).begun.length
    return await withGrowingLimit(
      DEADLINE_MS,
      (deadlineMs) => python.runTask(SCRIPT, 'work', task, deadlineMs),
      async () => (await memory()).begun.length > before,
    )
  }

  it('does not delay other calls while it sleeps', async () => {
    const sleeping = python.runTask(SCRIPT, 'work', 'until_woken')

    const others = await Promise.all([pollsRemembered(), python.runTask(SCRIPT, 'work', 'quick'), poll('sleeps')])
    const isWoken = await python.runTask(SCRIPT, 'work', 'waker')

    expect(others).toMatchObject([expect.any(Number), { kind: 'completed' }, { kind: 'timedOut' }])
    expect(isWoken).toMatchObject({ kind: 'completed' })
    expect(await sleeping).toMatchObject({ kind: 'completed', contextText: '{"woken":true}' })
  })

  it('is answered once, like all other polls of the same batch', { tags: ['proof'] }, async () => {
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
    await using killed = await OpenHost.open([SCRIPT])
    const { result: outcome } = await withGrowingLimit(
      DEADLINE_MS,
      (deadlineMs) => killed.poll(SCRIPT, 'computes_in_c', deadlineMs),
      (stopped) => stopped.kind !== 'timedOut' || stopped.error.type !== 'DeadlineExceeded',
    )

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'InterpreterDied' } })
    expect((await memory(killed)).polls).toBe(1)
    expect(killed.quarantines).toEqual([
      expect.stringMatching(/: trigger 'computes_in_c': trigger 'computes_in_c' did not stop at its time limit$/),
    ])
    expect(await killed.poll(SCRIPT, 'computes_in_c')).toMatchObject({ kind: 'failed', error: { type: 'NotRun' } })
  })

  it('is named in the error of a task that blocks the interpreter and prevents the stop', async () => {
    await using killed = await OpenHost.open([SCRIPT])
    await memory(killed) // because the first call of an interpreter takes longest to begin
    const running = killed.runTask(SCRIPT, 'work', 'counts_for_ever')

    const outcomes = await Promise.all([killed.poll(SCRIPT, 'sleeps', DEADLINE_MS), running])

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
})
