/**
 * Every error class of cloaca, by who must act: the script's author, the caller of the API, the administrator of the
 * database, or the developers of cloaca. Tests and callers compare `code` and `facts`, never the text.
 * Imports nothing, so that every folder may use it.
 */

/**
 * Code of an error, which does not change between versions. Each code has a comment with its meaning and, after `Fix:`,
 * the remedy. `tools/error-codes.ts` writes them to `docs/errors.md`.
 */
export type ErrorCode =
  // ScriptError
  /**
   * A script cannot be parsed, or raised an exception while it was loaded.
   * Fix: Correct the script; `facts.traceback` shows the line.
   */
  | 'SCRIPT_LOAD_FAILED'
  /**
   * A TypeScript function called `process.exit`, `process.abort`, `process.reallyExit` or `process.kill(process.pid)`.
   * Fix: Return or throw an error instead; `facts` has the file, the line and the exit code.
   */
  | 'PROCESS_EXIT'
  // UsageError
  /** The version of Node is older than 24. Fix: Use Node 24 or newer. */
  | 'NODE_TOO_OLD'
  /** An argument, option or path is invalid. Fix: Correct it; the message shows the actual and the expected value. */
  | 'INVALID_ARGUMENT'
  /**
   * A setting in `cloaca.toml`, `package.json`, an environment variable or an option is invalid.
   * Fix: Correct the settings that the message lists; for an unknown setting, it shows the nearest valid key.
   */
  | 'INVALID_SETTINGS'
  /**
   * A context is not a JSON object, contains a value that JSON cannot represent, or does not match its schema.
   * Fix: Correct the value at `facts.path`, or the text at `facts.byteOffset`.
   */
  | 'INVALID_CONTEXT'
  /**
   * A workflow declared in TypeScript has no task.
   * Fix: Chain the calls of `task`, and export or register the value that the last call returns.
   */
  | 'EMPTY_WORKFLOW'
  /** Two workflows, or two triggers, have the same name. Fix: Rename one of them. */
  | 'DECLARED_TWICE'
  /**
   * Two declarations of one limit have different values.
   * Fix: Declare the limit once and import it, or rename one of the two; the message names both places.
   */
  | 'LIMIT_CONFLICT'
  /** The database URL cannot be parsed. Fix: Write `sqlite://PATH`, a path, `:memory:`, or `postgresql://…`. */
  | 'INVALID_DATABASE_URL'
  /**
   * No loaded script declares the workflow, or the database does not contain it.
   * Fix: Check the name; if a similar name exists, the message shows it.
   */
  | 'WORKFLOW_NOT_FOUND'
  /**
   * No loaded script declares the trigger, or the database does not contain it.
   * Fix: Check the name; if a similar name exists, the message shows it.
   */
  | 'TRIGGER_NOT_FOUND'
  /**
   * The function of the trigger takes no state.
   * Fix: Add a parameter `state` without a default to the function (Python), or the option `state` (TypeScript).
   */
  | 'TRIGGER_HAS_NO_STATE'
  /**
   * The state of the trigger was changed since the caller read it, or during a poll, which then starts nothing.
   * Fix: Read the state again; `facts.version` is the stored version. The next poll receives the stored state.
   */
  | 'STATE_CHANGED'
  /** The database has no execution with this id. Fix: Check the id and the database. */
  | 'EXECUTION_NOT_FOUND'
  /** The database has no cron schedule with this id. Fix: Check the id and the database. */
  | 'SCHEDULE_NOT_FOUND'
  /** The database has no backfill or refire with this id, or several. Fix: Check the id, and write more of it. */
  | 'BATCH_NOT_FOUND'
  /**
   * The execution did not end within the time limit of the call. The execution continues. Fix: Wait longer, or read
   * the result later with `facts.executionId`.
   */
  | 'EXECUTION_TIMEOUT'
  /**
   * The state of the execution or trigger does not allow the action, such as cancelling an ended execution.
   * Fix: Follow the message: it states the reason and, if there is one, an alternative command.
   */
  | 'ACTION_REFUSED'
  /**
   * The workflow was already started with this key, but with another input. Or a signal with this id was sent with
   * another name, key or payload.
   * Fix: Send the same input again, or use another key or id; `facts.executionId` is the execution of the key.
   */
  | 'KEY_REUSED'
  /**
   * A child execution would have more than 16 executions above it.
   * Fix: Start fewer executions inside of each other; check whether a workflow starts itself.
   */
  | 'CHILDREN_TOO_DEEP'
  /** The database has no approval with this id. Fix: Check the id and the database. */
  | 'APPROVAL_NOT_FOUND'
  /**
   * The approval was answered before, has expired, or was cancelled with its execution.
   * Fix: Read the approval: it has the answer. A retry of the execution opens a new approval.
   */
  | 'ALREADY_ANSWERED'
  /**
   * Values of the answer to an approval do not match its form.
   * Fix: Correct the values at the paths in `facts.problems`.
   */
  | 'INVALID_VALUES'
  /**
   * The workflow has as many active executions as its `max_active`, and its `overflow` is `drop`.
   * Fix: Start it again when an execution has ended; `cloaca limit show workflow:NAME` shows the executions.
   */
  | 'LIMITED'
  /** The database has no limit with this name. Fix: Check the name; if a similar one exists, the message shows it. */
  | 'LIMIT_NOT_FOUND'
  /** No script that is served on the database declares the source. Fix: Check the name and the database. */
  | 'SOURCE_NOT_FOUND'
  /**
   * Polling and stream accumulators do not accept pushed events.
   * Fix: Push to a passthrough, batch or state accumulator.
   */
  | 'SOURCE_NOT_PUSHABLE'
  /**
   * The maximum number of events is already queued for the source.
   * Fix: Push later; `cloaca source show NAME` shows why events are queued.
   */
  | 'SOURCE_FULL'
  /** The database has no reactor with this name. Fix: Check the name and the database. */
  | 'REACTOR_NOT_FOUND'
  /**
   * The database has no computation graph with this name.
   * Fix: Check the name, and that the script of the graph is loaded.
   */
  | 'GRAPH_NOT_FOUND'
  /**
   * The database does not contain the subscription.
   * Fix: Check the id, or the names of the reactor and the workflow, and the database.
   */
  | 'SUBSCRIPTION_NOT_FOUND'
  /**
   * The expression `when` of a subscription cannot be parsed, or does not return true or false.
   * Fix: Correct the expression.
   */
  | 'INVALID_PREDICATE'
  /**
   * A stream cannot be read, because its client package is not installed, or no broker is configured.
   * Fix: Follow the message: it names the package to install or the setting to change.
   */
  | 'STREAM_UNAVAILABLE'
  /** A cron expression cannot be parsed, or never fires, such as on February 30. Fix: Correct the expression. */
  | 'INVALID_CRON'
  /** A time zone is unknown. Fix: Use an IANA name in its exact case, such as `Europe/Paris`. */
  | 'INVALID_TIMEZONE'
  /**
   * Cron scheduling is disabled in this runner.
   * Fix: Set `cronEnabled` to true (in Python: `enable_cron_scheduling`).
   */
  | 'CRON_DISABLED'
  /** The runner is closed. Fix: Open a new runner. */
  | 'RUNNER_CLOSED'
  /**
   * The HTTP server cannot listen on the requested address.
   * Fix: Choose another address with `--host` and `--port`, or disable HTTP with `--no-http`.
   */
  | 'ADDRESS_UNAVAILABLE'
  // StoreError
  /**
   * The database cannot be opened, or does not belong to cloaca.
   * Fix: Check the path and its permissions, or the server and its user; the message states the reason.
   */
  | 'DATABASE_UNAVAILABLE'
  /**
   * The database rejected a read or write, or cannot be reached.
   * Fix: Remove the reason that the message states, for example a full disk, a lock, or a lost connection.
   */
  | 'DATABASE_FAILED'
  /** A newer version of cloaca created or upgraded the database. Fix: Update cloaca, or use another database. */
  | 'DATABASE_TOO_NEW'
  /**
   * An older version of cloaca created the database, and this version does not upgrade it.
   * Fix: Serve it once with this version, or use another database; the message states which.
   */
  | 'DATABASE_TOO_OLD'
  /**
   * The database file was removed, replaced or damaged while it was open.
   * Fix: Move the file back, restore a copy, or create an empty file with its name.
   */
  | 'DATABASE_REPLACED'
  /**
   * The workflow already has an instance with this name.
   * Fix: Choose another name, or delete the schedule of the existing instance.
   */
  | 'DUPLICATE_INSTANCE'
  /**
   * The database server already has a user with this name.
   * Fix: Choose another name, or remove the existing tenant first.
   */
  | 'DUPLICATE_USER'
  /**
   * The schema to remove has no tables of cloaca, or the user was not created for this schema.
   * Fix: Check both names. To remove the schema and the user in any case, use `--force`.
   */
  | 'NOT_A_TENANT'
  /**
   * Another engine took over the execution, or the execution has ended.
   * Fix: You do not have to do anything: cloaca discards the result of this engine.
   */
  | 'EXECUTION_NOT_OWNED'
  // HostError
  /**
   * Python did not start.
   * Fix: Remove the cause that the message states. If the memory snapshot is damaged, delete cloaca's cache folder.
   */
  | 'INTERPRETER_START_FAILED'
  /** Ctrl-C was pressed while Python was starting for a program. Fix: Start the program again. */
  | 'INTERPRETER_INTERRUPTED'
  /**
   * An interpreter process, or the worker thread of a TypeScript script, died during a request.
   * Fix: Remove the cause that the message states; cloaca replaces the interpreter automatically.
   */
  | 'INTERPRETER_DIED'
  /**
   * The runner closed its interpreters before they received the request.
   * Fix: Send no requests to a runner that is closing.
   */
  | 'HOST_CLOSED'
  // InternalError
  /** cloaca has a defect. Fix: Report the defect with the message. */
  | 'INTERNAL'

/** Facts about an error as fields, so that callers do not have to parse the message. */
export interface ErrorFacts {
  readonly script?: string
  readonly workflow?: string
  readonly trigger?: string
  readonly task?: string
  readonly executionId?: string
  readonly scheduleId?: string
  /** Id of a backfill or refire. */
  readonly batchId?: string
  readonly source?: string
  readonly reactor?: string
  readonly graph?: string
  readonly subscriptionId?: string
  readonly approvalId?: string
  readonly limit?: string
  /** Wrong values of an answer or of an input, with the path of each. */
  readonly problems?: readonly { readonly path: string; readonly message: string }[]
  /** Sequence numbers of the stored events, if other events of the same request were rejected. */
  readonly sequences?: readonly number[]
  /** Path of the invalid value, such as `triggers[2].pollIntervalMs`. */
  readonly path?: string
  /** Offset of the first invalid byte of a context's text. */
  readonly byteOffset?: number
  /** Version of the stored state. */
  readonly version?: number
  /** Reason, without the rest of the message. */
  readonly reason?: string
  /** Exit code that a function passed to `process.exit` or a similar method. */
  readonly exitCode?: number
  /** File that contains this call. */
  readonly file?: string
  /** Line of this call, starting with 1. */
  readonly line?: number
  /** Complete Python traceback, as Python prints it. */
  readonly traceback?: string
}

/** Facts and cause of a new error. */
export interface CloacaErrorOptions extends ErrorFacts {
  readonly cause?: unknown
}

/** Base class of all errors that cloaca throws intentionally. */
export abstract class CloacaError extends Error {
  readonly code: ErrorCode
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, message: string, options: CloacaErrorOptions = {}) {
    const { cause, ...facts } = options
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.facts = Object.freeze(facts)
  }
}

/** Error in a script: the script cannot be loaded, or calls a method that ends the process. */
export class ScriptError extends CloacaError {}

/** Error in a call of the TypeScript API, in an HTTP request, or in a command. */
export class UsageError extends CloacaError {}

/** Error of the database, which cannot be opened, or rejected a read or write. */
export class StoreError extends CloacaError {}

/** Error of an interpreter, which died or did not start. */
export class HostError extends CloacaError {}

/** Defect of cloaca. The message asks for a report. */
export class InternalError extends CloacaError {
  constructor(message: string, options: CloacaErrorOptions = {}) {
    super('INTERNAL', `${message} This is a defect in cloaca: please report it with this message.`, options)
  }
}

/** Converts a thrown value to an Error, once, at a border. */
export function toError(thrown: unknown): Error {
  // Uncoded: the thrown value is of the user or of a library
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
