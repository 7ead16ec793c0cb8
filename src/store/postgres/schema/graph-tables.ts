/** The migration that makes the tables of sources, reactors, graphs and subscriptions; part of `migrations.ts`, whose rules hold here. */

/**
 * Marks move in the row of what they belong to; what is written once a batch, and may be large, has a table of its own beside it.
 * Sequences begin at 1, in each source and in each reactor, and have no gaps.
 */
export const GRAPHS = `
-- What its code declares, each behind its kind: "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
ALTER TABLE instances ADD COLUMN declared_graphs text[];

CREATE TABLE sources (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  -- JSON; null: only reactors name it.
  accumulation text,
  description text NOT NULL DEFAULT '',
  last_sequence bigint NOT NULL DEFAULT 0,
  done_sequence bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  last_event_at bigint,
  lease_seq bigint REFERENCES instances (seq) ON DELETE SET NULL,
  lease_number bigint NOT NULL DEFAULT 0,
  undeclared_at bigint,
  created_at bigint NOT NULL,
  last_error_at bigint,
  last_error text
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE source_last_values (
  source_seq bigint PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE,
  value_at bigint NOT NULL,
  value text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE source_events (
  source_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  accepted_at bigint NOT NULL,
  event text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
);

-- The list of a state accumulator, by the sequences of the events.
CREATE TABLE kept_values (
  source_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
);

-- How far a stream was read.
CREATE TABLE stream_positions (
  source_seq bigint NOT NULL,
  partition text COLLATE "C" NOT NULL,
  -- Offset of the last event that was accepted.
  read_to bigint NOT NULL,
  PRIMARY KEY (source_seq, partition)
) WITH (fillfactor = 50);

CREATE TABLE source_polls (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_seq bigint NOT NULL,
  outcome text NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  count bigint NOT NULL,
  lateness_ms bigint,
  duration_ms bigint NOT NULL,
  -- Of the event that it brought.
  sequence bigint,
  error text
);
CREATE INDEX source_polls_by_source ON source_polls (source_seq, seq);
CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

CREATE TABLE reactors (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  -- Part of the ids of its firings.
  key text COLLATE "C" NOT NULL UNIQUE,
  mode text NOT NULL,
  last_sequence bigint NOT NULL DEFAULT 0,
  last_fired_at bigint,
  undeclared_at bigint,
  created_at bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE reactor_inputs (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reactor_seq bigint NOT NULL REFERENCES reactors (seq) ON DELETE CASCADE,
  source text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  value_at bigint,
  sequence bigint,
  -- The first event of what was delivered since the last firing; null: nothing was.
  dirty_from bigint,
  value text,
  UNIQUE (reactor_seq, source)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

CREATE TABLE reactor_firings (
  reactor_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  fired_at bigint NOT NULL,
  -- Who fired it.
  by_hand text,
  -- JSON: [source, first sequence, last sequence] of each source that had delivered.
  causes text NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence)
);

-- The causes of firings, to be found by the event.
CREATE TABLE firing_causes (
  source text COLLATE "C" NOT NULL,
  reactor_seq bigint NOT NULL,
  last_sequence bigint NOT NULL,
  first_sequence bigint NOT NULL,
  firing_sequence bigint NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
);

CREATE TABLE graphs (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  -- Null: it is run by tasks.
  reactor text COLLATE "C",
  done_sequence bigint NOT NULL DEFAULT 0,
  runs bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  undeclared_at bigint,
  created_at bigint NOT NULL,
  last_error_at bigint,
  last_error text,
  -- JSON, without its functions.
  definition text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE graph_last_runs (
  graph_seq bigint PRIMARY KEY REFERENCES graphs (seq) ON DELETE CASCADE,
  ran_at bigint NOT NULL,
  firing_sequence bigint NOT NULL,
  result text,
  -- JSON by node.
  nodes text NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE subscriptions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  reactor text COLLATE "C" NOT NULL,
  workflow text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  predicate text,
  enabled boolean NOT NULL DEFAULT true,
  done_sequence bigint NOT NULL DEFAULT 0,
  -- How often its mark was set back: the firings behind it have executions of their own each time.
  replay bigint NOT NULL DEFAULT 0,
  last_seen_fired_at bigint,
  is_degraded boolean NOT NULL DEFAULT false,
  error_count integer NOT NULL DEFAULT 0,
  last_error text,
  last_error_at bigint,
  error_firing_id text,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  UNIQUE (reactor, workflow, tenant)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE firing_executions (
  reactor_seq bigint NOT NULL,
  sequence bigint NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  replay bigint NOT NULL,
  workflow text NOT NULL,
  execution_id text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
);
`
