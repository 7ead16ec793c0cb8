/**
 * Two engines on one database. One engine and its interpreter are suspended by SIGSTOP for longer than the lease, and
 * continued. The other engine takes over the polls and tasks that the first engine had requested of its interpreter,
 * and no task runs twice.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { MAIN } from '../support/main-path.ts'

const SCRIPT = fileURLToPath(new URL('suspended.py', import.meta.url))
/** Duration of the suspension, longer than the 10 s after which an engine is considered dead. */
const SUSPENDED_MS = 15_000
/** Time between two submissions, in which each engine polls for executions. */
const SUBMIT_EVERY_MS = 100
/** Minimum number of executions. */
const EXECUTIONS = 20
/** Time for several polls, heartbeats and renewals of leases. */
const WATCHED_AFTER_MS = 5_000
const WITHIN_MS = 60_000
const LIMIT_MS = 240_000

interface Call {
  readonly kind: 'poll' | 'task'
  readonly name: string
  /** Process id of the interpreter. */
  readonly pid: number
  /** Time of the call, in seconds. */
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

/** Sends a signal to a process, and ignores a process that has already ended. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const database = () => join(folder, 'shared.db')

/** Starts an engine in its own process group. Returns its process id. */
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
/** Returns the process ids of the interpreters that have polled a trigger in the last second. */
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

/** Waits until each engine polls one of the triggers. Returns the process ids of their interpreters. */
async function untilShared(): Promise<{ readonly suspended: number; readonly heir: number }> {
  const shared = await until(() => {
    const [watched, ...watchedToo] = pollersOf('a-watched')
    const [other, ...otherToo] = pollersOf('b-other')
    if (watched === undefined || other === undefined || watched === other) return null
    return watchedToo.length + otherToo.length === 0 ? { suspended: watched, heir: other } : null
  }, 'each engine polls one trigger')
  interpreters.add(shared.suspended).add(shared.heir)
  return shared
}

/**
 * Submits executions until the suspended engine has some, which only the other engine can run later. Returns the number
 * of submitted executions.
 */
async function submitUntilHeld(runner: Runner): Promise<number> {
  let submitted = 0
  const heldFor = new Map<string, number>()
  await until(async () => {
    await runner.workflows.submit('count', { number: submitted++ })
    await sleep(SUBMIT_EVERY_MS)
    for (const { id } of await unfinished(runner)) heldFor.set(id, (heldFor.get(id) ?? 0) + 1)
    // The other engine runs an execution within a few submissions.
    const isHeld = [...heldFor.values()].some((submissions) => submissions >= EXECUTIONS / 2)
    return submitted >= EXECUTIONS && isHeld ? true : null
  }, 'an engine holds executions that its suspended interpreter cannot run')
  return submitted
}

async function unfinished(runner: Runner) {
  return (await runner.executions.list({ limit: 1_000 })).filter(({ status }) => status !== 'Completed')
}

// Windows cannot stop a process and let it continue.
describe.skipIf(process.platform === 'win32')('an engine that is suspended for longer than its lease', () => {
  test.each([
    ['Pyodide', []],
    ['CPython', ['--python', 'python3']],
  ])(
    'runs no poll or task in %s that another engine has taken over',
    { tags: ['proof'], timeout: LIMIT_MS },
    async (_name, options) => {
      // The engines share the triggers. The engine that polls the first trigger by name keeps it when the other
      // returns.
      const engine = await startEngine(options)
      await startEngine(options)
      const { suspended, heir } = await untilShared()
      await using runner = await Runner.open({ database: database() })

      // Suspends the interpreter before its engine, so that a poll and tasks are requested, but not yet received.
      process.kill(suspended, 'SIGSTOP')
      const submitted = await submitUntilHeld(runner)
      process.kill(-engine, 'SIGSTOP')
      await sleep(SUSPENDED_MS)
      const takenOver = await until(
        () => pollsOf('a-watched').find(({ pid }) => pid === heir) ?? null,
        'it is taken over',
      )
      await until(async () => ((await unfinished(runner)).length === 0 ? true : null), 'every execution is completed')
      const suspendedUntil = Date.now() / 1_000
      process.kill(suspended, 'SIGCONT')
      process.kill(-engine, 'SIGCONT')
      await until(
        () => pollsOf('b-other').find(({ pid, at }) => pid !== heir && at > suspendedUntil) ?? null,
        'the one that was suspended polls again, and gets its share',
      )
      await sleep(WATCHED_AFTER_MS)
      const watchedUntil = Date.now() / 1_000
      await until(() => pollsOf('a-watched').find(({ at }) => at > watchedUntil) ?? null, 'it is still polled')

      expect(pollsOf('a-watched').filter(({ pid, at }) => pid !== heir && at > takenOver.at)).toEqual([])
      const begun = calls().filter(({ kind }) => kind === 'task')
      expect(begun.map(({ name }) => Number(name)).toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: submitted }, (_, number) => number),
      )
      expect(begun.filter(({ pid }) => pid !== heir)).toEqual([])
    },
  )
})
