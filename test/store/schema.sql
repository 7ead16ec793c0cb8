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

CREATE INDEX actions_of_switches ON actions (target, created_at) WHERE kind IN ('enable', 'disable');

CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;

CREATE TABLE active_executions (
  execution_seq integer NOT NULL,
  -- For findForSettling, GET_EXECUTION. Two executions with the same id could meet only here.
  id text NOT NULL,
  workflow text NOT NULL, version text NOT NULL, status text NOT NULL DEFAULT 'Pending',
  origin text NOT NULL,
  -- Name of the trigger or reactor, or id of the schedule.
  origin_source text,
  -- Id of the schedule of a cron trigger, whose name is in origin_source. For a refire, id of the firing.
  schedule_id text,
  -- For a backfill or refire, its id.
  firing_id text, created_at integer NOT NULL, started_at integer, retry_of text,
  owner_seq integer REFERENCES instances (seq),
  -- Number of acquisitions. Only the owner with the newest number may write.
  owner_number integer NOT NULL DEFAULT 0,
  -- Number of requests of people. The newest one is in request, as JSON, until it is applied.
  request_number integer NOT NULL DEFAULT 0,
  request text,
  paused_at integer, cancel_requested_at integer,
  -- A limit without a free slot: "trigger:NAME", or "workflow:KEY VALUE". Empty: only waits are open. Null: an engine
  -- may acquire the execution.
  waits_for text,
  priority integer NOT NULL DEFAULT 0,
  -- Order by priority, in which executions that have begun precede new ones: see executionRank.
  rank integer NOT NULL DEFAULT 0,
  -- Its creation, or the time at which a limit released it.
  queued_at integer NOT NULL DEFAULT 0,
  -- JSON: value for which the limit of its workflow counts it. Null: its workflow had no limit.
  limit_value text,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX active_executions_begun ON active_executions (workflow, limit_value)
  WHERE limit_value IS NOT NULL AND coalesce(waits_for, '') = '';

CREATE INDEX active_executions_by_batch ON active_executions (firing_id) WHERE origin IN ('backfill', 'refire');

CREATE INDEX active_executions_by_owner ON active_executions
  (owner_seq, waits_for, workflow, rank, queued_at, execution_seq);

CREATE INDEX active_executions_by_status ON active_executions (status, created_at, execution_seq);

CREATE INDEX active_executions_waiting ON active_executions (waits_for, rank, created_at, execution_seq)
  WHERE waits_for IS NOT NULL;

CREATE TABLE active_firings (
  -- For completeFirings.
  id text NOT NULL PRIMARY KEY,
  -- On SQLite, the number of the tick times 1024, plus the position among the firings of the tick.
  seq integer NOT NULL,
  trigger_seq integer NOT NULL, context_hash text NOT NULL, execution_id text NOT NULL,
  fired_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

CREATE TABLE alert_deliveries (
  alert_seq integer NOT NULL REFERENCES alerts (seq) ON DELETE CASCADE,
  incident_seq integer,
  receiver text NOT NULL,
  -- url or command.
  sends_to text NOT NULL,
  outcome text NOT NULL,
  attempts integer NOT NULL,
  response text, error text, ended_at integer,
  -- Time from which an engine may take it.
  due_at integer NOT NULL,
  PRIMARY KEY (alert_seq, receiver, sends_to)
) STRICT;

CREATE INDEX alert_deliveries_due ON alert_deliveries (due_at) WHERE outcome = 'pending';

CREATE INDEX alert_deliveries_pending ON alert_deliveries (incident_seq, receiver, sends_to, alert_seq)
  WHERE outcome = 'pending';

CREATE TABLE alerts (
  seq integer PRIMARY KEY,
  -- For SETTLE_DELIVERY, INSERT_DELIVERY.
  id text NOT NULL UNIQUE,
  kind text NOT NULL, state text NOT NULL,
  -- Id of an execution or schedule, name of a trigger, or path of a script. Null: the database.
  subject text,
  message text NOT NULL, raised_at integer NOT NULL, count integer NOT NULL, since integer NOT NULL,
  workflow text, trigger_name text, task text, error_type text, cause text, execution_id text,
  -- Null: it was sent while the database refused.
  incident_seq integer
) STRICT;

CREATE INDEX alerts_by_age ON alerts (raised_at);

CREATE TABLE approvals (
  seq integer PRIMARY KEY,
  -- For GET_APPROVAL, ANSWER_APPROVAL.
  id text NOT NULL UNIQUE,
  execution_seq integer NOT NULL, execution_id text NOT NULL,
  workflow text NOT NULL,
  node text NOT NULL,
  title text NOT NULL,
  created_at integer NOT NULL, expires_at integer,
  -- open, answered, expired or cancelled.
  state text NOT NULL DEFAULT 'open',
  ended_at integer,
  -- JSON: the answer, and the schema of its values.
  answer text,
  form text
) STRICT;

CREATE INDEX approvals_by_age ON approvals (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX approvals_by_execution ON approvals (execution_seq);

CREATE UNIQUE INDEX approvals_of_node ON approvals (execution_seq, node) WHERE state = 'open';

CREATE INDEX approvals_open ON approvals (seq) WHERE state = 'open';

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

CREATE TABLE batches (
  seq integer PRIMARY KEY,
  -- For FIND_BATCHES, ADVANCE_BATCH.
  id text NOT NULL UNIQUE,
  -- backfill or refire.
  kind text NOT NULL,
  -- running, paused, completed or cancelled.
  status text NOT NULL,
  -- Null for a refire.
  schedule_id text,
  trigger_name text,
  workflow text NOT NULL,
  -- Those of the schedule when the backfill was created.
  expression text, timezone text,
  from_at integer NOT NULL, to_at integer NOT NULL,
  -- Starts also times that have a firing.
  again integer NOT NULL,
  -- Refires only firings whose executions have this status.
  execution_status text,
  max_active integer NOT NULL,
  -- The last time, or the last firing, that was handled.
  cursor_at integer NOT NULL, cursor_seq integer NOT NULL,
  -- Number of executions that were to start at the creation.
  total integer NOT NULL,
  started integer NOT NULL DEFAULT 0, left_out integer NOT NULL DEFAULT 0,
  created_at integer NOT NULL, ended_at integer
) STRICT;

CREATE INDEX batches_by_age ON batches (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX batches_by_schedule ON batches (schedule_id) WHERE schedule_id IS NOT NULL;

CREATE INDEX batches_by_trigger ON batches (trigger_name) WHERE trigger_name IS NOT NULL;

CREATE INDEX batches_running ON batches (seq) WHERE status = 'running';

CREATE TABLE child_executions (
  chain_id text NOT NULL,
  task_id text NOT NULL,
  key text NOT NULL,
  child_id text NOT NULL,
  workflow text NOT NULL,
  -- Number of executions above the child.
  depth integer NOT NULL,
  created_at integer NOT NULL,
  -- For INSERT_CHILD, FIND_CHILD.
  PRIMARY KEY (chain_id, task_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX child_executions_by_age ON child_executions (created_at);

CREATE INDEX child_executions_by_child ON child_executions (child_id);

CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

CREATE TABLE cron_firings (
  seq integer NOT NULL PRIMARY KEY,
  -- For RECOVER_CRON_FIRING, deleteCronFirings.
  id text NOT NULL UNIQUE,
  cron_seq integer NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at integer NOT NULL, claimed_at integer NOT NULL,
  execution_id text,
  -- The limit of the workflow refused the execution.
  is_limited integer NOT NULL DEFAULT false,
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
  expression text NOT NULL, timezone text NOT NULL, catchup text, expect_fire_ms integer,
  -- JSON: values that a person set instead of those in the code.
  overrides text,
  -- JSON. Null: it has those of its workflow.
  tags text,
  -- Priority of its executions. Null: that of the workflow.
  priority integer,
  enabled integer NOT NULL DEFAULT true,
  next_run_at integer, last_run_at integer,
  -- The last time of the schedule that fired. It does not depend on the clock of the engine.
  last_scheduled_at integer,
  created_at integer NOT NULL, updated_at integer NOT NULL,
  -- Time since no living instance declares it.
  undeclared_at integer,
  -- For GET_TRIGGER_CRON.
  trigger_name text UNIQUE,
  instance_name text, params text,
  -- Earlier rows of schedule_times were removed. Null: none.
  times_known_from integer
) STRICT;

CREATE INDEX crons_by_creation ON crons (created_at);

CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE TABLE execution_chains (
  -- For insertChains, listChains.
  execution_id text PRIMARY KEY,
  -- Id of the first execution.
  chain_id text NOT NULL,
  created_at integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX execution_chains_by_age ON execution_chains (created_at);

CREATE INDEX execution_chains_by_chain ON execution_chains (chain_id);

CREATE TABLE execution_finals (
  execution_seq integer PRIMARY KEY,
  context text NOT NULL
) STRICT;

CREATE TABLE execution_inputs (
  execution_seq integer PRIMARY KEY,
  context text NOT NULL
) STRICT;

CREATE TABLE execution_keys (
  workflow text NOT NULL,
  key text NOT NULL,
  -- Of the input as it was given, before the check of the workflow changed it.
  input_fingerprint text NOT NULL,
  execution_id text NOT NULL, created_at integer NOT NULL,
  -- For insertKeys, FIND_START_KEY.
  PRIMARY KEY (workflow, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX execution_keys_by_age ON execution_keys (created_at);

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
  -- The first failed task and its error. Null unless the status is Failed.
  cause text,
  retry_of text, cancel_requested_at integer,
  priority integer NOT NULL DEFAULT 0
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

CREATE TABLE firing_keys (
  trigger_seq integer NOT NULL,
  key text NOT NULL,
  firing_id text NOT NULL, execution_id text,
  taken_at integer NOT NULL,
  -- Null: never.
  expires_at integer,
  PRIMARY KEY (trigger_seq, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX firing_keys_by_expiry ON firing_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE firings (
  -- For listFirings, deleteFirings.
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

CREATE TABLE incidents (
  seq integer PRIMARY KEY AUTOINCREMENT,
  -- For INSERT_ALERT, UPDATE_INCIDENT.
  id text NOT NULL UNIQUE,
  kind text NOT NULL,
  -- Name of a workflow or trigger, path of a script, or id of an engine. Empty: the database.
  subject text NOT NULL,
  opened_at integer NOT NULL, last_at integer NOT NULL, count integer NOT NULL,
  -- Null while it is open.
  ended_at integer,
  -- Null: no message was sent.
  last_message_at integer,
  -- It was opened again without a message.
  is_silent integer NOT NULL,
  sends_recovery integer NOT NULL,
  -- JSON: targets and facts of the last report.
  targets text NOT NULL, facts text NOT NULL
) STRICT;

CREATE INDEX incidents_by_age ON incidents (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX incidents_by_failure ON incidents (last_at, seq);

CREATE INDEX incidents_by_subject ON incidents (subject, kind, seq);

CREATE UNIQUE INDEX incidents_open ON incidents (subject, kind) WHERE ended_at IS NULL;

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
  -- By the monotonic clock of the machine: the time at which others may take the slots of its attempts.
  expires_at integer NOT NULL DEFAULT 0,
  -- Another engine has taken over some of its work. With its next heartbeat it registers again, without any work.
  is_declared_dead integer NOT NULL DEFAULT false,
  -- The incident about its death is stored.
  is_loss_reported integer NOT NULL DEFAULT false,
  -- Names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared text,
  is_polling integer NOT NULL DEFAULT false,
  -- "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs text,
  -- JSON: the limits that its code declares, by name.
  declared_limits text
) STRICT;

CREATE TABLE judged_deadlines (
  -- For INSERT_JUDGED.
  key text PRIMARY KEY,
  judged_at integer NOT NULL
) STRICT;

CREATE INDEX judged_deadlines_by_age ON judged_deadlines (judged_at);

CREATE TABLE kept_slots (
  limit_name text NOT NULL,
  value text NOT NULL,
  execution_seq integer NOT NULL,
  task_id text NOT NULL,
  -- For getKeys, LIST_KEPT.
  PRIMARY KEY (limit_name, value, execution_seq, task_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_slots_of_task ON kept_slots (execution_seq, task_id);

CREATE TABLE kept_values (
  source_seq integer NOT NULL, sequence integer NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_attempts (
  limit_name text NOT NULL,
  value text NOT NULL,
  -- Number of the attempt among those of the limit and value.
  ordinal integer NOT NULL,
  begun_at integer NOT NULL,
  execution_seq integer NOT NULL,
  task_id text NOT NULL,
  -- Number of the attempt among all of its task, so that a change that is stored again is the same attempt.
  attempt integer NOT NULL,
  -- Engine whose lease the slot needs. Its row may be gone after the end.
  owner_seq integer NOT NULL,
  -- End of the attempt, or of the lease of an engine that was lost. Null: the slot is in use while the lease is valid.
  ended_at integer,
  -- For getKeys, which reads the newest attempts.
  PRIMARY KEY (limit_name, value, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX limit_attempts_by_end ON limit_attempts (limit_name, value, ended_at);

CREATE INDEX limit_attempts_of_owner ON limit_attempts (owner_seq) WHERE ended_at IS NULL;

CREATE INDEX limit_attempts_of_task ON limit_attempts (execution_seq, task_id) WHERE ended_at IS NULL;

CREATE TABLE limit_values (
  limit_name text NOT NULL,
  value text NOT NULL,
  closed_at integer,
  closed_until integer,
  -- For lockKeys, getKeys.
  PRIMARY KEY (limit_name, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits (
  -- For getLimits, DECLARE_LIMIT. "workflow:KEY" for the limit of the executions of a workflow.
  name text PRIMARY KEY,
  -- JSON: values of the newest code. Null: no code has declared it.
  declared text,
  -- JSON: values that a person set instead.
  overrides text,
  -- Time since which all values are closed, and until which. Null: open.
  closed_at integer,
  closed_until integer
) STRICT;

CREATE TABLE once_results (
  chain_id text NOT NULL,
  task_id text NOT NULL,
  name text NOT NULL,
  created_at integer NOT NULL,
  -- JSON.
  result text NOT NULL,
  -- For INSERT_RESULT, FIND_RESULT.
  PRIMARY KEY (chain_id, task_id, name)
) STRICT;

CREATE INDEX once_results_by_age ON once_results (created_at);

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

CREATE TABLE schedule_times (
  cron_seq integer NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at integer NOT NULL,
  written_at integer NOT NULL,
  -- For INSERT_SCHEDULE_TIME, LIST_SCHEDULE_TIMES.
  PRIMARY KEY (cron_seq, scheduled_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_times_by_age ON schedule_times (written_at);

CREATE TABLE signals (
  seq integer PRIMARY KEY,
  -- For INSERT_SIGNAL, FIND_SIGNAL.
  id text NOT NULL UNIQUE,
  name text NOT NULL,
  key text NOT NULL,
  -- Text that all equal payloads share, in short.
  fingerprint text NOT NULL,
  -- Interface through which it was sent, with the user.
  source text NOT NULL,
  sent_at integer NOT NULL,
  -- Null while it is kept for the next wait.
  used_at integer,
  is_used_at_once integer NOT NULL DEFAULT false,
  -- JSON: ids of the executions whose waits it ended.
  executions text NOT NULL DEFAULT '[]',
  -- JSON.
  payload text NOT NULL
) STRICT;

CREATE INDEX signals_by_age ON signals (sent_at);

CREATE INDEX signals_kept ON signals (name, key, seq) WHERE used_at IS NULL;

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
  -- Number of attempts that ended with TryLater, which are not in attempts.
  tries_later integer NOT NULL DEFAULT 0,
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
) STRICT;

CREATE INDEX ticks_by_age ON ticks (outcome, last_at);

CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);

CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);

CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;

CREATE TABLE trigger_states (
  trigger_seq integer PRIMARY KEY REFERENCES triggers (seq) ON DELETE CASCADE,
  version integer NOT NULL, changed_at integer NOT NULL,
  -- poll, or id of an action.
  changed_by text NOT NULL,
  -- JSON. Null after a reset: the state is initial_state of the trigger.
  state text,
  -- JSON: the state before the last change.
  previous_state text NOT NULL
) STRICT;

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
  -- JSON text of the state before its first change. Null: the trigger takes no state.
  initial_state text,
  -- JSON. Null: it has those of its workflow.
  tags text,
  -- Priority of its executions. Null: that of the workflow.
  priority integer,
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

CREATE TABLE waits (
  execution_seq integer NOT NULL,
  task_id text NOT NULL,
  workflow text NOT NULL,
  kind text NOT NULL,
  opened_at integer NOT NULL,
  -- Time at which it ends by itself. Null: never.
  deadline_at integer,
  -- Null while it is open.
  outcome text,
  ended_at integer,
  -- Name and key of the signal that ends it, or id of its approval.
  signal text,
  wait_key text,
  approval_id text,
  -- JSON: payload of the signal, or answer to the approval, that ended it.
  payload text,
  -- Of a wait for a slot: id of the execution, name and value of the limit, and its place in the line for it.
  execution_id text,
  limit_name text,
  limit_value text,
  line_rank integer,
  line_at integer,
  -- Time of the database at which it was offered a free slot.
  offered_at integer,
  -- Number of slots that its attempt was offered, and could not use, because another limit of the task had none.
  vain_offers integer NOT NULL DEFAULT 0,
  PRIMARY KEY (execution_seq, task_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX waits_by_child ON waits (wait_key) WHERE outcome IS NULL AND kind = 'child';

CREATE INDEX waits_by_deadline ON waits (deadline_at) WHERE outcome IS NULL AND deadline_at IS NOT NULL;

CREATE INDEX waits_by_limit ON waits (limit_name, limit_value, line_rank, line_at, execution_seq)
  WHERE outcome IS NULL AND limit_name IS NOT NULL;

CREATE INDEX waits_by_node ON waits (workflow, task_id)
  WHERE outcome IS NULL AND kind <> 'child' AND kind <> 'limit';

CREATE INDEX waits_by_signal ON waits (signal, wait_key) WHERE outcome IS NULL AND signal IS NOT NULL;

CREATE INDEX waits_ended ON waits (execution_seq) WHERE outcome IS NOT NULL;

CREATE INDEX waits_offered ON waits (limit_name, limit_value) WHERE outcome = 'free';

CREATE TABLE workflows (
  key text PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition text NOT NULL,
  saved_at integer NOT NULL
) STRICT;
