/** Partitions of the history on PostgreSQL by time: parts are created in advance and dropped as a whole. */

import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DAY_MS, newSeq } from '../../src/store/postgres/schema/table-families.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  settlement,
  skippedTick,
} from '../support/store-builders.ts'

const KEEP_ALL = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null, keysMs: null }
const TODAY = Math.floor(Date.now() / DAY_MS)
/** Start of tomorrow. It is in the first part, which covers a week from today. */
const TOMORROW = (TODAY + 1) * DAY_MS

let database: TemporaryDatabase
let store: Store
/** Time of the server, which stays within one day if the tests run at midnight. */
let now: number
let notices: string[]

const open = (url = database.url) =>
  openPostgresStore({
    url,
    durability: 'normal',
    clock: new SystemClock({ keepsProcessAlive: false }),
    serverNow: () => now,
    notice: (message) => notices.push(message),
  })
const sql = (text: string) => administer(database.url, text)
const partsOf = async (table: string): Promise<readonly string[]> => {
  const parts = await sql(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${table}'::regclass`,
  )
  return parts.map(({ name }) => String(name).slice(table.length + 1)).sort()
}
const suffix = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
const countIn = async (table: string) => Number((await sql(`SELECT count(*) AS n FROM ${table}`))[0]?.n)
const pruneAll = async (endedMs: number) => {
  let sum = 0
  for (let removed = -1; removed !== 0; sum += removed) removed = await store.prune({ ...KEEP_ALL, endedMs }, now)
  return sum
}

/** Runs an execution that a trigger starts, until it has completed. Returns its id. */
const runOne = async (at: number): Promise<string> => {
  await store.openInstance('engine', at)
  const execution = newExecution()
  await store.recordFired(firedTick({ execution, at, allowConcurrent: true }))
  const acquisition = { instanceId: 'engine', workflows: ['ingest'], at, limit: 10, recover: false }
  await store.acquireExecutions(acquisition)
  await store.settle(
    settlement(execution.id, {
      changes: [completed('only', { outputText: '{"n":1}' })],
      end: { status: 'Completed', endedAt: at + 5, finalText: '{"n":1}', errorMessage: null },
    }),
  )
  return execution.id
}
/** Inserts enough executions for their part to be dropped as a whole. */
const runMany = (at: number) =>
  sql(`INSERT INTO executions (seq, id, workflow, version, status, origin, created_at, ended_at, error_message)
       SELECT ${newSeq(`${at}`)}, gen_random_uuid(), 'many', 'v', 'Failed', 'call', ${at}, ${at},
              repeat('x', 1800)
       FROM generate_series(1, 9500) n`)

beforeEach(async () => {
  notices = []
  now = (TODAY + 0.5) * DAY_MS
  database = await temporaryDatabase()
  store = await open()
  await store.saveTriggers([declaration({ allowConcurrent: true })], now)
})
afterEach(async () => {
  await store.close().catch(() => undefined)
  await database[Symbol.asyncDispose]()
})

describe('parts of the history', () => {
  test('are created in advance, both when the database is opened and during upkeep', async () => {
    const first = await partsOf('executions')
    now = (TODAY + 6) * DAY_MS
    await store.prune(KEEP_ALL, now)
    const second = await partsOf('executions')
    await store.prune(KEEP_ALL, now)

    expect(first).toEqual([suffix(TODAY), 'default'])
    expect(second).toEqual([suffix(TODAY), suffix(TODAY + 7), 'default'])
    expect(await partsOf('task_outputs')).toEqual(second)
    expect(await partsOf('ticks_skipped')).toEqual(second)
  })

  test('contain the rows of their days; rows without a part go into the default part', async () => {
    const id = await runOne(TOMORROW + 10)
    const stray = await runOne(TOMORROW + 400 * DAY_MS)

    const part = suffix(TODAY)
    const tables = ['executions', 'execution_inputs', 'task_runs', 'task_outputs', 'firings', 'ticks_fired']
    const found = await Promise.all(tables.flatMap((of) => [countIn(`${of}_${part}`), countIn(`${of}_default`)]))
    expect(found).toEqual(tables.flatMap(() => [1, 1]))
    expect((await store.listExecutions(FIRST_PAGE)).map((each) => each.id)).toEqual([stray, id])
    expect((await store.getExecution(id))?.finalText).toBe('{"n":1}')
  })

  test('receive the rows of their days from the default part when they are created', async () => {
    const at = (TODAY + 20) * DAY_MS
    const id = await runOne(at)
    store.noteSkip(skippedTick({ at }))
    await store.recordFired(firedTick({ at, execution: null }))
    now = at

    await store.prune(KEEP_ALL, now)

    const names = ['executions', 'task_outputs', 'ticks_skipped'].flatMap((of) => [
      `${of}_default`,
      `${of}_${suffix(TODAY + 20)}`,
    ])
    expect(await Promise.all(names.map(countIn))).toEqual([0, 1, 0, 1, 0, 1])
    expect((await store.getExecution(id))?.tasks).toHaveLength(1)
  })

  test('are created once if several engines create them at the same time', { tags: ['proof'] }, async () => {
    const others = [await open(), await open()]
    now = (TODAY + 30) * DAY_MS

    await Promise.all([store, ...others].map((each) => each.prune(KEEP_ALL, now)))

    expect(await partsOf('executions')).toEqual([suffix(TODAY), suffix(TODAY + 30), 'default'])
    await Promise.all(others.map((each) => each.close()))
  })

  test('are not created by a user who does not own the tables, who gets a warning and can still write', async () => {
    await sql(`CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO reader;
               GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader`)
    now = (TODAY + 30) * DAY_MS
    const other = await open(`postgresql://reader:x@${database.place}`)

    await other.createExecution(newExecution(), { kind: 'call' }, now)

    expect(notices).toEqual([expect.stringMatching(/Cannot partition the history .* by time.*must own the tables/s)])
    expect(await countIn('execution_inputs_default')).toBe(1)
    await other.close()
    await sql('DROP OWNED BY reader; DROP ROLE reader')
  })
})

describe('retention', () => {
  test('drops a large part when all of its rows have expired, and deletes none of them before', async () => {
    await runMany(TOMORROW)
    await runOne(TOMORROW + 2 * DAY_MS)
    now = (TODAY + 40) * DAY_MS

    const early = await pruneAll(now - (TODAY + 6) * DAY_MS)
    const kept = await countIn('executions')
    const late = await pruneAll(now - (TODAY + 7) * DAY_MS)

    expect([early, kept]).toEqual([0, 9_501])
    expect(late).toBeGreaterThan(0)
    for (const table of ['executions', 'task_runs', 'firings', 'ticks_fired']) {
      expect(await partsOf(table)).not.toContain(suffix(TODAY))
    }
    expect(await store.listExecutions(FIRST_PAGE)).toEqual([])
    expect(await store.listTicks('inbox', FIRST_PAGE)).toEqual([])
  })

  test('keeps the part of an unfinished execution, and deletes the other executions of that part', async () => {
    await runMany(TOMORROW)
    const unfinished = newExecution({ workflow: 'slow' })
    await store.createExecution(unfinished, { kind: 'call' }, TOMORROW)
    now = (TODAY + 60) * DAY_MS

    const soon = await pruneAll(now - (TODAY + 10) * DAY_MS)
    const removed = await pruneAll(1)

    expect([soon, removed]).toEqual([0, 9_500])
    expect(await partsOf('executions')).toContain(suffix(TODAY))
    expect((await store.getExecution(unfinished.id))?.inputText).toBe('{}')
  })

  test('deletes the expired rows of a small part immediately, and drops the part when it is empty', async () => {
    const id = await runOne(TOMORROW)
    const other = await runOne(TOMORROW + DAY_MS)
    now = (TODAY + 3) * DAY_MS

    await pruneAll(now - TOMORROW - 10)
    const left = await Promise.all([id, other].map((each) => store.getExecution(each)))
    now = (TODAY + 60) * DAY_MS
    await pruneAll(1)
    await pruneAll(1)

    expect(left.map((each) => each?.id)).toEqual([undefined, other])
    expect(await partsOf('executions')).not.toContain(suffix(TODAY))
  })

  test('skips a part while a long read transaction uses it, and drops it afterwards', async () => {
    await runMany(TOMORROW)
    now = (TODAY + 60) * DAY_MS
    const reader = new pg.Client({ connectionString: database.url })
    await reader.connect()
    await reader.query('BEGIN; SELECT 1 FROM executions LIMIT 1')

    const whileReading = await store.prune({ ...KEEP_ALL, endedMs: now - (TODAY + 7) * DAY_MS }, now)
    const kept = await partsOf('executions')
    await reader.query('COMMIT')
    await reader.end()
    await pruneAll(now - (TODAY + 7) * DAY_MS)

    expect(whileReading).toBe(0)
    expect(kept).toContain(suffix(TODAY))
    expect(await partsOf('executions')).not.toContain(suffix(TODAY))
  })
})
