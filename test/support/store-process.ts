/**
 * Another process on the same database, for tests that need processes: one is killed, or many open the database at the
 * same time. The program is TypeScript text that imports the store's modules by absolute URL.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Id of the user "nobody". A program of root changes to this user to lose the rights of root. */
const OTHER_USER = 65_534

const PRELUDE = `
import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('../../src/store/sqlite/sqlite-store.ts'))}
import { SystemClock } from ${JSON.stringify(import.meta.resolve('../../src/engine/system-clock.ts'))}
import * as builders from ${JSON.stringify(import.meta.resolve('./store-builders.ts'))}
const clock = new SystemClock()
const open = (durability = 'normal') => openSqliteStore({ path: process.argv[1], durability, clock })
// Loads the addon of SQLite first, because another user may not be able to read this checkout.
const becomeUnprivileged = async () => {
  await (await openSqliteStore({ path: ':memory:', durability: 'normal', clock })).close()
  if (process.getuid() !== 0) return
  process.setgid(${OTHER_USER})
  process.setuid(${OTHER_USER})
}
const say = (line) => new Promise((resolve) => process.stdout.write(line + '\\n', resolve))
`

export interface StoreProcess extends AsyncDisposable {
  /** Lines that the program says. */
  readonly lines: AsyncIterator<string>
  /** Kills the process with SIGKILL. */
  kill(): Promise<void>
  /** Suspends the process until `thaw`, like Ctrl+Z in a terminal. */
  freeze(): void
  thaw(): void
  /** Waits until the process has ended, and returns its exit code. */
  ended(): Promise<number | null>
}

/**
 * Starts a program, which may use `open`, `say`, `builders` and `clock`. It may call `becomeUnprivileged`, so that the
 * modes of files apply to it even if the tests run as root.
 */
export function startStoreProcess(path: string, program: string): StoreProcess {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--input-type=module-typescript', '--eval', PRELUDE + program, path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (child.stdout === null) throw new Error('the process has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    lines,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    ended: async () => (await exited)[0] as number | null,
    [Symbol.asyncDispose]: kill,
  }
}
