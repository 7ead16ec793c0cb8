/**
 * Converts the recorded rows of one transaction into rows of the model. The database stores active and ended executions
 * in two tables, and also active and completed firings. PostgreSQL stores the outputs of tasks in a separate table.
 */

import type { LogRecord } from './postgres/recording.ts'
import type { RowChange, RowValues } from './recorder.ts'

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
  executions: (row: RowValues): RowValues => ({
    ...row,
    ...{ owner_seq: null, paused_at: null, cancel_requested_at: null, waits_for: null, rank: null, limit_value: null },
  }),
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
  /** Changes of inputs. They follow the changes of their executions, although SQLite stores inputs first. */
  readonly #inputs: RowChange[] = []
  /** Ids of rows that this transaction moves from a table of active rows to a table of ended rows. */
  readonly #moved: Readonly<Record<MovedTable, ReadonlySet<string>>>
  /** Last active state of each moved row. */
  readonly #left: ReadonlyMap<string, RowValues>
  /** Positions of the last change of each task run. */
  readonly #taskChanges = new Map<string, number>()

  constructor(records: readonly LogRecord[], tasks: Map<string, RowValues>) {
    this.#tasks = tasks
    const insertedInto = (table: MovedTable) =>
      new Set(
        records.flatMap(({ name, before, after }) => (name === table && before === null ? String(after?.id) : [])),
      )
    this.#moved = { executions: insertedInto('executions'), firings: insertedInto('firings') }
    this.#left = new Map(records.flatMap((record) => leftBy(record) ?? []))
  }

  changes(): readonly RowChange[] {
    return [...this.#changes, ...this.#inputs]
  }

  add(record: LogRecord): void {
    const { name, before, after } = record
    if (name === 'active_executions') this.#addActive('executions', record)
    else if (name === 'active_firings') this.#addActive('firings', record)
    else if (name === 'executions' || name === 'firings') this.#addEnded(name, record)
    else if (name === 'task_runs') this.#addTask(record)
    else if (name === 'task_outputs') this.#addOutput(record)
    else if (name === 'execution_inputs') this.#inputs.push({ table: name, before, after })
    else this.#changes.push({ table: name, before, after })
  }

  #addActive(table: MovedTable, record: LogRecord): void {
    const toRow = ACTIVE_COLUMNS[table]
    const before = record.before === null ? null : toRow(record.before)
    const after = record.after === null ? null : toRow(record.after)
    const id = String((after ?? before)?.id)
    const isMoved = after === null && this.#moved[table].has(id)
    if (!isMoved) this.#changes.push({ table, before, after })
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
    const row = { output: known?.output ?? null, ...after }
    this.#tasks.set(key, row)
    this.#taskChanges.set(key, this.#changes.push({ table: 'task_runs', before: known, after: row }) - 1)
  }

  /** Adds an output to the change of its task in the same transaction, or else as a separate change. */
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

/** Returns the row that a record removes from a table of active rows, with its key. */
function leftBy({ name, before, after }: LogRecord): [[string, RowValues]] | null {
  if (before === null || after !== null) return null
  if (name === 'active_executions') return [[`executions ${before.id}`, ACTIVE_COLUMNS.executions(before)]]
  return name === 'active_firings' ? [[`firings ${before.id}`, ACTIVE_COLUMNS.firings(before)]] : null
}

function keyOf(row: RowValues | null): string {
  return `${row?.execution_seq} ${row?.task_id}`
}
