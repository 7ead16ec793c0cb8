/** Incidents on PostgreSQL: several engines without deadlocks, and the statements of steps that store a success. */

import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { Session } from '../../src/store/postgres/session/postgres-session.ts'
import { acquiredExecution } from '../support/acquired-execution.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import {
  alertFacts,
  completed,
  cronClaim,
  declaration,
  FIRST_PAGE,
  firedTick,
  incidentReport,
  newCron,
  START,
  settlement,
  skippedTick,
  URL_OF_ONCALL,
} from '../support/store-builders.ts'

const NAMES = ['a', 'b', 'c', 'd']
const ROUNDS = 25

let database: TemporaryDatabase
let stores: readonly [Store, Store]

beforeEach(async () => {
  database = await temporaryDatabase()
  const clock = new SystemClock({ keepsProcessAlive: false })
  const open = () => openPostgresStore({ url: database.url, durability: 'normal', clock })
  stores = [await open(), await open()]
})
afterEach(async () => {
  for (const store of stores) await store.close()
  await database[Symbol.asyncDispose]()
})

test('two engines that report, end and take in opposite orders never wait for a deadlock', async () => {
  const calls = (store: Store, names: readonly string[], at: number) =>
    names.flatMap((subject) => [
      store.incidents.report(incidentReport({ subject, at })),
      store.incidents.end(['execution-failed'], subject, at + 1),
      store.incidents.report(incidentReport({ subject, at: at + 2 })),
      store.incidents.take({ targets: [URL_OF_ONCALL], at, limit: 2 }),
    ])

  for (let round = 0; round < ROUNDS; round++) {
    const at = START + round * 3_600_000
    await Promise.all([...calls(stores[0], NAMES, at), ...calls(stores[1], [...NAMES].reverse(), at)])
  }

  const incidents = await stores[0].incidents.listIncidents(FIRST_PAGE)
  const failures = incidents.flatMap(({ kind, count }) => (kind === 'execution-failed' ? count : []))
  expect(failures.reduce((sum, count) => sum + count, 0)).toBe(NAMES.length * ROUNDS * 4)
  expect(stores.map(({ counters }) => counters.locked)).toEqual([0, 0])
})

test('two engines that report one new subject at the same time open one incident', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const report = incidentReport({ subject: `workflow ${round}` })
    await Promise.all(stores.map((store) => store.incidents.report(report)))
  }

  const incidents = await stores[0].incidents.listIncidents(FIRST_PAGE)
  expect(incidents.map(({ count }) => count)).toEqual(Array(ROUNDS).fill(2))
  expect(await stores[0].incidents.listAlerts(FIRST_PAGE)).toHaveLength(ROUNDS)
})

/** Opens an incident in a transaction of another engine, which `commit` ends. */
async function uncommitted(kind: string, subject: string, ...before: readonly string[]) {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const facts = JSON.stringify(alertFacts())
  await client.query('BEGIN')
  for (const statement of before) await client.query(statement)
  await client.query(
    `INSERT INTO incidents (id, kind, subject, opened_at, last_at, count, is_silent, sends_recovery, targets, facts)
     VALUES ('i-1', $1, $2, $3, $3, 1, false, true, '[]', $4)`,
    [kind, subject, START, facts],
  )
  return {
    async commit() {
      await client.query('COMMIT')
      await client.end()
    },
    async waiters(): Promise<number> {
      const { rows } = await client.query(`SELECT count(*) AS n FROM pg_locks WHERE NOT granted`)
      return Number(rows[0]?.n)
    },
  }
}

test('a poll that waited for a failure of the same trigger ends its incident', async () => {
  const [store] = stores
  await store.saveTriggers([declaration()], START)
  const counting = "UPDATE triggers SET failures_in_row = failures_in_row + 1 WHERE name = 'inbox'"
  const failure = await uncommitted('trigger-failing', 'inbox', counting)

  const fired = store.recordFired(firedTick({ at: START + 1 }))
  await vi.waitUntil(async () => (await failure.waiters()) > 0, { timeout: LIMIT_MS })
  await failure.commit()

  expect(await fired).toEqual({ kind: 'started' })
  expect(await store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ endedAt: START + 1 }])
})

test('a success that is stored while another engine stores a failure leaves the incident to the next one', async () => {
  const [store] = stores
  const [first, second] = [await acquiredExecution(store), await acquiredExecution(store)]
  const end = { status: 'Completed', endedAt: START + 1, finalText: '{}', errorMessage: null } as const
  const failure = await uncommitted('execution-failed', 'ingest')

  await store.settle(settlement(first.id, { changes: [completed('only')], end }))
  await failure.commit()
  const afterFirst = await store.incidents.listIncidents(FIRST_PAGE)
  await store.settle(settlement(second.id, { changes: [completed('only')], end: { ...end, endedAt: START + 2 } }))

  expect(afterFirst).toMatchObject([{ endedAt: null }])
  expect(await store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ endedAt: START + 2 }])
})

test('a success without an open incident sends no statement about incidents except a query beside skips', async () => {
  const [store] = stores
  const { id } = await acquiredExecution(store)
  await store.saveTriggers([declaration(), declaration({ name: 'skipping' })], START)
  const schedule = newCron()
  await store.createCron(schedule)
  const statements = vi.spyOn(Session.prototype, 'all')
  const changes = vi.spyOn(Session.prototype, 'run')

  const end = { status: 'Completed', endedAt: START, finalText: '{}', errorMessage: null } as const
  await store.settle(settlement(id, { changes: [completed('only')], end }))
  await store.recordFired(firedTick())
  await store.claimCron(cronClaim(schedule))
  const sent = [...statements.mock.calls, ...changes.mock.calls].map(([sql]) => sql)
  store.noteSkip(skippedTick({ trigger: 'skipping' }))
  await store.listTicks('skipping', FIRST_PAGE)
  const withSkips = [...statements.mock.calls, ...changes.mock.calls].map(([sql]) => sql)

  const isAboutIncidents = (sql: string) => /incidents|alerts/.test(sql) && !/has_?incident\b/i.test(sql)
  expect(sent.length).toBeGreaterThan(8)
  expect(sent.filter(isAboutIncidents)).toEqual([])
  expect(withSkips.filter(isAboutIncidents)).toEqual([expect.stringContaining('SELECT kind, subject, last_at')])
  statements.mockRestore()
  changes.mockRestore()
})
