/**
 * The engine as a library: opens a database, loads scripts, polls their triggers and runs their workflows.
 * A composition root; what it hands out are values. Contexts in this API are JavaScript values, and `contextText`
 * is the exact text.
 */

import { Alerts } from '../alerts/alerts.ts'
import type { Engine, ExecuteOptions } from '../engine/engine.ts'
import { assertEventName, type EngineEventMap, type EngineEventName, EngineEvents } from '../engine/events.ts'
import type { Clock, PollRequest, RunGraphRequest, ScriptHost, Store } from '../engine/ports.ts'
import { StartOnce } from '../engine/start-once.ts'
import { toError, UsageError } from '../errors.ts'
import { lateHost } from '../host/late-host.ts'
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
import { type RegistryProblem, unboundTriggers } from '../registry/registry.ts'
import { openSpans } from '../tracing/open-spans.ts'
import type { Spans } from '../tracing/spans.ts'
import { clockOf, databasePlace, defaultDurability, openScripting, type Scripting } from './composition.ts'
import { makeEngine, openStore } from './engine-composition.ts'
import { KeepAlive } from './keep-alive.ts'
import { LoadedScripts, type ReloadReport, type ScriptReport } from './loaded-scripts.ts'
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
import { type ExecutionResult, executionResult } from './results.ts'

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
  readonly #scripting = new StartOnce(() => this.#openScripting())
  readonly #stopping = new AbortController()
  #isStarted = false
  #serving: Disposable | undefined
  #closed: Promise<void> | null = null

  private constructor(options: CheckedOptions, { store, events, clock, alerts, spans }: RunnerParts) {
    this.#options = options
    this.#store = store
    this.#registry = new LiveRegistry()
    this.#scripts = new LoadedScripts({
      registry: this.#registry,
      clock,
      graceMs: options.reloadGraceMs ?? GRACE_MS,
      python: async () => (await this.#startPython()).host,
    })
    this.#log = options.log ?? (() => undefined)
    this.#events = events
    this.#clock = clock
    this.#alerts = alerts
    this.#spans = spans
    if (codecNotice !== null) this.#log({ level: 'info', message: codecNotice })
    const registry = this.#registry
    this.#engine = makeEngine({
      ...{ store, host: this.#scriptHost(), settings: options.config ?? {}, streams: options.streams, events, clock },
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
    const run = async (request: RunGraphRequest) => (await this.#startPython()).host.runGraph(request)
    this.graphs = new RunnerGraphs(this.#alive, this.#engine, registry, run)
  }

  /** The wall clock of the engine, epoch milliseconds. */
  now(): number {
    return this.#clock.now()
  }

  /** Opens the database. Python is started by the first `load`, polling by `start`. Throws `UsageError` or `StoreError`. */
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
      : Alerts.of(checked.alerts ?? {}, { store: store.alerts, clock, warn: notice })
    alerts?.watch(events)
    const spans = await openSpans(clock, notice)
    spans?.watch(events)
    return new Runner({ ...checked, log }, { store, events, clock, alerts, spans })
  }

  /**
   * Loads a file, every file of a folder, or a module by name. Throws the first `ScriptError` after everything that is
   * good was loaded.
   */
  async load(place: string): Promise<readonly ScriptReport[]> {
    const reports = await this.loadAll([textArgument(place, 'place')])
    const failed = reports.find((report) => report.error !== null)
    if (failed?.error) throw failed.error
    return reports
  }

  /**
   * Loads files, folders and modules; a script that cannot be loaded is in its report, and the others are in use. `lagging` is
   * called when one of several takes longer than 5 s: the next one begins, and what is loaded so far may be served by `start`.
   */
  async loadAll(
    places: readonly string[],
    { lagging = () => undefined }: { readonly lagging?: () => void } = {},
  ): Promise<readonly ScriptReport[]> {
    using _hold = this.#alive.hold()
    if (!Array.isArray(places)) {
      throw new UsageError(
        'INVALID_ARGUMENT',
        `"places" must be an array of strings, but ${shownValue(places)} was given.`,
      )
    }
    for (const [index, place] of places.entries()) textArgument(place, `places[${index}]`)
    return await this.#scripts.load(places, lagging)
  }

  /**
   * Brings the scripts of these places in step with their files: scripts that a changed file is part of are reloaded, new
   * ones are loaded, those whose files are gone are removed. A script that cannot be reloaded stays what it was.
   */
  async reload(places: readonly string[], changedFiles: readonly string[]): Promise<ReloadReport> {
    using _hold = this.#alive.hold()
    const report = await this.#scripts.reload(places, changedFiles)
    const loaded = new Set(report.loaded.map(({ script }) => script))
    this.#reportUnboundTriggers(({ script }) => loaded.has(script))
    return report
  }

  /** Begins to poll triggers and to run what is unfinished, and keeps the process alive until `close`. Once. */
  async start(): Promise<void> {
    using _hold = this.#alive.hold()
    if (!this.#isStarted) this.#bindTriggers()
    this.#isStarted = true
    await this.#engine.start()
    if (this.#closed === null) this.#alerts?.watchLateness((byMs) => this.#engine.triggers.overdue(byMs))
    if (this.#closed === null) this.#serving ??= this.#alive.hold()
  }

  /**
   * Runs a workflow and waits for its end. A failed task is a result (`status`), not an error. Needs no `start`, and
   * starts nothing else: no trigger is polled, and no schedule fires.
   */
  async execute(
    workflow: string,
    context: JsonObject = {},
    options: { readonly timeoutMs?: number | null } = {},
  ): Promise<ExecutionResult> {
    return await this.#execute(workflow, contextTextOf(context), options)
  }

  /** Runs a workflow with the exact text of a context, as Python would hand it over. Throws `INVALID_CONTEXT`. */
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

  /** Polls a trigger once, without starting or recording anything. */
  async poll(trigger: string): Promise<PollOutcome> {
    return (await this.testPoll(trigger)).outcome
  }

  /** The same with what the poll printed and logged, and how long it took. */
  async testPoll(trigger: string): Promise<PollTest> {
    const { triggers } = this.#registry.current()
    const definition = triggers.get(textArgument(trigger, 'trigger'))
    if (definition === undefined) throw unknownTrigger(trigger, triggers.keys())
    return await pollTest(definition, this.#engine.config, this.#clock, (request) => this.#poll(request))
  }

  async #poll(request: PollRequest): Promise<PollOutcome> {
    using _hold = this.#alive.hold()
    const { host } = await this.#startPython()
    const outcome = await host.poll(request)
    if (outcome.kind !== 'notEntered') return outcome
    if (this.#closed === null) throw unknownTrigger(request.trigger, this.#registry.current().triggers.keys())
    throw closed()
  }

  /** What is running now: `trigger 'name'` for a poll, `task 'id' of workflow 'name'` for a task. */
  get underWay(): readonly string[] {
    return this.#engine.underWay()
  }

  /**
   * Calls the listener at each event of a name. Returns a function that ends it. What a listener throws breaks nothing and
   * becomes a `trouble` event. Throws `INVALID_ARGUMENT` for an unknown name.
   */
  on<Name extends EngineEventName>(name: Name, listener: (event: EngineEventMap[Name]) => void): () => void {
    assertEventName(name)
    if (typeof listener !== 'function') {
      throw new UsageError('INVALID_ARGUMENT', `"listener" must be a function, but ${shownValue(listener)} was given.`)
    }
    return this.#events.on(name, listener)
  }

  /** Whether polling and running go on: the database takes a write, and an interpreter answers within this time. Never rejects. */
  async readiness(withinMs = STACKS_WITHIN_MS): Promise<Readiness> {
    using _hold = this.#alive.hold()
    return await readinessOf(this.#engine, this.#scripting.result, withinMs)
  }

  /** Everything in numbers: counters since it was opened, which count on, and how it is now. Reads nothing but memory. */
  measure(): Measurements {
    const { counters } = this.#store
    const host = this.#scripting.result?.host.measure() ?? null
    return { engine: this.#events.counters, store: counters, now: this.#engine.health.gauges(), host }
  }

  /** Logs what each interpreter does and what each suspended stack waits for, with its Python frames. */
  async logStacks(withinMs = STACKS_WITHIN_MS): Promise<void> {
    try {
      const scripting = await this.#scripting.settled()
      for (const message of (await scripting?.host.describeStacks(withinMs)) ?? [])
        this.#log({ level: 'info', message })
    } catch (thrown) {
      // A stop goes on without it.
      this.#log({ level: 'warn', message: `What the interpreters do is not known: ${toError(thrown).message}` })
    }
  }

  /** Stops polling, lets running tasks end within the grace (30 s), and releases everything. Idempotent. */
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
    this.#stopping.abort()
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
      const scripting = await this.#scripting.settled()
      await scripting?.runners.close((message) => this.#log({ level: 'error', message }))
      await scripting?.host.close()
      await Promise.all([this.#alerts?.close(SENT_WITHIN_MS), this.#spans?.flush(SENT_WITHIN_MS)])
      await this.#store.close()
    }
  }

  /** While scripts are being loaded, triggers wait whose workflow may come with them. */
  #bindTriggers(): void {
    const { loading } = this.#scripts
    if (loading === null) {
      this.#reportUnboundTriggers()
      return
    }
    this.#registry.awaitWorkflows(true)
    void loading.then(() => {
      this.#registry.awaitWorkflows(false)
      this.#reportUnboundTriggers()
    })
  }

  /** A trigger may be loaded before its workflow, so this is asked when everything is. */
  #reportUnboundTriggers(isMeant: (problem: RegistryProblem) => boolean = () => true): void {
    for (const { message, script } of unboundTriggers(this.#registry.current()).filter(isMeant)) {
      this.#log({ level: 'warn', message, facts: { script } })
    }
  }

  /** One that failed is tried again by the next who needs Python. */
  async #startPython(): Promise<Scripting> {
    if (this.#closed !== null) throw closed()
    try {
      return await this.#scripting.done()
    } catch (error) {
      throw this.#stopping.signal.aborted ? closed() : error
    }
  }

  #openScripting(): Promise<Scripting> {
    return openScripting({
      argv: [''],
      interpreters: this.#options.interpreters ?? 1,
      stopping: this.#stopping.signal,
      isProgram: false,
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
      preparing: (message) => this.#log({ level: 'info', message }),
    })
  }

  /** The interpreters, started by the first script: the engine asks for nothing before. */
  #scriptHost(): ScriptHost {
    return lateHost(
      () => this.#scripting.result?.host,
      () => this.#startingHost(),
    )
  }

  /** What runs during a stop may go on to its end. */
  async #startingHost(): Promise<ScriptHost> {
    return ((await this.#scripting.settled()) ?? (await this.#startPython())).host
  }
}
