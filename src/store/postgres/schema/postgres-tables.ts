/**
 * Parts of the tables for PostgreSQL, and its own tables and indexes.
 *
 *   partitions   Tables that grow are divided by day, and whole days are dropped. `table-families.ts` lists the tables
 *                that are divided alike. A unique index must contain the time, so the `seq` of an execution begins with
 *                its day. No foreign key refers to these tables, because it would forbid dropping a partition.
 *   indexes      No index contains a column that changes often, so that a change needs no new entry in an index. The
 *                index by owner is divided into owned and unowned executions.
 */

import type { SchemaDialect } from '../../schema/schema-dialect.ts'
import { migrations } from '../../schema/schema-versions.ts'

const SEQUENCES = `
CREATE SEQUENCE executions_number MAXVALUE 99999999999 CYCLE;
CREATE SEQUENCE firings_number;
CREATE SEQUENCE ticks_number;
CREATE SEQUENCE cron_firings_number;
-- Number of commits that other engines may have to read. A sequence needs no row, and no lock until the commit.
CREATE SEQUENCE changes;
`

/** The default partition has rows of days without a partition: of engines with a wrong clock, or after an error. */
function dividedByDay(table: string, key: string, storage?: string): string {
  const parameters = storage === undefined ? '' : ` WITH (${storage})`
  return ` PARTITION BY RANGE (${key});
CREATE TABLE ${table}_default PARTITION OF ${table} DEFAULT${parameters}`
}

const OWN_TABLES = `
CREATE TABLE task_outputs (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq, task_id)
)${dividedByDay('task_outputs', 'execution_seq')};

-- Rows that a transaction locks before it sends a signal or opens a wait for one. Each stands for names and keys.
CREATE TABLE signal_locks (number bigint PRIMARY KEY);

-- For executionListing.
CREATE INDEX active_executions_by_creation ON active_executions (created_at, execution_seq);
-- For LIST_UNOWNED.
CREATE INDEX active_executions_unowned ON active_executions (workflow, rank, queued_at, execution_seq)
  WHERE owner_seq IS NULL AND waits_for IS NULL;
-- For LIST_UNOWNED with dead owners, RELEASE_EXECUTIONS.
CREATE INDEX active_executions_owned ON active_executions (owner_seq) WHERE owner_seq IS NOT NULL;
-- For GET_EXECUTION, FIND_EXECUTION_IDS.
CREATE INDEX executions_by_id ON executions (id);
-- For LIST_FIRINGS.
CREATE INDEX active_firings_by_trigger ON active_firings (trigger_seq, fired_at, seq);
-- For listFirings, deleteFirings.
CREATE INDEX firings_by_id ON firings (id);
-- For RECOVER_CRON_FIRING, deleteCronFirings.
CREATE INDEX cron_firings_by_id ON cron_firings (id);

-- Divided by the time for which ticks are kept, and then by day.
CREATE TABLE ticks_skipped PARTITION OF ticks
  FOR VALUES IN ('skipped', 'duplicate', 'limited')${dividedByDay('ticks_skipped', 'last_at')};
CREATE TABLE ticks_failed PARTITION OF ticks
  FOR VALUES IN ('failed', 'timedOut', 'refused')${dividedByDay('ticks_failed', 'last_at')};
CREATE TABLE ticks_fired PARTITION OF ticks
  FOR VALUES IN ('fired')${dividedByDay('ticks_fired', 'last_at')};
`

const DIALECT: SchemaDialect = {
  withOwnTypes: (script) => script,
  sequences: SEQUENCES,
  ownTables: OWN_TABLES,
  strict: '',
  clustered: '',
  storage: (parameters) => ` WITH (${parameters})`,
  dividedByDay,
  dividedByOutcome: ' PARTITION BY LIST (outcome)',
  primaryKey: '',
  unique: '',
  fromSequence: (name) => ` DEFAULT nextval('${name}')`,
  thenSeq: ', seq',
  neverAgain: '',
  heartbeats: `-- By the clock of the server: the time at which other engines declare it dead, and the start of its
  -- heartbeats without a gap.
  expires_at bigint NOT NULL,
  alive_since bigint NOT NULL`,
  activeKeys: `PRIMARY KEY (execution_seq),
  UNIQUE (id)`,
  output: '',
}

export const MIGRATIONS = migrations(DIALECT)
