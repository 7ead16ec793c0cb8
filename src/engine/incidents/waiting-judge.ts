/**
 * Judges the deadlines of workflows whose executions have only waits, and therefore no owner. Each engine that declares
 * the workflow judges them, and the store accepts one judgement of a deadline. A pass reads only executions whose
 * deadline has passed since the last pass; the first pass reads all.
 */

import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import { MissedDeadlines } from './missed-deadlines.ts'

/** Time in which an engine that gives an execution back has stored this. */
const STORED_WITHIN_MS = 10_000
const MAX_JUDGED_PER_READ = 100

export class WaitingJudge {
  readonly #ports: EnginePorts
  readonly #missed: MissedDeadlines
  readonly #passes: Reconciler
  /** Time until which the deadlines of a workflow are judged. */
  readonly #judgedUntil = new Map<string, number>()

  constructor(ports: EnginePorts) {
    this.#ports = ports
    this.#missed = new MissedDeadlines(ports)
    this.#passes = new Reconciler(ports, 'judging deadlines of waiting executions', () => this.#pass())
  }

  start(): void {
    void this.#passes.start()
  }

  stop(): void {
    void this.#passes.stop()
  }

  look(): void {
    if (this.#passes.isIdle) void this.#passes.request()
  }

  async #pass(): Promise<void> {
    for (const { key, deadlineMs } of this.#ports.registry.current().workflows.values()) {
      if (deadlineMs !== undefined) await this.#judge(key, deadlineMs)
    }
  }

  async #judge(workflow: string, deadlineMs: number): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.now()
    const since = (this.#judgedUntil.get(workflow) ?? Number.NEGATIVE_INFINITY) - STORED_WITHIN_MS
    const range = { workflow, after: Math.max(0, since - deadlineMs), until: now - deadlineMs - 1 }
    for (let isMore = true; isMore && !this.#passes.isStopped; ) {
      const ids = await store.waits.listUnjudged(range, MAX_JUDGED_PER_READ)
      for (const id of ids) await this.#judgeExecution(id, now)
      isMore = ids.length === MAX_JUDGED_PER_READ
    }
    this.#judgedUntil.set(workflow, now)
  }

  async #judgeExecution(id: string, now: number): Promise<void> {
    const { store } = this.#ports
    const execution = await store.getExecution(id)
    if (execution === null) return
    for (const { key, report } of this.#missed.ofUnowned(execution, now)) await store.incidents.judge(key, report, now)
  }
}
