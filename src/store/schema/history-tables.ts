/** Tables of executions, firings and ticks: a part of `tables.ts`, whose rules apply here. */

import { OFTEN_CHANGED, type SchemaDialect, SHORT_LIVED } from './schema-dialect.ts'

export const firings = ({ clustered, storage, dividedByDay, primaryKey, fromSequence }: SchemaDialect): string => `
-- Firings whose executions have not ended.
CREATE TABLE active_firings (
  -- For completeFirings.
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  -- On SQLite, the number of the tick times 1024, plus the position among the firings of the tick.
  seq bigint NOT NULL${fromSequence('firings_number')},
  trigger_seq bigint NOT NULL, context_hash text NOT NULL, execution_id text NOT NULL,
  fired_at bigint NOT NULL
)${clustered}${storage(SHORT_LIVED)};
-- For findActiveFirings, COUNT_BEGUN.
CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

-- Firings whose executions have ended, and firings without an execution.
CREATE TABLE firings (
  -- For listFirings, deleteFirings.
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
  -- Of several firings, the first that started an execution. It decides how long the tick is kept.
  firing_id text,
  -- Null if the poll had several firings.
  execution_id text,
  error text,
  -- Number of firings that the poll returned, and of those of them that were duplicates.
  firings integer NOT NULL DEFAULT 0, duplicates integer NOT NULL DEFAULT 0,
  -- Output and log records of the poll: JSON lines, as in attempt_logs. Of a run of skips, those of the last poll.
  log text,
  -- State before and after the poll, if the poll changed it.
  state_before text, state_after text
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
  -- Id of the schedule of a cron trigger, whose name is in origin_source. For a refire, id of the firing.
  schedule_id text,
  -- For a backfill or refire, its id.
  firing_id text, created_at bigint NOT NULL, started_at bigint, retry_of text,
  owner_seq bigint REFERENCES instances (seq),
  -- Number of acquisitions. Only the owner with the newest number may write.
  owner_number bigint NOT NULL DEFAULT 0,
  -- Number of requests of people. The newest one is in request, as JSON, until it is applied.
  request_number bigint NOT NULL DEFAULT 0,
  request text,
  paused_at bigint, cancel_requested_at bigint,
  -- A limit without a free slot: "trigger:NAME", or "workflow:KEY VALUE". Empty: only waits are open. Null: an engine
  -- may acquire the execution.
  waits_for text COLLATE "C",
  priority integer NOT NULL DEFAULT 0,
  -- Order by priority, in which executions that have begun precede new ones: see executionRank.
  rank integer NOT NULL DEFAULT 0,
  -- Its creation, or the time at which a limit released it.
  queued_at bigint NOT NULL DEFAULT 0,
  -- JSON: value for which the limit of its workflow counts it. Null: its workflow had no limit.
  limit_value text COLLATE "C",
  ${activeKeys}
)${clustered}${storage(OFTEN_CHANGED)};
-- For ACTIVE_IN_BATCH.
CREATE INDEX active_executions_by_batch ON active_executions (firing_id) WHERE origin IN ('backfill', 'refire');
-- For releaseWaiting, releaseExecutions, COUNT_BEGUN, LIST_TRIGGERS_WITH_WAITING, LIST_WAITED_WORKFLOWS.
CREATE INDEX active_executions_waiting ON active_executions (waits_for, rank, created_at, execution_seq)
  WHERE waits_for IS NOT NULL;
-- For the slots in use of limits of workflows.
CREATE INDEX active_executions_begun ON active_executions (workflow, limit_value)
  WHERE limit_value IS NOT NULL AND coalesce(waits_for, '') = '';
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
  -- The first failed task and its error. Null unless the status is Failed.
  cause text,
  retry_of text, cancel_requested_at bigint,
  priority integer NOT NULL DEFAULT 0
)${strict}${dividedByDay('executions', 'seq')};
-- For executionListing.
CREATE INDEX executions_by_creation ON executions (created_at${thenSeq});
-- For executionListing with a workflow, sampleExecutions, listEnded.
CREATE INDEX executions_by_workflow ON executions (workflow, created_at${thenSeq});
-- For executionListing with a status, countListing, COUNT_EXECUTIONS, groupedTrend, oldExecutions.
CREATE INDEX executions_by_status ON executions (status, created_at${thenSeq});
-- For executionListing with a trigger.
CREATE INDEX executions_by_source ON executions (origin_source, created_at${thenSeq}) WHERE origin_source IS NOT NULL;
-- For executionListing with retryOf.
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
-- For oldExecutions, countOldExecutions.
CREATE INDEX executions_by_age ON executions (ended_at);
-- For lastFailed.
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

export const executionKeys = ({ clustered }: SchemaDialect): string => `
-- Keys with which executions were started, for each workflow. A row can remain longer than its execution.
CREATE TABLE execution_keys (
  workflow text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- Of the input as it was given, before the check of the workflow changed it.
  input_fingerprint text NOT NULL,
  execution_id text NOT NULL, created_at bigint NOT NULL,
  -- For insertKeys, FIND_START_KEY.
  PRIMARY KEY (workflow, key)
)${clustered};
-- For PRUNE_EXECUTION_KEYS.
CREATE INDEX execution_keys_by_age ON execution_keys (created_at);
`

export const chains = ({ strict, clustered }: SchemaDialect): string => `
-- Chains of executions that retry another one. Each other execution is the first one of its own chain.
CREATE TABLE execution_chains (
  -- For insertChains, listChains.
  execution_id text COLLATE "C" PRIMARY KEY,
  -- Id of the first execution.
  chain_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL
)${clustered};
-- For isLiving.
CREATE INDEX execution_chains_by_chain ON execution_chains (chain_id);
-- For PRUNE_CHAINS.
CREATE INDEX execution_chains_by_age ON execution_chains (created_at);

-- Results that tasks stored, by chain. Not clustered, as task_runs: a result may have 1 MiB.
CREATE TABLE once_results (
  chain_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  -- JSON.
  result text NOT NULL,
  -- For INSERT_RESULT, FIND_RESULT.
  PRIMARY KEY (chain_id, task_id, name)
)${strict};
-- For PRUNE_CHAINS.
CREATE INDEX once_results_by_age ON once_results (created_at);

-- Executions that tasks started, by chain. A row can remain longer than the child.
CREATE TABLE child_executions (
  chain_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  child_id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  -- Number of executions above the child.
  depth integer NOT NULL,
  created_at bigint NOT NULL,
  -- For INSERT_CHILD, FIND_CHILD.
  PRIMARY KEY (chain_id, task_id, key)
)${clustered};
-- For FIND_DEPTH.
CREATE INDEX child_executions_by_child ON child_executions (child_id);
-- For PRUNE_CHAINS.
CREATE INDEX child_executions_by_age ON child_executions (created_at);
`

/**
 * `task_runs` is not clustered: SQLite reads whole records of a clustered table to compare their keys, and a record has
 * its output. Measured with outputs of 1 MB: the begin of a task takes 3.8 ms if the table is clustered, else 2.0 ms.
 */
export const tasks = ({ strict, clustered, storage, dividedByDay, output }: SchemaDialect): string => `
CREATE TABLE task_runs (
  execution_seq bigint NOT NULL,
  position integer NOT NULL, task_id text COLLATE "C" NOT NULL, full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted',
  attempts integer NOT NULL DEFAULT 0, recoveries integer NOT NULL DEFAULT 0, not_before_at bigint,
  -- Number of attempts that ended with TryLater, which are not in attempts.
  tries_later integer NOT NULL DEFAULT 0,
  started_at bigint, ended_at bigint, finished_order integer,
  -- Times of the attempt that completed the task, if attempts has no row of it. Its number and its end are those of the
  -- task.
  attempt_queued_at bigint,
  attempt_started_at bigint,
  error text,${output}
  PRIMARY KEY (execution_seq, task_id)
)${strict}${dividedByDay('task_runs', 'execution_seq', 'fillfactor = 60')};

-- Waits of nodes whose executions have not ended. The row of a wait that has ended stays until its node has ended.
CREATE TABLE waits (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  opened_at bigint NOT NULL,
  -- Time at which it ends by itself. Null: never.
  deadline_at bigint,
  -- Null while it is open.
  outcome text,
  ended_at bigint,
  -- Name and key of the signal that ends it, or id of its approval.
  signal text COLLATE "C",
  wait_key text COLLATE "C",
  approval_id text COLLATE "C",
  -- JSON: payload of the signal, or answer to the approval, that ended it.
  payload text,
  -- Of a wait for a slot: id of the execution, name and value of the limit, and its place in the line for it.
  execution_id text COLLATE "C",
  limit_name text COLLATE "C",
  limit_value text COLLATE "C",
  line_rank integer,
  line_at bigint,
  -- Time of the database at which it was offered a free slot.
  offered_at bigint,
  -- Number of slots that its attempt was offered, and could not use, because another limit of the task had none.
  vain_offers integer NOT NULL DEFAULT 0,
  PRIMARY KEY (execution_seq, task_id)
)${clustered}${storage(SHORT_LIVED)};
-- For LIST_WAITS_FOR_SIGNAL.
CREATE INDEX waits_by_signal ON waits (signal, wait_key) WHERE outcome IS NULL AND signal IS NOT NULL;
-- For LIST_WAITING_NODES, MAKE_NODES_AVAILABLE.
CREATE INDEX waits_by_node ON waits (workflow, task_id)
  WHERE outcome IS NULL AND kind <> 'child' AND kind <> 'limit';
-- For LIST_WAITS_FOR_CHILD.
CREATE INDEX waits_by_child ON waits (wait_key) WHERE outcome IS NULL AND kind = 'child';
-- For NEXT_DEADLINE, LIST_DUE_WAITS.
CREATE INDEX waits_by_deadline ON waits (deadline_at) WHERE outcome IS NULL AND deadline_at IS NOT NULL;
-- For listCandidates, LIST_WAITED_VALUES. The first in each line precede.
CREATE INDEX waits_by_limit ON waits (limit_name, limit_value, line_rank, line_at, execution_seq)
  WHERE outcome IS NULL AND limit_name IS NOT NULL;
-- For the slots that were offered.
CREATE INDEX waits_offered ON waits (limit_name, limit_value) WHERE outcome = 'free';
-- For LIST_ENDED_WAITS.
CREATE INDEX waits_ended ON waits (execution_seq) WHERE outcome IS NOT NULL;

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

export const waitEvents = ({ strict, storage }: SchemaDialect): string => `
CREATE TABLE signals (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For INSERT_SIGNAL, FIND_SIGNAL.
  id text COLLATE "C" NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  -- Text that all equal payloads share, in short.
  fingerprint text NOT NULL,
  -- Interface through which it was sent, with the user.
  source text NOT NULL,
  sent_at bigint NOT NULL,
  -- Null while it is kept for the next wait.
  used_at bigint,
  is_used_at_once boolean NOT NULL DEFAULT false,
  -- JSON: ids of the executions whose waits it ended.
  executions text NOT NULL DEFAULT '[]',
  -- JSON.
  payload text NOT NULL
)${strict}${storage(SHORT_LIVED)};
-- For FIND_KEPT_SIGNAL.
CREATE INDEX signals_kept ON signals (name, key, seq) WHERE used_at IS NULL;
-- For PRUNE_SIGNALS.
CREATE INDEX signals_by_age ON signals (sent_at);

CREATE TABLE approvals (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_APPROVAL, ANSWER_APPROVAL.
  id text COLLATE "C" NOT NULL UNIQUE,
  execution_seq bigint NOT NULL, execution_id text NOT NULL,
  workflow text NOT NULL,
  node text COLLATE "C" NOT NULL,
  title text NOT NULL,
  created_at bigint NOT NULL, expires_at bigint,
  -- open, answered, expired or cancelled.
  state text COLLATE "C" NOT NULL DEFAULT 'open',
  ended_at bigint,
  -- JSON: the answer, and the schema of its values.
  answer text,
  form text
)${strict};
-- For LIST_OPEN_APPROVALS, COUNT_OPEN_APPROVALS.
CREATE INDEX approvals_open ON approvals (seq) WHERE state = 'open';
-- A node has at most one open approval. For insert, expire, cancel, CANCEL_APPROVALS.
CREATE UNIQUE INDEX approvals_of_node ON approvals (execution_seq, node) WHERE state = 'open';
-- For deleteExecutions.
CREATE INDEX approvals_by_execution ON approvals (execution_seq);
-- For PRUNE_APPROVALS.
CREATE INDEX approvals_by_age ON approvals (ended_at) WHERE ended_at IS NOT NULL;
`
