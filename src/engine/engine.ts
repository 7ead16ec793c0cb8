/**
 * The engine: composes the two loops, the cron loop, graphs and the periodic work over the ports, and is the API for those
 * who ask it to act (the runner, and through it scripts and the command line).
 *
 * States, and the moves:
 *   open     -> running   enter: the instance is entered, and what is asked for by `execute` is run, and nothing else
 *   open     -> running   start: the same, and then the loops begin: triggers, cron, and everybody's executions
 *   open     -> closed    stop
 *   running  -> stopping  stop: nothing new begins, what runs may end within the grace
 *   stopping -> closed    the instance gives back what it holds; every call rejects from now on
 * Reading and changing triggers, schedules and executions works from `open` on; an execution that is asked for before
 * `enter` waits for it, and one that is only submitted for `start`. Everything that is started puts its release on a list. The store and the host belong to the
 * caller and are not closed.
 */

import { UsageError } from '../errors.ts'
import type { ContextText } from '../model/context.ts'
import type { Execution, ExecutionSummary } from '../model/execution.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { declaredWorkflow } from '../registry/registry.ts'
import { ActionInbox } from './actions/action-inbox.ts'
import { ActionRequests } from './actions/action-requests.ts'
import { type EngineConfig, engineConfig } from './config.ts'
import { CronCalls } from './cron/cron-calls.ts'
import { CronScheduler } from './cron/cron-scheduler.ts'
import type { EngineOptions, ExecuteOptions } from './engine-options.ts'
import { EngineEvents } from './events.ts'
import { AnnouncedCode } from './executions/announced-code.ts'
import { Executor } from './executions/executor.ts'
import { RunEnds, unknownExecution } from './executions/run-ends.ts'
import { newExecution } from './firing-context.ts'
import { GraphCalls } from './graphs/graph-calls.ts'
import { Graphs } from './graphs/graphs.ts'
import { Heartbeat } from './heartbeat.ts'
import { within } from './periodic.ts'
import type { ExecutionFilter, Page, StoreChange, Timer } from './ports.ts'
import { StartOnce } from './start-once.ts'
import { ExecutionSteering } from './steering/execution-steering.ts'
import { Health } from './steering/health.ts'
import { InputChecks } from './steering/input-checks.ts'
import { InstanceCalls } from './steering/instance-calls.ts'
import { ScheduleSteering } from './steering/schedule-steering.ts'
import { TriggerSteering } from './steering/trigger-steering.ts'
import { Scheduler } from './triggers/scheduler.ts'
import { TriggerCalls } from './triggers/trigger-calls.ts'
import { keepAlive, startUpkeep } from './upkeep/upkeep.ts'

type Ports = Required<Omit<EngineOptions, 'config'>> & { readonly config: EngineConfig }

export class Engine {
  readonly instanceId: string
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly triggers: TriggerCalls
  readonly crons: CronCalls
  readonly executions: ExecutionSteering
  readonly triggerSteering: TriggerSteering
  readonly scheduleSteering: ScheduleSteering
  readonly instances: InstanceCalls
  readonly health: Health
  readonly graphs: GraphCalls
  readonly #ports: Ports
  readonly #heartbeat: Heartbeat
  readonly #executor: Executor
  readonly #scheduler: Scheduler
  readonly #cronScheduler: CronScheduler
  readonly #graphs: Graphs
  readonly #code: AnnouncedCode
  readonly #ends: RunEnds
  readonly #inbox: ActionInbox
  readonly #inputs: InputChecks
  readonly #releases: (() => void)[] = []
  #state: 'open' | 'running' | 'stopping' | 'closed' = 'open'
  readonly #entered = new StartOnce(() => this.#enter())
  readonly #started = new StartOnce(() => this.#start())
  #isServing = false
  #isPolling = false
  #stopped: Promise<void> | null = null
  #hasInstance = false
  #workflowsChanged: Timer | null = null

  constructor(options: EngineOptions) {
    const ports: Ports = {
      events: new EngineEvents(),
      instanceId: crypto.randomUUID(),
      newId: () => crypto.randomUUID(),
      random: Math.random,
      streams: {},
      checkInput: async () => null,
      ...options,
      config: engineConfig(options.config),
    }
    this.#ports = ports
    this.instanceId = ports.instanceId
    this.config = ports.config
    this.events = ports.events
    const heartbeat = new Heartbeat(ports)
    this.#heartbeat = heartbeat
    heartbeat.onDeclaredDead(() => this.#scheduler.triggers.declaredDead())
    this.#executor = new Executor({ ...ports, heartbeat }, (execution) => this.#ends.ended(execution))
    this.#ends = new RunEnds({
      ...ports,
      isRunning: (id) => this.#executor.isRunning(id),
      onGone: (id) => this.#executor.acquirer.forget(id),
    })
    const { fired } = this.#executor.acquirer
    this.#scheduler = new Scheduler({ ...ports, heartbeat, onLeased: () => this.#inbox.look() }, fired)
    this.#cronScheduler = new CronScheduler(ports, fired)
    this.#graphs = new Graphs({ ...ports, heartbeat }, fired)
    this.#code = new AnnouncedCode(ports)
    this.#inbox = new ActionInbox(ports)
    const assertOpen = (): void => this.#assertOpen()
    this.triggers = new TriggerCalls(ports.store, this.#scheduler.triggers, assertOpen)
    this.graphs = new GraphCalls(ports, this.#graphs, assertOpen)
    this.crons = new CronCalls(ports, this.#cronScheduler, assertOpen)
    const requests = new ActionRequests(ports.store, ports.clock)
    this.#releases.push(() => requests.stop())
    this.#inputs = new InputChecks({ ...ports, requests })
    const parts = { executor: this.#executor, ends: this.#ends, scheduler: this.#scheduler, inputs: this.#inputs }
    const steering = { ...ports, ...parts, requests }
    this.executions = new ExecutionSteering(steering, assertOpen)
    this.triggerSteering = new TriggerSteering({ ...steering, triggers: this.triggers, crons: this.crons }, assertOpen)
    this.scheduleSteering = new ScheduleSteering({ ...ports, crons: this.crons })
    for (const served of [this.executions, this.triggerSteering, this.#inputs]) served.serve(this.#inbox)
    this.instances = new InstanceCalls(ports, assertOpen)
    this.health = new Health({ ...steering, heartbeat, graphs: this.#graphs }, assertOpen)
  }

  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options)
    await engine.start()
    return engine
  }

  /**
   * Begins to poll and to run. Settles when what the code declares is in the store. Later calls settle with the first;
   * one that was refused by the database may be repeated.
   */
  async start(): Promise<void> {
    this.#assertOpen()
    await this.#entered.done()
    await this.#started.done()
  }

  /** Runs what callers here ask for with `execute`: no trigger is polled, no schedule fires. May be repeated, as `start`. */
  async enter(): Promise<void> {
    this.#assertOpen()
    await this.#entered.done()
  }

  async #enter(): Promise<void> {
    const { store, registry, clock } = this.#ports
    await this.#heartbeat.open()
    this.#hasInstance = true
    if (this.#state !== 'open') return
    this.#state = 'running'
    this.#releases.push(
      registry.onChange(
        () => void clock.attempt('applying the declarations of the scripts', () => this.#registryChanged()),
      ),
    )
    this.#releases.push(() => this.#workflowsChanged?.cancel())
    this.#releases.push(store.onForeignChange(() => this.#storeChanged()))
    this.#releases.push(
      store.onDatabaseChange(
        (change) => void clock.attempt('watching the database', () => this.#databaseChanged(change)),
      ),
    )
    this.#ends.watch()
    this.#releases.push(
      ...keepAlive(this.#ports, this.#heartbeat, {
        renewLeases: () => this.#renewLeases(),
        recover: () => this.#executor.acquirer.wake(this.config.recoveryEnabled),
      }),
    )
    this.#code.record(this.#isServing)
    this.#executor.acquirer.start()
  }

  async #start(): Promise<void> {
    if (this.#state !== 'running') return
    if (!this.#isServing) {
      const wake = (): void => this.#executor.acquirer.wake()
      this.#releases.push(...startUpkeep(this.#ports, this.#heartbeat, this.#cronScheduler, wake))
    }
    this.#isServing = true
    // First of all, in the same step: its share of the triggers depends on it.
    const announced = this.#code.tell()
    this.#executor.acquirer.serve()
    this.#inbox.start()
    this.#isPolling = this.config.pollingEnabled
    const graphs = this.#graphs.start(this.#isPolling)
    if (!this.#isPolling) return
    const crons = this.config.cronEnabled ? this.#cronScheduler.start() : null
    await Promise.all([announced, graphs, this.#scheduler.start(), crons])
  }

  /** Starts a run and waits for its end. Its tasks come without outputs: `getExecution` has them. */
  async execute(workflow: string, inputText: ContextText, options: ExecuteOptions = {}): Promise<Execution> {
    const definition = this.#declared(workflow)
    const checkedText = await this.#inputs.checked(definition, inputText)
    this.#assertOpen()
    const id = this.#ports.newId()
    const ended = this.#ends.until(id, false)
    this.#executor.acquirer.ask(id)
    options.callerSlot?.release()
    const accepted = this.#submit(id, definition, checkedText)
    const cancelTimeout = this.#limitWait(id, workflow, accepted, options.timeoutMs)
    try {
      this.#ends.accepting(id, accepted)
      return await ended
    } finally {
      cancelTimeout()
      await options.callerSlot?.acquire()
    }
  }

  /** Starts a run, and settles with its id when it is accepted. */
  async submit(workflow: string, inputText: ContextText): Promise<string> {
    return await this.submitDefinition(this.#declared(workflow), inputText)
  }

  /** Starts a run of a workflow whose code may be in another process, and settles with its id when it is accepted. */
  async submitDefinition(definition: WorkflowDefinition, inputText: ContextText): Promise<string> {
    this.#assertOpen()
    const checkedText = await this.#inputs.checked(definition, inputText)
    this.#assertOpen()
    const id = this.#ports.newId()
    await this.#submit(id, definition, checkedText)
    return id
  }

  /** Waits for the end of a run, whoever carries it out, and does nothing else. Rejects with `EXECUTION_NOT_FOUND`. */
  async waitFor(id: string): Promise<Execution> {
    const execution = await this.getExecution(id)
    if (execution === null) throw unknownExecution(id)
    if (execution.endedAt !== null) return execution
    this.#assertOpen()
    const ended = this.#ends.until(id)
    this.#ends.watch()
    // It may have ended between the check and the wait.
    this.#ends.check()
    return await ended
  }

  async getExecution(id: string): Promise<Execution | null> {
    this.#assertOpen()
    return this.#ports.store.getExecution(id)
  }

  /** Newest first. */
  async listExecutions(page: Page & ExecutionFilter): Promise<readonly ExecutionSummary[]> {
    this.#assertOpen()
    return this.#ports.store.listExecutions(page)
  }

  /**
   * Stops polling, lets what runs end within the grace, gives the rest back to the store, and rejects whoever still
   * waits. Every later call rejects with `RUNNER_CLOSED`. Idempotent.
   */
  stop(options: { readonly graceMs: number }): Promise<void> {
    this.#stopped ??= this.#stop(options.graceMs)
    return this.#stopped
  }

  async #stop(graceMs: number): Promise<void> {
    this.#state = 'stopping'
    // A start that is on its way may still enter the instance; how it ends is for its caller.
    await this.#entered.settled()
    await this.#started.settled()
    const { store, clock, instanceId } = this.#ports
    this.#inbox.stop()
    this.#cronScheduler.stop()
    const drained = Promise.all([this.#scheduler.drain(), this.#graphs.drain(), this.#executor.drain()])
    void this.#code.handOver(this.#isPolling)
    if (this.#isPolling) this.#scheduler.triggers.handOver()
    if (graceMs > 0) await within(drained, graceMs, clock)
    const cut = this.underWay()
    this.#scheduler.stop()
    await this.#graphs.stop()
    await this.#executor.stop()
    for (const release of this.#releases.reverse()) release()
    this.#state = 'closed'
    this.#ends.stop(closed())
    if (this.#hasInstance) await store.closeInstance(instanceId, clock.now())
    this.events.emit('stopped', { cut, at: clock.now() })
  }

  /** Tasks and polls that are out, as logs name them. */
  underWay(): readonly string[] {
    return [...this.#executor.underWay(), ...this.#scheduler.underWay()]
  }

  /** What cannot be submitted rejects, whatever it is: somebody waits already. */
  async #submit(id: string, definition: WorkflowDefinition, inputText: ContextText): Promise<void> {
    const { store, clock, registry } = this.#ports
    const created = store.createExecution(newExecution(id, definition, inputText), { kind: 'call' }, clock.now())
    if (registry.current().workflows.has(definition.key)) this.#executor.acquirer.made(id)
    else this.#executor.acquirer.wake()
    await created
  }

  #declared(workflow: string): WorkflowDefinition {
    this.#assertOpen()
    return declaredWorkflow(this.#ports.registry.current(), workflow)
  }

  /** Returns the end of the limit. One that is not accepted yet does not go on: that is waited for, or why not. */
  #limitWait(id: string, workflow: string, accepted: Promise<void>, timeoutMs = this.config.workflowTimeoutMs) {
    if (timeoutMs === null) return () => undefined
    const timer = this.#ports.clock.wakeAfter(timeoutMs, () => {
      const message = `Workflow timeout after ${timeoutMs / 1_000}s: "${workflow}" is still running, and will continue.`
      const error = new UsageError('EXECUTION_TIMEOUT', message, { workflow, executionId: id })
      void accepted.then(() => this.#ends.stopWaiting(id, error)).catch(() => undefined)
    })
    return () => timer.cancel()
  }

  #registryChanged(): void {
    if (this.#isPolling) this.#scheduler.registryChanged()
    this.#graphs.registryChanged()
    void this.#cronScheduler.lookAgain()
    // Once for all declarations of a tick of the event loop: each look at the registry after a change copies it.
    this.#workflowsChanged ??= this.#ports.clock.wakeAfter(0, () => {
      this.#workflowsChanged = null
      this.#code.record(this.#isServing)
      this.#executor.acquirer.wake(this.config.recoveryEnabled)
    })
  }

  /** Another process wrote: schedules, new executions, or the end of one that it runs for a caller of ours. */
  #storeChanged(): void {
    if (this.#isPolling) this.#scheduler.triggers.storeChanged()
    this.#graphs.storeChanged()
    void this.#cronScheduler.lookAgain()
    this.#executor.acquirer.wake()
  }

  /** Lost: nothing is polled, and what is out is kept until it can be stored. Found: what is held in memory is entered and read again. */
  #databaseChanged(change: StoreChange): void {
    if (change.kind === 'lost') {
      this.events.emit('trouble', { during: 'checking the database', error: change.error, retryAt: null })
      this.#scheduler.triggers.storeLost()
      return
    }
    const message = `Database "${change.path}" is back; polling continues.`
    this.events.emit('warning', { code: 'DATABASE_FOUND', message })
    this.#code.forget()
    this.#code.record(this.#isServing)
    if (this.#isPolling) void this.#scheduler.storeFound()
    void this.#graphs.storeFound()
    if (this.#isPolling && this.config.cronEnabled) void this.#cronScheduler.storeFound()
    this.#executor.acquirer.wake(this.config.recoveryEnabled)
    this.#ends.check()
  }

  #renewLeases(): void {
    if (this.#isPolling) this.#scheduler.triggers.renewLeases()
    if (this.#isPolling) this.#graphs.renewLeases()
  }

  #assertOpen(): void {
    if (this.#state === 'stopping' || this.#state === 'closed') throw closed()
  }
}

function closed(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was shut down. Open a new one.')
}
