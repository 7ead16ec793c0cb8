/**
 * Another process on the same database, for tests of what only processes can show: a runner that is killed, many that
 * open at once. The program is TypeScript text that finds the store's modules by absolute URL.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** "nobody", who has no rights of its own. Root becomes this user; everybody else lacks rights already. */
const OTHER_USER = 65_534

const PRELUDE = `
import { openSqliteStore } from ${JSON.stringify(import.meta.resolve('../../src/store/sqlite/sqlite-store.ts'))}
import { SystemClock } from ${JSON.stringify(import.meta.resolve('../../src/engine/clock.ts'))}
import * as builders from ${JSON.stringify(import.meta.resolve('./store-builders.ts'))}
const clock = new SystemClock()
const open = (durability = 'normal') => openSqliteStore({ path: process.argv[1], durability, clock })
// The addon of SQLite is loaded first: another user may not be able to read the folder of this checkout.
const becomeUnprivileged = async () => {
  await (await openSqliteStore({ path: ':memory:', durability: 'normal', clock })).close()
  if (process.getuid() !== 0) return
  process.setgid(${OTHER_USER})
  process.setuid(${OTHER_USER})
}
const say = (line) => new Promise((resolve) => process.stdout.write(line + '\\n', resolve))
`

export interface StoreProcess extends AsyncDisposable {
  /** The lines that it says, one after the other. */
  readonly lines: AsyncIterator<string>
  /** Ends it as a power cut of the process would: nothing of it runs any more. */
  kill(): Promise<void>
  /** Nothing of it runs until it is thawed, as when its terminal stops it. */
  freeze(): void
  thaw(): void
  /** Waits for its end; its exit code. */
  ended(): Promise<number | null>
}

/**
 * `program` may use `open`, `say`, `builders` and `clock`, and `becomeUnprivileged` to have only the rights that modes of files give.
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
