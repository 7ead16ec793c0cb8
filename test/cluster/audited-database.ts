/** Databases of campaigns, with triggers that copy chosen changes into tables outside of the engine. */

import Database from 'better-sqlite3'
import { administer, temporaryDatabase } from '../support/postgres-server.ts'

/** Copy of some columns of changed rows. */
export interface Audit {
  /** Table that records the changes. */
  readonly table: string
  /** Definition of each of its columns, and the value that is stored in it. */
  readonly columns: readonly (readonly [definition: string, value: string])[]
  /** Changes that are recorded, such as `INSERT ON waits`. */
  readonly after: string
  /** Condition for a row. Default: every row. */
  readonly when?: string
}

export interface AuditedDatabase extends AsyncDisposable {
  readonly url: string
  /** Creates the tables and triggers, after a store has created its own tables. */
  install(audits: readonly Audit[]): Promise<void>
  all(sql: string): Promise<readonly Record<string, unknown>[]>
}

const BUSY_TIMEOUT_MS = 10_000

const WAIT: Audit['columns'] = [
  ['execution bigint NOT NULL', 'NEW.execution_seq'],
  ['node text NOT NULL', 'NEW.task_id'],
]

/** The opening and each end of a wait. */
export const WAIT_AUDITS: readonly Audit[] = [
  { table: 'opened_waits', columns: WAIT, after: 'INSERT ON waits' },
  {
    table: 'ended_waits',
    columns: [...WAIT, ['outcome text NOT NULL', 'NEW.outcome']],
    after: 'UPDATE OF outcome ON waits',
    when: 'NEW.outcome IS NOT NULL',
  },
]

const tableOf = ({ table, columns }: Audit) => `CREATE TABLE ${table} (${columns.map(([column]) => column).join(', ')})`
const copyOf = ({ table, columns }: Audit) =>
  `INSERT INTO ${table} VALUES (${columns.map(([, value]) => value).join(', ')})`

function onSqlite(audit: Audit): readonly string[] {
  const { table, after, when = 'TRUE' } = audit
  return [tableOf(audit), `CREATE TRIGGER audit_${table} AFTER ${after} WHEN ${when} BEGIN ${copyOf(audit)}; END`]
}

function onPostgres(given: Audit): readonly string[] {
  const { table, after, when = 'TRUE' } = given
  const audit = { ...given, table: `public.${table}` }
  return [
    tableOf(audit),
    `CREATE FUNCTION public.audit_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       ${copyOf(audit)}; RETURN NULL; END $$`,
    `CREATE TRIGGER audit_${table} AFTER ${after} FOR EACH ROW WHEN (${when})
       EXECUTE FUNCTION public.audit_${table}()`,
  ]
}

export async function auditedSqlite(path: string): Promise<AuditedDatabase> {
  const withDatabase = <Result>(use: (database: Database.Database) => Result): Result => {
    const database = new Database(path, { timeout: BUSY_TIMEOUT_MS })
    try {
      return use(database)
    } finally {
      database.close()
    }
  }
  return {
    url: path,
    async install(audits) {
      withDatabase((database) => database.exec(audits.flatMap(onSqlite).join(';\n')))
    },
    async all(sql) {
      return withDatabase((database) => database.prepare<[], Record<string, unknown>>(sql).all())
    },
    async [Symbol.asyncDispose]() {},
  }
}

export async function auditedPostgres(): Promise<AuditedDatabase & { readonly name: string }> {
  const temporary = await temporaryDatabase()
  return {
    url: temporary.url,
    name: temporary.name,
    async install(audits) {
      for (const sql of audits.flatMap(onPostgres)) await administer(temporary.url, sql)
    },
    all: (sql) => administer(temporary.url, sql),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  }
}
