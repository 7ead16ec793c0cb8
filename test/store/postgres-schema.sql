CREATE TABLE actions (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  target text NOT NULL,
  source text NOT NULL,
  note text,
  arguments text,
  created_at bigint NOT NULL,
  answered_at bigint,
  is_refused boolean NOT NULL DEFAULT false,
  answer text,
  PRIMARY KEY (seq),
  UNIQUE (id)
);

CREATE INDEX actions_by_age ON actions USING btree (created_at);

CREATE INDEX actions_by_target ON actions USING btree (target, seq);

CREATE INDEX actions_of_switches ON actions USING btree (target, created_at, seq) WHERE (kind = ANY (ARRAY['enable'::text, 'disable'::text]));

CREATE INDEX actions_unanswered ON actions USING btree (seq) WHERE (answered_at IS NULL);

CREATE TABLE active_executions (
  execution_seq bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL DEFAULT 'Pending'::text,
  origin text NOT NULL,
  origin_source text,
  schedule_id text,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  retry_of text,
  owner_seq bigint,
  owner_number bigint NOT NULL DEFAULT 0,
  request_number bigint NOT NULL DEFAULT 0,
  request text,
  paused_at bigint,
  cancel_requested_at bigint,
  waits_for text COLLATE "C",
  priority integer NOT NULL DEFAULT 0,
  rank integer NOT NULL DEFAULT 0,
  queued_at bigint NOT NULL DEFAULT 0,
  limit_value text COLLATE "C",
  PRIMARY KEY (execution_seq),
  UNIQUE (id),
  FOREIGN KEY (owner_seq) REFERENCES instances(seq)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX active_executions_begun ON active_executions USING btree (workflow, limit_value) WHERE ((limit_value IS NOT NULL) AND (COALESCE(waits_for, ''::text) = ''::text));

CREATE INDEX active_executions_by_batch ON active_executions USING btree (firing_id) WHERE (origin = ANY (ARRAY['backfill'::text, 'refire'::text]));

CREATE INDEX active_executions_by_creation ON active_executions USING btree (created_at, execution_seq);

CREATE INDEX active_executions_owned ON active_executions USING btree (owner_seq) WHERE (owner_seq IS NOT NULL);

CREATE INDEX active_executions_unowned ON active_executions USING btree (workflow, rank, queued_at, execution_seq) WHERE ((owner_seq IS NULL) AND (waits_for IS NULL));

CREATE INDEX active_executions_waiting ON active_executions USING btree (waits_for, rank, created_at, execution_seq) WHERE (waits_for IS NOT NULL);

CREATE TABLE active_firings (
  id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('firings_number'::regclass),
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  execution_id text NOT NULL,
  fired_at bigint NOT NULL,
  PRIMARY KEY (id)
) WITH (autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX active_firings_by_context ON active_firings USING btree (trigger_seq, context_hash);

CREATE INDEX active_firings_by_trigger ON active_firings USING btree (trigger_seq, fired_at, seq);

CREATE TABLE alert_deliveries (
  alert_seq bigint NOT NULL,
  incident_seq bigint,
  receiver text COLLATE "C" NOT NULL,
  sends_to text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  attempts integer NOT NULL,
  response text,
  error text,
  ended_at bigint,
  due_at bigint NOT NULL,
  PRIMARY KEY (alert_seq, receiver, sends_to),
  FOREIGN KEY (alert_seq) REFERENCES alerts(seq) ON DELETE CASCADE
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX alert_deliveries_due ON alert_deliveries USING btree (due_at) WHERE (outcome = 'pending'::text);

CREATE INDEX alert_deliveries_pending ON alert_deliveries USING btree (incident_seq, receiver, sends_to, alert_seq) WHERE (outcome = 'pending'::text);

CREATE TABLE alerts (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  subject text,
  message text NOT NULL,
  raised_at bigint NOT NULL,
  count bigint NOT NULL,
  since bigint NOT NULL,
  workflow text,
  trigger_name text,
  task text,
  error_type text,
  cause text,
  execution_id text,
  incident_seq bigint,
  PRIMARY KEY (seq),
  UNIQUE (id)
);

CREATE INDEX alerts_by_age ON alerts USING btree (raised_at);

CREATE TABLE approvals (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  execution_seq bigint NOT NULL,
  execution_id text NOT NULL,
  workflow text NOT NULL,
  node text COLLATE "C" NOT NULL,
  title text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  state text COLLATE "C" NOT NULL DEFAULT 'open'::text,
  ended_at bigint,
  answer text,
  form text,
  PRIMARY KEY (seq),
  UNIQUE (id)
);

CREATE INDEX approvals_by_age ON approvals USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX approvals_by_execution ON approvals USING btree (execution_seq);

CREATE INDEX approvals_open ON approvals USING btree (seq) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX approvals_of_node ON approvals USING btree (execution_seq, node) WHERE (state = 'open'::text);

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

CREATE TABLE attempt_logs_default PARTITION OF attempt_logs DEFAULT;

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

CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;

CREATE TABLE batches (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  schedule_id text,
  trigger_name text,
  workflow text NOT NULL,
  expression text,
  timezone text,
  from_at bigint NOT NULL,
  to_at bigint NOT NULL,
  again boolean NOT NULL,
  execution_status text,
  max_active bigint NOT NULL,
  cursor_at bigint NOT NULL,
  cursor_seq bigint NOT NULL,
  total bigint NOT NULL,
  started bigint NOT NULL DEFAULT 0,
  left_out bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL,
  ended_at bigint,
  PRIMARY KEY (seq),
  UNIQUE (id)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX batches_by_age ON batches USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX batches_by_schedule ON batches USING btree (schedule_id) WHERE (schedule_id IS NOT NULL);

CREATE INDEX batches_by_trigger ON batches USING btree (trigger_name) WHERE (trigger_name IS NOT NULL);

CREATE INDEX batches_running ON batches USING btree (seq) WHERE (status = 'running'::text);

CREATE SEQUENCE changes;

CREATE TABLE child_executions (
  chain_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  child_id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  depth integer NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (chain_id, task_id, key)
);

CREATE INDEX child_executions_by_age ON child_executions USING btree (created_at);

CREATE INDEX child_executions_by_child ON child_executions USING btree (child_id);

CREATE TABLE cloaca_schema (
  version integer NOT NULL,
  applied_at bigint NOT NULL,
  channel text,
  PRIMARY KEY (version)
);

CREATE TABLE cron_firings (
  seq bigint NOT NULL DEFAULT nextval('cron_firings_number'::regclass),
  id text COLLATE "C" NOT NULL,
  cron_seq bigint NOT NULL,
  scheduled_at bigint NOT NULL,
  claimed_at bigint NOT NULL,
  execution_id text,
  is_limited boolean NOT NULL DEFAULT false,
  recovery_attempts integer NOT NULL DEFAULT 0,
  updated_at bigint NOT NULL,
  FOREIGN KEY (cron_seq) REFERENCES crons(seq) ON DELETE CASCADE
) PARTITION BY RANGE (claimed_at);

CREATE INDEX cron_firings_by_claim ON cron_firings USING btree (claimed_at);

CREATE INDEX cron_firings_by_cron ON cron_firings USING btree (cron_seq, claimed_at, seq);

CREATE INDEX cron_firings_by_id ON cron_firings USING btree (id);

CREATE INDEX cron_firings_without_run ON cron_firings USING btree (claimed_at) WHERE (execution_id IS NULL);

CREATE TABLE cron_firings_default PARTITION OF cron_firings DEFAULT;

CREATE SEQUENCE cron_firings_number;

CREATE TABLE crons (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  expression text NOT NULL,
  timezone text NOT NULL,
  catchup text,
  expect_fire_ms bigint,
  overrides text,
  tags text,
  priority integer,
  enabled boolean NOT NULL DEFAULT true,
  next_run_at bigint,
  last_run_at bigint,
  last_scheduled_at bigint,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  undeclared_at bigint,
  trigger_name text,
  instance_name text,
  params text,
  times_known_from bigint,
  PRIMARY KEY (seq),
  UNIQUE (id),
  UNIQUE (trigger_name)
) WITH (fillfactor=70);

CREATE INDEX crons_by_creation ON crons USING btree (created_at, seq);

CREATE UNIQUE INDEX crons_by_instance ON crons USING btree (instance_name, workflow) WHERE (instance_name IS NOT NULL);

CREATE TABLE execution_chains (
  execution_id text COLLATE "C" NOT NULL,
  chain_id text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (execution_id)
);

CREATE INDEX execution_chains_by_age ON execution_chains USING btree (created_at);

CREATE INDEX execution_chains_by_chain ON execution_chains USING btree (chain_id);

CREATE TABLE execution_finals (
  execution_seq bigint NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE execution_finals_default PARTITION OF execution_finals DEFAULT;

CREATE TABLE execution_inputs (
  execution_seq bigint NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE execution_inputs_default PARTITION OF execution_inputs DEFAULT;

CREATE TABLE execution_keys (
  workflow text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  input_fingerprint text NOT NULL,
  execution_id text NOT NULL,
  created_at bigint NOT NULL,
  PRIMARY KEY (workflow, key)
);

CREATE INDEX execution_keys_by_age ON execution_keys USING btree (created_at);

CREATE TABLE executions (
  seq bigint NOT NULL,
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
  cause text,
  retry_of text,
  cancel_requested_at bigint,
  priority integer NOT NULL DEFAULT 0,
  PRIMARY KEY (seq)
) PARTITION BY RANGE (seq);

CREATE INDEX executions_by_age ON executions USING btree (ended_at);

CREATE INDEX executions_by_creation ON executions USING btree (created_at, seq);

CREATE INDEX executions_by_id ON executions USING btree (id);

CREATE INDEX executions_by_original ON executions USING btree (retry_of) WHERE (retry_of IS NOT NULL);

CREATE INDEX executions_by_source ON executions USING btree (origin_source, created_at, seq) WHERE (origin_source IS NOT NULL);

CREATE INDEX executions_by_status ON executions USING btree (status, created_at, seq);

CREATE INDEX executions_by_workflow ON executions USING btree (workflow, created_at, seq);

CREATE INDEX executions_failed ON executions USING btree (ended_at) WHERE (status = 'Failed'::text);

CREATE TABLE executions_default PARTITION OF executions DEFAULT;

CREATE SEQUENCE executions_number MAXVALUE 99999999999 CYCLE;

CREATE TABLE firing_causes (
  source text COLLATE "C" NOT NULL,
  reactor_seq bigint NOT NULL,
  last_sequence bigint NOT NULL,
  first_sequence bigint NOT NULL,
  firing_sequence bigint NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
);

CREATE TABLE firing_executions (
  reactor_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  replay bigint NOT NULL,
  workflow text NOT NULL,
  execution_id text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
);

CREATE TABLE firing_keys (
  trigger_seq bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  firing_id text NOT NULL,
  execution_id text,
  taken_at bigint NOT NULL,
  expires_at bigint,
  PRIMARY KEY (trigger_seq, key)
);

CREATE INDEX firing_keys_by_expiry ON firing_keys USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE TABLE firings (
  id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('firings_number'::regclass),
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  execution_id text,
  fired_at bigint NOT NULL,
  completed_at bigint NOT NULL
) PARTITION BY RANGE (fired_at);

CREATE INDEX firings_by_id ON firings USING btree (id);

CREATE INDEX firings_by_trigger ON firings USING btree (trigger_seq, fired_at, seq);

CREATE INDEX firings_without_run ON firings USING btree (completed_at) WHERE (execution_id IS NULL);

CREATE TABLE firings_default PARTITION OF firings DEFAULT;

CREATE SEQUENCE firings_number;

CREATE TABLE graph_last_runs (
  graph_seq bigint NOT NULL,
  ran_at bigint NOT NULL,
  firing_sequence bigint NOT NULL,
  result text,
  nodes text NOT NULL,
  PRIMARY KEY (graph_seq),
  FOREIGN KEY (graph_seq) REFERENCES graphs(seq) ON DELETE CASCADE
) WITH (fillfactor=50);

CREATE TABLE graphs (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text COLLATE "C" NOT NULL,
  reactor text COLLATE "C",
  done_sequence bigint NOT NULL DEFAULT 0,
  runs bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  undeclared_at bigint,
  created_at bigint NOT NULL,
  last_error_at bigint,
  last_error text,
  definition text NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (name)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE incidents (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  opened_at bigint NOT NULL,
  last_at bigint NOT NULL,
  count bigint NOT NULL,
  ended_at bigint,
  last_message_at bigint,
  is_silent boolean NOT NULL,
  sends_recovery boolean NOT NULL,
  targets text NOT NULL,
  facts text NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (id)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX incidents_by_age ON incidents USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX incidents_by_failure ON incidents USING btree (last_at, seq);

CREATE INDEX incidents_by_subject ON incidents USING btree (subject, kind, seq);

CREATE UNIQUE INDEX incidents_open ON incidents USING btree (subject, kind) WHERE (ended_at IS NULL);

CREATE TABLE instance_workflows (
  instance_seq bigint NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (instance_seq, workflow),
  FOREIGN KEY (instance_seq) REFERENCES instances(seq) ON DELETE CASCADE
);

CREATE TABLE instances (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  process_started_at bigint,
  opened_at bigint NOT NULL,
  heartbeat_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  alive_since bigint NOT NULL,
  is_declared_dead boolean NOT NULL DEFAULT false,
  is_loss_reported boolean NOT NULL DEFAULT false,
  declared text[],
  is_polling boolean NOT NULL DEFAULT false,
  declared_graphs text[],
  declared_limits text,
  PRIMARY KEY (seq),
  UNIQUE (id)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=50, autovacuum_vacuum_scale_factor=0);

CREATE TABLE judged_deadlines (
  key text COLLATE "C" NOT NULL,
  judged_at bigint NOT NULL,
  PRIMARY KEY (key)
);

CREATE INDEX judged_deadlines_by_age ON judged_deadlines USING btree (judged_at);

CREATE TABLE kept_slots (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (limit_name, value, execution_seq, task_id)
) WITH (autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX kept_slots_of_task ON kept_slots USING btree (execution_seq, task_id);

CREATE TABLE kept_values (
  source_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
);

CREATE TABLE limit_attempts (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  ordinal bigint NOT NULL,
  begun_at bigint NOT NULL,
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  owner_seq bigint NOT NULL,
  ended_at bigint,
  PRIMARY KEY (limit_name, value, ordinal)
) WITH (autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX limit_attempts_by_end ON limit_attempts USING btree (limit_name, value, ended_at);

CREATE INDEX limit_attempts_of_owner ON limit_attempts USING btree (owner_seq) WHERE (ended_at IS NULL);

CREATE INDEX limit_attempts_of_task ON limit_attempts USING btree (execution_seq, task_id) WHERE (ended_at IS NULL);

CREATE TABLE limit_values (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  closed_at bigint,
  closed_until bigint,
  PRIMARY KEY (limit_name, value)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE limits (
  name text COLLATE "C" NOT NULL,
  declared text,
  overrides text,
  closed_at bigint,
  closed_until bigint,
  PRIMARY KEY (name)
);

CREATE TABLE once_results (
  chain_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  result text NOT NULL,
  PRIMARY KEY (chain_id, task_id, name)
);

CREATE INDEX once_results_by_age ON once_results USING btree (created_at);

CREATE TABLE reactor_firings (
  reactor_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  fired_at bigint NOT NULL,
  by_hand text,
  causes text NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence)
);

CREATE TABLE reactor_inputs (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  reactor_seq bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  value_at bigint,
  sequence bigint,
  dirty_from bigint,
  value text,
  PRIMARY KEY (seq),
  FOREIGN KEY (reactor_seq) REFERENCES reactors(seq) ON DELETE CASCADE,
  UNIQUE (reactor_seq, source)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX reactor_inputs_by_source ON reactor_inputs USING btree (source);

CREATE TABLE reactors (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  mode text NOT NULL,
  last_sequence bigint NOT NULL DEFAULT 0,
  last_fired_at bigint,
  undeclared_at bigint,
  created_at bigint NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (key),
  UNIQUE (name)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE schedule_times (
  cron_seq bigint NOT NULL,
  scheduled_at bigint NOT NULL,
  written_at bigint NOT NULL,
  PRIMARY KEY (cron_seq, scheduled_at),
  FOREIGN KEY (cron_seq) REFERENCES crons(seq) ON DELETE CASCADE
);

CREATE INDEX schedule_times_by_age ON schedule_times USING btree (written_at);

CREATE TABLE signal_locks (
  number bigint NOT NULL,
  PRIMARY KEY (number)
);

CREATE TABLE signals (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  source text NOT NULL,
  sent_at bigint NOT NULL,
  used_at bigint,
  is_used_at_once boolean NOT NULL DEFAULT false,
  executions text NOT NULL DEFAULT '[]'::text,
  payload text NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (id)
) WITH (autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX signals_by_age ON signals USING btree (sent_at);

CREATE INDEX signals_kept ON signals USING btree (name, key, seq) WHERE (used_at IS NULL);

CREATE TABLE source_events (
  source_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  accepted_at bigint NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
);

CREATE TABLE source_last_values (
  source_seq bigint NOT NULL,
  value_at bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq),
  FOREIGN KEY (source_seq) REFERENCES sources(seq) ON DELETE CASCADE
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE source_polls (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  source_seq bigint NOT NULL,
  outcome text NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  count bigint NOT NULL,
  lateness_ms bigint,
  duration_ms bigint NOT NULL,
  sequence bigint,
  error text,
  PRIMARY KEY (seq)
);

CREATE INDEX source_polls_by_age ON source_polls USING btree (outcome, last_at);

CREATE INDEX source_polls_by_source ON source_polls USING btree (source_seq, seq);

CREATE TABLE sources (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text COLLATE "C" NOT NULL,
  accumulation text,
  description text NOT NULL DEFAULT ''::text,
  last_sequence bigint NOT NULL DEFAULT 0,
  done_sequence bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  last_event_at bigint,
  lease_seq bigint,
  lease_number bigint NOT NULL DEFAULT 0,
  undeclared_at bigint,
  created_at bigint NOT NULL,
  last_error_at bigint,
  last_error text,
  PRIMARY KEY (seq),
  FOREIGN KEY (lease_seq) REFERENCES instances(seq) ON DELETE SET NULL,
  UNIQUE (name)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE stream_positions (
  source_seq bigint NOT NULL,
  partition text COLLATE "C" NOT NULL,
  read_to bigint NOT NULL,
  PRIMARY KEY (source_seq, partition)
) WITH (fillfactor=50);

CREATE TABLE subscriptions (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text COLLATE "C" NOT NULL,
  reactor text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  predicate text,
  enabled boolean NOT NULL DEFAULT true,
  done_sequence bigint NOT NULL DEFAULT 0,
  replay bigint NOT NULL DEFAULT 0,
  last_seen_fired_at bigint,
  is_degraded boolean NOT NULL DEFAULT false,
  error_count integer NOT NULL DEFAULT 0,
  last_error text,
  last_error_at bigint,
  error_firing_id text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE (id),
  UNIQUE (reactor, workflow, tenant)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE TABLE task_outputs (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_outputs_default PARTITION OF task_outputs DEFAULT;

CREATE TABLE task_runs (
  execution_seq bigint NOT NULL,
  position integer NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted'::text,
  attempts integer NOT NULL DEFAULT 0,
  recoveries integer NOT NULL DEFAULT 0,
  not_before_at bigint,
  tries_later integer NOT NULL DEFAULT 0,
  started_at bigint,
  ended_at bigint,
  finished_order integer,
  attempt_queued_at bigint,
  attempt_started_at bigint,
  error text,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_runs_default PARTITION OF task_runs DEFAULT WITH (fillfactor=60);

CREATE TABLE ticks (
  seq bigint NOT NULL DEFAULT nextval('ticks_number'::regclass),
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
  firings integer NOT NULL DEFAULT 0,
  duplicates integer NOT NULL DEFAULT 0,
  log text,
  state_before text,
  state_after text
) PARTITION BY LIST (outcome);

CREATE INDEX ticks_by_age ON ticks USING btree (outcome, last_at);

CREATE INDEX ticks_by_outcome ON ticks USING btree (trigger_seq, outcome, last_at, seq);

CREATE INDEX ticks_by_trigger ON ticks USING btree (trigger_seq, last_at, seq);

CREATE INDEX ticks_with_log ON ticks USING btree (trigger_seq, seq) WHERE (log IS NOT NULL);

CREATE TABLE ticks_failed PARTITION OF ticks FOR VALUES IN ('failed', 'timedOut', 'refused') PARTITION BY RANGE (last_at);

CREATE TABLE ticks_failed_default PARTITION OF ticks_failed DEFAULT;

CREATE TABLE ticks_fired PARTITION OF ticks FOR VALUES IN ('fired') PARTITION BY RANGE (last_at);

CREATE TABLE ticks_fired_default PARTITION OF ticks_fired DEFAULT;

CREATE SEQUENCE ticks_number;

CREATE TABLE ticks_skipped PARTITION OF ticks FOR VALUES IN ('skipped', 'duplicate', 'limited') PARTITION BY RANGE (last_at);

CREATE TABLE ticks_skipped_default PARTITION OF ticks_skipped DEFAULT;

CREATE TABLE trigger_states (
  trigger_seq bigint NOT NULL,
  version bigint NOT NULL,
  changed_at bigint NOT NULL,
  changed_by text NOT NULL,
  state text,
  previous_state text NOT NULL,
  PRIMARY KEY (trigger_seq),
  FOREIGN KEY (trigger_seq) REFERENCES triggers(seq) ON DELETE CASCADE
);

CREATE TABLE triggers (
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  id text NOT NULL,
  name text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  poll_interval_ms bigint NOT NULL,
  allow_concurrent boolean NOT NULL,
  policy text,
  overrides text,
  initial_state text,
  tags text,
  priority integer,
  enabled boolean NOT NULL DEFAULT true,
  note text,
  failures_in_row integer NOT NULL DEFAULT 0,
  is_firing boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  last_poll_at bigint,
  undeclared_at bigint,
  lease_seq bigint,
  lease_number bigint NOT NULL DEFAULT 0,
  skip_tick_id text,
  skip_count bigint NOT NULL DEFAULT 0,
  skip_first_at bigint,
  skip_last_at bigint,
  skip_lateness_ms bigint,
  skip_duration_ms bigint,
  skip_reason text,
  skip_log text,
  PRIMARY KEY (seq),
  FOREIGN KEY (lease_seq) REFERENCES instances(seq) ON DELETE SET NULL,
  UNIQUE (name)
) WITH (fillfactor=50, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

CREATE INDEX triggers_by_creation ON triggers USING btree (created_at, seq);

CREATE TABLE waits (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  opened_at bigint NOT NULL,
  deadline_at bigint,
  outcome text,
  ended_at bigint,
  signal text COLLATE "C",
  wait_key text COLLATE "C",
  approval_id text COLLATE "C",
  payload text,
  execution_id text COLLATE "C",
  limit_name text COLLATE "C",
  limit_value text COLLATE "C",
  line_rank integer,
  line_at bigint,
  offered_at bigint,
  vain_offers integer NOT NULL DEFAULT 0,
  PRIMARY KEY (execution_seq, task_id)
) WITH (autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

CREATE INDEX waits_by_child ON waits USING btree (wait_key) WHERE ((outcome IS NULL) AND (kind = 'child'::text));

CREATE INDEX waits_by_deadline ON waits USING btree (deadline_at) WHERE ((outcome IS NULL) AND (deadline_at IS NOT NULL));

CREATE INDEX waits_by_limit ON waits USING btree (limit_name, limit_value, line_rank, line_at, execution_seq) WHERE ((outcome IS NULL) AND (limit_name IS NOT NULL));

CREATE INDEX waits_by_node ON waits USING btree (workflow, task_id) WHERE ((outcome IS NULL) AND (kind <> 'child'::text) AND (kind <> 'limit'::text));

CREATE INDEX waits_by_signal ON waits USING btree (signal, wait_key) WHERE ((outcome IS NULL) AND (signal IS NOT NULL));

CREATE INDEX waits_ended ON waits USING btree (execution_seq) WHERE (outcome IS NOT NULL);

CREATE INDEX waits_offered ON waits USING btree (limit_name, limit_value) WHERE (outcome = 'free'::text);

CREATE TABLE workflows (
  key text COLLATE "C" NOT NULL,
  definition text NOT NULL,
  saved_at bigint NOT NULL,
  PRIMARY KEY (key)
);
