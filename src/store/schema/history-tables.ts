/** Tables of executions, firings and ticks: a part of `tables.ts`, whose rules apply here. */

import { OFTEN_CHANGED, type SchemaDialect, SHORT_LIVED } from './dialect.ts'

export const firings = ({ clustered, storage, dividedByDay, primaryKey, fromSequence }: SchemaDialect): string => `
-- Firings whose executions have not ended.
CREATE TABLE active_firings (
  -- For completeFirings.
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  -- On SQLite, the number of the tick.
  seq bigint NOT NULL${fromSequence('firings_number')},
  trigger_seq bigint NOT NULL, context_hash text NOT NULL, execution_id text NOT NULL,
  fired_at bigint NOT NULL
)${clustered}${storage(SHORT_LIVED)};
-- For FIND_ACTIVE_FIRING, COUNT_ACTIVE_FIRINGS.
CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

-- Firings whose executions have ended, and firings without an execution.
CREATE TABLE firings (
  -- For FIND_FIRING, deleteFirings.
  id text COLLATE "C" NOT NULL${primaryKey},
  seq bigint NOT NULL${fromSequence('firings_number')},
  trigger_seq bigint NOT NULL, context_hash text NOT NULL, execution_id text,
  fired_at bigint NOT NULL, completed_at bigint NOT NULL
)${clustered}${dividedByDay('firings', 'fired_at')};
-- For LIST_FIRINGS.
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);
-- For oldFiringsWithoutRun.
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;
`

export const ticks = ({ strict, dividedByOutcome, primaryKey, fromSequence, thenSeq }: SchemaDialect): string => `
CREATE TABLE ticks (
  seq bigint NOT NULL${primaryKey}${fromSequence('ticks_number')},
  id text NOT NULL,
  trigger_seq bigint NOT NULL, outcome text NOT NULL,
  first_at bigint NOT NULL, last_at bigint NOT NULL, count bigint NOT NULL,
  lateness_ms bigint, duration_ms bigint,
  -- Reason of a skip, from its poll.
  reason text,
  firing_id text, execution_id text, error text,
  -- Output and log records of the poll: JSON lines, as in attempt_logs. Of a run of skips, those of the last poll.
  log text
)${strict}${dividedByOutcome};
-- For LIST_TICKS, newestTicks, COUNT_TICKS, FIND_TICK.
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at${thenSeq});
-- For LIST_TICKS_OF_OUTCOME, countOfOutcomes, countOfSkips, newestFiredTicks.
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at${thenSeq});
-- For pruneTicks, deleteFiredTicks.
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
-- For LIST_TICK_LOGS.
CREATE INDEX ticks_with_log ON ticks (trigger_seq${thenSeq}) WHERE log IS NOT NULL;
`

export const activeExecutions = ({ clustered, storage, activeKeys }: SchemaDialect): string => `
-- Executions that have not ended.
CREATE TABLE active_executions (
  execution_seq bigint NOT NULL,
  -- For findForSettling, GET_EXECUTION. Two executions with the same id could meet only here.
  id text COLLATE "C" NOT NULL,
  workflow text NOT NULL, version text NOT NULL, status text NOT NULL DEFAULT 'Pending',
  origin text NOT NULL,
  -- Name of the trigger or reactor, or id of the schedule.
  origin_source text,
  -- Id of the schedule of a cron trigger, whose name is in origin_source.
  schedule_id text,
  firing_id text, created_at bigint NOT NULL, started_at bigint, retry_of text,
  owner_seq bigint REFERENCES instances (seq),
  -- Number of acquisitions. Only the owner with the newest number may write.
  owner_number bigint NOT NULL DEFAULT 0,
  -- Number of requests of people. The newest one is in request, as JSON, until it is applied.
  request_number bigint NOT NULL DEFAULT 0,
  request text,
  paused_at bigint, cancel_requested_at bigint,
  ${activeKeys}
)${clustered}${storage(OFTEN_CHANGED)};
`

export const executions = ({ strict, dividedByDay, unique, thenSeq }: SchemaDialect): string => `
CREATE TABLE executions (
  -- On PostgreSQL, the day of its creation, counted from 1970, followed by a number of 11 digits.
  seq bigint PRIMARY KEY,
  -- For GET_EXECUTION, FIND_EXECUTION_IDS.
  id text COLLATE "C" NOT NULL${unique},
  workflow text NOT NULL, version text NOT NULL, status text NOT NULL,
  origin text NOT NULL, origin_source text, schedule_id text, firing_id text,
  created_at bigint NOT NULL, started_at bigint, ended_at bigint NOT NULL,
  -- The task whose output is the final context. Null: the final context is in execution_finals.
  final_task_id text,
  error_message text,
  retry_of text, cancel_requested_at bigint
)${strict}${dividedByDay('executions', 'seq')};
-- For executionListing.
CREATE INDEX executions_by_creation ON executions (created_at${thenSeq});
-- For executionListing with a workflow, sampleExecutions.
CREATE INDEX executions_by_workflow ON executions (workflow, created_at${thenSeq});
-- For executionListing with a status, countListing, COUNT_EXECUTIONS, groupedTrend, oldExecutionsInStatus.
CREATE INDEX executions_by_status ON executions (status, created_at${thenSeq});
-- For executionListing with a trigger.
CREATE INDEX executions_by_source ON executions (origin_source, created_at${thenSeq}) WHERE origin_source IS NOT NULL;
-- For executionListing with retryOf.
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
-- For oldExecutions, COUNT_OLD_EXECUTIONS.
CREATE INDEX executions_by_age ON executions (ended_at);
-- For listLastFailed.
CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

-- A row for each execution, active or ended. On SQLite, the number of the new row is that of the new execution.
CREATE TABLE execution_inputs (
  execution_seq bigint PRIMARY KEY,
  context text NOT NULL
)${strict}${dividedByDay('execution_inputs', 'execution_seq')};

CREATE TABLE execution_finals (
  execution_seq bigint PRIMARY KEY,
  context text NOT NULL
)${strict}${dividedByDay('execution_finals', 'execution_seq')};
`

/**
 * `task_runs` is not clustered: SQLite reads whole records of a clustered table to compare their keys, and a record has
 * its output. Measured with outputs of 1 MB: the begin of a task takes 3.8 ms if the table is clustered, else 2.0 ms.
 */
export const tasks = ({ strict, clustered, dividedByDay, output }: SchemaDialect): string => `
CREATE TABLE task_runs (
  execution_seq bigint NOT NULL,
  position integer NOT NULL, task_id text COLLATE "C" NOT NULL, full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted',
  attempts integer NOT NULL DEFAULT 0, recoveries integer NOT NULL DEFAULT 0, not_before_at bigint,
  started_at bigint, ended_at bigint, finished_order integer,
  -- Times of the attempt that completed the task, if attempts has no row of it. Its number and its end are those of the
  -- task.
  attempt_queued_at bigint,
  attempt_started_at bigint,
  error text,${output}
  PRIMARY KEY (execution_seq, task_id)
)${strict}${dividedByDay('task_runs', 'execution_seq', 'fillfactor = 60')};

-- Attempts that have ended. The current attempt is in task_runs.
CREATE TABLE attempts (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL, outcome text NOT NULL,
  queued_at bigint, started_at bigint, ended_at bigint NOT NULL, error text,
  PRIMARY KEY (execution_seq, task_id, attempt)
)${clustered}${dividedByDay('attempts', 'execution_seq')};

-- Output and log records of attempts, in pieces that are numbered per execution in the order of writing.
CREATE TABLE attempt_logs (
  execution_seq bigint NOT NULL,
  piece bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL, attempt integer NOT NULL, records bigint NOT NULL, bytes bigint NOT NULL,
  -- Number of records and bytes that were cut between the previous piece of the attempt and this one.
  cut_records bigint NOT NULL DEFAULT 0,
  cut_bytes bigint NOT NULL DEFAULT 0,
  -- JSON lines.
  text text NOT NULL,
  PRIMARY KEY (execution_seq, piece)
)${clustered}${dividedByDay('attempt_logs', 'execution_seq')};
`
