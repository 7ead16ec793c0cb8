/** Which tables are divided by time, and which of them alike: what belongs to an execution goes with it. */

import type { Retention } from '../../../engine/ports.ts'

export const DAY_MS = 86_400_000
/** A `seq` of an execution is so many times the day of its creation, and a number behind it. */
export const SEQS_A_DAY = 100_000_000_000

/** Of the executions that are created on the day of an instant. */
export function firstSeq(at: number): number {
  return Math.floor(at / DAY_MS) * SEQS_A_DAY
}

/** SQL of the `seq` of an execution that is created at an instant, which is SQL as well. */
export function newSeq(createdAt: string): string {
  return `${createdAt} / ${DAY_MS} * ${SEQS_A_DAY} + nextval('executions_number')`
}

export interface DividedTable {
  readonly name: string
  /** The column by which it is divided. */
  readonly key: string
  /** How much of it is a day. */
  readonly day: number
  /** Storage parameters of its parts. */
  readonly storage?: string
}

/** Tables whose parts begin and end with the same days, and are dropped together. The first one shows how large a part is. */
export interface Family {
  readonly name: 'executions' | 'ticks_skipped' | 'ticks_failed'
  readonly tables: readonly DividedTable[]
  readonly keptMs: (retention: Retention) => number | null
}

const ofExecution = (name: string, storage?: string): DividedTable => {
  return { name, key: 'execution_seq', day: SEQS_A_DAY, ...(storage !== undefined && { storage }) }
}
const byInstant = (name: string, key: string): DividedTable => ({ name, key, day: DAY_MS })

/** Readers and writers come by a table of executions first: whoever has that one to themselves waits for nobody in the others. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'executions',
    tables: [
      { name: 'executions', key: 'seq', day: SEQS_A_DAY },
      ofExecution('execution_inputs'),
      ofExecution('execution_finals'),
      // Changes with each attempt, which needs no new entry in an index where its page has room.
      ofExecution('task_runs', 'fillfactor = 60'),
      ofExecution('task_outputs'),
      ofExecution('attempts'),
      ofExecution('attempt_logs'),
      byInstant('firings', 'fired_at'),
      byInstant('cron_firings', 'claimed_at'),
      byInstant('ticks_fired', 'last_at'),
    ],
    keptMs: ({ endedMs }) => endedMs,
  },
  {
    name: 'ticks_skipped',
    tables: [byInstant('ticks_skipped', 'last_at')],
    keptMs: ({ skippedMs }) => skippedMs,
  },
  { name: 'ticks_failed', tables: [byInstant('ticks_failed', 'last_at')], keptMs: ({ failedMs }) => failedMs },
]
