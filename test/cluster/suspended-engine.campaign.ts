/**
 * Two engines on one database. One of them is suspended by SIGSTOP with its interpreter for longer than its lease, and continued.
 * The other engine takes over the polls and tasks that the first one had requested of its interpreter, and they do not run twice.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const SCRIPT = fileURLToPath(new URL('suspended.py', import.meta.url))
/** Longer than the 10 s after which an engine is taken for dead. */
const SUSPENDED_MS = 15_000
/** Between two of them each engine looks for executions. */
const SUBMIT_EVERY_MS = 100
const EXECUTIONS = 20
/** Several polls, heartbeats and renewals of leases. */
const WATCHED_AFTER_MS = 5_000
const WITHIN_MS = 60_000
const LIMIT_MS = 240_000

interface Call {
  readonly kind: 'poll' | 'task'
  readonly name: string
  /** Process id of the interpreter. */
  readonly pid: number
  /** Seconds. */
  readonly at: number
}

let folder: string
const engines = new Set<ChildProcess>()
const interpreters = new Set<number>()
/** Output of the engines. */
let log = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-suspended-'))
  log = ''
})
afterEach(() => {
  for (const pid of interpreters) signal(pid, 'SIGKILL')
  for (const { pid = 0 } of engines) signal(-pid, 'SIGKILL')
  interpreters.clear()
  engines.clear()
  // A killed process may write a moment longer.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
})

/** Ignores a process that has already ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const database = () => join(folder, 'shared.db')

/** Leads a process group of its own. */
async function startEngine(options: readonly string[]): Promise<number> {
  const engine = spawn(process.execPath, [MAIN, 'serve', SCRIPT, '--no-http', ...options], {
    env: { ...process.env, CLOACA_DATABASE_URL: database(), CLUSTER_FOLDER: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  engines.add(engine)
  await new Promise<void>((resolve, reject) => {
    let said = ''
    engine.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      said += text
      if (said.includes('serving 2 triggers')) resolve()
    })
    engine.on('exit', () => reject(new Error(`an engine ended: ${log}`)))
  })
  return engine.pid ?? 0
}

function calls(): readonly Call[] {
  const journal = join(folder, 'journal')
  if (!existsSync(journal)) return []
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Call)
}

const pollsOf = (name: string) => calls().filter((call) => call.kind === 'poll' && call.name === name)
/** Polls of the last second, by interpreter. */
const pollersOf = (name: string) =>
  new Set(pollsOf(name).flatMap(({ pid, at }) => (at > Date.now() / 1_000 - 1 ? [pid] : [])))

async function until<Found>(find: () => Found | null | Promise<Found | null>, what: string): Promise<Found> {
  const end = performance.now() + WITHIN_MS
  for (;;) {
    const found = await find()
    if (found !== null) return found
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}\n${log}`)
    await sleep(50)
  }
}

/** The interpreter that alone polls a trigger now. */
async function pollerOf(name: string, isAnother: (pid: number) => boolean = () => true): Promise<number> {
  const pid = await until(() => {
    const [only, ...others] = pollersOf(name)
    return only !== undefined && others.length === 0 && isAnother(only) ? only : null
  }, `one interpreter polls "${name}"`)
  interpreters.add(pid)
  return pid
}

// Windows cannot stop a process and let it continue.
describe.skipIf(process.platform === 'win32')('an engine that is suspended for longer than its lease', () => {
  test.each([
    ['Pyodide', []],
    ['CPython', ['--python', 'python3']],
  ])('has its %s begin nothing of what another engine does by then', { timeout: LIMIT_MS }, async (_name, options) => {
    // The two engines share the triggers. The engine that polls the first trigger by name keeps it when the other one returns.
    const engine = await startEngine(options)
    await startEngine(options)
    const heir = await pollerOf('b-other', (pid) => !pollersOf('a-watched').has(pid))
    const suspended = await pollerOf('a-watched')
    await using runner = await Runner.open({ database: database() })
    const unfinished = async () =>
      (await runner.executions.list({ limit: 1_000 })).filter(({ status }) => status !== 'Completed')

    // Its interpreter is the first to stand still: a poll and tasks that are requested of it then are under way to it.
    process.kill(suspended, 'SIGSTOP')
    for (let number = 0; number < EXECUTIONS; number++) {
      await runner.workflows.submit('count', { number })
      await sleep(SUBMIT_EVERY_MS)
    }
    const held = await unfinished()
    process.kill(-engine, 'SIGSTOP')
    await sleep(SUSPENDED_MS)
    const takenOver = await until(
      () => pollsOf('a-watched').find(({ pid }) => pid === heir) ?? null,
      'it is taken over',
    )
    await until(async () => ((await unfinished()).length === 0 ? true : null), 'every execution is completed')
    const suspendedUntil = Date.now() / 1_000
    process.kill(suspended, 'SIGCONT')
    process.kill(-engine, 'SIGCONT')
    await until(
      () => pollsOf('b-other').find(({ pid, at }) => pid !== heir && at > suspendedUntil) ?? null,
      'the one that was suspended polls again, and gets its share',
    )
    await sleep(WATCHED_AFTER_MS)

    expect(held.length).toBeGreaterThan(0)
    expect(pollsOf('a-watched').filter(({ pid, at }) => pid !== heir && at > takenOver.at)).toEqual([])
    expect(pollersOf('a-watched')).toEqual(new Set([heir]))
    const begun = calls().filter(({ kind }) => kind === 'task')
    expect(begun.map(({ name }) => Number(name)).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: EXECUTIONS }, (_, number) => number),
    )
    expect(begun.filter(({ pid }) => pid !== heir)).toEqual([])
  })
})
