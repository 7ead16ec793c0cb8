/** Cost of the steps of graphs, which does not grow with the number of queued or stored events and firings. */

import pg from 'pg'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { Session } from '../../src/store/postgres/session/postgres-session.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { declared, delivery, newEvents, passOn, subscription } from '../support/graph-builders.ts'
import { askEverything } from '../support/graph-scenario.ts'
import { temporaryDatabase } from '../support/postgres-server.ts'
import { START } from '../support/store-builders.ts'
import { temporaryFolder } from '../support/store-sites.ts'

/** Tables that grow with the number of events, unlike `kept_values`, whose size is limited by the capacity. */
const LARGE = '(source_events|source_polls|reactor_firings|firing_causes|firing_executions|executions|stream_positions)'
const GRAPH_TABLES =
  /\b(source_\w+|sources|kept_values|stream_positions|reactors|reactor_\w+|firing_\w+|graphs|graph_\w+|subscriptions)\b/

/** Tables that are empty after retention has removed all old rows. */
const PRUNED = ['source_events', 'source_polls', 'reactor_firings', 'firing_causes', 'firing_executions']

const clock = new SystemClock({ keepsProcessAlive: false })

afterEach(() => vi.restoreAllMocks())

describe('no statement scans a growing table, and retention leaves no rows behind', () => {
  test('on SQLite', async () => {
    using folder = temporaryFolder()
    const path = folder.file('graphs.db')
    const asked = new Set<string>()
    const spies = (['one', 'all', 'each', 'run'] as const).map((name) => vi.spyOn(Connection.prototype, name))
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await askEverything(store)
    await store.close()
    for (const { mock } of spies) for (const [sql] of mock.calls) if (GRAPH_TABLES.test(sql)) asked.add(sql)

    const connection = new Connection(path)
    const walks = [...asked].flatMap((sql) => {
      const length = Math.max(0, ...numbersIn(sql), [...sql.matchAll(/\?/g)].length)
      const values = Array.from({ length }, () => null)
      const plan = connection.all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)
      return plan.flatMap(({ detail }) => (new RegExp(`^SCAN ${LARGE}\\b`).test(detail) ? `${detail}: ${sql}` : []))
    })
    const left = PRUNED.map((table) => connection.one<{ readonly n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n)
    connection.close()

    expect(left).toEqual(PRUNED.map(() => 0))
    expect(asked.size).toBeGreaterThan(50)
    expect(walks).toEqual([])
  })

  test('on PostgreSQL', async () => {
    await using database = await temporaryDatabase()
    const spies = (['all', 'run'] as const).map((name) => vi.spyOn(Session.prototype, name))
    const store = await openPostgresStore({ url: database.url, durability: 'normal', clock })
    await askEverything(store)
    await store.close()
    const calls = spies.flatMap(({ mock }) => mock.calls.map(([sql]) => sql))
    const asked = [...new Set(calls)].filter((sql) => GRAPH_TABLES.test(sql))

    const client = new pg.Client(database.url)
    await client.connect()
    await client.query('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan')
    const walks: string[] = []
    for (const sql of asked) {
      const values = Math.max(0, ...numbersIn(sql))
      const given = values === 0 ? '' : `(${Array.from({ length: values }, () => 'NULL').join()})`
      await client.query(`PREPARE asked AS ${sql}`)
      const { rows } = await client.query(`EXPLAIN EXECUTE asked${given}`)
      await client.query('DEALLOCATE asked')
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      const walk = new RegExp(`Seq Scan on ${LARGE}\\b`).exec(plan)
      if (walk !== null) walks.push(`${walk[0]}: ${sql}`)
    }
    const left = []
    for (const table of PRUNED) left.push((await client.query(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n)
    await client.end()

    expect(left).toEqual(PRUNED.map(() => 0))
    expect(asked.length).toBeGreaterThan(50)
    expect(walks).toEqual([])
  })
})

/** Returns the numbers of the placeholders in a statement. */
function numbersIn(sql: string): readonly number[] {
  return [...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number))
}

test('100,000 queued events are each delivered, run and passed to the subscription once, in order', {
  tags: ['proof'],
}, async () => {
  const [count, batch] = [100_000, 5_000]
  const store = await openSqliteStore({ path: ':memory:', durability: 'normal', clock })
  const { graphs } = store
  await store.openInstance('one', START)
  await graphs.declare('one', declared(), START)
  const id = await graphs.subscribe(subscription())
  const texts = Array.from({ length: batch }, (_, index) => `${index}`)
  for (let at = 0; at < count; at += batch) await graphs.accept(newEvents(texts, { maxWaiting: count }))
  const [lease] = await graphs.leaseSources('one', ['prices'])

  let [done, ran, passed] = [0, 0, 0]
  while (done < count) {
    const events = await graphs.eventsAfter('prices', done, { events: batch, maxChars: 1_000_000 })
    const values = events.map(({ sequence, eventText }) => {
      return { firstSequence: sequence, lastSequence: sequence, valueText: eventText }
    })
    const upToSequence = events.at(-1)?.sequence ?? 0
    const result = await graphs.deliver(delivery({ lease: lease?.number ?? 0, upToSequence, values }))
    if (result.kind === 'lost') throw new Error('it was lost')
    expect(result.firings.map(({ sequence }) => sequence)).toEqual(events.map(({ sequence }) => sequence))
    ran += result.run.length * result.firings.length
    done = upToSequence
  }
  for (let isDone = false; !isDone; ) {
    const [pending] = await graphs.pendingSubscriptions(['ingest'], batch)
    if (pending === undefined) isDone = true
    else {
      expect(pending.firings[0]?.sequence).toBe(passed + 1)
      passed += pending.firings.length
      // Imitates a predicate that matches every thousandth firing.
      const executions = passOn(id, pending.firings).executions.filter(({ firing }) => firing.sequence % 1_000 === 0)
      expect(await graphs.advance(passOn(id, pending.firings, { executions }))).toEqual([])
    }
  }

  expect([done, ran, passed]).toEqual([count, count, count])
  expect(await graphs.getSource('prices')).toMatchObject({ waiting: 0, lastSequence: count })
  expect(await store.countExecutions()).toEqual({ Pending: count / 1_000 })
  await store.close()
})
