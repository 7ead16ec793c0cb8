/** Options of `runWorkflow` and `pollTrigger`, with the types of fakes. Only types and their documentation. */

import type { Duration, TaskFunction } from '../authoring/function-types.ts'
import type { AnyWorkflow } from '../authoring/types/workflow-types.ts'
import type { JsonObject, JsonValue } from '../model/context.ts'
import type { SecretFields, SecretProvider } from '../secrets/provider.ts'
import type { FakeClock } from './fake-clock.ts'
import type { AddedIn, GivenIn, TaskIds } from './tested-flow.ts'

/**
 * Replacement for the function of a task: a function of the same type, such as a mock of a test framework, or its
 * return value.
 */
export type Fake<Given, Added> = TaskFunction<Given, Added> | (Added & object)

/** Fakes by task id. */
export type Fakes<Flow> = {
  readonly [Id in TaskIds<Flow>]?: Fake<GivenIn<Flow, Id>, AddedIn<Flow, Id>> | undefined
}

/** Signal of a test. */
export interface TestSignal {
  readonly name: string
  /** Default: the empty key. */
  readonly key?: string | undefined
  /** Default: null. */
  readonly payload?: JsonValue | undefined
}

/** Answer to an approval in a test. */
export interface TestAnswer {
  readonly approved: boolean
  /** Values of the form, which are checked. Default: none. */
  readonly values?: JsonObject | undefined
  readonly note?: string | null | undefined
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
  /** Workflows that tasks start with `tools.run`. Default: none. */
  readonly children?: readonly AnyWorkflow[] | undefined
  /** Signals for nodes that wait. Each signal ends one wait, the first signals first. Default: none. */
  readonly signals?: readonly TestSignal[] | undefined
  /** Answers by id of the approval. True and false are answers without values and note. Default: none. */
  readonly approvals?: { readonly [Id in TaskIds<Flow>]?: boolean | TestAnswer | undefined } | undefined
}

/** Options of `pollTrigger`. */
export interface PollTriggerOptions<State = JsonObject | undefined> {
  /** State before the poll, which the function receives as a copy. Default: the `state` of the trigger. */
  readonly state?: State | undefined
  /** Clock of the test, which `triggered_at` comes from. Default: a new clock. */
  readonly clock?: FakeClock | undefined
  /** Time limit of the poll if the trigger has no `timeout`. Default: 30 s. */
  readonly pollTimeout?: Duration | undefined
}
