/**
 * A trigger with state that reads a stream of numbered rows, while its engines are killed and suspended at each
 * boundary of a poll, and lose commits. Each row is fired exactly once, in order. `STREAM_KILLS` is the number of
 * kills; the stream has 50 rows for each kill.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { SOURCE_MAIN } from '../support/main-path.ts'
import { administer, temporaryDatabase } from '../support/postgres-server.ts'
import { BOUNDARIES, type PollFault } from './poll-boundaries.ts'

const SCRIPT = fileURLToPath(new URL('rows.py', import.meta.url))
const FAULTS = new URL('poll-faults.ts', import.meta.url).href
const KILLS = Number(process.env.STREAM_KILLS ?? 4)
const ROWS = 50 * KILLS
/** Small, so that the stream does not end before the last kill. */
const MAX_POLLS_BEFORE = 4
/** With two engines, each fifth fault suspends an engine instead of killing it. */
const SUSPENDED_EVERY = 5
/** Longer than the 10 s after which an engine is considered dead, even on a busy machine. */
const SUSPENDED_MS = 15_000
/** Time in which an engine that continues stores the answer of its poll, or is refused. */
const CONTINUED_MS = 3_000
const QUIET_WITHIN_MS = 180_000 + KILLS * 3_000
const LIMIT_MS = 300_000 + KILLS * 20_000

/** Python that runs the script: the engines take turns. */
const PYTHONS = [[], ['--python', 'python3']] as const

const REFUSED = 'was suspended for so long'
const LOST = ['lost before', 'lost after']
const NOTED = [REFUSED, ...LOST]

const FIRED = `
SELECT execution_id AS id FROM (
  SELECT seq, execution_id FROM firings UNION ALL SELECT seq, execution_id FROM active_firings
) AS fired ORDER BY seq`

interface Database extends AsyncDisposable {
  readonly url: string
  /** Returns the ids of the executions of all firings, in the order in which these were stored. */
  firedExecutions(): Promise<readonly string[]>
}

async function sqlite(): Promise<Database> {
  const url = join(folder, 'rows.db')
  return {
    url,
    async firedExecutions() {
      const connection = new Connection(url)
      try {
        return connection.all<{ readonly id: string }>(FIRED).map(({ id }) => id)
      } finally {
        connection.close()
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function postgres(): Promise<Database> {
  const temporary = await temporaryDatabase()
  const { url } = temporary
  return {
    url,
    firedExecutions: async () => (await administer(url, FIRED)).map(({ id }) => String(id)),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  }
}

let folder: string
let log: string
/** Texts of `NOTED` that the engines have written. */
let noted: Set<string>
let started: number
let database: Database
const engines = new Set<ChildProcess>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-rows-'))
  log = ''
  noted = new Set()
  started = 0
})
afterEach(async () => {
  for (const engine of engines) engine.kill('SIGKILL')
  engines.clear()
  await database[Symbol.asyncDispose]()
  // A killed process may write a moment longer.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

interface Engine {
  readonly process: ChildProcess
  /** Settles when the engine is killed or suspended. */
  readonly failed: Promise<void>
  readonly fault: PollFault | null
}

function startEngine(fault: PollFault | null): Engine {
  const python = PYTHONS[started++ % PYTHONS.length] ?? []
  const faults = fault === null ? [] : ['--import', FAULTS]
  const child = spawn(process.execPath, [...faults, SOURCE_MAIN, 'serve', SCRIPT, '--no-http', ...python], {
    env: {
      ...process.env,
      CLOACA_DATABASE_URL: database.url,
      STREAM_ROWS: String(ROWS),
      STREAM_JOURNAL: join(folder, 'journal'),
      POLL_FAULT: JSON.stringify(fault),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  engines.add(child)
  const failed = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-20_000)
      for (const each of NOTED) if (log.includes(each)) noted.add(each)
      if (fault?.signal === 'SIGSTOP' && text.includes(`fault ${fault.boundary}`)) resolve()
    })
    child.once('exit', (code, signal) => {
      engines.delete(child)
      if (fault?.signal === 'SIGKILL' && signal === 'SIGKILL') resolve()
      else reject(new Error(`an engine ended with ${signal ?? code}: ${log.slice(-5_000)}`))
    })
  })
  failed.catch(() => undefined) // Ignored: the engine may be stopped at the end of the test
  return { process: child, failed, fault }
}

async function stop({ process: child }: Engine): Promise<void> {
  if (!engines.has(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Lets a suspended engine continue after others consider it dead, and kills it later. */
async function continueLater(engine: Engine, isReplaced: () => boolean, hasContinued: () => boolean): Promise<void> {
  await sleep(SUSPENDED_MS)
  await until(async () => isReplaced(), 'another engine polls')
  engine.process.kill('SIGCONT')
  await sleep(CONTINUED_MS)
  await until(async () => hasContinued(), 'the answer of the poll is refused')
  await stop(engine)
}

/** Returns the faults of all engines, so that kills and suspensions each go through all boundaries. */
function faultsOf(engineCount: number): readonly PollFault[] {
  // The first suspension is after an answer.
  const next = { SIGKILL: 0, SIGSTOP: BOUNDARIES.indexOf('before the transaction') }
  return Array.from({ length: KILLS }, (_, index) => {
    const signal = engineCount > 1 && index % SUSPENDED_EVERY === 0 ? 'SIGSTOP' : 'SIGKILL'
    const boundary = BOUNDARIES[next[signal]++ % BOUNDARIES.length] ?? 'before the poll'
    const polls = (index + Math.floor(index / BOUNDARIES.length)) % (MAX_POLLS_BEFORE + 1)
    return { boundary, signal, polls, lost: index % 2 === 0 ? 'before' : 'after' }
  })
}

/** Runs engines, and replaces each that is killed or suspended, until all faults have happened. */
async function runEngines(engineCount: number): Promise<void> {
  const faults = faultsOf(engineCount)
  const running = new Set(faults.slice(0, engineCount).map(startEngine))
  const continued: Promise<void>[] = []
  let failures = 0
  for (let next = engineCount; running.size > 0; next++) {
    const engine = await Promise.race([...running].map((each) => each.failed.then(() => each)))
    running.delete(engine)
    failures += 1
    if (engine.fault?.signal === 'SIGSTOP') {
      // After the first suspension, other engines reach their faults, for which they need the lease.
      const isFirst = continued.length === 0
      const before = failures
      const isReplaced = () => !isFirst || failures > before
      continued.push(continueLater(engine, isReplaced, () => !isFirst || noted.has(REFUSED)))
    }
    const fault = faults[next]
    if (fault !== undefined) running.add(startEngine(fault))
  }
  await Promise.all(continued)
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}\n${log.slice(-5_000)}`)
    await sleep(200)
  }
}

async function lastRow(runner: Runner): Promise<number> {
  const { state } = await runner.triggers.state('new_rows')
  return Number((state as { readonly last?: number }).last ?? 0)
}

async function isQuiet(runner: Runner): Promise<boolean> {
  if ((await lastRow(runner)) < ROWS) return false
  const counts = await Promise.all(
    (['Pending', 'Running'] as const).map((status) => runner.executions.list({ status, limit: 1 })),
  )
  return counts.flat().length === 0
}

/** Reads the whole stream with an engine without faults, and checks that each row was fired once, in order. */
async function checkStream(runner: Runner): Promise<void> {
  await until(() => isQuiet(runner), 'all rows are fired, and all executions have ended')
  const fired: number[] = []
  const rows = new Map<string, number>()
  for (const id of await database.firedExecutions()) {
    const { row } = JSON.parse(await runner.executions.inputText(id)) as { readonly row: number }
    fired.push(row)
    rows.set(id, row)
  }
  const all = Array.from({ length: ROWS }, (_, index) => index + 1)
  expect(fired).toEqual(all)
  let executions = 0
  // Rows whose task was running at the maximum number of kills, so that it is not started again.
  const abandoned = new Set<number | undefined>()
  for (let offset = 0; offset < 2 * ROWS; offset += 1_000) {
    const page = await runner.executions.list({ limit: 1_000, offset })
    const others = page.filter(({ status }) => status !== 'Completed')
    expect(others.filter(({ errorMessage }) => !errorMessage?.includes('ABANDONED'))).toEqual([])
    for (const { id } of others) abandoned.add(rows.get(id))
    executions += page.length
  }
  expect(executions).toBe(ROWS)
  let firings = 0
  for (let offset = 0; offset < 2 * ROWS; offset += 1_000) {
    for (const tick of await runner.triggers.ticks('new_rows', { limit: 1_000, offset })) {
      expect(tick).toMatchObject({ outcome: expect.stringMatching(/^(fired|skipped)$/), duplicates: 0 })
      firings += tick.firings
    }
  }
  expect(firings).toBe(ROWS)
  const taken = new Set(readFileSync(join(folder, 'journal'), 'utf8').split('\n').map(Number))
  expect(all.filter((row) => !taken.has(row) && !abandoned.has(row))).toEqual([])
}

// Windows cannot suspend a process.
describe.skipIf(process.platform === 'win32')('a trigger that reads a stream of rows', () => {
  test.each([
    ['one engine', 'SQLite', 1, sqlite, []],
    // The first engine that is suspended has the answer of a poll, which it may not store any more.
    ['two engines', 'SQLite', 2, sqlite, [REFUSED]],
    ['two engines', 'PostgreSQL', 2, postgres, [REFUSED, ...LOST]],
  ] as const)(
    'with %s on %s fires each row once, in order, while engines are killed, suspended and disconnected',
    { tags: ['proof'], timeout: LIMIT_MS },
    async (_engines, _database, engineCount, open, expected) => {
      database = await open()
      await runEngines(engineCount)
      expect([...noted].sort()).toEqual([...expected].sort())

      const last = Array.from({ length: engineCount }, () => startEngine(null))
      await using runner = await Runner.open({ database: database.url, readOnly: true })
      await checkStream(runner)
      await Promise.all(last.map(stop))
    },
  )
})
