/** Benchmark of many firings of one poll: time in which a database stores 1,000 of them. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { administer, durablePostgres } from '../support/postgres-server.ts'
import { declaration, firedTick, newFiring } from '../support/store-builders.ts'
import type { Figure } from './figure.ts'

const FIRINGS = 1_000
const ROUNDS = 9
const WARM_UP_ROUNDS = 3

export async function firingFigures(): Promise<Figure[]> {
  return [await sqliteFigure(), await postgresFigure()]
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

async function sqliteFigure(): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  const store = await openSqliteStore({ path: join(folder, 'a.db'), durability: 'full', clock: new SystemClock() })
  try {
    return { name: '1,000 firings of one poll, SQLite, durability full', ...(await firingFigure(store)), budget: 60 }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

async function postgresFigure(): Promise<Figure> {
  using server = durablePostgres()
  await administer(server.url('postgres'), 'CREATE DATABASE bench')
  const store = await openPostgresStore({ url: server.url('bench'), durability: 'full', clock: new SystemClock() })
  try {
    return { name: '1,000 firings of one poll, PostgreSQL', ...(await firingFigure(store)), budget: 150 }
  } finally {
    await store.close()
  }
}

/**
 * Each firing has a key and an execution, and each poll changes the state. The executions stay active: 3,000 to 12,000
 * of them. With 20,000, SQLite took 60 to 90 ms instead of 40 to 60, because the ids are random.
 */
async function firingFigure(store: Store) {
  await store.saveTriggers([declaration({ initialStateText: '{}' })], Date.now())
  const samples: number[] = []
  const computed: number[] = []
  for (let version = 0; version < ROUNDS + WARM_UP_ROUNDS; version++) {
    const at = Date.now()
    const firings = Array.from({ length: FIRINGS }, (_, row) => newFiring({ key: `row-${version}-${row}` }))
    const polledState = { version, beforeText: `{"last":${version - 1}}`, afterText: `{"last":${version}}` }
    const tick = firedTick({ at, firings, polledState, keysExpireAt: at + 1_000_000 })
    const [begin, computedBefore] = [performance.now(), process.cpuUsage()]
    await store.recordFired(tick)
    samples.push(performance.now() - begin)
    const { user, system } = process.cpuUsage(computedBefore)
    computed.push((user + system) / 1_000)
  }
  const note = `${medianOf(computed.slice(WARM_UP_ROUNDS)).toFixed(0)} ms of them processor time of the engine`
  return { value: medianOf(samples.slice(WARM_UP_ROUNDS)), unit: 'ms', note }
}
