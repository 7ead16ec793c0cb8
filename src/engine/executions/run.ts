/**
 * One execution that the executor holds: its state, what is being stored of it, and what of it waits for a slot. Without
 * decisions; the executor sequences.
 */

import type { WorkflowCounters } from '../../metrics/engine-counters.ts'
import type { ReadyTask, RunState } from './run-state.ts'
import type { Settlements } from './settlements.ts'

interface Queued {
  readonly task: ReadyTask
  readonly queuedAt: number
}

export class Run {
  readonly state: RunState
  readonly settlements: Settlements
  readonly counters: WorkflowCounters
  /** None of its tasks begins. */
  isPaused: boolean
  /** It is given back as soon as nothing of it runs: none of its tasks begins. */
  isLeaving = false
  /** Attempts that are out. */
  attempts = 0
  /** Scripts whose state went with an interpreter that had to be ended for a cancel. */
  readonly lostScripts = new Set<string>()
  readonly #queued = new Map<number, Queued>()
  readonly #stopping = new AbortController()
  #ended: PromiseWithResolvers<void> | null = null

  constructor(state: RunState, settlements: Settlements, counters: WorkflowCounters) {
    this.state = state
    this.counters = counters
    this.settlements = settlements
    this.isPaused = state.execution.pausedAt !== null
  }

  /** Aborted when its tasks are not to be let in any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  stop(): void {
    this.#stopping.abort()
  }

  queue(task: ReadyTask, at: number): void {
    this.#queued.set(task.index, { task, queuedAt: at })
  }

  /** The task leaves the queue: since when it was in it, or null. */
  unqueue(index: number): number | null {
    const queuedAt = this.#queued.get(index)?.queuedAt ?? null
    this.#queued.delete(index)
    return queuedAt
  }

  /** How many tasks wait for a slot. */
  get waiting(): number {
    return this.#queued.size
  }

  get queued(): readonly ReadyTask[] {
    return [...this.#queued.values()].map(({ task }) => task)
  }

  /** Settles when its end is stored, or it is held here no longer. */
  whenEnded(): Promise<void> {
    this.#ended ??= Promise.withResolvers()
    return this.#ended.promise
  }

  ended(): void {
    this.#ended?.resolve()
  }
}
