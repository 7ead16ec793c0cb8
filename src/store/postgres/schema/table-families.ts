/** Tables that are divided by time. The tables of a family are divided alike: rows of an execution go with it. */

import type { Retention } from '../../../model/retention-limits.ts'

export const DAY_MS = 86_400_000
/** The `seq` of an execution is the day of its creation times this number, plus a number. */
export const SEQS_A_DAY = 100_000_000_000

/** Returns the `seq` before those of the executions that are created on the day of a time. */
export function firstSeq(at: number): number {
  return Math.floor(at / DAY_MS) * SEQS_A_DAY
}

/** Returns the SQL of the `seq` of an execution. `createdAt`: SQL of the time of its creation. */
export function newSeq(createdAt: string): string {
  return `${createdAt} / ${DAY_MS} * ${SEQS_A_DAY} + nextval('executions_number')`
}

export interface DividedTable {
  readonly name: string
  readonly key: string
  readonly day: number
  readonly storage: string | undefined
}

/** Tables whose parts begin and end with the same days, and are dropped together. The size of the first one decides. */
export interface Family {
  readonly name: 'executions' | 'ticks_skipped' | 'ticks_failed'
  readonly tables: readonly DividedTable[]
  readonly kept: keyof Retention
}

const bySeq = (name: string, key = 'execution_seq', storage?: string): DividedTable => {
  return { name, key, day: SEQS_A_DAY, storage }
}
const byTime = (name: string, key: string): DividedTable => ({ name, key, day: DAY_MS, storage: undefined })

/** Readers and writers lock executions first, so an exclusive lock on them waits for nobody in the other tables. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'executions',
    tables: [
      bySeq('executions', 'seq'),
      bySeq('execution_inputs'),
      bySeq('execution_finals'),
      // Changes with each attempt, which needs no new entry in an index if its page has room.
      bySeq('task_runs', 'execution_seq', 'fillfactor = 60'),
      bySeq('task_outputs'),
      bySeq('attempts'),
      bySeq('attempt_logs'),
      byTime('firings', 'fired_at'),
      byTime('cron_firings', 'claimed_at'),
      byTime('ticks_fired', 'last_at'),
    ],
    kept: 'endedMs',
  },
  { name: 'ticks_skipped', tables: [byTime('ticks_skipped', 'last_at')], kept: 'skippedMs' },
  { name: 'ticks_failed', tables: [byTime('ticks_failed', 'last_at')], kept: 'failedMs' },
]
