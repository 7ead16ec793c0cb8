/**
 * Records each change of a row that the model follows, by SQL triggers, in the transaction that makes it. So the model
 * sees the committed changes and no others, independent of the state that the engines keep in memory.
 */

/** A change of one row. `before` is null for an insertion, `after` for a deletion. */
export interface RowChange {
  readonly table: TableName
  readonly before: RowValues | null
  readonly after: RowValues | null
}

export type RowValues = Readonly<Record<string, string | number | null>>

export type TableName = keyof typeof RECORDED

/** By table of the model: the recorded columns, which are those of the active and of the ended rows. */
export const RECORDED = {
  executions: ['seq', 'id', 'workflow', 'status', 'origin', 'origin_source', 'firing_id', 'ended_at', 'retry_of'],
  execution_inputs: ['execution_seq', 'context'],
  task_runs: ['execution_seq', 'task_id', 'status', 'attempts', 'recoveries', 'output'],
  firings: ['id', 'trigger_seq', 'context_hash', 'execution_id', 'completed_at'],
  ticks: ['trigger_seq', 'outcome', 'count', 'reason', 'firing_id'],
  cron_firings: ['id', 'cron_seq', 'scheduled_at', 'execution_id', 'recovery_attempts'],
  triggers: ['seq', 'name', 'enabled', 'lease_seq', 'lease_number', 'overrides', 'note', 'skip_count'],
  instances: ['seq', 'id'],
  source_events: ['source_seq', 'sequence', 'event'],
  sources: ['seq', 'name', 'done_sequence', 'last_sequence', 'lease_seq', 'lease_number'],
  reactors: ['seq', 'name'],
  reactor_firings: ['reactor_seq', 'sequence', 'by_hand', 'causes', 'payload'],
  firing_executions: ['reactor_seq', 'sequence', 'subscription_id', 'replay', 'execution_id'],
} as const

/** Tables of active rows, which `row-changes.ts` turns into rows of the tables of the model. */
export const ACTIVE = {
  active_executions: [
    ...['execution_seq', 'id', 'workflow', 'status', 'origin', 'origin_source', 'firing_id', 'owner_seq', 'retry_of'],
    ...['paused_at', 'cancel_requested_at'],
  ],
  active_firings: ['id', 'trigger_seq', 'context_hash', 'execution_id'],
} as const

export type RecordedTable = TableName | keyof typeof ACTIVE

/** Columns whose change is recorded, by table. Default: all recorded columns. */
const CHANGING: Partial<Record<TableName, readonly string[]>> = {
  triggers: ['enabled', 'lease_seq', 'lease_number', 'overrides', 'skip_count'],
}

const WITHOUT_UPDATES: readonly RecordedTable[] = [
  'execution_inputs',
  'ticks',
  'source_events',
  'reactor_firings',
  'firing_executions',
  'instances',
]

export const LOG_TABLE = 'simulation_log'

/** Statements that make a SQLite database record its changes. */
export function sqliteRecorder(): string {
  const parts = [
    `CREATE TABLE ${LOG_TABLE} (seq INTEGER PRIMARY KEY, name TEXT NOT NULL, before TEXT, after TEXT) STRICT`,
  ]
  for (const table of RECORDED_TABLES) {
    parts.push(sqliteTrigger(table, 'INSERT'), sqliteTrigger(table, 'DELETE'))
    if (hasUpdates(table)) parts.push(sqliteTrigger(table, 'UPDATE'))
  }
  return parts.join(';\n')
}

export const RECORDED_TABLES = Object.keys({ ...RECORDED, ...ACTIVE }) as readonly RecordedTable[]

export function columnsOf(table: RecordedTable): readonly string[] {
  return { ...RECORDED, ...ACTIVE }[table]
}

export function changingOf(table: RecordedTable): readonly string[] {
  return CHANGING[table as TableName] ?? columnsOf(table)
}

export function hasUpdates(table: RecordedTable): boolean {
  return !WITHOUT_UPDATES.includes(table)
}

function sqliteTrigger(table: RecordedTable, event: 'INSERT' | 'UPDATE' | 'DELETE'): string {
  const row = (alias: string) =>
    `json_object(${columnsOf(table)
      .map((column) => `'${column}', ${alias}.${column}`)
      .join(', ')})`
  const before = event === 'INSERT' ? 'NULL' : row('OLD')
  const after = event === 'DELETE' ? 'NULL' : row('NEW')
  const differs = changingOf(table)
    .map((column) => `OLD.${column} IS NOT NEW.${column}`)
    .join(' OR ')
  const when = event === 'UPDATE' ? `WHEN ${differs}` : ''
  return `CREATE TRIGGER simulation_${table}_${event.toLowerCase()} AFTER ${event} ON ${table} ${when}
BEGIN INSERT INTO ${LOG_TABLE} (name, before, after) VALUES ('${table}', ${before}, ${after}); END`
}
