/**
 * Judges the deadlines of the executions that this engine owns, and of their tasks: an incident opens when a deadline
 * passes before the end. The store judges each deadline once, so an engine that takes an execution over, also after
 * downtime, judges the deadlines that nobody has judged. Owned by the executor.
 *
 *   waiting ──passes──▶ being stored, in a step of its own ──▶ judged
 *      │                   │
 *      └───────────────────┴──the execution or task ends late──▶ judged in the step that stores the end
 */

import { isFinal } from '../../model/execution.ts'
import { type DueEntry, DueHeap } from '../due.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { RunState } from '../executions/run-state.ts'
import type { RunUpdate } from '../executions/run-update.ts'
import type { MissedDeadline } from './incident-report.ts'
import { IncidentWrites } from './incident-writes.ts'
import { type Deadline, executionDeadline, MissedDeadlines, taskDeadline } from './missed-deadlines.ts'

/** Its heap is ordered by times of the wall clock. */
interface WatchedDeadline extends Deadline, DueEntry {
  /** Whether its judgement is stored. */
  unsafeIsJudged: boolean
}

export class DeadlineJudge {
  readonly #ports: EnginePorts
  readonly #reports: MissedDeadlines
  readonly #writes: IncidentWrites
  readonly #isReporting: boolean
  readonly #due = new DueHeap<WatchedDeadline>()
  /** Deadlines by execution and task, also those that were judged, until the execution ends or leaves. */
  readonly #known = new Map<string, Map<string | null, WatchedDeadline>>()

  constructor(ports: EnginePorts) {
    this.#ports = ports
    this.#reports = new MissedDeadlines(ports)
    this.#writes = new IncidentWrites(ports)
    this.#isReporting = this.#reports.isReporting
  }

  start(): void {
    this.#writes.start()
  }

  stop(): void {
    this.#writes.stop()
  }

  /** The engine has acquired an execution. */
  acquired(state: RunState): void {
    this.#known.delete(state.id)
    if (!this.#isReporting) return
    this.#add(executionDeadline(state))
    for (const index of state.begunTasks) this.#add(taskDeadline(state, index))
  }

  /**
   * The execution was changed: tasks became ready or ended, or the execution ended. Returns the deadlines that passed
   * before these ends, for the step that stores the ends.
   */
  changed(state: RunState, { ready, changes, end }: RunUpdate): readonly MissedDeadline[] {
    if (!this.#isReporting) return []
    for (const { index } of ready) this.#add(taskDeadline(state, index))
    const known = this.#known.get(state.id)
    if (known === undefined) return []
    const missed: (MissedDeadline | null)[] = []
    for (const { taskId, status, endedAt } of changes) {
      if (isFinal(status)) missed.push(this.#ended(known.get(taskId), endedAt))
    }
    if (end !== null) {
      missed.push(this.#ended(known.get(null), end.endedAt))
      this.left(state.id)
    }
    return missed.filter((each) => each !== null)
  }

  /** The execution has ended, or another engine owns it. */
  left(executionId: string): void {
    for (const deadline of this.#known.get(executionId)?.values() ?? []) this.#due.remove(deadline)
    this.#known.delete(executionId)
  }

  /** Judges the deadlines that have passed. */
  look(): void {
    const now = this.#ports.clock.now()
    for (let due = this.#due.popDue(now); due !== null; due = this.#due.popDue(now)) this.#passed(due)
  }

  #add(deadline: Deadline | null): void {
    if (deadline === null) return
    const { state, taskId, at } = deadline
    const known = this.#known.get(state.id) ?? new Map<string | null, WatchedDeadline>()
    this.#known.set(state.id, known)
    // A task that is retried keeps its deadline.
    if (known.has(taskId)) return
    const watched = { ...deadline, unsafeIsJudged: false, unsafeDueAt: 0, unsafeHeapIndex: -1 }
    known.set(taskId, watched)
    this.#due.push(watched, at)
  }

  /** Returns a deadline that passed before the end, unless its judgement is stored: a waiting one may be lost. */
  #ended(deadline: WatchedDeadline | undefined, endedAt: number | null): MissedDeadline | null {
    if (deadline === undefined) return null
    this.#due.remove(deadline)
    if (deadline.unsafeIsJudged || endedAt === null || endedAt <= deadline.at) return null
    return this.#reports.missed(deadline, endedAt)
  }

  #passed(deadline: WatchedDeadline): void {
    const at = this.#ports.clock.now()
    const missed = this.#reports.missed(deadline, at)
    if (missed === null) return
    this.#writes.add(async () => {
      await this.#ports.store.incidents.judge(missed.key, missed.report, at)
      deadline.unsafeIsJudged = true
    })
  }
}
