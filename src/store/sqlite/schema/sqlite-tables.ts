/** Parts of the tables for SQLite, and its own indexes. */

import type { SchemaDialect } from '../../schema/schema-dialect.ts'
import { migrations } from '../../schema/schema-versions.ts'

const TYPES: Readonly<Record<string, string>> = {
  bigint: 'integer',
  boolean: 'integer',
  'text[]': 'text',
  ' COLLATE "C"': '',
  ' GENERATED ALWAYS AS IDENTITY': '',
}

const OWN_INDEXES = `
-- For executionListing, countListing, trendOfBars.
CREATE INDEX active_executions_by_status ON active_executions (status, created_at, execution_seq);
-- For LIST_UNOWNED, FIRST_UNOWNED_WORKFLOW, LIST_OWNED_BY, RELEASE_EXECUTIONS.
CREATE INDEX active_executions_by_owner ON active_executions
  (owner_seq, waits_for, workflow, rank, queued_at, execution_seq);
`

const DIALECT: SchemaDialect = {
  withOwnTypes: (script) => Object.entries(TYPES).reduce((sql, [type, own]) => sql.replaceAll(type, own), script),
  sequences: '',
  ownTables: OWN_INDEXES,
  strict: ' STRICT',
  clustered: ' STRICT, WITHOUT ROWID',
  storage: () => '',
  dividedByDay: () => '',
  dividedByOutcome: '',
  primaryKey: ' PRIMARY KEY',
  unique: ' UNIQUE',
  fromSequence: () => '',
  thenSeq: '',
  neverAgain: ' AUTOINCREMENT',
  heartbeats: `-- Number of heartbeats, which no clock can set back.
  beats bigint NOT NULL DEFAULT 0,
  -- By the monotonic clock of the machine: the time at which others may take the slots of its attempts.
  expires_at bigint NOT NULL DEFAULT 0`,
  activeKeys: 'PRIMARY KEY (id)',
  output: `
  output text,`,
}

export const MIGRATIONS = migrations(DIALECT)
