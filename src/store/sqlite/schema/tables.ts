/**
 * Tables of version 100. `test/store/schema.sql` is a dump of them, which a test compares with a new database.
 *
 * Every table that others refer to has an integer `seq` in the order of creation. The ids of the API are texts in
 * another column. Times are epoch milliseconds. Contexts are the last column of their row, or have a row of their own.
 *
 * PostgreSQL (`postgres/schema/tables.ts`) has the same tables and columns, with these differences:
 *
 *   types          Truth values are the integers 0 and 1 here. The names that an instance declares are a JSON array.
 *   partitions     PostgreSQL divides the history by day. There, the `seq` of an execution begins with its day, and the
 *                  ids of ended executions and firings have an index that is not unique.
 *   seq            Here, the number of an execution is that of its row in `execution_inputs`, and the number of a
 *                  firing is that of its tick. PostgreSQL has sequences.
 *   task_runs      Here, the row has the output of the task, and the times of the attempt that completed it.
 *                  PostgreSQL stores them in `task_outputs` and `attempts`.
 *   instances      Here, engines observe `beats`. On PostgreSQL, the clock of the server decides (`expires_at`).
 *   cloaca_schema  PostgreSQL has the name of the channel of its notifications.
 *   indexes        Here, `active_executions` has an index by status and one by owner. On PostgreSQL, no index contains
 *                  a column that changes often, and the index by owner is divided into owned and unowned executions.
 */

const INSTANCES_AND_TRIGGERS = `
CREATE TABLE instances (
  -- AUTOINCREMENT: an engine never gets the number of one that is gone.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  -- For FIND_INSTANCE, TOUCH_INSTANCE.
  id TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_started_at INTEGER,
  opened_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL,
  -- Number of heartbeats, which no clock can set back.
  beats INTEGER NOT NULL DEFAULT 0,
  -- Another engine has taken over some of its work. With its next heartbeat it registers again, without any work.
  is_declared_dead INTEGER NOT NULL DEFAULT 0,
  -- JSON: names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared TEXT,
  is_polling INTEGER NOT NULL DEFAULT 0,
  -- JSON: "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs TEXT
) STRICT;

CREATE TABLE instance_workflows (
  instance_seq INTEGER NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
) STRICT, WITHOUT ROWID;

CREATE TABLE triggers (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  -- For SAVE_TRIGGER, FIND_TRIGGER.
  name TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  poll_interval_ms INTEGER NOT NULL,
  allow_concurrent INTEGER NOT NULL,
  -- JSON: the policy in the code, and the values that a person set instead.
  policy TEXT,
  overrides TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  -- Reason of the last time that it was enabled or disabled.
  note TEXT,
  failures_in_row INTEGER NOT NULL DEFAULT 0,
  -- Whether the result of its last poll was to fire.
  is_firing INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_poll_at INTEGER,
  -- Time since no living instance declares it.
  undeclared_at INTEGER,
  lease_seq INTEGER REFERENCES instances (seq) ON DELETE SET NULL,
  -- Number of times that its lease was taken.
  lease_number INTEGER NOT NULL DEFAULT 0,
  -- The run of skips that the next other outcome closes: it becomes a row of ticks.
  skip_tick_id TEXT,
  skip_count INTEGER NOT NULL DEFAULT 0,
  skip_first_at INTEGER,
  skip_last_at INTEGER,
  skip_lateness_ms INTEGER,
  skip_duration_ms INTEGER,
  skip_reason TEXT,
  skip_log TEXT
) STRICT;
-- For LIST_TRIGGERS.
CREATE INDEX triggers_by_creation ON triggers (created_at);

-- Firings whose executions have not ended.
CREATE TABLE active_firings (
  -- For completeFirings.
  id TEXT PRIMARY KEY,
  -- Number of the tick.
  seq INTEGER NOT NULL,
  trigger_seq INTEGER NOT NULL,
  context_hash TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  fired_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- For FIND_ACTIVE_FIRING, COUNT_ACTIVE_FIRINGS, LIST_ACTIVE_FIRINGS.
CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

-- Firings whose executions have ended, and firings without an execution.
CREATE TABLE firings (
  -- For FIND_FIRING, deleteFirings.
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  trigger_seq INTEGER NOT NULL,
  context_hash TEXT NOT NULL,
  execution_id TEXT,
  fired_at INTEGER NOT NULL,
  completed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- For LIST_FIRINGS.
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);
-- For oldFiringsWithoutRun.
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE TABLE ticks (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  trigger_seq INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  lateness_ms INTEGER,
  duration_ms INTEGER,
  -- Reason of a skip, from its poll.
  reason TEXT,
  firing_id TEXT,
  execution_id TEXT,
  error TEXT,
  -- Output and log records of the poll: JSON lines, as in attempt_logs. Of a run of skips, those of the last poll.
  log TEXT
) STRICT;
-- For LIST_TICKS, newestTicks, COUNT_TICKS, FIND_TICK.
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);
-- For LIST_TICKS_OF_OUTCOME, countOfOutcomes, countOfSkips, newestFiredTicks.
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);
-- For pruneTicks, deleteFiredTicks.
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
-- For LIST_TICK_LOGS.
CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;
`

const EXECUTIONS = `
-- Executions that have not ended.
CREATE TABLE active_executions (
  -- For findForSettling, GET_EXECUTION.
  id TEXT PRIMARY KEY,
  execution_seq INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'Pending',
  origin TEXT NOT NULL,
  -- Name of the trigger or reactor, or id of the schedule.
  origin_source TEXT,
  -- Id of the schedule of a cron trigger, whose name is in origin_source.
  schedule_id TEXT,
  firing_id TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  retry_of TEXT,
  owner_seq INTEGER REFERENCES instances (seq),
  -- Number of acquisitions. Only the owner with the newest number may write.
  owner_number INTEGER NOT NULL DEFAULT 0,
  -- Number of requests of people. The newest one is in request, as JSON, until it is applied.
  request_number INTEGER NOT NULL DEFAULT 0,
  request TEXT,
  paused_at INTEGER,
  cancel_requested_at INTEGER
) STRICT, WITHOUT ROWID;
-- For executionListing, countListing, trendOfBars.
CREATE INDEX active_executions_by_status ON active_executions (status, created_at, execution_seq);
-- For LIST_UNOWNED, FIRST_UNOWNED_WORKFLOW, LIST_OWNED_BY, RELEASE_EXECUTIONS.
CREATE INDEX active_executions_by_owner ON active_executions (owner_seq, workflow, created_at, execution_seq);

CREATE TABLE executions (
  seq INTEGER PRIMARY KEY,
  -- For GET_EXECUTION, FIND_EXECUTION_IDS.
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL,
  origin TEXT NOT NULL,
  origin_source TEXT,
  schedule_id TEXT,
  firing_id TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  -- The task whose output is the final context. Null: the final context is in execution_finals.
  final_task_id TEXT,
  error_message TEXT,
  retry_of TEXT,
  cancel_requested_at INTEGER
) STRICT;
-- For executionListing.
CREATE INDEX executions_by_creation ON executions (created_at);
-- For executionListing with a workflow, sampleExecutions.
CREATE INDEX executions_by_workflow ON executions (workflow, created_at);
-- For executionListing with a status, countListing, COUNT_EXECUTIONS, groupedTrend, oldExecutionsInStatus.
CREATE INDEX executions_by_status ON executions (status, created_at);
-- For executionListing with a trigger.
CREATE INDEX executions_by_source ON executions (origin_source, created_at) WHERE origin_source IS NOT NULL;
-- For executionListing with retryOf.
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
-- For oldExecutions, COUNT_OLD_EXECUTIONS.
CREATE INDEX executions_by_age ON executions (ended_at);
-- For listLastFailed.
CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

-- A row for each execution, active or ended: the number that SQLite gives to a new row is that of the new execution.
CREATE TABLE execution_inputs (
  execution_seq INTEGER PRIMARY KEY,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE execution_finals (
  execution_seq INTEGER PRIMARY KEY,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE task_runs (
  execution_seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  full_name TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'NotStarted',
  attempts INTEGER NOT NULL DEFAULT 0,
  recoveries INTEGER NOT NULL DEFAULT 0,
  not_before_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  finished_order INTEGER,
  -- Times of the attempt that completed the task, if attempts has no row of it. Its number and its end are those of the
  -- task.
  attempt_queued_at INTEGER,
  attempt_started_at INTEGER,
  error TEXT,
  output TEXT,
  PRIMARY KEY (execution_seq, task_id)
) STRICT, WITHOUT ROWID;

-- Attempts that have ended. The current attempt is in task_runs.
CREATE TABLE attempts (
  execution_seq INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  queued_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER NOT NULL,
  error TEXT,
  PRIMARY KEY (execution_seq, task_id, attempt)
) STRICT, WITHOUT ROWID;

-- Output and log records of attempts, in pieces that are numbered per execution in the order of writing.
CREATE TABLE attempt_logs (
  execution_seq INTEGER NOT NULL,
  piece INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- Number of records and bytes that were cut between the previous piece of the attempt and this one.
  cut_records INTEGER NOT NULL DEFAULT 0,
  cut_bytes INTEGER NOT NULL DEFAULT 0,
  -- JSON lines.
  text TEXT NOT NULL,
  PRIMARY KEY (execution_seq, piece)
) STRICT, WITHOUT ROWID;
`

const CRONS_AND_WORKFLOWS = `
CREATE TABLE crons (
  seq INTEGER PRIMARY KEY,
  -- For GET_CRON, CLAIM_CRON.
  id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  expression TEXT NOT NULL,
  timezone TEXT NOT NULL,
  catchup TEXT,
  -- JSON: values that a person set instead of those in the code.
  overrides TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  next_run_at INTEGER,
  last_run_at INTEGER,
  -- The last time of the schedule that fired. It does not depend on the clock of the engine.
  last_scheduled_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Time since no living instance declares it.
  undeclared_at INTEGER,
  -- For GET_TRIGGER_CRON.
  trigger_name TEXT UNIQUE,
  instance_name TEXT,
  params TEXT
) STRICT;
-- For LIST_CRONS.
CREATE INDEX crons_by_creation ON crons (created_at);
-- For INSERT_CRON, which rejects a second schedule of an instance, and FIND_CRONS_BY_NAME.
CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE TABLE cron_firings (
  seq INTEGER PRIMARY KEY,
  -- For RECOVER_CRON_FIRING, deleteCronFirings.
  id TEXT NOT NULL UNIQUE,
  cron_seq INTEGER NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  execution_id TEXT,
  recovery_attempts INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT;
-- For LIST_CRON_FIRINGS.
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at);
-- For CRON_STATS.
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
-- For LOST_CRON_FIRINGS, PRUNE_CRON_FIRINGS_WITHOUT_RUN.
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

CREATE TABLE workflows (
  key TEXT PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition TEXT NOT NULL,
  saved_at INTEGER NOT NULL
) STRICT;
`

const ACTIONS_AND_ALERTS = `
-- Actions of people, and their requests to the serving engine.
CREATE TABLE actions (
  seq INTEGER PRIMARY KEY,
  -- For ANSWER_ACTION, GET_ACTION.
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  -- Id of an execution, or name of a trigger.
  target TEXT NOT NULL,
  -- cli, node, http or python.
  source TEXT NOT NULL,
  note TEXT,
  -- JSON, by kind.
  arguments TEXT,
  created_at INTEGER NOT NULL,
  -- Null until it is answered.
  answered_at INTEGER,
  is_refused INTEGER NOT NULL DEFAULT 0,
  -- JSON, by kind. Of a refusal, the reason.
  answer TEXT
) STRICT;
-- For LIST_ACTIONS_ON.
CREATE INDEX actions_by_target ON actions (target, seq);
-- For LIST_UNANSWERED.
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
-- For PRUNE_ACTIONS.
CREATE INDEX actions_by_age ON actions (created_at);

CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY,
  -- For SAVE_ALERT.
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  -- Id of an execution or schedule, name of a trigger, or path of a script. Null: the database.
  subject TEXT,
  message TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  -- JSON: the result for each receiver.
  deliveries TEXT NOT NULL
) STRICT;
-- For PRUNE_ALERTS.
CREATE INDEX alerts_by_age ON alerts (raised_at);
`

export const TABLES = INSTANCES_AND_TRIGGERS + EXECUTIONS + CRONS_AND_WORKFLOWS + ACTIONS_AND_ALERTS
