/**
 * Generation of each script that is in use, and its replacement by the next one, as a whole or not at all. Owned by
 * `python-host.ts`, which places the scripts.
 */

import { relative } from 'node:path'
import { type GenerationNumber, type LoadTarget, PROGRAM_GENERATION } from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { HostError } from '../../errors.ts'
import type { CallResult, InterpreterEnd } from '../process/call-answers.ts'
import { lostInterpreterFault } from '../process/call-outcomes.ts'
import type { InterpreterProcess } from '../process/interpreter-process.ts'
import { scriptLabel } from '../process/labels.ts'
import { Generation } from './generation.ts'
import {
  type BadParameters,
  decodeDeclarations,
  decodeLoadResult,
  type LoadFault,
  type ScriptDeclarations,
  type Twin,
  twinText,
  type UnmetRequirements,
} from './script-declarations.ts'

const SLOW_LOAD_MS = 5_000
/** Maximum number of names in a message. */
const MAX_SHOWN = 10

export interface LoadedScript extends ScriptDeclarations {
  readonly script: string
  /** Files of the user that the script consists of; after a failed load, those up to the failure. */
  readonly files: readonly string[]
  readonly fault: LoadFault | null
  readonly twins: readonly Twin[]
  readonly badParameters: readonly BadParameters[]
}

export interface GenerationEvents {
  /** A script declared something while it was loaded, or later. `isInUse`: its generation is in use. */
  declared(generation: GenerationNumber, declarations: ScriptDeclarations, isInUse: boolean): void
  /** A generation is gone. None of its code runs any more. */
  gone(generation: GenerationNumber): void
  notice(message: string): void
}

export interface GenerationOptions {
  readonly clock: Clock
  readonly loadDeadlineMs: number
  readonly events: GenerationEvents
}

export interface Loading {
  readonly loaded: LoadedScript
  readonly generation: Generation
  /** The load failed because the interpreter was killed for another call. */
  readonly isInnocent: boolean
}

export class ScriptGenerations {
  readonly #options: GenerationOptions
  readonly #all = new Map<GenerationNumber, Generation>()
  /** By script. */
  readonly #inUse = new Map<string, Generation>()
  /** By script. No call of a script begins until its next generation has taken over. */
  readonly #handovers = new Map<string, Promise<void>>()
  /** By script: a generation that is still being loaded, but whose workflows are in use. */
  readonly #ahead = new Map<string, Generation>()
  readonly #notedUnmet = new Set<string>()
  #last: GenerationNumber = PROGRAM_GENERATION

  constructor(options: GenerationOptions) {
    this.#options = options
  }

  inUse(script: string): Generation | undefined {
    return this.#inUse.get(script)
  }

  /** Returns the generation in use, or the first one, which is being loaded. */
  presentOf(script: string): Generation | undefined {
    return this.#inUse.get(script) ?? [...this.#all.values()].find((generation) => generation.script === script)
  }

  /** Returns a loading generation that runs its own workflows already, in place of the one in use. */
  aheadFor(script: string, workflow: string): Generation | undefined {
    if (this.#ahead.size === 0) return undefined
    const generation = this.#ahead.get(script)
    return generation?.declaresWorkflow(workflow) ? generation : undefined
  }

  /** Uses the declarations of a generation from now on, possibly while it is still being loaded. */
  useAhead(number: GenerationNumber): void {
    const generation = this.#all.get(number)
    if (generation === undefined || this.#inUse.get(generation.script) === generation) return
    this.#ahead.set(generation.script, generation)
  }

  get(number: GenerationNumber): Generation | undefined {
    return this.#all.get(number)
  }

  /** Settles when the next generation has taken over. Undefined if none is taking over. */
  handover(script: string): Promise<void> | undefined {
    return this.#handovers.size === 0 ? undefined : this.#handovers.get(script)
  }

  /** A program is in use immediately. */
  beginProgram(): void {
    const generation = Generation.ofProgram()
    this.#all.set(generation.number, generation)
    this.#inUse.set(generation.script, generation)
  }

  /** Loads a script as a generation that is not in use yet, and drops it if it fails. Rejects with `HOST_CLOSED`. */
  async load(interpreter: InterpreterProcess, script: string, target: LoadTarget): Promise<Loading> {
    const { clock, events, loadDeadlineMs } = this.#options
    const generation = new Generation(++this.#last, script, interpreter)
    this.#all.set(generation.number, generation)
    const slow = clock.wakeAfter(SLOW_LOAD_MS, () =>
      events.notice(`Script "${script}" is still loading after ${SLOW_LOAD_MS / 1_000} s.`),
    )
    try {
      const answer = await interpreter.load(generation.number, script, target, loadDeadlineMs)
      const loaded = this.#loadedOf(generation, answer)
      if (loaded.fault !== null) this.dispose(generation)
      return { loaded, generation, isInnocent: isInnocent(answer, script) }
    } finally {
      slow.cancel()
    }
  }

  /**
   * Replaces a generation, and gives the next one the globals that the script keeps. Running calls of the old one may
   * end within the grace; later ones continue without being waited for.
   */
  async replace(before: Generation | undefined, next: Generation, graceMs: number): Promise<void> {
    const { script } = next
    if (before !== undefined) {
      const handover = this.quietWithin(before, graceMs).then(() => this.#handOn(before, next))
      this.#handovers.set(script, handover)
      try {
        await handover
      } finally {
        this.#handovers.delete(script)
      }
    }
    if (!this.#all.has(next.number)) return // its interpreter has ended
    this.#inUse.set(script, next)
    this.#ahead.delete(script)
    if (before !== undefined) void before.quiet().then(() => this.dispose(before))
  }

  /** Stops the use of a script, and returns its generation. */
  withdraw(script: string): Generation | undefined {
    const generation = this.#inUse.get(script)
    this.#inUse.delete(script)
    return generation
  }

  async quietWithin(generation: Generation, graceMs: number): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#options.clock.wakeAfter(graceMs, limit.resolve)
    await Promise.race([generation.quiet(), limit.promise])
    timer.cancel()
  }

  dispose(generation: Generation): void {
    if (!this.#all.delete(generation.number)) return
    for (const those of [this.#inUse, this.#ahead]) {
      if (those.get(generation.script) === generation) those.delete(generation.script)
    }
    generation.interpreter?.unload(generation.number)
    this.#options.events.gone(generation.number)
  }

  /** Removes the generations whose interpreters have ended, and returns them. */
  disposeDead(): readonly Generation[] {
    const dead = [...this.#all.values()].filter(({ interpreter }) => interpreter?.hasEnded === true)
    for (const generation of dead) this.dispose(generation)
    return dead
  }

  /** Whether another interpreter has the generation. Scripts can send messages that name any generation. */
  isElsewhere(number: GenerationNumber, interpreter: unknown): boolean {
    const owner = this.#all.get(number)?.interpreter ?? null
    return owner !== null && owner !== interpreter
  }

  /** Adds declarations that a script makes after its load, or while its import waits. */
  declared(number: GenerationNumber, json: string, interpreter: unknown): void {
    const generation = this.#all.get(number)
    if (generation === undefined || this.isElsewhere(number, interpreter)) return // the script is no longer served
    const declarations = decodeDeclarations(generation.script, json)
    generation.declared(declarations)
    this.#options.events.declared(number, declarations, this.#inUse.get(generation.script) === generation)
  }

  #loadedOf(generation: Generation, answer: CallResult): LoadedScript {
    const { script, number } = generation
    if (answer.kind === 'lost') return notLoaded(script, this.#lossOf(script, answer.end))
    if (answer.kind !== 'loaded')
      throw new HostError('HOST_CLOSED', 'The runner is closed, so its Python interpreters have ended.')
    const { fault, files, requirements, ...rest } = decodeLoadResult(script, answer.resultJson)
    const { twins, badParameters, ...declarations } = rest
    if (requirements !== null) this.#noteUnmet(requirements)
    if (fault !== null) return { ...notLoaded(script, this.#withDeadline(fault)), files }
    generation.declared(declarations)
    this.#options.events.declared(number, declarations, false)
    const twinProblems = twins.map((twin) => ({ message: twinText(twin), place: twin.place }))
    for (const { message, place } of [...badParameters, ...twinProblems]) {
      this.#options.events.notice(place === null ? message : `${message} (${place.file}, line ${place.line})`)
    }
    return { script, files, fault, twins, badParameters, ...generation.declarations }
  }

  /** Reports a file once: all scripts of its folder share it, and are loaded again when it changes. */
  #noteUnmet({ file, unmet }: UnmetRequirements): void {
    const message =
      `Requirements of "${file}" are not met: ${unmet.join('; ')}. ` +
      `Install them with: cloaca pip install -r ${shownPath(file)}`
    if (!this.#notedUnmet.has(message)) this.#options.events.notice(message)
    this.#notedUnmet.add(message)
  }

  #lossOf(script: string, end: InterpreterEnd): LoadFault {
    if (end.culprit === scriptLabel(script) && end.overdue === end.culprit) return this.#tooSlow('')
    return { type: 'InterpreterDied', message: lostInterpreterFault(end).message, traceback: '', place: null }
  }

  #withDeadline(fault: LoadFault): LoadFault {
    return fault.type === 'DeadlineExceeded' ? this.#tooSlow(fault.traceback) : fault
  }

  #tooSlow(traceback: string): LoadFault {
    const message =
      `its import did not end within ${this.#options.loadDeadlineMs / 1_000} s. ` +
      'Move the work into a task, or raise "limits.load"'
    return { type: 'TimeoutError', message, traceback, place: null }
  }

  async #handOn(before: Generation, next: Generation): Promise<void> {
    const { loadDeadlineMs, events } = this.#options
    const taken = await before.interpreter?.takeState(before.number, loadDeadlineMs)
    if (taken?.kind !== 'state') return // the interpreter has ended, with the state
    const { values, others, problem } = JSON.parse(taken.stateJson) as TakenState
    const problems = [problem]
    // Python's own text keeps the digits of numbers, which JavaScript would not.
    if (Object.keys(values).length > 0) {
      const given = await next.interpreter?.giveState(next.number, taken.stateJson, loadDeadlineMs)
      if (given?.kind === 'state') problems.push((JSON.parse(given.stateJson) as TakenState).problem)
    }
    for (const each of problems) {
      if (each !== null)
        events.notice(`Script "${next.script}" was reloaded without the old values in __cloaca_state__: ${each}.`)
    }
    if (others.length > 0) {
      events.notice(`Script "${next.script}" was reloaded without the old values of ${notHandedOn(others)}.`)
    }
  }
}

/** Answer of `state.py`. `others` and `values` are empty if values were given. */
interface TakenState {
  readonly values: object
  readonly others: readonly (readonly [name: string, why: string])[]
  /** Reason why there is no value at all. */
  readonly problem: string | null
}

function notHandedOn(others: TakenState['others']): string {
  const shown = others.slice(0, MAX_SHOWN)
  const names = shown.map(([name]) => `"${name}"`).join(', ')
  const reasons = shown.map(([name, why]) => `"${name}" ${why}`).join('; ')
  const more = others.length > MAX_SHOWN ? ` and ${others.length - MAX_SHOWN} others` : ''
  return `${names}${more} in __cloaca_state__: ${reasons}`
}

/** Returns a path as typed in the current folder: relative if it is below it. */
function shownPath(file: string): string {
  const path = relative(process.cwd(), file)
  const shown = path.startsWith('..') ? file : path
  return /^[\w./@+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
}

function isInnocent(answer: CallResult, script: string): boolean {
  if (answer.kind !== 'lost') return false
  return answer.end.isOutOfLease === true || (answer.end.culprit !== null && answer.end.culprit !== scriptLabel(script))
}

function notLoaded(script: string, fault: LoadFault): LoadedScript {
  const none = { files: [], twins: [], triggers: [], workflows: [], badParameters: [] }
  return { script, fault, ...none, pollNumbers: new Map() }
}
