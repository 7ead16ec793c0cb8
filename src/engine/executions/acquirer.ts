/**
 * Acquires executions from the store for the executor, which owns this class. The executor requests a pass when the
 * store may contain executions that this engine can run.
 *
 * Modes, and the move:
 *   asked -> all    serve. Before, only executions are acquired for which callers of this engine wait (`ask`)
 *   any   -> none   drain: no further attempt starts, so executions are left to other engines
 *
 * Scopes of the next pass, and the moves:
 *   known     executions of this engine that are not acquired yet (`#known`)
 *   queued    all queued executions
 *   abandoned also the executions of dead engines
 *   any       -> queued, abandoned   wake, in mode "all"
 *   any       -> abandoned           wake, in mode "asked": those of `#known` whose engine died
 *   any       -> known               a pass begins, and the executor has room
 *   known     -> queued, abandoned   the pass acquired as many as it could, so there may be more, or it failed
 */

import { toError } from '../../errors.ts'
import type { AcquiredExecution, Execution } from '../../model/execution.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import { DeclaredLimits } from '../limits/declared-limits.ts'
import type { OnFired } from '../starts/firing-context.ts'
import { preparePayloadChecks } from '../waits/payload-check.ts'

const MAX_ACQUIRED = 200

export interface ExecutionSink {
  /** Returns how many more executions fit. */
  room(): number
  take(execution: AcquiredExecution, definition: WorkflowDefinition): void
  /** Called in the tick of the event loop in which executions may have been stored. */
  stored(): void
}

type Scope = 'known' | 'queued' | 'abandoned'

export class Acquirer {
  readonly #ports: EnginePorts
  readonly #sink: ExecutionSink
  readonly limits: DeclaredLimits
  readonly #passes: Reconciler
  #mode: 'asked' | 'all' | 'none' = 'asked'
  #scope: Scope = 'known'
  /** In mode "asked", executions for which callers wait; in mode "all", executions that this engine has created. */
  readonly #known = new Set<string>()
  #accepted: Promise<unknown>[] = []

  constructor(ports: EnginePorts, sink: ExecutionSink) {
    this.#ports = ports
    this.#sink = sink
    this.limits = new DeclaredLimits(ports)
    this.#passes = new Reconciler(ports, 'reading queued executions', () => this.#pass())
  }

  start(): void {
    void this.#passes.start()
  }

  serve(): void {
    this.#mode = 'all'
    this.#known.clear()
    this.wake(this.#ports.config.recoveryEnabled)
  }

  /** Adds an execution for which a caller of this engine will wait, before the store has accepted it. */
  ask(executionId: string): void {
    if (this.#mode === 'asked') this.#known.add(executionId)
  }

  /** Removes an execution that was rejected, or that another engine has run. */
  forget(executionId: string): void {
    this.#known.delete(executionId)
  }

  /** Requests a pass over all queued executions. `recover`: also over executions of dead engines. */
  wake(recover = false): void {
    if (this.#mode === 'all') this.#widen(recover ? 'abandoned' : 'queued')
    else if (recover && this.#known.size > 0) this.#scope = 'abandoned'
    this.#sink.stored()
    void this.#passes.request()
  }

  /** Acquires executions accepted in this tick, if possible in the same transaction. A search takes twice as long. */
  made(...executionIds: readonly string[]): void {
    if (this.#mode === 'all') for (const id of executionIds) this.#known.add(id)
    this.#sink.stored()
    void this.#passes.request()
  }

  /** Resolves when the executor holds the executions that the store has assigned to this engine. */
  settled(): Promise<void> {
    return this.#passes.settled()
  }

  /** Like `made`, for the executions of a firing, which are announced after the firing. */
  readonly fired: OnFired = (executionIds, announced) => {
    this.#accepted.push(announced)
    this.made(...executionIds)
  }

  /** An execution has ended, so the executor can take an execution that a pass left in the store for lack of room. */
  hasRoom(): void {
    if (this.#passes.isIdle && (this.#scope !== 'known' || this.#known.size > 0)) this.wake()
  }

  drain(): void {
    this.#mode = 'none'
  }

  stop(): void {
    void this.#passes.stop()
  }

  #widen(scope: Scope): void {
    if (this.#scope !== 'abandoned') this.#scope = scope
  }

  async #pass(): Promise<void> {
    if (this.#mode === 'none') return
    const { workflows } = this.#ports.registry.current()
    const loading = preparePayloadChecks(workflows)
    if (loading !== null) await loading
    const announcing = this.limits.announce()
    if (announcing !== null) this.made(...(await announcing))
    const limit = Math.min(MAX_ACQUIRED, this.#sink.room())
    if (limit <= 0) return
    const executionIds = [...this.#known]
    if (this.#mode === 'all' && executionIds.length > limit) this.#widen('queued')
    const scope = this.#scope
    const isLimited = scope === 'known' || this.#mode === 'asked'
    if (workflows.size === 0 || (isLimited && executionIds.length === 0)) return
    this.#scope = 'known'
    const acquired = await this.#acquire([...workflows.keys()], limit, scope, isLimited ? executionIds : null)
    if (this.#mode === 'all') for (const id of executionIds) this.#known.delete(id)
    for (const execution of acquired) {
      this.#known.delete(execution.id)
      const definition = workflows.get(execution.workflow)
      if (definition === undefined) continue
      if (definition.version !== execution.version) this.#warnOfVersion(execution, definition)
      this.#sink.take(execution, definition)
    }
  }

  async #acquire(
    workflows: readonly string[],
    limit: number,
    scope: Scope,
    executionIds: readonly string[] | null,
  ): Promise<readonly AcquiredExecution[]> {
    const { store, instanceId, clock, heartbeat } = this.#ports
    const recover = scope === 'abandoned'
    try {
      // First, and in the same step: the heartbeat registers an engine again that others declared dead.
      const beat = heartbeat.isStale() ? this.#beat() : null
      const acquiring = store.acquireExecutions({
        instanceId,
        workflows,
        at: clock.now(),
        limit,
        recover,
        ...(executionIds !== null && { executionIds }),
      })
      const accepted = this.#accepted
      this.#accepted = []
      // Acquired executions belong to this engine even if the heartbeat beside the acquisition failed.
      const [acquired] = await Promise.all([acquiring, beat])
      await Promise.allSettled(accepted)
      if (acquired.length === limit) this.wake(recover)
      return acquired
    } catch (thrown) {
      if (this.#mode === 'all') this.#widen(recover ? 'abandoned' : 'queued')
      throw thrown
    }
  }

  async #beat(): Promise<void> {
    const { heartbeat, events } = this.#ports
    try {
      await heartbeat.beat()
    } catch (thrown) {
      events.emit('trouble', { during: 'sending a heartbeat', error: toError(thrown), retryAt: null })
    }
  }

  #warnOfVersion(execution: Execution, definition: WorkflowDefinition): void {
    const message =
      `Execution "${execution.id}" was created for version ${execution.version} of workflow "${execution.workflow}". ` +
      `No running engine has that version, so this engine runs the execution with version ${definition.version}.`
    this.#ports.events.emit('warning', { code: 'OTHER_VERSION', message })
  }
}
