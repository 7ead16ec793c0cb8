/** Classic uses of triggers, in files as users write them: served by an engine, and imported by a program. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'
import { runScript } from '../support/run-script.ts'

/** Creates the data that the triggers poll: two new files, a service that is down, and a queue of six jobs. */
function makeData(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-classic-'))
  for (const name of ['inbox', 'queue']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'inbox', 'one.csv'), 'a\nb\n')
  writeFileSync(join(folder, 'inbox', 'zwei – ü.csv'), 'a\nb\nc\n')
  writeFileSync(join(folder, 'status.txt'), 'down\n')
  for (let job = 0; job < 6; job++) writeFileSync(join(folder, 'queue', `job-${job}`), '')
  return folder
}

describe('the classic triggers, served by an engine', () => {
  let folder: string
  let served: ObservedRunner

  beforeAll(async () => {
    folder = makeData()
    process.env.DATA_DIR = folder
    served = await ObservedRunner.start(['classic'])
  })
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]()
    delete process.env.DATA_DIR
    rmSync(folder, { recursive: true })
  })

  it('a file watcher starts one run for each file, in order, also for a file that appears later', async () => {
    await served.runsOf('file_watcher', 2)
    writeFileSync(join(folder, 'inbox', 'zzz-late.csv'), '')

    const runs = await served.runsOf('file_watcher', 3)

    expect(runs.map(({ context: { filename, size, lines } }) => [filename, size, lines])).toEqual([
      ['one.csv', 4, 2],
      ['zwei – ü.csv', 6, 3],
      ['zzz-late.csv', 0, 0],
    ])
  })

  it('a trigger that fires the same order at every poll starts no second run while the first is active', async () => {
    const runs = await served.runsOf('new_order', 2)
    const duplicates = served.events(
      'tick',
      ({ trigger, outcome }) => trigger === 'new_order' && outcome === 'duplicate',
    )
    const firings = await served.runner.triggers.history('new_order')

    expect(new Set(runs.map(({ context }) => context.order_id)).has('A-1')).toBe(true)
    expect(runs.every(({ context }) => context.charged === context.total)).toBe(true)
    expect(duplicates.length).toBeGreaterThan(0)
    for (const [index, firing] of firings.entries()) {
      const earlier = firings.slice(index + 1).find(({ contextHash }) => contextHash === firing.contextHash)
      expect(earlier === undefined || Number(earlier.completedAt) <= firing.startedAt).toBe(true)
    }
  })

  it('a trigger with allow_concurrent runs equal jobs at the same time', async () => {
    const runs = await served.runsOf('job_queue', 3)

    // Each job waits for the two others, so that all fail if one of them is dropped or delayed.
    expect(runs.map(({ status, context }) => [status, context.job, context.met])).toEqual([
      ['Completed', 'resize', 3],
      ['Completed', 'resize', 3],
      ['Completed', 'resize', 3],
    ])
  })

  it('a health check fires after three failures in a row, counted in a module global', async () => {
    const [run] = await served.runsOf('health_check')
    const ticks = served.events('tick', ({ trigger }) => trigger === 'health_check')

    expect(ticks.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'fired'])
    expect(run?.context).toMatchObject({ service: 'billing', failures: 3 })
  })

  it('a trigger on the depth of a queue starts the workflow that empties the queue', async () => {
    const [run] = await served.runsOf('queue_depth')

    expect(run?.context.drained).toBe(6)
    expect(readdirSync(join(folder, 'queue'))).toEqual([])
  })

  it('an exception in a trigger function is logged with its file and line, and a later poll fires', async () => {
    const [run] = await served.runsOf('flaky_source')
    const ticks = served.events('tick', ({ trigger }) => trigger === 'flaky_source')
    const logged = served.log.filter(({ level, facts }) => level === 'error' && facts?.trigger === 'flaky_source')

    expect(ticks.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'fired'])
    expect(logged.map(({ message }) => message)).toEqual([
      "trigger 'flaky_source' raised exception: ConnectionError: no answer to call 1",
      "trigger 'flaky_source' raised exception: ConnectionError: no answer to call 2",
    ])
    expect(logged[0]?.traceback).toMatch(/^Traceback .*\n {2}File ".*error_inside\.py", line 18, in flaky_source\n/)
    expect(run?.context.imported).toBe(12)
  })
})

describe('the classic triggers, imported by a program', () => {
  it('all fire, and their schedules and history have the documented keys', async () => {
    const folder = makeData()

    const run = await runScript('classic_program.py', { env: { DATA_DIR: folder } })

    expect(run.stdout.split('\n')).toEqual([
      'file_watcher file_processor 50 False True True',
      'new_order order_processor 20 False True True',
      'job_queue job_worker 20 True True True',
      'health_check raise_alarm 20 False True True',
      'queue_depth drain_queue 20 False True True',
      'flaky_source import_rows 20 False True True',
      'allow_concurrent created_at enabled id last_poll_at poll_interval_ms trigger_name updated_at workflow_name',
      'completed_at context_hash created_at id schedule_id started_at workflow_execution_id',
      '',
    ])
    expect(run.exitCode).toBe(0)
    expect(run.stderr).toContain('ConnectionError: no answer to call 1')
    rmSync(folder, { recursive: true })
  })
})
