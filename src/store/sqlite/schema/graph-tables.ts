/** The migration that makes the tables of sources, reactors, graphs and subscriptions; part of `migrations.ts`, whose rules hold here. */

/**
 * Marks move in the row of what they belong to; what is written once a batch, and may be large, has a table of its own beside it.
 * Sequences begin at 1, in each source and in each reactor, and have no gaps.
 */
export const GRAPHS = `
-- JSON: what its code declares, each behind its kind: "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
ALTER TABLE instances ADD COLUMN declared_graphs TEXT;

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

-- The list of a state accumulator, by the sequences of the events.
CREATE TABLE kept_values (
  source_seq INTEGER NOT NULL REFERENCES sources (seq) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (source_seq, sequence)
) STRICT, WITHOUT ROWID;

-- How far a stream was read.
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
  -- Of the event that it brought.
  sequence INTEGER,
  error TEXT
) STRICT;
CREATE INDEX source_polls_by_source ON source_polls (source_seq);
CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);

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

-- The causes of firings, to be found by the event.
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
