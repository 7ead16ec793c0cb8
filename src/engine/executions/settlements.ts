/**
 * Writes the changes of one execution in order, one step at a time. Changes during a write go into the next step, so
 * that a busy execution makes few steps. A failed step is retried, with later changes, until the engine stops.
 */

import { StoreError, toError } from '../../errors.ts'
import type { NumberedRequest } from '../../model/action.ts'
import type { AcquiredExecution, AttemptRow } from '../../model/execution.ts'
import { FIRST_DELAY_MS, GrowingDelay } from '../backoff/backoff.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { MissedDeadline } from '../incidents/incident-report.ts'
import type { LimitedTask } from '../limits/limit-store.ts'
import type { ExecutionEnd, Settlement, TaskChange } from '../store-ports.ts'

export interface SettlementOwner {
  /** Called when another engine owns the execution. Nothing more is written here. */
  takenOver(): void
  /** JSON: see `Settlement.cancelReport`. */
  cancelReport(): string
  /** Called for each task that waits for a slot of a limit instead of being stored as Running. */
  limited(task: LimitedTask): void
  /** Called with the ids of executions that waited for the end of this one, or for a slot that it had. */
  released(executionIds: readonly string[]): void
}

/** Called exactly once, when the changes are stored or it is clear that they never will be. */
type AfterStored = (isStored: boolean) => void

export class Settlements {
  readonly #execution: Pick<AcquiredExecution, 'id' | 'ownerNumber' | 'origin'>
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'events' | 'config'>
  /** Changes by task. A later change of a task replaces an earlier one that is not stored yet. */
  #changes = new Map<string, TaskChange>()
  #attempts: AttemptRow[] = []
  #missed: readonly MissedDeadline[] = []
  #applied: NumberedRequest | null = null
  #end: ExecutionEnd | null = null
  #givenBack: Settlement['givenBack'] = undefined
  #afterStored: AfterStored[] = []
  #writing: Promise<void> | null = null
  readonly #backoff = new GrowingDelay()
  /** `elsewhere`: another engine owns the execution. */
  #state: 'open' | 'draining' | 'closed' | 'elsewhere' = 'open'
  /** Whether changes were lost although this engine owns the execution. */
  #isLost = false
  readonly #owner: SettlementOwner
  #endPause: (() => void) | null = null

  constructor(
    execution: Pick<AcquiredExecution, 'id' | 'ownerNumber' | 'origin'>,
    ports: Pick<EnginePorts, 'store' | 'clock' | 'events' | 'config'>,
    owner: SettlementOwner,
  ) {
    this.#execution = execution
    this.#ports = ports
    this.#owner = owner
  }

  /** Changes of one tick of the event loop are stored together. */
  add(
    changes: readonly TaskChange[],
    end: ExecutionEnd | null,
    afterStored: AfterStored,
    missed: readonly MissedDeadline[] = [],
  ): void {
    if (this.#isClosed) {
      afterStored(false)
      return
    }
    if (missed.length > 0) this.#missed = [...this.#missed, ...missed]
    for (const change of changes)
      this.#changes.set(change.taskId, laterChange(this.#changes.get(change.taskId), change))
    this.#end ??= end
    this.#afterStored.push(afterStored)
    this.#writing ??= this.#writeAll()
  }

  /** Adds an ended attempt, which is stored with the changes of this tick of the event loop. */
  addAttempt(attempt: AttemptRow): void {
    this.#attempts.push(attempt)
  }

  /** Marks a request as applied with the changes of this tick of the event loop. A newer request replaces it. */
  apply(request: NumberedRequest, afterStored: AfterStored): void {
    if (this.#applied === null || this.#applied.number < request.number) this.#applied = request
    this.add([], null, afterStored)
  }

  /** Releases the ownership of the execution when all added changes are stored. */
  giveBack(why: 'unserved' | 'waiting', afterStored: AfterStored): void {
    this.#givenBack = why
    this.add([], null, afterStored)
  }

  /** Repeats rejected steps more often. Resolves when the changes of this time are stored. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining'
    this.#endPause?.()
    await this.#writing
  }

  /** Stops retries. Resolves with whether the added changes are stored, and not refused again. */
  async close(): Promise<boolean> {
    if (!this.#isClosed) this.#state = 'closed'
    this.#endPause?.()
    await this.#writing
    return !this.#isLost
  }

  get #isClosed(): boolean {
    return this.#state === 'closed' || this.#state === 'elsewhere'
  }

  async #writeAll(): Promise<void> {
    // The rest of this tick of the event loop may add more to the first step.
    await null
    while (this.#afterStored.length > 0) {
      const delayMs = await this.#writeOnce()
      if (delayMs === null) continue
      if (this.#isClosed) this.#drop()
      else await this.#pause(delayMs)
    }
    this.#writing = null
  }

  #drop(): void {
    this.#isLost = this.#state === 'closed'
    const afterStored = this.#afterStored
    this.#afterStored = []
    for (const callback of afterStored) callback(false)
  }

  /** Returns null if the database stored the step, or else the delay before the next attempt. */
  async #writeOnce(): Promise<number | null> {
    const changes = this.#changes
    const afterStored = this.#afterStored
    const attempts = this.#attempts
    const missed = this.#missed
    const applied = this.#applied
    this.#missed = []
    this.#applied = null
    this.#changes = new Map()
    this.#afterStored = []
    this.#attempts = []
    try {
      const { released, limited } = await this.#ports.store.settle({
        executionId: this.#execution.id,
        ownerNumber: this.#execution.ownerNumber,
        changes: [...changes.values()],
        ...(attempts.length === 0 ? {} : { attempts }),
        ...(missed.length === 0 ? {} : { missed }),
        ...(applied === null ? {} : { applied }),
        ...(this.#end?.status === 'Cancelled' ? { cancelReport: this.#owner.cancelReport() } : {}),
        ...this.#signalsSince(changes),
        end: this.#end,
        ...(this.#end !== null && this.#execution.origin.kind === 'child' ? { isChild: true } : {}),
        ...(this.#givenBack === undefined ? {} : { givenBack: this.#givenBack }),
      })
      if (released.length > 0) this.#owner.released(released)
      // Before the callbacks, which start the attempts that the store has accepted.
      for (const task of limited) this.#owner.limited(task)
    } catch (thrown) {
      for (const [id, later] of this.#changes) changes.set(id, laterChange(changes.get(id), later))
      this.#changes = changes
      this.#attempts = [...attempts, ...this.#attempts]
      this.#missed = [...missed, ...this.#missed]
      this.#afterStored = [...afterStored, ...this.#afterStored]
      this.#applied ??= applied
      if (isTakenOver(thrown)) {
        this.#state = 'elsewhere'
        this.#owner.takenOver()
      }
      const delayMs = this.#state === 'draining' ? FIRST_DELAY_MS : this.#backoff.failed()
      this.#reportTrouble(thrown, delayMs)
      return delayMs
    }
    this.#backoff.succeeded()
    for (const callback of afterStored) callback(true)
    return null
  }

  #signalsSince(changes: ReadonlyMap<string, TaskChange>): Pick<Settlement, 'signalsSinceAt'> {
    const { config, clock } = this.#ports
    const { signalsMs } = config.retention
    if (signalsMs === null || ![...changes.values()].some(({ wait }) => wait?.kind === 'signal')) return {}
    return { signalsSinceAt: clock.now() - signalsMs }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#ports.clock.wakeAfter(delayMs, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #reportTrouble(thrown: unknown, delayMs: number): void {
    this.#ports.events.emit('trouble', {
      during: progressName(this.#execution.id),
      error: toError(thrown),
      retryAt: this.#isClosed ? null : this.#ports.clock.now() + delayMs,
    })
  }
}

/** Returns the name of a write for messages. */
export function progressName(executionId: string): string {
  return `storing the progress of execution "${executionId}"`
}

/** Returns the later change of a task, which gives back the slots of limits that the earlier one gives back. */
function laterChange(earlier: TaskChange | undefined, later: TaskChange): TaskChange {
  const isKept = later.slots === undefined && earlier?.slots?.kind === 'give'
  return isKept ? { ...later, slots: earlier.slots } : later
}

function isTakenOver(thrown: unknown): boolean {
  return thrown instanceof StoreError && thrown.code === 'EXECUTION_NOT_OWNED'
}
