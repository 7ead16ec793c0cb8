/** `Runner`: composition root of the engine. */

import * as v from 'valibot'
import type { Limit } from '../authoring/types/limit-types.ts'
import type { Trigger } from '../authoring/types/trigger-types.ts'
import type { AnyWorkflow, InputOf } from '../authoring/types/workflow-types.ts'
import type { Clock } from '../engine/clock-port.ts'
import type { Engine } from '../engine/engine.ts'
import { assertEventName, type EngineEventMap, type EngineEventName, EngineEvents } from '../engine/engine-events.ts'
import type { ExecuteOptions } from '../engine/engine-options.ts'
import type { PollRequest } from '../engine/ports.ts'
import type { DatabaseSearch } from '../engine/search/search-service.ts'
import type { Actions } from '../engine/services/action-service.ts'
import type { Incidents, SentAlerts } from '../engine/services/alert-service.ts'
import { type ExecutionResult, executionResult } from '../engine/services/executions/execution-result.ts'
import type { Executions } from '../engine/services/executions/execution-service.ts'
import type { Graphs } from '../engine/services/graph-service.ts'
import type { Instances } from '../engine/services/instance-service.ts'
import type { Limits } from '../engine/services/limit-service.ts'
import type { Reactors } from '../engine/services/reactor-service.ts'
import type { Schedules } from '../engine/services/schedule-service.ts'
import type { Sources } from '../engine/services/source-service.ts'
import type { Triggers } from '../engine/services/trigger-service.ts'
import type { Approvals } from '../engine/services/waits/approval-service.ts'
import type { SendSignalOptions, Signals } from '../engine/services/waits/signal-service.ts'
import type { Workflows } from '../engine/services/workflow-service.ts'
import type { Store } from '../engine/store.ts'
import type { Measurements } from '../metrics/measurements.ts'
import { numberArgument, textArgument } from '../model/arguments.ts'
import {
  type ContextText,
  checkedContextText,
  EMPTY_CONTEXT,
  type JsonObject,
  toContextText,
} from '../model/context.ts'
import type { PollOutcome, PollTest } from '../model/trigger.ts'
import type { SignalReceipt } from '../model/waits.ts'
import { codecNotice } from '../native/index.ts'
import { parseOptions } from '../options/checked.ts'
import { LiveRegistry, type RegistrySource } from '../registry/live-registry.ts'
import { onlyWorkflows } from '../registry/only-workflows.ts'
import { makeRunnerClock } from './composition.ts'
import { makeEngine, openStore } from './engine-composition.ts'
import { EventListeners } from './event-listeners.ts'
import { checkExecuteArguments, type ExecuteArguments } from './hosts/execute-arguments.ts'
import { openModules } from './hosts/open-modules.ts'
import { openPython } from './hosts/open-python.ts'
import { REGISTERED_SCRIPT, registerValues } from './hosts/registering.ts'
import { ScriptHosts } from './hosts/script-hosts.ts'
import { logStacks } from './hosts/stack-log.ts'
import { TaskTargets } from './hosts/task-targets.ts'
import { UnboundNames } from './hosts/unbound-names.ts'
import { WorkflowInputs } from './hosts/workflow-inputs.ts'
import { KeepAlive } from './keep-alive.ts'
import {
  LoadedScripts,
  type LoadOptions,
  type ReloadReport,
  requireAllLoaded,
  type ScriptReport,
  type ServedNames,
  servedNames,
} from './loaded-scripts.ts'
import { type LogSink, watchForLog, withCaughtErrors } from './log/event-log-lines.ts'
import { pollTest, type TestPollOptions } from './poll-test.ts'
import { checkReadiness, type Readiness } from './readiness.ts'
import { runnerClosedError, unknownTriggerError } from './refusals.ts'
import { type CheckedOptions, type RunnerOptions, runnerOptions } from './runner-options.ts'
import { databasePlace, defaultDurability } from './start/database-choice.ts'
import { requireNode } from './start/node-version.ts'
import type { ResultOf } from './workflow-result.ts'

const GRACE_MS = 30_000
const STACKS_WITHIN_MS = 5_000
const LATE_STACKS_WITHIN_MS = 1_000

interface RunnerParts {
  readonly store: Store
  readonly events: EngineEvents
  readonly clock: Clock
  readonly log: LogSink
  readonly listeners: EventListeners
}

/**
 * Engine as a library: opens a database, loads scripts, polls their triggers and runs their workflows. Contexts are
 * JavaScript values; `contextText` is their exact text.
 */
export class Runner {
  readonly triggers: Triggers
  readonly workflows: Workflows
  readonly executions: Executions
  readonly schedules: Schedules
  readonly instances: Instances
  readonly alerts: SentAlerts
  readonly incidents: Incidents
  readonly actions: Actions
  readonly sources: Sources
  readonly reactors: Reactors
  readonly graphs: Graphs
  readonly signals: Signals
  readonly approvals: Approvals
  readonly limits: Limits
  readonly search: DatabaseSearch
  readonly #registry: LiveRegistry
  /** The part of the registry that the engine serves. */
  readonly #served: RegistrySource
  readonly #store: Store
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #log: LogSink
  readonly #listeners: EventListeners
  readonly #scripts: LoadedScripts
  readonly #alive = new KeepAlive()
  readonly #hosts: ScriptHosts
  readonly #unbound: UnboundNames
  #serving: Disposable | undefined
  #closed: Promise<void> | null = null

  private constructor(options: CheckedOptions, { store, events, clock, log, listeners }: RunnerParts) {
    this.#store = store
    this.#registry = new LiveRegistry()
    const registry = this.#registry
    const { onlyWorkflows: selected } = options
    this.#served = selected === undefined ? registry : onlyWorkflows(registry, selected)
    const targets = new TaskTargets(registry, () => this.#scripts.targets)
    const inputs = new WorkflowInputs(registry, () => this.#hosts.modulesNow)
    this.#hosts = new ScriptHosts({
      openPython: (stopping, scripts) => {
        const parts = { engine: this.#engine, registry, clock, log, listeners, stopping, scripts }
        return openPython(options, parts)
      },
      openModules: () => openModules({ ...options, log }, clock, this),
      ...{ targets, inputs, restrictions: options.restrictions, loading: () => this.#scripts.loading },
    })
    this.#scripts = new LoadedScripts({
      ...{ registry, clock },
      hosts: this.#hosts,
      namedFiles: () => targets.namedFiles(),
      notice: (message) => log({ level: 'warn', message }),
      graceMs: options.reloadGraceMs ?? GRACE_MS,
    })
    this.#unbound = new UnboundNames(registry, targets, log, Object.keys(options.limits ?? {}))
    this.#log = log
    this.#clock = clock
    this.#listeners = listeners
    if (codecNotice !== null) log({ level: 'info', message: codecNotice })
    this.#engine = makeEngine({
      ...{ store, host: this.#hosts.host, settings: options.config ?? {}, streams: options.streams, events, clock },
      checkInput: (workflow, contextText) => inputs.checked(workflow, contextText),
      incidents: listeners.incidents,
      limits: options.limits ?? {},
      registry: this.#served,
      loaded: registry,
      hold: () => this.#alive.hold(),
    })
    const { services } = this.#engine
    this.triggers = services.triggers
    this.workflows = services.workflows
    this.executions = services.executions
    this.schedules = services.schedules
    this.instances = services.instances
    this.alerts = services.alerts
    this.incidents = services.incidents
    this.actions = services.actions
    this.sources = services.sources
    this.reactors = services.reactors
    this.graphs = services.graphs
    this.signals = services.signals
    this.approvals = services.approvals
    this.limits = services.limits
    this.search = services.search
  }

  /** Returns the time of the engine, in milliseconds since 1970. */
  now(): number {
    return this.#clock.now()
  }

  /** Opens a database. The first `load` starts Python; `start` starts polling. Throws `UsageError` or `StoreError`. */
  static async open(options: RunnerOptions = {}): Promise<Runner> {
    requireNode()
    const checked = runnerOptions(options)
    const { durability = defaultDurability() } = checked
    const log = withCaughtErrors(checked.log)
    const events = new EngineEvents()
    // Without a log, errors of listeners become warnings of the process, so they are not lost.
    let runner: Runner | null = null
    const isReported = (trigger: string): boolean => {
      return runner === null ? false : runner.#unbound.takeReported(trigger)
    }
    if (checked.log !== undefined) watchForLog(events, log, isReported)
    const clock = makeRunnerClock(events)
    const notice = (message: string): void => log({ level: 'warn', message })
    const store = await openStore(databasePlace(checked), durability, clock, notice, checked.readOnly)
    const listeners = await EventListeners.open({ options: checked, clock, log }, store, events)
    runner = new Runner({ ...checked, log }, { store, events, clock, log, listeners })
    return runner
  }

  /** Loads a file, a folder, or a module by name. Loads as much as possible, then throws the first `ScriptError`. */
  async load(place: string, options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    return requireAllLoaded(await this.loadAll([textArgument(place, 'place')], options))
  }

  /**
   * Loads files, folders and modules, and the scripts whose functions their tasks run. If a script cannot be loaded,
   * its report contains the error.
   */
  async loadAll(places: readonly string[], options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    using _hold = this.#alive.hold()
    return await this.#scripts.load(parseOptions(v.array(v.string()), places, 'places'), options)
  }

  /**
   * Updates the scripts of these files, folders and modules: reloads scripts with changed files, loads new scripts
   * and removes deleted ones. If reloading fails, the old version stays in use.
   */
  async reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    using _hold = this.#alive.hold()
    const report = await this.#scripts.reload(places, changedFiles)
    this.#unbound.reloaded(new Set(report.loaded.map(({ script }) => script)))
    return report
  }

  /** Starts polling triggers and running workflows, and keeps the process alive until `close`. */
  async start(): Promise<void> {
    using _hold = this.#alive.hold()
    // If scripts are still loading, the caller calls `start` again afterwards, and the places are checked then.
    if (this.#scripts.loading === null) this.#hosts.requireMatches([...this.#scripts.targets.values()])
    this.#unbound.start(this.#scripts.loading)
    await this.#engine.start()
    if (this.#closed === null) this.#listeners.started(async () => (await this.readiness()).isReady)
    if (this.#closed === null) this.#serving ??= this.#alive.hold()
  }

  /**
   * Adds TypeScript workflows, triggers and limits to those of the loaded scripts, and loads the Python scripts that
   * their tasks name. If the default function of a script calls this method, they become part of that script.
   *
   * @throws `UsageError`: `INVALID_ARGUMENT` for another value, `DECLARED_TWICE` for a repeated name, `LIMIT_CONFLICT`
   *   for limits with one name and different values, `EMPTY_WORKFLOW` for a workflow without tasks. `ScriptError` for a
   *   Python script that cannot be loaded.
   */
  async register(...values: readonly (AnyWorkflow | Trigger | Limit)[]): Promise<void> {
    using _hold = this.#alive.hold()
    const isInUse = await registerValues(await this.#hosts.modules(), this.#registry, values)
    if (isInUse) requireAllLoaded(await this.#scripts.loadNamed())
    this.#unbound.declared(REGISTERED_SCRIPT)
  }

  /**
   * Runs a workflow and waits for its result. A failed task is a result (`status`), not an error. Works without
   * `start`: then no other workflows run and no triggers are polled.
   *
   * @param workflow Name of a workflow, or a TypeScript workflow, which gives the context and the result their types.
   * @param context Initial context, checked by the workflow's `input`. Default: empty.
   * @param options `key`: the workflow starts once with this key; a call with a known key and an equal context waits
   *   for the first execution and returns its result. `priority`: order among waiting executions.
   * @throws `UsageError`: `WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT`, `KEY_REUSED` if the key was used with another
   *   context, `LIMITED` if the limit of the workflow refuses it, or `EXECUTION_TIMEOUT` after `timeoutMs` ms.
   */
  async execute<const Flow extends AnyWorkflow | string>(
    workflow: Flow,
    ...[context, options]: ExecuteArguments<InputOf<Flow>>
  ): Promise<ResultOf<Flow>> {
    const name = typeof workflow === 'string' ? workflow : workflow?.name
    return (await this.#execute(
      name,
      toContextText((context === undefined ? {} : context) as JsonObject),
      options,
    )) as ResultOf<Flow>
  }

  /** Runs a workflow like `execute`, with the exact JSON text of the context. Throws `INVALID_CONTEXT`. */
  async executeText(workflow: string, contextText = EMPTY_CONTEXT, options?: ExecuteOptions): Promise<ExecutionResult> {
    return await this.#execute(workflow, checkedContextText(contextText), options)
  }

  async #execute(workflow: string, contextText: ContextText, options?: ExecuteOptions): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    checkExecuteArguments(workflow, options)
    await this.#engine.enter()
    return executionResult(await this.#engine.execute(workflow, contextText, options))
  }

  /** Sends a signal; see `Signals.send`. */
  async signal(name: string, options: SendSignalOptions = {}): Promise<SignalReceipt> {
    return await this.signals.send(name, options)
  }

  /** Polls a trigger once, without recording the poll or starting the workflow. Throws `TRIGGER_NOT_FOUND`. */
  async poll(trigger: string): Promise<PollOutcome> {
    return (await this.testPoll(trigger)).outcome
  }

  /**
   * Polls a trigger like `poll`, and also returns its output, log records and duration. A trigger with state starts
   * from `stateText`, or from the stored state. Throws `TRIGGER_HAS_NO_STATE`.
   */
  async testPoll(trigger: string, options: TestPollOptions = {}): Promise<PollTest> {
    const { triggers } = this.#registry.current()
    const definition = triggers.get(textArgument(trigger, 'trigger'))
    if (definition === undefined) throw unknownTriggerError(trigger, triggers.keys())
    this.#unbound.polled(definition)
    return await pollTest(definition, options, {
      config: this.#engine.config,
      clock: this.#clock,
      poll: (request) => this.#poll(request),
      storedState: async (name) => (await this.#store.getState(name))?.text ?? null,
    })
  }

  async #poll(request: PollRequest): Promise<PollOutcome> {
    using _hold = this.#alive.hold()
    const outcome = await this.#hosts.host.poll(request)
    if (outcome.kind !== 'notStarted') return outcome
    if (this.#closed === null) throw unknownTriggerError(request.trigger, this.#registry.current().triggers.keys())
    throw runnerClosedError()
  }

  /** Names of the declarations that this runner serves. @internal */
  get served(): ServedNames {
    return servedNames(this.#served.current())
  }

  /** Running polls and tasks, as `trigger 'name'` and `task 'id' of workflow 'name'`. */
  get underWay(): readonly string[] {
    return this.#engine.underWay()
  }

  /**
   * Calls a listener on each event of a name. Returns a function that removes the listener. An exception of a listener
   * becomes a `trouble` event. Throws `INVALID_ARGUMENT` for an unknown name.
   */
  on<Name extends EngineEventName>(name: Name, listener: (event: EngineEventMap[Name]) => void): () => void {
    assertEventName(name)
    parseOptions(v.function(), listener, 'listener')
    return this.#engine.events.on(name, listener)
  }

  /** Checks that the database can be written and an interpreter answers, within 5,000 ms by default. Never rejects. */
  async readiness(withinMs = STACKS_WITHIN_MS): Promise<Readiness> {
    using _hold = this.#alive.hold()
    return await checkReadiness(this.#engine, this.#hosts, withinMs)
  }

  /** Returns live counters since the runner was opened, and the current state. Reads only memory. */
  measure(): Measurements {
    const { counters } = this.#store
    const host = this.#hosts.pythonNow?.host.measure() ?? null
    return { engine: this.#engine.events.counters, store: counters, now: this.#engine.health.gauges(), host }
  }

  /** Logs the state of each interpreter, and what each suspended stack waits for, with its Python frames. */
  async logStacks(withinMs = STACKS_WITHIN_MS): Promise<void> {
    await logStacks(this.#hosts, this.#log, withinMs)
  }

  /**
   * Stops polling, waits up to `graceMs` (default 30,000) for running tasks and up to 2 s for running polls, and
   * releases everything. Idempotent.
   */
  async close(options: { readonly graceMs?: number } = {}): Promise<void> {
    const graceMs = numberArgument(options.graceMs ?? GRACE_MS, 'graceMs', 0)
    this.#closed ??= this.#close(graceMs).finally(() => this.#serving?.[Symbol.dispose]())
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(graceMs: number): Promise<void> {
    using _hold = this.#alive.hold()
    this.#hosts.stop()
    this.#listeners.stopping()
    let report: Promise<void> | null = null
    const late = this.#clock.wakeAfter(graceMs, () => {
      if (graceMs > 0) report = this.logStacks(LATE_STACKS_WITHIN_MS)
    })
    try {
      await this.#engine.stop({ graceMs })
    } finally {
      late.cancel()
      await report
      // Also if the database rejects the engine's last writes: nothing may be left open.
      await this.#hosts.close((message) => this.#log({ level: 'error', message }))
      await this.#listeners.close()
      await this.#store.close()
    }
  }
}
