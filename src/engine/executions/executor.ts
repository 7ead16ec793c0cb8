/**
 * Loop 2: takes executions from the store and runs their tasks. It is woken when there may be work, and
 * holds what it took in memory until it ended. What runs next is decided by `RunState` and `SlotPool`; this file only
 * sequences them with the store and the host.
 *
 * States of an execution here, and the moves:
 *   (in the store)  -> running       acquired; its ready tasks ask for slots
 *   running         -> running       an attempt ended; its changes are stored, and what it made ready asks for slots
 *   running         -> ended         its last change is stored; whoever waits is notified
 *   running         -> (in the store) the engine stops; the instance gives it back
 * States of an attempt:
 *   waiting for its time -> waiting for a slot -> being marked Running in the store -> in the host -> ended
 */

import { InternalError, toError } from '../../errors.ts'
import type { AttemptOutcome, Execution } from '../../model/execution.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Clock, ContextCodec, ExecutionEnd, NotEntered, ScriptHost, Store, TaskChange, Timer } from '../ports.ts'
import { type ReadyTask, RunState, type Step } from './run-state.ts'
import { Settlements } from './settlements.ts'
import { type SlotLease, SlotPool } from './slots.ts'

/** Executions held in memory; the others wait in the store. Those that wait for a nested one do not count. */
const MAX_ACTIVE = 1_000
/** Executions taken in one step. */
const MAX_TAKEN = 200

export interface ExecutorPorts {
  readonly instanceId: string
  readonly store: Store
  readonly host: ScriptHost
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  /** In [0, 1), for the jitter of retries. */
  readonly random: () => number
  readonly heartbeat: Heartbeat
}

interface Run {
  readonly state: RunState
  readonly settlements: Settlements
}

export class Executor {
  readonly #ports: ExecutorPorts
  readonly #onEnded: (execution: Execution) => void
  readonly #slots: SlotPool
  readonly #runs = new Map<string, Run>()
  readonly #stopping = new AbortController()
  readonly #timers = new Set<Timer>()
  #attempts = 0
  /** Tasks that are out, as logs name them. */
  readonly #underWay = new Map<symbol, string>()
  #onIdle: (() => void) | null = null
  /** Until everything is run: the executions that were asked for here and are not taken yet. */
  readonly #asked = new Set<string>()
  #isStarted = false
  #isServing = false
  #isStopped = false
  #isAcquiring = false
  #mustAcquire = false
  #mustRecover = false
  #hasBacklog = false
  #failures = 0
  #accepted: Promise<unknown>[] = []

  constructor(ports: ExecutorPorts, onEnded: (execution: Execution) => void) {
    this.#ports = ports
    this.#onEnded = onEnded
    this.#slots = new SlotPool(ports.config.maxConcurrentTasks)
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

  /** Whether it is held here; false also when it ended or waits in the store. */
  isRunning(executionId: string): boolean {
    return this.#runs.has(executionId)
  }

  /** There may be work in the store. Asks it in this tick of the event loop when it can, so that both steps share a transaction. */
  wake(recover = false): void {
    this.#mustAcquire = true
    this.#mustRecover ||= recover && this.#isServing
    if (!this.#isStarted || this.#isAcquiring || this.#isStopped) return
    this.#isAcquiring = true
    void this.#acquireWaiting()
  }

  /**
   * The store has been asked to accept an execution, in this tick of the event loop; `announced` settles when its firing has been announced. What is
   * taken in the same transaction is announced after that.
   */
  accepted(announced: Promise<unknown>): void {
    this.#accepted.push(announced)
    this.wake()
  }

  /** Begins no more attempts. Settles when the last one that was begun has ended. */
  drain(): Promise<void> {
    this.#slots.close()
    this.#stopping.abort()
    if (this.#attempts === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Tasks that are out, as logs name them. */
  underWay(): readonly string[] {
    return [...this.#underWay.values()]
  }

  /** Outcomes that come later are dropped. Settles when everything known is stored. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#slots.stop()
    for (const timer of this.#timers) timer.cancel()
    await Promise.all([...this.#runs.values()].map((run) => run.settlements.close()))
  }

  async #acquireWaiting(): Promise<void> {
    while (this.#mustAcquire && !this.#isStopped) {
      const limit = Math.min(MAX_TAKEN, MAX_ACTIVE + this.#slots.lent - this.#runs.size)
      this.#hasBacklog = limit <= 0
      if (this.#hasBacklog) break
      this.#mustAcquire = false
      await this.#acquire(limit)
    }
    this.#isAcquiring = false
  }

  async #acquire(limit: number): Promise<void> {
    const { store, registry, instanceId, clock, heartbeat } = this.#ports
    const { workflows } = registry.current()
    if (workflows.size === 0 || (!this.#isServing && this.#asked.size === 0)) return
    const recover = this.#mustRecover
    this.#mustRecover = false
    try {
      // In the same step, and first: an instance that others took for dead enters again by it.
      const beat = heartbeat.isStale() ? heartbeat.beat() : null
      const acquired = store.acquireExecutions({
        instanceId,
        workflows: [...workflows.keys()],
        at: clock.now(),
        limit,
        recover,
        ...(this.#isServing ? {} : { executionIds: [...this.#asked] }),
      })
      const accepted = this.#accepted
      this.#accepted = []
      const [taken] = await Promise.all([acquired, beat])
      await Promise.allSettled(accepted)
      this.#failures = 0
      this.#mustAcquire ||= taken.length === limit
      this.#mustRecover ||= recover && taken.length === limit
      for (const execution of taken) {
        this.#asked.delete(execution.id)
        const definition = workflows.get(execution.workflow)
        if (definition !== undefined) this.#take(new RunState(execution, definition, this.#ports.codec))
      }
    } catch (thrown) {
      this.#mustRecover ||= recover
      this.#failures += 1
      const delayMs = troubleDelayMs(this.#failures)
      const retryAt = clock.now() + delayMs
      this.#ports.events.emit('trouble', { during: 'looking for executions', error: toError(thrown), retryAt })
      this.#wakeAfter(delayMs, () => this.wake())
    }
  }

  #take(state: RunState): void {
    if (this.#isStopped || this.#runs.has(state.id)) return
    const settlements = new Settlements(state.id, this.#ports, () => this.#takenOver(state.id))
    const run: Run = { state, settlements }
    this.#runs.set(state.id, run)
    const at = this.#ports.clock.now()
    const { origin } = state.execution
    const { isResumed } = state
    this.#ports.events.emit('executionStarted', {
      executionId: state.id,
      workflow: state.workflow,
      origin,
      at,
      isResumed,
    })
    this.#follow(run, state.open(at), at)
  }

  /** Stores what a step changed, and lets what it made ready ask for slots: a slot granted at once joins the step. */
  #follow(run: Run, step: Step, at: number): void {
    if (step.changes.length > 0 || step.end !== null) {
      run.settlements.add(step.changes, step.end, (isStored) => {
        if (isStored) this.#stored(run, step)
      })
    }
    for (const task of step.ready) {
      if (task.notBeforeAt === null || task.notBeforeAt <= at) this.#queue(run, task)
      else this.#wakeAfter(task.notBeforeAt - at, () => this.#queue(run, task))
    }
  }

  #queue(run: Run, task: ReadyTask): void {
    this.#slots.request(run.state.id, (lease) => this.#begin(run, task.index, lease))
  }

  #begin(run: Run, index: number, lease: SlotLease): void {
    const at = this.#ports.clock.now()
    let inputText: string
    try {
      inputText = run.state.inputText(index)
    } catch (thrown) {
      this.#follow(run, run.state.failInput(index, thrown, at), at)
      lease.end()
      return
    }
    this.#attempts += 1
    run.settlements.add([run.state.begin(index, at)], null, (isStored) => {
      if (isStored && !this.#isStopped) void this.#attempt(run, index, inputText, lease)
      else this.#attemptEnded(lease)
    })
  }

  async #attempt(run: Run, index: number, inputText: string, lease: SlotLease): Promise<void> {
    const { host, clock, config, events, random } = this.#ports
    const names = { executionId: run.state.id, workflow: run.state.workflow, taskId: run.state.taskId(index) }
    const attempt = run.state.attempts(index)
    events.emit('taskStarted', { ...names, attempt, at: clock.now() })
    const key = Symbol(names.taskId)
    this.#underWay.set(key, `task '${names.taskId}' of workflow '${names.workflow}'`)
    const outcome = await settled(
      host.runTask({
        ...names,
        script: run.state.script,
        inputText,
        deadlineMs: config.taskTimeoutMs,
        slot: lease,
        stopping: this.#stopping.signal,
      }),
    )
    this.#underWay.delete(key)
    if (this.#isStopped) return

    const at = clock.now()
    if (outcome.kind === 'notEntered') {
      this.#follow(run, run.state.takeBack(index, at), at)
      this.#attemptEnded(lease)
      return
    }
    const step = run.state.settle(index, outcome, at, random())
    const retry = step.ready.find((task) => task.index === index)
    if (retry !== undefined && outcome.kind !== 'completed') {
      events.emit('taskRetried', { ...names, attempt, error: outcome.error, retryAt: retry.notBeforeAt ?? at })
    }
    this.#follow(run, step, at)
    this.#attemptEnded(lease)
  }

  #attemptEnded(lease: SlotLease): void {
    lease.end()
    this.#attempts -= 1
    if (this.#attempts === 0) this.#onIdle?.()
  }

  #stored(run: Run, step: Step): void {
    for (const change of step.changes) this.#announce(run, change)
    if (step.end !== null) this.#ended(run, step.end)
  }

  #announce(run: Run, change: TaskChange): void {
    const { status } = change
    if (status === 'Ready' || status === 'Running') return
    this.#ports.events.emit('taskFinished', {
      executionId: run.state.id,
      workflow: run.state.workflow,
      taskId: change.taskId,
      status,
      attempts: change.attempts,
      error: change.error,
      at: change.endedAt ?? this.#ports.clock.now(),
    })
  }

  #ended(run: Run, end: ExecutionEnd): void {
    const { id, workflow } = run.state
    this.#runs.delete(id)
    this.#ports.events.emit('executionFinished', {
      executionId: id,
      workflow,
      status: end.status,
      errorMessage: end.errorMessage,
      at: end.endedAt,
    })
    this.#onEnded(run.state.ended(end))
    if (this.#hasBacklog) this.wake()
  }

  /** Attempts of it that are out end without effect; callers who wait hear of the end from the store. */
  #takenOver(executionId: string): void {
    this.#runs.delete(executionId)
    this.#slots.cancel(executionId)
  }

  #wakeAfter(delayMs: number, callback: () => void): void {
    const timer = this.#ports.clock.wakeAfter(delayMs, () => {
      this.#timers.delete(timer)
      if (!this.#isStopped) callback()
    })
    this.#timers.add(timer)
  }
}

/** The port promises an outcome; a host that rejects all the same costs one attempt. */
async function settled(outcome: Promise<AttemptOutcome | NotEntered>): Promise<AttemptOutcome | NotEntered> {
  try {
    return await outcome
  } catch (thrown) {
    const error = new InternalError(`The host failed to report an outcome: ${toError(thrown).message}.`)
    return { kind: 'lost', error: { type: error.name, message: error.message, traceback: error.stack ?? '' } }
  }
}
