/**
 * The tables, as numbered migrations that only go forward. Called once when a database is opened.
 * A migration that has been released is never edited: the next one changes what it made. `test/store/schema.sql`
 * shows what they come to, and a test holds the two together.
 *
 * Every table has an integer `seq`, in the order of creation; the ids of the API are texts beside it. Instants are
 * epoch milliseconds, booleans 0 and 1. Contexts stand last in their row or in a row of their own, so that a change
 * of a status does not rewrite them.
 */

import { MEMORY_PATH } from '../database-url.ts'
import { Connection } from './file/connection.ts'
import { tooNew, tooOld, unused } from './file/failures.ts'
import { assertComplete, assertOurs, type SchemaParts, schemaParts } from './schema-check.ts'

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT'

const INSTANCES_AND_TRIGGERS = `
CREATE TABLE instances (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_started_at INTEGER,
  opened_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL
) STRICT;

CREATE TABLE triggers (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  poll_interval_ms INTEGER NOT NULL,
  allow_concurrent INTEGER NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_poll_at INTEGER,
  lease_seq INTEGER REFERENCES instances (seq) ON DELETE SET NULL,
  -- The run of skips that the next other outcome will close into a row of ticks.
  skip_tick_id TEXT,
  skip_count INTEGER NOT NULL DEFAULT 0,
  skip_first_at INTEGER,
  skip_last_at INTEGER
) STRICT;
CREATE INDEX triggers_by_creation ON triggers (created_at);

CREATE TABLE firings (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  trigger_seq INTEGER NOT NULL REFERENCES triggers (seq),
  context_hash TEXT NOT NULL,
  execution_id TEXT,
  fired_at INTEGER NOT NULL,
  completed_at INTEGER
) STRICT;
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at);
CREATE INDEX firings_active ON firings (trigger_seq, context_hash) WHERE completed_at IS NULL;
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE TABLE ticks (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  trigger_seq INTEGER NOT NULL REFERENCES triggers (seq),
  outcome TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  firing_id TEXT,
  error TEXT
) STRICT;
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq);
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
`

const EXECUTIONS = `
CREATE TABLE executions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL,
  origin TEXT NOT NULL,
  -- The trigger's name or the schedule's id.
  origin_source TEXT,
  firing_id TEXT,
  owner_seq INTEGER REFERENCES instances (seq),
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER,
  -- The task whose output is the final context; null: execution_finals has it.
  final_task_id TEXT,
  error_message TEXT
) STRICT;
CREATE INDEX executions_by_creation ON executions (created_at);
CREATE INDEX executions_by_workflow ON executions (workflow, created_at);
CREATE INDEX executions_by_status ON executions (status, created_at);
CREATE INDEX executions_by_age ON executions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX executions_unowned ON executions (workflow, created_at) WHERE owner_seq IS NULL AND ended_at IS NULL;
CREATE INDEX executions_owned ON executions (owner_seq) WHERE owner_seq IS NOT NULL;

CREATE TABLE execution_inputs (
  execution_seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE execution_finals (
  execution_seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE task_runs (
  seq INTEGER PRIMARY KEY,
  execution_seq INTEGER NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  task_id TEXT NOT NULL,
  full_name TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'NotStarted',
  attempts INTEGER NOT NULL DEFAULT 0,
  recoveries INTEGER NOT NULL DEFAULT 0,
  not_before_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  finished_order INTEGER,
  error TEXT,
  output TEXT,
  UNIQUE (execution_seq, task_id)
) STRICT;
`

const CRONS = `
CREATE TABLE crons (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  expression TEXT NOT NULL,
  timezone TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  next_run_at INTEGER,
  last_run_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  trigger_name TEXT UNIQUE,
  instance_name TEXT,
  params TEXT
) STRICT;
CREATE INDEX crons_by_creation ON crons (created_at);
CREATE INDEX crons_by_next_run ON crons (next_run_at) WHERE enabled = 1;
CREATE UNIQUE INDEX crons_by_instance ON crons (workflow, instance_name) WHERE instance_name IS NOT NULL;

CREATE TABLE cron_firings (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  cron_seq INTEGER NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  execution_id TEXT,
  recovery_attempts INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at);
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;
`

const WORKFLOWS = `
CREATE TABLE workflows (
  key TEXT PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition TEXT NOT NULL,
  saved_at INTEGER NOT NULL
) STRICT;
`

/** `beats` counts heartbeats, `lease_number` how often the trigger's lease was taken: numbers that no clock can set back. */
const HEARTBEATS_AND_LEASES = `
ALTER TABLE instances ADD COLUMN beats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE triggers ADD COLUMN lease_number INTEGER NOT NULL DEFAULT 0;
`

/** Migration n brings version n - 1 to version n. */
const MIGRATIONS: readonly string[] = [INSTANCES_AND_TRIGGERS + EXECUTIONS + CRONS + WORKFLOWS, HEARTBEATS_AND_LEASES]

export const SCHEMA_VERSION = MIGRATIONS.length

const partsByVersion = new Map<number, SchemaParts>()

/**
 * Brings the database to this version, in one transaction. Throws `DATABASE_TOO_NEW`, and `DATABASE_UNAVAILABLE` for
 * tables that are not ours or not complete, having changed nothing.
 */
export function migrate(connection: Connection, at: number): void {
  if (storedVersion(connection) !== SCHEMA_VERSION) {
    // Taken before the version is read again: another process may be doing the same at this moment.
    connection.atomically(() => migrateFrom(checkedVersion(connection), connection, at))
  }
  assertComplete(connection, partsOf(SCHEMA_VERSION))
}

/** For a database that is only read. Throws as `migrate` does, `DATABASE_TOO_OLD`, and for one that nobody has used yet. */
export function assertReadable(connection: Connection): void {
  const version = checkedVersion(connection)
  if (version === 0) throw unused(connection.path)
  if (version < SCHEMA_VERSION) throw tooOld(connection.path, version, SCHEMA_VERSION)
}

function migrateFrom(version: number, connection: Connection, at: number): void {
  connection.script(VERSIONS)
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue
    connection.script(sql)
    connection.run('INSERT INTO cloaca_schema (version, applied_at) VALUES (?, ?)', index + 1, at)
  }
}

/** Throws for a database that cannot be brought to this version. */
function checkedVersion(connection: Connection): number {
  const version = storedVersion(connection)
  if (version > SCHEMA_VERSION) throw tooNew(connection.path, version, SCHEMA_VERSION)
  if (version > 0) assertComplete(connection, partsOf(version))
  else assertOurs(connection, partsOf(SCHEMA_VERSION))
  return version
}

/** What the migrations come to at a version: made once, by making it. */
function partsOf(version: number): SchemaParts {
  const known = partsByVersion.get(version)
  if (known !== undefined) return known
  const model = new Connection(MEMORY_PATH)
  try {
    model.script([VERSIONS, ...MIGRATIONS.slice(0, version)].join(';'))
    const parts = schemaParts(model)
    partsByVersion.set(version, parts)
    return parts
  } finally {
    model.close()
  }
}

function storedVersion(connection: Connection): number {
  // A table of that name may be another program's.
  if (connection.one("SELECT 1 FROM pragma_table_xinfo('cloaca_schema') WHERE name = 'version'") === undefined) return 0
  return connection.one<{ readonly version: number }>('SELECT max(version) AS version FROM cloaca_schema')?.version ?? 0
}
