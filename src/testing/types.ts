/** The options of `runWorkflow` and `pollTrigger`, with the types that fakes have. Types and their documentation only. */

import type { Duration, TaskFunction } from '../authoring/types.ts'
import type { SecretFields, SecretProvider } from '../secrets/provider.ts'
import type { FakeClock } from './fake-clock.ts'
import type { AddedIn, GivenIn, TaskIds } from './flow.ts'

/**
 * What takes the place of a task's function: a function of the same type, or an object, which is what it returns. A mock of a test
 * framework is a function.
 */
export type Fake<Given, Added> = TaskFunction<Given, Added> | (Added & object)

/** Fakes by the ids of their tasks. */
export type Fakes<Flow> = {
  readonly [Id in TaskIds<Flow>]?: Fake<GivenIn<Flow, Id>, AddedIn<Flow, Id>> | undefined
}

/** How `runWorkflow` runs a workflow. */
export interface RunWorkflowOptions<Flow> {
  /** Fakes for tasks, by their ids. Those that are written in Python need one. None unless given. */
  readonly tasks?: Fakes<Flow> | undefined
  /** The clock of the test; a new one unless given. */
  readonly clock?: FakeClock | undefined
  /** What `secret(name)` finds: the fields of each secret by its name, or a function. None unless given. */
  readonly secrets?: Readonly<Record<string, SecretFields>> | SecretProvider | undefined
  /** How long an attempt of a task may take that has no `timeout` of its own: 5 min unless given. */
  readonly taskTimeout?: Duration | undefined
}

/** How `pollTrigger` polls a trigger. */
export interface PollTriggerOptions {
  /** The clock of the test, from which `triggered_at` comes; a new one unless given. */
  readonly clock?: FakeClock | undefined
  /** How long the poll may take where the trigger has no `timeout` of its own: 30 s unless given. */
  readonly pollTimeout?: Duration | undefined
}
