/** `workflow run --wait` waits until another process has run the workflow. */

import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'
import { newCron } from '../support/store-builders.ts'

const demo = workflow('demo', { work: {} })
const clock = new ManualClock()

describe('workflow run --wait', () => {
  let terminal: Terminal
  let path: string

  beforeEach(async () => {
    terminal = new Terminal()
    path = join(terminal.folder, 'jobs.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await store.saveWorkflows([demo], clock.now())
    await store.close()
    return () => terminal[Symbol.asyncDispose]()
  })

  const run = (...words: string[]) => terminal.start(['workflow', 'run', 'demo', '--wait', ...words, '--db', path])

  it('prints the id and a notice if no engine serves, and ends at SIGINT', async () => {
    const waiting = run()

    await waiting.prints('No engine serves this database', 'stderr')
    expect(waiting.stdout).toMatch(/^Workflow "demo" is accepted as execution [0-9a-f-]{36}\.\n$/)
    waiting.kill('SIGINT')
    const { exitCode, stderr } = await waiting.ended

    expect(exitCode).toBe(130)
    expect(stderr).toMatch(/cloaca execution show [0-9a-f-]{36}\n$/)
  })

  it('starts no due schedule itself, and ends when an engine has run the workflow', async () => {
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await store.createCron(newCron({ workflow: 'demo', nextRunAt: 1 }))
    const waiting = run('--json')
    await waiting.prints('No engine serves this database', 'stderr')

    await using serving = await RunningEngine.start({ clock, store, workflows: [demo], config: { cronEnabled: false } })
    await clock.advance(1_000)
    const { exitCode, stdout } = await waiting.ended

    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ workflow: 'demo', status: 'Completed' })
    expect(await store.enabledCrons()).toMatchObject([{ nextRunAt: 1, lastRunAt: null }])
    expect(await store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    await serving.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('prints no notice while an engine serves', async () => {
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await using serving = await RunningEngine.start({ clock, store, workflows: [demo] })

    const waiting = run()
    await waiting.prints('is accepted as execution')
    await clock.advance(1_000)
    const { stderr, exitCode } = await waiting.ended

    expect([stderr, exitCode]).toEqual(['', 0])
    await serving.engine.stop({ graceMs: 0 })
    await store.close()
  })
})
