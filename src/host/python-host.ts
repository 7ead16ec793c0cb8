/**
 * Python behind a door: loads scripts, polls, runs tasks and programs, and reports outcomes as values.
 * The runner opens it, the engine calls it through the `ScriptHost` port. Which script lives in which interpreter is
 * known here and nowhere else. It decides nothing: a fault in Python is an outcome, never a throw.
 */

import { join } from 'node:path'
import type { LoadTarget, ProcessSettings, ProgramTarget, StartData } from '../border/protocol.ts'
import type { Clock, NotEntered, PollRequest, ScriptHost, TaskRequest, TaskSlot } from '../engine/ports.ts'
import { HostError, toError } from '../errors.ts'
import type { AttemptOutcome } from '../model/execution.ts'
import type { PollOutcome } from '../model/trigger.ts'
import { type Declarations, decodeDeclarations, decodeLoadResult, type LoadFault } from './declarations.ts'
import { Doorway } from './doorway.ts'
import { InterpreterChild } from './interpreter-child.ts'
import {
  type Answer,
  type InterpreterCall,
  type InterpreterEnd,
  InterpreterProcess,
  taskLabel,
  triggerLabel,
} from './interpreter-process.ts'
import { Slot } from './interpreter-supervisor.ts'
import { installedPackageFolders } from './machine-packages.ts'
import { attemptOutcomeOf, type EntryAnswer, lostInterpreter, pollOutcomeOf, refused } from './outcomes.ts'
import {
  cacheFolder,
  findSnapshot,
  prepareSnapshotFolder,
  removeSnapshot,
  snapshotPlaceFor,
  storeSnapshot,
} from './snapshot-cache.ts'

/** A call that a script made of the engine. Settles with the answer, or rejects with a `PythonRefusal`. */
export interface ScriptCall {
  readonly method: string
  readonly payload: unknown
  readonly contextText: string
  /** The slot of the task that made the call; null when it was not a task. */
  readonly slot: TaskSlot | null
}

export interface ScriptAnswer {
  readonly value: unknown
  readonly contextText: string
}

/** The built-in Python exception that a call shall raise in the script. */
export class PythonRefusal extends Error {
  readonly pythonType: string

  constructor(pythonType: string, message: string) {
    super(message)
    this.pythonType = pythonType
  }
}

export interface HostEvents {
  /** Answers a call of a script. */
  call(call: ScriptCall): Promise<ScriptAnswer>
  /** A running script declared something. */
  declared(declarations: Declarations): void
  /** One line worth a log entry: a restart, a start without a snapshot. */
  notice(message: string): void
  /** The first start takes longer than the others. */
  preparing(message: string): void
}

export interface HostOptions {
  readonly clock: Clock
  readonly process: ProcessSettings
  /** It is for one program, which has the terminal; else for scripts that are served. */
  readonly isProgram: boolean
  /** Where what scripts print goes; stdout when it is not said. */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /** Folder that holds the Python package `cloaca`. */
  readonly packageFolder: string
  readonly interpreters: number
  readonly events: HostEvents
}

export interface LoadedScript extends Declarations {
  readonly script: string
  readonly fault: LoadFault | null
}

/** The script name of declarations that a running program makes. */
export const PROGRAM_SCRIPT = '__main__'

const NO_CEILINGS = { residentMebibytes: 0xffff_ffff, openFiles: 0xffff_ffff }

export class PyodideHost implements ScriptHost {
  readonly #options: HostOptions
  readonly #slots: readonly Slot[]
  readonly #slotOf = new Map<string, Slot>()
  readonly #doorway = new Doorway()
  /** Looked for, or made, once an interpreter is on its way. */
  #snapshotPath: Promise<string | null> | null = null
  /** What interpreters said about their start, so that the others need not. */
  readonly #saidAtStart = new Set<string>()
  #loads = 0
  #isClosed = false

  private constructor(options: HostOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.interpreters }, (_, index) => this.#openSlot(index))
  }

  /** Starts the interpreters. Rejects with `INTERPRETER_START_FAILED` when Python does not start at all. */
  static async open(options: HostOptions): Promise<PyodideHost> {
    const host = new PyodideHost(options)
    try {
      await Promise.all(host.#slots.map((slot) => slot.thread()))
    } catch (error) {
      await host.close()
      throw error
    }
    return host
  }

  /** Loads one file or module. What is wrong with it is in `fault`; what it declared before that is kept. */
  async load(script: string, target: LoadTarget): Promise<LoadedScript> {
    const slot = this.#slots[this.#loads++ % this.#slots.length]
    if (slot === undefined || this.#isClosed) throw closed()
    this.#slotOf.set(script, slot)
    const answer = await slot.load(script, target)
    if (answer.kind === 'loaded') return { script, ...decodeLoadResult(script, answer.resultJson) }
    if (answer.kind !== 'lost' || this.#isClosed) throw closed()
    const { message } = lostInterpreter(answer.end)
    return {
      script,
      triggers: [],
      workflows: [],
      fault: { type: 'InterpreterDied', message, traceback: '', place: null },
    }
  }

  /** Runs a script to its end in the first interpreter; resolves with its exit code. */
  async runProgram(target: ProgramTarget): Promise<number> {
    const [slot] = this.#slots
    if (slot === undefined) throw closed()
    this.#slotOf.set(PROGRAM_SCRIPT, slot)
    const answer = await slot.runProgram(target)
    if (answer.kind === 'programEnded') return answer.exitCode
    throw answer.kind === 'lost' ? lostInterpreter(answer.end) : closed()
  }

  /** Delivers a signal to the running program. */
  async signalProgram(signum: number): Promise<void> {
    const thread = await this.#slotOf.get(PROGRAM_SCRIPT)?.thread()
    thread?.signal(signum)
  }

  async poll({ script, trigger, deadlineMs, stopping }: PollRequest): Promise<PollOutcome | NotEntered> {
    const label = triggerLabel(trigger)
    const answer = await this.#doorway.pass(stopping, (letIn) =>
      this.#enter(script, label, (thread) => letIn(() => thread.poll(trigger, deadlineMs))),
    )
    return pollOutcomeOf(answer, { label, deadlineMs })
  }

  async runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    const { script, slot, deadlineMs, stopping } = request
    const label = taskLabel(request)
    const answer = await this.#doorway.pass(stopping, async (letIn) => {
      await this.#slotOf.get(script)?.backOffEnd(label, slot)
      return await this.#enter(script, label, (thread) => letIn(() => thread.runTask(request)))
    })
    return attemptOutcomeOf(answer, { label, deadlineMs })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#slots.map((slot) => slot.close()))
  }

  #openSlot(index: number): Slot {
    const { clock, events } = this.#options
    return new Slot((ended) => this.#startThread(ended), clock, {
      restarted: (end, culprit, failure) => events.notice(restartNotice(index + 1, end, culprit, failure)),
      reloaded: (script, answer) => {
        const problem = reloadProblem(script, answer)
        if (problem !== null) events.notice(`Script "${script}" could not be loaded again: ${problem}`)
      },
    })
  }

  /** From the snapshot where there is one; a snapshot that turns out to be damaged is removed, and not missed. */
  async #startThread(ended: (end: InterpreterEnd) => void): Promise<InterpreterProcess> {
    const first = this.#spawn(ended)
    this.#snapshotPath ??= ensureSnapshot(this.#options)
    const path = await this.#snapshotPath
    try {
      await first.start(this.#startData(path))
      return first
    } catch (error) {
      if (this.#isClosed || path === null) throw error
      const second = this.#spawn(ended)
      await second.start(this.#startData(null)) // when this fails too, the snapshot is not to blame
      if ((await this.#snapshotPath) !== null) this.#options.events.notice(damagedSnapshotNotice(path, toError(error)))
      this.#snapshotPath = Promise.resolve(null)
      removeSnapshot(path)
      return second
    }
  }

  #spawn(ended: (end: InterpreterEnd) => void): InterpreterProcess {
    const { clock, isProgram, stdoutTo = 'stdout', events } = this.#options
    return InterpreterProcess.spawn({ isProgram, stdoutTo, compileCacheFolder: compileCacheFolder() }, clock, {
      call: (call, slot, interpreter) => void this.#answer(call, slot, interpreter),
      declared: (json) => events.declared(decodeDeclarations(PROGRAM_SCRIPT, json)),
      notice: (message) => events.notice(message),
      startNotice: (message) => this.#sayOnce(message),
      ended,
    })
  }

  #startData(snapshotPath: string | null): StartData {
    const { process, packageFolder, isProgram } = this.#options
    return { process, packageFolder, isProgram, snapshotPath, ceilings: NO_CEILINGS }
  }

  #sayOnce(message: string): void {
    if (this.#saidAtStart.has(message)) return
    this.#saidAtStart.add(message)
    this.#options.events.notice(message)
  }

  async #enter(
    script: string,
    label: string,
    call: (thread: InterpreterProcess) => Promise<EntryAnswer>,
  ): Promise<EntryAnswer> {
    const slot = this.#slotOf.get(script)
    if (slot === undefined || this.#isClosed) return refused(`script "${script}" is not loaded in this process`)
    return await slot.enter(label, call)
  }

  async #answer(call: InterpreterCall, slot: TaskSlot | null, thread: InterpreterProcess): Promise<void> {
    try {
      const payload: unknown = JSON.parse(call.payloadJson)
      const { method, contextText } = call
      const answer =
        method === 'host.packageFolders'
          ? { value: await installedPackageFolders(this.#options.process.environ), contextText: '' }
          : await this.#options.events.call({ method, payload, contextText, slot })
      thread.reply(call.id, JSON.stringify(answer.value ?? null), answer.contextText)
    } catch (thrown) {
      const error = toError(thrown)
      thread.refuse(call.id, error instanceof PythonRefusal ? error.pythonType : 'RuntimeError', error.message)
    }
  }
}

function damagedSnapshotNotice(path: string, error: Error): string {
  const [cause] = error.message.split('\n')
  return `Python starts without its memory snapshot "${path}", which is damaged and removed: ${cause}`
}

function restartNotice(number: number, end: InterpreterEnd, culprit: string | null, failure: Error | null): string {
  const cause = `${end.reason}${culprit === null || culprit === end.culprit ? '' : `, because of ${culprit}`}`
  if (failure === null) return `Interpreter ${number} was restarted: ${cause}.`
  return `Interpreter ${number} died: ${cause}. It could not be restarted, and is tried again: ${failure.message}`
}

/** Why a script that had been loaded is not loaded in a new interpreter, or null when it is. */
function reloadProblem(script: string, answer: Answer): string | null {
  if (answer.kind !== 'loaded') return 'the interpreter died.'
  const { fault } = decodeLoadResult(script, answer.resultJson)
  return fault && `${fault.type}: ${fault.message}`
}

function closed(): HostError {
  return new HostError('HOST_CLOSED', 'The interpreter host is closed.')
}

/** The snapshot to start from: found, or made now. Null, with one notice, when there cannot be one. */
async function ensureSnapshot(options: HostOptions): Promise<string | null> {
  const place = snapshotPlaceFor(options.packageFolder, process.env)
  try {
    const found = findSnapshot(place, options.clock.now(), options.events.notice)
    if (found !== null) return found
    prepareSnapshotFolder(place)
    options.events.preparing('preparing Python for this machine, which takes some seconds, once')
    return storeSnapshot(place, await makeSnapshot(options), options.clock.now())
  } catch (error) {
    const cause = `Python starts without a memory snapshot, which takes longer: ${toError(error).message}.`
    options.events.notice(`${cause} Set CLOACA_CACHE_DIR to a folder that is yours alone.`)
    return null
  }
}

/** In a process of its own, which ends with it. */
function makeSnapshot({ packageFolder, clock }: HostOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { isProgram: false, stdoutTo: 'stdout' as const, compileCacheFolder: compileCacheFolder() }
    const child = new InterpreterChild(options, clock, {
      received(message) {
        if (message.type === 'snapshot') resolve(message.snapshot)
        if (message.type === 'fatal') reject(new Error(message.message))
        if (message.type !== 'hello') child.kill()
      },
      nearCeiling: () => undefined,
      ended: (reason) => reject(new Error(`the process that makes it ${reason}`)),
    })
    child.post({ type: 'makeSnapshot', packageFolder })
  })
}

function compileCacheFolder(): string {
  return join(cacheFolder(process.env), 'compiled')
}
