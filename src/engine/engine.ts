/**
 * Composes the loops, the services and the periodic work of an engine. The runner uses it, and through the runner
 * scripts and the command line.
 *
 * States, and the moves:
 *   open              -> entered    enter, start: the engine is registered, and runs only calls of `execute`
 *   entered           -> serving    start: the loops poll triggers, fire schedules, and run all executions
 *   open              -> stopping   stop
 *   entered, serving  -> stopping   stop: no work begins, and running work may end within the grace
 *   stopping          -> closed     leases and executions are released; each later call rejects
 *
 * Triggers, schedules and executions can be read and changed from `open` on. A call of `execute` waits for `enter`, and
 * a submitted execution for `start`. Each part that is started adds its release to a list. The caller closes the store
 * and the host.
 */

import { StoreError, UsageError } from '../errors.ts'
import type { ContextText } from '../model/context.ts'
import type { Execution } from '../model/execution.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { declaredWorkflow } from '../registry/registry.ts'
import { ActionRequests } from './actions/action-requests.ts'
import { InputChecks } from './actions/input-checks.ts'
import { type EngineConfig, engineConfig } from './engine-config.ts'
import { EngineEvents } from './engine-events.ts'
import type { EngineExecuteOptions, EngineOptions, EnginePorts, ExecutionStart } from './engine-options.ts'
import { Heartbeat } from './heartbeat.ts'
import { FailureReports } from './incidents/failure-reports.ts'
import { IncidentWatch } from './incidents/incident-watch.ts'
import { Loops } from './loops.ts'
import { settledWithin } from './periodic.ts'
import { Health } from './services/engine-health.ts'
import { KeyedStarts, removedExecutionError, type Started } from './services/executions/keyed-starts.ts'
import { makeServices, type Services } from './services/services.ts'
import { StartOnce } from './start-once.ts'
import { limitedError, newExecution } from './starts/firing-context.ts'
import type { StoreChange } from './store.ts'
import { keepAlive, startUpkeep } from './upkeep/upkeep.ts'

const MAX_NAMES_IN_MESSAGE = 6

export class Engine {
  readonly instanceId: string
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly services: Services
  readonly health: Health
  readonly #ports: EnginePorts
  readonly #loops: Loops
  readonly #inputs: InputChecks
  readonly #keyed: KeyedStarts
  readonly #incidents: IncidentWatch
  readonly #releases: (() => void)[] = []
  #state: 'open' | 'entered' | 'serving' | 'stopping' | 'closed' = 'open'
  readonly #entered = new StartOnce(() => this.#enter())
  readonly #started = new StartOnce(() => this.#start())
  #stopped: Promise<void> | null = null

  constructor(options: EngineOptions) {
    const { hold = () => ({ [Symbol.dispose]: () => undefined }), config, ...given } = options
    const parts = {
      events: new EngineEvents(),
      instanceId: crypto.randomUUID(),
      newId: () => crypto.randomUUID(),
      random: Math.random,
      streams: {},
      limits: {},
      checkInput: async () => null,
      incidents: null,
      loaded: options.registry,
      ...given,
      config: engineConfig(config),
    }
    const { instanceId, store, clock } = parts
    const reportLost = new FailureReports(parts).lostEngines(() => clock.now())
    const ports: EnginePorts = { ...parts, heartbeat: new Heartbeat(instanceId, store, clock, reportLost) }
    this.#ports = ports
    this.instanceId = ports.instanceId
    this.config = ports.config
    this.events = ports.events
    const loops = new Loops(ports, (workflow, text) => this.#checked(workflow, text))
    this.#loops = loops
    const watched = { triggers: loops.scheduler.triggers, deadlines: loops.executor.deadlines }
    this.#incidents = new IncidentWatch(ports, watched)
    this.#releases.push(() => this.#incidents.stop())
    const requests = new ActionRequests(ports)
    this.#releases.push(() => requests.stop())
    this.#inputs = new InputChecks(ports, requests)
    this.#inputs.serve(loops.inbox)
    this.#keyed = new KeyedStarts(ports, (workflow, text) => this.#checked(workflow, text))
    const { executor, scheduler, batches, graphs, ends, inbox, crons: cronScheduler } = loops
    const submit = (workflow: WorkflowDefinition, text: ContextText, options: ExecutionStart) =>
      this.startExecution(workflow, text, options)
    const loopsOfServices = { executor, scheduler, batches, graphs, ends, inbox, cronScheduler }
    const served = { ...loopsOfServices, requests, inputs: this.#inputs, submit }
    this.services = makeServices(ports, served, () => {
      this.#assertOpen()
      return hold()
    })
    this.health = new Health(ports, loops, () => this.#assertOpen())
  }

  static async start(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options)
    await engine.start()
    return engine
  }

  /** Starts polling and running. Resolves when the declarations are stored. May be repeated, also after a failure. */
  async start(): Promise<void> {
    this.#assertOpen()
    await this.#entered.done()
    await this.#started.done()
  }

  /** Runs only executions requested with `execute`, without polls and schedules. May be repeated, as `start`. */
  async enter(): Promise<void> {
    this.#assertOpen()
    await this.#entered.done()
  }

  async #enter(): Promise<void> {
    const { store, registry, clock, heartbeat } = this.#ports
    await heartbeat.open()
    if (this.#state !== 'open') return
    this.#state = 'entered'
    this.#releases.push(
      registry.onChange(
        () => void clock.attempt('applying the declarations of the scripts', () => this.#loops.registryChanged()),
      ),
    )
    this.#releases.push(store.onForeignChange(() => this.#loops.storeChanged()))
    this.#releases.push(
      store.onDatabaseChange(
        (change) => void clock.attempt('watching the database', () => this.#databaseChanged(change)),
      ),
    )
    this.#releases.push(
      ...keepAlive(this.#ports, {
        renewLeases: () => this.#loops.renewLeases(),
        recover: () => this.#loops.recover(),
      }),
    )
    this.#incidents.start()
    this.#loops.enter()
  }

  async #start(): Promise<void> {
    if (this.#state !== 'entered') return
    this.#state = 'serving'
    const { executor, crons } = this.#loops
    this.#incidents.serve()
    this.#releases.push(...startUpkeep(this.#ports, crons, () => executor.acquirer.wake()))
    await this.#loops.start()
  }

  /** Starts a run and waits for its end. Its tasks have no outputs: `getExecution` returns them. */
  async execute(workflow: string, inputText: ContextText, options: EngineExecuteOptions = {}): Promise<Execution> {
    const definition = this.#declared(workflow)
    if (options.key !== undefined) return await this.#executeOnce(definition, inputText, options.key, options)
    const checkedText = await this.#checked(definition, inputText)
    const id = this.#ports.newId()
    const ended = this.#loops.ends.until(id, false)
    this.#loops.executor.acquirer.ask(id)
    options.callerSlot?.release()
    const accepted = this.#submit(id, definition, checkedText, options.priority)
    const cancelTimeout = this.#limitWait({ id, workflow, ended }, accepted, options.timeoutMs)
    try {
      this.#loops.ends.accepting(id, accepted)
      return await ended
    } finally {
      cancelTimeout()
      await options.callerSlot?.acquire()
    }
  }

  /** Starts a run once for the key, and waits for the end of the run that has the key. */
  async #executeOnce(
    definition: WorkflowDefinition,
    inputText: ContextText,
    key: string,
    { callerSlot, timeoutMs, priority }: EngineExecuteOptions,
  ): Promise<Execution> {
    const { executor, ends } = this.#loops
    const workflow = definition.key
    callerSlot?.release()
    try {
      const { id, isReplayed } = await this.#keyed.start(definition, inputText, key, priority)
      const waiting = isReplayed ? ends.begin(id) : { ended: ends.until(id) }
      // Also a run that was started earlier: its engine may have died.
      executor.acquirer.ask(id)
      executor.acquirer.made(id)
      const wait = await waiting
      if (wait === null) throw removedExecutionError(workflow, key, id)
      const cancelTimeout = this.#limitWait({ id, workflow, ended: wait.ended }, Promise.resolve(), timeoutMs)
      return await wait.ended.finally(cancelTimeout)
    } finally {
      await callerSlot?.acquire()
    }
  }

  /** Starts a run. Resolves with its id when it is accepted. */
  async submit(workflow: string, inputText: ContextText, options: ExecutionStart = {}): Promise<string> {
    return (await this.startExecution(this.#declared(workflow), inputText, options)).id
  }

  /** Starts a run of a workflow whose code may be in another process. Resolves with its id when it is accepted. */
  async submitDefinition(definition: WorkflowDefinition, inputText: ContextText): Promise<string> {
    return (await this.startExecution(definition, inputText)).id
  }

  /** Starts a run, or returns the run that was started first with the key. Resolves when it is accepted. */
  async startExecution(
    definition: WorkflowDefinition,
    inputText: ContextText,
    { key, priority }: ExecutionStart = {},
  ): Promise<Started> {
    this.#assertOpen()
    if (key !== undefined) {
      const started = await this.#keyed.start(definition, inputText, key, priority)
      if (!started.isReplayed) this.#acquire(definition, started.id)
      return started
    }
    const checkedText = await this.#checked(definition, inputText)
    const id = this.#ports.newId()
    await this.#submit(id, definition, checkedText, priority)
    return { id, isReplayed: false }
  }

  /** Returns the input as the workflow makes it. */
  async #checked(definition: WorkflowDefinition, inputText: ContextText): Promise<ContextText> {
    this.#assertOpen()
    const checkedText = await this.#inputs.checked(definition, inputText)
    this.#assertOpen()
    return checkedText
  }

  /**
   * Stops polling, waits for running tasks up to the grace and for polls up to 2 s of it, releases the rest, and
   * rejects waiting calls. Later calls reject with `RUNNER_CLOSED`. Rejects with `DATABASE_FAILED` if the database did
   * not accept a result within the grace; the log names it. Idempotent.
   */
  stop(options: { readonly graceMs: number }): Promise<void> {
    this.#stopped ??= this.#stop(options.graceMs)
    return this.#stopped
  }

  async #stop(graceMs: number): Promise<void> {
    const isPolling = this.#state === 'serving' && this.config.pollingEnabled
    this.#state = 'stopping'
    // A running start may still register the instance; its caller receives its error.
    await this.#entered.settled()
    await this.#started.settled()
    const { store, clock, instanceId, heartbeat } = this.#ports
    const drained = this.#loops.drain(isPolling, graceMs)
    if (graceMs > 0) await settledWithin(drained, graceMs, clock)
    const { executor, scheduler } = this.#loops
    const cutTasks = executor.underWay()
    const lost = await this.#loops.stop()
    // Without the polls whose results are stored or lost.
    const cut = [...cutTasks, ...scheduler.underWay()]
    for (const release of this.#releases.reverse()) release()
    this.#state = 'closed'
    this.#loops.ends.stop(closed())
    if (heartbeat.hasBegun) await store.closeInstance(instanceId, clock.now())
    this.events.emit('stopped', { cut, at: clock.now() })
    if (lost.length === 0) return
    const results = lost.length === 1 ? '1 result' : `${lost.length} results`
    const rest = lost.length > MAX_NAMES_IN_MESSAGE ? '; …' : ''
    const named = lost.slice(0, MAX_NAMES_IN_MESSAGE).join('; ')
    const message = `The database rejected ${results} until the engine stopped: ${named}${rest}.`
    throw new StoreError('DATABASE_FAILED', message)
  }

  underWay(): readonly string[] {
    return this.#loops.underWay()
  }

  /** Rejects for every error of the submission, since the caller already waits. */
  async #submit(id: string, definition: WorkflowDefinition, inputText: ContextText, priority?: number): Promise<void> {
    const { store, clock, codec } = this.#ports
    const execution = newExecution(id, definition, inputText, codec, priority)
    const created = store.createExecution(execution, { kind: 'call' }, clock.now())
    this.#acquire(definition, id)
    const result = await created
    if (result.kind === 'limited') throw limitedError(execution, result)
  }

  #acquire(definition: WorkflowDefinition, id: string): void {
    const { acquirer } = this.#loops.executor
    if (this.#ports.registry.current().workflows.has(definition.key)) acquirer.made(id)
    else acquirer.wake()
  }

  #declared(workflow: string): WorkflowDefinition {
    this.#assertOpen()
    return declaredWorkflow(this.#ports.registry.current(), workflow)
  }

  /** Returns a function that ends the limit. An execution that is not accepted yet is awaited first, or its error. */
  #limitWait(
    { id, workflow, ended }: { readonly id: string; readonly workflow: string; readonly ended: Promise<Execution> },
    accepted: Promise<void>,
    timeoutMs = this.config.workflowTimeoutMs,
  ): () => void {
    if (timeoutMs === null) return () => undefined
    const timer = this.#ports.clock.wakeAfter(timeoutMs, () => {
      const message = `Workflow timeout after ${timeoutMs / 1_000}s: "${workflow}" is still running, and will continue.`
      const error = new UsageError('EXECUTION_TIMEOUT', message, { workflow, executionId: id })
      // Ignored: the caller receives the refusal
      void accepted.then(() => this.#loops.ends.stopWaiting(id, ended, error)).catch(() => undefined)
    })
    return () => timer.cancel()
  }

  #databaseChanged(change: StoreChange): void {
    if (change.kind === 'lost') {
      this.events.emit('trouble', { during: 'checking the database', error: change.error, retryAt: null })
      this.#loops.storeLost()
      return
    }
    const message = `Database "${change.path}" is back; polling continues.`
    this.events.emit('warning', { code: 'DATABASE_FOUND', message })
    this.#loops.storeFound(change.isOther)
  }

  #assertOpen(): void {
    if (this.#state === 'stopping' || this.#state === 'closed') throw closed()
  }
}

function closed(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was shut down. Open a new one.')
}
