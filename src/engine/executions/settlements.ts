/**
 * Writes one execution's changes, in order and never two steps at once. What changes while a step is being stored goes
 * into the next one, so that a busy execution makes few and full steps. A step that the database refuses is tried
 * again with what came meanwhile, until it is stored or the engine stops: an outcome is never dropped.
 */

import { StoreError, toError } from '../../errors.ts'
import type { NumberedRequest } from '../../model/action.ts'
import type { AcquiredExecution, AttemptRow } from '../../model/execution.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, ExecutionEnd, Store, TaskChange } from '../ports.ts'

export interface SettlementPorts {
  readonly store: Store
  readonly clock: Clock
  readonly events: EngineEvents
}

/** The run whose changes are stored. */
export interface SettlementOwner {
  /** Another engine has the execution now, and nothing of it is written here any more. */
  takenOver(): void
  /** JSON: see `Settlement.cancelReport`. */
  cancelReport(): string
}

/** What is to happen once the changes are stored, or it is clear that they never will be. Called exactly once. */
type AfterStored = (isStored: boolean) => void

export class Settlements {
  readonly #execution: Pick<AcquiredExecution, 'id' | 'ownerNumber'>
  readonly #ports: SettlementPorts
  /** By task: a later change of a task replaces an earlier one that is not stored yet. */
  #changes = new Map<string, TaskChange>()
  #attempts: AttemptRow[] = []
  #applied: NumberedRequest | null = null
  #end: ExecutionEnd | null = null
  #isGivenBack = false
  #afterStored: AfterStored[] = []
  #writing: Promise<void> | null = null
  #failures = 0
  #isClosed = false
  readonly #owner: SettlementOwner
  #endPause: (() => void) | null = null

  constructor(
    execution: Pick<AcquiredExecution, 'id' | 'ownerNumber'>,
    ports: SettlementPorts,
    owner: SettlementOwner,
  ) {
    this.#execution = execution
    this.#ports = ports
    this.#owner = owner
  }

  /** Changes of one tick of the event loop are stored together. */
  add(changes: readonly TaskChange[], end: ExecutionEnd | null, afterStored: AfterStored): void {
    if (this.#isClosed) {
      afterStored(false)
      return
    }
    for (const change of changes) this.#changes.set(change.taskId, change)
    this.#end ??= end
    this.#afterStored.push(afterStored)
    this.#writing ??= this.#writeAll()
  }

  /** An attempt that has ended: stored with the changes that are added in the same tick of the event loop. */
  addAttempt(attempt: AttemptRow): void {
    this.#attempts.push(attempt)
  }

  /** A request that is applied with the changes of this tick of the event loop. A newer one replaces it. */
  apply(request: NumberedRequest, afterStored: AfterStored): void {
    if (this.#applied === null || this.#applied.number < request.number) this.#applied = request
    this.add([], null, afterStored)
  }

  /** The execution is nobody's any more once what was added is stored. */
  giveBack(afterStored: AfterStored): void {
    this.#isGivenBack = true
    this.add([], null, afterStored)
  }

  /** Settles when what was added is stored, or has been refused once more: nothing is tried again from now on. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#endPause?.()
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    // The rest of this tick of the event loop may add more to the first step.
    await null
    while (this.#afterStored.length > 0) {
      if (await this.#writeOnce()) continue
      if (this.#isClosed) this.#drop()
      else await this.#pause()
    }
    this.#writing = null
  }

  #drop(): void {
    const afterStored = this.#afterStored
    this.#afterStored = []
    for (const callback of afterStored) callback(false)
  }

  /** False when the database refused; then everything waits for the next step. */
  async #writeOnce(): Promise<boolean> {
    const changes = this.#changes
    const afterStored = this.#afterStored
    const attempts = this.#attempts
    const applied = this.#applied
    this.#applied = null
    this.#changes = new Map()
    this.#afterStored = []
    this.#attempts = []
    try {
      await this.#ports.store.settle({
        executionId: this.#execution.id,
        ownerNumber: this.#execution.ownerNumber,
        changes: [...changes.values()],
        ...(attempts.length === 0 ? {} : { attempts }),
        ...(applied === null ? {} : { applied }),
        ...(this.#end?.status === 'Cancelled' ? { cancelReport: this.#owner.cancelReport() } : {}),
        end: this.#end,
        ...(this.#isGivenBack ? { isGivenBack: true } : {}),
      })
    } catch (thrown) {
      this.#changes = new Map([...changes, ...this.#changes])
      this.#attempts = [...attempts, ...this.#attempts]
      this.#afterStored = [...afterStored, ...this.#afterStored]
      this.#applied ??= applied
      this.#failures += 1
      if (isTakenOver(thrown)) {
        this.#isClosed = true
        this.#owner.takenOver()
      }
      this.#reportTrouble(thrown)
      return false
    }
    this.#failures = 0
    for (const callback of afterStored) callback(true)
    return true
  }

  /** Ended early by `close`. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#ports.clock.wakeAfter(troubleDelayMs(this.#failures), resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #reportTrouble(thrown: unknown): void {
    this.#ports.events.emit('trouble', {
      during: `storing the progress of execution "${this.#execution.id}"`,
      error: toError(thrown),
      retryAt: this.#isClosed ? null : this.#ports.clock.now() + troubleDelayMs(this.#failures),
    })
  }
}

function isTakenOver(thrown: unknown): boolean {
  return thrown instanceof StoreError && thrown.code === 'EXECUTION_NOT_OWNED'
}
