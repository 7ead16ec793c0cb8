/**
 * Three engines on one database. One is killed, one is suspended for longer than its lease, and one is cut off from the
 * server. No firing is lost, no poll or task runs twice at the same time, and the other engines take over.
 * `CLUSTER_ROUNDS` is the number of rounds.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { MAIN } from '../support/main-path.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'

const SOURCES = fileURLToPath(new URL('sources.py', import.meta.url))
const ROUNDS = Number(process.env.CLUSTER_ROUNDS ?? 1)
const FILES_A_SOURCE = 12 * ROUNDS
const SOURCE_NAMES = Array.from({ length: 6 }, (_, index) => String(index))
/** Duration of a suspension, longer than a lease even on a busy machine. */
const STILL_MS = 13_000
const QUIET_WITHIN_MS = 60_000
const LIMIT_MS = 180_000 * ROUNDS

interface Note {
  readonly kind: 'poll' | 'task'
  readonly name: string | number
  readonly edge: 'begin' | 'end'
  readonly pid: number
  readonly at: number
}

/** Database that the three engines share. */
interface Shared extends AsyncDisposable {
  readonly url: string
  /** URL for the third engine, which `cutOff` interrupts. */
  readonly thirdUrl: string
  cutOff(ms: number): Promise<void>
}

async function sharedPostgres(): Promise<Shared> {
  const proxy = await PostgresProxy.open()
  return {
    url: proxy.database.url,
    thirdUrl: proxy.url,
    async cutOff(ms) {
      await proxy.away()
      await sleep(ms)
      await proxy.back()
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

/** Shares a database file. `cutOff` locks the file, because there is no connection to interrupt. */
async function sharedSqlite(): Promise<Shared> {
  const path = join(folder, 'shared.db')
  return {
    url: path,
    thirdUrl: path,
    async cutOff(ms) {
      const connection = new Connection(path)
      connection.beginWrite('kept')
      await sleep(ms)
      connection.rollback()
      connection.close()
    },
    async [Symbol.asyncDispose]() {},
  }
}

let folder: string
let shared: Shared | undefined
const engines = new Set<ChildProcess>()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-cluster-'))
  for (const part of ['inbox', 'done']) {
    for (const name of SOURCE_NAMES) mkdirSync(join(folder, part, name), { recursive: true })
  }
})
afterEach(async () => {
  for (const engine of engines) engine.kill('SIGKILL')
  engines.clear()
  await shared?.[Symbol.asyncDispose]()
  // An interpreter notices a moment later that its engine was killed, and writes until then.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

/** Starts an engine on the database at `url`, and waits until it serves the triggers. */
async function startEngine(url: string): Promise<ChildProcess> {
  const engine = spawn(process.execPath, [MAIN, 'serve', SOURCES, '--no-http'], {
    env: { ...process.env, CLOACA_DATABASE_URL: url, CLUSTER_FOLDER: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  engines.add(engine)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    engine.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('serving 6 triggers')) resolve()
    })
    engine.on('exit', () => reject(new Error(`an engine ended: ${log}`)))
  })
  return engine
}

/** Returns the notes of all engines. The first poll creates the journal, so there are none before. */
function notes(): readonly Note[] {
  const journal = join(folder, 'journal')
  if (!existsSync(journal)) return []
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Note)
}

const filesIn = (part: string) => SOURCE_NAMES.flatMap((name) => readdirSync(join(folder, part, name)))

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}`)
    await sleep(200)
  }
}

/** Returns calls that began before the previous call of the same name ended, except those of `disturbed` processes. */
function overlaps(all: readonly Note[], disturbed: ReadonlySet<number>): readonly Note[] {
  const open = new Map<string, Note>()
  const found: Note[] = []
  for (const note of all.filter(({ pid }) => !disturbed.has(pid))) {
    const key = `${note.kind} ${note.name}`
    if (note.edge === 'end') open.delete(key)
    else {
      if (open.has(key)) found.push(note)
      open.set(key, note)
    }
  }
  return found
}

const pollersOf = (all: readonly Note[]) =>
  Map.groupBy(
    all.filter(({ kind }) => kind === 'poll'),
    ({ pid }) => pid,
  )

describe('three engines', () => {
  test.each([
    ['PostgreSQL', sharedPostgres],
    ['SQLite', sharedSqlite],
  ])(
    'on %s share the triggers, and lose no work if killed, suspended or cut off from the database',
    {
      tags: ['proof'],
      timeout: LIMIT_MS,
    },
    async (_name, share) => {
      shared = await share()
      const { url, thirdUrl, cutOff } = shared
      const [first, second, third] = await Promise.all([startEngine(url), startEngine(url), startEngine(thirdUrl)])
      const disturbed = new Set<number>()
      const seconds = () => pollersOf(notes().filter(({ at }) => at > Date.now() / 1000 - 2))
      await until(() => seconds().size === 3, 'all three poll')
      await until(
        () => [...seconds().values()].every((of) => new Set(of.map(({ name }) => name)).size === 2),
        'two triggers each',
      )

      for (let round = 0; round < ROUNDS; round++) {
        for (const name of SOURCE_NAMES) {
          for (let file = 0; file < 12; file++) writeFileSync(join(folder, 'inbox', name, `${round}-${file}`), '')
        }
        await sleep(1_000)
        if (round === 0) {
          disturbed.add(first.pid ?? 0)
          first.kill('SIGKILL')
        }
        disturbed.add(second.pid ?? 0)
        second.kill('SIGSTOP')
        await sleep(STILL_MS)
        second.kill('SIGCONT')
        await cutOff(2_000)
        await until(() => filesIn('inbox').length === 0, 'every file is moved')
      }
      await using runner = await Runner.open({ database: url, readOnly: true })
      const executions = () => runner.executions.list({ limit: 10_000 })
      await until(
        async () => (await executions()).every(({ status }) => status === 'Completed'),
        'every execution is completed',
      )

      expect(filesIn('done')).toHaveLength(6 * FILES_A_SOURCE)
      expect(overlaps(notes(), disturbed)).toEqual([])
      const fired = await Promise.all(
        SOURCE_NAMES.map((name) => runner.triggers.history(`source${name}`, { limit: 10_000 })),
      )
      expect((await executions()).length).toBe(fired.flat().length)
      // A poll may have listed a file just before it was moved, so some files are fired twice.
      expect((await executions()).length).toBeLessThan(6 * FILES_A_SOURCE * 1.2)

      third.removeAllListeners('exit')
      const stopped = new Promise((resolve) => third.once('exit', resolve))
      third.kill('SIGTERM')
      await stopped
      const polledByOne = () => {
        const [only, ...others] = [...seconds().values()]
        return others.length === 0 && new Set(only?.map(({ name }) => name)).size === 6
      }
      await until(polledByOne, 'the one that is left polls all')
    },
  )
})
