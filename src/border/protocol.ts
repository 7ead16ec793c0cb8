/**
 * Every message that crosses between the engine and an interpreter's process, in both directions.
 *
 * Rules of the border: plain types made for it, nothing of the engine's; null for absent; every property present;
 * contexts only as text; errors as data. An interpreter begins with `hello`. What the engine asks (load, polls, task,
 * events, graphs, program) gets exactly one answer per token, also when the process dies; a `call` of Python gets
 * exactly one `reply`.
 */

import type { Grants } from './grants.ts'

/** Number of one entry into Python (a load, poll, task, events, graphs or program) for its whole life. Never reused. */
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

export interface RunningProgram {
  readonly kind: 'running'
}

export interface PythonOptions {
  /** Supported `PYTHON…` variables, with options taking precedence. */
  readonly environ: Readonly<Record<string, string>>
  /** Values of `sys.flags` that differ from the defaults. */
  readonly flags: Readonly<Record<string, number>>
  readonly xOptions: readonly string[]
}

export interface ProcessSettings {
  readonly environ: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly cwd: string
  readonly executable: string
  readonly hostname: string
  /** Name of the user; null if the system has none, as for a numeric user of a container. */
  readonly user: string | null
  readonly uid: number
  readonly gid: number
  readonly euid: number
  readonly egid: number
  readonly groups: readonly number[]
  readonly umask: number
  readonly cpuCount: number
  /** Columns and rows of the terminal, or null when there is none. */
  readonly terminalSize: readonly [number, number] | null
  readonly pythonPath: readonly string[]
  /** Folders of installed pure-Python packages, searched last. */
  readonly sitePackages: readonly string[]
  readonly python: PythonOptions
  /** Numbers of the descriptors above 2 that a Python started by a script inherited, in the order of `FIRST_HANDED`. */
  readonly handedDescriptors: readonly number[]
  /** Folder for compiled modules, so that the next process need not compile them; '' for none. */
  readonly bytecodeFolder: string
}

export interface ResourceCeilings {
  /** Python's own memory. More than that raises MemoryError. */
  readonly memoryMebibytes: number
  /** Descriptors of the process and of scripts. More fail with EMFILE. Null: as many as the system allows. */
  readonly openFiles: number | null
  /** Threads of Python. More raise RuntimeError. */
  readonly threads: number
  /** Usage from which the engine is notified, at most once a second. Null: never. */
  readonly reportFrom: ReportThresholds | null
}

/** Thresholds of the whole process. `residentMebibytes` is the memory that it occupies. */
interface ReportThresholds {
  readonly residentMebibytes: number
  readonly openFiles: number
  readonly threads: number
}

/** Maximum size of the output that is kept between two messages: its beginning and its end. */
export interface LogLimits {
  readonly attemptBytes: number
  readonly pollBytes: number
  /** Whether the output of polls that skipped is sent, too. */
  readonly keepsSkips: boolean
}

/**
 * Destination of the output of served scripts: `written` to stdout and stderr; `prefixed`: the same, and each line of a
 * task at a terminal starts with its label; `sent`: as `printed` messages; `sentWithRecords`: the same, and records of
 * `logging` as `logged` messages.
 */
export type OutputMode = 'written' | 'prefixed' | 'sent' | 'sentWithRecords'

export interface StartData {
  /** True if the process runs one program, with its terminal and signals; false if it serves scripts. */
  readonly isProgram: boolean
  readonly ceilings: ResourceCeilings
  readonly logLimits: LogLimits
  readonly output: OutputMode
  readonly process: ProcessSettings
  /** IANA name of the local zone. The engine finds it, because Node takes 10 ms for that. */
  readonly timeZone: string
  /** File with the memory snapshot, or null for a cold start. */
  readonly snapshotPath: string | null
  readonly packageFolder: string
  /** The addon's binary, which CPython loads (`run_limit.py`). Null: there is none, or Pyodide. */
  readonly addonPath: string | null
  /** Grants of a restricted interpreter; null if scripts may do what the process may. */
  readonly grants: Grants | null
}

/** A Python exception as data. The traceback has no lines if no code of a script raised the exception. */
export interface RaisedFault {
  readonly type: string
  readonly message: string
  readonly traceback: string
}

/**
 * Result of a poll or an attempt; `python/cloaca/_border/outcome.py` has the same kinds. Polls that skip without a
 * reason are sent as their tokens alone.
 */
export type Outcome =
  | { readonly kind: 'skipped'; readonly reason: string | null }
  /** `contextText` is null when the trigger fired without a context. */
  | { readonly kind: 'fired'; readonly contextText: string | null }
  | PolledOutcome
  /** `contextText` is null when the attempt left its input as it was. */
  | { readonly kind: 'completed'; readonly contextText: string | null }
  /** `parked`: an attempt ended because a `child.run` was answered with null. */
  | { readonly kind: 'failed' | 'timedOut' | 'parked'; readonly error: RaisedFault }
  /** The attempt ended with `TryLater`. `limit`: name of the limit to close for the delay, or null. */
  | { readonly kind: 'tryLater'; readonly delayMs: number; readonly limit: string | null }

/**
 * Result of a poll with a list, a key or a changed state. `text` is the concatenated contexts. `sizes` and `keys` have
 * an item for each firing, in order, and none for a skip.
 */
export interface PolledOutcome {
  readonly kind: 'polled'
  readonly text: string
  /** Units of `text`, or -1 for a firing without a context. */
  readonly sizes: readonly number[]
  readonly keys: readonly (string | null)[]
  readonly reason: string | null
  readonly isList: boolean
  /** Null if the state is unchanged, or the trigger takes none. */
  readonly stateText: string | null
}

/** How the function of a source is called: for each event in order, once with the list of all, or once with nothing. */
type AccumulateMode = 'each' | 'batch' | 'poll'

/**
 * Flat results of functions, since there may be hundreds. `text` is the concatenated JSON of all values, `sizes` has
 * one number for each call, in order (`flat-values.ts`). If there are fewer than requested, Python stopped early, and
 * the rest must be requested again.
 */
export interface FlatValues {
  readonly text: string
  /** Units of `text`, or a missing value: -1 returned None, -2 raised, -3 was stopped by its time limit. */
  readonly sizes: readonly number[]
  /** One for each -2 and -3, in their order. */
  readonly errors: readonly RaisedFault[]
}

/** Limit for the start of a request. A request that has started is not limited by it. */
export interface RequestStart {
  /**
   * Monotonic time (`machine-clock.ts`) in milliseconds. A request that has not started by then
   * is answered with `notStarted`. Null: it may start at any time.
   */
  readonly startBefore: number | null
  /** True for a request that was answered with `notStarted` and has a new limit: it precedes waiting requests. */
  readonly isAgain: boolean
}

/** The method of a `call` whose reply holds a secret: `{"fields": {…}}`. */
export const SECRET_CALL = 'secret'

interface CallFault {
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
  /** Polls of triggers with state. `statesText`: JSON texts in the order of the tokens, between them U+0000. */
  | ({
      readonly type: 'statePolls'
      readonly tokens: readonly StackToken[]
      readonly triggers: readonly number[]
      readonly statesText: string
      /** Maximum size of each state after its poll. */
      readonly maxStateBytes: number
    } & RequestStart)
  | ({
      readonly type: 'task'
      readonly token: StackToken
      readonly generation: GenerationNumber
      readonly executionId: string
      readonly workflow: string
      readonly taskId: string
      readonly inputText: string
      /** Whether it must end at the time of `runUntil` (`channel.ts`). */
      readonly isLimited: boolean
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
   * Run graphs, each with each payload. `payloadsText` is a JSON array of objects with a value for each source of the
   * reactor, null where there is none yet. Values come payload by payload, and by graph within each. Python stops early
   * between two payloads, or at a run that its time limit stops: that run's value is the last, and the remaining graphs
   * of its payload must be requested again, too.
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
  /** `contextText` null: the context of the call, unchanged. */
  | { readonly type: 'reply'; readonly id: number; readonly valueJson: string; readonly contextText: string | null }
  | { readonly type: 'refusal'; readonly id: number; readonly fault: CallFault }
  | { readonly type: 'describeStacks' }
  /** Stop the call with this token: its time limit is over, or it is cancelled. */
  | { readonly type: 'overdue'; readonly token: StackToken; readonly reason: string; readonly isCancelled: boolean }

export type FromInterpreter =
  /**
   * The first message. Another version or `digest` than the engine's is of another installation. `digest` is that of
   * `build.ts` for Pyodide, that of the Python package (`host/environment/package-digest.ts`) for CPython.
   */
  | {
      readonly type: 'hello'
      readonly protocolVersion: number
      readonly digest: string
      readonly pid: number
      /** "3.12.4"; null for Pyodide, whose version is known. */
      readonly python: string | null
      /** Signal that makes CPython write the stacks of all threads to `STACKS_OUT`, also in C code. Null: none. */
      readonly stacksSignal: number | null
      /** Signal that makes CPython check for stop requests while C code blocks its threads. Null: none. */
      readonly stopSignal: number | null
    }
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
  /** Answer to requests whose `startBefore` has passed: their functions were not called. */
  | { readonly type: 'notStarted'; readonly tokens: readonly StackToken[] }
  /** Results of the function of a source, event by event; one value for a batch or a poll. */
  | ({ readonly type: 'accumulated'; readonly token: StackToken } & FlatValues)
  /**
   * Results of graphs. `nodesJson` has the values of the last payload by graph and node, for display: long values are
   * cut, and values that are not JSON are their `repr`.
   */
  | ({ readonly type: 'graphsRan'; readonly token: StackToken; readonly nodesJson: string } & FlatValues)
  /**
   * Output and log records of polls and attempts; sent before their outcomes, except those of threads left behind.
   * Flat, since there may be hundreds: `text` is all pieces as JSON lines, `sizes` has six numbers for each: token,
   * length in `text`, records, bytes, and the records and bytes that were cut before it (`log-pieces.ts`).
   */
  | { readonly type: 'logs'; readonly text: string; readonly sizes: readonly number[] }
  /**
   * Output of a served script. `token`: the call that printed it, which may be a load; 0 if unknown. `bytes`: parts of
   * lines.
   */
  | {
      readonly type: 'printed'
      readonly token: StackToken
      readonly stream: 'stdout' | 'stderr'
      readonly bytes: Uint8Array
    }
  /** Record of `logging` that a handler would write to a standard stream. JSON of a `LogRecord`. */
  | { readonly type: 'logged'; readonly token: StackToken; readonly recordJson: string }
  | { readonly type: 'programEnded'; readonly token: StackToken; readonly exitCode: number }
  /** The program ended its process without running to its end. */
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
  /** Scripts are near the ceiling of threads or descriptors, not all known to the system. */
  | { readonly type: 'usesMany'; readonly resource: 'threads' | 'open files'; readonly count: number }
  /** Whether Python has threads of its own, besides what it was asked to run. */
  | { readonly type: 'threadsRun'; readonly isAny: boolean }
  /** Python has set or removed a handler for a signal that the engine hands on. Acknowledged on the control line. */
  | { readonly type: 'watchSignal'; readonly signum: number; readonly isWatched: boolean }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'stacks'; readonly stacksJson: string }
  | { readonly type: 'tookSignals' }
  | { readonly type: 'acknowledged'; readonly token: StackToken }
  /** The interpreter cannot continue and its process ends now. `token`: the running stack, 0 if unknown. */
  | { readonly type: 'fatal'; readonly message: string; readonly token: StackToken }
