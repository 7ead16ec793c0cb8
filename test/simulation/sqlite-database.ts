/** SQLite file in its own folder, with triggers that record its changes. */

import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { LET_GO_WITHIN_MS } from './faults.ts'
import { LOG_TABLE, type RecordedTable, sqliteRecorder } from './recorder.ts'
import { RowChanges } from './row-changes.ts'
import { SIMULATION_START } from './simulated-clock.ts'
import { type Leftovers, PROBLEMS, type SimulatedDatabase } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

interface LogRecord {
  readonly seq: number
  readonly name: RecordedTable
  readonly before: string | null
  readonly after: string | null
}

const COUNT_OPEN = 'SELECT count(*) AS count FROM active_executions'
const READ_LOG = `SELECT seq, name, before, after FROM ${LOG_TABLE} WHERE seq > ? ORDER BY seq`
/** Folder of the databases: in memory if possible, because a simulation syncs often and needs no disk. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export async function openSqliteDatabase(simulation: Simulation): Promise<SimulatedDatabase> {
  const folder = mkdtempSync(join(FOLDER, 'cloaca-simulation-'))
  const path = join(folder, 'simulation.db')
  copyFileSync(await template(), path)
  return new SqliteDatabase(simulation, folder, path)
}

let templatePath: Promise<string> | null = null

/** Returns the path of a database with all tables and triggers, which is created once per process. */
function template(): Promise<string> {
  templatePath ??= makeTemplate()
  return templatePath
}

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(FOLDER, 'cloaca-simulation-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'template.db')
  const clock = {
    now: () => SIMULATION_START,
    monotonic: () => 0,
    soon: (callback: () => void) => void setImmediate(callback),
  }
  const store = await openSqliteStore({ path, durability: 'normal', clock: clock as never, syncFile: null })
  await store.close()
  const database = new Database(path)
  database.exec(sqliteRecorder())
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.pragma('journal_mode = DELETE')
  database.close()
  return path
}

/** Time after which no store commits into a replaced file. */
const CHECKED_WITHIN_MS = 20

class SqliteDatabase implements SimulatedDatabase {
  readonly #simulation: Simulation
  readonly #folder: string
  readonly #path: string
  /** Reader of the file; null from a move or replacement of the file until the next commit. */
  #reader: Database.Database | null
  #readLog: Database.Statement<[number], LogRecord> | null = null
  readonly #rowChanges = new RowChanges()
  #seen = 0
  #replacedAt = Number.NEGATIVE_INFINITY
  /** Whether an older copy is in place. The model cannot follow it, because it does not go back in time. */
  #isRestored = false

  constructor(simulation: Simulation, folder: string, path: string) {
    this.#simulation = simulation
    this.#folder = folder
    this.#path = path
    this.#reader = openReader(path)
  }

  async open(process: SimulatedProcess): Promise<Store> {
    // A store would create an empty file in place of the file that is moved back later.
    if (!existsSync(this.#path)) throw new Error('The database was moved away.')
    const { machine, pid, startedAt, clock, random, refusals } = process
    return await openSqliteStore({
      path: this.#path,
      durability: 'normal',
      clock,
      process: { host: machine.name, pid, startedAt },
      isProcessAlive: (other) => this.#isAlive(other),
      newId: random.uuid,
      faults: refusals,
      syncFile: null,
    })
  }

  /** Does nothing, because a SQLite transaction begins and ends in one turn of its process. */
  abandon(): void {}

  look(isAfterCommit = false): void {
    if (this.#isRestored) return
    if (this.#reader === null && !(isAfterCommit && this.#isOpenedAgain())) return
    this.#reader ??= openReader(this.#path)
    this.#readLog ??= this.#reader.prepare<[number], LogRecord>(READ_LOG)
    const records = this.#readLog.all(this.#seen)
    if (records.length === 0) return
    this.#seen = records.at(-1)?.seq ?? this.#seen
    const { model, loop } = this.#simulation
    model.apply(this.#rowChanges.of(records.map(parsed)), loop.now)
  }

  /** Returns whether a commit now goes into the file at the path. Stores check the file at most every 10 ms. */
  #isOpenedAgain(): boolean {
    return existsSync(this.#path) && this.#simulation.loop.now > this.#replacedAt + CHECKED_WITHIN_MS
  }

  leftovers(): Promise<Leftovers> {
    this.#reader ??= openReader(this.#path)
    const reader = this.#reader
    const all = <Row>(sql: string) => reader.prepare<[], Row>(sql).all()
    const count = (sql: string) => all<{ readonly count: number }>(sql)[0]?.count ?? 0
    return Promise.resolve({
      subscriptions: all('SELECT id, reactor, predicate, enabled, is_degraded, done_sequence FROM subscriptions'),
      instances: all<{ readonly id: string }>('SELECT id FROM instances').map(({ id }) => id),
      ownedExecutions: count('SELECT count(*) AS count FROM active_executions WHERE owner_seq IS NOT NULL'),
      leases: count('SELECT count(*) AS count FROM triggers WHERE lease_seq IS NOT NULL'),
      unansweredActions: count('SELECT count(*) AS count FROM actions WHERE answered_at IS NULL'),
      integrity: [
        ...all<{ readonly integrity_check: string }>('PRAGMA integrity_check')
          .map(({ integrity_check }) => integrity_check)
          .filter((text) => text !== 'ok'),
        ...all<{ readonly problem: string }>(PROBLEMS).map(({ problem }) => problem),
      ],
    })
  }

  leftoversAfterStop(): Promise<Leftovers> {
    return this.leftovers()
  }

  /**
   * Moves the file away, or replaces it by a copy with the same or with older content. The reader waits for the first
   * commit of a store that has opened the file again, because an old log next to a new file would damage it.
   */
  disturb(kind: 'moveDatabase' | 'replaceDatabase' | 'restoreDatabase', forMs: number): void {
    const away = join(this.#folder, 'away.db')
    if (this.#reader === null || existsSync(away)) return
    this.#reader.pragma('wal_checkpoint(TRUNCATE)')
    if (kind === 'replaceDatabase') this.#reader.exec(`VACUUM INTO '${away}'`)
    this.#reader.close()
    this.#reader = null
    this.#readLog = null
    if (kind === 'moveDatabase') {
      renameSync(this.#path, away)
      this.#simulation.loop.step(this.#simulation.loop.now + forMs, () => renameSync(away, this.#path))
      return
    }
    this.#replacedAt = this.#simulation.loop.now
    this.#isRestored = kind === 'restoreDatabase'
    renameSync(this.#isRestored ? this.#copy : away, this.#path)
  }

  copy(): void {
    this.#reader?.exec(`VACUUM INTO '${this.#copy}'`)
  }

  countRestored(): number | null {
    if (!this.#isRestored) return null
    if (this.#simulation.loop.now < this.#replacedAt + LET_GO_WITHIN_MS) return Number.POSITIVE_INFINITY
    this.#reader ??= openReader(this.#path)
    const row = this.#reader.prepare<[], { readonly count: number }>(COUNT_OPEN).get()
    return row?.count ?? 0
  }

  get #copy(): string {
    return join(this.#folder, 'copy.db')
  }

  disturbConnection(): void {}

  untilAnswered(): null {
    return null
  }

  async close(): Promise<void> {
    this.#reader?.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #isAlive(pid: number): boolean {
    return [...this.#simulation.processes.values()].some((each) => each.pid === pid && each.state !== 'ended')
  }
}

function openReader(path: string): Database.Database {
  const reader = new Database(path, { fileMustExist: true })
  reader.pragma('busy_timeout = 5000')
  return reader
}

function parsed({ name, before, after }: LogRecord): Parameters<RowChanges['of']>[0][number] {
  return {
    name,
    before: before === null ? null : JSON.parse(before),
    after: after === null ? null : JSON.parse(after),
  }
}
