/** Sources and reactors on PostgreSQL that several engines use at the same time, without deadlocks. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { Session } from '../../src/store/postgres/session/postgres-session.ts'
import { declared, delivery, graph, newEvents, reactor, source } from '../support/graph-builders.ts'
import { type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { START } from '../support/store-builders.ts'

const NAMES = ['a', 'b', 'c', 'd']
const ROUNDS = 25

let database: TemporaryDatabase
let stores: readonly Store[]

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

test('two engines that accept, deliver and claim in opposite orders never wait for a deadlock', async () => {
  const given = declared({
    sources: NAMES.map((name) => source(name)),
    reactors: ['x', 'y', 'z'].map((name) => reactor(name, NAMES)),
    graphs: ['g', 'h'].map((name) => graph(name, 'x')),
  })
  const engines = await Promise.all(
    stores.map(async (store, index) => {
      const id = `engine ${index}`
      await store.openInstance(id, START)
      return { store, id, order: index === 0 ? NAMES : [...NAMES].reverse() }
    }),
  )
  await engines[0]?.store.graphs.declare('engine 0', given, START)
  const leases = new Map<string, { readonly store: Store; readonly id: string; readonly number: number }>()
  for (const { store, id } of engines) {
    const own = NAMES.filter((_, at) => id.endsWith(`${at % 2}`))
    for (const { source: name, number } of await store.graphs.leaseSources(id, own))
      leases.set(name, { store, id, number })
  }
  const deliverNext = async (name: string, sequence: number) => {
    const { store, id, number } = leases.get(name) ?? { store: stores[0], id: '', number: 0 }
    const values = [{ firstSequence: sequence, lastSequence: sequence, valueText: '1' }]
    const of = { source: name, instanceId: id, lease: number, graphs: [{ graph: 'g', reactor: 'x' }] }
    return await store?.graphs.deliver(delivery({ ...of, upToSequence: sequence, values }))
  }

  for (let round = 1; round <= ROUNDS; round++) {
    // Each engine accepts one event per source. A round therefore adds two events per source, and delivers one.
    const steps = engines.flatMap(({ store, order }) =>
      order.flatMap((name) => [
        store.graphs.accept(newEvents(['1'], { source: name })),
        store.graphs.claimRuns(['h', 'g'], 2),
      ]),
    )
    await Promise.all(steps)
    const results = await Promise.all(NAMES.map((name) => deliverNext(name, round)))
    expect(results.map((result) => result?.kind)).toEqual(NAMES.map(() => 'delivered'))
  }

  const [store] = stores
  expect((await store?.graphs.listSources())?.map(({ lastSequence }) => lastSequence)).toEqual(
    NAMES.map(() => 2 * ROUNDS),
  )
  expect((await store?.graphs.listReactors())?.map(({ lastSequence }) => lastSequence)).toEqual([100, 100, 100])
  expect(stores.map(({ counters }) => counters.locked)).toEqual([0, 0])
})

test('events accepted one by one in a tick of the event loop share one transaction and one statement', async () => {
  const [store] = stores
  if (store === undefined) return
  await store.openInstance('one', START)
  await store.graphs.declare('one', declared({ sources: [source(), source('news')] }), START)
  const commits = store.counters.commits.accept
  const before = commits.duration.count
  const statements = vi.spyOn(Session.prototype, 'run')

  const calls = Array.from({ length: 60 }, (_, index) =>
    store.graphs.accept(newEvents([`${index}`], { source: index % 3 === 0 ? 'news' : 'prices' })),
  )
  const answers = await Promise.all(calls)

  const sequences = answers.map((answer) => (answer.kind === 'accepted' ? answer.firstSequence : 0))
  const ofPrices = sequences.filter((_, index) => index % 3 !== 0)
  expect(ofPrices).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  expect(commits.duration.count - before).toBe(1)
  expect(statements.mock.calls.filter(([sql]) => /INSERT INTO source_events/.test(sql))).toHaveLength(1)
  statements.mockRestore()
})
