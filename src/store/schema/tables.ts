/**
 * The tables of both databases. `test/store/schema.sql` and `test/store/postgres-schema.sql` are dumps of them, which
 * tests compare with new databases.
 *
 * Every table that others refer to has an integer `seq` in the order of creation. The ids of the API are texts in
 * another column, which are compared byte by byte. Times are epoch milliseconds. Contexts are the last column of their
 * row, or have a row of their own.
 *
 * Types are those of PostgreSQL. SQLite stores truth values as 0 and 1, and arrays as JSON. The other differences are
 * the members of `SchemaDialect`, and the tables and indexes in `sqlite/schema/` and `postgres/schema/`. The comment of
 * an index or key names the statements that need it.
 */

import type { SchemaDialect } from './dialect.ts'
import { graphs, reactors, sourceRecords, sources, subscriptions } from './graph-tables.ts'
import { activeExecutions, executions, firings, tasks, ticks } from './history-tables.ts'

/** Returns the script that creates the tables and indexes that both databases have. */
export function tables(dialect: SchemaDialect): string {
  const engineTables = [instances, triggers, crons, cronFirings, actionsAndAlerts]
  const historyTables = [firings, ticks, activeExecutions, executions, tasks]
  const graphTables = [sources, sourceRecords, reactors, graphs, subscriptions]
  return [...engineTables, ...historyTables, ...graphTables].map((tables) => tables(dialect)).join('')
}

const instances = ({ strict, clustered, storage, neverAgain, heartbeats }: SchemaDialect): string => `
CREATE TABLE instances (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY${neverAgain},
  -- For FIND_INSTANCE.
  id text COLLATE "C" NOT NULL UNIQUE,
  host text NOT NULL, pid bigint NOT NULL, process_started_at bigint,
  opened_at bigint NOT NULL, heartbeat_at bigint NOT NULL,
  ${heartbeats},
  -- Another engine has taken over some of its work. With its next heartbeat it registers again, without any work.
  is_declared_dead boolean NOT NULL DEFAULT false,
  -- Names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared text[],
  is_polling boolean NOT NULL DEFAULT false,
  -- "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs text[]
)${strict}${storage('fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0')};

CREATE TABLE instance_workflows (
  instance_seq bigint NOT NULL REFERENCES instances (seq) ON DELETE CASCADE,
  workflow text COLLATE "C" NOT NULL,
  version text NOT NULL,
  PRIMARY KEY (instance_seq, workflow)
)${clustered};
`

const triggers = ({ strict, storage, thenSeq }: SchemaDialect): string => `
CREATE TABLE triggers (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL,
  -- For GET_TRIGGER, lockForPoll.
  name text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  poll_interval_ms bigint NOT NULL, allow_concurrent boolean NOT NULL,
  -- JSON: the policy in the code, and the values that a person set instead.
  policy text,
  overrides text,
  enabled boolean NOT NULL DEFAULT true,
  -- Reason of the last time that it was enabled or disabled.
  note text,
  failures_in_row integer NOT NULL DEFAULT 0,
  -- Whether the result of its last poll was to fire.
  is_firing boolean NOT NULL DEFAULT false,
  created_at bigint NOT NULL, updated_at bigint NOT NULL, last_poll_at bigint,
  -- Time since no living instance declares it.
  undeclared_at bigint,
  lease_seq bigint REFERENCES instances (seq) ON DELETE SET NULL,
  -- Number of times that its lease was taken.
  lease_number bigint NOT NULL DEFAULT 0,
  -- The run of skips that the next other outcome closes: it becomes a row of ticks.
  skip_tick_id text,
  skip_count bigint NOT NULL DEFAULT 0, skip_first_at bigint, skip_last_at bigint,
  skip_lateness_ms bigint, skip_duration_ms bigint,
  skip_reason text, skip_log text
)${strict}${storage('fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0')};
-- For LIST_TRIGGERS.
CREATE INDEX triggers_by_creation ON triggers (created_at${thenSeq});
`

const crons = ({ strict, storage, thenSeq }: SchemaDialect): string => `
CREATE TABLE crons (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_CRON, CLAIM_CRON.
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  expression text NOT NULL, timezone text NOT NULL, catchup text,
  -- JSON: values that a person set instead of those in the code.
  overrides text,
  enabled boolean NOT NULL DEFAULT true,
  next_run_at bigint, last_run_at bigint,
  -- The last time of the schedule that fired. It does not depend on the clock of the engine.
  last_scheduled_at bigint,
  created_at bigint NOT NULL, updated_at bigint NOT NULL,
  -- Time since no living instance declares it.
  undeclared_at bigint,
  -- For GET_TRIGGER_CRON.
  trigger_name text UNIQUE,
  instance_name text, params text
)${strict}${storage('fillfactor = 70')};
-- For LIST_CRONS.
CREATE INDEX crons_by_creation ON crons (created_at${thenSeq});
-- For INSERT_CRON, which rejects a second schedule of an instance, and FIND_CRONS_BY_NAME.
CREATE UNIQUE INDEX crons_by_instance ON crons (instance_name, workflow) WHERE instance_name IS NOT NULL;
`

const cronFirings = ({ strict, dividedByDay, primaryKey, unique, fromSequence, thenSeq }: SchemaDialect): string => `
CREATE TABLE cron_firings (
  seq bigint NOT NULL${primaryKey}${fromSequence('cron_firings_number')},
  -- For RECOVER_CRON_FIRING, deleteCronFirings.
  id text COLLATE "C" NOT NULL${unique},
  cron_seq bigint NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at bigint NOT NULL, claimed_at bigint NOT NULL,
  execution_id text,
  recovery_attempts integer NOT NULL DEFAULT 0, updated_at bigint NOT NULL
)${strict}${dividedByDay('cron_firings', 'claimed_at')};
-- For LIST_CRON_FIRINGS.
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at${thenSeq});
-- For CRON_STATS.
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
-- For LOST_CRON_FIRINGS, PRUNE_CRON_FIRINGS_WITHOUT_RUN.
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;
`

const actionsAndAlerts = ({ strict }: SchemaDialect): string => `
CREATE TABLE workflows (
  key text COLLATE "C" PRIMARY KEY,
  -- JSON of the definition, without its functions.
  definition text NOT NULL,
  saved_at bigint NOT NULL
)${strict};

-- Actions of people, and their requests to the serving engine.
CREATE TABLE actions (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For ANSWER_ACTION, GET_ACTION.
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  -- Id of an execution, or name of a trigger.
  target text NOT NULL,
  -- cli, node, http or python.
  source text NOT NULL,
  note text,
  -- JSON, by kind.
  arguments text,
  created_at bigint NOT NULL,
  -- Null until it is answered.
  answered_at bigint,
  is_refused boolean NOT NULL DEFAULT false,
  -- JSON, by kind. Of a refusal, the reason.
  answer text
)${strict};
-- For LIST_ACTIONS_ON.
CREATE INDEX actions_by_target ON actions (target, seq);
-- For LIST_UNANSWERED.
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
-- For PRUNE_ACTIONS.
CREATE INDEX actions_by_age ON actions (created_at);

CREATE TABLE alerts (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For SAVE_ALERT.
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  -- Id of an execution or schedule, name of a trigger, or path of a script. Null: the database.
  subject text,
  message text NOT NULL, raised_at bigint NOT NULL,
  -- JSON: the result for each receiver.
  deliveries text NOT NULL
)${strict};
-- For PRUNE_ALERTS.
CREATE INDEX alerts_by_age ON alerts (raised_at);
`
