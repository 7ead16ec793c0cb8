/** Inputs, results and outputs of tasks, from the type of their workflow. Types only. */

import type { ContextAfter, Flat, FlowTaskIds, TaskFlow } from '../authoring/types/flow-types.ts'
import type { TYPES } from '../authoring/types/workflow-types.ts'
import type { JsonObject } from '../model/context.ts'

interface Known {
  readonly input: unknown
  readonly tasks: unknown
}

type KnownOf<Flow> = Flow extends { readonly [TYPES]?: infer Types extends Known } ? Types : never
type TasksOf<Flow> = KnownOf<Flow>['tasks']

/** Ids of the tasks of a workflow. */
export type TaskIds<Flow> = FlowTaskIds<TasksOf<Flow>>

/** Input of a task. */
export type GivenIn<Flow, Id> =
  Extract<TasksOf<Flow>, { readonly id: Id }> extends TaskFlow<string, infer After, unknown, infer Completed>
    ? ContextAfter<TasksOf<Flow>, After, KnownOf<Flow>['input'], Completed>
    : JsonObject

/** Output of a task. */
export type LeftIn<Flow, Id> =
  Extract<TasksOf<Flow>, { readonly id: Id }> extends TaskFlow<string, unknown, infer Context> ? Context : JsonObject

/** Return value of a fake: keys that the task adds or changes in type, and any of the others. */
export type AddedIn<Flow, Id> = Added<GivenIn<Flow, Id>, LeftIn<Flow, Id>>

type Added<Given, Left> = Flat<Pick<Left, NewKeys<Given, Left>> & Partial<Left>>

type NewKeys<Given, Left> = {
  [Key in keyof Named<Left>]: Key extends keyof Named<Given>
    ? Same<Given[Key & keyof Given], Left[Key & keyof Left]> extends true
      ? never
      : Key
    : Key
}[keyof Named<Left>] &
  keyof Left

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** Keys with known names, without an index signature. */
type Named<Members> = {
  [Key in keyof Members as string extends Key ? never : number extends Key ? never : Key]: Members[Key]
}
