/** Removal and replacement of the database file under a running engine, with real files and a manual clock. */

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { cronTrigger, trigger, workflow } from '../support/declared.ts'
import { type FakeHost, FIRE, SKIP } from '../support/fake-host.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { FIRST_PAGE, RunningEngine } from '../support/running-engine.ts'
import { declaration } from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let path: string
let clock: ManualClock
let store: Store

beforeEach(async () => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
  clock = new ManualClock()
  store = await openSqliteStore({ path, durability: 'normal', clock })
})
afterEach(async () => {
  await store.close()
  folder[Symbol.dispose]()
})

/** Copies the database while it is open. */
function backUp(copy: string): void {
  const connection = new Connection(path)
  connection.run(`VACUUM INTO '${copy}'`)
  connection.close()
}

const COMPLETED = { kind: 'completed', contextText: '{}' } as const
const INGEST = workflow('ingest', { only: {} })

describe('when the database file is removed or replaced', () => {
  test('reports one error, polls nothing, and stores all declarations again in an empty file', async () => {
    await using running = await RunningEngine.start({
      store,
      clock,
      triggers: [
        trigger('inbox', { workflow: 'ingest', everyMs: 1_000 }),
        cronTrigger('nightly', '0 3 * * *', { workflow: 'ingest' }),
      ],
      workflows: [INGEST],
    })
    const trouble = running.record('trouble')
    const warnings = running.record('warning')
    await clock.advance(3_000)

    rmSync(path)
    await clock.advance(500)
    const polledBefore = running.host.polls.length
    await clock.advance(5_000)
    const polledMeanwhile = running.host.polls.length - polledBefore
    writeFileSync(path, '')
    await clock.advance(5_000)

    expect(trouble.filter(({ during }) => during === 'checking the database')).toMatchObject([
      { error: { code: 'DATABASE_REPLACED' } },
    ])
    expect(polledMeanwhile).toBe(0)
    expect(warnings).toMatchObject([{ code: 'DATABASE_FOUND' }])
    expect(running.host.polls.length - polledBefore).toBeGreaterThan(0)
    expect((await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).map(({ name }) => name)).toEqual(['inbox'])
    expect((await store.enabledCrons()).map(({ triggerName }) => triggerName)).toEqual(['nightly'])
    expect((await store.listWorkflows()).map(({ key }) => key)).toEqual(['ingest'])
    expect((await running.engine.execute('ingest', '{}')).status).toBe('Completed')
  })

  test.each([
    ['when the original file is back', () => renameSync(`${path}.aside`, path)],
    ['when a new file exists', () => writeFileSync(path, '')],
  ])('keeps a firing that a poll returned, and records it %s', async (_, restore) => {
    let fires = 0
    // An earlier run, so that the lease numbers differ from those of a new database.
    await (await RunningEngine.start({ store, clock, triggers: [trigger('inbox')] })).engine.stop({ graceMs: 0 })
    await using _running = await RunningEngine.start({
      store,
      clock,
      triggers: [trigger('inbox', { workflow: 'ingest', everyMs: 1_000 })],
      workflows: [INGEST],
      python: (host) =>
        host.trigger('inbox', () => {
          fires += 1
          if (fires > 1) return SKIP
          renameSync(path, `${path}.aside`)
          return FIRE
        }),
    })
    await clock.advance(60_000)
    const duringLoss = fires

    restore()
    await clock.advance(3_000)

    expect(duringLoss).toBe(1)
    expect(await store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
    expect(await store.listExecutions(FIRST_PAGE)).toMatchObject([{ workflow: 'ingest', status: 'Completed' }])
  })

  test('reports a firing as lost if the engine could not record it before the stop', async () => {
    const running = await RunningEngine.start({
      store,
      clock,
      triggers: [trigger('inbox', { workflow: 'ingest', everyMs: 1_000 })],
      workflows: [INGEST],
      python: (host) =>
        host.trigger('inbox', () => {
          renameSync(path, `${path}.aside`)
          return FIRE
        }),
    })
    const trouble = running.record('trouble')
    await clock.advance(10_000)

    const stopped = running.engine.stop({ graceMs: 0 }).catch(() => {}) // fails, because the database is missing
    await clock.advance(0)
    renameSync(`${path}.aside`, path)
    await clock.advance(3_000)
    await stopped

    expect(trouble.filter(({ retryAt }) => retryAt === null).map(({ during }) => during)).toContain(
      'recording a firing of trigger "inbox" with the context {}',
    )
  })

  test('rejects a waiting execute() with EXECUTION_NOT_FOUND if the new database lacks the execution', async () => {
    await using running = await RunningEngine.start({ store, clock, workflows: [INGEST] })
    let end = (): void => {}
    running.host.task(
      'only',
      () =>
        new Promise((resolve) => {
          end = () => resolve({ kind: 'completed', contextText: '{}' })
        }),
    )
    const waiting = running.engine.execute('ingest', '{}', { timeoutMs: null }).then(
      () => 'ended',
      (error) => error.code,
    )
    await clock.advance(0)

    rmSync(path)
    writeFileSync(path, '')
    await clock.advance(5_000)
    end()
    await clock.advance(60_000)

    expect(await waiting).toBe('EXECUTION_NOT_FOUND')
  })

  describe('while a task is running', () => {
    /** Functions that end the attempts, in the order of their starts. */
    let ends: (() => void)[]
    const runsUntilEnded = (host: FakeHost): void => {
      host.task('only', () => new Promise((resolve) => ends.push(() => resolve(COMPLETED))))
    }
    const start = () => RunningEngine.start({ store, clock, workflows: [INGEST], python: runsUntilEnded })
    beforeEach(() => {
      ends = []
    })

    test('continues executions that are running in a restored copy, and drops those of the replaced file', async () => {
      await using running = await start()
      const id = await running.engine.submit('ingest', '{}')
      await clock.advance(0)
      backUp(folder.file('copy.db'))
      ends[0]?.()
      await running.engine.submit('ingest', '{}')
      await clock.advance(1_000)
      const before = running.engine.health.gauges()

      renameSync(folder.file('copy.db'), path)
      await clock.advance(5_000)
      ends[1]?.()
      await clock.advance(1_000)
      const restored = running.engine.health.gauges()
      ends[2]?.()
      await clock.advance(1_000)

      expect(before).toMatchObject({ activeExecutions: 1, activeAttempts: 1 })
      expect(restored).toMatchObject({ activeExecutions: 1, activeAttempts: 1 })
      expect(ends).toHaveLength(3)
      expect(await store.listExecutions(FIRST_PAGE)).toMatchObject([{ id, status: 'Completed' }])
      expect(running.engine.health.gauges()).toMatchObject({ activeExecutions: 0, activeAttempts: 0, freeSlots: 4 })
    })

    test('stores the result of the same attempt when the original file is back', async () => {
      await using running = await start()
      await running.engine.submit('ingest', '{}')
      await clock.advance(0)

      renameSync(path, `${path}.aside`)
      await clock.advance(3_000)
      renameSync(`${path}.aside`, path)
      await clock.advance(5_000)
      ends[0]?.()
      await clock.advance(1_000)

      expect(ends).toHaveLength(1)
      expect(await store.listExecutions(FIRST_PAGE)).toMatchObject([{ status: 'Completed' }])
    })
  })

  test('does not poll a trigger that is disabled in a restored database', async () => {
    const copy = folder.file('copy.db')
    const other = await openSqliteStore({ path: copy, durability: 'normal', clock })
    await other.saveTriggers([declaration({ pollIntervalMs: 1_000 })], 0)
    await other.setTriggerEnabled('inbox', false, null, 0)
    await other.close()
    await using running = await RunningEngine.start({
      store,
      clock,
      triggers: [trigger('inbox', { workflow: 'ingest', everyMs: 1_000 })],
      workflows: [INGEST],
    })
    await clock.advance(3_000)

    renameSync(copy, path)
    await clock.advance(500)
    const before = running.host.polls.length
    await clock.advance(20_000)

    expect(before).toBeGreaterThan(0)
    expect(running.host.polls).toHaveLength(before)
  })
})
