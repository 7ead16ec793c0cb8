/** The options of `runWorkflow` and `pollTrigger`, with the types that fakes have. Types and their documentation only. */

import type { Duration, TaskFunction } from '../authoring/types.ts'
import type { SecretFields, SecretProvider } from '../secrets/provider.ts'
import type { FakeClock } from './fake-clock.ts'
import type { AddedIn, GivenIn, TaskIds } from './flow.ts'

/**
 * Replacement for the function of a task: a function of the same type, such as a mock of a test framework, or its
 * return value.
 */
export type Fake<Given, Added> = TaskFunction<Given, Added> | (Added & object)

/** Fakes by task id. */
export type Fakes<Flow> = {
  readonly [Id in TaskIds<Flow>]?: Fake<GivenIn<Flow, Id>, AddedIn<Flow, Id>> | undefined
}

/** Options of `runWorkflow`. */
export interface RunWorkflowOptions<Flow> {
  /** Fakes by task id. Python tasks need one. Default: none. */
  readonly tasks?: Fakes<Flow> | undefined
  /** Clock of the test. Default: a new clock. */
  readonly clock?: FakeClock | undefined
  /** Secrets for `secret(name)`: the fields of each secret by its name, or a function. Default: none. */
  readonly secrets?: Readonly<Record<string, SecretFields>> | SecretProvider | undefined
  /** Time limit of attempts of tasks without a `timeout`. Default: 5 min. */
  readonly taskTimeout?: Duration | undefined
}

/** Options of `pollTrigger`. */
export interface PollTriggerOptions {
  /** Clock of the test, which `triggered_at` comes from. Default: a new clock. */
  readonly clock?: FakeClock | undefined
  /** Time limit of the poll if the trigger has no `timeout`. Default: 30 s. */
  readonly pollTimeout?: Duration | undefined
}
