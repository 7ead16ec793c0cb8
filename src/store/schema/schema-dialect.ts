/** Parts of the tables that differ between the databases. */
export interface SchemaDialect {
  /** Replaces the types of a script, which are those of PostgreSQL. */
  withOwnTypes(script: string): string
  /** Statements before the tables of both databases, and after them. */
  readonly sequences: string
  readonly ownTables: string
  readonly strict: string
  /** End of a table whose rows are stored in its primary key. */
  readonly clustered: string
  /** Storage parameters of a table, for PostgreSQL. */
  storage(parameters: string): string
  /** Divides a table by a time or a `seq`, for PostgreSQL, and creates the default partition. */
  dividedByDay(table: string, key: string, storage?: string): string
  /** Divides the ticks by the time for which they are kept, for PostgreSQL. */
  readonly dividedByOutcome: string
  /** `PRIMARY KEY` and `UNIQUE` of a column of a divided table, for SQLite. On PostgreSQL, they would need its key. */
  readonly primaryKey: string
  readonly unique: string
  /** Default of a number of a divided table, for PostgreSQL. SQLite numbers its rows itself. */
  fromSequence(name: string): string
  /** End of the columns of an index: the number of the row, which SQLite adds to each index itself. */
  readonly thenSeq: string
  /** Keeps SQLite from giving the number of a deleted row to a new one, as PostgreSQL never does. */
  readonly neverAgain: string
  /** Columns of an engine by which other engines declare it dead. */
  readonly heartbeats: string
  readonly activeKeys: string
  /** Output of a task in its row, for SQLite. PostgreSQL has `task_outputs`. */
  readonly output: string
}

/** Storage parameters of tables whose rows are inserted and deleted often. Autovacuum of these tables starts early. */
export const SHORT_LIVED =
  'autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0'

/** Storage parameters of small tables whose rows change often. Free room in pages avoids new entries in indexes. */
export const OFTEN_CHANGED = `fillfactor = 50, ${SHORT_LIVED}`
