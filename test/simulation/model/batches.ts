/**
 * Invariants of backfills, from the manual: a time of a schedule starts one execution, live or backfilled. A backfill
 * has at most its maximum of active executions, starts nothing after a confirmed cancel, and does not stand still.
 */

import type { RowChange, RowValues } from '../recorder.ts'
import { textOrNull } from './executions.ts'
import type { Report } from './violation.ts'

/** An engine checks a running backfill every second. Faults end before. */
const ADVANCES_WITHIN_MS = 20_000

interface ModelBatch {
  status: string
  readonly maxActive: number
  readonly active: Set<string>
  /** Simulated time of its last change, or of the end of an execution. */
  changedAt: number
}

export class BatchModel {
  readonly #report: Report
  readonly #batches = new Map<string, ModelBatch>()
  readonly #batchOf = new Map<string, string>()
  /** Executions of schedules and backfills whose input has not been recorded yet, by `seq`. */
  readonly #started = new Map<number, string>()
  readonly #startedBy = new Map<string, string>()
  #areTimesRepeated = false

  constructor(report: Report) {
    this.#report = report
  }

  /** Allows repeated times: see `TriggerModel.clockSetBackFar`. */
  clockSetBackFar(): void {
    this.#areTimesRepeated = true
  }

  apply({ table, before, after }: RowChange, now: number): void {
    if (table === 'batches' && after !== null) this.#batchChanged(after, now)
    else if (table === 'executions' && after !== null) this.#executionChanged(before, after, now)
    else if (table === 'execution_inputs' && after !== null) this.#inputAdded(after)
  }

  committed(): void {
    for (const [id, { active, maxActive }] of this.#batches) {
      if (active.size <= maxActive) continue
      this.#report('backfills-are-limited', `backfill ${id} has ${active.size} active executions of ${maxActive}`)
    }
  }

  isCancelled(id: string): boolean {
    return this.#batches.get(id)?.status === 'cancelled'
  }

  checkRest(now: number): void {
    for (const [id, { status, active, changedAt }] of this.#batches) {
      if (status === 'running' && active.size === 0 && now - changedAt > ADVANCES_WITHIN_MS)
        this.#report('backfills-advance', `backfill ${id} has not advanced for ${Math.round(now - changedAt)} ms`)
    }
  }

  #batchChanged(row: RowValues, now: number): void {
    const id = String(row.id)
    const status = String(row.status)
    const known = this.#batches.get(id)
    if (known === undefined) {
      this.#batches.set(id, { status, maxActive: Number(row.max_active), active: new Set(), changedAt: now })
      return
    }
    if (isFinal(known.status) && status !== known.status)
      this.#report('final-states-stay', `backfill ${id} was ${known.status} and became ${status}`)
    known.status = status
    known.changedAt = now
  }

  #executionChanged(before: RowValues | null, row: RowValues, now: number): void {
    const id = String(row.id)
    if (before === null) this.#executionAdded(id, row, now)
    const batch = this.#batches.get(this.#batchOf.get(id) ?? '')
    if (batch === undefined || row.ended_at === null) return
    batch.active.delete(id)
    batch.changedAt = now
  }

  #executionAdded(id: string, row: RowValues, now: number): void {
    if (row.origin === 'cron' || row.origin === 'backfill') this.#started.set(Number(row.seq), id)
    if (row.origin !== 'backfill') return
    const batchId = textOrNull(row.firing_id) ?? ''
    const batch = this.#batches.get(batchId)
    this.#batchOf.set(id, batchId)
    if (batch?.status !== 'running')
      this.#report('cancelled-backfills-stop', `backfill ${batchId} is ${batch?.status} and started execution ${id}`)
    batch?.active.add(id)
    if (batch !== undefined) batch.changedAt = now
  }

  #inputAdded(row: RowValues): void {
    const seq = Number(row.execution_seq)
    const id = this.#started.get(seq)
    if (id === undefined) return
    this.#started.delete(seq)
    const { trigger_name: trigger, scheduled_time: time } = JSON.parse(String(row.context)) as Record<string, string>
    const key = `${trigger} ${time}`
    const other = this.#startedBy.get(key)
    if (other !== undefined && !this.#areTimesRepeated)
      this.#report('cron-times-start-once', `${key} started the executions ${other} and ${id}`)
    this.#startedBy.set(key, id)
  }
}

function isFinal(status: string): boolean {
  return status === 'completed' || status === 'cancelled'
}
