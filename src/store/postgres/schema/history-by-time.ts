/**
 * The migration that divides what grows by time: what has ended is in tables of which whole days are dropped, what is under way in small ones
 * beside them. `families.ts` says which tables are divided alike.
 *
 * A unique index of such a table must have the instant in it. So the `seq` of executions begins with the day of their creation, and what
 * refers to them by it is divided as they are; ids are unique among those that are under way, which is where two could meet. Nothing
 * refers to such a table by a foreign key, which would forbid to drop a part of it.
 */

const ENDED_EXECUTIONS = `
CREATE TABLE executions (
  -- The day of its creation, counted from 1970, and behind it a number of 11 digits; before this version it was the number alone.
  seq bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  workflow text NOT NULL,
  version text NOT NULL,
  status text NOT NULL,
  origin text NOT NULL,
  origin_source text,
  firing_id text,
  created_at bigint NOT NULL,
  started_at bigint,
  ended_at bigint NOT NULL,
  -- The task whose output is the final context; null: execution_finals has it.
  final_task_id text,
  error_message text,
  retry_of text,
  cancel_requested_at bigint
) PARTITION BY RANGE (seq);
CREATE INDEX executions_by_id ON executions (id);
CREATE INDEX executions_by_creation ON executions (created_at, seq);
CREATE INDEX executions_by_workflow ON executions (workflow, created_at, seq);
CREATE INDEX executions_by_status ON executions (status, created_at, seq);
CREATE INDEX executions_by_age ON executions (ended_at);
CREATE INDEX executions_by_original ON executions (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX executions_by_source ON executions (origin_source, created_at, seq) WHERE origin_source IS NOT NULL;

CREATE SEQUENCE executions_number MAXVALUE 99999999999 CYCLE;

CREATE TABLE execution_inputs (execution_seq bigint PRIMARY KEY, context text NOT NULL) PARTITION BY RANGE (execution_seq);

CREATE TABLE execution_finals (execution_seq bigint PRIMARY KEY, context text NOT NULL) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_runs (
  execution_seq bigint NOT NULL,
  position integer NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  full_name text NOT NULL,
  status text NOT NULL DEFAULT 'NotStarted',
  attempts integer NOT NULL DEFAULT 0,
  recoveries integer NOT NULL DEFAULT 0,
  not_before_at bigint,
  started_at bigint,
  ended_at bigint,
  finished_order integer,
  error text,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

CREATE TABLE task_outputs (
  execution_seq bigint NOT NULL,
  task_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  PRIMARY KEY (execution_seq, task_id)
) PARTITION BY RANGE (execution_seq);

-- One row for each attempt that has ended; the one under way is in task_runs.
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

-- What attempts printed and logged, in pieces, numbered within their execution in the order of writing.
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
`

const FIRINGS_AND_TICKS = `
CREATE SEQUENCE firings_number;

-- Of those that are alone, none may be active beside another of the same trigger and context.
CREATE TABLE active_firings (
  seq bigint PRIMARY KEY DEFAULT nextval('firings_number'),
  id text COLLATE "C" NOT NULL UNIQUE,
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  is_alone boolean NOT NULL,
  execution_id text NOT NULL,
  fired_at bigint NOT NULL
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX active_firings_by_trigger ON active_firings (trigger_seq, fired_at, seq);
CREATE INDEX active_firings_by_context ON active_firings (trigger_seq, context_hash);
CREATE UNIQUE INDEX active_firings_alone ON active_firings (trigger_seq, context_hash) WHERE is_alone;

-- Whose executions have ended, or that started none.
CREATE TABLE firings (
  seq bigint NOT NULL DEFAULT nextval('firings_number'),
  id text COLLATE "C" NOT NULL,
  trigger_seq bigint NOT NULL,
  context_hash text NOT NULL,
  execution_id text,
  fired_at bigint NOT NULL,
  completed_at bigint NOT NULL
) PARTITION BY RANGE (fired_at);
CREATE INDEX firings_by_id ON firings (id);
CREATE INDEX firings_by_trigger ON firings (trigger_seq, fired_at, seq);
CREATE INDEX firings_without_run ON firings (completed_at) WHERE execution_id IS NULL;

CREATE SEQUENCE cron_firings_number;

CREATE TABLE cron_firings (
  seq bigint NOT NULL DEFAULT nextval('cron_firings_number'),
  id text COLLATE "C" NOT NULL,
  cron_seq bigint NOT NULL REFERENCES crons (seq) ON DELETE CASCADE,
  scheduled_at bigint NOT NULL,
  claimed_at bigint NOT NULL,
  execution_id text,
  recovery_attempts integer NOT NULL DEFAULT 0,
  updated_at bigint NOT NULL
) PARTITION BY RANGE (claimed_at);
CREATE INDEX cron_firings_by_id ON cron_firings (id);
CREATE INDEX cron_firings_by_cron ON cron_firings (cron_seq, claimed_at, seq);
CREATE INDEX cron_firings_by_claim ON cron_firings (claimed_at);
CREATE INDEX cron_firings_without_run ON cron_firings (claimed_at) WHERE execution_id IS NULL;

CREATE SEQUENCE ticks_number;

-- First by how long they are kept, then by time.
CREATE TABLE ticks (
  seq bigint NOT NULL DEFAULT nextval('ticks_number'),
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
  log text
) PARTITION BY LIST (outcome);
CREATE INDEX ticks_by_trigger ON ticks (trigger_seq, last_at, seq);
CREATE INDEX ticks_by_outcome ON ticks (trigger_seq, outcome, last_at, seq);
CREATE INDEX ticks_by_age ON ticks (outcome, last_at);
CREATE INDEX ticks_with_log ON ticks (trigger_seq, seq) WHERE log IS NOT NULL;
CREATE TABLE ticks_skipped PARTITION OF ticks FOR VALUES IN ('skipped', 'duplicate', 'limited') PARTITION BY RANGE (last_at);
CREATE TABLE ticks_failed PARTITION OF ticks FOR VALUES IN ('failed', 'timedOut') PARTITION BY RANGE (last_at);
CREATE TABLE ticks_fired PARTITION OF ticks FOR VALUES IN ('fired') PARTITION BY RANGE (last_at);
`

/** What is outside of every day for which there is a part: of engines whose clocks are wrong, or if nobody could make parts. */
const STRAY_ROWS = `
CREATE TABLE executions_default PARTITION OF executions DEFAULT;
CREATE TABLE execution_inputs_default PARTITION OF execution_inputs DEFAULT;
CREATE TABLE execution_finals_default PARTITION OF execution_finals DEFAULT;
CREATE TABLE task_runs_default PARTITION OF task_runs DEFAULT WITH (fillfactor = 60);
CREATE TABLE task_outputs_default PARTITION OF task_outputs DEFAULT;
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
CREATE TABLE attempt_logs_default PARTITION OF attempt_logs DEFAULT;
CREATE TABLE firings_default PARTITION OF firings DEFAULT;
CREATE TABLE cron_firings_default PARTITION OF cron_firings DEFAULT;
CREATE TABLE ticks_skipped_default PARTITION OF ticks_skipped DEFAULT;
CREATE TABLE ticks_failed_default PARTITION OF ticks_failed DEFAULT;
CREATE TABLE ticks_fired_default PARTITION OF ticks_fired DEFAULT;
`

/** Nothing refers to them by a foreign key any more, and what is under way has its columns in `active_executions`. */
const MAKE_ROOM = `
ALTER TABLE active_executions DROP CONSTRAINT active_executions_execution_seq_fkey;
ALTER TABLE active_executions ADD COLUMN origin_source text, ADD COLUMN retry_of text;
CREATE INDEX active_executions_by_creation ON active_executions (created_at, execution_seq);
UPDATE active_executions a SET origin_source = e.origin_source, retry_of = e.retry_of
FROM executions e WHERE e.seq = a.execution_seq;

DO $$
DECLARE
  grows text;
  found record;
BEGIN
  FOREACH grows IN ARRAY ARRAY['execution_inputs', 'execution_finals', 'task_runs', 'task_outputs', 'attempts', 'attempt_logs',
                               'executions', 'firings', 'cron_firings', 'ticks'] LOOP
    FOR found IN SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(grows) AND contype IN ('f', 'u') LOOP
      EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', grows, found.conname);
    END LOOP;
    EXECUTE format('ALTER TABLE %I RENAME TO %I', grows, grows || '_before');
    FOR found IN SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = to_regclass(grows || '_before') LOOP
      EXECUTE format('ALTER INDEX %I RENAME TO %I', found.relname, found.relname || '_before');
    END LOOP;
  END LOOP;
END $$;

DELETE FROM executions_before WHERE status IS NULL;
DROP INDEX executions_by_status_before, executions_by_age_before, firings_active_before, firings_alone_before;
ALTER TABLE executions_before ALTER seq DROP IDENTITY, ALTER status SET NOT NULL, ALTER ended_at SET NOT NULL;
`

/**
 * What was there becomes the first part, as it is: nothing of it is written anew but the ticks, whose parts depend on their outcome. It ends
 * with the day of the migration. Rows of a clock that is ahead of it go to the stray ones. A database that has nothing yet has no such part.
 */
const KEEP_WHAT_WAS = `
SELECT setval('executions_number', (SELECT greatest(max(execution_seq), (SELECT max(seq) FROM executions_before), 1) FROM active_executions));
SELECT setval('firings_number', (SELECT coalesce(max(seq), 0) + 1 FROM firings_before), false);
SELECT setval('cron_firings_number', (SELECT coalesce(max(seq), 0) + 1 FROM cron_firings_before), false);

INSERT INTO active_firings (seq, id, trigger_seq, context_hash, is_alone, execution_id, fired_at)
SELECT seq, id, trigger_seq, context_hash, is_alone, execution_id, fired_at FROM firings_before
WHERE completed_at IS NULL AND execution_id IS NOT NULL;
DELETE FROM firings_before WHERE completed_at IS NULL;

ALTER TABLE firings_before DROP COLUMN is_alone;
ALTER TABLE firings_before ALTER seq DROP IDENTITY, ALTER completed_at SET NOT NULL;
ALTER TABLE cron_firings_before ALTER seq DROP IDENTITY;

DO $$
DECLARE
  next_day bigint := extract(epoch FROM now())::bigint / 86400 + 1;
  was record;
BEGIN
  IF NOT (EXISTS (SELECT 1 FROM executions_before) OR EXISTS (SELECT 1 FROM active_executions) OR EXISTS (SELECT 1 FROM ticks_before)
          OR EXISTS (SELECT 1 FROM firings_before) OR EXISTS (SELECT 1 FROM cron_firings_before)) THEN
    DROP TABLE executions_before, execution_inputs_before, execution_finals_before, task_runs_before, task_outputs_before,
               attempts_before, attempt_logs_before, firings_before, cron_firings_before;
    RETURN;
  END IF;
  FOR was IN SELECT * FROM (VALUES
    ('executions', 'seq', 100000000000), ('execution_inputs', 'execution_seq', 100000000000),
    ('execution_finals', 'execution_seq', 100000000000), ('task_runs', 'execution_seq', 100000000000),
    ('task_outputs', 'execution_seq', 100000000000), ('attempts', 'execution_seq', 100000000000),
    ('attempt_logs', 'execution_seq', 100000000000), ('firings', 'fired_at', 86400000), ('cron_firings', 'claimed_at', 86400000)
  ) AS t (name, key, day) LOOP
    EXECUTE format('WITH ahead AS (DELETE FROM %I WHERE %I >= %s RETURNING *) INSERT INTO %I (%s) SELECT %5$s FROM ahead',
                   was.name || '_before', was.key, next_day * was.day, was.name,
                   (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
                    WHERE attrelid = to_regclass(was.name) AND attnum > 0 AND NOT attisdropped));
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)',
                   was.name, was.name || '_before', next_day * was.day);
  END LOOP;
  FOR was IN SELECT * FROM unnest(ARRAY['ticks_skipped', 'ticks_failed', 'ticks_fired']) AS t (name) LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (MINVALUE) TO (%s)',
                   was.name || '_before', was.name, next_day * 86400000);
  END LOOP;
END $$;

INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, log)
SELECT t.id, t.trigger_seq, t.outcome, t.first_at, t.last_at, t.count, t.lateness_ms, t.duration_ms, t.reason, t.firing_id,
       coalesce(f.execution_id, a.execution_id), t.error, t.log
FROM ticks_before t LEFT JOIN firings f ON f.id = t.firing_id LEFT JOIN active_firings a ON a.id = t.firing_id ORDER BY t.seq;
DROP TABLE ticks_before;
`

/** What code an instance has is said once: those that it polls are among those that it declares. */
const DECLARED_ONCE = `
ALTER TABLE instances ADD COLUMN is_polling boolean NOT NULL DEFAULT false;
UPDATE instances SET is_polling = EXISTS (SELECT 1 FROM instance_triggers WHERE instance_seq = seq);
DROP TABLE instance_triggers;
`

export const HISTORY_BY_TIME =
  MAKE_ROOM + ENDED_EXECUTIONS + FIRINGS_AND_TICKS + STRAY_ROWS + KEEP_WHAT_WAS + DECLARED_ONCE
