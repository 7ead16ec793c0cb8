/**
 * One execution that the executor holds: its state, the storing of its changes, and its queued tasks. Decides nothing.
 *
 * Phases, and the moves:
 *   running                  -> paused      a pause is applied: tasks that have not started are taken back
 *   paused                   -> running     a resume is applied: queued tasks request slots
 *   running, paused          -> leaving     no script here declares its workflow any more
 *   running, paused          -> parking     only waits are open: the execution is given back
 *   any but released         -> cancelling  a cancel is applied: running tasks may still end, no other task starts
 *   any                      -> released    see `Release`: nothing of it is written here any more
 */

import type { WorkflowCounters } from '../../metrics/engine-counters.ts'
import type { NumberedRequest } from '../../model/action.ts'
import type { LimitKey } from '../../model/limits/limits.ts'
import type { RunState } from './run-state.ts'
import type { ReadyTask } from './run-update.ts'
import type { Settlements } from './settlements.ts'

export type Phase = 'running' | 'paused' | 'leaving' | 'parking' | 'cancelling' | 'released'

/** Reason of a release: its end is stored, another engine owns it or may own it, or this engine stops. */
export type Release = 'ended' | 'lost' | 'stopped'

interface Queued {
  readonly task: ReadyTask
  readonly queuedAt: number
}

export class Run {
  /** Id of the first execution of its chain. */
  readonly chainId: string
  /** Limit of its workflow whose values take turns, with its value. Null: none. */
  readonly turn: LimitKey | null
  readonly state: RunState
  readonly settlements: Settlements
  readonly counters: WorkflowCounters
  phase: Phase
  /** Number of running attempts. */
  attempts = 0
  /** Number of attempts that a cancel found running. */
  stopped = 0
  /** Scripts whose state was lost, because their interpreter had to be ended for a cancel. */
  readonly lostScripts = new Set<string>()
  /** Newest applied request. `done` settles when it is stored, or for a cancel when the execution is released. */
  applied: { readonly number: number; readonly done: Promise<unknown> } | null = null
  readonly #queued = new Map<number, Queued>()
  #stopping = new AbortController()
  readonly #released = Promise.withResolvers<Release>()

  constructor(
    { chainId, turn }: Pick<Run, 'chainId' | 'turn'>,
    state: RunState,
    settlements: Settlements,
    counters: WorkflowCounters,
  ) {
    this.chainId = chainId
    this.turn = turn
    this.state = state
    this.counters = counters
    this.settlements = settlements
    this.phase = state.execution.pausedAt === null ? 'running' : 'paused'
  }

  /** Aborted when no task may start any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Makes the host give back tasks that have not started. */
  stop(): void {
    this.#stopping.abort()
  }

  /** Returns false if this request or a newer one was applied before. */
  isNews({ number }: NumberedRequest): boolean {
    return this.applied === null || this.applied.number < number
  }

  pause(): void {
    if (this.phase !== 'running') return
    this.phase = 'paused'
    this.stop()
  }

  /** Returns the tasks that request slots again. */
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

  /** Removes a task from the queue. Returns the time when it was added, or null. */
  unqueue(index: number): number | null {
    const queuedAt = this.#queued.get(index)?.queuedAt ?? null
    this.#queued.delete(index)
    return queuedAt
  }

  get waiting(): number {
    return this.#queued.size
  }

  get whenReleased(): Promise<Release> {
    return this.#released.promise
  }

  release(why: Release): void {
    this.phase = 'released'
    this.#queued.clear()
    this.#released.resolve(why)
  }

  /** JSON answer to the cancel that ended the execution. */
  get cancelReport(): string {
    return JSON.stringify({ stopped: this.stopped, lostScripts: [...this.lostScripts] })
  }
}
