/** The options of workflows, tasks and triggers. Types and their documentation only; `option-checks.ts` looks at the values. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../../model/context.ts'
import type { Catchup } from '../../model/policy.ts'
import type { Rule } from '../rules.ts'
import type { Duration } from '../types.ts'

/** A schema of any library that follows Standard Schema: valibot, zod, arktype and others. */
export type InputSchema = StandardSchemaV1<unknown, unknown>

/** What a workflow is declared with beside its name. */
export interface WorkflowOptions<Schema extends InputSchema | undefined = InputSchema | undefined> {
  /**
   * The shape of what an execution begins with, as a schema of valibot, zod, arktype or any other library that follows Standard
   * Schema. What is fired or executed is checked against it, and defaults of the schema are filled in. Any JSON object unless given.
   */
  readonly input?: Schema
  /** What it is called on the page and in lists; its name unless given. */
  readonly title?: string | undefined
  /** What it is for, for the page and for lists. Empty unless given. */
  readonly description?: string | undefined
  /** Words by which it can be found, such as `{ team: 'billing' }`. None unless given. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** First part of the full names of its tasks, `"public"` unless given. */
  readonly tenant?: string | undefined
  /** Second part of the full names of its tasks, `"embedded"` unless given. */
  readonly package?: string | undefined
}

/** How the delay between two attempts grows; see `TaskOptions.backoff`. */
export type BackoffOption =
  | 'fixed'
  | 'linear'
  | 'exponential'
  | { readonly kind: 'linear'; readonly multiplier?: number | undefined }
  | { readonly kind: 'exponential'; readonly base?: number | undefined; readonly multiplier?: number | undefined }

/** When and how often a failed task is tried again. An object of these can be kept, and spread into the options of many tasks. */
export interface TaskRetryOptions {
  /** How often it is tried again after its first attempt: 2 unless given, which makes three attempts in total; 0 for a single one. */
  readonly retries?: number | undefined
  /**
   * How the delay grows: `'fixed'`, `'linear'` (the delay times the number of failed attempts) or `'exponential'` (doubled each time, the
   * default). As an object with other factors: `{ kind: 'exponential', base: 3 }`.
   */
  readonly backoff?: BackoffOption | undefined
  /** How long it waits before the second attempt: 1 s unless given. */
  readonly retryDelay?: Duration | undefined
  /** The longest that it waits between two attempts, before jitter: 60 s unless given. */
  readonly maxDelay?: Duration | undefined
  /** Whether each delay is varied at random by up to a quarter: true unless given. */
  readonly jitter?: boolean | undefined
  /**
   * Which failures are tried again: `'all'` (the default), `'transient'` (time limits and messages that speak of connections and the like),
   * `'never'`, or texts of which one must be in the message, ignoring case: `['429', 'slow down']`.
   */
  readonly retryOn?: 'all' | 'transient' | 'never' | readonly string[] | undefined
}

/** What a task is declared with, whatever it is written in. */
export interface CommonTaskOptions<Known extends string, After> extends TaskRetryOptions {
  /**
   * The tasks that must have ended, however, before it starts: names of tasks of the workflow, or task values (`orders.tasks.fetch`).
   * What they leave is merged in this order. None unless given: it starts at once, with what the execution began with.
   */
  readonly after?: After
  /** How long one attempt may take before it is stopped and fails, such as `'20s'`. As the engine is set unless given: 5 min by default. */
  readonly timeout?: Duration | undefined
  /**
   * The condition for running at all, such as `succeeded('score')`; the task is skipped when it is false. It is looked at when all tasks of
   * `after` have ended. `always()` unless given: a task runs even if those before it failed.
   */
  readonly when?: Rule<Known> | undefined
}

/** What a task with a function is declared with. */
export interface TaskOptions<Known extends string, After> extends CommonTaskOptions<Known, After> {
  /** Is called after a successful attempt, with the id of the task and the context that it leaves. What it returns or throws changes nothing. */
  readonly onSuccess?: ((task: string, context: JsonObject) => unknown) | undefined
  /**
   * Is called after every failed attempt, also one that is tried again, with the id of the task, the error and the context that it was given;
   * not after one that timed out. What it returns or throws changes nothing.
   */
  readonly onFailure?: ((task: string, error: Error, context: JsonObject) => unknown) | undefined
}

/** A task of a Python file, as a task of this workflow. */
export interface PythonTask<Adds extends InputSchema | undefined = InputSchema | undefined> {
  /** The Python file, by its path from the folder of the file that declares the workflow, or as it was given to `serve`. */
  readonly script: string
  /** Id of the task in that file. */
  readonly task: string
  /** The workflow of that file which declares it. Unless given, the only one that has a task of that id. */
  readonly workflow?: string | undefined
  /**
   * The shape of what the task sets, as a schema of any library that follows Standard Schema: those after it know the types, and a
   * TypeScript task that comes after it checks them. Unless given, they are any JSON.
   */
  readonly adds?: Adds
}

/** What a task that is written in Python is declared with. Its callbacks are those of the Python file. */
export interface PythonTaskOptions<Known extends string, After, Adds extends InputSchema | undefined>
  extends CommonTaskOptions<Known, After> {
  /** The Python task that runs in its place. */
  readonly python: PythonTask<Adds>
}

/** What every trigger is declared with. */
interface CommonTriggerOptions<Starts> {
  /** The workflow that it starts, or its name, also of one that is declared in Python. */
  readonly starts: Starts
  /** False drops a firing while an execution that this trigger started with an equal context is active. False unless given. */
  readonly allowConcurrent?: boolean | undefined
  /** What it looks for, for the page and for lists. Empty unless given. */
  readonly description?: string | undefined
}

/** What a trigger is declared with whose function is called on an interval. */
export interface PollOptions<Starts> extends CommonTriggerOptions<Starts> {
  /** From one call to the next, such as `'2s'`: 30 s unless given. It is called at once when a runner takes it over, and never overlaps itself. */
  readonly every?: Exclude<Duration, `${number}d`> | undefined
  /** How long one call may take before it is stopped and counts as timed out. As the engine is set unless given: 30 s by default. */
  readonly timeout?: Duration | undefined
  /** Each call is later by a random part of it, which never adds up. As the engine is set unless given: none by default. */
  readonly jitter?: Duration | undefined
  /** So many executions that it started may be active; what it fires beyond that is recorded as limited and starts nothing. No limit unless given. */
  readonly maxActive?: number | undefined
  /** After so many failed calls in a row it is disabled, with a note that says why. Never unless given. */
  readonly pauseAfter?: number | undefined
  /** True fires only when the answer turns from skip to fire: a condition that stays true fires once. False unless given. */
  readonly onChange?: boolean | undefined
}

/** What a trigger is declared with that starts its workflow on a schedule. It has no function. */
export interface CronOptions<Starts> extends CommonTriggerOptions<Starts> {
  /** A cron expression, such as `'0 6 * * 1-5'`. */
  readonly cron: string
  /** IANA name of the time zone of the expression; `"UTC"` unless given. */
  readonly timezone?: string | undefined
  /**
   * What becomes of instants that were missed: `'skip'` (the default) starts one execution for all of them, `'all'` one for each, the latest
   * 100 at most unless the engine is set otherwise, `'none'` nothing.
   */
  readonly catchup?: Catchup | undefined
}
