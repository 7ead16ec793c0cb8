/**
 * Turns the recorded rows of one transaction into the rows that the model knows. PostgreSQL has executions and firings in two
 * tables, one for those under way and one for those that ended, and the outputs of tasks in a table of their own.
 */

import type { RowChange, RowValues } from '../recorder.ts'
import type { LogRecord } from './recording.ts'

export class RowChanges {
  /** Rows of task runs with their outputs, by execution and task. */
  readonly #tasks = new Map<string, RowValues>()

  /** Returns the changes of one transaction, in their order. */
  of(records: readonly LogRecord[]): readonly RowChange[] {
    const transaction = new TransactionChanges(records, this.#tasks)
    for (const record of records) transaction.add(record)
    return transaction.changes()
  }
}

const NEW_COLUMNS = {
  executions: (row: RowValues): RowValues => ({ ...row, owner_seq: null, paused_at: null, cancel_requested_at: null }),
  firings: (row: RowValues): RowValues => row,
} as const

const ACTIVE_COLUMNS = {
  executions: ({ execution_seq, ...row }: RowValues): RowValues => ({
    ...row,
    seq: execution_seq ?? null,
    ended_at: null,
  }),
  firings: (row: RowValues): RowValues => ({ ...row, completed_at: null }),
} as const

type MovedTable = keyof typeof ACTIVE_COLUMNS

class TransactionChanges {
  readonly #tasks: Map<string, RowValues>
  readonly #changes: RowChange[] = []
  /** Ids of rows that this transaction moves from the table of those under way to that of those that ended. */
  readonly #moved: Readonly<Record<MovedTable, ReadonlySet<string>>>
  /** Last state of a row that is moved. */
  readonly #left = new Map<string, RowValues>()
  /** Position of the last change of a task run. */
  readonly #taskChanges = new Map<string, number>()

  constructor(records: readonly LogRecord[], tasks: Map<string, RowValues>) {
    this.#tasks = tasks
    const insertedInto = (table: MovedTable) =>
      new Set(
        records.flatMap(({ name, before, after }) => (name === table && before === null ? String(after?.id) : [])),
      )
    this.#moved = { executions: insertedInto('executions'), firings: insertedInto('firings') }
  }

  changes(): readonly RowChange[] {
    return this.#changes
  }

  add(record: LogRecord): void {
    const { name, before, after } = record
    if (name === 'active_executions') this.#addActive('executions', record)
    else if (name === 'active_firings') this.#addActive('firings', record)
    else if (name === 'executions' || name === 'firings') this.#addEnded(name, record)
    else if (name === 'task_runs') this.#addTask(record)
    else if (name === 'task_outputs') this.#addOutput(record)
    else this.#changes.push({ table: name, before, after })
  }

  #addActive(table: MovedTable, record: LogRecord): void {
    const toRow = ACTIVE_COLUMNS[table]
    const before = record.before === null ? null : toRow(record.before)
    const after = record.after === null ? null : toRow(record.after)
    const id = String((after ?? before)?.id)
    if (after === null && before !== null && this.#moved[table].has(id)) this.#left.set(`${table} ${id}`, before)
    else this.#changes.push({ table, before, after })
  }

  #addEnded(table: MovedTable, record: LogRecord): void {
    const toRow = NEW_COLUMNS[table]
    const after = record.after === null ? null : toRow(record.after)
    const before = record.before === null ? null : toRow(record.before)
    const left = this.#left.get(`${table} ${after?.id}`)
    this.#changes.push({ table, before: before ?? left ?? null, after })
  }

  #addTask({ before, after }: LogRecord): void {
    const key = keyOf(after ?? before)
    const known = this.#tasks.get(key) ?? null
    if (after === null) {
      this.#tasks.delete(key)
      this.#changes.push({ table: 'task_runs', before: known ?? before, after: null })
      return
    }
    const row = { ...after, output: known?.output ?? null }
    this.#tasks.set(key, row)
    this.#taskChanges.set(key, this.#changes.push({ table: 'task_runs', before: known, after: row }) - 1)
  }

  /** An output belongs to the change of its task in the same transaction, or is a change of its own. */
  #addOutput({ after }: LogRecord): void {
    if (after === null) return
    const key = keyOf(after)
    const known = this.#tasks.get(key)
    if (known === undefined) return
    const row = { ...known, output: after.context ?? null }
    this.#tasks.set(key, row)
    const at = this.#taskChanges.get(key)
    const change = at === undefined ? undefined : this.#changes[at]
    if (at === undefined || change === undefined) {
      this.#changes.push({ table: 'task_runs', before: known, after: row })
    } else this.#changes[at] = { ...change, after: row }
  }
}

function keyOf(row: RowValues | null): string {
  return `${row?.execution_seq} ${row?.task_id}`
}
