/**
 * Loads Python scripts into interpreters, and runs programs. The runner opens it; the engine calls the scripts through
 * its `calls`. It decides nothing: an error in Python is an outcome, and is never thrown.
 */

import type { GenerationNumber, LoadTarget, ProgramTarget, RunningProgram } from '../border/protocol.ts'
import { HostError, toError } from '../errors.ts'
import type { HostMeasurements, InterpreterMeasurement, RestartCause } from '../metrics/measurements.ts'
import type { NamedCall } from '../output/script-line.ts'
import { Dispatcher } from './dispatcher.ts'
import {
  choiceKey,
  choiceLabel,
  PYODIDE_CHOICE,
  PythonChoices,
  type ScriptPython,
} from './environment/python-choice.ts'
import type { HostOptions } from './host-options.ts'
import type { ExpectedScript } from './interpreter-groups.ts'
import type { CallAnswers, CallAsker, InterpreterCall, InterpreterEnd } from './process/call-answers.ts'
import { lostInterpreterFault } from './process/call-outcomes.ts'
import type { InterpreterProcess } from './process/interpreter-process.ts'
import { InterpreterSupervisor, type ProcessEvents } from './process/interpreter-supervisor.ts'
import { scriptLabel } from './process/labels.ts'
import type { StackReport } from './process/stack-report.ts'
import { UNRESTRICTED } from './restriction/restriction.ts'
import { ScriptRestrictions } from './restriction/script-restrictions.ts'
import { PythonRefusal, type ScriptCall } from './script-call.ts'
import { ScriptPlacement } from './script-placement.ts'
import { PROGRAM_SCRIPT } from './scripts/generation.ts'
import { type LoadedScript, ScriptGenerations } from './scripts/script-generations.ts'
import { type Starter, starterFor } from './starters.ts'

export type { HostOptions } from './host-options.ts'

export class PythonHost {
  readonly calls: Dispatcher
  readonly #options: HostOptions
  readonly #choices: PythonChoices
  readonly #restrictions: ScriptRestrictions
  readonly #starters = new Map<string, Starter>()
  readonly #placement: ScriptPlacement
  readonly #restarts: Record<RestartCause, number> = { died: 0, ceiling: 0, idle: 0 }
  readonly #targetOf = new Map<string, LoadTarget>()
  readonly #generations: ScriptGenerations

  private constructor(options: HostOptions) {
    const { clock, limits, events, python = PYODIDE_CHOICE, pythonFor = {}, restrictions = UNRESTRICTED } = options
    this.#options = options
    this.#generations = new ScriptGenerations({ clock, events, loadDeadlineMs: limits.loadDeadlineMs })
    this.#restrictions = new ScriptRestrictions(restrictions, options.process)
    this.#restrictions.requirePlaces()
    this.#choices = new PythonChoices(python, pythonFor, options.process, this.#restrictions, options.program)
    this.#placement = new ScriptPlacement({
      choices: this.#choices,
      interpreters: options.interpreters,
      supervise: (name, choice) => this.#supervise(name, choice),
      notice: events.notice,
    })
    this.calls = new Dispatcher(this.#placement, this.#generations)
  }

  /**
   * Starts the first interpreter if all scripts have the same Python. `expect` starts the other ones. Rejects with
   * `INTERPRETER_START_FAILED` if Python does not start, and when the caller stops waiting.
   */
  static async open(options: HostOptions): Promise<PythonHost> {
    const host = new PythonHost(options)
    const first = host.#choices.isOne || options.isProgram ? host.#placement.first : null
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

  /** Number of interpreters without those of quarantined scripts. */
  get interpreters(): number {
    return this.#placement.shared.length
  }

  /** Throws `INVALID_ARGUMENT` if a place of `restrictFor` contains none of these scripts. */
  requireMatches(targets: readonly LoadTarget[]): void {
    this.#restrictions.requireMatches(targets)
  }

  /** Starts interpreters for scripts that are going to be served in addition to the present ones. */
  expect(coming: readonly ExpectedScript[]): void {
    if (this.#placement.isClosed) return
    this.#placement.expect([...coming, ...[...this.#targetOf].map(([script, target]) => ({ script, target }))])
  }

  /**
   * Loads one file or module. A good generation replaces the previous one, whose calls may end within `graceMs`.
   * Otherwise `fault` is set, and nothing changes.
   */
  async load(script: string, target: LoadTarget, graceMs = 0): Promise<LoadedScript> {
    const supervisor = await this.#placement.next(script, target)
    const interpreter = await supervisor?.interpreter()
    if (supervisor === null || interpreter === undefined || interpreter === null) throw closed()
    const { loaded, generation, isInnocent } = await this.#generations.load(interpreter, script, target)
    if (this.#placement.isClosed) throw closed()
    if (isInnocent) return await this.load(script, target, graceMs)
    if (loaded.fault !== null) return loaded
    const before = this.#generations.inUse(script)
    this.#targetOf.set(script, target)
    await this.#generations.replace(before, generation, graceMs)
    this.#placement.place(script, supervisor)
    return loaded
  }

  /** Stops serving a script. Its running calls may end within the grace. */
  async unload(script: string, graceMs = 0): Promise<void> {
    const generation = this.#generations.withdraw(script)
    this.#targetOf.delete(script)
    if (generation !== undefined) {
      await this.#generations.quietWithin(generation, graceMs)
      this.#generations.dispose(generation)
    }
    this.#placement.remove(script)
  }

  /** Uses declarations of a script that is still being loaded, because it runs its own workflows in this engine. */
  useAhead(generation: GenerationNumber): void {
    this.#generations.useAhead(generation)
  }

  isServed(script: string): boolean {
    return this.#generations.inUse(script) !== undefined
  }

  /** Runs a script to its end in the first interpreter. Resolves with its exit code. */
  async runProgram(target: ProgramTarget | RunningProgram): Promise<number> {
    this.#generations.beginProgram()
    const answer = await this.#placement.placeProgram().runProgram(target)
    if (answer?.kind === 'programEnded') return answer.exitCode
    throw answer?.kind === 'lost' ? lostInterpreterFault(answer.end) : closed()
  }

  /** Delivers a signal to the program. Resolves with the milliseconds since the oldest signal that it has not taken. */
  async signalProgram(signum: number): Promise<number> {
    const interpreter = await this.#placement.of(PROGRAM_SCRIPT)?.interpreter()
    return interpreter?.signal(signum) ?? 0
  }

  /** Returns, per interpreter, why no call makes progress. Without an answer in time, it computes or hangs. */
  async describeStacks(withinMs: number): Promise<readonly string[]> {
    return (await this.#stackReports(withinMs)).map(({ text }) => text)
  }

  /** Reads only memory. */
  measure(): HostMeasurements {
    const named = (prefix: string, all: readonly InterpreterSupervisor[]): InterpreterMeasurement[] =>
      all.flatMap((each, index) => each.measure().map((one) => ({ name: `${prefix}${index + 1}`, ...one })))
    const { shared, quarantined } = this.#placement
    return {
      restarts: { ...this.#restarts },
      interpreters: [...named('', shared), ...named('quarantine-', quarantined)],
    }
  }

  /** Returns why no interpreter answers in time; null if one does. */
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
    return Promise.all(this.#placement.all().flatMap((supervisor) => supervisor.describeStacks(withinMs)))
  }

  close(): Promise<void> {
    return this.#placement.close()
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
    const supervisor: InterpreterSupervisor = new InterpreterSupervisor({
      clock,
      python: choiceLabel(python),
      restarts: this.#restarts,
      start: (processEvents, spawned) =>
        starter.start(
          this.#eventsOf(processEvents, python, () => supervisor.scripts),
          spawned,
        ),
      reload: (script, interpreter) => this.#reload(script, interpreter),
      ended: (end, culprit) => this.#interpreterEnded(end, culprit),
      restarted: (reason, failure) => events.notice(restartNotice(name, reason, failure)),
    })
    return supervisor
  }

  #eventsOf(processEvents: ProcessEvents, python: ScriptPython, scripts: () => ReadonlySet<string>) {
    const { output } = this.#options
    const processNames = (): NamedCall => {
      const [script, other] = scripts()
      return script !== undefined && other === undefined ? { script } : {}
    }
    const restriction = python.kind === 'pyodide' ? python.restriction : null
    return {
      ...processEvents,
      notice: (message: string) => this.#options.events.notice(message),
      printed: output === undefined ? null : { sink: output, processNames },
      call: (call: InterpreterCall, asker: CallAsker | null, interpreter: CallAnswers) =>
        void this.#answer({ ...call, restriction }, asker, interpreter),
      declared: (number: GenerationNumber, json: string, interpreter: CallAnswers) =>
        this.#generations.declared(number, json, interpreter),
    }
  }

  /** Loads a script into a new interpreter as a new generation. */
  async #reload(script: string, interpreter: InterpreterProcess): Promise<void> {
    const target = this.#targetOf.get(script)
    if (target === undefined || this.#placement.isClosed) return
    const { events } = this.#options
    // Set if its interpreter is only replaced and has not ended.
    const before = this.#generations.inUse(script)
    try {
      const { loaded, generation } = await this.#generations.load(interpreter, script, target)
      if (loaded.fault === null) {
        await this.#generations.replace(before, generation, 0)
        events.reloaded(loaded)
        return
      }
      // If the load ended the interpreter, the script is retried alone.
      if (!this.#placement.isClosed && !interpreter.hasEnded)
        this.#giveUp(script, `${loaded.fault.type}: ${loaded.fault.message}`)
    } catch (error) {
      if (!this.#placement.isClosed)
        events.notice(`Script "${script}" could not be reloaded: ${toError(error).message}`)
    } finally {
      if (before !== undefined && this.#generations.inUse(script) === before) this.#generations.dispose(before)
    }
  }

  #interpreterEnded(end: InterpreterEnd, culprit: string | null): boolean {
    const dead = this.#generations.disposeDead()
    const script = culprit === null ? undefined : dead.find((generation) => generation.hasLabel(culprit))?.script
    if (script === undefined || culprit === null) return false
    if (this.#placement.isQuarantined(script) && culprit === scriptLabel(script)) this.#giveUp(script, end.reason)
    const target = this.#targetOf.get(script)
    if (target === undefined || !this.#placement.quarantine(script, target, culprit)) return false
    this.#options.events.quarantined(script, culprit, end.reason)
    return true
  }

  /** Stops serving a script that cannot be loaded again. */
  #giveUp(script: string, reason: string): void {
    const { events } = this.#options
    this.#targetOf.delete(script)
    this.#placement.remove(script)
    events.notServed(script)
    events.notice(`Script "${script}" could not be reloaded and is no longer served: ${reason}`)
  }

  async #answer(call: RestrictedCall, asker: CallAsker | null, interpreter: CallAnswers): Promise<void> {
    try {
      const payload: unknown = JSON.parse(call.payloadJson)
      const { method, contextText, generation, restriction } = call
      if (this.#generations.isElsewhere(generation, interpreter)) throw notItsOwn(generation)
      const { slot = null, task = null } = asker ?? {}
      const limit = { suspend: () => interpreter.suspendLimit(call.token) }
      const whose = { slot, task, limit, generation, restriction }
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
