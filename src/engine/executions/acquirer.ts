/**
 * Takes executions from the store for the executor, which owns it: all that are to be run here, or until everything is run
 * only those that were asked for here. Woken when there may be some.
 */

import { toError } from '../../errors.ts'
import type { AcquiredExecution, Execution } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { OnFired } from '../firing-context.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Clock, Store, Timer } from '../ports.ts'

/** Executions taken in one step. */
const MAX_TAKEN = 200

export interface AcquirerPorts {
  readonly instanceId: string
  readonly store: Store
  readonly clock: Clock
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly heartbeat: Heartbeat
}

/** Whoever runs what is taken. */
export interface Taker {
  /** How many more may be held. */
  room(): number
  take(execution: AcquiredExecution, definition: WorkflowDefinition): void
}

export class Acquirer {
  readonly #ports: AcquirerPorts
  readonly #taker: Taker
  /** Executions of this engine that are not taken yet: until everything is run those that were asked for here, then those that it makes. */
  readonly #asked = new Set<string>()
  #timer: Timer | null = null
  #isStarted = false
  #isServing = false
  #isStopped = false
  #isAcquiring = false
  #acquiring: Promise<void> = Promise.resolve()
  #mustAcquire = false
  #mustRecover = false
  /** There may be others than those that this engine has made. */
  #mustLook = false
  #hasBacklog = false
  #failures = 0
  #accepted: Promise<unknown>[] = []

  constructor(ports: AcquirerPorts, taker: Taker) {
    this.#ports = ports
    this.#taker = taker
  }

  /** Begins to run what was asked for here, and nothing else. */
  start(): void {
    this.#isStarted = true
    this.wake()
  }

  /** Begins to run everything. */
  serve(): void {
    this.#isServing = true
    this.#asked.clear()
    this.wake(this.#ports.config.recoveryEnabled)
  }

  /** An execution that is asked for here, before the store has accepted it. */
  ask(executionId: string): void {
    if (!this.#isServing) this.#asked.add(executionId)
  }

  /** It was refused, or somebody else has run it. */
  forget(executionId: string): void {
    this.#asked.delete(executionId)
  }

  /** There may be work in the store, whoever made it. */
  wake(recover = false): void {
    this.#mustLook = true
    this.#mustRecover ||= recover && this.#isServing
    this.#acquireSoon()
  }

  /**
   * The store has been asked to accept executions of workflows of ours, in this tick of the event loop: so is it asked for these, where
   * it can be, and both steps share a transaction. To look for all that there is takes twice as long.
   */
  made(...executionIds: readonly string[]): void {
    if (this.#isServing) for (const id of executionIds) this.#asked.add(id)
    this.#acquireSoon()
  }

  #acquireSoon(): void {
    this.#mustAcquire = true
    if (!this.#isStarted || this.#isAcquiring || this.#isStopped) return
    this.#isAcquiring = true
    this.#acquiring = this.#acquireWaiting()
  }

  /** Settles when what the store says is this instance's is held here. */
  async settled(): Promise<void> {
    await this.#acquiring
  }

  /** The same for those of a firing, which are announced after it. */
  readonly fired: OnFired = (executionIds, announced) => {
    this.#accepted.push(announced)
    this.made(...executionIds)
  }

  /** An execution has ended: what was left in the store for lack of room can be taken. */
  hasRoom(): void {
    if (this.#hasBacklog) this.wake()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #acquireWaiting(): Promise<void> {
    while (this.#mustAcquire && !this.#isStopped) {
      const limit = Math.min(MAX_TAKEN, this.#taker.room())
      this.#hasBacklog = limit <= 0
      if (this.#hasBacklog) break
      this.#mustAcquire = false
      await this.#acquire(limit)
    }
    this.#isAcquiring = false
  }

  #warnOfVersion(execution: Execution, definition: WorkflowDefinition): void {
    const message =
      `Execution "${execution.id}" was created for version ${execution.version} of workflow "${execution.workflow}". ` +
      `No running engine has that version, so this engine runs the execution with version ${definition.version}.`
    this.#ports.events.emit('warning', { code: 'OTHER_VERSION', message })
  }

  async #beat(): Promise<void> {
    const { heartbeat, events } = this.#ports
    try {
      await heartbeat.beat()
    } catch (thrown) {
      events.emit('trouble', { during: 'sending a heartbeat', error: toError(thrown), retryAt: null })
    }
  }

  async #acquire(limit: number): Promise<void> {
    const { store, registry, instanceId, clock, heartbeat } = this.#ports
    const { workflows } = registry.current()
    const looks = this.#isServing && (this.#mustLook || this.#asked.size > limit)
    const executionIds = [...this.#asked]
    if (workflows.size === 0 || (!looks && executionIds.length === 0)) return
    const recover = this.#mustRecover
    this.#mustRecover = false
    this.#mustLook = false
    try {
      // In the same step, and first: an instance that others took for dead enters again by it.
      const beat = heartbeat.isStale() ? this.#beat() : null
      const acquired = store.acquireExecutions({
        instanceId,
        workflows: [...workflows.keys()],
        at: clock.now(),
        limit,
        recover,
        ...(!looks && { executionIds }),
      })
      const accepted = this.#accepted
      this.#accepted = []
      // Acquired executions belong to this engine even if the heartbeat beside the acquisition failed.
      const [taken] = await Promise.all([acquired, beat])
      await Promise.allSettled(accepted)
      this.#failures = 0
      const isFull = taken.length === limit
      this.#mustAcquire ||= isFull
      this.#mustLook ||= isFull
      this.#mustRecover ||= recover && isFull
      if (this.#isServing) for (const id of executionIds) this.#asked.delete(id)
      for (const execution of taken) {
        this.#asked.delete(execution.id)
        const definition = workflows.get(execution.workflow)
        if (definition === undefined) continue
        if (definition.version !== execution.version) this.#warnOfVersion(execution, definition)
        this.#taker.take(execution, definition)
      }
    } catch (thrown) {
      this.#mustLook ||= looks
      this.#mustRecover ||= recover
      if (this.#isStopped) return
      this.#failures += 1
      const delayMs = troubleDelayMs(this.#failures)
      const retryAt = clock.now() + delayMs
      this.#ports.events.emit('trouble', { during: 'reading queued executions', error: toError(thrown), retryAt })
      // Others wake it, too: the attempt that failed may not have been the one of the timer.
      this.#timer?.cancel()
      this.#timer = clock.wakeAfter(delayMs, () => this.wake())
    }
  }
}
