/**
 * Runs one program: engines with a real database, in simulated time. Then the faults stop, all work must end, and the
 * engines stop in an orderly way. The first broken invariant ends the run.
 */

import { createHash } from 'node:crypto'
import type { EngineEventMap, EngineEventName } from '../../src/engine/engine-events.ts'
import type { AccumulateAnswer, AccumulateRequest, RunGraphRequest } from '../../src/engine/graphs/graph-host.ts'
import type { EndedChild, PollRequest, TaskRequest, TaskResult } from '../../src/engine/ports.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { Coverage } from './coverage.ts'
import { EndedPolls } from './ended-polls.ts'
import { Faults } from './faults.ts'
import { SimulationLoop } from './loop.ts'
import { type Model, makeModel } from './model/model.ts'
import { HOLD_AFTER_RESTORE, type Violation } from './model/violation.ts'
import type { Program, Step } from './program.ts'
import { SeededRandom } from './random.ts'
import { Callers } from './requests.ts'
import { RestCheck } from './rest.ts'
import type { PythonEntry } from './scripted-python.ts'
import { drawnMachines, type Machine, SIMULATION_START } from './simulated-clock.ts'
import type { SimulatedDatabase } from './simulated-database.ts'
import { type EngineObserver, MAX_TRIES_LATER, type SimulatedEngine, SimulatedProcess } from './simulated-process.ts'
import { SimulatedReceivers } from './simulated-receivers.ts'

export interface SimulationResult {
  readonly violation: Violation | null
  /** Digest of all log lines, which is equal for two runs of one program. */
  readonly trace: string
  readonly coverage: Coverage
  readonly simulatedMs: number
  readonly turns: number
}

export interface SimulationOptions {
  /** Called with a line for each event of the simulation. */
  readonly log?: (line: string) => void
}

/** Period after the faults in which at least one execution must end, until all have ended. */
const FINISH_WITHIN_MS = 150_000
/** Longest back-off of a delivery within the faults, and the time until a delivery of a killed engine is due. */
const DELIVERED_WITHIN_MS = 150_000
/** Time for which a process that was suspended may run its old attempts. */
const RUNS_AFTER_SUSPENSION_MS = 1_000
/** Time that the engines run at rest before the checks. */
const REST_MS = 15_000

export async function simulate(
  program: Program,
  openDatabase: (simulation: Simulation) => Promise<SimulatedDatabase>,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const simulation = new Simulation(program, options)
  const database = await openDatabase(simulation)
  try {
    return await simulation.run(database)
  } finally {
    await database.close()
  }
}

export class Simulation implements EngineObserver {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly coverage = new Coverage()
  readonly machines: readonly Machine[]
  readonly processes = new Map<string, SimulatedProcess>()
  readonly model: Model
  readonly callers: Callers
  readonly alerts: Alert[] = []
  readonly receivers: SimulatedReceivers
  readonly finished = new Map<string, string[]>()
  readonly nestedMarkers = new Set<string>()
  readonly pollEntries = new Map<string, PythonEntry[]>()
  readonly polls = new EndedPolls()
  readonly #trace = createHash('sha256')
  readonly #log: (line: string) => void
  #violation: Violation | null = null
  #database: SimulatedDatabase | null = null
  #untilAnswered: () => Promise<void> | null = () => null
  #isResting = false
  readonly #faults = new Faults(this, {
    database: () => this.#database,
    start: (spec) => this.#startProcess(spec, this.processes.size),
  })
  hasWallJumps = false

  constructor(program: Program, { log = () => undefined }: SimulationOptions) {
    this.program = program
    this.#log = log
    this.loop = new SimulationLoop(new SeededRandom(`turns ${program.seed}`), () => this.#untilAnswered())
    this.machines = drawnMachines(program)
    const monotonicAtStart = this.machines[0]?.monotonicAtStart ?? 0
    this.model = makeModel({
      program,
      report: this.report,
      mostTries: MAX_TRIES_LATER,
      isTroubled: (instanceSeq) => this.#isTroubled(instanceSeq),
      isRunning: (entry) => this.#isRunning(entry),
      hasHealthyEngine: (since) => [...this.processes.values()].some((each) => isHealthy(each, since)),
      databaseTime: (now) => Math.floor(program.store === 'sqlite' ? monotonicAtStart + now : SIMULATION_START + now),
    })
    const received = (receiver: string, alert: Alert): void => this.#alertReceived(receiver, alert)
    this.receivers = new SimulatedReceivers({ program, loop: this.loop, received })
    const { loop, coverage, report } = this
    this.callers = new Callers({ program, loop, coverage, report, ...this.model })
  }

  /** Number of open executions in a database that was restored. Null without a restore. */
  get restoredOpen(): number | null {
    return this.#database?.countRestored() ?? null
  }

  /** Records the first broken invariant. After a restore, most invariants compare the database with an old model. */
  readonly report = (invariant: string, message: string): void => {
    if (this.restoredOpen !== null && !HOLD_AFTER_RESTORE.has(invariant)) return
    this.log(`BROKEN ${invariant}: ${message}`)
    this.#violation ??= { invariant, message, at: this.loop.now }
  }

  log(line: string): void {
    const dated = `${this.loop.now.toFixed(3).padStart(11)} ${line}`
    this.#trace.update(dated)
    this.#log(dated)
  }

  async run(database: SimulatedDatabase): Promise<SimulationResult> {
    this.#database = database
    this.#untilAnswered = () => database.untilAnswered()
    for (const [index, spec] of this.program.processes.entries()) {
      this.loop.step(spec.startsAt, () => this.#startProcess(spec, index))
    }
    for (const step of this.program.steps) this.loop.step(step.at, () => this.#take(step))
    const isBroken = (): boolean => this.#violation !== null
    try {
      await this.loop.run(this.program.durationMs, isBroken)
      if (!isBroken()) await this.#finish(isBroken)
    } catch (thrown) {
      // For example, the database cannot be read any more.
      this.report('the-simulation-goes-on', String(thrown instanceof Error ? thrown.stack : thrown))
    }
    return {
      violation: this.#violation,
      trace: this.#trace.digest('hex'),
      coverage: this.coverage,
      simulatedMs: this.loop.now,
      turns: this.loop.turns,
    }
  }

  /** Stops the faults, and checks that all accepted work ends and that nothing is left over. */
  async #finish(isBroken: () => boolean): Promise<void> {
    const rest = new RestCheck(this)
    this.#isResting = true
    rest.begin((spec) => this.#startProcess(spec, 100))
    // A backlog may take longer, as long as executions still end.
    for (let ended = -1; !isBroken() && !rest.isDone() && ended !== rest.countEnded(); ) {
      ended = rest.countEnded()
      await this.loop.run(this.loop.now + FINISH_WITHIN_MS, () => isBroken() || rest.isDone())
    }
    if (!isBroken()) rest.checkFinished()
    if (isBroken()) return
    await this.loop.run(this.loop.now + this.#deliveredWithinMs(), () => isBroken() || rest.isDelivered())
    await this.loop.run(this.loop.now + REST_MS, isBroken)
    await this.loop.run(this.loop.now + REST_MS, () => isBroken() || rest.isSettled())
    if (isBroken()) return
    await this.#database?.look()
    rest.checkRest(await this.#database?.leftovers())
    if (isBroken()) return
    await this.#stopAll(isBroken)
    if (!isBroken()) rest.checkStopped(await this.#database?.leftoversAfterStop())
  }

  /** Returns the time until an engine whose clock is behind sends a message that another engine has postponed. */
  #deliveredWithinMs(): number {
    const offsets = this.machines.map(({ wallOffsetMs }) => wallOffsetMs)
    return DELIVERED_WITHIN_MS + Math.max(0, ...offsets) - Math.min(0, ...offsets)
  }

  async #stopAll(isBroken: () => boolean): Promise<void> {
    const living = [...this.processes.values()].filter(({ state }) => state === 'running')
    for (const process of living) this.loop.step(this.loop.now, () => void process.stop(10_000))
    await this.loop.run(this.loop.now + 60_000, () => isBroken() || living.every(({ state }) => state === 'ended'))
  }

  #startProcess(spec: Program['processes'][number], number: number): void {
    const machine = this.machines[Math.min(spec.machine, this.machines.length - 1)]
    const database = this.#database
    if (machine === undefined || database === null || this.processes.has(spec.name)) return
    if (this.loop.now < this.#faults.letGoAt) {
      // A new store cannot recognize that the log next to its file belongs to the replaced file.
      this.loop.step(this.#faults.letGoAt, () => this.#startProcess(spec, number))
      return
    }
    const process = new SimulatedProcess(spec, {
      program: this.program,
      loop: this.loop,
      machine,
      observer: this,
      coverage: this.coverage,
      receivers: this.receivers,
      openStore: (opening) => database.open(opening),
      abandonStore: (killed) => database.abandon(killed),
      triesLater: (id, taskId) => this.model.executions.byId.get(id)?.tasks.get(taskId)?.triesLater ?? 0,
      number: number + this.processes.size,
    })
    process.isQuiet = this.#isResting
    this.processes.set(spec.name, process)
    this.log(
      `start ${spec.name} (${spec.role}, ${spec.engines} engines, generation ${spec.generation}, ${machine.name})`,
    )
    process.start()
  }

  #take(step: Step): void {
    if ('request' in step) {
      const process = this.processes.get(step.request.process)
      this.log(`request ${JSON.stringify(step.request)}`)
      if (process !== undefined) this.callers.send(step.request, process)
    } else this.#faults.apply(step.fault)
  }

  // -- observers of engines

  committed(process: SimulatedProcess): void {
    this.#database?.look(true)
    this.log(`commit ${process.spec.name}`)
  }

  /** Reports a broken constraint, which is a defect. Other errors, such as a full or locked database, are expected. */
  failed({ spec }: SimulatedProcess, operation: string, thrown: unknown): void {
    const { cause } = thrown as { readonly cause?: { readonly code?: unknown } }
    if (/^(SQLITE_CONSTRAINT|23)/.test(String(cause?.code ?? '')))
      this.report('constraints-are-kept', `${operation} of ${spec.name} failed: ${thrown}`)
  }

  ended({ spec }: SimulatedProcess): void {
    this.log(`end ${spec.name}`)
    this.callers.forget(spec.name)
  }

  taskEntered(engine: string, request: TaskRequest, entry: PythonEntry): void {
    const { executionId, taskId, attempt } = request
    this.log(`enter ${engine} task ${executionId} ${taskId} ${attempt}`)
    this.#database?.look()
    // Clocks of machines differ by a second, and a back-off is stored in the wall time of the engine with the failure.
    const toleranceMs = this.hasWallJumps ? Number.POSITIVE_INFINITY : this.machines.length > 1 ? 1_100 : 2
    this.model.executions.taskEntered(request, this.#instanceOf(engine), entry.startedAt, toleranceMs)
    this.model.limitedAttempts.entered(request, entry)
    this.model.triesLater.entered(request, entry.startedAt, toleranceMs)
    const forbidden = this.callers.forbids(executionId)
    if (forbidden === null) return
    this.report(
      'no-start-after-acknowledged',
      `task ${taskId} of ${executionId} started after an acknowledged ${forbidden}`,
    )
  }

  childEnded(engine: string, { executionId, taskId, memory }: TaskRequest, child: EndedChild): void {
    this.log(`child ${engine} task ${executionId} ${taskId} ${child.id} ${child.status}`)
    this.model.children.resultReturned(`${memory.chainId} ${taskId}`, child)
  }

  taskEnded(engine: string, request: TaskRequest, outcome: TaskResult): void {
    const { executionId, taskId } = request
    this.log(`leave ${engine} task ${executionId} ${taskId} ${outcome.kind}`)
    if (outcome.kind === 'tryLater') this.model.triesLater.ended(request, outcome, this.loop.now)
    if (outcome.kind === 'failed' || outcome.kind === 'timedOut') {
      this.model.executions.taskFailed(request, this.loop.now)
    }
  }

  pollEntered(engine: string, request: PollRequest, entry: PythonEntry): void {
    this.log(`enter ${engine} poll ${request.trigger}`)
    this.#database?.look()
    const process = this.#processOf(engine)
    const entries = this.pollEntries.get(request.trigger) ?? []
    const running = entries.filter(
      ({ endedAt, engine: by }) => endedAt === null && this.#processOf(by)?.state !== 'ended',
    )
    this.pollEntries.set(request.trigger, [...running, entry])
    const trigger = this.model.triggers.byName.get(request.trigger)
    if (trigger === undefined) {
      this.report('polls-need-the-lease', `${request.trigger} was polled and is not stored`)
      return
    }
    trigger.lastPollAt = this.loop.now
    if (process?.isTroubled) return
    const other = running.find((each) => !this.#processOf(each.engine)?.isTroubled)
    if (other !== undefined)
      this.report('polls-never-overlap', `${request.trigger} is polled by ${engine} and by ${other.engine}`)
    if (trigger.leaseSeq !== this.#instanceOf(engine)) {
      this.report(
        'polls-need-the-lease',
        `${engine} polled ${request.trigger}, whose lease engine ${trigger.leaseSeq} has`,
      )
    }
    const disabledMs = trigger.disabledAt === null ? 0 : this.loop.now - trigger.disabledAt
    if (disabledMs > 2_500 && !this.#isPolledByHand(request.trigger)) {
      this.report(
        'disabled-triggers-rest',
        `${engine} polled ${request.trigger}, which was disabled ${disabledMs} ms ago`,
      )
    }
  }

  pollEnded(engine: string, { trigger }: PollRequest, outcome: PollOutcome): void {
    this.log(`leave ${engine} poll ${trigger} ${outcome.kind}`)
    this.polls.add(trigger, outcome, this.#processOf(engine))
  }

  accumulated(engine: string, { source, firstSequence }: AccumulateRequest, answer: AccumulateAnswer): void {
    this.log(`leave ${engine} accumulate ${source} ${firstSequence} ${answer.kind}`)
  }

  graphEntered(engine: string, request: RunGraphRequest): void {
    this.log(`enter ${engine} graph ${request.graph} ${request.payloads.length}`)
    this.#database?.look()
    this.model.graphs.graphEntered(request)
  }

  nested(marker: string, workflow: string): void {
    this.log(`nested ${workflow} of ${marker}`)
    this.nestedMarkers.add(marker)
  }

  #alertReceived(receiver: string, alert: Alert): void {
    this.log(`alert ${receiver} ${alert.id} ${alert.kind} ${alert.state} ${alert.subject}`)
    this.alerts.push(alert)
    this.model.deliveries.received(receiver, alert)
  }

  event<Name extends EngineEventName>(engine: SimulatedEngine, name: Name, event: EngineEventMap[Name]): void {
    if (name === 'executionFinished') this.#executionFinished(engine, event as EngineEventMap['executionFinished'])
    if (name === 'taskFinished') this.#taskFinished(engine, event as EngineEventMap['taskFinished'])
  }

  #executionFinished(engine: SimulatedEngine, { executionId, status }: EngineEventMap['executionFinished']): void {
    this.log(`finished ${engine.id} ${executionId} ${status}`)
    const before = this.finished.get(executionId) ?? []
    this.finished.set(executionId, [...before, status])
    const stored = this.model.executions.byId.get(executionId)
    if (before.length > 0)
      this.report('ends-are-announced-once', `the end of ${executionId} was announced as ${before} and ${status}`)
    if (stored !== undefined && (!stored.isEnded || (stored.status !== status && stored.status !== 'removed'))) {
      this.report('events-agree', `${executionId} was announced as ${status}, the store has ${stored.status}`)
    }
  }

  #taskFinished(engine: SimulatedEngine, { executionId, taskId, status }: EngineEventMap['taskFinished']): void {
    const stored = this.model.executions.byId.get(executionId)?.tasks.get(taskId)
    if (stored === undefined || stored.status === status) return
    this.report(
      'events-agree',
      `${engine.id} announced task ${taskId} of ${executionId} as ${status}, the store has ${stored.status}`,
    )
  }

  #instanceOf(engine: string): number | null {
    const [name, index] = engine.split('.')
    const id = this.processes.get(name ?? '')?.engines[Number(index)]?.engine.instanceId
    return id === undefined ? null : (this.model.instances.get(id) ?? null)
  }

  #processOf(engine: string): SimulatedProcess | undefined {
    return this.processes.get(engine.split('.')[0] ?? '')
  }

  /** Returns whether an engine was disturbed by a fault, or is not running. */
  #isTroubled(instanceSeq: number): boolean {
    for (const { isTroubled, state, engines } of this.processes.values()) {
      const isOf = engines.some(({ engine }) => this.model.instances.get(engine.instanceId) === instanceSeq)
      if (isOf) return isTroubled || state !== 'running'
    }
    return true
  }

  /** Returns whether a call runs. A process that was suspended may run its old attempts for one second. */
  #isRunning({ engine, startedAt, endedAt }: PythonEntry): boolean {
    const process = this.#processOf(engine)
    const python = process?.engines[Number(engine.split('.')[1])]?.python
    if (endedAt !== null || process?.state === 'ended' || python === undefined || python.isSuspended) return false
    return python.resumedAt < startedAt || this.loop.now - python.resumedAt > RUNS_AFTER_SUSPENSION_MS
  }

  #isPolledByHand(trigger: string): boolean {
    return this.callers.sent.some(({ request }) => request.kind === 'poll' && request.trigger === trigger)
  }
}

/** Returns whether a process has served since then, and no fault has disturbed it. */
function isHealthy({ isServing, isTroubled, runningSince }: SimulatedProcess, since: number): boolean {
  return isServing && !isTroubled && runningSince <= since
}
