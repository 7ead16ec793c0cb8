/**
 * Which generation of each script is in use, and how the next one takes its place: as a whole or not at all. Owned by
 * `python-host.ts`, which knows where scripts live.
 */

import { relative } from 'node:path'
import { type GenerationNumber, type LoadTarget, PROGRAM_GENERATION } from '../../border/protocol.ts'
import type { Clock } from '../../engine/ports.ts'
import { HostError } from '../../errors.ts'
import type { Answer, InterpreterEnd } from '../process/answers.ts'
import type { InterpreterProcess } from '../process/interpreter-process.ts'
import { scriptLabel } from '../process/labels.ts'
import { lostInterpreter } from '../process/outcomes.ts'
import {
  decodeDeclarations,
  decodeLoadResult,
  type LoadFault,
  type ScriptDeclarations,
  type Twin,
  type UnmetRequirements,
} from './declarations.ts'
import { Generation } from './generation.ts'

const SLOW_LOAD_MS = 5_000
/** Of names in one line. */
const MOST_SHOWN = 10

export interface LoadedScript extends ScriptDeclarations {
  readonly script: string
  /** The user's files of which it is made; of one that could not be loaded, those that it came to. */
  readonly files: readonly string[]
  readonly fault: LoadFault | null
  readonly twins: readonly Twin[]
}

export interface GenerationEvents {
  /** A script declared something: while it was loaded, or later. `isInUse`: its generation is the script's present one. */
  declared(generation: GenerationNumber, declarations: ScriptDeclarations, isInUse: boolean): void
  /** A generation is gone: nothing of it runs any more. */
  gone(generation: GenerationNumber): void
  /** One line worth a log entry. */
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
  /** It failed because of another one, whom its interpreter had to be ended for. */
  readonly isInnocent: boolean
}

export class ScriptGenerations {
  readonly #options: GenerationOptions
  readonly #all = new Map<GenerationNumber, Generation>()
  /** By script. */
  readonly #inUse = new Map<string, Generation>()
  /** By script: until its next generation has taken over, nothing of it is entered. */
  readonly #handovers = new Map<string, Promise<void>>()
  /** By script: a generation that is being loaded, and whose workflows are in use already. */
  readonly #ahead = new Map<string, Generation>()
  readonly #notedUnmet = new Set<string>()
  #last: GenerationNumber = PROGRAM_GENERATION

  constructor(options: GenerationOptions) {
    this.#options = options
  }

  inUse(script: string): Generation | undefined {
    return this.#inUse.get(script)
  }

  /** What a script's calls are for: the generation in use, or the first one, which is being loaded. */
  presentOf(script: string): Generation | undefined {
    return this.#inUse.get(script) ?? [...this.#all.values()].find((generation) => generation.script === script)
  }

  /** What a task is run by before the generation in use: one that has asked for runs of its workflows while it is loaded. */
  aheadFor(script: string, workflow: string): Generation | undefined {
    if (this.#ahead.size === 0) return undefined
    const generation = this.#ahead.get(script)
    return generation?.declaresWorkflow(workflow) ? generation : undefined
  }

  /** What a generation declares is in use from now on, though it may still be being loaded. */
  useAhead(number: GenerationNumber): void {
    const generation = this.#all.get(number)
    if (generation === undefined || this.#inUse.get(generation.script) === generation) return
    this.#ahead.set(generation.script, generation)
  }

  get(number: GenerationNumber): Generation | undefined {
    return this.#all.get(number)
  }

  /** While a generation takes over from another: until it has; else undefined. */
  handover(script: string): Promise<void> | undefined {
    return this.#handovers.size === 0 ? undefined : this.#handovers.get(script)
  }

  /** A program is its own generation, in use at once. */
  beginProgram(): void {
    const generation = Generation.ofProgram()
    this.#all.set(generation.number, generation)
    this.#inUse.set(generation.script, generation)
  }

  /** Loads a script as a new generation, which is not in use yet; one that is not good is gone. Rejects with `HOST_CLOSED`. */
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
   * Puts a generation in the place of the one before, with the globals that the script hands on. What runs of the old one
   * may end within the grace; what takes longer goes on without being waited for.
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
    if (!this.#all.has(next.number)) return // it died meanwhile
    this.#inUse.set(script, next)
    this.#ahead.delete(script)
    if (before !== undefined) void before.quiet().then(() => this.dispose(before))
  }

  /** Returns the generation that was in use. Nothing of the script is entered any more. */
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

  /** Returns those that went with their interpreters. */
  disposeDead(): readonly Generation[] {
    const dead = [...this.#all.values()].filter(({ interpreter }) => interpreter?.hasEnded === true)
    for (const generation of dead) this.dispose(generation)
    return dead
  }

  /** Whether another interpreter has the generation. A message names its generation itself, so a script can name any. */
  isElsewhere(number: GenerationNumber, interpreter: unknown): boolean {
    const owner = this.#all.get(number)?.interpreter ?? null
    return owner !== null && owner !== interpreter
  }

  /** What a script declares after it was loaded, or while its import waits. */
  declared(number: GenerationNumber, json: string, interpreter: unknown): void {
    const generation = this.#all.get(number)
    if (generation === undefined || this.isElsewhere(number, interpreter)) return // of a script that is not served any more
    const declarations = decodeDeclarations(generation.script, json)
    generation.declared(declarations)
    this.#options.events.declared(number, declarations, this.#inUse.get(generation.script) === generation)
  }

  #loadedOf(generation: Generation, answer: Answer): LoadedScript {
    const { script, number } = generation
    if (answer.kind === 'lost') return notLoaded(script, this.#lossOf(script, answer.end))
    if (answer.kind !== 'loaded')
      throw new HostError('HOST_CLOSED', 'The runner is closed, so its Python interpreters have ended.')
    const { fault, files, requirements, twins, ...declarations } = decodeLoadResult(script, answer.resultJson)
    if (requirements !== null) this.#noteUnmet(requirements)
    if (fault !== null) return { ...notLoaded(script, this.#withDeadline(fault)), files }
    generation.declared(declarations)
    this.#options.events.declared(number, declarations, false)
    return { script, files, fault, twins, ...generation.declarations }
  }

  /** Once for a file: scripts of one folder share it, and each is loaded again when it changes. */
  #noteUnmet({ file, unmet }: UnmetRequirements): void {
    const message =
      `Requirements of "${file}" are not met: ${unmet.join('; ')}. ` +
      `Install them with: cloaca pip install -r ${shownPath(file)}`
    if (!this.#notedUnmet.has(message)) this.#options.events.notice(message)
    this.#notedUnmet.add(message)
  }

  #lossOf(script: string, end: InterpreterEnd): LoadFault {
    if (end.culprit === scriptLabel(script) && end.overdue === end.culprit) return this.#tooSlow('')
    return { type: 'InterpreterDied', message: lostInterpreter(end).message, traceback: '', place: null }
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
    if (taken?.kind !== 'state') return // it died, and its state with it
    const { values, others, problem } = JSON.parse(taken.stateJson) as TakenState
    const problems = [problem]
    // The text of Python, not one that JavaScript has read and written: numbers keep their digits.
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

/** The answer of `state.py`; `others` and `values` are empty where values were given. */
interface TakenState {
  readonly values: object
  readonly others: readonly (readonly [name: string, why: string])[]
  /** Why there is no value at all. */
  readonly problem: string | null
}

function notHandedOn(others: TakenState['others']): string {
  const shown = others.slice(0, MOST_SHOWN)
  const names = shown.map(([name]) => `"${name}"`).join(', ')
  const reasons = shown.map(([name, why]) => `"${name}" ${why}`).join('; ')
  const more = others.length > MOST_SHOWN ? ` and ${others.length - MOST_SHOWN} others` : ''
  return `${names}${more} in __cloaca_state__: ${reasons}`
}

/** As it would be typed here: from the current folder where it is below it. */
function shownPath(file: string): string {
  const path = relative(process.cwd(), file)
  const shown = path.startsWith('..') ? file : path
  return /^[\w./@+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
}

function isInnocent(answer: Answer, script: string): boolean {
  return answer.kind === 'lost' && answer.end.culprit !== null && answer.end.culprit !== scriptLabel(script)
}

function notLoaded(script: string, fault: LoadFault): LoadedScript {
  return { script, files: [], fault, twins: [], triggers: [], workflows: [], pollNumbers: new Map() }
}
