/** Runner to attack, on a database with rows of its own, next to another database or tenant with rows. */

import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { type LogLine, Runner } from '../../src/index.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { temporaryFolder } from '../../test/support/store-sites.ts'
import { Attacked } from './attacked-server.ts'
import type { Attempts } from './report.ts'

export const DATABASES = ['SQLite', 'PostgreSQL'] as const
export type Database = (typeof DATABASES)[number]

export interface AttackedRunner<Rows> extends Disposable {
  readonly runner: Runner
  readonly log: readonly LogLine[]
  /** Rows of the runner's database. */
  readonly own: Rows
  /** Rows of another database, or of another tenant of the same database. */
  readonly foreign: Rows
  /** Opens a runner on the rows of the other database or tenant. */
  openForeign(): Promise<Runner>
}

/** Opens a runner. `fill` stores rows for an owner. */
export async function openAttacked<Rows>(
  database: Database,
  fill: (store: Store, owner: string) => Promise<Rows>,
): Promise<AttackedRunner<Rows>> {
  const log: LogLine[] = []
  const runnerOn = (url: string) =>
    Runner.open({ database: url, durability: 'normal', log: (line) => void log.push(line) })
  const clock = new SystemClock({ keepsProcessAlive: false })
  if (database === 'SQLite') {
    const folder = temporaryFolder()
    const rowsIn = async (owner: string): Promise<Rows> => {
      const store = await openSqliteStore({ path: folder.file(`${owner}.db`), durability: 'normal', clock })
      const ids = await fill(store, owner)
      await store.close()
      return ids
    }
    const [own, foreign] = [await rowsIn('own'), await rowsIn('foreign')]
    const runner = await runnerOn(folder.file('own.db'))
    const openForeign = () => runnerOn(folder.file('foreign.db'))
    return { runner, log, own, foreign, openForeign, [Symbol.dispose]: () => folder[Symbol.dispose]() }
  }
  const attacked = await Attacked.start()
  const tenantWith = async (owner: string) => {
    const { connectionString: url } = await attacked.admin.createTenant({ schemaName: owner, username: `${owner}_u` })
    const store = await openPostgresStore({ url, schema: null, readOnly: false, durability: 'normal', clock })
    const ids = await fill(store, owner)
    await store.close()
    return { url, ids }
  }
  const [own, foreign] = [await tenantWith('own'), await tenantWith('foreign_t')]
  const runner = await runnerOn(own.url)
  const openForeign = () => runnerOn(foreign.url)
  const rows = { own: own.ids, foreign: foreign.ids }
  return { runner, log, ...rows, openForeign, [Symbol.dispose]: () => attacked[Symbol.dispose]() }
}

/** Closes the runner. Counts each request that failed because of an error in the server as a finding. */
export async function closeAttacked(
  { runner, log }: Pick<AttackedRunner<unknown>, 'runner' | 'log'>,
  attempts: Attempts,
): Promise<void> {
  await runner.close()
  const failed = log.filter(({ message }) => message.includes('HTTP request failed'))
  for (const { message } of failed) attempts.count(`the log contains: ${message.slice(0, 200)}`)
}
