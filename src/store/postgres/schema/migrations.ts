/**
 * The tables, as numbered migrations that only go forward; one that has been released is never edited. Tables and columns that SQLite has
 * too have the same names and meanings.
 *
 * Every table that something refers to has a `seq`, in the order of creation; the ids of the API are texts beside it, compared byte by
 * byte. Instants are epoch milliseconds; `beat_at`, `expires_at` and `alive_since` are the server's, all others the engine's. What changes
 * often is small and has room in its pages, so that a change needs no new entry in an index.
 */

import { GRAPHS } from './graph-tables.ts'
import { HISTORY_BY_TIME } from './history-by-time.ts'

const INSTANCES_AND_TRIGGERS = `
CREATE TABLE instances (
  -- Another engine has taken over something of it: its next heartbeat enters it again, without anything.
  is_declared_dead boolean NOT NULL DEFAULT false,
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  host text NOT NULL,
  pid bigint NOT NULL,
  process_started_at bigint,
  opened_at bigint NOT NULL,
  heartbeat_at bigint NOT NULL,
  -- By the server's clock: when it is dead to others unless it beats, and since when it has beaten without a gap.
  expires_at bigint NOT NULL,
  alive_since bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);

-- What code the instances have, so that each gets its share.
CREATE TABLE instance_triggers (
  instance_seq bigint NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  name text COLLATE "C" NOT NULL,
  PRIMARY KEY (instance_seq, name)
);

CREATE TABLE instance_workflows (
  instance_seq bigint NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow text COLLATE "C" NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
);

CREATE TABLE triggers (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  name text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  poll_interval_ms bigint NOT NULL,
  allow_concurrent boolean NOT NULL,
  policy text,
  overrides text,
  enabled boolean NOT NULL DEFAULT true,
  note text,
  failures_in_row integer NOT NULL DEFAULT 0,
  is_firing boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  last_poll_at bigint,
  lease_seq bigint REFERENCES instances (seq) ON DELETE SET NULL,
  lease_number bigint NOT NULL DEFAULT 0,
  -- The run of skips that the next other outcome will close into a row of ticks.
  skip_tick_id text,
  skip_count bigint NOT NULL DEFAULT 0,
  skip_first_at bigint,
  skip_last_at bigint,
  skip_lateness_ms bigint,
  skip_duration_ms bigint,
  skip_reason text,
  skip_log text
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE firings (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  -- Of those that are, none may be active beside another of the same trigger and context.
  is_alone boolean NOT NULL,
  execution_id text,
  fired_at bigint NOT NULL,
  completed_at bigint
) WITH (fillfactor = 80);
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);
CREATE INDEX firings_active ON firings (trigger_seq, context_hash) WHERE completed_at IS NULL;
CREATE UNIQUE INDEX firings_alone ON firings (trigger_seq, context_hash) WHERE completed_at IS NULL AND is_alone;
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE TABLE ticks (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  trigger_seq bigint NOT NULL,
  outcome text NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  count bigint NOT NULL,
  lateness_ms bigint,
  duration_ms bigint,
  reason text,
  firing_id text,
  error text,
  log text
);
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at, seq);
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at, seq);
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
CREATE INDEX ticks_with_log ON ticks (trigger_seq, seq) WHERE log IS NOT NULL;
`

/** What is under way is small and changes; what has ended is large and does not. */
const EXECUTIONS = `
CREATE TABLE executions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  version text NOT NULL,
  -- Null while it is under way: active_executions has it.
  status text,
  origin text NOT NULL,
  origin_source text,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  ended_at bigint,
  -- The task whose output is the final context; null: execution_finals has it.
  final_task_id text,
  error_message text,
  retry_of text,
  cancel_requested_at bigint
) WITH (fillfactor = 80);
CREATE INDEX executions_by_creation ON executions (created_at, seq);
CREATE INDEX executions_by_workflow ON executions (workflow, created_at, seq);
CREATE INDEX executions_by_status ON executions (status, created_at, seq) WHERE status IS NOT NULL;
CREATE INDEX executions_by_age ON executions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX executions_by_source ON executions (origin_source, created_at, seq) WHERE origin_source IS NOT NULL;

CREATE TABLE active_executions (
  execution_seq bigint PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL DEFAULT 'Pending',
  origin text NOT NULL,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  owner_seq bigint REFERENCES instances (seq),
  -- Counts the acquisitions: only under the newest number something is written for it.
  owner_number bigint NOT NULL DEFAULT 0,
  -- Counts the requests of people; the newest one, as JSON, while it is not carried out.
  request_number bigint NOT NULL DEFAULT 0,
  request text,
  paused_at bigint,
  cancel_requested_at bigint
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX active_executions_unowned ON active_executions (workflow, created_at, execution_seq) WHERE owner_seq IS NULL;
CREATE INDEX active_executions_owned ON active_executions (owner_seq) WHERE owner_seq IS NOT NULL;

CREATE TABLE execution_inputs (
  execution_seq bigint PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context text NOT NULL
);

CREATE TABLE execution_finals (
  execution_seq bigint PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context text NOT NULL
);

CREATE TABLE task_runs (
  execution_seq bigint NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  position integer NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted',
  attempts integer NOT NULL DEFAULT 0,
  recoveries integer NOT NULL DEFAULT 0,
  not_before_at bigint,
  started_at bigint,
  ended_at bigint,
  finished_order integer,
  error text,
  PRIMARY KEY (execution_seq, task_id)
) WITH (fillfactor = 60);

CREATE TABLE task_outputs (
  execution_seq bigint NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  task_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq, task_id)
);

-- One row for each attempt that has ended; the one under way is in task_runs.
CREATE TABLE attempts (
  execution_seq bigint NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL,
  queued_at bigint,
  started_at bigint,
  ended_at bigint NOT NULL,
  error text,
  PRIMARY KEY (execution_seq, task_id, attempt)
);

-- What attempts printed and logged, in pieces, numbered within their execution in the order of writing.
CREATE TABLE attempt_logs (
  execution_seq bigint NOT NULL REFERENCES executions (seq) ON DELETE CASCADE,
  piece bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  records bigint NOT NULL,
  bytes bigint NOT NULL,
  cut_records bigint NOT NULL DEFAULT 0,
  cut_bytes bigint NOT NULL DEFAULT 0,
  text text NOT NULL,
  PRIMARY KEY (execution_seq, piece)
);
`

const CRONS_AND_WORKFLOWS = `
CREATE TABLE crons (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  expression text NOT NULL,
  timezone text NOT NULL,
  catchup text,
  overrides text,
  enabled boolean NOT NULL DEFAULT true,
  next_run_at bigint,
  last_run_at bigint,
  -- The time of the schedule that fired last, whatever the clock of the engine that fired it showed.
  last_scheduled_at bigint,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  trigger_name text UNIQUE,
  instance_name text,
  params text
) WITH (fillfactor = 70);
CREATE INDEX crons_by_creation ON crons (created_at, seq);
CREATE UNIQUE INDEX crons_by_instance ON crons (workflow, instance_name) WHERE instance_name IS NOT NULL;

CREATE TABLE cron_firings (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  cron_seq bigint NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at bigint NOT NULL,
  claimed_at bigint NOT NULL,
  execution_id text,
  recovery_attempts integer NOT NULL DEFAULT 0,
  updated_at bigint NOT NULL
);
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at, seq);
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

CREATE TABLE workflows (
  key text COLLATE "C" PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition text NOT NULL,
  saved_at bigint NOT NULL
);
`

const ACTIONS_AND_ALERTS = `
-- What people did, and what they ask of whoever serves.
CREATE TABLE actions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  target text NOT NULL,
  source text NOT NULL,
  note text,
  arguments text,
  created_at bigint NOT NULL,
  answered_at bigint,
  is_refused boolean NOT NULL DEFAULT false,
  answer text
);
CREATE INDEX actions_by_target ON actions (target, seq);
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
CREATE INDEX actions_by_age ON actions (created_at);

-- What somebody was to be told of, and what came of it.
CREATE TABLE alerts (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  subject text,
  message text NOT NULL,
  raised_at bigint NOT NULL,
  deliveries text NOT NULL
);
CREATE INDEX alerts_by_age ON alerts (raised_at);

-- Counts commits that others may have to know of. A sequence: it costs no row, and no lock until the commit.
CREATE SEQUENCE changes;
`

/** Which triggers the code still declares. */
const DECLARED_TRIGGERS = `
-- The names of the triggers that its code declares, each behind the kind: "poll inbox", "cron nightly".
ALTER TABLE instances ADD COLUMN declared text[];
-- Since when no living instance declares it.
ALTER TABLE triggers ADD COLUMN undeclared_at bigint;
ALTER TABLE crons ADD COLUMN undeclared_at bigint;
`

/** Name of the channel of notifications. A derived name would let other users of the database listen. */
const RANDOM_CHANNEL = `
ALTER TABLE cloaca_schema ADD COLUMN channel text;
UPDATE cloaca_schema SET channel = 'cloaca_' || replace(gen_random_uuid()::text, '-', '') WHERE version = 1;
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
ALTER TABLE executions ADD COLUMN schedule_id text;
ALTER TABLE active_executions ADD COLUMN schedule_id text;
UPDATE executions SET schedule_id = origin_source, origin_source = trigger_name FROM crons
WHERE origin = 'cron' AND crons.id = origin_source AND trigger_name IS NOT NULL;
UPDATE active_executions SET schedule_id = origin_source, origin_source = trigger_name FROM crons
WHERE origin = 'cron' AND crons.id = origin_source AND trigger_name IS NOT NULL;
`

/** Migration n brings version n - 1 to version n. */
export const MIGRATIONS: readonly string[] = [
  INSTANCES_AND_TRIGGERS + EXECUTIONS + CRONS_AND_WORKFLOWS + ACTIONS_AND_ALERTS,
  DECLARED_TRIGGERS,
  HISTORY_BY_TIME,
  GRAPHS,
  RANDOM_CHANNEL,
  CRONS_BY_NAME,
  EXECUTIONS_BY_TRIGGER_AND_END,
]
