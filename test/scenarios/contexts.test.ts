/** Contexts travel from Python through the engine and the database and back with every value and type intact. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMIT_MS } from '../support/limits.ts'
import { ObservedRunner } from '../support/observed-runner.ts'
import { runScript } from '../support/run-script.ts'

describe('a fired context', () => {
  let served: ObservedRunner
  beforeAll(async () => {
    served = await ObservedRunner.start(['contexts.py'])
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it('keeps all its types in the first task, and after merged branches in the last task', async () => {
    const [run] = await served.runsOf('sender')

    expect(run?.status).toBe('Completed')
    expect(run?.context['differences in first']).toEqual([])
    expect(run?.context['differences in last']).toEqual([])
  })

  it('keeps the exact text of its numbers in Node', async () => {
    const [run] = await served.runsOf('sender')

    for (const token of ['"float":1.0', '"int":1,', '"large":1152921504606846976', '"largest":18446744073709551615']) {
      expect(run?.contextText).toContain(token)
    }
  })

  it('contains the trigger name and the time of the firing, which replace values of the same name', async () => {
    const [run] = await served.runsOf('sender')
    const [firing] = await served.runner.triggers.history('sender')

    expect(run?.context).toMatchObject({ trigger_name: 'sender', 'trigger_name in first': 'sender' })
    expect(run?.context.triggered_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$/)
    expect(Math.abs(Date.parse(String(run?.context.triggered_at)) - Number(firing?.startedAt))).toBeLessThan(LIMIT_MS)
  })
})

describe('a context that a program passes to execute', () => {
  it('is returned with all its types and without added values', async () => {
    const run = await runScript('contexts.py')

    expect(run.stderr).toBe('')
    expect(run.stdout.split('\n')).toEqual([
      'Completed [] [] []',
      '[[1, [2.0, [null, {}]]], [], {"a": {"deep": 9007199254740993}, "z": [1]}] 1152921504606846976 1.0',
      '',
    ])
  })
})
