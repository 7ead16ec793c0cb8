/**
 * One simulated process: a store, one or two engines on it, each with its own scripts, Python and alerts. It is started,
 * killed, suspended, continued and stopped in order by the program. After its end nothing of it acts again.
 */

import Database from 'better-sqlite3'
import { Alerts } from '../../src/alerts/alerts.ts'
import { Engine } from '../../src/engine/engine.ts'
import { type EngineEventMap, type EngineEventName, EngineEvents } from '../../src/engine/events.ts'
import type { Store, TaskRequest } from '../../src/engine/ports.ts'
import type { Alert } from '../../src/model/alert.ts'
import { codec } from '../../src/native/index.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { LoadedScripts } from '../../src/runner/loaded-scripts.ts'
import type { ConnectionFaults } from '../../src/store/sqlite/file/connection.ts'
import type { Coverage } from './coverage.ts'
import { declarationsOf, SCRIPT } from './declarations.ts'
import type { ProcessLoop, ScheduledCallback, SimulationLoop } from './loop.ts'
import { type Fault, isDeclaredIn, type Program, type ProgramProcess } from './program.ts'
import { SeededRandom } from './random.ts'
import { type PythonObserver, ScriptedPython } from './scripted-python.ts'
import { type Machine, SimulatedClock } from './simulated-clock.ts'
import { simulatedPredicates } from './simulated-predicates.ts'
import { simulatedStore } from './simulated-store.ts'

/** Receives what an engine does. */
export interface EngineObserver extends PythonObserver {
  committed(process: SimulatedProcess): void
  ended(process: SimulatedProcess): void
  event<Name extends EngineEventName>(engine: SimulatedEngine, name: Name, event: EngineEventMap[Name]): void
  alertReceived(engine: SimulatedEngine, alert: Alert): void
  nested(marker: string, workflow: string): void
}

export interface ProcessPorts {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly machine: Machine
  readonly observer: EngineObserver
  readonly coverage: Coverage
  readonly openStore: (process: SimulatedProcess) => Promise<Store>
  /** The process was killed: nothing of it reaches the database any more. */
  readonly abandonStore: (process: SimulatedProcess) => void
  readonly number: number
}

export interface SimulatedEngine {
  readonly id: string
  readonly process: SimulatedProcess
  readonly engine: Engine
  readonly python: ScriptedPython
  readonly scripts: LoadedScripts
  readonly alerts: Alerts | null
}

const GRACE_MS = 5_000
const START_AGAIN_MS = 500
const SCRIPT_FILE = '/simulated/jobs.py'
export const TASK_TIMEOUT_MS = 5_000

export class SimulatedProcess {
  readonly spec: ProgramProcess
  readonly loop: ProcessLoop
  readonly clock: SimulatedClock
  readonly random: SeededRandom
  readonly pid: number
  readonly startedAt: number
  readonly engines: SimulatedEngine[] = []
  /** Polls fire nothing any more. */
  isQuiet = false
  /** Its engines may have lost leases, executions and outcomes: it was suspended, refused for long, or had no time to stop. */
  isTroubled = false
  state: 'starting' | 'running' | 'stopping' | 'ended' = 'starting'
  generation: number
  generationToLoad: number
  readonly #ports: ProcessPorts
  readonly #refusals: {
    readonly statement: string
    readonly code: string
    readonly table: string | null
    timesLeft: number
  }[] = []
  #refusedUntil: { readonly at: number; readonly code: string } | null = null
  #isKilledByCommit = false
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

  /** The engine that a caller reaches. */
  get first(): SimulatedEngine | null {
    return this.state === 'running' || this.state === 'stopping' ? (this.engines[0] ?? null) : null
  }

  /** Opens the database and starts the engines, again and again until both work. */
  start(): void {
    this.#loading = this.#start().catch(() => {
      this.#startAgain = this.loop.timer(this.#ports.loop.now + START_AGAIN_MS, () => this.start())
    })
  }

  async #start(): Promise<void> {
    if (this.state === 'ended' || this.state === 'stopping') return
    if (this.#store === null) {
      const opened = await this.#ports.openStore(this)
      const { loop, coverage, program } = this.#ports
      const ports = { loop, process: this.loop, coverage, random: this.random, answerWithinMs: program.answerWithinMs }
      this.#store = simulatedStore(opened, ports)
      for (let index = 0; index < this.spec.engines; index++) this.#addEngine(this.#store, index)
    }
    this.state = 'running'
    if (this.spec.role === 'client') return
    await Promise.all(this.engines.map((each) => each.scripts.load([SCRIPT], {})))
    await Promise.all(this.engines.map((each) => this.#startEngine(each)))
  }

  async #startEngine({ engine, alerts }: SimulatedEngine): Promise<void> {
    if (this.state !== 'running') return
    await engine.start()
    alerts?.watchLateness((byMs) => engine.triggers.overdue(byMs))
  }

  #addEngine(store: Store, index: number): void {
    const { program, loop, coverage, observer } = this.#ports
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
    const engine = new Engine({
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
    const receiver = { to: 'url' as const, shown: 'a receiver', send: (alert: Alert) => this.#receive(made, alert) }
    const alerts = Alerts.to(
      [receiver],
      { lateByMs: 20_000 },
      { store: store.alerts, clock: this.clock, warn: () => undefined, newId },
    )
    alerts?.watch(events)
    const made: SimulatedEngine = { id, process: this, engine, python, scripts, alerts }
    for (const name of OBSERVED_EVENTS) events.on(name, (event) => this.#observe(made, name, event))
    this.engines.push(made)
  }

  #observe<Name extends EngineEventName>(made: SimulatedEngine, name: Name, event: EngineEventMap[Name]): void {
    if (this.state !== 'ended') this.#ports.observer.event(made, name, event)
  }

  async #receive(made: SimulatedEngine, alert: Alert): Promise<void> {
    const { loop, observer } = this.#ports
    await new Promise<void>((resolve, reject) => {
      const isReceived = this.random.chance(0.8)
      this.loop.answer(loop.now + 50, () => {
        if (!isReceived) return reject(new Error('the receiver refused'))
        observer.alertReceived(made, alert)
        resolve()
      })
    })
  }

  #config() {
    const { retentionMs } = this.#ports.program
    return {
      maxConcurrentTasks: this.spec.slots,
      taskTimeoutMs: TASK_TIMEOUT_MS,
      pollDeadlineMs: 10_000,
      // Computing time, which is not simulated.
      predicateTimeoutMs: 60_000,
      cronPollIntervalMs: 10_000,
      cronRecoveryIntervalMs: 5_000,
      cronLostThresholdMs: 5_000,
      ...(retentionMs !== null && {
        retention: { skippedMs: retentionMs, failedMs: retentionMs, endedMs: retentionMs, firingsMs: retentionMs },
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

  /** Loading takes time, and a script that fails keeps its old generation. */
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

  /** The process ends between two turns of its event loop. */
  kill(): void {
    if (this.state === 'ended') return
    this.state = 'ended'
    this.isTroubled = true
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
    if (withPython) for (const { python } of this.engines) python.suspend()
  }

  resume(): void {
    if (this.loop.state === 'suspended') this.loop.state = 'running'
    for (const { python } of this.engines) python.resume()
  }

  /** Stops in order, as `Runner.close` does. */
  async stop(graceMs: number): Promise<void> {
    if (this.state !== 'running') return
    this.state = 'stopping'
    if (graceMs < GRACE_MS) this.isTroubled = true
    await Promise.all(
      this.engines.map(async ({ engine, alerts }) => {
        await engine.stop({ graceMs }).catch(() => undefined)
        await alerts?.close(GRACE_MS)
      }),
    )
    await this.#loading
    this.#startAgain?.cancel()
    await this.#store?.close().catch(() => undefined)
    this.ended()
  }

  /** Leftovers of an ordered stop, as sentences. */
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

  killAfterCommit(): void {
    this.#isKilledByCommit = true
  }

  refuse(fault: Extract<Fault, { readonly kind: 'refuse' }>): void {
    this.#refusals.push({ statement: fault.statement, code: fault.code, table: fault.table, timesLeft: fault.times })
  }

  refuseFor(code: string, forMs: number): void {
    this.isTroubled = true
    this.#refusedUntil = { at: this.#ports.loop.now + forMs, code }
  }

  /** Whether its database refuses writes for a time, such as on a full disk. */
  get isRefused(): boolean {
    return this.#refusedUntil !== null && this.#ports.loop.now < this.#refusedUntil.at
  }

  /** The database refuses nothing any more. */
  endRefusals(): void {
    this.#refusals.length = 0
    this.#refusedUntil = null
    this.#isKilledByCommit = false
  }

  loseInterpreter(forMs: number): void {
    for (const { python } of this.engines) python.loseInterpreter(forMs)
  }

  /** Between the store and SQLite. */
  readonly connectionFaults: ConnectionFaults = {
    beforeBegin: () => this.#refuseIfDue('begin', 'BEGIN'),
    beforeWrite: (sql) => this.#refuseIfDue(sql === 'COMMIT' ? 'commit' : 'write', sql),
    afterCommit: () => {
      this.#ports.observer.committed(this)
      if (this.#isKilledByCommit) this.kill()
    },
  }

  #refuseIfDue(statement: 'begin' | 'write' | 'commit', sql: string): void {
    const until = this.#refusedUntil
    const isBusy = until?.code === 'SQLITE_BUSY'
    if (until !== null && this.#ports.loop.now < until.at && isBusy === (statement === 'begin'))
      throw refusal(until.code)
    const refused = this.#refusals.find(
      (each) =>
        each.statement === statement && each.timesLeft > 0 && (each.table === null || sql.includes(` ${each.table}`)),
    )
    if (refused === undefined) return
    refused.timesLeft -= 1
    this.#ports.coverage.fault(`refuse ${statement}`, this.spec.name)
    throw refusal(refused.code)
  }
}

const OBSERVED_EVENTS = ['executionFinished', 'taskFinished', 'triggerFired', 'cronFired'] as const

function refusal(code: string): Error {
  return new Database.SqliteError(`simulated ${code}`, code)
}
