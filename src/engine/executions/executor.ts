/**
 * Loop 2: takes executions from the store and runs their tasks. It is woken when there may be work, and
 * holds what it took in memory until it ended. What runs next is decided by `RunState` and `SlotPool`; this file only
 * sequences them with the store and the host.
 *
 * States of an execution here, and the moves:
 *   (in the store)  -> running       acquired; its ready tasks ask for slots
 *   running         -> running       an attempt ended; its changes are stored, and what it made ready asks for slots
 *   running         -> ended         its last change is stored; callers who wait are notified
 *   any             -> (in the store) the engine stops, nothing here declares its workflow any more, or a heartbeat or a refused
 *                                    write shows that others took this engine for dead: it is another's, and dropped here
 * Pauses and cancels are phases of a run: see `run.ts`.
 * States of an attempt:
 *   waiting for its time -> waiting for a slot -> being marked Running in the store -> in the host -> ended
 */

import type { NumberedRequest } from '../../model/action.ts'
import type { AcquiredExecution, Execution } from '../../model/execution.ts'
import type { LogSink } from '../../model/log.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import type { EngineEvents } from '../events.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { AttemptRef, Clock, ContextCodec, ExecutionEnd, NotEntered, ScriptHost, Store, Timer } from '../ports.ts'
import { Acquirer } from './acquirer.ts'
import { Run } from './run.ts'
import { announceEnd, announceTask } from './run-events.ts'
import { type ReadyTask, RunState, type Step } from './run-state.ts'
import { settled } from './settled.ts'
import { Settlements } from './settlements.ts'
import { type SlotLease, SlotPool } from './slots.ts'

/** Executions held in memory; the others wait in the store. Those that wait for a nested one do not count. */
const MAX_ACTIVE = 1_000
/** For each slot, where other instances run executions, too: one runs, and one is there when it has ended. */
const ACTIVE_A_SLOT = 2
/** Time after which a task is begun again: its script may be loaded by then, or the heartbeat renewed. */
const UNSERVED_AGAIN_AFTER_MS = 1_000
const LATE_AGAIN_AFTER_MS = 100

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

export class Executor {
  readonly #ports: ExecutorPorts
  readonly #onEnded: (execution: Execution) => void
  readonly #slots: SlotPool
  /** Takes executions from the store: asked to, and told that there may be some. */
  readonly acquirer: Acquirer
  readonly #runs = new Map<string, Run>()
  readonly #timers = new Set<Timer>()
  /** Workflows of which executions were given back since they were declared last. */
  readonly #unserved = new Set<string>()
  #attempts = 0
  /** Tasks that are out, as logs name them. */
  readonly #underWay = new Map<symbol, string>()
  #onIdle: (() => void) | null = null
  #isStopped = false

  constructor(ports: ExecutorPorts, onEnded: (execution: Execution) => void) {
    this.#ports = ports
    this.#onEnded = onEnded
    this.#slots = new SlotPool(ports.config.maxConcurrentTasks)
    this.acquirer = new Acquirer(ports, {
      room: () => this.#mostActive() + this.#slots.lent + this.#paused() - this.#runs.size,
      take: (acquired, definition) => {
        const { ownerNumber: _number, cancel: _cancel, ...execution } = acquired
        this.#take(acquired, new RunState(execution, definition, ports.codec))
      },
    })
    ports.heartbeat.onDeclaredDead(() => this.#dropAll())
  }

  /** Whether it is held here; false also when it ended or waits in the store. */
  isRunning(executionId: string): boolean {
    return this.#runs.has(executionId)
  }

  /** Begins no more attempts. Settles when the last one that was begun has ended. */
  drain(): Promise<void> {
    this.#slots.close()
    for (const run of this.#runs.values()) run.stop()
    if (this.#attempts === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** What is held here now. */
  gauges() {
    let waitingTasks = 0
    for (const run of this.#runs.values()) if (run.phase !== 'paused') waitingTasks += run.waiting
    const { capacity: slots, free: freeSlots } = this.#slots
    return { activeExecutions: this.#runs.size, activeAttempts: this.#attempts, waitingTasks, slots, freeSlots }
  }

  /** Tasks that are out, as logs name them. */
  underWay(): readonly string[] {
    return [...this.#underWay.values()]
  }

  /** Outcomes that come later are dropped. Settles when everything known is stored. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.acquirer.stop()
    this.#slots.stop()
    const runs = [...this.#runs.values()]
    for (const run of runs) run.release('stopped')
    for (const timer of this.#timers) timer.cancel()
    await Promise.all(runs.map((run) => run.settlements.close()))
  }

  #take(execution: AcquiredExecution, state: RunState): void {
    if (this.#isStopped) return
    const former = this.#runs.get(state.id)
    // Another engine had it since, and gave it back or is dead: this engine's knowledge of it is old.
    if (former !== undefined) this.#drop(former)
    const settlements = new Settlements(execution, this.#ports, {
      takenOver: () => this.#drop(run),
      cancelReport: () => run.cancelReport,
    })
    const run: Run = new Run(state, settlements, this.#ports.events.counters.workflows.of(state.workflow))
    run.counters.started += 1
    this.#runs.set(state.id, run)
    const at = this.#ports.clock.now()
    this.#unserved.delete(state.workflow)
    const { id: executionId, workflow, isResumed } = state
    const { origin } = execution
    this.#ports.events.emit('executionStarted', { executionId, workflow, origin, at, isResumed })
    if (execution.cancel !== null) void this.#cancel(run, execution.cancel)
    else this.#follow(run, state.open(at), at)
  }

  #mostActive(): number {
    if (!this.#ports.heartbeat.hasOthers) return MAX_ACTIVE
    return Math.min(MAX_ACTIVE, ACTIVE_A_SLOT * this.#slots.capacity)
  }

  #paused(): number {
    let paused = 0
    for (const run of this.#runs.values()) if (run.phase === 'paused') paused += 1
    return paused
  }

  /**
   * Applies a request to an execution that is held here, once. Settles when it is stored, or the execution is not held any more;
   * of a cancel only then, with why: see `Release`. Null when the execution is not held here.
   */
  apply(executionId: string, request: NumberedRequest): Promise<unknown> | null {
    const run = this.#runs.get(executionId)
    if (run === undefined || this.#isStopped) return null
    // Its end is being stored, and answers the request.
    if (run.state.isFinished) return run.whenReleased
    if (run.isNews(request)) {
      const done = request.kind === 'cancel' ? this.#cancel(run, request) : this.#setPaused(run, request)
      run.applied = { number: request.number, done }
    }
    return run.applied?.done ?? null
  }

  #setPaused(run: Run, request: NumberedRequest): Promise<void> {
    const isPausing = request.kind === 'pause'
    if (isPausing) this.#slots.cancel(run.state.id)
    if (isPausing) run.pause()
    else for (const task of run.resume()) this.#askForSlot(run, task)
    return new Promise((resolve) => run.settlements.apply(request, () => resolve()))
  }

  #cancel(run: Run, request: NumberedRequest): Promise<unknown> {
    const at = this.#ports.clock.now()
    this.#slots.cancel(run.state.id)
    run.cancel()
    run.settlements.apply(request, () => undefined)
    this.#follow(run, run.state.cancel(request.reason, at), at)
    if (!request.waits) this.#ports.host.cancelTasks(run.state.id)
    return run.whenReleased
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
    if (run.phase !== 'running' && run.phase !== 'paused') return
    run.queue(task, this.#ports.clock.now())
    if (run.phase === 'running') this.#askForSlot(run, task)
  }

  #askForSlot(run: Run, task: ReadyTask): void {
    this.#slots.request(run.state.id, (lease) => this.#begin(run, task.index, lease))
  }

  #begin(run: Run, index: number, lease: SlotLease): void {
    const at = this.#ports.clock.now()
    const queuedAt = run.unqueue(index)
    let inputText: string
    try {
      inputText = run.state.inputText(index)
    } catch (thrown) {
      this.#follow(run, run.state.failInput(index, thrown, at), at)
      lease.end()
      return
    }
    this.#attempts += 1
    run.attempts += 1
    run.settlements.add([run.state.begin(index, at)], null, (isStored) => {
      if (!isStored || this.#isStopped) this.#attemptEnded(run, lease)
      // Paused or cancelled since: it is not let in, although it is stored as Running.
      else if (run.phase !== 'running') this.#takeBack(run, index, lease)
      else void this.#attempt(run, index, { inputText, queuedAt }, lease)
    })
  }

  #notEntered(run: Run, index: number, { isUnserved, isLate }: NotEntered, lease: SlotLease): void {
    const declared = this.#ports.registry.current().workflows.get(run.state.workflow)
    const isGone = isUnserved && declared?.script !== run.state.script
    if (isGone) this.#leave(run, declared !== undefined)
    const waitMs = isLate ? LATE_AGAIN_AFTER_MS : 0
    this.#takeBack(run, index, lease, isUnserved && !isGone ? UNSERVED_AGAIN_AFTER_MS : waitMs)
  }

  /** It was begun, and is not let in. */
  #takeBack(run: Run, index: number, lease: SlotLease, againAfterMs = 0): void {
    const at = this.#ports.clock.now()
    this.#follow(run, run.state.takeBack(index, at, againAfterMs), at)
    this.#attemptEnded(run, lease)
  }

  /** The script that declared it is gone, or declares it no more: it waits in the store for an instance with one that does. */
  #leave(run: Run, isElsewhere: boolean): void {
    if (run.phase !== 'running' && run.phase !== 'paused') return
    run.phase = 'leaving'
    const { id, workflow } = run.state
    this.#slots.cancel(id)
    if (!isElsewhere && !this.#unserved.has(workflow)) {
      const message = `Workflow "${workflow}" is no longer declared by any script of this engine. Its unfinished executions wait until a script declares the workflow again.`
      this.#ports.events.emit('warning', { code: 'NOT_SERVED', message })
    }
    this.#unserved.add(workflow)
  }

  async #attempt(run: Run, index: number, { inputText, queuedAt }: Beginning, lease: SlotLease): Promise<void> {
    const { host, clock, config, events, random, heartbeat } = this.#ports
    const names = { executionId: run.state.id, workflow: run.state.workflow, taskId: run.state.taskId(index) }
    const attempt = run.state.attempts(index)
    const startedAt = clock.now()
    const begunAt = clock.monotonic()
    if (queuedAt !== null) run.counters.queueWait.observe(Math.max(0, startedAt - queuedAt))
    events.emit('taskStarted', { ...names, attempt, at: startedAt })
    const key = Symbol(names.taskId)
    this.#underWay.set(key, `task '${names.taskId}' of workflow '${names.workflow}'`)
    const outcome = await settled(
      host.runTask({
        ...names,
        attempt,
        script: run.state.script,
        runs: run.state.runs(index),
        inputText,
        deadlineMs: run.state.timeoutMs(index) ?? config.taskTimeoutMs,
        startLimit: heartbeat.startLimit,
        slot: lease,
        stopping: run.stopping,
        log: this.#logOf({ executionId: names.executionId, taskId: names.taskId, attempt }),
      }),
    )
    this.#underWay.delete(key)
    if (this.#isStopped) return
    if (run.phase === 'released') return this.#attemptEnded(run, lease)

    if (outcome.kind === 'notEntered') return this.#notEntered(run, index, outcome, lease)
    const at = clock.now()
    run.counters.taskDuration.observe(clock.monotonic() - begunAt)
    run.counters.attempts[outcome.kind] += 1
    const error = outcome.kind === 'completed' ? null : outcome.error
    const { taskId } = names
    run.settlements.addAttempt({ taskId, attempt, outcome: outcome.kind, queuedAt, startedAt, endedAt: at, error })
    if (outcome.kind === 'cancelled') for (const script of outcome.lostScripts) run.lostScripts.add(script)
    const step = run.state.settle(index, outcome, at, random())
    const retry = step.ready.find((task) => task.index === index)
    if (retry !== undefined && outcome.kind !== 'completed') {
      run.counters.retries += 1
      events.emit('taskRetried', { ...names, attempt, error: outcome.error, retryAt: retry.notBeforeAt ?? at })
    }
    this.#follow(run, step, at)
    this.#attemptEnded(run, lease)
  }

  #logOf(attempt: AttemptRef): LogSink {
    const { store, config } = this.#ports
    return (piece) => store.logs.append(attempt, piece, config.attemptLogBytes)
  }

  #attemptEnded(run: Run, lease: SlotLease): void {
    run.attempts -= 1
    lease.end()
    this.#attempts -= 1
    if (run.phase === 'leaving' && run.attempts === 0 && !this.#isStopped) {
      run.settlements.giveBack((isStored) => {
        if (isStored) this.#drop(run)
        this.acquirer.wake() // another script here may declare its workflow
      })
    }
    if (this.#attempts === 0) this.#onIdle?.()
  }

  #stored(run: Run, step: Step): void {
    for (const change of step.changes) announceTask(run, change, this.#ports)
    if (step.end !== null) this.#ended(run, step.end)
  }

  #ended(run: Run, end: ExecutionEnd): void {
    this.#runs.delete(run.state.id)
    announceEnd(run, end, this.#ports)
    this.#onEnded(run.state.ended(end))
    run.release('ended')
    this.acquirer.hasRoom()
  }

  /** Others took this engine for dead, and run what it held: nothing of that can be written here any more. */
  #dropAll(): void {
    for (const run of [...this.#runs.values()]) this.#drop(run)
  }

  /** Its attempts are stopped and end without effect. Callers who wait for its end learn it from the store. */
  #drop(run: Run): void {
    const { id } = run.state
    if (this.#runs.get(id) !== run) return
    this.#runs.delete(id)
    this.#slots.cancel(id)
    run.stop()
    run.release('lost')
    void run.settlements.close()
    if (run.attempts > 0) this.#ports.host.cancelTasks(id)
  }

  #wakeAfter(delayMs: number, callback: () => void): void {
    const timer = this.#ports.clock.wakeAfter(delayMs, () => {
      this.#timers.delete(timer)
      if (!this.#isStopped) callback()
    })
    this.#timers.add(timer)
  }
}

/** What an attempt begins with. */
interface Beginning {
  readonly inputText: string
  /** When its task asked for a slot; null where that was before this process. */
  readonly queuedAt: number | null
}
