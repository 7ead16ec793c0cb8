/**
 * Loop of waits: ends those whose deadline has passed, and passes the ends to the executor. Every engine may end each
 * wait, because the store accepts one end. Memory does not depend on the number of waits: the loop has one timer, for
 * the earliest deadline.
 */

import type { Registry } from '../../registry/registry.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { EndedWait } from './wait-store.ts'

const MAX_ENDED_PER_STEP = 500
/** Interval of passes while waits are open, for a deadline that was far away, or opened by an engine that died. */
const LOOK_EVERY_MS = 60_000

export interface WaitListener {
  /** Whether the engine owns executions with open waits, which another process may end. */
  hasOpenWaits(): boolean
  /** Called with the ended wait of an execution that this engine owns. May be repeated. */
  ended(wait: EndedWait): void
  /** Called with the ids of executions that this engine has made available. */
  available(executionIds: readonly string[]): void
}

export class WaitLoop {
  readonly #ports: EnginePorts
  readonly #listener: WaitListener
  readonly #passes: Reconciler
  /** Earliest known deadline. Infinity if no wait is open. */
  #nextAt = Number.POSITIVE_INFINITY
  #endJumps: (() => void) | null = null
  /** Whether the code may have changed since the waiting nodes were compared with it. */
  #isCodeNew = false

  constructor(ports: EnginePorts, listener: WaitListener) {
    this.#ports = ports
    this.#listener = listener
    this.#passes = new Reconciler(ports, 'ending waits', () => this.#pass())
  }

  /** Idempotent. */
  start(): Promise<void> {
    if (this.#passes.isStopped) return Promise.resolve()
    this.#endJumps ??= this.#ports.clock.onWallJump(() => void this.lookAgain())
    return this.#passes.start()
  }

  /** Reads the earliest deadline again, after other engines may have opened or ended waits. */
  lookAgain(): Promise<void> {
    return this.#passes.request()
  }

  /** Compares the waiting nodes with the code. Call it after the code has changed. */
  codeChanged(): void {
    this.#isCodeNew = true
    void this.lookAgain()
  }

  /** Handles a wait that this engine has stored. */
  opened(deadlineAt: number): void {
    if (deadlineAt < this.#nextAt) void this.start()
  }

  stop(): void {
    this.#endJumps?.()
    void this.#passes.stop()
  }

  async #pass(): Promise<void> {
    const { store, clock, instanceId } = this.#ports
    if (this.#isCodeNew) await this.#findUndeclared()
    this.#nextAt = (await store.waits.nextDeadline()) ?? Number.POSITIVE_INFINITY
    while (this.#nextAt <= clock.now()) {
      const { available, isMore } = await store.waits.endDue(clock.now(), MAX_ENDED_PER_STEP)
      if (this.#passes.isStopped) return
      if (available.length > 0) this.#listener.available(available)
      if (isMore) continue
      this.#nextAt = (await store.waits.nextDeadline()) ?? Number.POSITIVE_INFINITY
    }
    if (this.#listener.hasOpenWaits()) {
      for (const wait of await store.waits.endedOf(instanceId)) this.#listener.ended(wait)
    }
    if (this.#passes.isStopped || this.#nextAt === Number.POSITIVE_INFINITY) return
    this.#passes.requestAfter(Math.max(0, Math.min(LOOK_EVERY_MS, this.#nextAt - clock.now())))
  }

  /** Makes executions available whose waits newer code does not declare, so that these end. */
  async #findUndeclared(): Promise<void> {
    const { store, registry } = this.#ports
    const { workflows } = registry.current()
    this.#isCodeNew = false
    try {
      await this.#leaveLimits(workflows)
      for (const node of await store.waits.waitingNodes()) {
        const tasks = workflows.get(node.workflow)?.tasks
        if (tasks === undefined || tasks.some(({ id, wait }) => id === node.taskId && wait !== undefined)) continue
        this.#listener.available(await store.waits.makeAvailable(node))
      }
    } catch (thrown) {
      this.#isCodeNew = true
      throw thrown
    }
  }

  /** Lets tasks and executions continue that wait for a limit which newer code does not give to them. */
  async #leaveLimits(workflows: Registry['workflows']): Promise<void> {
    const { store, clock } = this.#ports
    for (const waited of await store.waits.waitedLimits()) {
      const task = workflows.get(waited.workflow)?.tasks.find(({ id }) => id === waited.taskId)
      if (task === undefined || task.limits?.includes(waited.limit)) continue
      this.#listener.available(await store.waits.leaveLimit(waited))
    }
    for (const key of await store.waits.limitedWorkflows()) {
      const workflow = workflows.get(key)
      if (workflow === undefined || workflow.limit !== undefined) continue
      this.#listener.available(await store.waits.leaveWorkflowLimit(key, clock.now()))
    }
  }
}
