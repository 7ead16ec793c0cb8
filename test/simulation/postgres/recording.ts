/**
 * Records each change of a row that the model follows, with PostgreSQL triggers in the same transaction. The records of
 * a transaction are read in the message of its COMMIT. `row-changes.ts` converts them into rows of the model.
 */

import { changingOf, columnsOf, hasUpdates, RECORDED_TABLES, type RecordedTable, type RowValues } from '../recorder.ts'

export interface LogRecord {
  readonly name: RecordedTable | 'task_outputs'
  readonly before: RowValues | null
  readonly after: RowValues | null
}

/** Columns of tables that differ from those of SQLite. */
const COLUMNS: Readonly<Partial<Record<LogRecord['name'], readonly string[]>>> = {
  task_runs: columnsOf('task_runs').filter((column) => column !== 'output'),
  task_outputs: ['execution_seq', 'task_id', 'context'],
}

/** Columns that the model expects as numbers. */
const BOOLEANS: ReadonlySet<string> = new Set(['enabled', 'is_silent', 'is_used_at_once'])

const LOG_TABLE = 'public.simulation_log'

/** Statement that returns the records of the current transaction, as `LogRecord`s. */
export const READ_LOG = `
SELECT name, before, after FROM ${LOG_TABLE} WHERE xid = pg_current_xact_id_if_assigned() ORDER BY seq`

/** Returns the statements that make a database record its changes. */
export function postgresRecorder(): string {
  const tables: readonly LogRecord['name'][] = [...RECORDED_TABLES, 'task_outputs']
  const log = `
CREATE UNLOGGED TABLE ${LOG_TABLE} (
  xid xid8 NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL, before jsonb, after jsonb,
  PRIMARY KEY (xid, seq)
)`
  return [log, ...tables.flatMap(triggersOf)].join(';\n')
}

function triggersOf(table: LogRecord['name']): readonly string[] {
  const columns = COLUMNS[table] ?? columnsOf(table as RecordedTable)
  const changing = table in COLUMNS ? columns : changingOf(table as RecordedTable)
  const differs = changing.map((column) => `OLD.${column} IS DISTINCT FROM NEW.${column}`).join(' OR ')
  const row = (alias: string): string =>
    `jsonb_build_object(${columns.map((column) => `'${column}', ${shown(alias, column)}`).join(', ')})`
  const record = `
CREATE FUNCTION public.simulation_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Rows that move to a part of their day stay the same.
  IF TG_OP = 'DELETE' AND current_query() LIKE '%WITH stray AS (DELETE%' THEN RETURN NULL; END IF;
  INSERT INTO ${LOG_TABLE} (xid, name, before, after) VALUES (
    pg_current_xact_id(), '${table}',
    CASE WHEN TG_OP <> 'INSERT' THEN ${row('OLD')} END, CASE WHEN TG_OP <> 'DELETE' THEN ${row('NEW')} END);
  RETURN NULL;
END $$`
  const trigger = (event: 'INSERT' | 'UPDATE' | 'DELETE', when = ''): string =>
    `CREATE TRIGGER simulation_${event.toLowerCase()} AFTER ${event} ON ${table} FOR EACH ROW ${when}
     EXECUTE FUNCTION public.simulation_${table}()`
  const isUpdated = table in COLUMNS || hasUpdates(table as RecordedTable)
  return [record, trigger('INSERT'), trigger('DELETE'), ...(isUpdated ? [trigger('UPDATE', `WHEN (${differs})`)] : [])]
}

function shown(alias: string, column: string): string {
  return BOOLEANS.has(column) ? `${alias}.${column}::int` : `${alias}.${column}`
}
