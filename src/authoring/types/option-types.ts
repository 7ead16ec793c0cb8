/**
 * The options of workflows, tasks and triggers. Types and their documentation only; `../options/` checks the values.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../../model/context.ts'
import type { Catchup } from '../../model/policy.ts'
import type { Duration } from '../function-types.ts'
import type { Rule } from '../rule-builders.ts'
import type { Limit, WorkflowLimitOptions } from './limit-types.ts'

/** Schema of any library that follows Standard Schema, such as valibot, zod or arktype. */
export type InputSchema = StandardSchemaV1<unknown, unknown>

/** Options of `workflow`. */
export interface WorkflowOptions<Schema extends InputSchema | undefined = InputSchema | undefined>
  extends WorkflowLimitOptions {
  /**
   * Schema of the initial context, of valibot, zod, arktype or another library that follows Standard Schema. Each
   * initial context is checked, and defaults of the schema are filled in. Default: any JSON object.
   */
  readonly input?: Schema
  /** Display name on the page and in lists. Default: the name. */
  readonly title?: string | undefined
  /** Description on the page and in lists. Default: empty. */
  readonly description?: string | undefined
  /** Labels for searching, such as `{ team: 'billing' }`. Default: none. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Time within which an execution must end after it was accepted. Later, an alert is sent. Default: no alert. */
  readonly deadline?: Duration | undefined
  /**
   * Time of day, such as `'07:00'`. If no execution created since this time of the day before has completed, an alert
   * is sent. Default: no alert.
   */
  readonly doneBy?: string | undefined
  /** IANA name of the time zone of `doneBy`. Default: `"UTC"`. */
  readonly timezone?: string | undefined
  /** First part of the full names of the tasks. Default: `"public"`. */
  readonly tenant?: string | undefined
  /** Second part of the full names of the tasks. Default: `"embedded"`. */
  readonly package?: string | undefined
  /** Default priority of the executions, from -100 to 100. Those with a higher one begin first. Default: 0. */
  readonly priority?: number | undefined
}

/** Growth of the delay between two attempts; see `TaskRetryOptions.backoff`. */
export type BackoffOption =
  | 'fixed'
  | 'linear'
  | 'exponential'
  | { readonly kind: 'linear'; readonly multiplier?: number | undefined }
  | { readonly kind: 'exponential'; readonly base?: number | undefined; readonly multiplier?: number | undefined }

/** Retry options. Several tasks can share an object of these options. */
export interface TaskRetryOptions {
  /** Number of retries after the first attempt. Default: 2, which allows three attempts in total. */
  readonly retries?: number | undefined
  /**
   * Growth of the delay: `'fixed'`, `'linear'` (delay times number of failed attempts) or `'exponential'` (doubled each
   * time). An object sets other factors, such as `{ kind: 'exponential', base: 3 }`. Default: `'exponential'`.
   */
  readonly backoff?: BackoffOption | undefined
  /** Delay before the second attempt. Default: 1 s. */
  readonly retryDelay?: Duration | undefined
  /** Maximum delay between two attempts, before jitter. Default: 60 s. */
  readonly maxDelay?: Duration | undefined
  /** Whether each delay varies randomly by up to a quarter. Default: true. */
  readonly jitter?: boolean | undefined
  /**
   * Failures to retry: `'all'`, `'transient'` (timeouts and messages about connections and similar problems),
   * `'never'`, or a list of texts, such as `['429', 'slow down']`. With a list, a failure is retried if its message
   * contains one of the texts, ignoring case. Default: `'all'`.
   */
  readonly retryOn?: 'all' | 'transient' | 'never' | readonly string[] | undefined
}

/** Options that TypeScript and Python tasks share. */
interface CommonTaskOptions<Known extends string, After, Completed> extends TaskRetryOptions {
  /**
   * Tasks that must end before this one starts: ids of tasks of the workflow, or task values (`orders.tasks.fetch`).
   * Their outputs are merged in this order. Default: none; the task starts immediately with the initial context.
   */
  readonly after?: After
  /** Time limit of one attempt, such as `'20s'`. Default: the limit of the engine, normally 5 min. */
  readonly timeout?: Duration | undefined
  /**
   * Time within which the task must end after it was ready, with all attempts: after its dependencies have ended, or
   * without any, after the execution was accepted. Later, an alert is sent. Default: no alert.
   */
  readonly deadline?: Duration | undefined
  /**
   * Condition for running the task, such as `succeeded('score')`. It is evaluated when all tasks of `after` have ended;
   * if it is false, the task is skipped. Default: `always()`, so a task runs even if the tasks before it failed. With a
   * condition, the keys of tasks that may not have completed are optional in the context.
   */
  readonly when?: Rule<Known, Completed> | undefined
  /** Limits. Each attempt takes a slot of each of them, and begins only when all have a free one. Default: none. */
  readonly limits?: readonly Limit[] | undefined
}

/** Options of a TypeScript task. */
export interface TaskOptions<Known extends string, After, Completed = unknown>
  extends CommonTaskOptions<Known, After, Completed> {
  /**
   * Called after a successful attempt, with the id of the task and its output. Return values and exceptions are
   * ignored.
   */
  readonly onSuccess?: ((task: string, context: JsonObject) => unknown) | undefined
  /**
   * Called after each failed attempt, even if it is retried, with the id of the task, the error and the task's context.
   * Not called after a timeout. Return values and exceptions are ignored.
   */
  readonly onFailure?: ((task: string, error: Error, context: JsonObject) => unknown) | undefined
}

/** Python task that a TypeScript workflow runs. */
export interface PythonTask<Adds extends InputSchema | undefined = InputSchema | undefined> {
  /** Path of the Python file, relative to the folder of the TypeScript file, or as passed to `cloaca serve`. */
  readonly script: string
  /** Id of the task in that file. */
  readonly task: string
  /** Workflow in that file that declares the task. Default: the only workflow with such a task. */
  readonly workflow?: string | undefined
  /**
   * Schema of the keys that the task adds, of any library that follows Standard Schema. Later tasks get the types of
   * the keys, and the values are checked when the next TypeScript task starts. Default: any JSON.
   */
  readonly adds?: Adds
}

/** Options of a Python task. Its callbacks are in the Python file. */
export interface PythonTaskOptions<
  Known extends string,
  After,
  Adds extends InputSchema | undefined,
  Completed = unknown,
> extends CommonTaskOptions<Known, After, Completed> {
  /** Python task to run. */
  readonly python: PythonTask<Adds>
}

/** Options that polled triggers and cron triggers share. */
interface CommonTriggerOptions<Starts> {
  /** Workflow to start, or its name. The workflow can be a Python workflow. */
  readonly starts: Starts
  /** Whether the trigger starts an execution while it has an active one with an equal context. Default: false. */
  readonly allowConcurrent?: boolean | undefined
  /** Description on the page and in lists. Default: empty. */
  readonly description?: string | undefined
  /**
   * Longest expected time between two firings, such as `'26h'`. If the trigger has not fired for that long since its
   * last firing, or since it was declared or enabled, an alert is sent. Default: no alert.
   */
  readonly expectFire?: Duration | undefined
  /** Tags by which the routes of alerts select receivers. Default: the tags of the workflow. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /**
   * Priority of the executions that the trigger starts, from -100 to 100. Those with a higher one begin first. Default:
   * that of the workflow.
   */
  readonly priority?: number | undefined
}

/** Options of a polled trigger. */
export interface PollOptions<Starts, State = undefined> extends CommonTriggerOptions<Starts> {
  /** Time between two polls, such as `'2s'`. The first poll is immediate, and polls never overlap. Default: 30 s. */
  readonly every?: Exclude<Duration, `${number}d`> | undefined
  /** Time limit of one poll. Default: the limit of the engine, normally 30 s. */
  readonly timeout?: Duration | undefined
  /**
   * Maximum random delay of each poll. A delay does not move the later polls. Default: the setting of the engine,
   * normally none.
   */
  readonly jitter?: Duration | undefined
  /**
   * Maximum number of active executions of the trigger. A further firing is recorded as `limited` and starts nothing.
   * Default: no limit.
   */
  readonly maxActive?: number | undefined
  /** Number of consecutive failed polls after which the trigger is disabled, with a note. Default: never. */
  readonly pauseAfter?: number | undefined
  /**
   * Whether to fire only when the result changes from skip to fire, so that a lasting condition fires once. Default:
   * false.
   */
  readonly onChange?: boolean | undefined
  /**
   * State before the first change, a JSON object such as `{ last: 0 }`. The function receives the stored state as
   * `state` and changes it in place. After the poll, it is stored together with the executions that the poll starts.
   * Cannot be combined with `onChange`. Default: no state.
   */
  readonly state?: State
  /**
   * Time for which the keys of `fire(…, { key })` are remembered, or `'never'` if they do not expire. Default: the
   * setting of the engine, normally 30 days.
   */
  readonly keyTtl?: Duration | 'never' | undefined
}

/** Options of a cron trigger. */
export interface CronOptions<Starts> extends CommonTriggerOptions<Starts> {
  /** Cron expression, such as `'0 6 * * 1-5'`. */
  readonly cron: string
  /** IANA name of the time zone of the expression. Default: `"UTC"`. */
  readonly timezone?: string | undefined
  /**
   * Handling of missed times: `'skip'` starts one execution for all of them, `'all'` starts one for each (at most the
   * latest 100, unless the engine is configured otherwise), `'none'` starts nothing. Default: `'skip'`.
   */
  readonly catchup?: Catchup | undefined
}
