/**
 * Arguments and return values of functions of workflows and triggers, and the table of functions of a file. The public
 * types have their documentation here, because editors show it.
 */

import type { JsonObject } from '../model/context.ts'
import type { Declarations } from '../model/declarations.ts'
import type { ExecutionStatus } from '../model/execution.ts'
import type { SecretFields } from '../secrets/provider.ts'
import type { Fire, Skip } from './poll-answers.ts'
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

/** Failure of a task of the same execution, in `tools.failures`. */
export interface TaskFailure {
  /** Class name of the error, such as `TypeError`. */
  readonly type: string
  /** Message of the error, as the engine stores it. Values of secrets are replaced. */
  readonly message: string
  /** Number of attempts of the task. */
  readonly attempts: number
}

/** Options of `tools.run`. */
export interface RunOptions {
  /** Key with which the task starts the child once: 1 to 512 bytes of UTF-8. */
  readonly key: string
}

/** Result of a child execution, which `tools.run` returns. Times are in milliseconds since 1970. */
export interface ChildResult {
  /** Id of the execution. */
  readonly id: string
  /** Name of the workflow. */
  readonly workflow: string
  /** Final status: `Completed`, `Failed` or `Cancelled`. */
  readonly status: ExecutionStatus
  /** Final context. Only `contextText` keeps large integers and `1.0` exact. */
  readonly context: JsonObject
  /** Final context as exact JSON text. */
  readonly contextText: string
  /** Null if the execution completed. */
  readonly errorMessage: string | null
  /** Start of the execution. */
  readonly startedAt: number
  /** End of the execution. */
  readonly endedAt: number
}

/** Second argument of the function of a task. `Input`: initial context of the workflow. */
export interface TaskTools<Input = JsonObject> {
  /**
   * Signal that is aborted at the time limit of the task, or when its execution is cancelled. Pass it to `fetch` and
   * other asynchronous calls; `signal.reason` is the cause. If the function has not ended one second later, its result
   * is ignored.
   *
   * For a task with limits, it is also aborted one second before another engine may take the task's slots, because this
   * engine could not renew its lease. If the function has not ended 200 ms later, its worker thread is ended, with all
   * other calls in it. Nothing can end a function in the thread of the engine: it may then run at the same time as the
   * attempt that takes its slot. Set `isolation = 'worker'` for functions that must not.
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
   * Initial context of the execution, frozen at all levels. It is read when you use it.
   *
   * @throws `UsageError` (`INVALID_ARGUMENT`) after the function has ended.
   */
  readonly input: { readonly [Key in keyof Input]: Frozen<Input[Key]> }
  /**
   * Tasks of the execution that had failed when this attempt began, by id. A task that is retried has not failed.
   *
   * @throws `UsageError` (`INVALID_ARGUMENT`) after the function has ended.
   */
  readonly failures: Readonly<Record<string, TaskFailure>>
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
   * Runs a function once, and returns its result. The result is stored as JSON before the call returns. When the task
   * runs again, after a failure, a crash or a retry of the execution, the stored result is returned without a call of
   * the function. An exception is not stored. Simultaneous calls with one name run one after the other.
   *
   * @param name Name of the result within the task: 1 to 512 bytes of UTF-8.
   * @param run Function whose result has at most 1 MiB of JSON.
   * @throws `TypeError` if the result is not JSON or is too large. The function has run then.
   */
  once<Result>(name: string, run: () => Result | Promise<Result>): Promise<Result>
  /**
   * Returns an idempotency key for calls of other systems. It is the same in all attempts of the task and in retries of
   * the execution. Pass it to the other system, because a crash between the call and the storing of its result repeats
   * the call.
   *
   * @param name Name of the call within the task: 1 to 512 bytes of UTF-8.
   */
  key(name: string): string
  /**
   * Starts a child execution once for the key, and waits for its end. A failed child does not throw: see `status`.
   *
   * While it waits, the task uses no slot, and its time limit stands still. After the setting `limits.park`, it throws
   * a `ParkedError`, and the task starts again from its beginning after the end of the child, without counting an
   * attempt. Do not catch this error, or throw it again. Put work before the call into `once`.
   *
   * @param workflow Name of the workflow.
   * @param input Initial context of the child. It is not used if the key has a child.
   * @param options `key`: name of the child within the task.
   * @throws `UsageError` (`WORKFLOW_NOT_FOUND`, `INVALID_CONTEXT`, `KEY_REUSED`, `CHILDREN_TOO_DEEP`).
   */
  run(workflow: string, input: JsonObject, options: RunOptions): Promise<ChildResult>
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

/** Argument that the function of a trigger with the option `state` receives. */
export interface StatePollTools<State> extends PollTools {
  /** Copy of the stored state, which the function changes in place. It is stored after the poll, unless it fails. */
  readonly state: State
}

/**
 * Function of a task. It receives the context, which is frozen at all levels, and returns an object with additions. A
 * returned key replaces the old value; all other keys stay unchanged, including the spelling of numbers. An exception
 * fails the attempt.
 */
export type TaskFunction<Context, Returned, Input = JsonObject> = (
  context: { readonly [Key in keyof Context]: Frozen<Context[Key]> },
  tools: TaskTools<Input>,
) => Returned | Promise<Returned>

/**
 * Answer of a poll. `fire(…)`, an object or `true` starts the workflow; `skip(…)` or `false` does not. An array of
 * `fire(…)` starts the workflow once for each item, at most 1,000.
 */
export type PollAnswer<Context> = Fire<Context> | readonly Fire<Context>[] | Skip | Context | boolean

/** Function of a trigger. Its return value decides whether the workflow starts, and with which context. */
export type PollFunction<Context> = (tools: PollTools) => PollAnswer<Context> | Promise<PollAnswer<Context>>

export interface ModuleTask {
  /** The caller checks the result or its promise. */
  readonly run: (context: JsonObject, tools: TaskTools) => unknown
  /** Called after a successful attempt, with its output. Cannot change anything. */
  readonly onSuccess: ((task: string, context: JsonObject) => unknown) | null
  /** Called after each failed attempt without a timeout, with its context. Cannot change anything. */
  readonly onFailure: ((task: string, error: Error, context: JsonObject) => unknown) | null
}

export interface ModuleTrigger {
  /** Null for a cron trigger, which is never polled. */
  readonly poll: ((tools: PollTools) => unknown) | null
  /** JSON text of the state before the first change. Null if the function takes no state. */
  readonly stateText: string | null
  /** Whether only a change from skip to fire fires. The function may then return no array. */
  readonly onChange: boolean
  /** Converts the fired context; null if the workflow accepts any context. */
  readonly checkFired: ContextCheck | null
}

/** Returns the initial context, which is the same object if nothing changes. Throws `INVALID_CONTEXT`. */
export type ContextCheck = (context: JsonObject) => JsonObject | Promise<JsonObject>

export interface ModuleFunctions {
  /** Functions by workflow and task id. Python tasks are not included. */
  readonly tasks: ReadonlyMap<string, ReadonlyMap<string, ModuleTask>>
  readonly triggers: ReadonlyMap<string, ModuleTrigger>
  /** Checks by workflow, for workflows with an `input`. */
  readonly inputs: ReadonlyMap<string, ContextCheck>
}

/** Declarations of a file or of a call of `register`. */
export interface ModuleDeclarations {
  readonly declarations: Declarations
  readonly functions: ModuleFunctions
}
