/** Background work of the SQLite store, observed and disturbed through another connection. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import {
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  START,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder
let clock: ManualClock
let store: Store
let other: Connection

beforeEach(async () => {
  folder = temporaryFolder()
  clock = new ManualClock(START)
  const path = folder.file('workflows.db')
  store = await openSqliteStore({ path, durability: 'normal', clock })
  other = new Connection(path)
})
afterEach(async () => {
  other.close()
  await store.close()
  folder[Symbol.dispose]()
})

describe('buffered skips', () => {
  test('skips that could not be written are written a second later', async () => {
    await store.saveTriggers([declaration()], START)
    store.noteSkip(skippedTick({ at: START }))
    other.script('ALTER TABLE triggers RENAME TO hidden')
    await clock.advance(1_000)
    other.script('ALTER TABLE hidden RENAME TO triggers')
    store.noteSkip(skippedTick({ at: START + 1_500 }))

    await clock.advance(1_000)

    const record = other.one('SELECT skip_count, skip_first_at, skip_last_at, last_poll_at FROM triggers')
    expect(record).toEqual({
      skip_count: 2,
      skip_first_at: START,
      skip_last_at: START + 1_500,
      last_poll_at: START + 1_500,
    })
  })

  test('300 skips of a trigger in 3 s cost at most four writes', async () => {
    await store.saveTriggers([declaration()], START)
    const versions = new Set<number>()

    for (let at = 0; at < 3_000; at += 10) {
      store.noteSkip(skippedTick({ at: START + at }))
      await clock.advance(10)
      versions.add(other.foreignVersion())
    }

    expect(versions.size).toBeLessThanOrEqual(4)
    expect(await store.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ count: 300 }])
  })

  test('skips of 2,500 triggers are all written within a second', async () => {
    const declared = Array.from({ length: 2_500 }, (_, index) => declaration({ name: `trigger ${index}` }))
    await store.saveTriggers(declared, START)

    for (const { name } of declared) store.noteSkip(skippedTick({ trigger: name, at: START + 5 }))
    await clock.advance(1_000)

    expect(other.all('SELECT count(*) AS written FROM triggers WHERE last_poll_at = ?', START + 5)).toEqual([
      { written: 2_500 },
    ])
  })
})

describe('changes by others', () => {
  test('polling for changes stops when the last listener is removed', async () => {
    const stop = store.onForeignChange(() => {})
    const whileListening = clock.pendingTimers

    stop()

    expect(whileListening).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('contexts', () => {
  test('a final context that equals the output of the last task is stored only once', async () => {
    const text = `{"text": "${'x'.repeat(1_000_000)}"}`
    const execution = newExecution({ inputText: '{}' })
    await store.openInstance('instance', START)
    await store.createExecution(execution, { kind: 'call' }, START)
    const acquisition = { instanceId: 'instance', workflows: ['ingest'], at: START, limit: 1, recover: false }
    await store.acquireExecutions(acquisition)
    const settled = {
      taskId: 'only',
      status: 'Completed',
      attempts: 1,
      recoveries: 0,
      notBeforeAt: null,
      startedAt: START,
      endedAt: START,
      finishedOrder: 1,
      outputText: text,
      error: null,
    } as const

    await store.settle(
      settlement(execution.id, {
        changes: [settled],
        end: { status: 'Completed', endedAt: START, finalText: text, errorMessage: null },
      }),
    )

    expect((await store.getExecution(execution.id))?.finalText).toBe(text)
    expect(other.all('SELECT * FROM execution_finals')).toEqual([])
  })
})

describe('retention', () => {
  const KEEP_ALL = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null, keysMs: null }

  test('the tick of a firing is removed in the same step as the firing', async () => {
    await store.saveTriggers([declaration()], START)
    await store.recordFired(firedTick({ execution: null }))
    const kept = firedTick({ at: START + 1_000, execution: null })
    await store.recordFired(kept)

    const removed = await store.prune({ ...KEEP_ALL, endedMs: 0 }, START + 500)

    expect(removed).toBe(1)
    expect(await store.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ firingId: kept.firingId }])
  })
})
