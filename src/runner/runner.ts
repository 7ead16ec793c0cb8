/** `Runner`: composition root of the engine. */

import { Alerts } from '../alerts/alerts.ts'
import type { Trigger } from '../authoring/types/trigger.ts'
import type { AnyWorkflow, InputOf } from '../authoring/types/workflow.ts'
import type { LoadTarget } from '../border/protocol.ts'
import type { Engine } from '../engine/engine.ts'
import type { ExecuteOptions } from '../engine/engine-options.ts'
import { assertEventName, type EngineEventMap, type EngineEventName, EngineEvents } from '../engine/events.ts'
import type { Clock, PollRequest, RunGraphRequest, Store } from '../engine/ports.ts'
import { toError, UsageError } from '../errors.ts'
import type { Measurements } from '../metrics/measurements.ts'
import { numberArgument, shownValue, textArgument } from '../model/arguments.ts'
import {
  type ContextText,
  checkedContextText,
  contextTextOf,
  EMPTY_CONTEXT,
  type JsonObject,
} from '../model/context.ts'
import type { PollOutcome, PollTest } from '../model/trigger.ts'
import { codecNotice } from '../native/index.ts'
import { LiveRegistry } from '../registry/live-registry.ts'
import { onlyWorkflows } from '../registry/only-workflows.ts'
import { openSpans } from '../tracing/open-spans.ts'
import type { Spans } from '../tracing/spans.ts'
import { clockOf, databasePlace, defaultDurability, openScripting, type Scripting } from './composition.ts'
import { makeEngine, openStore } from './engine-composition.ts'
import { openModules } from './hosts/open-modules.ts'
import { type ExecuteArguments, REGISTERED_SCRIPT, registerValues } from './hosts/registering.ts'
import { ScriptHosts } from './hosts/script-hosts.ts'
import { TaskTargets } from './hosts/task-targets.ts'
import { UnboundNames } from './hosts/unbound-names.ts'
import { WorkflowInputs } from './hosts/workflow-inputs.ts'
import { KeepAlive } from './keep-alive.ts'
import { allGood, LoadedScripts, type LoadOptions, type ReloadReport, type ScriptReport } from './loaded-scripts.ts'
import { harmless, type LogSink, watchForLog } from './log-lines.ts'
import { requireNode } from './node-version.ts'
import { type CheckedOptions, hostLimits, type RunnerOptions, runnerOptions } from './options.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import { closed, unknownTrigger } from './refusals.ts'
import { RunnerActions } from './resources/actions.ts'
import { RunnerAlerts } from './resources/alerts.ts'
import { RunnerExecutions } from './resources/executions.ts'
import { RunnerGraphs } from './resources/graphs.ts'
import { RunnerInstances } from './resources/instances.ts'
import { pollTest } from './resources/poll-test.ts'
import { RunnerReactors } from './resources/reactors.ts'
import { RunnerSchedules } from './resources/schedules.ts'
import { RunnerSources } from './resources/sources.ts'
import { RunnerTriggers } from './resources/triggers.ts'
import { RunnerWorkflows } from './resources/workflows.ts'
import { type ExecutionResult, executionResult, type ResultOf } from './results.ts'
import { commandEnvironment } from './start/script-process.ts'

const GRACE_MS = 30_000
/** How long the end of a runner waits for alerts and spans that are on their way. */
const SENT_WITHIN_MS = 5_000
const STACKS_WITHIN_MS = 5_000
/** At a stop whose grace is over. */
const LATE_STACKS_WITHIN_MS = 1_000

interface RunnerParts {
  readonly store: Store
  readonly events: EngineEvents
  readonly clock: Clock
  readonly alerts: Alerts | null
  readonly spans: Spans | null
}

/**
 * Engine as a library: opens a database, loads scripts, polls their triggers and runs their workflows. Contexts are
 * JavaScript values; `contextText` is their exact text.
 */
export class Runner {
  readonly triggers: RunnerTriggers
  readonly workflows: RunnerWorkflows
  readonly executions: RunnerExecutions
  readonly schedules: RunnerSchedules
  readonly instances: RunnerInstances
  readonly alerts: RunnerAlerts
  readonly actions: RunnerActions
  readonly sources: RunnerSources
  readonly reactors: RunnerReactors
  readonly graphs: RunnerGraphs
  readonly #options: CheckedOptions
  readonly #registry: LiveRegistry
  readonly #store: Store
  readonly #engine: Engine
  readonly #events: EngineEvents
  readonly #clock: Clock
  readonly #log: LogSink
  readonly #alerts: Alerts | null
  readonly #spans: Spans | null
  readonly #scripts: LoadedScripts
  readonly #alive = new KeepAlive()
  readonly #hosts: ScriptHosts
  readonly #unbound: UnboundNames
  readonly #inputs: WorkflowInputs
  #isStarted = false
  #serving: Disposable | undefined
  #closed: Promise<void> | null = null

  private constructor(options: CheckedOptions, { store, events, clock, alerts, spans }: RunnerParts) {
    this.#options = options
    const log = options.log ?? (() => undefined)
    this.#store = store
    this.#registry = new LiveRegistry()
    const targets = new TaskTargets(this.#registry, () => this.#scripts.targets)
    this.#inputs = new WorkflowInputs(this.#registry, () => this.#hosts.modulesNow)
    this.#hosts = new ScriptHosts({
      openPython: (stopping, scripts) => this.#openPython(stopping, scripts),
      openModules: () => openModules({ ...options, log }, clock, this),
      ...{ targets, inputs: this.#inputs, restrictions: options.restrictions, loading: () => this.#scripts.loading },
    })
    this.#scripts = new LoadedScripts({
      registry: this.#registry,
      clock,
      hosts: this.#hosts,
      namedFiles: () => targets.namedFiles(),
      notice: (message) => log({ level: 'warn', message }),
      graceMs: options.reloadGraceMs ?? GRACE_MS,
    })
    this.#unbound = new UnboundNames(this.#registry, targets, log)
    this.#log = log
    this.#events = events
    this.#clock = clock
    this.#alerts = alerts
    this.#spans = spans
    if (codecNotice !== null) this.#log({ level: 'info', message: codecNotice })
    const registry = this.#registry
    this.#engine = makeEngine({
      ...{ store, host: this.#hosts.host, settings: options.config ?? {}, streams: options.streams, events, clock },
      checkInput: (workflow, contextText) => this.#inputs.checked(workflow, contextText),
      registry: options.onlyWorkflows === undefined ? registry : onlyWorkflows(registry, options.onlyWorkflows),
    })
    this.triggers = new RunnerTriggers(this.#alive, this.#engine, registry)
    this.workflows = new RunnerWorkflows(this.#alive, this.#engine, store)
    this.executions = new RunnerExecutions(this.#alive, this.#engine)
    this.schedules = new RunnerSchedules(this.#alive, this.#engine)
    this.instances = new RunnerInstances(this.#alive, this.#engine)
    this.alerts = new RunnerAlerts(this.#alive, store)
    this.actions = new RunnerActions(this.#alive, store)
    this.sources = new RunnerSources(this.#alive, this.#engine)
    this.reactors = new RunnerReactors(this.#alive, this.#engine)
    const run = async (request: RunGraphRequest) => (await this.#hosts.python()).host.runGraph(request)
    this.graphs = new RunnerGraphs(this.#alive, this.#engine, registry, run)
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
    const log = harmless(checked.log)
    const events = new EngineEvents()
    // Where nobody reads a log, what a listener throws is a warning of the process: it is not lost.
    if (checked.log !== undefined) watchForLog(events, log)
    const clock = clockOf(events)
    const notice = (message: string): void => log({ level: 'warn', message })
    const store = await openStore(databasePlace(checked), durability, clock, notice, checked.readOnly)
    const alerts = checked.readOnly
      ? null
      : Alerts.of(checked.alerts ?? {}, { store: store.alerts, clock, warn: notice, environment: commandEnvironment })
    alerts?.watch(events)
    const spans = await openSpans(clock, notice)
    spans?.watch(events)
    return new Runner({ ...checked, log }, { store, events, clock, alerts, spans })
  }

  /**
   * Loads a file, all files of a folder, or a module by name. Loads as much as possible, then throws the first
   * `ScriptError`.
   */
  async load(place: string, options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    return allGood(await this.loadAll([textArgument(place, 'place')], options))
  }

  /**
   * Loads files, folders and modules, and the scripts whose functions their tasks run. If a script cannot be loaded,
   * its report contains the error.
   */
  async loadAll(places: readonly string[], options: LoadOptions = {}): Promise<readonly ScriptReport[]> {
    using _hold = this.#alive.hold()
    if (!Array.isArray(places)) {
      throw new UsageError(
        'INVALID_ARGUMENT',
        `"places" must be an array of strings, but ${shownValue(places)} was given.`,
      )
    }
    for (const [index, place] of places.entries()) textArgument(place, `places[${index}]`)
    return await this.#scripts.load(places, options)
  }

  /**
   * Updates the scripts of these files, folders and modules: reloads scripts with changed files, loads new scripts
   * and removes deleted ones. If reloading fails, the old version stays in use.
   */
  async reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    using _hold = this.#alive.hold()
    const report = await this.#scripts.reload(places, changedFiles)
    const loaded = new Set(report.loaded.map(({ script }) => script))
    this.#unbound.report(({ script }) => loaded.has(script))
    return report
  }

  /** Starts polling triggers and running workflows, and keeps the process alive until `close`. */
  async start(): Promise<void> {
    using _hold = this.#alive.hold()
    // If scripts are still loading, the caller calls `start` again afterwards, and the places are checked then.
    if (this.#scripts.loading === null) this.#hosts.requireMatches([...this.#scripts.targets.values()])
    if (!this.#isStarted) this.#unbound.await(this.#scripts.loading)
    this.#isStarted = true
    await this.#engine.start()
    if (this.#closed === null) this.#alerts?.watchLateness((byMs) => this.#engine.triggers.overdue(byMs))
    if (this.#closed === null) this.#serving ??= this.#alive.hold()
  }

  /**
   * Adds TypeScript workflows and triggers to those of the loaded scripts, and loads the Python scripts that their
   * tasks name. If the default function of a script calls this method, the workflows and triggers become part of that
   * script.
   *
   * @throws `UsageError`: `INVALID_ARGUMENT` for another value, `DECLARED_TWICE` for a repeated name, `EMPTY_WORKFLOW`
   *   for a workflow without tasks. `ScriptError` for a Python script that cannot be loaded.
   */
  async register(...values: readonly (AnyWorkflow | Trigger)[]): Promise<void> {
    using _hold = this.#alive.hold()
    const isInUse = await registerValues(await this.#hosts.modules(), this.#registry, values)
    if (isInUse) allGood(await this.#scripts.loadNamed())
    if (this.#isStarted) this.#unbound.report(({ script }) => script === REGISTERED_SCRIPT)
  }

  /**
   * Runs a workflow and waits for its result. A failed task is a result (`status`), not an error. Works without
   * `start`: then no other workflows run and no triggers are polled.
   *
   * @param workflow Name of a workflow, or a TypeScript workflow, which gives the context and the result their types.
   * @param context Initial context, checked by the workflow's `input`. Default: empty.
   * @throws `UsageError`: `WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT`, or `EXECUTION_TIMEOUT` after `timeoutMs`
   *   milliseconds.
   */
  async execute<const Flow extends AnyWorkflow | string>(
    workflow: Flow,
    ...[context, options]: ExecuteArguments<InputOf<Flow>>
  ): Promise<ResultOf<Flow>> {
    const name = typeof workflow === 'string' ? workflow : workflow?.name
    return (await this.#execute(
      name,
      contextTextOf((context === undefined ? {} : context) as JsonObject),
      options,
    )) as ResultOf<Flow>
  }

  /** Runs a workflow like `execute`, with the exact JSON text of the context. Throws `INVALID_CONTEXT`. */
  async executeText(workflow: string, contextText = EMPTY_CONTEXT): Promise<ExecutionResult> {
    return await this.#execute(workflow, checkedContextText(contextText))
  }

  async #execute(workflow: string, contextText: ContextText, options?: ExecuteOptions): Promise<ExecutionResult> {
    using _hold = this.#alive.hold()
    textArgument(workflow, 'workflow')
    const timeoutMs = options?.timeoutMs ?? null
    if (timeoutMs !== null) numberArgument(timeoutMs, 'timeoutMs', 0)
    await this.#engine.enter()
    return executionResult(await this.#engine.execute(workflow, contextText, options))
  }

  /** Polls a trigger once, without recording the poll or starting the workflow. Throws `TRIGGER_NOT_FOUND`. */
  async poll(trigger: string): Promise<PollOutcome> {
    return (await this.testPoll(trigger)).outcome
  }

  /** Polls a trigger like `poll`, and also returns its output, log records and duration. */
  async testPoll(trigger: string): Promise<PollTest> {
    const { triggers } = this.#registry.current()
    const definition = triggers.get(textArgument(trigger, 'trigger'))
    if (definition === undefined) throw unknownTrigger(trigger, triggers.keys())
    if (!this.#isStarted) this.#unbound.reportMisspelt(definition)
    return await pollTest(definition, this.#engine.config, this.#clock, (request) => this.#poll(request))
  }

  async #poll(request: PollRequest): Promise<PollOutcome> {
    using _hold = this.#alive.hold()
    const outcome = await this.#hosts.host.poll(request)
    if (outcome.kind !== 'notEntered') return outcome
    if (this.#closed === null) throw unknownTrigger(request.trigger, this.#registry.current().triggers.keys())
    throw closed()
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
    if (typeof listener !== 'function') {
      throw new UsageError('INVALID_ARGUMENT', `"listener" must be a function, but ${shownValue(listener)} was given.`)
    }
    return this.#events.on(name, listener)
  }

  /** Checks that the database can be written and an interpreter answers, within 5,000 ms by default. Never rejects. */
  async readiness(withinMs = STACKS_WITHIN_MS): Promise<Readiness> {
    using _hold = this.#alive.hold()
    return await readinessOf(this.#engine, this.#hosts, withinMs)
  }

  /** Returns live counters since the runner was opened, and the current state. Reads only memory. */
  measure(): Measurements {
    const { counters } = this.#store
    const host = this.#hosts.pythonNow?.host.measure() ?? null
    return { engine: this.#events.counters, store: counters, now: this.#engine.health.gauges(), host }
  }

  /** Logs the state of each interpreter, and what each suspended stack waits for, with its Python frames. */
  async logStacks(withinMs = STACKS_WITHIN_MS): Promise<void> {
    try {
      const scripting = await this.#hosts.pythonSettled()
      for (const message of (await scripting?.host.describeStacks(withinMs)) ?? [])
        this.#log({ level: 'info', message })
    } catch (thrown) {
      // A stop goes on without it.
      this.#log({
        level: 'warn',
        message: `Cannot log the stacks of the interpreters: ${toError(thrown).message}`,
      })
    }
  }

  /** Stops polling, waits up to `graceMs` (default 30,000) for running tasks, and releases everything. Idempotent. */
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
    // What keeps a stop waiting is what one wants to know then.
    let report: Promise<void> | null = null
    const late = this.#clock.wakeAfter(graceMs, () => {
      if (graceMs > 0) report = this.logStacks(LATE_STACKS_WITHIN_MS)
    })
    try {
      await this.#engine.stop({ graceMs })
    } finally {
      late.cancel()
      await report
      // Also when the database refuses the engine's last words: nothing may be left open.
      await this.#hosts.close((message) => this.#log({ level: 'error', message }))
      await Promise.all([this.#alerts?.close(SENT_WITHIN_MS), this.#spans?.flush(SENT_WITHIN_MS)])
      await this.#store.close()
    }
  }

  #openPython(stopping: AbortSignal, scripts: () => readonly LoadTarget[]): Promise<Scripting> {
    return openScripting({
      argv: [''],
      ...{ pythonChoice: this.#options.python, pythonFor: this.#options.pythonFor },
      ...{ interpreters: this.#options.interpreters ?? 1, restrictions: this.#options.restrictions },
      ...{ stopping, scripts, isProgram: false },
      ...{ limits: hostLimits(this.#options), secrets: this.#options.secrets, streams: this.#options.streams },
      served: { database: databasePlace(this.#options), engine: this.#engine },
      startsRunners: this.#options.scriptRunners ?? true,
      notServed: (script) => this.#registry.removeScript(script),
      reloaded: (loaded) => void this.#registry.replaceScript(loaded.script, loaded),
      quarantined: (script, culprit, reason) => this.#events.emit('scriptQuarantined', { script, culprit, reason }),
      ...(this.#options.stdoutTo && { stdoutTo: this.#options.stdoutTo }),
      prefixesOutput: this.#options.prefixOutput ?? false,
      durability: this.#options.durability ?? defaultDurability(),
      registry: this.#registry,
      clock: this.#clock,
      watch: (events) => {
        watchForLog(events, this.#log)
        this.#alerts?.watch(events)
        this.#spans?.watch(events)
      },
      notice: (message) => this.#log({ level: 'warn', message }),
      preparing: (message, isDone) => this.#log({ level: 'info', message, progress: isDone ? 'ended' : 'under way' }),
    })
  }
}
