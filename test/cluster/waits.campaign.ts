/**
 * Waits for signals and delays, while engines and the sender of the signals are killed, many of them directly before or
 * after a commit. Each wait ends exactly once, and each signal is used by its wait or kept. `WAIT_KILLS` is the number
 * of kills of engines. Up to 1,000 waits stay open, 50 for each kill.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { SOURCE_MAIN } from '../support/main-path.ts'
import { type AuditedDatabase, auditedPostgres, auditedSqlite, WAIT_AUDITS } from './audited-database.ts'
import type { CommitFault } from './commit-faults.ts'
import { kindOfOrder, type OrderReport, pay, sendOrder, submit } from './orders.ts'

const SCRIPT = fileURLToPath(new URL('waiting-orders.ts', import.meta.url))
const SENDER = fileURLToPath(new URL('order-sender.ts', import.meta.url))
const FAULTS = new URL('commit-faults.ts', import.meta.url).href
const KILLS = Number(process.env.WAIT_KILLS ?? 4)
const OPEN = Math.min(1_000, 50 * KILLS)
/** The sender is killed after every third kill of an engine. */
const SENDER_KILLED_EVERY = 3
/** Minimum number of orders that the sender finishes for each kill. */
const ORDERS_PER_KILL = 10
/** An engine commits more often than this while it starts and handles the first orders. */
const MAX_COMMITS_BEFORE = 60
/** Time after which an engine is killed that has not reached the commit of its fault. */
const KILLED_WITHIN_MS = 2_000
/** With this number of kills, some signals are later than the timeouts of their waits. */
const KILLS_WITH_TIMEOUTS = 20
const QUIET_WITHIN_MS = 120_000
const LIMIT_MS = 240_000 + KILLS * 10_000

let folder: string
let database: AuditedDatabase
let log = ''
const processes = new Set<ChildProcess>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-waits-'))
  log = ''
})
afterEach(async () => {
  for (const each of processes) each.kill('SIGKILL')
  processes.clear()
  await database[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

interface Engine {
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
}

function startEngine(fault: CommitFault | null): Engine {
  const faults = fault === null ? [] : ['--import', FAULTS]
  const child = spawn(process.execPath, [...faults, SOURCE_MAIN, 'serve', SCRIPT, '--no-http'], {
    env: { ...process.env, CLOACA_DATABASE_URL: database.url, COMMIT_FAULT: JSON.stringify(fault) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  processes.add(child)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-10_000)
  })
  return { process: child, ended: once(child, 'exit').then(() => processes.delete(child)) }
}

/** Process that sends orders. It is started again after each of its kills. */
class Sender {
  readonly #begun = new Set<number>()
  readonly finished = new Set<number>()
  #process = this.#start()

  #start(): ChildProcess {
    let first = OPEN
    while (this.finished.has(first)) first += 1
    const child = fork(SENDER, [database.url, String(first), String(OPEN)], { execArgv: [] })
    processes.add(child)
    child.on('message', ({ order, isFinished }: OrderReport) => (isFinished ? this.finished : this.#begun).add(order))
    child.once('exit', () => processes.delete(child))
    return child
  }

  async killAndStart(): Promise<void> {
    await this.#kill()
    this.#process = this.#start()
  }

  /** Returns the number after the last order, and the orders that the kill left unfinished. */
  async kill(): Promise<{ readonly orders: number; readonly unfinished: readonly number[] }> {
    await this.#kill()
    const orders = Math.max(OPEN - 1, ...this.#begun) + 1
    const sent = Array.from({ length: orders - OPEN }, (_, index) => OPEN + index)
    return { orders, unfinished: sent.filter((order) => !this.finished.has(order)) }
  }

  async #kill(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

/** Kills the oldest engine repeatedly, and replaces it. Returns the running engines. */
async function killEngines(engineCount: number, sender: Sender): Promise<readonly Engine[]> {
  const running = Array.from({ length: engineCount }, () => startEngine(null))
  for (let kill = 0; kill < KILLS; kill++) {
    const victim = running.shift()
    // A random time for the engines without a fault, and for those that do not reach theirs.
    const killed = sleep(Math.random() * KILLED_WITHIN_MS).then(() => victim?.process.kill('SIGKILL'))
    await Promise.all([victim?.ended, Promise.race([victim?.ended, killed])])
    const side = kill % 2 === 0 ? 'before' : 'after'
    running.push(startEngine({ side, commits: 5 + Math.floor(Math.random() * MAX_COMMITS_BEFORE) }))
    await until(async () => sender.finished.size >= (kill + 1) * ORDERS_PER_KILL, 'orders are sent')
    if (kill % SENDER_KILLED_EVERY === SENDER_KILLED_EVERY - 1) await sender.killAndStart()
  }
  for (const { process: last } of running) last.kill('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
  return Array.from({ length: engineCount }, () => startEngine(null))
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}\n${log.slice(-5_000)}`)
    await sleep(50)
  }
}

async function count(sql: string): Promise<number> {
  return Number((await database.all(`SELECT count(*) AS n FROM ${sql}`))[0]?.n)
}

interface Ended {
  readonly order: number
  readonly id: string
  readonly paid: unknown
}

/** Returns the results of all executions, which must have completed. */
async function endedOrders(runner: Runner, orders: number): Promise<readonly Ended[]> {
  const ended: Ended[] = []
  for (let offset = 0; offset <= orders; offset += 1_000) {
    const page = await runner.executions.list({ limit: 1_000, offset })
    expect(page.filter(({ status }) => status !== 'Completed')).toEqual([])
    for (const { id } of page) {
      const { order, paid } = JSON.parse(await runner.executions.contextText(id)) as {
        readonly order: number
        readonly paid?: unknown
      }
      ended.push({ order, id, paid })
    }
  }
  return ended.sort((one, other) => one.order - other.order)
}

/** Checks that the outcome of each order agrees with its signal. Returns the number of timeouts. */
async function checkSignals(runner: Runner, ended: readonly Ended[]): Promise<number> {
  let timeouts = 0
  const signals = new Map<string, { readonly state: string; readonly executions: readonly string[] }>()
  for (let after: string | undefined; ; ) {
    const page = await runner.signals.list({ limit: 1_000, ...(after !== undefined && { after }) })
    for (const signal of page) signals.set(signal.id, signal)
    after = page.at(-1)?.id
    if (after === undefined) break
  }
  for (const { order, id, paid } of ended) {
    const { state, executions } = signals.get(`payment ${order}`) ?? { state: 'none', executions: [] }
    const kind = kindOfOrder(order, OPEN)
    const isTimeout = kind === 'paid at the timeout' && paid === null
    if (isTimeout) timeouts += 1
    const expected =
      kind === 'delayed'
        ? { paid: undefined, state: 'none', executions: [] }
        : isTimeout
          ? { paid: null, state: 'kept', executions: [] }
          : { paid: { of: order }, state: 'used', executions: [id] }
    expect({ order, paid, state, executions }).toEqual({ order, ...expected })
  }
  expect(signals.size).toBe(ended.filter(({ order }) => kindOfOrder(order, OPEN) !== 'delayed').length)
  return timeouts
}

describe('waits of nodes', () => {
  test.each([
    ['one engine', 'SQLite', 1, () => auditedSqlite(join(folder, 'waits.db'))],
    ['two engines', 'SQLite', 2, () => auditedSqlite(join(folder, 'waits.db'))],
    ['two engines', 'PostgreSQL', 2, auditedPostgres],
  ] as const)(
    'with %s on %s end exactly once, and lose no signal, while engines and senders are killed',
    { tags: ['proof'], timeout: LIMIT_MS },
    async (_engines, _database, engineCount, open) => {
      database = await open()
      await using runner = await Runner.open({ database: database.url })
      await database.install(WAIT_AUDITS)
      const first = startEngine(null)
      await until(async () => (await runner.workflows.list()).length > 0, 'the workflows are stored')
      await Promise.all(Array.from({ length: OPEN }, (_, order) => submit(runner, order, OPEN)))
      await until(async () => (await count('waits WHERE outcome IS NULL')) === OPEN, 'all waits are open')
      first.process.kill('SIGKILL')
      await first.ended
      const sender = new Sender()
      const running = await killEngines(engineCount, sender)
      const { orders, unfinished } = await sender.kill()
      await Promise.all(unfinished.map((order) => sendOrder(runner, order, OPEN)))
      await until(
        async () =>
          (await count('active_executions')) === OPEN && (await count('waits WHERE outcome IS NULL')) === OPEN,
        'only the open orders wait',
      )
      const all = Array.from({ length: orders }, (_, order) => order)
      // Repeated payments change nothing.
      await Promise.all(
        all.filter((order) => kindOfOrder(order, OPEN) !== 'delayed').map((order) => pay(runner, order)),
      )
      await until(async () => (await count('active_executions')) === 0, 'all executions have ended')

      const ended = await endedOrders(runner, orders)
      expect(ended.map(({ order }) => order)).toEqual(all)
      const timeouts = await checkSignals(runner, ended)
      expect(await count('opened_waits')).toBe(orders)
      expect(await count('ended_waits')).toBe(orders)
      expect(await count('(SELECT DISTINCT execution, node FROM ended_waits) AS waits')).toBe(orders)
      const delays = ended.filter(({ order }) => kindOfOrder(order, OPEN) === 'delayed').length
      expect(await count(`ended_waits WHERE outcome = 'elapsed'`)).toBe(delays + timeouts)
      if (KILLS >= KILLS_WITH_TIMEOUTS) expect(timeouts).toBeGreaterThan(0)
      console.log(`${KILLS} kills, ${orders} orders, of which ${OPEN} waited, ${timeouts} timeouts`)
      for (const { process: last } of running) last.kill('SIGKILL')
      await Promise.all(running.map(({ ended: end }) => end))
    },
  )
})
