/**
 * The tables, as numbered migrations that only go forward. A migration that has been released is never edited: the next
 * one changes what it made. `test/store/schema.sql` shows what they come to, and a test holds the two together.
 *
 * Every table that something refers to has an integer `seq`, in the order of creation; the ids of the API are texts
 * beside it. Instants are epoch milliseconds, booleans 0 and 1. Contexts stand last in their row or in a row of their
 * own, so that a change of a status does not rewrite them.
 */

import { GRAPHS } from './graph-tables.ts'

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
  -- The time of the schedule that fired last, whatever the clock of the engine that fired it showed.
  last_scheduled_at INTEGER,
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

/** What an attempt, a poll and a person did: shown by every door, read by none of the hot paths. */
const ATTEMPTS_LOGS_AND_ACTIONS = `
ALTER TABLE executions ADD COLUMN retry_of TEXT;
ALTER TABLE executions ADD COLUMN paused_at INTEGER;
ALTER TABLE executions ADD COLUMN cancel_requested_at INTEGER;
-- Another engine has taken over something of it: its next heartbeat enters it again, without anything.
ALTER TABLE instances ADD COLUMN is_declared_dead INTEGER NOT NULL DEFAULT 0;
-- Counts the acquisitions: only under the newest number something is written for it.
ALTER TABLE executions ADD COLUMN owner_number INTEGER NOT NULL DEFAULT 0;
-- Counts the requests of people; the newest one, as JSON, while it is not carried out.
ALTER TABLE executions ADD COLUMN request_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN request TEXT;
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX executions_by_source ON executions (origin_source, created_at) WHERE origin_source IS NOT NULL;

-- One row for each attempt that has ended; the one under way is in task_runs.
CREATE TABLE attempts (
  execution_seq INTEGER NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  task_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  queued_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (execution_seq, task_id, attempt)
) STRICT, WITHOUT ROWID;

-- What attempts printed and logged, in pieces, numbered within their execution in the order of writing.
CREATE TABLE attempt_logs (
  execution_seq INTEGER NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  piece INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- What was cut between the attempt's piece before and this one.
  cut_records INTEGER NOT NULL DEFAULT 0,
  cut_bytes INTEGER NOT NULL DEFAULT 0,
  -- JSON lines.
  text TEXT NOT NULL,
  PRIMARY KEY (execution_seq, piece)
) STRICT, WITHOUT ROWID;

ALTER TABLE ticks ADD COLUMN lateness_ms INTEGER;
ALTER TABLE ticks ADD COLUMN duration_ms INTEGER;
-- Why it skipped, as its poll says.
ALTER TABLE ticks ADD COLUMN reason TEXT;
-- What a poll printed and logged: JSON lines, as in attempt_logs. Of a run of skips, that of the last one.
ALTER TABLE ticks ADD COLUMN log TEXT;
CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;
ALTER TABLE triggers ADD COLUMN skip_log TEXT;
ALTER TABLE triggers ADD COLUMN skip_reason TEXT;
ALTER TABLE triggers ADD COLUMN skip_lateness_ms INTEGER;
ALTER TABLE triggers ADD COLUMN skip_duration_ms INTEGER;
ALTER TABLE triggers ADD COLUMN failures_in_row INTEGER NOT NULL DEFAULT 0;
-- Whether its last answer was to fire.
ALTER TABLE triggers ADD COLUMN is_firing INTEGER NOT NULL DEFAULT 0;
-- Why it was disabled or enabled last.
ALTER TABLE triggers ADD COLUMN note TEXT;
-- JSON: the policy as the code declares it, and the values that a person set instead.
ALTER TABLE triggers ADD COLUMN policy TEXT;
ALTER TABLE triggers ADD COLUMN overrides TEXT;
ALTER TABLE crons ADD COLUMN catchup TEXT;
-- JSON: what a person set instead of what the code declares.
ALTER TABLE crons ADD COLUMN overrides TEXT;

-- What people did, and what they ask of whoever serves.
CREATE TABLE actions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  -- An execution's id, or the name of a trigger.
  target TEXT NOT NULL,
  -- cli, node, http or python.
  source TEXT NOT NULL,
  note TEXT,
  -- JSON, by kind.
  arguments TEXT,
  created_at INTEGER NOT NULL,
  -- Null while nobody has answered.
  answered_at INTEGER,
  is_refused INTEGER NOT NULL DEFAULT 0,
  -- JSON, by kind; of a refusal, its reason.
  answer TEXT
) STRICT;
CREATE INDEX actions_by_target ON actions (target, seq);
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
CREATE INDEX actions_by_age ON actions (created_at);

-- What somebody was to be told of, and what came of it.
CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  -- The id of an execution or schedule, the name of a trigger, a script; null: the database.
  subject TEXT,
  message TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  -- JSON: of each receiver, what came of it.
  deliveries TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_by_age ON alerts (raised_at);

-- One row where executions were kept for good until now: since when whoever serves knows that they are not any more.
CREATE TABLE retention_hold (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  announced_at INTEGER
) STRICT;
INSERT INTO retention_hold (id) SELECT 1 WHERE EXISTS (SELECT 1 FROM executions);
`

/** Ticks by time and outcome, so that a page far back costs what the first one does. */
const TICKS_BY_TIME = `
DROP INDEX ticks_by_trigger;
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);
`

/** Which triggers the code still declares. */
const DECLARED_TRIGGERS = `
-- JSON: the names of the triggers that its code declares, each behind the kind: "poll inbox", "cron nightly".
ALTER TABLE instances ADD COLUMN declared TEXT;
-- Since when no living instance declares it.
ALTER TABLE triggers ADD COLUMN undeclared_at INTEGER;
ALTER TABLE crons ADD COLUMN undeclared_at INTEGER;
`

/** What code the instances have, so that each gets its share. */
const INSTANCE_CODE = `
CREATE TABLE instance_triggers (
  instance_seq INTEGER NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  name TEXT NOT NULL,
  PRIMARY KEY (instance_seq, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE instance_workflows (
  instance_seq INTEGER NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
) STRICT, WITHOUT ROWID;
`

/** That is said once: those that an instance polls are among those that it declares. */
const DECLARED_ONCE = `
ALTER TABLE instances ADD COLUMN is_polling INTEGER NOT NULL DEFAULT 0;
UPDATE instances SET is_polling = 1 WHERE EXISTS (SELECT 1 FROM instance_triggers WHERE instance_seq = seq);
DROP TABLE instance_triggers;
`

/** One row less for each task that completes, and a page less for each step that says so. */
const COMPLETING_ATTEMPTS = `
-- Of the attempt that completed the task, which has no row in attempts then. Its number and its end are the task's.
ALTER TABLE task_runs ADD COLUMN attempt_queued_at INTEGER;
ALTER TABLE task_runs ADD COLUMN attempt_started_at INTEGER;
`

/** Schedules are found by the name of their instance. */
const CRONS_BY_NAME = `
DROP INDEX crons_by_instance;
CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;
`

/** Executions of a cron trigger are found by its name, as those of a polled one are; those that failed last by their end. */
const EXECUTIONS_BY_TRIGGER_AND_END = `
CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';
-- Of an execution that a cron trigger started, whose origin_source is the name of the trigger.
ALTER TABLE executions ADD COLUMN schedule_id TEXT;
UPDATE executions SET schedule_id = origin_source, origin_source = trigger_name FROM crons
WHERE origin = 'cron' AND crons.id = origin_source AND trigger_name IS NOT NULL;
`

/** Migration n brings version n - 1 to version n. */
export const MIGRATIONS: readonly string[] = [
  INSTANCES_AND_TRIGGERS + EXECUTIONS + CRONS + WORKFLOWS,
  HEARTBEATS_AND_LEASES,
  ATTEMPTS_LOGS_AND_ACTIONS,
  TICKS_BY_TIME,
  DECLARED_TRIGGERS,
  INSTANCE_CODE,
  GRAPHS,
  DECLARED_ONCE,
  COMPLETING_ATTEMPTS,
  CRONS_BY_NAME,
  EXECUTIONS_BY_TRIGGER_AND_END,
]
