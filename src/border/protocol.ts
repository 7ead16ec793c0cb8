/**
 * Every message that crosses between the engine and an interpreter's process, in both directions.
 *
 * Rules of the border: plain types made for it, nothing of the engine's; null for absent; every property present;
 * contexts only as text; errors as data. An interpreter begins with `hello`. What the engine asks (load, polls, task,
 * events, graphs, program) gets exactly one answer per token, also when the process dies; a `call` of Python gets exactly one `reply`.
 */

import type { Grants } from './grants.ts'

/** A number that names one entry into Python (a load, a poll, a task, events, graphs, a program) for its whole life. Never reused. */
export type StackToken = number

/** One loading of a script, and all that it declares. Given by the engine, never twice; 0 is a program's. */
export type GenerationNumber = number

export const PROGRAM_GENERATION: GenerationNumber = 0

export type LoadTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'module'; readonly name: string }

/** Program to run: a file, a module, or code as text, with its arguments. */
export type ProgramTarget =
  | { readonly kind: 'file'; readonly path: string; readonly argv: readonly string[] }
  | { readonly kind: 'module'; readonly name: string; readonly argv: readonly string[] }
  | { readonly kind: 'code' | 'stdin'; readonly code: string; readonly argv: readonly string[] }

/** The process runs its program already, and says when that has ended. */
export interface RunningProgram {
  readonly kind: 'running'
}

/** Options and variables of the Python interpreter. */
export interface PythonOptions {
  /** Supported `PYTHON…` variables, with options taking precedence. */
  readonly environ: Readonly<Record<string, string>>
  /** Values of `sys.flags` that differ from the defaults. */
  readonly flags: Readonly<Record<string, number>>
  /** Values of the option `-X`. */
  readonly xOptions: readonly string[]
}

/** The process that the interpreter is part of, as Python shall see it. */
export interface ProcessSettings {
  readonly environ: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly cwd: string
  readonly executable: string
  readonly hostname: string
  /** Name of the user; null if the system has none, as for the numeric user of a container. */
  readonly user: string | null
  readonly uid: number
  readonly gid: number
  readonly euid: number
  readonly egid: number
  readonly groups: readonly number[]
  /** The mask for new files and folders. */
  readonly umask: number
  readonly cpuCount: number
  /** Columns and rows of the terminal, or null when there is none. */
  readonly terminalSize: readonly [number, number] | null
  /** Entries of PYTHONPATH. */
  readonly pythonPath: readonly string[]
  /** Folders of installed pure-Python packages, searched last. */
  readonly sitePackages: readonly string[]
  readonly python: PythonOptions
  /** What a Python that a script has started was handed beside its standard streams: the numbers, in the order of `FIRST_HANDED`. */
  readonly handedDescriptors: readonly number[]
  /** Folder for compiled modules, so that the next process need not compile them; '' for none. */
  readonly bytecodeFolder: string
}

/** What an interpreter may use. */
export interface ResourceCeilings {
  /** Python's own memory: beyond it, MemoryError. */
  readonly memoryMebibytes: number
  /** Descriptors of the process, and of scripts: beyond it, EMFILE. Null: as many as the system lets it have. */
  readonly openFiles: number | null
  /** Threads of Python: beyond it, RuntimeError. */
  readonly threads: number
  /** From where on the engine hears, at most once a second, how much of it is in use. Null: it hears nothing. */
  readonly reportFrom: ReportThresholds | null
}

/** Of the whole process: `residentMebibytes` is the memory that it occupies. */
export interface ReportThresholds {
  readonly residentMebibytes: number
  readonly openFiles: number
  readonly threads: number
}

/** How much is gathered of what is printed and logged between two messages, at most: the beginning and the end of it. */
export interface LogLimits {
  readonly attemptBytes: number
  readonly pollBytes: number
  /** What a poll printed that skipped is sent, too. */
  readonly keepsSkips: boolean
}

/** What Python is started with. */
export interface StartData {
  /** The process stands for one program, with its terminal and signals; else it holds scripts that are served. */
  readonly isProgram: boolean
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  /** At a terminal each line of a task says whose it is. */
  readonly prefixesOutput: boolean
  readonly process: ProcessSettings
  /** The local zone by its IANA name. Node takes 10 ms to find it, for which the engine has time. */
  readonly timeZone: string
  /** File with the memory snapshot, or null for a cold start. */
  readonly snapshotPath: string | null
  /** Folder that holds the `cloaca` package. */
  readonly packageFolder: string
  /** What its scripts may reach, where that is restricted; null where they may do what the process may. */
  readonly grants: Grants | null
}

/** A Python exception as data: its class name, its message, and its traceback or ''. */
export interface RaisedFault {
  readonly type: string
  readonly message: string
  readonly traceback: string
}

/** How a poll or an attempt ended. Polls that skip without a reason are reported by their tokens alone. */
export type Outcome =
  | { readonly kind: 'skipped'; readonly reason: string }
  /** `contextText` is null when the trigger fired without a context. */
  | { readonly kind: 'fired'; readonly contextText: string | null }
  /** `contextText` is null when the attempt left its input as it was. */
  | { readonly kind: 'completed'; readonly contextText: string | null }
  | { readonly kind: 'failed' | 'timedOut'; readonly error: RaisedFault }

/** How the function of a source is called: for each event in order, once with the list of all, or once with nothing. */
export type AccumulateMode = 'each' | 'batch' | 'poll'

/**
 * What functions returned, flat, since there may be hundreds: `text` is the JSON of all values behind each other, `sizes` has
 * one number for each call that was made, in their order (`flat-values.ts`). Fewer than were asked for: Python stopped early,
 * and the rest is to be asked for again.
 */
export interface FlatValues {
  readonly text: string
  /** Units of `text`; or that there is no value: -1 it was None, -2 it raised, -3 it was stopped by its time limit. */
  readonly sizes: readonly number[]
  /** One for each -2 and -3, in their order. */
  readonly errors: readonly RaisedFault[]
}

/** Limit for the start of a request. A request that has started is not limited by it. */
export interface RequestStart {
  /**
   * Milliseconds of the machine's monotonic clock (`machine-clock.ts`): from then on the request is answered with `notStarted`
   * instead of being started. Null: it may start at any time.
   */
  readonly startBefore: number | null
  /** True for a request that was answered with `notStarted`, and whose limit has moved: it precedes waiting requests. */
  readonly isAgain: boolean
}

/** The method of a `call` whose reply holds a secret: `{"fields": {…}}`. */
export const SECRET_CALL = 'secret'

/** An error that a reply carries: the built-in Python exception to raise. */
export interface CallFault {
  readonly type: string
  readonly message: string
}

export type ToInterpreter =
  /** The first message, one of two: the process is to be an interpreter, or to make a memory snapshot and end. */
  | { readonly type: 'start'; readonly data: StartData }
  | { readonly type: 'makeSnapshot'; readonly packageFolder: string }
  /** Load a script as a new generation. What another generation of it declared stays until `unload`. */
  | {
      readonly type: 'load'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly script: string
      readonly target: LoadTarget
    }
  | { readonly type: 'unload'; readonly generation: GenerationNumber }
  /** Ask for the globals that a script hands on to its next generation, and hand them on. */
  | { readonly type: 'takeState'; readonly token: StackToken; readonly generation: GenerationNumber }
  | {
      readonly type: 'giveState'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly stateJson: string
    }
  /** Triggers by the numbers that they were declared with. */
  | ({
      readonly type: 'polls'
      readonly tokens: readonly StackToken[]
      readonly triggers: readonly number[]
    } & RequestStart)
  | ({
      readonly type: 'task'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly executionId: string
      readonly workflow: string
      readonly taskId: string
      readonly inputText: string
    } & RequestStart)
  /** Call the function of a source. `eventsText`: a JSON array of events; `[]` for a poll. */
  | ({
      readonly type: 'events'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly source: string
      readonly mode: AccumulateMode
      readonly eventsText: string
    } & RequestStart)
  /**
   * Run graphs, each with each payload. `payloadsText`: a JSON array of objects with a value for each source of the reactor,
   * null where there is none yet. The values come payload by payload: of all graphs for the first, of all for the second, ….
   * Python stops early between two payloads, or when a run is stopped by its time limit: that one is the last of the answer,
   * and of its payload the graphs behind it are to be asked for again, too.
   */
  | {
      readonly type: 'graphs'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly graphs: readonly string[]
      readonly payloadsText: string
    }
  | { readonly type: 'program'; readonly token: StackToken; readonly target: ProgramTarget | RunningProgram }
  /** The interpreter is to be ended: do what python does at its end. */
  | { readonly type: 'finish'; readonly token: StackToken }
  /** `contextText` null: that of the call, which need not travel back. */
  | { readonly type: 'reply'; readonly id: number; readonly valueJson: string; readonly contextText: string | null }
  | { readonly type: 'refusal'; readonly id: number; readonly fault: CallFault }
  /** Say what each suspended stack waits for. */
  | { readonly type: 'describeStacks' }
  /** Stop what waits under this token: its time is over, or it is cancelled. */
  | { readonly type: 'overdue'; readonly token: StackToken; readonly reason: string; readonly isCancelled: boolean }

export type FromInterpreter =
  /**
   * The first message. Another version, or another digest, than the engine's is of another installation. `digest`: of Pyodide's
   * process that of `build.ts`, of a CPython process that of the Python package (`host/environment/package-digest.ts`).
   */
  | {
      readonly type: 'hello'
      readonly protocolVersion: number
      readonly digest: string
      readonly pid: number
      /** "3.12.4"; null for Pyodide, whose version is known. */
      readonly python: string | null
      /** A signal that makes a CPython process write the stacks of all threads to `STACKS_OUT`, also while C code runs. Null: there is none. */
      readonly stacksSignal: number | null
      /** A signal that has it look for what it was told to stop, while C code lets no thread of it listen. Null: there is none. */
      readonly stopSignal: number | null
    }
  /** A step of making a snapshot is done. */
  | { readonly type: 'snapshotStep'; readonly done: string }
  | { readonly type: 'snapshot'; readonly snapshot: Uint8Array }
  /** An entry has started a process that is not in the interpreter's group; or that process has ended. */
  | {
      readonly type: 'child'
      readonly token: StackToken
      readonly pid: number
      readonly leadsGroup: boolean
      readonly isRunning: boolean
    }
  | { readonly type: 'ready'; readonly isFromSnapshot: boolean; readonly notice: string | null }
  | { readonly type: 'loaded'; readonly token: StackToken; readonly resultJson: string }
  /** `tokens` are those of the outcomes, in their order. */
  | {
      readonly type: 'outcomes'
      readonly skipped: readonly StackToken[]
      readonly tokens: readonly StackToken[]
      readonly outcomes: readonly Outcome[]
    }
  /** Answer to requests whose `startBefore` was over: their functions were not called. */
  | { readonly type: 'notStarted'; readonly tokens: readonly StackToken[] }
  /** What the function of a source returned, event by event; one value for a batch or a poll. */
  | ({ readonly type: 'accumulated'; readonly token: StackToken } & FlatValues)
  /**
   * What graphs came to. `nodesJson`: by graph and node the values of the last payload, for people to look at: long ones
   * are cut, and those that are not JSON are their `repr`.
   */
  | ({ readonly type: 'graphsRan'; readonly token: StackToken; readonly nodesJson: string } & FlatValues)
  /**
   * What polls and attempts printed and logged, in pieces; before their outcomes, but for what threads say that they left
   * behind. Flat, since there may be hundreds: `text` is all pieces behind each other, JSON lines; `sizes` has six numbers
   * for each: token, length in `text`, records, bytes, and the records and bytes that were cut before it (`log-pieces.ts`).
   */
  | { readonly type: 'logs'; readonly text: string; readonly sizes: readonly number[] }
  | { readonly type: 'programEnded'; readonly token: StackToken; readonly exitCode: number }
  /** The program ended itself without an end: the process goes no further. */
  | { readonly type: 'exited'; readonly token: StackToken; readonly exitCode: number }
  | { readonly type: 'finished'; readonly token: StackToken }
  | { readonly type: 'state'; readonly token: StackToken; readonly stateJson: string }
  | { readonly type: 'declared'; readonly generation: GenerationNumber; readonly declarationsJson: string }
  | {
      readonly type: 'call'
      readonly id: number
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly method: string
      readonly payloadJson: string
      readonly contextText: string
    }
  /** Scripts have so many threads, or descriptors, which the system need not have, that the ceiling is near. */
  | { readonly type: 'usesMany'; readonly resource: 'threads' | 'open files'; readonly count: number }
  /** Whether Python has threads of its own, besides what it was asked to run. */
  | { readonly type: 'threadsRun'; readonly isAny: boolean }
  /** Python has a handler for a signal, or has no longer: what the engine gets is handed on. Acknowledged on the control line. */
  | { readonly type: 'watchSignal'; readonly signum: number; readonly isWatched: boolean }
  /** One line worth a log entry. */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'stacks'; readonly stacksJson: string }
  /** Python has taken the signals that it was sent. */
  | { readonly type: 'tookSignals' }
  /** The interpreter has heard that an entry is overdue. */
  | { readonly type: 'acknowledged'; readonly token: StackToken }
  /** The interpreter cannot go on; its process ends after this. `token`: the stack that ran, 0 where it is not known. */
  | { readonly type: 'fatal'; readonly message: string; readonly token: StackToken }
