/**
 * Tables of version 100. `test/store/postgres-schema.sql` is a dump of them, which a test compares with a new schema.
 *
 * SQLite has the same tables and columns: `sqlite/schema/tables.ts` explains them, and lists the differences. Here, in
 * addition:
 *
 *   partitions     Tables that grow are divided by day, and whole days are dropped. `families.ts` lists the tables that
 *                  are divided alike. A unique index must contain the time, so the `seq` of an execution begins with its
 *                  day. No foreign key refers to these tables, because it would forbid dropping a partition.
 *   COLLATE "C"    Names and ids are compared byte by byte.
 *   fillfactor     Tables that change often are small and have room in their pages, so that a change needs no new entry
 *                  in an index. Autovacuum of these tables starts early.
 *   clocks         `expires_at` and `alive_since` are times of the server. All other times are those of the engines.
 */

/** Storage parameters of tables whose rows change often. */
export const VACUUMED_EARLY =
  'autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0'

const INSTANCES_AND_TRIGGERS = `
CREATE TABLE instances (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For FIND_INSTANCE.
  id text COLLATE "C" NOT NULL UNIQUE,
  host text NOT NULL,
  pid bigint NOT NULL,
  process_started_at bigint,
  opened_at bigint NOT NULL,
  heartbeat_at bigint NOT NULL,
  -- By the clock of the server: the time at which other engines declare it dead, and the start of its heartbeats
  -- without a gap.
  expires_at bigint NOT NULL,
  alive_since bigint NOT NULL,
  -- Another engine has taken over some of its work. With its next heartbeat it registers again, without any work.
  is_declared_dead boolean NOT NULL DEFAULT false,
  -- Names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared text[],
  is_polling boolean NOT NULL DEFAULT false,
  -- "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs text[]
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE instance_workflows (
  instance_seq bigint NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow text COLLATE "C" NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
);

CREATE TABLE triggers (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  -- For SAVE_TRIGGERS, LOCK_TRIGGER.
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
  undeclared_at bigint,
  lease_seq bigint REFERENCES instances (seq) ON DELETE SET NULL,
  lease_number bigint NOT NULL DEFAULT 0,
  skip_tick_id text,
  skip_count bigint NOT NULL DEFAULT 0,
  skip_first_at bigint,
  skip_last_at bigint,
  skip_lateness_ms bigint,
  skip_duration_ms bigint,
  skip_reason text,
  skip_log text
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
`

const EXECUTIONS = `
CREATE TABLE active_executions (
  execution_seq bigint PRIMARY KEY,
  -- For findForSettling, findForSteering. Two executions with the same id could meet only here.
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL DEFAULT 'Pending',
  origin text NOT NULL,
  origin_source text,
  schedule_id text,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  retry_of text,
  owner_seq bigint REFERENCES instances (seq),
  owner_number bigint NOT NULL DEFAULT 0,
  request_number bigint NOT NULL DEFAULT 0,
  request text,
  paused_at bigint,
  cancel_requested_at bigint
) WITH (fillfactor = 50, ${VACUUMED_EARLY});
-- For executionListing.
CREATE INDEX active_executions_by_creation ON active_executions (created_at, execution_seq);
-- For LIST_UNOWNED.
CREATE INDEX active_executions_unowned ON active_executions (workflow, created_at, execution_seq) WHERE owner_seq IS NULL;
-- For LIST_UNOWNED with dead owners, RELEASE_EXECUTIONS.
CREATE INDEX active_executions_owned ON active_executions (owner_seq) WHERE owner_seq IS NOT NULL;

CREATE SEQUENCE executions_number MAXVALUE 99999999999 CYCLE;

CREATE TABLE executions (
  -- The day of its creation, counted from 1970, followed by a number of 11 digits.
  seq bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL,
  origin text NOT NULL,
  origin_source text,
  schedule_id text,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  ended_at bigint NOT NULL,
  final_task_id text,
  error_message text,
  retry_of text,
  cancel_requested_at bigint
) PARTITION BY RANGE (seq);
-- For GET_EXECUTION, FIND_EXECUTION_IDS.
CREATE INDEX executions_by_id ON executions (id);
-- For executionListing.
CREATE INDEX executions_by_creation ON executions (created_at, seq);
-- For executionListing with a workflow, sampleExecutions.
CREATE INDEX executions_by_workflow ON executions (workflow, created_at, seq);
-- For executionListing with a status, countListing, oldExecutionsInStatus.
CREATE INDEX executions_by_status ON executions (status, created_at, seq);
-- For executionListing with a trigger.
CREATE INDEX executions_by_source ON executions (origin_source, created_at, seq) WHERE origin_source IS NOT NULL;
-- For executionListing with retryOf.
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
-- For oldExecutions, COUNT_OLD_EXECUTIONS.
CREATE INDEX executions_by_age ON executions (ended_at);
-- For listLastFailed.
CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

CREATE TABLE execution_inputs (
  execution_seq bigint PRIMARY KEY,
  context text NOT NULL
) PARTITION BY RANGE (execution_seq);

CREATE TABLE execution_finals (
  execution_seq bigint PRIMARY KEY,
  context text NOT NULL
) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_runs (
  execution_seq bigint NOT NULL,
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
  -- Times of the attempt that completed the task, if attempts has no row of it. Its number and its end are those of the
  -- task.
  attempt_queued_at bigint,
  attempt_started_at bigint,
  error text,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_outputs (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE attempts (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL,
  queued_at bigint,
  started_at bigint,
  ended_at bigint NOT NULL,
  error text,
  PRIMARY KEY (execution_seq, task_id, attempt)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE attempt_logs (
  execution_seq bigint NOT NULL,
  piece bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  records bigint NOT NULL,
  bytes bigint NOT NULL,
  cut_records bigint NOT NULL DEFAULT 0,
  cut_bytes bigint NOT NULL DEFAULT 0,
  text text NOT NULL,
  PRIMARY KEY (execution_seq, piece)
) PARTITION BY RANGE (execution_seq);
`

const FIRINGS_AND_TICKS = `
CREATE SEQUENCE firings_number;

CREATE TABLE active_firings (
  -- For completeFirings.
  id text COLLATE "C" PRIMARY KEY,
  seq bigint NOT NULL DEFAULT nextval('firings_number'),
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  execution_id text NOT NULL,
  fired_at bigint NOT NULL
) WITH (${VACUUMED_EARLY});
-- For FIND_ACTIVE_FIRING, COUNT_ACTIVE_FIRINGS.
CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);
-- For LIST_FIRINGS.
CREATE INDEX active_firings_by_trigger ON active_firings (trigger_seq, fired_at, seq);

CREATE TABLE firings (
  id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('firings_number'),
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  execution_id text,
  fired_at bigint NOT NULL,
  completed_at bigint NOT NULL
) PARTITION BY RANGE (fired_at);
-- For FIND_FIRING, deleteFirings.
CREATE INDEX firings_by_id ON firings (id);
-- For LIST_FIRINGS.
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);
-- For oldFiringsWithoutRun.
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE SEQUENCE ticks_number;

-- Divided by the time for which they are kept, and then by day.
CREATE TABLE ticks (
  seq bigint NOT NULL DEFAULT nextval('ticks_number'),
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
  execution_id text,
  error text,
  log text
) PARTITION BY LIST (outcome);
-- For LIST_TICKS, newestTicks, COUNT_TICKS, FIND_TICK.
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at, seq);
-- For LIST_TICKS_OF_OUTCOME, countOfOutcomes, countOfSkips, newestFiredTicks.
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at, seq);
-- For pruneTicks, deleteFiredTicks.
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
-- For LIST_TICK_LOGS.
CREATE INDEX ticks_with_log ON ticks (trigger_seq, seq) WHERE log IS NOT NULL;
CREATE TABLE ticks_skipped PARTITION OF ticks
  FOR VALUES IN ('skipped', 'duplicate', 'limited') PARTITION BY RANGE (last_at);
CREATE TABLE ticks_failed PARTITION OF ticks
  FOR VALUES IN ('failed', 'timedOut') PARTITION BY RANGE (last_at);
CREATE TABLE ticks_fired PARTITION OF ticks
  FOR VALUES IN ('fired') PARTITION BY RANGE (last_at);
`

const CRONS_AND_WORKFLOWS = `
CREATE TABLE crons (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_CRON, CLAIM_CRON.
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  expression text NOT NULL,
  timezone text NOT NULL,
  catchup text,
  overrides text,
  enabled boolean NOT NULL DEFAULT true,
  next_run_at bigint,
  last_run_at bigint,
  last_scheduled_at bigint,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  undeclared_at bigint,
  -- For GET_TRIGGER_CRON.
  trigger_name text UNIQUE,
  instance_name text,
  params text
) WITH (fillfactor = 70);
-- For LIST_CRONS.
CREATE INDEX crons_by_creation ON crons (created_at, seq);
-- For INSERT_CRON, which rejects a second schedule of an instance, and FIND_CRONS_BY_NAME.
CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE SEQUENCE cron_firings_number;

CREATE TABLE cron_firings (
  seq bigint NOT NULL DEFAULT nextval('cron_firings_number'),
  id text COLLATE "C" NOT NULL,
  cron_seq bigint NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at bigint NOT NULL,
  claimed_at bigint NOT NULL,
  execution_id text,
  recovery_attempts integer NOT NULL DEFAULT 0,
  updated_at bigint NOT NULL
) PARTITION BY RANGE (claimed_at);
-- For RECOVER_CRON_FIRING, deleteCronFirings.
CREATE INDEX cron_firings_by_id ON cron_firings (id);
-- For LIST_CRON_FIRINGS.
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at, seq);
-- For CRON_STATS.
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
-- For LOST_CRON_FIRINGS, PRUNE_CRON_FIRINGS_WITHOUT_RUN.
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

CREATE TABLE workflows (
  key text COLLATE "C" PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition text NOT NULL,
  saved_at bigint NOT NULL
);
`
const ACTIONS_AND_ALERTS = `
CREATE TABLE actions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For ANSWER_ACTION, GET_ACTION.
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
-- For LIST_ACTIONS.
CREATE INDEX actions_by_target ON actions (target, seq);
-- For LIST_UNANSWERED.
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
-- For PRUNE_ACTIONS.
CREATE INDEX actions_by_age ON actions (created_at);

CREATE TABLE alerts (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For SAVE_ALERT.
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  subject text,
  message text NOT NULL,
  raised_at bigint NOT NULL,
  deliveries text NOT NULL
);
-- For PRUNE_ALERTS.
CREATE INDEX alerts_by_age ON alerts (raised_at);

-- Number of commits that other engines may have to read. A sequence needs no row, and no lock until the commit.
CREATE SEQUENCE changes;
`

/** Rows of days without a partition: of engines with a wrong clock, or if no partitions could be created. */
const STRAY_ROWS = `
CREATE TABLE executions_default PARTITION OF executions DEFAULT;
CREATE TABLE execution_inputs_default PARTITION OF execution_inputs DEFAULT;
CREATE TABLE execution_finals_default PARTITION OF execution_finals DEFAULT;
CREATE TABLE task_runs_default PARTITION OF task_runs DEFAULT WITH (fillfactor = 60);
CREATE TABLE task_outputs_default PARTITION OF task_outputs DEFAULT;
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
CREATE TABLE attempt_logs_default PARTITION OF attempt_logs DEFAULT;
CREATE TABLE firings_default PARTITION OF firings DEFAULT;
CREATE TABLE cron_firings_default PARTITION OF cron_firings DEFAULT;
CREATE TABLE ticks_skipped_default PARTITION OF ticks_skipped DEFAULT;
CREATE TABLE ticks_failed_default PARTITION OF ticks_failed DEFAULT;
CREATE TABLE ticks_fired_default PARTITION OF ticks_fired DEFAULT;
`

export const TABLES =
  INSTANCES_AND_TRIGGERS + EXECUTIONS + CRONS_AND_WORKFLOWS + FIRINGS_AND_TICKS + ACTIONS_AND_ALERTS + STRAY_ROWS
