/**
 * Every error class of cloaca, split by who must act: the script's author, the caller of our API, the database,
 * an interpreter, or us. Tests and callers look at `code` and the fact fields, never at the text.
 * Imports nothing, so that every folder may use it.
 */

/** Stable codes. ARCHITECTURE.md's table says what each one means and what to do. */
export type ErrorCode =
  // ScriptError
  | 'SCRIPT_LOAD_FAILED'
  | 'PROCESS_EXIT'
  // UsageError
  | 'NODE_TOO_OLD'
  | 'INVALID_ARGUMENT'
  | 'INVALID_SETTINGS'
  | 'INVALID_CONTEXT'
  | 'EMPTY_WORKFLOW'
  | 'DECLARED_TWICE'
  | 'INVALID_DATABASE_URL'
  | 'WORKFLOW_NOT_FOUND'
  | 'TRIGGER_NOT_FOUND'
  | 'EXECUTION_NOT_FOUND'
  | 'SCHEDULE_NOT_FOUND'
  | 'EXECUTION_TIMEOUT'
  | 'ACTION_REFUSED'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_NOT_PUSHABLE'
  | 'SOURCE_FULL'
  | 'REACTOR_NOT_FOUND'
  | 'GRAPH_NOT_FOUND'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'INVALID_PREDICATE'
  | 'STREAM_UNAVAILABLE'
  | 'INVALID_CRON'
  | 'INVALID_TIMEZONE'
  | 'CRON_DISABLED'
  | 'RUNNER_CLOSED'
  | 'ADDRESS_UNAVAILABLE'
  // StoreError
  | 'DATABASE_UNAVAILABLE'
  | 'DATABASE_FAILED'
  | 'DATABASE_TOO_NEW'
  | 'DATABASE_TOO_OLD'
  | 'DATABASE_REPLACED'
  | 'DUPLICATE_INSTANCE'
  | 'DUPLICATE_USER'
  | 'NOT_A_TENANT'
  | 'EXECUTION_NOT_OWNED'
  // HostError
  | 'INTERPRETER_START_FAILED'
  | 'INTERPRETER_INTERRUPTED'
  | 'INTERPRETER_DIED'
  | 'HOST_CLOSED'
  // InternalError
  | 'INTERNAL'

/** What an error knows beyond its words. Each field is named after the glossary's word. */
export interface ErrorFacts {
  readonly script?: string
  readonly workflow?: string
  readonly trigger?: string
  readonly task?: string
  readonly executionId?: string
  readonly scheduleId?: string
  readonly source?: string
  readonly reactor?: string
  readonly graph?: string
  readonly subscriptionId?: string
  /** Of the events that are stored, where others of the same request are not. */
  readonly sequences?: readonly number[]
  /** Where a value is wrong, from the outside in: `triggers[2].pollIntervalMs`. */
  readonly path?: string
  /** Offset in bytes of the first wrong byte of a context's text. */
  readonly byteOffset?: number
  /** Why, without the sentence around it. */
  readonly reason?: string
  /** Of a call that was to end the process, with the place of the call. */
  readonly exitCode?: number
  readonly file?: string
  readonly line?: number
  /** The Python traceback, complete, as Python prints it. */
  readonly traceback?: string
}

export interface CloacaErrorOptions extends ErrorFacts {
  readonly cause?: unknown
}

/** The base of all errors that cloaca throws on purpose. */
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

/** The user's script is wrong: it cannot be loaded, declares something impossible, or was to end the process that it runs in. */
export class ScriptError extends CloacaError {}

/** The caller of the TypeScript API or of the command line is wrong. */
export class UsageError extends CloacaError {}

/** The database refused: it cannot be opened, is not ours, or failed in the middle of a step. */
export class StoreError extends CloacaError {}

/** An interpreter or its thread died, or cannot be started. */
export class HostError extends CloacaError {}

/** We are wrong. The message asks for a report. */
export class InternalError extends CloacaError {
  constructor(message: string, options: CloacaErrorOptions = {}) {
    super('INTERNAL', `${message} This is a defect in cloaca: please report it with this message.`, options)
  }
}

/** Turns whatever was thrown into an Error, once, at a border. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
