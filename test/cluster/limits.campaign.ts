/**
 * Limits over several engines, while they are disturbed: one is killed, one is suspended for longer than a lease, one
 * without its interpreters, and one is cut off from the database. A ledger that the attempts write shows that no limit
 * is exceeded. `LIMIT_ROUNDS` is the number of rounds. A round takes minutes. Without it, nothing runs.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { postgresServer } from '../support/postgres-server.ts'
import { type Audit, type AuditedDatabase, auditedPostgres, auditedSqlite } from './audited-database.ts'
import {
  describeSegments,
  executionsOf,
  keysOf,
  mostAtOnce,
  mostInWindow,
  type Note,
  readLedger,
  type Suspension,
  segmentsOf,
} from './limit-ledger.ts'
import { ServedEngine, signalAll } from './served-engine.ts'
import { StallingProxy } from './stalling-proxy.ts'

const SCRIPTS = ['limited.py', 'limited.ts', 'stubborn.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url)))
const ROUNDS = Number(process.env.LIMIT_ROUNDS ?? 0)
/** Duration of a disturbance, longer than the lease of 10 s even on a busy machine. */
const DISTURBED_MS = 13_000
/** Time in which old attempts of a disturbed engine could still run. */
const WATCHED_AFTER_MS = 3_000
const WITHIN_MS = 70_000
const TEST_MS = 400_000 + ROUNDS * 150_000
const SHORT_S = 0.3
/** Longer than a lease: such an attempt has to be stopped. */
const LONG_S = 12
/** Time after which more long attempts are started. */
const LONG_EVERY_MS = 15_000
const TENANTS = ['a', 'b', 'c']
const WORKFLOWS = ['py_crm', 'ts_crm', 'py_api', 'ts_api', 'py_tenant', 'ts_tenant', 'py_later', 'py_mill']
const LONG_WORKFLOWS = ['py_crm', 'ts_crm', 'py_stubborn', 'ts_stubborn', 'py_tenant']
/** Maximum number of unfinished executions of each workflow that is fed. */
const MAX_UNFINISHED = 12
/** Begun attempts, with the time of the database. */
const BEGUN: Audit = {
  table: 'begun_attempts',
  columns: [
    ['limit_name text NOT NULL', 'NEW.limit_name'],
    ['value text NOT NULL', 'NEW.value'],
    ['begun_at bigint NOT NULL', 'NEW.begun_at'],
  ],
  after: 'INSERT ON limit_attempts',
}
/** Limits in `limited.py`. The workflow limit is that of `py_mill`. */
const MAX_ACTIVE = { crm: 4, tenant: 2, upstream: 2, workflow: 2 } as const
const RATES = { api: { count: 20, windowMs: 5_000 }, tenant: { count: 4, windowMs: 5_000 } } as const

/** Engine, and the connection to the database that it alone uses. */
interface Member {
  engine: ServedEngine
  readonly start: () => Promise<ServedEngine>
  cutOff(ms: number): Promise<void>
}

let folder: string
let ledger: string
let database: AuditedDatabase
let runner: Runner
const proxies = new Set<StallingProxy>()
const pids = new Set<number>()
const suspensions: Suspension[] = []
let numbered = 0
const longOnes = new Set<string>()
/** Disturbances, for the message of a failed check. */
const timeline: string[] = []
const WAYS = ['killed', 'suspended with interpreters:', 'cut off:', 'suspended:']

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-limits-'))
  ledger = join(folder, 'ledger')
  ServedEngine.log = ''
  suspensions.length = 0
  timeline.length = 0
})
afterEach(async () => {
  signalAll(pids, 'SIGKILL')
  pids.clear()
  await runner?.close()
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
  proxies.clear()
  await database?.[Symbol.asyncDispose]()
  // A killed process may write a moment longer.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

/** Reads the clock of the ledger. */
const machineNow = () => Number(process.hrtime.bigint()) / 1e6

async function startOn(url: string, python: string): Promise<ServedEngine> {
  const words = [...SCRIPTS, '--no-http', '--concurrency', '16', '--python', python]
  const engine = await ServedEngine.start(words, { CLOACA_DATABASE_URL: url, LIMITS_LEDGER: ledger })
  for (const pid of engine.pids()) pids.add(pid)
  return engine
}

async function memberOfPostgres(python: string, name: string): Promise<Member> {
  const proxy = await StallingProxy.open((await postgresServer()).socketFolder)
  proxies.add(proxy)
  const start = () => startOn(proxy.url(name), python)
  const cutOff = async (ms: number) => {
    proxy.stall()
    await sleep(ms)
    proxy.forward()
  }
  return { engine: await start(), start, cutOff }
}

/** There is no connection to interrupt, so `cutOff` locks the file for all engines. */
async function memberOfSqlite(python: string): Promise<Member> {
  const start = () => startOn(database.url, python)
  const cutOff = async (ms: number) => {
    const connection = new Connection(database.url)
    connection.beginWrite('kept')
    await sleep(ms)
    connection.rollback()
    connection.close()
  }
  return { engine: await start(), start, cutOff }
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}\n${ServedEngine.log.slice(-6_000)}`)
    await sleep(100)
  }
}

const unfinished = async () => Number((await database.all('SELECT count(*) AS n FROM active_executions'))[0]?.n)

async function submit(workflow: string, seconds: number, priority = 0): Promise<void> {
  const n = numbered++
  if (seconds === LONG_S) longOnes.add(`${workflow}-${n}`)
  await runner.workflows.submit(workflow, { n, seconds, tenant: TENANTS[n % TENANTS.length] ?? '' }, { priority })
}

/** Keeps all limits in use until it is stopped. */
function feed(): { stop(): Promise<void> } {
  let isStopped = false
  const ended = (async () => {
    while (!isStopped) {
      const rows = await database.all('SELECT workflow, count(*) AS n FROM active_executions GROUP BY workflow')
      const full = new Set(rows.filter(({ n }) => Number(n) >= MAX_UNFINISHED).map(({ workflow }) => workflow))
      await Promise.all(WORKFLOWS.filter((name) => !full.has(name)).map((name) => submit(name, SHORT_S)))
      await sleep(100)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await ended
    },
  }
}

/** Starts long attempts until an engine runs one. */
async function untilLongAttemptIn({ engine }: Member): Promise<void> {
  const known = new Set(engine.pids())
  for (const pid of known) pids.add(pid)
  const runsLong = () => {
    const now = machineNow()
    const recent = readLedger(ledger).filter(({ at }) => at > now - 3_000)
    const ended = new Set(recent.flatMap(({ edge, attempt }) => (edge === 'end' ? [attempt] : [])))
    return recent.some(
      ({ edge, of, pid, attempt }) => edge === 'begin' && longOnes.has(of) && known.has(pid) && !ended.has(attempt),
    )
  }
  let submittedAt = Number.NEGATIVE_INFINITY
  await until(async () => {
    if (runsLong()) return true
    if (performance.now() > submittedAt + LONG_EVERY_MS) {
      submittedAt = performance.now()
      await Promise.all(LONG_WORKFLOWS.map((name) => submit(name, LONG_S, 100)))
    }
    return false
  }, 'the engine runs a long attempt')
}

async function suspend(chosen: readonly number[]): Promise<void> {
  const from = machineNow()
  signalAll(chosen, 'SIGSTOP')
  await sleep(DISTURBED_MS)
  signalAll(chosen, 'SIGCONT')
  suspensions.push({ pids: new Set(chosen), from, to: machineNow() })
}

/** Disturbs each engine in another way. */
async function disturb(members: readonly Member[], round: number): Promise<void> {
  const member = (step: number) => members[(round + step) % members.length] as Member
  const steps: readonly ((victim: Member) => Promise<void>)[] = [
    async (victim) => {
      await victim.engine.kill()
      victim.engine = await victim.start()
    },
    ({ engine }) => suspend(engine.pids()),
    (victim) => victim.cutOff(DISTURBED_MS),
    ({ engine }) => suspend([engine.pid]),
  ]
  for (const [number, step] of steps.entries()) {
    const victim = member(number)
    await untilLongAttemptIn(victim)
    const processes = victim.engine.pids().join(', ')
    const begunAt = machineNow()
    await step(victim)
    timeline.push(`${WAYS[number]} ${processes} from ${begunAt} to ${machineNow()}`)
    await sleep(WATCHED_AFTER_MS)
  }
}

/** Checks each limit, and that it was used up. Returns a line for each. */
async function checkLimits(notes: readonly Note[]): Promise<readonly string[]> {
  const report: string[] = []
  for (const [name, maxActive] of Object.entries(MAX_ACTIVE)) {
    let used = 0
    for (const key of keysOf(notes, name)) {
      const segments = name === 'workflow' ? executionsOf(notes, key, suspensions) : segmentsOf(notes, key, suspensions)
      const { most, segments: worst } = mostAtOnce(segments)
      report.push(`${key}: at most ${most} of ${maxActive} at once, ${segments.length} attempts`)
      expect(most, `${key}\n${describeSegments(worst)}\n${timeline.join('\n')}`).toBeLessThanOrEqual(maxActive)
      used = Math.max(used, most)
    }
    expect({ name, used }).toEqual({ name, used: maxActive })
  }
  for (const [name, { count, windowMs }] of Object.entries(RATES)) {
    let used = 0
    const rows = await database.all(`SELECT value, begun_at FROM begun_attempts WHERE limit_name = '${name}'`)
    for (const [value, begun] of Map.groupBy(rows, (row) => String(row.value))) {
      const times = begun.map(({ begun_at }) => Number(begun_at))
      const most = mostInWindow(times, windowMs)
      report.push(`${name} ${value}: at most ${most} of ${count} in ${windowMs} ms, ${times.length} attempts`)
      expect(most, name).toBeLessThanOrEqual(count)
      used = Math.max(used, most)
    }
    expect({ name, used }).toEqual({ name, used: count })
    // Between the decision of the database and the first note, a busy machine may take a moment.
    for (const key of keysOf(notes, name)) {
      const begun = notes.filter(({ edge, keys }) => edge === 'begin' && keys.includes(key)).map(({ at }) => at)
      const most = mostInWindow(begun, windowMs - LATE_MS)
      report.push(`${key}: at most ${most} of ${count} in ${windowMs - LATE_MS} ms in the ledger`)
      expect(most, key).toBeLessThanOrEqual(count)
    }
  }
  return report
}

/** Largest accepted time between the decision that an attempt begins and its first note. */
const LATE_MS = 1_000

// Windows cannot stop a process and let it continue, and only Linux lists the children of a process.
describe.skipIf(process.platform !== 'linux' || ROUNDS === 0)('limits of tasks and workflows', () => {
  test.each([
    [
      'three engines on PostgreSQL',
      async () => {
        const postgres = await auditedPostgres()
        database = postgres
        return ['pyodide', 'python3', 'pyodide'].map((python) => () => memberOfPostgres(python, postgres.name))
      },
    ],
    [
      'two engines on SQLite',
      async () => {
        database = await auditedSqlite(join(folder, 'limits.db'))
        return ['pyodide', 'python3'].map((python) => () => memberOfSqlite(python))
      },
    ],
  ])(
    'are not exceeded by %s that are killed, suspended and cut off',
    { tags: ['proof'], timeout: TEST_MS },
    async (_engines, open) => {
      const starts = await open()
      runner = await Runner.open({ database: database.url })
      await database.install([BEGUN])
      const members: Member[] = []
      for (const start of starts) members.push(await start())
      const feeding = feed()

      for (let round = 0; round < ROUNDS; round++) await disturb(members, round)
      await feeding.stop()
      await until(async () => (await unfinished()) === 0, 'all executions have ended')

      const notes = readLedger(ledger)
      const report = await checkLimits(notes)
      console.log(report.join('\n'))
      const failed = await runner.executions.list({ status: 'Failed', limit: 1_000 })
      expect(failed).toEqual([])
      const ended = new Set(notes.flatMap(({ of, edge }) => (edge === 'end' ? [of] : [])))
      expect(ended.size).toBe(numbered)
    },
  )
})
