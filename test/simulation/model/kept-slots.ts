/**
 * Invariants of tasks with several limits, from the manual: tasks of the same priority do not starve. A task to which
 * the slot of one limit is offered while another limit has none gives it back, but only a few times: then the slots
 * that it is offered are kept for it.
 */

import type { RowChange, RowValues } from '../recorder.ts'
import type { LimitPorts } from './limited-attempts.ts'
import { keyOf } from './limits.ts'
import { type ModelWait, shown } from './waits.ts'

/** Slot that is kept for a task, as stored. */
interface KeptSlot {
  readonly key: string
  readonly task: string
}

/** Offers in vain to a waiting task that only later tasks have delayed. */
interface VainOffers {
  readonly wait: ModelWait
  readonly count: number
  /** Simulated time of the first one. */
  readonly since: number
}

/** Time for which an offered slot is kept, and maximum time of a closing for which slots of other limits are kept. */
const KEPT_FOR_MS = 5_000
/** Maximum difference between the time of the database and that of a commit. */
const MARGIN_MS = 500

export class KeptSlotModel {
  readonly #ports: LimitPorts
  readonly #stored = new Set<KeptSlot>()
  readonly #vain = new Map<string, VainOffers>()
  readonly #offeredAt = new Map<ModelWait, number>()

  constructor(ports: LimitPorts) {
    this.#ports = ports
  }

  apply({ table, before, after }: RowChange): void {
    const row = after ?? before
    if (table === 'limit_attempts' && before === null && after !== null) this.#begun(after)
    if (table !== 'kept_slots' || row === null) return
    const [key, task] = [keyOf(String(row.limit_name), String(row.value)), `${row.execution_seq} ${row.task_id}`]
    if (after !== null) this.#stored.add({ key, task })
    else for (const each of this.#stored) if (each.key === key && each.task === task) this.#stored.delete(each)
  }

  /** Checks the commit. Call it before the model of waits forgets the waits of the commit. */
  committed(now: number): void {
    const { waits } = this.#ports
    for (const wait of waits.endedNow) if (wait.kind === 'limit') this.#offeredAt.set(wait, now)
    for (const [task, wait] of waits.removedNow) {
      const next = [...waits.openedNow].find((opened) => taskOf(opened) === task && opened.limit !== null)
      const offers = next === undefined ? null : this.#offersOf(wait, next, now)
      if (offers === null) this.#vain.delete(task)
      else this.#vain.set(task, offers)
      if (offers !== null && offers.count > mostVainOffers(this.#limitsOf(wait).length))
        this.#ports.report(
          'equal-priority-never-starves',
          `${shown(wait)} was offered slots ${offers.count} times in vain, and only later tasks have begun since then`,
        )
    }
  }

  /** Returns null if a slot was not offered in vain, or the task was delayed by something else than later tasks. */
  #offersOf(wait: ModelWait, next: ModelWait, now: number): VainOffers | null {
    const { limits, hasHealthyEngine } = this.#ports
    if (wait.outcome !== 'free' || wait.limitKey === next.limitKey) return null
    const { count, since } = this.#vain.get(taskOf(wait)) ?? { count: 0, since: now }
    const names = this.#limitsOf(wait)
    const isChanged = names.some((name) => limits.changedNow.has(name))
    const isClosed = [wait, next].some(({ limit }) => limit !== null && limits.isClosed(limit.name, limit.value, now))
    const isLate = now - (this.#offeredAt.get(wait) ?? 0) > KEPT_FOR_MS - MARGIN_MS
    if (names.length < 2 || isChanged || isClosed || isLate || !hasHealthyEngine(since)) return null
    return { wait: next, count: count + 1, since }
  }

  /** Forgets the offers of tasks that an earlier one, or one with the same place, has overtaken. */
  #begun(row: RowValues): void {
    const execution = this.#ports.executions.bySeq.get(Number(row.execution_seq))
    if (execution === undefined) return
    const rank = -2 * execution.priority - 1
    for (const [task, { wait }] of this.#vain) {
      const { line } = wait
      const isLater = line !== null && (rank > line.rank || (rank === line.rank && execution.createdAtWall > line.at))
      if (!isLater && this.#limitsOf(wait).includes(String(row.limit_name))) this.#vain.delete(task)
    }
  }

  /** Returns the limits of a task that every version of the code has. */
  #limitsOf({ execution, taskId }: ModelWait): readonly string[] {
    const workflow = this.#ports.program.workflows.find(({ key }) => key === execution.workflow)
    return workflow?.tasks.find(({ id }) => id === taskId)?.limits ?? []
  }

  /** Number of slots that may be kept for tasks with other limits. */
  count(key: string, now: number): number {
    const waits = new Map([...this.#ports.waits.all].map((wait) => [taskOf(wait), wait]))
    return [...this.#stored].filter((kept) => {
      const wait = waits.get(kept.task)
      return kept.key === key && wait?.limit != null && this.#isWaiting(wait, now)
    }).length
  }

  #isWaiting(wait: ModelWait, now: number): boolean {
    const { limits } = this.#ports
    if (wait.execution.isPaused || wait.limit === null) return false
    if (wait.outcome !== null && now - (this.#offeredAt.get(wait) ?? 0) > KEPT_FOR_MS + MARGIN_MS) return false
    const { name, value } = wait.limit
    return limits.closedUntil(name, value) <= limits.databaseTime(now) + KEPT_FOR_MS + MARGIN_MS
  }
}

/** The first round of offers is in vain, and each further offer is one that is kept, except that of a rate. */
function mostVainOffers(limits: number): number {
  return 2 * limits - 1
}

function taskOf({ execution, taskId }: ModelWait): string {
  return `${execution.seq} ${taskId}`
}
