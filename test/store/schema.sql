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

CREATE INDEX actions_by_age ON actions (created_at);

CREATE INDEX actions_by_target ON actions (target, seq);

CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;

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

CREATE INDEX active_executions_by_owner ON active_executions (owner_seq, workflow, created_at, execution_seq);

CREATE INDEX active_executions_by_status ON active_executions (status, created_at, execution_seq);

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

CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);

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

CREATE INDEX alerts_by_age ON alerts (raised_at);

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

CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

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

CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);

CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at);

CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

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

CREATE INDEX crons_by_creation ON crons (created_at);

CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE TABLE execution_finals (
  execution_seq INTEGER PRIMARY KEY,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE execution_inputs (
  execution_seq INTEGER PRIMARY KEY,
  context TEXT NOT NULL
) STRICT;

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

CREATE INDEX executions_by_age ON executions (ended_at);

CREATE INDEX executions_by_creation ON executions (created_at);

CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;

CREATE INDEX executions_by_source ON executions (origin_source, created_at) WHERE origin_source IS NOT NULL;

CREATE INDEX executions_by_status ON executions (status, created_at);

CREATE INDEX executions_by_workflow ON executions (workflow, created_at);

CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

CREATE TABLE firing_causes (
  source TEXT NOT NULL,
  reactor_seq INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  firing_sequence INTEGER NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE firing_executions (
  reactor_seq INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  subscription_id TEXT NOT NULL,
  replay INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);

CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE TABLE graph_last_runs (
  graph_seq INTEGER PRIMARY KEY REFERENCES graphs (seq) ON DELETE CASCADE,
  ran_at INTEGER NOT NULL,
  firing_sequence INTEGER NOT NULL,
  result TEXT,
  -- JSON by node.
  nodes TEXT NOT NULL
) STRICT;

CREATE TABLE graphs (
  seq INTEGER PRIMARY KEY,
  -- For SAVE_GRAPH, GET_GRAPH.
  name TEXT NOT NULL UNIQUE,
  -- Null: tasks run it.
  reactor TEXT,
  done_sequence INTEGER NOT NULL DEFAULT 0,
  runs INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  undeclared_at INTEGER,
  created_at INTEGER NOT NULL,
  last_error_at INTEGER,
  last_error TEXT,
  -- JSON, without its functions.
  definition TEXT NOT NULL
) STRICT;

CREATE TABLE instance_workflows (
  instance_seq INTEGER NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE kept_values (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactor_firings (
  reactor_seq INTEGER NOT NULL REFERENCES reactors (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  fired_at INTEGER NOT NULL,
  -- The person who fired it.
  by_hand TEXT,
  -- JSON: [source, first sequence, last sequence] of each source with new values.
  causes TEXT NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (reactor_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE reactor_inputs (
  seq INTEGER PRIMARY KEY,
  reactor_seq INTEGER NOT NULL REFERENCES reactors (seq) ON DELETE CASCADE,
  source TEXT NOT NULL,
  position INTEGER NOT NULL,
  value_at INTEGER,
  sequence INTEGER,
  -- The first event that was delivered since the last firing, or null.
  dirty_from INTEGER,
  value TEXT,
  -- For SAVE_INPUT, LIST_INPUTS.
  UNIQUE (reactor_seq, source)
) STRICT;

CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

CREATE TABLE reactors (
  seq INTEGER PRIMARY KEY,
  -- For GET_REACTOR.
  name TEXT NOT NULL UNIQUE,
  -- Part of the ids of its firings. For GET_REACTOR_OF_KEY.
  key TEXT NOT NULL UNIQUE,
  mode TEXT NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  last_fired_at INTEGER,
  undeclared_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE source_events (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_last_values (
  source_seq INTEGER PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE,
  value_at INTEGER NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE source_polls (
  seq INTEGER PRIMARY KEY,
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  outcome TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  lateness_ms INTEGER,
  duration_ms INTEGER NOT NULL,
  -- Sequence of the event that the poll returned.
  sequence INTEGER,
  error TEXT
) STRICT;

CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

CREATE INDEX source_polls_by_source ON source_polls (source_seq);

CREATE TABLE sources (
  seq INTEGER PRIMARY KEY,
  -- For FIND_SOURCE.
  name TEXT NOT NULL UNIQUE,
  -- JSON. Null: only reactors name it.
  accumulation TEXT,
  description TEXT NOT NULL DEFAULT '',
  last_sequence INTEGER NOT NULL DEFAULT 0,
  done_sequence INTEGER NOT NULL DEFAULT 0,
  dropped INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  last_event_at INTEGER,
  lease_seq INTEGER REFERENCES instances (seq) ON DELETE SET NULL,
  lease_number INTEGER NOT NULL DEFAULT 0,
  undeclared_at INTEGER,
  created_at INTEGER NOT NULL,
  last_error_at INTEGER,
  last_error TEXT
) STRICT;

CREATE TABLE stream_positions (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  partition TEXT NOT NULL,
  -- Offset of the last event that was accepted.
  read_to INTEGER NOT NULL,
  PRIMARY KEY (source_seq, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
  seq INTEGER PRIMARY KEY,
  -- For GET_SUBSCRIPTION.
  id TEXT NOT NULL UNIQUE,
  reactor TEXT NOT NULL,
  workflow TEXT NOT NULL,
  tenant TEXT NOT NULL,
  predicate TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  done_sequence INTEGER NOT NULL DEFAULT 0,
  -- Number of replays. Each replay of a firing has an execution of its own.
  replay INTEGER NOT NULL DEFAULT 0,
  last_seen_fired_at INTEGER,
  is_degraded INTEGER NOT NULL DEFAULT 0,
  error_count INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  last_error_at INTEGER,
  error_firing_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- For SAVE_SUBSCRIPTION.
  UNIQUE (reactor, workflow, tenant)
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

CREATE INDEX ticks_by_age ON ticks (outcome, last_at);

CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);

CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);

CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;

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

CREATE INDEX triggers_by_creation ON triggers (created_at);

CREATE TABLE workflows (
  key TEXT PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition TEXT NOT NULL,
  saved_at INTEGER NOT NULL
) STRICT;
