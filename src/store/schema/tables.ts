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

import { graphs, reactors, sourceRecords, sources, subscriptions } from './graph-tables.ts'
import {
  activeExecutions,
  chains,
  executionKeys,
  executions,
  firings,
  tasks,
  ticks,
  waitEvents,
} from './history-tables.ts'
import { limits } from './limit-tables.ts'
import { OFTEN_CHANGED, type SchemaDialect } from './schema-dialect.ts'

export function tables(dialect: SchemaDialect): string {
  const engineTables = [
    ...[instances, triggers, triggerStates, crons, cronFirings, scheduleTimes, batches],
    ...[actions, incidents],
  ]
  const historyTables = [firings, ticks, activeExecutions, executions, executionKeys, chains, tasks, waitEvents, limits]
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
  -- The incident about its death is stored.
  is_loss_reported boolean NOT NULL DEFAULT false,
  -- Names of the triggers that its code declares, each after its kind: "poll inbox", "cron nightly".
  declared text[],
  is_polling boolean NOT NULL DEFAULT false,
  -- "source prices", "listed prices" (by a reactor), "reactor alarm", "graph judge".
  declared_graphs text[],
  -- JSON: the limits that its code declares, by name.
  declared_limits text
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
  -- JSON text of the state before its first change. Null: the trigger takes no state.
  initial_state text,
  -- JSON. Null: it has those of its workflow.
  tags text,
  -- Priority of its executions. Null: that of the workflow.
  priority integer,
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

const triggerStates = ({ strict, clustered }: SchemaDialect): string => `
-- States of triggers, from their first change on.
CREATE TABLE trigger_states (
  trigger_seq bigint PRIMARY KEY REFERENCES triggers (seq) ON DELETE CASCADE,
  version bigint NOT NULL, changed_at bigint NOT NULL,
  -- poll, or id of an action.
  changed_by text NOT NULL,
  -- JSON. Null after a reset: the state is initial_state of the trigger.
  state text,
  -- JSON: the state before the last change.
  previous_state text NOT NULL
)${strict};

-- Keys that have fired. No foreign key, which would lock the trigger for each of 1,000 keys.
CREATE TABLE firing_keys (
  trigger_seq bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  firing_id text NOT NULL, execution_id text,
  taken_at bigint NOT NULL,
  -- Null: never.
  expires_at bigint,
  PRIMARY KEY (trigger_seq, key)
)${clustered};
-- For pruneFiringKeys.
CREATE INDEX firing_keys_by_expiry ON firing_keys (expires_at) WHERE expires_at IS NOT NULL;
`

const crons = ({ strict, storage, thenSeq }: SchemaDialect): string => `
CREATE TABLE crons (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For GET_CRON, CLAIM_CRON.
  id text COLLATE "C" NOT NULL UNIQUE,
  workflow text NOT NULL,
  expression text NOT NULL, timezone text NOT NULL, catchup text, expect_fire_ms bigint,
  -- JSON: values that a person set instead of those in the code.
  overrides text,
  -- JSON. Null: it has those of its workflow.
  tags text,
  -- Priority of its executions. Null: that of the workflow.
  priority integer,
  enabled boolean NOT NULL DEFAULT true,
  next_run_at bigint, last_run_at bigint,
  -- The last time of the schedule that fired. It does not depend on the clock of the engine.
  last_scheduled_at bigint,
  created_at bigint NOT NULL, updated_at bigint NOT NULL,
  -- Time since no living instance declares it.
  undeclared_at bigint,
  -- For GET_TRIGGER_CRON.
  trigger_name text UNIQUE,
  instance_name text, params text,
  -- Earlier rows of schedule_times were removed. Null: none.
  times_known_from bigint
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
  -- The limit of the workflow refused the execution.
  is_limited boolean NOT NULL DEFAULT false,
  recovery_attempts integer NOT NULL DEFAULT 0, updated_at bigint NOT NULL
)${strict}${dividedByDay('cron_firings', 'claimed_at')};
-- For LIST_CRON_FIRINGS.
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at${thenSeq});
-- For CRON_STATS.
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
-- For LOST_CRON_FIRINGS, PRUNE_CRON_FIRINGS_WITHOUT_RUN.
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;
`

const scheduleTimes = ({ clustered }: SchemaDialect): string => `
-- Times of schedules that were fired: by the schedule, when it caught up, or by a backfill. Each fires once.
CREATE TABLE schedule_times (
  cron_seq bigint NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at bigint NOT NULL,
  written_at bigint NOT NULL,
  -- For INSERT_SCHEDULE_TIME, LIST_SCHEDULE_TIMES.
  PRIMARY KEY (cron_seq, scheduled_at)
)${clustered};
-- For PRUNE_SCHEDULE_TIMES.
CREATE INDEX schedule_times_by_age ON schedule_times (written_at);
`

const batches = ({ strict, storage }: SchemaDialect): string => `
-- Backfills of schedules, and refires of triggers.
CREATE TABLE batches (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For FIND_BATCHES, ADVANCE_BATCH.
  id text COLLATE "C" NOT NULL UNIQUE,
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
  from_at bigint NOT NULL, to_at bigint NOT NULL,
  -- Starts also times that have a firing.
  again boolean NOT NULL,
  -- Refires only firings whose executions have this status.
  execution_status text,
  max_active bigint NOT NULL,
  -- The last time, or the last firing, that was handled.
  cursor_at bigint NOT NULL, cursor_seq bigint NOT NULL,
  -- Number of executions that were to start at the creation.
  total bigint NOT NULL,
  started bigint NOT NULL DEFAULT 0, left_out bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL, ended_at bigint
)${strict}${storage(OFTEN_CHANGED)};
-- For LIST_RUNNING_BATCHES.
CREATE INDEX batches_running ON batches (seq) WHERE status = 'running';
-- For LIST_BATCHES, CANCEL_BATCHES.
CREATE INDEX batches_by_schedule ON batches (schedule_id) WHERE schedule_id IS NOT NULL;
CREATE INDEX batches_by_trigger ON batches (trigger_name) WHERE trigger_name IS NOT NULL;
-- For PRUNE_BATCHES.
CREATE INDEX batches_by_age ON batches (ended_at) WHERE ended_at IS NOT NULL;
`

const actions = ({ strict, thenSeq }: SchemaDialect): string => `
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
-- For LIST_SWITCHES.
CREATE INDEX actions_of_switches ON actions (target, created_at${thenSeq}) WHERE kind IN ('enable', 'disable');
-- For LIST_UNANSWERED.
CREATE INDEX actions_unanswered ON actions (seq) WHERE answered_at IS NULL;
-- For PRUNE_ACTIONS.
CREATE INDEX actions_by_age ON actions (created_at);
`

const incidents = ({ strict, storage, neverAgain }: SchemaDialect): string => `
-- Failures of one kind and subject until the first success.
CREATE TABLE incidents (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY${neverAgain},
  -- For INSERT_ALERT, UPDATE_INCIDENT.
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text COLLATE "C" NOT NULL,
  -- Name of a workflow or trigger, path of a script, or id of an engine. Empty: the database.
  subject text COLLATE "C" NOT NULL,
  opened_at bigint NOT NULL, last_at bigint NOT NULL, count bigint NOT NULL,
  -- Null while it is open.
  ended_at bigint,
  -- Null: no message was sent.
  last_message_at bigint,
  -- It was opened again without a message.
  is_silent boolean NOT NULL,
  sends_recovery boolean NOT NULL,
  -- JSON: targets and facts of the last report.
  targets text NOT NULL, facts text NOT NULL
)${strict}${storage(OFTEN_CHANGED)};
-- For HAS_INCIDENT_OF_WORKFLOW, HAS_INCIDENT_OF_TRIGGER, HAS_INCIDENT_OF_CRON, LIST_OPEN_OF_POLLS, LIST_OPEN. A kind
-- and subject has at most one open incident.
CREATE UNIQUE INDEX incidents_open ON incidents (subject, kind) WHERE ended_at IS NULL;
-- For findNewest.
CREATE INDEX incidents_by_subject ON incidents (subject, kind, seq);
-- For LIST_INCIDENTS, listEndedOf.
CREATE INDEX incidents_by_failure ON incidents (last_at, seq);
-- For pruneIncidents.
CREATE INDEX incidents_by_age ON incidents (ended_at) WHERE ended_at IS NOT NULL;

-- Messages about incidents.
CREATE TABLE alerts (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- For SETTLE_DELIVERY, INSERT_DELIVERY.
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL, state text NOT NULL,
  -- Id of an execution or schedule, name of a trigger, or path of a script. Null: the database.
  subject text,
  message text NOT NULL, raised_at bigint NOT NULL, count bigint NOT NULL, since bigint NOT NULL,
  workflow text, trigger_name text, task text, error_type text, cause text, execution_id text,
  -- Null: it was sent while the database refused.
  incident_seq bigint
)${strict};
-- For PRUNE_ALERTS.
CREATE INDEX alerts_by_age ON alerts (raised_at);

CREATE TABLE alert_deliveries (
  alert_seq bigint NOT NULL REFERENCES alerts (seq) ON DELETE CASCADE,
  incident_seq bigint,
  receiver text COLLATE "C" NOT NULL,
  -- url or command.
  sends_to text COLLATE "C" NOT NULL,
  outcome text NOT NULL,
  attempts integer NOT NULL,
  response text, error text, ended_at bigint,
  -- Time from which an engine may take it.
  due_at bigint NOT NULL,
  PRIMARY KEY (alert_seq, receiver, sends_to)
)${strict}${storage(OFTEN_CHANGED)};
-- For takeDeliveries, giveUpDeliveries.
CREATE INDEX alert_deliveries_due ON alert_deliveries (due_at) WHERE outcome = 'pending';
-- For takeDeliveries, which takes the oldest of each incident and target.
CREATE INDEX alert_deliveries_pending ON alert_deliveries (incident_seq, receiver, sends_to, alert_seq)
  WHERE outcome = 'pending';

-- Deadlines for which an engine has decided whether they were missed.
CREATE TABLE judged_deadlines (
  -- For INSERT_JUDGED.
  key text COLLATE "C" PRIMARY KEY,
  judged_at bigint NOT NULL
)${strict};
-- For PRUNE_JUDGED_DEADLINES.
CREATE INDEX judged_deadlines_by_age ON judged_deadlines (judged_at);
`
