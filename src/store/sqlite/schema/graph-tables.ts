/**
 * Tables of sources, reactors, graphs and subscriptions: a part of `tables.ts`, whose rules apply here.
 *
 * The row of a source, reactor or graph has the sequence up to which it is processed. Texts that may be large have a
 * table of their own. Sequences begin at 1 in each source and in each reactor, and have no gaps.
 */

export const GRAPH_TABLES = `
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

CREATE TABLE source_last_values (
  source_seq INTEGER PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE,
  value_at INTEGER NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE source_events (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

-- List of a state accumulator, by the sequences of the events.
CREATE TABLE kept_values (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

-- Positions in streams.
CREATE TABLE stream_positions (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  partition TEXT NOT NULL,
  -- Offset of the last event that was accepted.
  read_to INTEGER NOT NULL,
  PRIMARY KEY (source_seq, partition)
) STRICT, WITHOUT ROWID;

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
-- For LIST_POLLS.
CREATE INDEX source_polls_by_source ON source_polls (source_seq);
-- For PRUNE_POLLS.
CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

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
-- For REACTORS_OF_SOURCE.
CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

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

-- Causes of firings, by their events.
CREATE TABLE firing_causes (
  source TEXT NOT NULL,
  reactor_seq INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  firing_sequence INTEGER NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE graph_last_runs (
  graph_seq INTEGER PRIMARY KEY REFERENCES graphs (seq) ON DELETE CASCADE,
  ran_at INTEGER NOT NULL,
  firing_sequence INTEGER NOT NULL,
  result TEXT,
  -- JSON by node.
  nodes TEXT NOT NULL
) STRICT;

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

CREATE TABLE firing_executions (
  reactor_seq INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  subscription_id TEXT NOT NULL,
  replay INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
) STRICT, WITHOUT ROWID;
`
