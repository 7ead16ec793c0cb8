/**
 * Python, as the engine sees it: loads scripts, polls, runs tasks and programs, and reports outcomes as values.
 * The runner opens it, the engine calls it through the `ScriptHost` port. Which script lives in which interpreter, and which
 * generation of it is in use, is known here and nowhere else. It decides nothing: a fault in Python is an outcome, never
 * a throw.
 *
 * A script that killed or hung an interpreter lives alone in one from then on, until it is loaded anew.
 */

import type { GenerationNumber, LoadTarget, ProgramTarget, RunningProgram } from '../border/protocol.ts'
import type {
  AccumulateAnswer,
  AccumulateRequest,
  NotEntered,
  PollRequest,
  RunGraphAnswer,
  RunGraphRequest,
  ScriptHost,
  TaskRequest,
} from '../engine/ports.ts'
import { HostError, toError } from '../errors.ts'
import type { HostMeasurements, InterpreterMeasurement, RestartCause } from '../metrics/measurements.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { PollOutcome } from '../model/trigger.ts'
import { Entrance, type Homes } from './entrance.ts'
import {
  choiceKey,
  choiceLabel,
  PYODIDE_CHOICE,
  PythonChoices,
  type ScriptPython,
} from './environment/python-choice.ts'
import type { HostOptions } from './host-options.ts'
import { type ComingScript, InterpreterGroups } from './interpreter-groups.ts'
import type { CallAnswers, CallAsker, InterpreterCall, InterpreterEnd } from './process/answers.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import { InterpreterSupervisor, type ProcessEvents } from './process/interpreter-supervisor.ts'
import { scriptLabel } from './process/labels.ts'
import { lostInterpreter } from './process/outcomes.ts'
import type { StackReport } from './process/stack-report.ts'
import { UNRESTRICTED } from './restriction/restriction.ts'
import { ScriptRestrictions } from './restriction/script-restrictions.ts'
import { PythonRefusal, type ScriptCall } from './script-call.ts'
import { PROGRAM_SCRIPT } from './scripts/generation.ts'
import { type LoadedScript, ScriptGenerations } from './scripts/script-generations.ts'
import { type Starter, starterFor } from './starters.ts'

export type { HostEvents, HostOptions } from './host-options.ts'

export class PythonHost implements ScriptHost {
  readonly #options: HostOptions
  readonly #choices: PythonChoices
  readonly #restrictions: ScriptRestrictions
  /** By choice. */
  readonly #starters = new Map<string, Starter>()
  readonly #shared: InterpreterGroups
  /** By script: those that live alone. */
  readonly #quarantined = new Map<string, InterpreterSupervisor>()
  readonly #restarts: Record<RestartCause, number> = { died: 0, ceiling: 0, idle: 0 }
  readonly #homeOf = new Map<string, InterpreterSupervisor>()
  readonly #targetOf = new Map<string, LoadTarget>()
  readonly #generations: ScriptGenerations
  readonly #entrance: Entrance
  #isClosed = false

  private constructor(options: HostOptions) {
    const { clock, limits, events, python = PYODIDE_CHOICE, pythonFor = {}, restrictions = UNRESTRICTED } = options
    this.#options = options
    this.#generations = new ScriptGenerations({ clock, events, loadDeadlineMs: limits.loadDeadlineMs })
    const homes: Homes = {
      of: (script) => (this.#isClosed ? undefined : this.#homeOf.get(script)),
      with: (interpreter) => this.#supervisors().find((each) => each.holds(interpreter)),
      all: () => this.#supervisors(),
      isQuarantined: (script) => this.#quarantined.has(script),
    }
    this.#entrance = new Entrance(homes, this.#generations)
    this.#restrictions = new ScriptRestrictions(restrictions, options.process)
    this.#restrictions.requirePlaces()
    this.#choices = new PythonChoices(python, pythonFor, options.process, this.#restrictions, options.program)
    this.#shared = new InterpreterGroups({
      choices: this.#choices,
      atMost: options.interpreters,
      supervise: (name, choice) => this.#supervise(name, choice),
      notice: events.notice,
    })
  }

  /**
   * Starts the first interpreter, where all scripts have the same Python; the others are started for scripts that are expected.
   * Rejects with `INTERPRETER_START_FAILED` when Python does not start at all, and when it is not waited for any more.
   */
  static async open(options: HostOptions): Promise<PythonHost> {
    const host = new PythonHost(options)
    const first = host.#choices.isOne || options.isProgram ? host.#shared.first : null
    const close = () => void host.close()
    options.stopping?.addEventListener('abort', close)
    if (options.stopping?.aborted) close()
    try {
      await first?.started
    } catch (error) {
      await host.close()
      throw error
    } finally {
      options.stopping?.removeEventListener('abort', close)
    }
    return host
  }

  /** How many interpreters there are, besides those of scripts that live alone. */
  get interpreters(): number {
    return this.#shared.all.length
  }

  /** Throws `INVALID_ARGUMENT` for a place of `restrictFor` that none of these scripts is in. */
  requireMatches(targets: readonly LoadTarget[]): void {
    this.#restrictions.requireMatches(targets)
  }

  /** These scripts are going to be served beside those that are: interpreters for them start at once. */
  expect(coming: readonly ComingScript[]): void {
    if (this.#isClosed) return
    this.#shared.expect([...coming, ...[...this.#targetOf].map(([script, target]) => ({ script, target }))])
  }

  /**
   * Loads one file or module. When it is good, this generation takes the place of the one before: within `graceMs` what
   * runs of that may end. When it is not, what is wrong is in `fault`, and everything stays as it was.
   */
  async load(script: string, target: LoadTarget, graceMs = 0): Promise<LoadedScript> {
    const home = await this.#homeFor(script, target)
    const interpreter = await home?.interpreter()
    if (home === null || interpreter === undefined || interpreter === null) throw closed()
    const { loaded, generation, isInnocent } = await this.#generations.load(interpreter, script, target)
    if (this.#isClosed) throw closed()
    if (isInnocent) return await this.load(script, target, graceMs)
    if (loaded.fault !== null) return loaded
    const before = this.#generations.inUse(script)
    this.#targetOf.set(script, target)
    await this.#generations.replace(before, generation, graceMs)
    this.#settleIn(script, home)
    return loaded
  }

  /** Nothing of the script is polled or run any more. What runs of it may end within the grace. */
  async unload(script: string, graceMs = 0): Promise<void> {
    const generation = this.#generations.withdraw(script)
    this.#targetOf.delete(script)
    if (generation !== undefined) {
      await this.#generations.quietWithin(generation, graceMs)
      this.#generations.dispose(generation)
    }
    this.#leaveHome(script)
  }

  /** A script runs its own workflows in the engine that serves it: what it declares while it is loaded is in use already. */
  useAhead(generation: GenerationNumber): void {
    this.#generations.useAhead(generation)
  }

  /** Whether a generation of the script is in use. */
  isServed(script: string): boolean {
    return this.#generations.inUse(script) !== undefined
  }

  /** Runs a script to its end in the first interpreter; resolves with its exit code. */
  async runProgram(target: ProgramTarget | RunningProgram): Promise<number> {
    const supervisor = this.#shared.first
    this.#generations.beginProgram()
    this.#homeOf.set(PROGRAM_SCRIPT, supervisor)
    const answer = await supervisor.runProgram(target)
    if (answer?.kind === 'programEnded') return answer.exitCode
    throw answer?.kind === 'lost' ? lostInterpreter(answer.end) : closed()
  }

  /** Delivers a signal to the running program. Resolves with how long it has taken none that it was sent. */
  async signalProgram(signum: number): Promise<number> {
    const interpreter = await this.#homeOf.get(PROGRAM_SCRIPT)?.interpreter()
    return interpreter?.signal(signum) ?? 0
  }

  poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    return this.#entrance.poll(request)
  }

  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    return this.#entrance.runTask(request)
  }

  accumulate(request: AccumulateRequest): Promise<AccumulateAnswer> {
    return this.#entrance.accumulate(request)
  }

  runGraph(request: RunGraphRequest): Promise<RunGraphAnswer> {
    return this.#entrance.runGraph(request)
  }

  cancelTasks(executionId: string): void {
    this.#entrance.cancelTasks(executionId)
  }

  /** Why nothing goes on in Python: a text for each interpreter. One that does not answer in time computes or hangs. */
  async describeStacks(withinMs: number): Promise<readonly string[]> {
    return (await this.#stackReports(withinMs)).map(({ text }) => text)
  }

  /** Reads nothing but memory. */
  measure(): HostMeasurements {
    const named = (prefix: string, all: readonly InterpreterSupervisor[]): InterpreterMeasurement[] =>
      all.flatMap((each, index) => each.measure().map((one) => ({ name: `${prefix}${index + 1}`, ...one })))
    const alone = [...this.#quarantined.values()]
    return {
      restarts: { ...this.#restarts },
      interpreters: [...named('', this.#shared.all), ...named('quarantine-', alone)],
    }
  }

  /** Why no interpreter answers in time, be it between two steps of what it computes; null where one does. */
  async unanswered(withinMs: number): Promise<string | null> {
    const reports = await this.#stackReports(withinMs)
    if (reports.some(({ isAnswered }) => isAnswered)) return null
    if (reports.length > 0) return `No interpreter responded within ${withinMs} ms.`
    return (
      'No interpreter is running: the last interpreter ended, and the next one has not started yet. ' +
      'The log contains the cause.'
    )
  }

  #stackReports(withinMs: number): Promise<readonly StackReport[]> {
    return Promise.all(this.#supervisors().flatMap((supervisor) => supervisor.describeStacks(withinMs)))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#supervisors().map((supervisor) => supervisor.close()))
  }

  #starterOf(choice: ScriptPython): Starter {
    const key = choiceKey(choice)
    const starter = this.#starters.get(key) ?? starterFor(choice, this.#options)
    this.#starters.set(key, starter)
    return starter
  }

  #supervise(name: string, python: ScriptPython): InterpreterSupervisor {
    const { clock, events } = this.#options
    const starter = this.#starterOf(python)
    return new InterpreterSupervisor({
      clock,
      python: choiceLabel(python),
      restarts: this.#restarts,
      start: (processEvents, spawned) => starter.start(this.#eventsOf(processEvents, python), spawned),
      reload: (script, interpreter) => this.#reload(script, interpreter),
      ended: (end, culprit) => this.#interpreterEnded(end, culprit),
      restarted: (reason, failure) => events.notice(restartNotice(name, reason, failure)),
    })
  }

  #eventsOf(processEvents: ProcessEvents, python: ScriptPython) {
    const restriction = python.kind === 'pyodide' ? python.restriction : null
    return {
      ...processEvents,
      notice: (message: string) => this.#options.events.notice(message),
      call: (call: InterpreterCall, asker: CallAsker | null, interpreter: CallAnswers) =>
        void this.#answer({ ...call, restriction }, asker, interpreter),
      declared: (number: GenerationNumber, json: string, interpreter: CallAnswers) =>
        this.#generations.declared(number, json, interpreter),
    }
  }

  /** A script that lives alone gets another chance with the others when it is loaded anew. */
  async #homeFor(script: string, target: LoadTarget): Promise<InterpreterSupervisor | null> {
    if (this.#isClosed) return null
    const home = this.#homeOf.get(script)
    if (home !== undefined && !this.#quarantined.has(script)) return home
    return await this.#shared.next(target)
  }

  #supervisors(): readonly InterpreterSupervisor[] {
    return [...this.#shared.all, ...this.#quarantined.values()]
  }

  #settleIn(script: string, home: InterpreterSupervisor): void {
    if (this.#homeOf.get(script) !== home) this.#leaveHome(script)
    this.#homeOf.set(script, home)
    home.add(script)
  }

  #leaveHome(script: string): void {
    this.#homeOf.get(script)?.remove(script)
    this.#homeOf.delete(script)
    void this.#quarantined.get(script)?.close()
    this.#quarantined.delete(script)
  }

  /** A script as it was, in a new interpreter: a new generation, without one before it where that died. */
  async #reload(script: string, interpreter: InterpreterProcess): Promise<void> {
    const target = this.#targetOf.get(script)
    if (target === undefined || this.#isClosed) return
    const { events } = this.#options
    // Where its interpreter has not died, and is only replaced.
    const before = this.#generations.inUse(script)
    try {
      const { loaded, generation } = await this.#generations.load(interpreter, script, target)
      if (loaded.fault === null) {
        await this.#generations.replace(before, generation, 0)
        events.reloaded(loaded)
        return
      }
      // When the interpreter has died of it, it is tried once more, alone.
      if (!this.#isClosed && !interpreter.hasEnded)
        this.#giveUp(script, `${loaded.fault.type}: ${loaded.fault.message}`)
    } catch (error) {
      if (!this.#isClosed) events.notice(`Script "${script}" could not be reloaded: ${toError(error).message}`)
    } finally {
      if (before !== undefined && this.#generations.inUse(script) === before) this.#generations.dispose(before)
    }
  }

  #interpreterEnded(end: InterpreterEnd, culprit: string | null): boolean {
    const dead = this.#generations.disposeDead()
    const script = culprit === null ? undefined : dead.find((generation) => generation.hasLabel(culprit))?.script
    if (script === undefined || culprit === null) return false
    if (this.#quarantined.has(script) && culprit === scriptLabel(script)) this.#giveUp(script, end.reason)
    return this.#quarantine(script, culprit, end.reason)
  }

  /** Of a script that was there, and cannot be loaded any more: it is not served until it is loaded anew. */
  #giveUp(script: string, reason: string): void {
    const { events } = this.#options
    this.#targetOf.delete(script)
    this.#leaveHome(script)
    events.notServed(script)
    events.notice(`Script "${script}" could not be reloaded and is no longer served: ${reason}`)
  }

  /** One that lives alone already stays where it is. */
  #quarantine(script: string, label: string, reason: string): boolean {
    const target = this.#targetOf.get(script)
    if (this.#quarantined.has(script) || this.#isClosed || target === undefined) return false
    this.#homeOf.get(script)?.remove(script)
    const alone = this.#supervise(`The interpreter of script "${script}"`, this.#choices.of(target))
    this.#quarantined.set(script, alone)
    this.#homeOf.set(script, alone)
    if (label !== scriptLabel(script)) alone.suspect(label)
    alone.add(script)
    this.#options.events.quarantined(script, label, reason)
    return true
  }

  ofGeneration(number: GenerationNumber): ScriptHost {
    return this.#entrance.ofGeneration(number)
  }

  async #answer(call: RestrictedCall, asker: CallAsker | null, interpreter: CallAnswers): Promise<void> {
    try {
      const payload: unknown = JSON.parse(call.payloadJson)
      const { method, contextText, generation, restriction } = call
      if (this.#generations.isElsewhere(generation, interpreter)) throw notItsOwn(generation)
      const { slot = null, task = null } = asker ?? {}
      const whose = { slot, task, generation, restriction }
      const answer = await this.#options.events.call({ method, payload, contextText, ...whose })
      const isUnchanged = answer.contextText === contextText
      interpreter.reply(call.id, JSON.stringify(answer.value ?? null), isUnchanged ? null : answer.contextText)
    } catch (thrown) {
      const error = toError(thrown)
      interpreter.refuse(call.id, error instanceof PythonRefusal ? error.pythonType : 'RuntimeError', error.message)
    }
  }
}

type RestrictedCall = InterpreterCall & Pick<ScriptCall, 'restriction'>

function notItsOwn(generation: GenerationNumber): PythonRefusal {
  return new PythonRefusal(
    'PermissionError',
    `a call for script number ${generation} was rejected, because this script runs in another interpreter`,
  )
}

function restartNotice(name: string, reason: string, failure: Error | null): string {
  if (failure === null) return `${name} was restarted: ${reason}.`
  return `${name} died: ${reason}. The restart failed and will be retried: ${failure.message}`
}

function closed(): HostError {
  return new HostError('HOST_CLOSED', 'The runner is closed, so its Python interpreters have ended.')
}
