/** Tables of limits by key: a part of `tables.ts`, whose rules apply here. Times are those of `Liveness.now`. */

import { OFTEN_CHANGED, type SchemaDialect, SHORT_LIVED } from './schema-dialect.ts'

export const limits = ({ strict, clustered, storage }: SchemaDialect): string => `
CREATE TABLE limits (
  -- For getLimits, DECLARE_LIMIT. "workflow:KEY" for the limit of the executions of a workflow.
  name text COLLATE "C" PRIMARY KEY,
  -- JSON: values of the newest code. Null: no code has declared it.
  declared text,
  -- JSON: values that a person set instead.
  overrides text,
  -- Time since which all values are closed, and until which. Null: open.
  closed_at bigint,
  closed_until bigint
)${strict};

-- Values of limits that are closed. On PostgreSQL also the rows that a transaction locks before it uses slots.
CREATE TABLE limit_values (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  closed_at bigint,
  closed_until bigint,
  -- For lockKeys, getKeys.
  PRIMARY KEY (limit_name, value)
)${clustered}${storage(OFTEN_CHANGED)};

-- Attempts that began under a limit: those that use its slots, and those of its window.
CREATE TABLE limit_attempts (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  -- Number of the attempt among those of the limit and value.
  ordinal bigint NOT NULL,
  begun_at bigint NOT NULL,
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  -- Number of the attempt among all of its task, so that a change that is stored again is the same attempt.
  attempt integer NOT NULL,
  -- Engine whose lease the slot needs. Its row may be gone after the end.
  owner_seq bigint NOT NULL,
  -- End of the attempt, or of the lease of an engine that was lost. Null: the slot is in use while the lease is valid.
  ended_at bigint,
  -- For getKeys, which reads the newest attempts.
  PRIMARY KEY (limit_name, value, ordinal)
)${clustered}${storage(SHORT_LIVED)};
-- For the slots in use.
CREATE INDEX limit_attempts_by_end ON limit_attempts (limit_name, value, ended_at);
-- For listOpenAttempts.
CREATE INDEX limit_attempts_of_task ON limit_attempts (execution_seq, task_id) WHERE ended_at IS NULL;
-- For END_LOST_SLOTS.
CREATE INDEX limit_attempts_of_owner ON limit_attempts (owner_seq) WHERE ended_at IS NULL;

-- Slots that are kept for tasks with several limits, which wait for a slot of another one. A row has an effect only
-- while the wait of its task has "vain_offers": see LIST_KEPT. Others are left over, and pruning removes them.
CREATE TABLE kept_slots (
  limit_name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  -- For getKeys, LIST_KEPT.
  PRIMARY KEY (limit_name, value, execution_seq, task_id)
)${clustered}${storage(SHORT_LIVED)};
-- For listKeptOfTasks.
CREATE INDEX kept_slots_of_task ON kept_slots (execution_seq, task_id);
`
