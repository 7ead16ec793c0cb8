/** Unchanged code samples of the trigger documentation, served by an engine and run as a program. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'
import { runScript } from '../support/run-script.ts'

describe('the samples of the trigger documentation, served by an engine', () => {
  let served: ObservedRunner
  beforeAll(async () => {
    served = await ObservedRunner.start(['trigger_page.py'])
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it('a trigger declared with workflow= starts its workflow with the fired context', async () => {
    const [run] = await served.runsOf('inbox')

    expect(run?.workflow).toBe('ingest')
    expect(run?.context).toMatchObject({ file: 'a.csv', seen_by: 'note', trigger_name: 'inbox' })
  })

  it('a trigger that returns True starts its workflow with only the trigger name and the time', async () => {
    const [run] = await served.runsOf('watchdog')
    const [firing] = await served.runner.triggers.history('watchdog')

    expect(run?.workflow).toBe('heal')
    expect(Object.keys(run?.context ?? {}).sort()).toEqual(['seen_by', 'triggered_at', 'trigger_name'].sort())
    expect(firing?.contextHash).toBe('fire_no_context')
  })

  it('a trigger without a target starts the workflow with the name of the trigger', async () => {
    const [run] = await served.runsOf('nightly')

    expect(run?.workflow).toBe('nightly')
  })

  it('a cron trigger is a schedule in its time zone, and is not listed as a polled trigger', async () => {
    const [schedule] = await served.runner.schedules.list()
    const polled = await served.runner.triggers.list()

    expect(schedule).toMatchObject({ workflow: 'nightly', expression: '0 2 * * *', timezone: 'Europe/Paris' })
    expect(polled.map(({ name }) => name).sort()).toEqual(['inbox', 'nightly', 'watchdog'])
  })
})

describe('the samples of the trigger documentation, run as a program', () => {
  it('have the documented intervals, and their functions can still be called', async () => {
    const run = await runScript('trigger_page.py')

    expect(run.stderr).toBe('')
    expect(run.stdout.split('\n')).toEqual([
      'inbox ingest 2000 False',
      'watchdog heal 60000 True',
      'nightly nightly 3600000 False',
      'nightly 0 2 * * * Europe/Paris True',
      'True True True',
      '',
    ])
    expect(run.exitCode).toBe(0)
  })
})
