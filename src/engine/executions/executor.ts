/**
 * Loop 2: acquires executions, keeps them in memory until they end, and runs their tasks. `RunState` and `SlotPool`
 * select the next tasks; this file calls them, the store and the host in the right order.
 *
 * States of an execution here, and the moves:
 *   (in the store)  -> running       acquired; its ready tasks request slots
 *   running         -> running       an attempt ended; its changes are stored, and newly ready tasks request slots
 *   running         -> ended         its last change is stored; callers that wait are notified
 *   any             -> (in the store) the engine stops, no script here declares its workflow any more, another file
 *                                    replaced the database, or a heartbeat or a refused write shows that others
 *                                    declared this engine dead and own it
 * Pauses and cancels are phases of a run: see `execution-run.ts`.
 * States of a task before its attempt, which `attempts/task-attempts.ts` runs:
 *   waiting for its time -> waiting for a slot -> begun
 */

import type { NumberedRequest } from '../../model/action.ts'
import type { AcquiredExecution, Execution } from '../../model/execution.ts'
import type { LimitKey } from '../../model/limits/limits.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import { DeadlineJudge } from '../incidents/deadline-judge.ts'
import { FailureReports } from '../incidents/failure-reports.ts'
import { limitKeys, workflowLimitKey } from '../limits/limit-keys.ts'
import { LimitLoop } from '../limits/limit-loop.ts'
import type { LimitedTask } from '../limits/limit-store.ts'
import type { Memories } from '../ports.ts'
import type { ExecutionEnd } from '../store-ports.ts'
import { Acquirer } from './acquirer.ts'
import { Attempts } from './attempts/task-attempts.ts'
import { Run } from './execution-run.ts'
import { announceEnd, announceTask } from './run-events.ts'
import { RunState } from './run-state.ts'
import type { ReadyTask, RunUpdate } from './run-update.ts'
import { RunWaits } from './run-waits.ts'
import { progressName, Settlements } from './settlements.ts'
import { SlotPool } from './slots.ts'

/** Maximum number of executions in memory, apart from paused ones and those whose tasks have lent their slots. */
const MAX_ACTIVE = 1_000
/** Executions in memory per slot while other engines are running: one that runs, and the next one. */
const ACTIVE_A_SLOT = 2

export interface ExecutionListener {
  /** Called with an execution that has ended in this engine. */
  ended(execution: Execution): void
  /** Called in the tick of the event loop in which executions may have been stored, after the call of the store. */
  stored(): void
}

export class Executor {
  readonly #ports: EnginePorts
  readonly #memories: Memories
  readonly #listener: ExecutionListener
  readonly #slots: SlotPool
  readonly acquirer: Acquirer
  readonly deadlines: DeadlineJudge
  readonly waits: RunWaits
  readonly limits: LimitLoop
  readonly #reports: FailureReports
  readonly #runs = new Map<string, Run>()
  readonly #timers = new Set<Timer>()
  /** Workflows whose executions were given back. Each is warned about once. */
  readonly #unserved = new Set<string>()
  readonly #attempts: Attempts
  #onIdle: (() => void) | null = null
  #isStopped = false

  constructor(ports: EnginePorts, memories: Memories, listener: ExecutionListener) {
    this.#ports = ports
    this.#memories = memories
    this.#listener = listener
    this.deadlines = new DeadlineJudge(ports)
    this.#reports = new FailureReports(ports)
    this.#attempts = new Attempts(ports, memories, {
      follow: (run, step, at) => this.#follow(run, step, at),
      leave: (run, isElsewhere) => this.#leave(run, isElsewhere),
      limited: () => this.limits.waiting(),
      ended: (run) => this.#attemptEnded(run),
    })
    this.#slots = new SlotPool(ports.config.maxConcurrentTasks)
    this.acquirer = new Acquirer(ports, {
      stored: () => listener.stored(),
      room: () => this.#mostActive() + this.#slots.lent + this.#paused() - this.#runs.size,
      take: (acquired, definition) => {
        const { ownerNumber: _number, cancel: _cancel, chainId: _chain, waits, ...execution } = acquired
        this.#take(acquired, new RunState(execution, definition, ports.codec, waits, ports.newId))
      },
    })
    this.waits = new RunWaits(ports, {
      runs: this.#runs,
      acquirer: this.acquirer,
      follow: (run, step, at) => this.#follow(run, step, at),
      drop: (run) => {
        // Later deadlines are those of an execution without an owner: see `waiting-judge.ts`.
        this.deadlines.look()
        this.#drop(run)
      },
    })
    this.limits = new LimitLoop(ports, (executionIds) => this.#released(executionIds))
    ports.heartbeat.onDeclaredDead(() => this.#dropAll())
  }

  isRunning(executionId: string): boolean {
    return this.#runs.has(executionId)
  }

  /** Starts no further attempts. Resolves when the running ones have ended and their results are stored. */
  async drain(): Promise<void> {
    this.#slots.close()
    this.acquirer.drain()
    for (const run of this.#runs.values()) run.stop()
    void this.#allStored()
    if (this.#attempts.count > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await this.#allStored()
  }

  async #allStored(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.settlements.drain()))
  }

  gauges() {
    let waitingTasks = 0
    for (const run of this.#runs.values()) if (run.phase !== 'paused') waitingTasks += run.waiting
    const { capacity: slots, free: freeSlots } = this.#slots
    return { activeExecutions: this.#runs.size, activeAttempts: this.#attempts.count, waitingTasks, slots, freeSlots }
  }

  underWay(): readonly string[] {
    return this.#attempts.underWay()
  }

  /**
   * Drops outcomes that arrive later. Resolves when the last write of each execution has ended, with the names of the
   * writes that the database rejected.
   */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true
    this.#attempts.stop()
    this.acquirer.stop()
    this.waits.loop.stop()
    this.limits.stop()
    this.#slots.stop()
    const runs = [...this.#runs.values()]
    for (const run of runs) run.release('stopped')
    for (const timer of this.#timers) timer.cancel()
    const writes = runs.map(async ({ state, settlements }) => {
      return (await settlements.close()) ? [] : [progressName(state.id)]
    })
    return (await Promise.all(writes)).flat()
  }

  #take(execution: AcquiredExecution, state: RunState): void {
    if (this.#isStopped) return
    const former = this.#runs.get(state.id)
    // Another engine has had the execution since then, so the former state is outdated.
    if (former !== undefined) this.#drop(former)
    const settlements = new Settlements(execution, this.#ports, {
      takenOver: () => this.#drop(run),
      cancelReport: () => run.cancelReport,
      limited: (task) => this.#limited(run, task),
      released: (executionIds) => this.#released(executionIds),
    })
    const counters = this.#ports.events.counters.workflows.of(state.workflow)
    const turn = this.#workflowTurn(state)
    const run: Run = new Run({ chainId: execution.chainId, turn }, state, settlements, counters)
    run.counters.started += 1
    this.#runs.set(state.id, run)
    this.deadlines.acquired(state)
    const at = this.#ports.clock.now()
    this.#unserved.delete(state.workflow)
    const { id: executionId, workflow, isResumed } = state
    const { origin } = execution
    this.#ports.events.emit('executionStarted', { executionId, workflow, origin, at, isResumed })
    if (execution.cancel !== null) void this.#cancel(run, execution.cancel)
    else this.#follow(run, state.open(at), at)
  }

  /** The store has made a task wait for a slot of a limit. The execution is given back if it has only waits. */
  #limited(run: Run, { taskId, wait }: LimitedTask): void {
    const at = this.#ports.clock.now()
    this.#follow(run, run.state.limited(taskId, wait, at), at)
  }

  /** Handles executions that can begin or continue. Those of this engine read that their waits have ended. */
  #released(executionIds: readonly string[]): void {
    this.acquirer.made(...executionIds)
    if (executionIds.some((id) => this.#runs.has(id))) void this.waits.loop.lookAgain()
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

  /** Applies a request once; null if the execution is elsewhere. Resolves when stored, a cancel with its `Release`. */
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
    run.settlements.apply(request, () => this.#memories.cancelled())
    this.#follow(run, run.state.cancel(request.reason, at), at)
    if (!request.waits) this.#ports.host.cancelTasks(run.state.id)
    return run.whenReleased
  }

  /** Stores the changes of a step, and requests slots for its ready tasks. Immediate starts join the same write. */
  #follow(run: Run, step: RunUpdate, at: number): void {
    const missed = [
      ...this.deadlines.changed(run.state, step),
      ...this.#reports.openedApprovals(step.changes, run.state),
    ]
    const later = afterGiving(step, run.state)
    if (step.changes.length > 0 || step.end !== null) {
      const end = step.end === null ? null : this.#reports.withReport(step.end, run.state)
      const afterStored = (isStored: boolean) => {
        if (!isStored) return
        this.#stored(run, step)
        if (this.#isStopped) return
        for (const task of later) this.#queueAt(run, task, this.#ports.clock.now())
      }
      run.settlements.add(step.changes, end, afterStored, missed)
    }
    this.waits.parkIfIdle(run)
    for (const task of step.ready) if (!later.includes(task)) this.#queueAt(run, task, at)
  }

  #queueAt(run: Run, task: ReadyTask, at: number): void {
    if (task.notBeforeAt === null || task.notBeforeAt <= at) this.#queue(run, task)
    else this.#wakeAfter(task.notBeforeAt - at, () => this.#queue(run, task))
  }

  #queue(run: Run, task: ReadyTask): void {
    if (run.phase !== 'running' && run.phase !== 'paused') return
    run.queue(task, this.#ports.clock.now())
    if (run.phase === 'running') this.#askForSlot(run, task)
  }

  #askForSlot(run: Run, task: ReadyTask): void {
    const { state } = run
    const order = { ...state.order, position: task.index, turn: this.#turnOf(run, task.index) }
    this.#slots.request(state.id, order, (lease) => {
      this.#attempts.begin(run, task.index, lease)
      this.#slots.rerank(state.id, state.order.rank)
    })
  }

  #workflowTurn({ workflowDefinition: { limit, key }, execution }: RunState): LimitKey | null {
    if (limit === undefined || limit.per === null) return null
    return workflowLimitKey({ limit, key }, execution.inputText, this.#ports.codec)
  }

  /** Returns the limit whose values take turns for a task, with its value, or null. */
  #turnOf({ state, turn }: Run, index: number): LimitKey | null {
    const { registry, codec } = this.#ports
    const names = state.definition(index)?.limits ?? []
    if (names.length === 0) return turn
    const { limits } = registry.current()
    const [name] = names.filter((each) => (limits.get(each)?.per ?? null) !== null)
    if (name === undefined) return turn
    try {
      return limitKeys([name], limits, state.inputText(index), codec)[0] ?? turn
    } catch {
      // Ignored: the attempt fails with this error when it begins
      return turn
    }
  }

  /** Gives the execution back when its attempts have ended: no script here declares its workflow any more. */
  #leave(run: Run, isElsewhere: boolean): void {
    if (run.phase !== 'running' && run.phase !== 'paused') return
    run.phase = 'leaving'
    const { id, workflow } = run.state
    this.#slots.cancel(id)
    if (!isElsewhere && !this.#unserved.has(workflow)) {
      const message =
        `Workflow "${workflow}" is no longer declared by any script of this engine. Its unfinished ` +
        `executions wait until a script declares the workflow again.`
      this.#ports.events.emit('warning', { code: 'NOT_SERVED', message })
    }
    this.#unserved.add(workflow)
  }

  #attemptEnded(run: Run): void {
    if (run.phase === 'leaving' && run.attempts === 0 && !this.#isStopped) {
      run.settlements.giveBack('unserved', (isStored) => {
        if (isStored) this.#drop(run)
        this.acquirer.wake()
      })
    }
    if (this.#attempts.count === 0) this.#onIdle?.()
  }

  #stored(run: Run, step: RunUpdate): void {
    for (const change of step.changes) {
      announceTask(run, change, this.#ports)
      if (change.wait) this.waits.opened(run, change.wait)
    }
    if (step.end !== null) this.#ended(run, step.end)
  }

  #ended(run: Run, end: ExecutionEnd): void {
    this.#runs.delete(run.state.id)
    announceEnd(run, end, this.#ports)
    this.#listener.ended(run.state.ended(end))
    run.release('ended')
    // Parents in this engine read that their waits have ended.
    if (run.state.execution.origin.kind === 'child') this.waits.ended([])
    this.acquirer.hasRoom()
  }

  /** Drops all executions, because others declared this engine dead and run them, or the database was replaced. */
  #dropAll(): void {
    for (const run of [...this.#runs.values()]) this.#drop(run)
  }

  /** Stops the attempts, which end without effect. Callers that wait for the end read it from the store. */
  #drop(run: Run): void {
    const { id } = run.state
    if (this.#runs.get(id) !== run) return
    this.#runs.delete(id)
    this.deadlines.left(id)
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

/** Returns the ready tasks whose former attempts give slots back in this step. They begin when this is stored. */
function afterGiving({ changes, ready }: RunUpdate, state: RunState): readonly ReadyTask[] {
  const giving = changes.filter(({ slots }) => slots !== undefined)
  if (giving.length === 0) return []
  return ready.filter(({ index }) => giving.some(({ taskId }) => taskId === state.taskId(index)))
}
