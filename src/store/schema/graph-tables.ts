/**
 * Tables of sources, reactors, graphs and subscriptions: a part of `tables.ts`, whose rules apply here.
 *
 * The row of a source, reactor or graph has the sequence up to which it is processed. Texts that may be large have a
 * table of their own. Sequences begin at 1 in each source and in each reactor, and have no gaps. Sources and reactors
 * are never deleted, so tables that grow with the events need no foreign key.
 */

import { OFTEN_CHANGED, type SchemaDialect } from './schema-dialect.ts'

export const sources = ({ strict, clustered, storage }: SchemaDialect): string => `
CREATE TABLE sources (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_SOURCE, nameSource.
  name text COLLATE "C" NOT NULL UNIQUE,
  -- JSON. Null: only reactors name it.
  accumulation text,
  description text NOT NULL DEFAULT '',
  last_sequence bigint NOT NULL DEFAULT 0, done_sequence bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0, refused bigint NOT NULL DEFAULT 0, failed bigint NOT NULL DEFAULT 0,
  last_event_at bigint,
  lease_seq bigint REFERENCES instances (seq) ON DELETE SET NULL, lease_number bigint NOT NULL DEFAULT 0,
  undeclared_at bigint, created_at bigint NOT NULL,
  last_error_at bigint, last_error text
)${strict}${storage(OFTEN_CHANGED)};

CREATE TABLE source_last_values (
  source_seq bigint PRIMARY KEY REFERENCES sources (seq) ON DELETE CASCADE,
  value_at bigint NOT NULL, value text NOT NULL
)${strict}${storage(OFTEN_CHANGED)};

CREATE TABLE source_events (
  source_seq bigint NOT NULL, sequence bigint NOT NULL,
  accepted_at bigint NOT NULL, event text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
)${clustered};
`

export const sourceRecords = ({ strict, clustered, storage, thenSeq }: SchemaDialect): string => `
-- List of a state accumulator, by the sequences of the events.
CREATE TABLE kept_values (
  source_seq bigint NOT NULL, sequence bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (source_seq, sequence)
)${clustered};

-- Positions in streams.
CREATE TABLE stream_positions (
  source_seq bigint NOT NULL,
  partition text COLLATE "C" NOT NULL,
  -- Offset of the last event that was accepted.
  read_to bigint NOT NULL,
  PRIMARY KEY (source_seq, partition)
)${clustered}${storage('fillfactor = 50')};

CREATE TABLE source_polls (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_seq bigint NOT NULL,
  outcome text NOT NULL,
  first_at bigint NOT NULL, last_at bigint NOT NULL, count bigint NOT NULL,
  lateness_ms bigint, duration_ms bigint NOT NULL,
  -- Sequence of the event that the poll returned.
  sequence bigint,
  error text
)${strict};
-- For LIST_POLLS, NEWEST_POLL.
CREATE INDEX source_polls_by_source ON source_polls (source_seq${thenSeq});
-- For PRUNE_POLLS.
CREATE INDEX source_polls_by_age ON source_polls (outcome, last_at);
`

export const reactors = ({ strict, clustered, storage }: SchemaDialect): string => `
CREATE TABLE reactors (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_REACTOR.
  name text COLLATE "C" NOT NULL UNIQUE,
  -- Part of the ids of its firings. For GET_REACTOR_OF_KEY.
  key text COLLATE "C" NOT NULL UNIQUE,
  mode text NOT NULL,
  last_sequence bigint NOT NULL DEFAULT 0, last_fired_at bigint,
  undeclared_at bigint, created_at bigint NOT NULL
)${strict}${storage(OFTEN_CHANGED)};

CREATE TABLE reactor_inputs (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reactor_seq bigint NOT NULL REFERENCES reactors (seq) ON DELETE CASCADE,
  source text COLLATE "C" NOT NULL, position integer NOT NULL,
  value_at bigint, sequence bigint,
  -- The first event that was delivered since the last firing, or null.
  dirty_from bigint,
  value text,
  -- For saveInput, LIST_INPUTS.
  UNIQUE (reactor_seq, source)
)${strict}${storage(OFTEN_CHANGED)};
-- For lockReactorsOfSource, LIST_INPUTS_BESIDE.
CREATE INDEX reactor_inputs_by_source ON reactor_inputs (source);

CREATE TABLE reactor_firings (
  reactor_seq bigint NOT NULL, sequence bigint NOT NULL, fired_at bigint NOT NULL,
  -- The person who fired it.
  by_hand text,
  -- JSON: [source, first sequence, last sequence] of each source with new values.
  causes text NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence)
)${clustered};

-- Causes of firings, by their events.
CREATE TABLE firing_causes (
  source text COLLATE "C" NOT NULL, reactor_seq bigint NOT NULL,
  last_sequence bigint NOT NULL, first_sequence bigint NOT NULL, firing_sequence bigint NOT NULL,
  PRIMARY KEY (source, reactor_seq, last_sequence)
)${clustered};
`

export const graphs = ({ strict, storage }: SchemaDialect): string => `
CREATE TABLE graphs (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For SAVE_GRAPH, GET_GRAPH.
  name text COLLATE "C" NOT NULL UNIQUE,
  -- Null: tasks run it.
  reactor text COLLATE "C",
  done_sequence bigint NOT NULL DEFAULT 0,
  runs bigint NOT NULL DEFAULT 0, failures bigint NOT NULL DEFAULT 0,
  undeclared_at bigint, created_at bigint NOT NULL,
  last_error_at bigint, last_error text,
  -- JSON, without its functions.
  definition text NOT NULL
)${strict}${storage(OFTEN_CHANGED)};

CREATE TABLE graph_last_runs (
  graph_seq bigint PRIMARY KEY REFERENCES graphs (seq) ON DELETE CASCADE,
  ran_at bigint NOT NULL, firing_sequence bigint NOT NULL, result text,
  -- JSON by node.
  nodes text NOT NULL
)${strict}${storage('fillfactor = 50')};
`

export const subscriptions = ({ strict, clustered, storage }: SchemaDialect): string => `
CREATE TABLE subscriptions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_SUBSCRIPTION.
  id text COLLATE "C" NOT NULL UNIQUE,
  reactor text COLLATE "C" NOT NULL, workflow text COLLATE "C" NOT NULL, tenant text COLLATE "C" NOT NULL,
  predicate text,
  enabled boolean NOT NULL DEFAULT true,
  done_sequence bigint NOT NULL DEFAULT 0,
  -- Number of replays. Each replay of a firing has an execution of its own.
  replay bigint NOT NULL DEFAULT 0,
  last_seen_fired_at bigint,
  is_degraded boolean NOT NULL DEFAULT false,
  error_count integer NOT NULL DEFAULT 0, last_error text,
  last_error_at bigint, error_firing_id text,
  created_at bigint NOT NULL, updated_at bigint NOT NULL,
  -- For SAVE_SUBSCRIPTION.
  UNIQUE (reactor, workflow, tenant)
)${strict}${storage(OFTEN_CHANGED)};

CREATE TABLE firing_executions (
  reactor_seq bigint NOT NULL, sequence bigint NOT NULL,
  subscription_id text COLLATE "C" NOT NULL, replay bigint NOT NULL,
  workflow text NOT NULL, execution_id text NOT NULL,
  PRIMARY KEY (reactor_seq, sequence, subscription_id, replay)
)${clustered};
`
