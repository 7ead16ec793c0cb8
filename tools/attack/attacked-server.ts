/** PostgreSQL server to attack, and operations of an operator and of an engine on it. */

import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { DatabaseAdmin } from '../../src/tenants/database-admin.ts'
import type { AttackedDatabase } from '../../test/support/hostile-tenant.ts'
import { OwnPostgres } from '../../test/support/own-postgres.ts'
import { administer } from '../../test/support/postgres-server.ts'
import { declaration, FIRST_PAGE, newExecution } from '../../test/support/store-builders.ts'

const DATABASE = 'app'

export interface FoundTable {
  readonly oid: number
  /** Name without the schema. */
  readonly name: string
  /** Name of the first column. `type` is its type. */
  readonly column: string
  readonly type: string
}

/** Server with a database for tenants. Both are removed at the end. */
export class Attacked implements Disposable {
  readonly database: AttackedDatabase
  readonly admin: DatabaseAdmin
  readonly #own: OwnPostgres

  private constructor(own: OwnPostgres) {
    this.#own = own
    // If an attack hangs, its server is stopped at the end of the process.
    process.once('exit', this.#stop)
    const place = `${encodeURIComponent(own.folder)}:5432/${DATABASE}`
    this.database = { server: own.server, name: DATABASE, url: own.server.url(DATABASE), place }
    this.admin = new DatabaseAdmin(`postgresql://postgres@${place}`)
  }

  static async start(): Promise<Attacked> {
    const own = OwnPostgres.start()
    await administer(own.server.url('postgres'), `CREATE DATABASE ${DATABASE}`)
    return new Attacked(own)
  }

  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return administer(this.database.url, text)
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#stop)
    this.#stop()
  }

  readonly #stop = (): void => this.#own[Symbol.dispose]()
}

/** Returns the tables of a schema, including the parts of partitioned tables. */
export async function tablesOf(attacked: Attacked, schema: string): Promise<readonly FoundTable[]> {
  const rows = await attacked.sql(
    `SELECT c.oid::int AS oid, c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
      WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`,
  )
  return rows.map(({ oid, table, column, type }) => {
    return { oid: Number(oid), name: String(table), column: String(column), type: String(type) }
  })
}

function open(url: string, schema: string | null, readOnly: boolean) {
  const clock = new SystemClock({ keepsProcessAlive: false })
  return openPostgresStore({ url, schema, readOnly, durability: 'normal', clock })
}

/** Opens a schema as an operator does, and reads from it. If `schema` is null, opens the schema of the user. */
export async function read(url: string, schema: string | null): Promise<void> {
  const store = await open(url, schema, true)
  try {
    await store.listExecutions(FIRST_PAGE)
    await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
  } finally {
    await store.close()
  }
}

/** Opens a schema as an engine does, and writes to it. */
export async function work(url: string, schema: string | null): Promise<void> {
  const store = await open(url, schema, false)
  try {
    await store.saveTriggers([declaration()], Date.now())
    await store.createExecution(newExecution(), { kind: 'call' }, Date.now())
    await store.prune({ skippedMs: 1, failedMs: 1, endedMs: 1, firingsMs: 1, keysMs: 1 }, Date.now())
    await store.listExecutions(FIRST_PAGE)
  } finally {
    await store.close()
  }
}
