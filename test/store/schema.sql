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

CREATE INDEX actions_by_age ON actions (created_at);

CREATE INDEX actions_by_target ON actions (target, seq);

CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;

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

CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;

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

CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);

CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at);

CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

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
, catchup TEXT, overrides TEXT, undeclared_at INTEGER) STRICT;

CREATE INDEX crons_by_creation ON crons (created_at);

CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;

CREATE INDEX crons_by_next_run ON crons (next_run_at) WHERE enabled = 1;

CREATE TABLE execution_finals (
  execution_seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context TEXT NOT NULL
) STRICT;

CREATE TABLE execution_inputs (
  execution_seq INTEGER PRIMARY KEY REFERENCES executions (seq) ON DELETE CASCADE,
  context TEXT NOT NULL
) STRICT;

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
, retry_of TEXT, paused_at INTEGER, cancel_requested_at INTEGER, owner_number INTEGER NOT NULL DEFAULT 0, request_number INTEGER NOT NULL DEFAULT 0, request TEXT, schedule_id TEXT) STRICT;

CREATE INDEX executions_by_age ON executions (ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX executions_by_creation ON executions (created_at);

CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;

CREATE INDEX executions_by_source ON executions (origin_source, created_at) WHERE origin_source IS NOT NULL;

CREATE INDEX executions_by_status ON executions (status, created_at);

CREATE INDEX executions_by_workflow ON executions (workflow, created_at);

CREATE INDEX executions_failed ON executions (ended_at) WHERE status = 'Failed';

CREATE INDEX executions_owned ON executions (owner_seq) WHERE owner_seq IS NOT NULL;

CREATE INDEX executions_unowned ON executions (workflow, created_at) WHERE owner_seq IS NULL AND ended_at IS NULL;

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
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  trigger_seq INTEGER NOT NULL REFERENCES triggers (seq),
  context_hash TEXT NOT NULL,
  execution_id TEXT,
  fired_at INTEGER NOT NULL,
  completed_at INTEGER
) STRICT;

CREATE INDEX firings_active ON firings (trigger_seq, context_hash) WHERE completed_at IS NULL;

CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at);

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
  name TEXT NOT NULL UNIQUE,
  -- Null: it is run by tasks.
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
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_started_at INTEGER,
  opened_at INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL
, beats INTEGER NOT NULL DEFAULT 0, is_declared_dead INTEGER NOT NULL DEFAULT 0, declared TEXT, declared_graphs TEXT, is_polling INTEGER NOT NULL DEFAULT 0) STRICT;

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
  -- Who fired it.
  by_hand TEXT,
  -- JSON: [source, first sequence, last sequence] of each source that had delivered.
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
  -- The first event of what was delivered since the last firing; null: nothing was.
  dirty_from INTEGER,
  value TEXT,
  UNIQUE (reactor_seq, source)
) STRICT;

CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

CREATE TABLE reactors (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- Part of the ids of its firings.
  key TEXT NOT NULL UNIQUE,
  mode TEXT NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  last_fired_at INTEGER,
  undeclared_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE retention_hold (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  announced_at INTEGER
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
  -- Of the event that it brought.
  sequence INTEGER,
  error TEXT
) STRICT;

CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

CREATE INDEX source_polls_by_source ON source_polls (source_seq);

CREATE TABLE sources (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- JSON; null: only reactors name it.
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
  id TEXT NOT NULL UNIQUE,
  reactor TEXT NOT NULL,
  workflow TEXT NOT NULL,
  tenant TEXT NOT NULL,
  predicate TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  done_sequence INTEGER NOT NULL DEFAULT 0,
  -- How often its mark was set back: the firings behind it have executions of their own each time.
  replay INTEGER NOT NULL DEFAULT 0,
  last_seen_fired_at INTEGER,
  is_degraded INTEGER NOT NULL DEFAULT 0,
  error_count INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  last_error_at INTEGER,
  error_firing_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (reactor, workflow, tenant)
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
  output TEXT, attempt_queued_at INTEGER, attempt_started_at INTEGER,
  UNIQUE (execution_seq, task_id)
) STRICT;

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
, lateness_ms INTEGER, duration_ms INTEGER, reason TEXT, log TEXT) STRICT;

CREATE INDEX ticks_by_age ON ticks (outcome, last_at);

CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at);

CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at);

CREATE INDEX ticks_with_log ON ticks (trigger_seq) WHERE log IS NOT NULL;

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
, lease_number INTEGER NOT NULL DEFAULT 0, skip_log TEXT, skip_reason TEXT, skip_lateness_ms INTEGER, skip_duration_ms INTEGER, failures_in_row INTEGER NOT NULL DEFAULT 0, is_firing INTEGER NOT NULL DEFAULT 0, note TEXT, policy TEXT, overrides TEXT, undeclared_at INTEGER) STRICT;

CREATE INDEX triggers_by_creation ON triggers (created_at);

CREATE TABLE workflows (
  key TEXT PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition TEXT NOT NULL,
  saved_at INTEGER NOT NULL
) STRICT;
