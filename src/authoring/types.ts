/**
 * What the functions of workflows and triggers are given and may return, and the table of functions that the function host
 * gets of a file. Everything public has its documentation here, since editors show it.
 */

import type { JsonObject, JsonValue } from '../model/context.ts'
import type { Declarations } from '../model/declarations.ts'
import type { SecretFields } from '../secrets/provider.ts'
import type { Fire, Skip } from './answers.ts'
import type { Frozen } from './types/json.ts'

/** Duration as a whole number with a unit, such as `'250ms'`, `'20s'`, `'5m'`, `'1h'` or `'7d'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** Logger of an execution or poll. Its records are stored, shown on the page, and printed by `serve`. */
export interface TaskLog {
  /** Writes a debug record, with optional values as JSON. */
  debug(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes an info record, with optional values as JSON. */
  info(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes a warning record, with optional values as JSON. */
  warn(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes an error record, with optional values as JSON. An `Error` among the values keeps its stack. */
  error(message: string, values?: Readonly<Record<string, unknown>>): void
}

/** Second argument of the function of a task. */
export interface TaskTools {
  /**
   * Signal that is aborted at the time limit of the task, or when its execution is cancelled. Pass it to `fetch` and
   * other asynchronous calls; `signal.reason` is the cause. If the function has not ended one second later, its result
   * is ignored.
   */
  readonly signal: AbortSignal
  /** Logger of the execution. The log also contains the output of `console`. */
  readonly log: TaskLog
  /** Number of this attempt, starting with 1. */
  readonly attempt: number
  /** Id of the execution, a UUID. */
  readonly executionId: string
  /** Name of the workflow. */
  readonly workflow: string
  /** Id of the task. */
  readonly task: string
  /**
   * Waits until a condition is true. The task uses no slot while it waits, and then waits for a free slot again.
   * The whole wait is part of the task's time limit.
   *
   * @param condition Function that is called repeatedly until it returns true. An exception is printed and treated as
   *   false.
   * @param options `pollEvery`: pause before each call of the condition. Default: 1 s.
   * @throws `signal.reason` when the task has to end.
   */
  deferUntil(
    condition: () => boolean | Promise<boolean>,
    options?: { readonly pollEvery?: Duration | undefined },
  ): Promise<void>
  /**
   * Returns all fields of a secret, by name or by an alias from the parameters of a schedule. Secrets are never stored,
   * and are replaced in the log.
   *
   * @throws `Error` if the secret does not exist, if the workflow has no access to it, or if the runner has no secrets.
   */
  secret(name: string): Promise<SecretFields>
}

/** Argument that the function of a trigger receives. */
export interface PollTools {
  /** Signal that is aborted at the time limit of the poll, or when the runner stops. */
  readonly signal: AbortSignal
  /** Logger of the poll. The log also contains the output of `console`. */
  readonly log: TaskLog
  /** Name of the trigger. */
  readonly trigger: string
}

/**
 * Function of a task. It receives the context, which is frozen at all levels, and returns an object with additions. A
 * returned key replaces the old value; all other keys stay unchanged, including the spelling of numbers. An exception
 * fails the attempt.
 */
export type TaskFunction<Context, Returned> = (
  context: { readonly [Key in keyof Context]: Frozen<Context[Key]> },
  tools: TaskTools,
) => Returned | Promise<Returned>

/** Answer of a poll. `fire(…)`, an object or `true` starts the workflow; `skip(…)` or `false` does not. */
export type PollAnswer<Context> = Fire<Context> | Skip | Context | boolean

/** Function of a trigger. Its return value decides whether the workflow starts, and with which context. */
export type PollFunction<Context> = (tools: PollTools) => PollAnswer<Context> | Promise<PollAnswer<Context>>

// ------------------------------------------------------------------------------- what the function host gets of a file

/** A function of a task, without its types. */
export interface ModuleTask {
  /** What it returns, or its promise, is checked by whoever calls it. */
  readonly run: (context: JsonObject, tools: TaskTools) => unknown
  /** After a successful attempt, with the context that it leaves. What it does changes nothing. */
  readonly onSuccess: ((task: string, context: JsonObject) => unknown) | null
  /** After every failed attempt that did not time out, with the context that it was given. What it does changes nothing. */
  readonly onFailure: ((task: string, error: Error, context: JsonObject) => unknown) | null
}

export interface ModuleTrigger {
  /** Null of a cron trigger, which is never polled. */
  readonly poll: ((tools: PollTools) => unknown) | null
  /** What it fires is what this returns; null where the workflow takes any context. */
  readonly checkFired: ContextCheck | null
}

/**
 * What an execution begins with, of what was handed in: the same object where nothing has to change. Throws `INVALID_CONTEXT` with every
 * problem in its message.
 */
export type ContextCheck = (context: JsonObject) => JsonObject | Promise<JsonObject>

/** The functions that the workflows and triggers of one file have. */
export interface ModuleFunctions {
  /** By workflow and id of the task. Tasks that are written in Python are not in it. */
  readonly tasks: ReadonlyMap<string, ReadonlyMap<string, ModuleTask>>
  /** By name. */
  readonly triggers: ReadonlyMap<string, ModuleTrigger>
  /** By workflow: of those that have an `input`. */
  readonly inputs: ReadonlyMap<string, ContextCheck>
}

/** What one file, or one call of `register`, declares. */
export interface ModuleDeclarations {
  readonly declarations: Declarations
  readonly functions: ModuleFunctions
}

export type { JsonObject, JsonValue }
