CREATE TABLE actions (
  seq integer PRIMARY KEY,
  -- For ANSWER_ACTION, GET_ACTION.
  id text NOT NULL UNIQUE,
  kind text NOT NULL,
  -- Id of an execution, or name of a trigger.
  target text NOT NULL,
  -- cli, node, http or python.
  source text NOT NULL,
  note text,
  -- JSON, by kind.
  arguments text,
  created_at integer NOT NULL,
  -- Null until it is answered.
  answered_at integer,
  is_refused integer NOT NULL DEFAULT false,
  -- JSON, by kind. Of a refusal, the reason.
  answer text
) STRICT;

CREATE INDEX actions_by_age ON actions (created_at);

CREATE INDEX actions_by_target ON actions (target, seq);

CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;

CREATE TABLE active_executions (
  execution_seq integer NOT NULL,
  -- For findForSettling, GET_EXECUTION. Two executions with the same id could meet only here.
  id text NOT NULL,
  workflow text NOT NULL, version text NOT NULL, status text NOT NULL DEFAULT 'Pending',
  origin text NOT NULL,
  -- Name of the trigger or reactor, or id of the schedule.
  origin_source text,
  -- Id of the schedule of a cron trigger, whose name is in origin_source.
  schedule_id text,
  firing_id text, created_at integer NOT NULL, started_at integer, retry_of text,
  owner_seq integer REFERENCES instances (seq),
  -- Number of acquisitions. Only the owner with the newest number may write.
  owner_number integer NOT NULL DEFAULT 0,
  -- Number of requests of people. The newest one is in request, as JSON, until it is applied.
  request_number integer NOT NULL DEFAULT 0,
  request text,
  paused_at integer, cancel_requested_at integer,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX active_executions_by_owner ON active_executions (owner_seq, workflow, created_at, execution_seq);

CREATE INDEX active_executions_by_status ON active_executions (status, created_at, execution_seq);

CREATE TABLE active_firings (
  -- For completeFirings.
  id text NOT NULL PRIMARY KEY,
  -- On SQLite, the number of the tick.
  seq integer NOT NULL,
  trigger_seq integer NOT NULL, context_hash text NOT NULL, execution_id text NOT NULL,
  fired_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

CREATE TABLE alerts (
  seq integer PRIMARY KEY,
  -- For SAVE_ALERT.
  id text NOT NULL UNIQUE,
  kind text NOT NULL,
  -- Id of an execution or schedule, name of a trigger, or path of a script. Null: the database.
  subject text,
  message text NOT NULL, raised_at integer NOT NULL,
  -- JSON: the result for each receiver.
  deliveries text NOT NULL
) STRICT;

CREATE INDEX alerts_by_age ON alerts (raised_at);

CREATE TABLE attempt_logs (
  execution_seq integer NOT NULL,
  piece integer NOT NULL,
  task_id text NOT NULL, attempt integer NOT NULL, records integer NOT NULL, bytes integer NOT NULL,
  -- Number of records and bytes that were cut between the previous piece of the attempt and this one.
  cut_records integer NOT NULL DEFAULT 0,
  cut_bytes integer NOT NULL DEFAULT 0,
  -- JSON lines.
  text text NOT NULL,
  PRIMARY KEY (execution_seq, piece)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  execution_seq integer NOT NULL,
  task_id text NOT NULL,
  attempt integer NOT NULL, outcome text NOT NULL,
  queued_at integer, started_at integer, ended_at integer NOT NULL, error text,
  PRIMARY KEY (execution_seq, task_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

CREATE TABLE cron_firings (
  seq integer NOT NULL PRIMARY KEY,
  -- For RECOVER_CRON_FIRING, deleteCronFirings.
  id text NOT NULL UNIQUE,
  cron_seq integer NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at integer NOT NULL, claimed_at integer NOT NULL,
  execution_id text,
  recovery_attempts integer NOT NULL DEFAULT 0, updated_at integer NOT NULL
) STRICT;

CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);

CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at);

CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

CREATE TABLE crons (
  seq integer PRIMARY KEY,
  -- For GET_CRON, CLAIM_CRON.
  id text NOT NULL UNIQUE,
  workflow text NOT NULL,
  expression text NOT NULL, timezone text NOT NULL, catchup text,
  -- JSON: values that a person set instead of those in the code.
  overrides text,
  enabled integer NOT NULL DEFAULT true,
  next_run_at integer, last_run_at integer,
  -- The last time of the schedule that fired. It does not depend on the clock of the engine.
  last_scheduled_at integer,
  created_at integer NOT NULL, updated_at integer NOT NULL,
  -- Time since no living instance declares it.
  undeclared_at integer,
  -- For GET_TRIGGER_CRON.
  trigger_name text UNIQUE,
  instance_name text, params text
) STRICT;

CREATE INDEX crons_by_creation ON crons (created_at);

CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE TABLE execution_finals (
  execution_seq integer PRIMARY KEY,
  context text NOT NULL
) STRICT;

CREATE TABLE execution_inputs (
  execution_seq integer PRIMARY KEY,
  context text NOT NULL
) STRICT;

CREATE TABLE executions (
  -- On PostgreSQL, the day of its creation, counted from 1970, followed by a number of 11 digits.
  seq integer PRIMARY KEY,
  -- For GET_EXECUTION, FIND_EXECUTION_IDS.
  id text NOT NULL UNIQUE,
  workflow text NOT NULL, version text NOT NULL, status text NOT NULL,
  origin text NOT NULL, origin_source text, schedule_id text, firing_id text,
  created_at integer NOT NULL, started_at integer, ended_at integer NOT NULL,
  -- The task whose output is the final context. Null: the final context is in execution_finals.
  final_task_id text,
  error_message text,
  retry_of text, cancel_requested_at integer
) STRICT;

CREATE INDEX executions_by_age ON executions (ended_at);

CREATE INDEX executions_by_creation ON executions (created_at);

CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;

CREATE INDEX executions_by_source ON executions (origin_source, created_at) WHERE origin_source IS NOT NULL;

CREATE INDEX executions_by_status ON executions (status, created_at);

CREATE INDEX executions_by_workflow ON executions (workflow, created_at);

CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

CREATE TABLE firing_causes (
  source text NOT NULL, reactor_seq integer NOT NULL,
  last_sequence integer NOT NULL, first_sequence integer NOT NULL, firing_sequence integer NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE firing_executions (
  reactor_seq integer NOT NULL, sequence integer NOT NULL,
  subscription_id text NOT NULL, replay integer NOT NULL,
  workflow text NOT NULL, execution_id text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
) STRICT, WITHOUT ROWID;

CREATE TABLE firings (
  -- For FIND_FIRING, deleteFirings.
  id text NOT NULL PRIMARY KEY,
  seq integer NOT NULL,
  trigger_seq integer NOT NULL, context_hash text NOT NULL, execution_id text,
  fired_at integer NOT NULL, completed_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);

CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE TABLE graph_last_runs (
  graph_seq integer PRIMARY KEY REFERENCES graphs (seq) ON DELETE CASCADE,
  ran_at integer NOT NULL, firing_sequence integer NOT NULL, result text,
  -- JSON by node.
  nodes text NOT NULL
) STRICT;

CREATE TABLE graphs (
  seq integer PRIMARY KEY,
  -- For SAVE_GRAPH, GET_GRAPH.
  name text NOT NULL UNIQUE,
  -- Null: tasks run it.
  reactor text,
  done_sequence integer NOT NULL DEFAULT 0,
  runs integer NOT NULL DEFAULT 0, failures integer NOT NULL DEFAULT 0,
  undeclared_at integer, created_at integer NOT NULL,
  last_error_at integer, last_error text,
  -- JSON, without its functions.
  definition text NOT NULL
) STRICT;

CREATE TABLE instance_workflows (
  instance_seq integer NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow text NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
) STRICT, WITHOUT ROWID;

CREATE TABLE instances (
  seq integer PRIMARY KEY AUTOINCREMENT,
  -- For FIND_INSTANCE.
  id text NOT NULL UNIQUE,
  host text NOT NULL, pid integer NOT NULL, process_started_at integer,
  opened_at integer NOT NULL, heartbeat_at integer NOT NULL,
  -- Number of heartbeats, which no clock can set back.
  beats integer NOT NULL DEFAULT 0,
  -- Another engine has taken over some of its work. With its next heartbeat it registers again, without any work.
  is_declared_dead integer NOT NULL DEFAULT false,
  -- Names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared text,
  is_polling integer NOT NULL DEFAULT false,
  -- "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs text
) STRICT;

CREATE TABLE kept_values (
  source_seq integer NOT NULL, sequence integer NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactor_firings (
  reactor_seq integer NOT NULL, sequence integer NOT NULL, fired_at integer NOT NULL,
  -- The person who fired it.
  by_hand text,
  -- JSON: [source, first sequence, last sequence] of each source with new values.
  causes text NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactor_inputs (
  seq integer PRIMARY KEY,
  reactor_seq integer NOT NULL REFERENCES reactors (seq) ON DELETE CASCADE,
  source text NOT NULL, position integer NOT NULL,
  value_at integer, sequence integer,
  -- The first event that was delivered since the last firing, or null.
  dirty_from integer,
  value text,
  -- For saveInput, LIST_INPUTS.
  UNIQUE (reactor_seq, source)
) STRICT;

CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

CREATE TABLE reactors (
  seq integer PRIMARY KEY,
  -- For GET_REACTOR.
  name text NOT NULL UNIQUE,
  -- Part of the ids of its firings. For GET_REACTOR_OF_KEY.
  key text NOT NULL UNIQUE,
  mode text NOT NULL,
  last_sequence integer NOT NULL DEFAULT 0, last_fired_at integer,
  undeclared_at integer, created_at integer NOT NULL
) STRICT;

CREATE TABLE source_events (
  source_seq integer NOT NULL, sequence integer NOT NULL,
  accepted_at integer NOT NULL, event text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_last_values (
  source_seq integer PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE,
  value_at integer NOT NULL, value text NOT NULL
) STRICT;

CREATE TABLE source_polls (
  seq integer PRIMARY KEY,
  source_seq integer NOT NULL,
  outcome text NOT NULL,
  first_at integer NOT NULL, last_at integer NOT NULL, count integer NOT NULL,
  lateness_ms integer, duration_ms integer NOT NULL,
  -- Sequence of the event that the poll returned.
  sequence integer,
  error text
) STRICT;

CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

CREATE INDEX source_polls_by_source ON source_polls (source_seq);

CREATE TABLE sources (
  seq integer PRIMARY KEY,
  -- For GET_SOURCE, nameSource.
  name text NOT NULL UNIQUE,
  -- JSON. Null: only reactors name it.
  accumulation text,
  description text NOT NULL DEFAULT '',
  last_sequence integer NOT NULL DEFAULT 0, done_sequence integer NOT NULL DEFAULT 0,
  dropped integer NOT NULL DEFAULT 0, refused integer NOT NULL DEFAULT 0, failed integer NOT NULL DEFAULT 0,
  last_event_at integer,
  lease_seq integer REFERENCES instances (seq) ON DELETE SET NULL, lease_number integer NOT NULL DEFAULT 0,
  undeclared_at integer, created_at integer NOT NULL,
  last_error_at integer, last_error text
) STRICT;

CREATE TABLE stream_positions (
  source_seq integer NOT NULL,
  partition text NOT NULL,
  -- Offset of the last event that was accepted.
  read_to integer NOT NULL,
  PRIMARY KEY (source_seq, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  seq integer PRIMARY KEY,
  -- For GET_SUBSCRIPTION.
  id text NOT NULL UNIQUE,
  reactor text NOT NULL, workflow text NOT NULL, tenant text NOT NULL,
  predicate text,
  enabled integer NOT NULL DEFAULT true,
  done_sequence integer NOT NULL DEFAULT 0,
  -- Number of replays. Each replay of a firing has an execution of its own.
  replay integer NOT NULL DEFAULT 0,
  last_seen_fired_at integer,
  is_degraded integer NOT NULL DEFAULT false,
  error_count integer NOT NULL DEFAULT 0, last_error text,
  last_error_at integer, error_firing_id text,
  created_at integer NOT NULL, updated_at integer NOT NULL,
  -- For SAVE_SUBSCRIPTION.
  UNIQUE (reactor, workflow, tenant)
) STRICT;

CREATE TABLE task_runs (
  execution_seq integer NOT NULL,
  position integer NOT NULL, task_id text NOT NULL, full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted',
  attempts integer NOT NULL DEFAULT 0, recoveries integer NOT NULL DEFAULT 0, not_before_at integer,
  started_at integer, ended_at integer, finished_order integer,
  -- Times of the attempt that completed the task, if attempts has no row of it. Its number and its end are those of the
  -- task.
  attempt_queued_at integer,
  attempt_started_at integer,
  error text,
  output text,
  PRIMARY KEY (execution_seq, task_id)
) STRICT;

CREATE TABLE ticks (
  seq integer NOT NULL PRIMARY KEY,
  id text NOT NULL,
  trigger_seq integer NOT NULL, outcome text NOT NULL,
  first_at integer NOT NULL, last_at integer NOT NULL, count integer NOT NULL,
  lateness_ms integer, duration_ms integer,
  -- Reason of a skip, from its poll.
  reason text,
  firing_id text, execution_id text, error text,
  -- Output and log records of the poll: JSON lines, as in attempt_logs. Of a run of skips, those of the last poll.
  log text
) STRICT;

CREATE INDEX ticks_by_age ON ticks (outcome, last_at);

CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);

CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);

CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;

CREATE TABLE triggers (
  seq integer PRIMARY KEY,
  id text NOT NULL,
  -- For GET_TRIGGER, lockForPoll.
  name text NOT NULL UNIQUE,
  workflow text NOT NULL,
  poll_interval_ms integer NOT NULL, allow_concurrent integer NOT NULL,
  -- JSON: the policy in the code, and the values that a person set instead.
  policy text,
  overrides text,
  enabled integer NOT NULL DEFAULT true,
  -- Reason of the last time that it was enabled or disabled.
  note text,
  failures_in_row integer NOT NULL DEFAULT 0,
  -- Whether the result of its last poll was to fire.
  is_firing integer NOT NULL DEFAULT false,
  created_at integer NOT NULL, updated_at integer NOT NULL, last_poll_at integer,
  -- Time since no living instance declares it.
  undeclared_at integer,
  lease_seq integer REFERENCES instances (seq) ON DELETE SET NULL,
  -- Number of times that its lease was taken.
  lease_number integer NOT NULL DEFAULT 0,
  -- The run of skips that the next other outcome closes: it becomes a row of ticks.
  skip_tick_id text,
  skip_count integer NOT NULL DEFAULT 0, skip_first_at integer, skip_last_at integer,
  skip_lateness_ms integer, skip_duration_ms integer,
  skip_reason text, skip_log text
) STRICT;

CREATE INDEX triggers_by_creation ON triggers (created_at);

CREATE TABLE workflows (
  key text PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition text NOT NULL,
  saved_at integer NOT NULL
) STRICT;
