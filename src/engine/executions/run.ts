/**
 * One execution that the executor holds: its state, the storing of its changes, and its queued tasks. It makes no decisions;
 * the executor sequences.
 *
 * Phases, and the moves:
 *   running                  -> paused      a pause is applied: tasks that were not let in are taken back
 *   paused                   -> running     a resume is applied: queued tasks ask for slots
 *   running, paused          -> leaving     no script here declares its workflow any more
 *   running, paused, leaving -> cancelling  a cancel is applied: running tasks may still end, no other task starts
 *   any                      -> released    see `Release`: nothing of it is written here any more
 */

import type { WorkflowCounters } from '../../metrics/engine-counters.ts'
import type { NumberedRequest } from '../../model/action.ts'
import type { ReadyTask, RunState } from './run-state.ts'
import type { Settlements } from './settlements.ts'

export type Phase = 'running' | 'paused' | 'leaving' | 'cancelling' | 'released'

/** Why an execution is not held any more: its end is stored, it is or may be another engine's, or this engine stops. */
export type Release = 'ended' | 'lost' | 'stopped'

interface Queued {
  readonly task: ReadyTask
  readonly queuedAt: number
}

export class Run {
  readonly state: RunState
  readonly settlements: Settlements
  readonly counters: WorkflowCounters
  phase: Phase
  /** Attempts that have begun and not ended. */
  attempts = 0
  /** Attempts that a cancel found running. */
  stopped = 0
  /** Scripts whose state was lost, because their interpreter had to be ended for a cancel. */
  readonly lostScripts = new Set<string>()
  /** The newest request that was applied, and when that is stored; of a cancel, when the execution is released. */
  applied: { readonly number: number; readonly done: Promise<unknown> } | null = null
  readonly #queued = new Map<number, Queued>()
  #stopping = new AbortController()
  readonly #released = Promise.withResolvers<Release>()

  constructor(state: RunState, settlements: Settlements, counters: WorkflowCounters) {
    this.state = state
    this.counters = counters
    this.settlements = settlements
    this.phase = state.execution.pausedAt === null ? 'running' : 'paused'
  }

  /** Aborted when its tasks are not to be let in any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Tasks that wait to be let in are given back by the host. */
  stop(): void {
    this.#stopping.abort()
  }

  /** False when it was paused, resumed or cancelled by this or a newer request before. */
  isNews({ number }: NumberedRequest): boolean {
    return this.applied === null || this.applied.number < number
  }

  pause(): void {
    if (this.phase !== 'running') return
    this.phase = 'paused'
    this.stop()
  }

  /** Returns the tasks that ask for slots again. */
  resume(): readonly ReadyTask[] {
    if (this.phase !== 'paused') return []
    this.phase = 'running'
    this.#stopping = new AbortController()
    return [...this.#queued.values()].map(({ task }) => task)
  }

  cancel(): void {
    if (this.phase !== 'cancelling') this.stopped = this.attempts
    this.phase = 'cancelling'
    this.#queued.clear()
    this.stop()
  }

  queue(task: ReadyTask, at: number): void {
    this.#queued.set(task.index, { task, queuedAt: at })
  }

  /** Removes a task from the queue. Returns since when it was in it, or null. */
  unqueue(index: number): number | null {
    const queuedAt = this.#queued.get(index)?.queuedAt ?? null
    this.#queued.delete(index)
    return queuedAt
  }

  /** Number of tasks that wait for a slot. */
  get waiting(): number {
    return this.#queued.size
  }

  /** Settles when it is not held any more. */
  get whenReleased(): Promise<Release> {
    return this.#released.promise
  }

  release(why: Release): void {
    this.phase = 'released'
    this.#queued.clear()
    this.#released.resolve(why)
  }

  /** JSON: answer to the cancel that ended it. */
  get cancelReport(): string {
    return JSON.stringify({ stopped: this.stopped, lostScripts: [...this.lostScripts] })
  }
}
