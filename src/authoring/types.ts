/**
 * What the functions of workflows and triggers are given and may return, and the table of functions that the function host
 * gets of a file. Everything public has its documentation here, since editors show it.
 */

import type { JsonObject, JsonValue } from '../model/context.ts'
import type { Declarations } from '../model/declarations.ts'
import type { SecretFields } from '../secrets/provider.ts'
import type { Fire, Skip } from './answers.ts'
import type { Frozen } from './types/json.ts'

/** A whole number and a unit, as in `'250ms'`, `'20s'`, `'5m'`, `'1h'` or `'7d'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** Writes to the log of the execution or of the poll: it is in the history and on the page, and `serve` prints it. */
export interface TaskLog {
  /** Writes a record that is of use when something is looked for, with values as JSON beside it. */
  debug(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes a record of what happens, with values as JSON beside it. */
  info(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes a record of what is not as it should be, with values as JSON beside it. */
  warn(message: string, values?: Readonly<Record<string, unknown>>): void
  /** Writes a record of what went wrong, with values as JSON beside it: an `Error` among them is kept with its stack. */
  error(message: string, values?: Readonly<Record<string, unknown>>): void
}

/** What the function of a task is given beside the context. */
export interface TaskTools {
  /**
   * Is aborted when the task has to end: at its time limit, or when its execution is cancelled. Hand it to `fetch` and to all that
   * waits; `signal.reason` says why. What has not ended a second later is given up, and what it returns then is ignored.
   */
  readonly signal: AbortSignal
  /** Writes to the log of the execution. What is printed with `console` is there as well. */
  readonly log: TaskLog
  /** The number of this attempt: 1 for the first. */
  readonly attempt: number
  /** Id of the execution, a UUID. */
  readonly executionId: string
  /** Name of the workflow. */
  readonly workflow: string
  /** Id of the task. */
  readonly task: string
  /**
   * Waits until a condition holds, without occupying one of the runner's concurrent tasks meanwhile. It sleeps, then asks, again and
   * again; when the answer is true it waits for a free place. The time counts towards the task's limit.
   *
   * @param condition Only `true` ends the wait. What it throws is printed, and counts as false.
   * @param options `pollEvery`: how long it sleeps before each call, 1 s unless given.
   * @throws What `signal.reason` is, when the task has to end.
   */
  deferUntil(
    condition: () => boolean | Promise<boolean>,
    options?: { readonly pollEvery?: Duration | undefined },
  ): Promise<void>
  /**
   * All fields of a secret, by name or by an alias that the parameters of a schedule gave it. They are never stored, and are blotted
   * out in the log.
   *
   * @throws `Error` when there is no such secret, when the workflow may not have it, or when the runner has no secrets.
   */
  secret(name: string): Promise<SecretFields>
}

/** What the function of a trigger is given. */
export interface PollTools {
  /** Is aborted when the poll has to end: at its time limit, or when the runner stops. */
  readonly signal: AbortSignal
  /** Writes to the log of the poll. What is printed with `console` is there as well. */
  readonly log: TaskLog
  /** Name of the trigger. */
  readonly trigger: string
}

/**
 * The function of a task. It is given the context, deeply frozen, and returns what it adds to it: keys that are there already get
 * the new value, and the others stay as they are, to the digit. Nothing returned adds nothing; what it throws fails the attempt.
 */
export type TaskFunction<Context, Returned> = (
  context: { readonly [Key in keyof Context]: Frozen<Context[Key]> },
  tools: TaskTools,
) => Returned | Promise<Returned>

/** What a poll may say: `fire(…)`, an object, which is fired as the context, or `true`; `skip(…)` or `false`. */
export type PollAnswer<Context> = Fire<Context> | Skip | Context | boolean

/** The function of a trigger: what it returns says whether the workflow is started, and with which context. */
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
