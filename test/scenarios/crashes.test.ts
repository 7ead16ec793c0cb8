/** Python that hangs or dies under a serving engine: records of the failures, and the work that continues. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'

describe('an engine whose Python hangs or dies', () => {
  let folder: string
  let served: ObservedRunner
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-crashes-'))
    process.env.DATA_DIR = folder
    served = await ObservedRunner.start(['crashes.py'])
  })
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]()
    delete process.env.DATA_DIR
    rmSync(folder, { recursive: true })
  })

  it('runs only unfinished tasks again after the interpreter has died', { tags: ['proof'] }, async () => {
    const [run] = await served.runsOf('begin')

    expect(run).toMatchObject({ status: 'Completed', context: { survived: true } })
    expect(run?.tasks.map(({ id, attempts }) => [id, attempts])).toEqual([
      ['end_before', 1],
      ['be_patient', 2],
    ])
    const alone = /^script ".*crashes.py" was moved to its own interpreter because of trigger 'crashes'/
    expect(served.log.some(({ level, message }) => level === 'warn' && alone.test(message))).toBe(true)
  })

  it('records a failed poll when the interpreter dies, and polls the trigger again', async () => {
    const [failed] = await served.until(
      'triggerFailed',
      ({ trigger, outcome }) => trigger === 'crashes' && outcome === 'failed',
    )
    await served.until(
      'tick',
      ({ trigger, at, outcome }) => trigger === 'crashes' && outcome === 'skipped' && at > Number(failed?.at),
    )
    const ticks = await served.runner.triggers.ticks('crashes')

    expect(failed).toMatchObject({ outcome: 'failed', error: { type: 'InterpreterDied' } })
    expect(ticks.some(({ outcome }) => outcome === 'failed')).toBe(true)
  })

  it('records a hanging poll as timed out, logs its traceback, and polls the trigger again', async () => {
    // On a busy machine, an earlier poll may exceed the limit before its function begins.
    const isOfFunction = /^Traceback .*\n {2}File ".*crashes\.py", line \d+, in hangs\n/
    const [timedOut] = await served.until(
      'triggerFailed',
      ({ trigger, outcome, error }) =>
        trigger === 'hangs' && outcome === 'timedOut' && isOfFunction.test(error.traceback),
    )
    await served.until(
      'tick',
      ({ trigger, outcome, at }) => trigger === 'hangs' && outcome === 'skipped' && at > Number(timedOut?.at),
    )
    const tick = (await served.runner.triggers.ticks('hangs')).find(({ outcome }) => outcome === 'timedOut')
    const logged = served.log.find(
      ({ facts, message, traceback }) =>
        facts?.trigger === 'hangs' && message.includes('timed out') && isOfFunction.test(traceback ?? ''),
    )

    expect(tick).toMatchObject({
      outcome: 'timedOut',
      errorMessage: expect.stringContaining("trigger 'hangs' timed out"),
    })
    expect(logged).toBeDefined()
  })
})
