/**
 * The loops of an engine: triggers, cron schedules, graphs and executions. Owned by `engine.ts`, which starts and stops
 * them. Passes on what changes in the code, in the database and among the other engines.
 */

import { MAX_POLL_WAIT_MS } from '../model/time/poll-wait.ts'
import type { Registry } from '../registry/registry.ts'
import { ActionInbox } from './actions/action-inbox.ts'
import { BatchLoop } from './batches/batch-loop.ts'
import { type ChildExecutions, TaskChains } from './chains/task-chains.ts'
import type { Timer } from './clock-port.ts'
import { CronScheduler } from './cron/cron-scheduler.ts'
import type { EnginePorts } from './engine-options.ts'
import { AnnouncedCode } from './executions/code/announced-code.ts'
import { Executor } from './executions/executor.ts'
import { RunEnds } from './executions/run-ends.ts'
import { Graphs } from './graphs/hosted-graphs.ts'
import { settledWithin } from './periodic.ts'
import { Scheduler } from './triggers/scheduler.ts'

export class Loops {
  readonly executor: Executor
  readonly scheduler: Scheduler
  readonly crons: CronScheduler
  readonly batches: BatchLoop
  readonly graphs: Graphs
  readonly ends: RunEnds
  readonly inbox: ActionInbox
  readonly #chains: TaskChains
  readonly #ports: EnginePorts
  readonly #code: AnnouncedCode
  #workflowsChanged: Timer | null = null
  /** Workflows for which `#mayReplace` was computed. */
  #workflows: Registry['workflows'] | null = null
  /** Whether a workflow has the limit `overflow="newest"`. */
  #mayReplace = false

  constructor(ports: EnginePorts, checked: ChildExecutions['checked']) {
    this.#ports = ports
    this.ends = new RunEnds(ports, {
      isRunning: (id) => this.executor.isRunning(id),
      onGone: (id) => this.executor.acquirer.forget(id),
    })
    this.#chains = new TaskChains(ports, {
      begin: (id) => this.ends.begin(id),
      stopWaiting: (id, ended, reason) => this.ends.stopWaiting(id, ended, reason),
      wanted: (id) => {
        this.executor.acquirer.ask(id)
        this.executor.acquirer.made(id)
      },
      checked,
      cancelled: () => this.inbox.look(),
    })
    this.executor = new Executor(ports, this.#chains, {
      ended: (execution) => {
        this.ends.ended(execution)
        this.batches.ended(execution)
      },
      stored: () => this.#replaced(),
    })
    const { fired } = this.executor.acquirer
    const inbox = new ActionInbox(ports)
    this.inbox = inbox
    this.scheduler = new Scheduler(ports, fired, () => inbox.look())
    this.crons = new CronScheduler(ports, fired)
    this.batches = new BatchLoop(ports, fired)
    this.graphs = new Graphs(ports, fired)
    this.#code = new AnnouncedCode(ports)
  }

  /** Runs the executions for which callers of this engine wait, and no others. */
  enter(): void {
    this.ends.watch()
    this.#code.record()
    this.executor.acquirer.start()
    this.executor.limits.start()
  }

  /** Runs all executions and, by the settings, polls and fires. Resolves when the declarations are in the store. */
  async start(): Promise<void> {
    const { pollingEnabled, cronEnabled } = this.#ports.config
    // First of all, in the same step: its share of the triggers depends on it.
    const announced = this.#code.start()
    this.executor.acquirer.serve()
    this.executor.waits.loop.codeChanged()
    void this.executor.waits.loop.start()
    this.inbox.start()
    const graphs = this.graphs.start(pollingEnabled)
    if (!pollingEnabled) return
    const batches = this.batches.start()
    await Promise.all([announced, graphs, this.scheduler.start(), cronEnabled ? this.crons.start() : null, batches])
  }

  registryChanged(): void {
    this.scheduler.triggers.registryChanged()
    this.graphs.registryChanged()
    void this.crons.lookAgain()
    // Once for all declarations of a tick of the event loop: each read of a changed registry copies it.
    this.#workflowsChanged ??= this.#ports.clock.wakeAfter(0, () => {
      this.#workflowsChanged = null
      this.#code.record()
      this.executor.waits.loop.codeChanged()
      this.recover()
    })
  }

  /** Handles writes of other processes: schedules, new executions, or the end of one that a caller here waits for. */
  storeChanged(): void {
    this.scheduler.triggers.storeChanged()
    this.graphs.storeChanged()
    void this.crons.lookAgain()
    void this.batches.lookAgain()
    void this.executor.waits.loop.lookAgain()
    // Otherwise `recover` looks, at each heartbeat.
    if (this.executor.acquirer.limits.hasAny) this.executor.limits.look()
    this.executor.acquirer.wake()
  }

  /** Finds executions that newer ones have replaced in the line of their workflow, for callers of this engine. */
  #replaced(): void {
    const { workflows } = this.#ports.registry.current()
    if (workflows !== this.#workflows) {
      this.#workflows = workflows
      this.#mayReplace = [...workflows.values()].some(({ limit }) => limit?.overflow === 'newest')
    }
    if (!this.#mayReplace) return
    this.ends.check()
    this.executor.waits.ended([])
  }

  /** Stops polling when the database is lost, and keeps results until they can be stored. */
  storeLost(): void {
    this.scheduler.triggers.storeLost()
  }

  /**
   * Stores the declarations and results in memory in the database that was opened, and reads everything again. Drops
   * the executions if it is another database, whose executions have other states.
   */
  storeFound(isOther: boolean): void {
    if (isOther) this.#ports.heartbeat.registeredAgain()
    this.#code.forget()
    this.executor.acquirer.limits.forget()
    this.#code.record()
    void this.scheduler.storeFound()
    void this.graphs.storeFound()
    void this.crons.storeFound()
    void this.batches.lookAgain()
    this.recover()
    this.ends.check()
  }

  renewLeases(): void {
    this.scheduler.triggers.renewLeases()
    this.graphs.renewLeases()
  }

  /** Acquires the executions of dead engines, if the settings permit it. */
  recover(): void {
    void this.executor.waits.loop.lookAgain()
    this.executor.limits.look()
    this.executor.acquirer.wake(this.#ports.config.recoveryEnabled)
  }

  underWay(): readonly string[] {
    return [...this.executor.underWay(), ...this.scheduler.underWay()]
  }

  /**
   * Starts nothing, and lets other engines take the rest. Resolves when the running work has ended and its results are
   * stored, but waits at most 2 s for polls. While other work runs, results of later polls are stored as well.
   */
  async drain(isPolling: boolean, graceMs: number): Promise<void> {
    this.#chains.drain()
    this.crons.stop()
    this.batches.stop()
    const pollWaitMs = Math.min(graceMs, MAX_POLL_WAIT_MS)
    const ended = this.scheduler.drain()
    const polls = pollWaitMs === 0 ? null : settledWithin(ended, pollWaitMs, this.#ports.clock)
    const results = [this.scheduler.writes.drain(), this.inbox.drain()]
    const drained = Promise.all([polls, this.graphs.drain(pollWaitMs), this.executor.drain(), ...results])
    void this.#code.handOver(isPolling)
    if (isPolling) this.scheduler.triggers.handOver()
    await drained
    // Results that arrived in the meantime.
    await Promise.all([this.scheduler.writes.drain(), this.inbox.drain()])
  }

  /** Drops later outcomes. Resolves with the names of known results that the database rejected again. */
  async stop(): Promise<readonly string[]> {
    const lost = [...(await this.scheduler.stop())]
    await this.graphs.stop()
    lost.push(...(await this.executor.stop()), ...(await this.inbox.stop()))
    this.#workflowsChanged?.cancel()
    return lost
  }
}
