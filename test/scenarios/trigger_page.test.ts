/** The code samples of the trigger documentation, unchanged: served and run. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'
import { runScript } from '../support/run-script.ts'

describe('the samples of the trigger page, when they are served', () => {
  let served: ObservedRunner
  beforeAll(async () => {
    served = await ObservedRunner.start(['trigger_page.py'])
  })
  afterAll(() => served?.[Symbol.asyncDispose]())

  it('a trigger in the older spelling starts its workflow with the context that it fired', async () => {
    const [run] = await served.runsOf('inbox')

    expect(run?.workflow).toBe('ingest')
    expect(run?.context).toMatchObject({ file: 'a.csv', seen_by: 'note', trigger_name: 'inbox' })
  })

  it('a trigger that returns True starts its workflow without a context of its own', async () => {
    const [run] = await served.runsOf('watchdog')
    const [firing] = await served.runner.triggers.history('watchdog')

    expect(run?.workflow).toBe('heal')
    expect(Object.keys(run?.context ?? {}).sort()).toEqual(['seen_by', 'triggered_at', 'trigger_name'].sort())
    expect(firing?.contextHash).toBe('fire_no_context')
  })

  it('a trigger without a target starts the workflow of its own name', async () => {
    const [run] = await served.runsOf('nightly')

    expect(run?.workflow).toBe('nightly')
  })

  it('a cron trigger becomes a schedule in its time zone, and is not among the polled ones', async () => {
    const [schedule] = await served.runner.schedules.list()
    const polled = await served.runner.triggers.list()

    expect(schedule).toMatchObject({ workflow: 'nightly', expression: '0 2 * * *', timezone: 'Europe/Paris' })
    expect(polled.map(({ name }) => name).sort()).toEqual(['inbox', 'nightly', 'watchdog'])
  })
})

describe('the samples of the trigger page, when they are run', () => {
  it('have the documented intervals, and the functions stay callable', async () => {
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
