/**
 * Records each change of a row that the model follows, with SQL triggers in the same transaction. So the model sees
 * exactly the committed changes, independent of the state that the engines keep in memory.
 */

/** Change of one row. `before` is null for an insertion, and `after` is null for a deletion. */
export interface RowChange {
  readonly table: TableName
  readonly before: RowValues | null
  readonly after: RowValues | null
}

export type RowValues = Readonly<Record<string, string | number | null>>

type TableName = keyof typeof RECORDED

/** Recorded columns of active and ended rows, by table of the model. */
const RECORDED = {
  executions: [
    'seq',
    'id',
    'workflow',
    'status',
    'origin',
    'origin_source',
    'firing_id',
    'ended_at',
    'retry_of',
    'created_at',
    'priority',
    'error_message',
  ],
  execution_inputs: ['execution_seq', 'context'],
  task_runs: ['execution_seq', 'task_id', 'status', 'attempts', 'recoveries', 'tries_later', 'not_before_at', 'output'],
  firings: ['id', 'trigger_seq', 'context_hash', 'execution_id', 'completed_at'],
  ticks: [
    ...['trigger_seq', 'outcome', 'count', 'reason', 'firing_id', 'last_at', 'lateness_ms', 'state_before'],
    'state_after',
  ],
  trigger_states: ['trigger_seq', 'version', 'state'],
  firing_keys: ['trigger_seq', 'key', 'firing_id'],
  crons: ['seq', 'trigger_name'],
  batches: ['id', 'status', 'max_active', 'cursor_at'],
  cron_firings: ['id', 'cron_seq', 'scheduled_at', 'claimed_at', 'execution_id', 'recovery_attempts'],
  triggers: [
    ...['seq', 'name', 'enabled', 'lease_seq', 'lease_number', 'overrides', 'note', 'skip_count', 'skip_last_at'],
    'failures_in_row',
  ],
  instances: ['seq', 'id'],
  source_events: ['source_seq', 'sequence', 'event'],
  sources: ['seq', 'name', 'done_sequence', 'last_sequence', 'lease_seq', 'lease_number'],
  reactors: ['seq', 'name'],
  reactor_firings: ['reactor_seq', 'sequence', 'by_hand', 'causes', 'payload'],
  incidents: [
    ...['seq', 'kind', 'subject', 'opened_at', 'last_at', 'count', 'ended_at', 'last_message_at', 'is_silent'],
  ],
  alerts: ['seq', 'id', 'kind', 'state', 'subject', 'raised_at', 'count', 'since', 'incident_seq'],
  alert_deliveries: ['alert_seq', 'receiver', 'outcome'],
  judged_deadlines: ['key', 'judged_at'],
  waits: [
    ...['execution_seq', 'task_id', 'kind', 'opened_at', 'deadline_at', 'outcome', 'ended_at', 'signal', 'wait_key'],
    ...['approval_id', 'payload', 'limit_name', 'limit_value', 'line_rank', 'line_at'],
  ],
  limits: ['name', 'declared', 'overrides', 'closed_until'],
  limit_values: ['limit_name', 'value', 'closed_until'],
  kept_slots: ['limit_name', 'value', 'execution_seq', 'task_id'],
  limit_attempts: [
    ...['limit_name', 'value', 'ordinal', 'begun_at', 'execution_seq', 'task_id', 'attempt', 'owner_seq', 'ended_at'],
  ],
  signals: ['seq', 'id', 'name', 'key', 'payload', 'sent_at', 'used_at', 'is_used_at_once', 'executions'],
  approvals: ['id', 'execution_seq', 'execution_id', 'node', 'title', 'created_at', 'expires_at', 'state', 'answer'],
  child_executions: ['chain_id', 'task_id', 'key', 'child_id'],
  firing_executions: ['reactor_seq', 'sequence', 'subscription_id', 'replay', 'execution_id'],
} as const

/** Tables of active rows, whose records `row-changes.ts` converts into rows of the model. */
const ACTIVE = {
  active_executions: [
    ...['execution_seq', 'id', 'workflow', 'status', 'origin', 'origin_source', 'firing_id', 'owner_seq', 'retry_of'],
    ...['paused_at', 'cancel_requested_at', 'created_at', 'waits_for', 'priority', 'rank', 'limit_value'],
  ],
  active_firings: ['id', 'trigger_seq', 'context_hash', 'execution_id'],
} as const

export type RecordedTable = TableName | keyof typeof ACTIVE

/** Columns whose change causes a record, by table. Default: all recorded columns. */
const CHANGING: Partial<Record<TableName, readonly string[]>> = {
  triggers: ['enabled', 'lease_seq', 'lease_number', 'overrides', 'skip_count', 'failures_in_row'],
}

const WITHOUT_UPDATES: readonly RecordedTable[] = [
  'execution_inputs',
  'ticks',
  'source_events',
  'reactor_firings',
  'firing_executions',
  'instances',
  'crons',
  'alerts',
  'judged_deadlines',
]

export const LOG_TABLE = 'simulation_log'

/** Returns the statements that make a SQLite database record its changes. */
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
