/**
 * Simulated process: a store with one or two engines, each with its own scripts, Python and alerts. The program starts,
 * kills, suspends, continues and stops it. After its end none of its callbacks runs again.
 */

import { EngineAlerts } from '../../src/alerts/engine-alerts.ts'
import { Engine } from '../../src/engine/engine.ts'
import { type EngineEventMap, type EngineEventName, EngineEvents } from '../../src/engine/engine-events.ts'
import type { TaskRequest } from '../../src/engine/ports.ts'
import type { Store } from '../../src/engine/store.ts'
import { codec } from '../../src/native/index.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { LoadedScripts } from '../../src/runner/loaded-scripts.ts'
import type { Coverage } from './coverage.ts'
import { DatabaseRefusals } from './database-refusals.ts'
import { declarationsOf, SCRIPT } from './declarations.ts'
import type { ProcessLoop, ScheduledCallback, SimulationLoop } from './loop.ts'
import { isDeclaredIn, type Program, type ProgramProcess } from './program.ts'
import { SeededRandom } from './random.ts'
import { type PythonObserver, ScriptedPython } from './scripted-python.ts'
import { type Machine, SimulatedClock } from './simulated-clock.ts'
import { simulatedPredicates } from './simulated-predicates.ts'
import type { SimulatedReceivers } from './simulated-receivers.ts'
import { simulatedStore } from './simulated-store.ts'

/** Observer of the actions of engines. */
export interface EngineObserver extends PythonObserver {
  committed(process: SimulatedProcess): void
  /** Called when an operation of the store has failed. */
  failed(process: SimulatedProcess, operation: string, thrown: unknown): void
  ended(process: SimulatedProcess): void
  event<Name extends EngineEventName>(engine: SimulatedEngine, name: Name, event: EngineEventMap[Name]): void
  nested(marker: string, workflow: string): void
}

export interface ProcessPorts {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly machine: Machine
  readonly observer: EngineObserver
  readonly coverage: Coverage
  readonly receivers: SimulatedReceivers
  readonly openStore: (process: SimulatedProcess) => Promise<Store>
  /** Returns how many attempts of a task have ended with `TryLater`, as stored. */
  readonly triesLater: (executionId: string, taskId: string) => number
  /** Rolls back the transactions of the killed process, and ignores its later statements. */
  readonly abandonStore: (process: SimulatedProcess) => void
  readonly number: number
}

export interface SimulatedEngine {
  readonly id: string
  readonly process: SimulatedProcess
  readonly engine: Engine
  readonly python: ScriptedPython
  readonly scripts: LoadedScripts
  readonly alerts: EngineAlerts
}

const GRACE_MS = 5_000
const START_AGAIN_MS = 500
const SCRIPT_FILE = '/simulated/jobs.py'
const TASK_TIMEOUT_MS = 5_000
const PARK_MS = 2_000
/** Maximum number of attempts of a task that may end with `TryLater`. */
export const MAX_TRIES_LATER = 4

export class SimulatedProcess {
  readonly spec: ProgramProcess
  readonly loop: ProcessLoop
  readonly clock: SimulatedClock
  readonly random: SeededRandom
  readonly pid: number
  readonly startedAt: number
  readonly engines: SimulatedEngine[] = []
  /** Whether polls must not fire, which is true at the end of a run. */
  isQuiet = false
  /** Whether a suspension, a long refusal or a short stop may have cost its engines leases, executions and outcomes. */
  isTroubled = false
  /** Whether the process was killed, suspended or stopped without its grace. Results in its memory may be lost. */
  isCutOff = false
  state: 'starting' | 'running' | 'stopping' | 'ended' = 'starting'
  /** Simulated time since which it is running. */
  runningSince = Number.POSITIVE_INFINITY
  generation: number
  generationToLoad: number
  readonly refusals: DatabaseRefusals
  readonly #ports: ProcessPorts
  #store: Store | null = null
  #failsToLoad = false
  #loading: Promise<void> = Promise.resolve()
  #startAgain: ScheduledCallback | null = null

  constructor(spec: ProgramProcess, ports: ProcessPorts) {
    this.spec = spec
    this.#ports = ports
    this.generation = spec.generation
    this.generationToLoad = spec.generation
    this.loop = ports.loop.process(spec.name)
    this.clock = new SimulatedClock(ports.loop, this.loop, ports.machine, () => undefined)
    this.random = new SeededRandom(`${ports.program.seed} ${spec.name}`)
    this.pid = 1_000 + ports.number
    this.startedAt = 100_000 + ports.number
    this.refusals = new DatabaseRefusals({
      now: () => ports.loop.now,
      refused: (statement) => ports.coverage.fault(`refuse ${statement}`, spec.name),
      committed: () => ports.observer.committed(this),
      kill: () => this.kill(),
    })
  }

  get machine(): Machine {
    return this.#ports.machine
  }

  get isSuspended(): boolean {
    return this.loop.state === 'suspended'
  }

  get isServing(): boolean {
    return this.state === 'running' && this.spec.role === 'serve'
  }

  /** Engine that receives the requests of callers, or null. */
  get first(): SimulatedEngine | null {
    return this.state === 'running' || this.state === 'stopping' ? (this.engines[0] ?? null) : null
  }

  /** Opens the database and starts the engines. Repeats this until both succeed. */
  start(): void {
    this.#loading = this.#start().catch(() => {
      this.#startAgain = this.loop.timer(this.#ports.loop.now + START_AGAIN_MS, () => this.start())
    })
  }

  async #start(): Promise<void> {
    if (this.state === 'ended' || this.state === 'stopping') return
    if (this.#store === null) {
      const opened = await this.#ports.openStore(this)
      const { loop, coverage, program, observer } = this.#ports
      this.#store = simulatedStore(opened, {
        ...{ loop, process: this.loop, coverage, random: this.random, answerWithinMs: program.answerWithinMs },
        failed: (operation, thrown) => observer.failed(this, operation, thrown),
      })
      for (let index = 0; index < this.spec.engines; index++) this.#addEngine(this.#store, index)
    }
    this.state = 'running'
    this.runningSince = Math.min(this.runningSince, this.#ports.loop.now)
    if (this.spec.role === 'client') return
    await Promise.all(this.engines.map((each) => each.scripts.load([SCRIPT], {})))
    await Promise.all(this.engines.map((each) => this.#startEngine(each)))
  }

  async #startEngine({ engine }: SimulatedEngine): Promise<void> {
    if (this.state !== 'running') return
    await engine.start()
  }

  #addEngine(store: Store, index: number): void {
    const { program, loop, coverage, observer, receivers, triesLater } = this.#ports
    const id = `${this.spec.name}.${index}`
    const registry = new LiveRegistry()
    const events = new EngineEvents(() => undefined)
    const python = new ScriptedPython({
      engine: id,
      program,
      loop,
      engineLoop: this.loop,
      observer,
      coverage,
      monotonic: () => this.clock.monotonic(),
      isQuiet: () => this.isQuiet,
      declares: (kind, name) => this.#declares(kind, name),
      triesLater,
      execute: (workflow, inputText, request) => this.#execute(made, workflow, inputText, request),
    })
    const scripts = new LoadedScripts({
      registry,
      clock: this.clock,
      graceMs: GRACE_MS,
      hosts: this.#scriptHosts(),
      namedFiles: () => [],
      notice: () => undefined,
    })
    const newId = this.random.uuid
    const alertPorts = { store: store.incidents, events, clock: this.clock, warn: () => undefined, newId }
    const { receivers: _, ...options } = program.alerts
    const alerts = new EngineAlerts(receivers.targets(this.loop), options, alertPorts)
    const engine = new Engine({
      incidents: alerts.policy,
      store,
      host: python,
      clock: this.clock,
      codec,
      registry,
      events,
      newId,
      predicates: simulatedPredicates(() => this.#ports.loop.now, this.loop),
      instanceId: newId(),
      random: this.random.next,
      config: this.#config(),
    })
    const made: SimulatedEngine = { id, process: this, engine, python, scripts, alerts }
    for (const name of OBSERVED_EVENTS) events.on(name, (event) => this.#observe(made, name, event))
    this.engines.push(made)
  }

  #observe<Name extends EngineEventName>(made: SimulatedEngine, name: Name, event: EngineEventMap[Name]): void {
    if (this.state !== 'ended') this.#ports.observer.event(made, name, event)
  }

  #config() {
    const { retentionMs } = this.#ports.program
    return {
      maxConcurrentTasks: this.spec.slots,
      taskTimeoutMs: TASK_TIMEOUT_MS,
      pollDeadlineMs: 10_000,
      // This limit applies to real computing time, which is not simulated.
      predicateTimeoutMs: 60_000,
      cronPollIntervalMs: 10_000,
      cronRecoveryIntervalMs: 5_000,
      cronLostThresholdMs: 5_000,
      parkMs: PARK_MS,
      triesLater: MAX_TRIES_LATER,
      ...(retentionMs !== null && {
        retention: {
          skippedMs: retentionMs,
          failedMs: retentionMs,
          endedMs: retentionMs,
          firingsMs: retentionMs,
          scheduleTimesMs: null,
          keysMs: null,
          signalsMs: null,
        },
      }),
    }
  }

  #declares(kind: 'workflow' | 'trigger' | 'source' | 'graph', name: string): boolean {
    const { program } = this.#ports
    const lists = { workflow: program.workflows, trigger: program.triggers, source: program.sources }
    if (kind === 'graph') return program.reactors.some(({ graph }) => graph === name)
    return lists[kind].some(
      (each) => ('key' in each ? each.key : each.name) === name && isDeclaredIn(each, this.generation),
    )
  }

  async #execute(made: SimulatedEngine, workflow: string, inputText: string, { slot }: TaskRequest): Promise<void> {
    const { nested } = JSON.parse(inputText) as { readonly nested: string }
    this.#ports.observer.nested(nested, workflow)
    await made.engine.execute(workflow, inputText, { callerSlot: slot, timeoutMs: 60_000 })
  }

  /** Returns the hosts of scripts. A load takes simulated time, and a script that fails keeps its old generation. */
  #scriptHosts(): ConstructorParameters<typeof LoadedScripts>[0]['hosts'] {
    const { loop, program } = this.#ports
    let wanted = this.generation
    return {
      expect: () => Promise.resolve(),
      unload: () => Promise.resolve(),
      load: ({ script }) =>
        new Promise((resolve) => {
          const fails = this.#failsToLoad
          wanted = this.generationToLoad
          this.loop.answer(loop.now + this.random.int(20, 600), () => {
            if (!fails) this.generation = wanted
            const broken = { type: 'SyntaxError', message: 'invalid', traceback: '', place: null, unmet: null } as never
            const declared = declarationsOf(program, this.generation)
            resolve({
              loaded: { ...declared, script, files: [SCRIPT_FILE], fault: fails ? broken : null, twins: [] },
              isServed: true,
            })
          })
        }),
    }
  }

  /** Loads another generation of the code. */
  reload(generation: number, fails: boolean): void {
    if (!this.isServing) return
    this.generationToLoad = generation
    this.#failsToLoad = fails
    const reloaded = this.engines.map(({ scripts }) => scripts.reload([SCRIPT], [SCRIPT_FILE]))
    const earlier = this.#loading
    this.#loading = Promise.allSettled(reloaded).then(() => earlier)
  }

  /** Ends the process between two turns of its event loop. */
  kill(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.isTroubled = true
    this.isCutOff = true
    this.loop.end()
    for (const { python } of this.engines) python.end()
    this.#ports.coverage.forget(this.spec.name)
    this.#ports.observer.ended(this)
    this.#ports.abandonStore(this)
  }

  suspend(withPython: boolean): void {
    if (this.loop.state !== 'running') return
    this.loop.state = 'suspended'
    this.isTroubled = true
    this.isCutOff = true
    if (withPython) for (const { python } of this.engines) python.suspend()
  }

  resume(): void {
    if (this.loop.state === 'suspended') this.loop.state = 'running'
    for (const { python } of this.engines) python.resume()
  }

  /** Stops the engines and closes the store, as `Runner.close` does. */
  async stop(graceMs: number): Promise<void> {
    if (this.state !== 'running') return
    this.state = 'stopping'
    if (graceMs < GRACE_MS) {
      this.isTroubled = true
      this.isCutOff = true
    }
    await Promise.all(
      this.engines.map(async ({ engine, alerts }) => {
        await engine.stop({ graceMs }).catch(() => undefined)
        await alerts.close(GRACE_MS)
      }),
    )
    await this.#loading
    this.#startAgain?.cancel()
    await this.#store?.close().catch(() => undefined)
    this.ended()
  }

  /** Descriptions of timers and listeners that are left after a stop. */
  readonly leftovers: string[] = []

  private ended(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.leftovers.push(...this.loop.pendingTimers.map((label) => `a timer (${label})`))
    if (this.clock.listeners > 0) this.leftovers.push(`${this.clock.listeners} listeners for the wall clock`)
    this.loop.end()
    for (const { python } of this.engines) python.end()
    this.#ports.coverage.forget(this.spec.name)
    this.#ports.observer.ended(this)
  }

  /** Refuses the writes of the process to the database for a time. */
  refuseFor(code: string, forMs: number): void {
    this.isTroubled = true
    this.refusals.refuseFor(code, forMs)
  }

  loseInterpreter(forMs: number): void {
    for (const { python } of this.engines) python.loseInterpreter(forMs)
  }
}

const OBSERVED_EVENTS = ['executionFinished', 'taskFinished', 'triggerFired', 'cronFired'] as const
