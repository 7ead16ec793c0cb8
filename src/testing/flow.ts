/** What the tasks of a workflow are given, return and leave, read from the type of the workflow. Types only. */

import type { ContextAfter, Flat, IdsOf, TaskFlow } from '../authoring/types/flow.ts'
import type { TYPES } from '../authoring/types/workflow.ts'
import type { JsonObject } from '../model/context.ts'

interface Known {
  readonly input: unknown
  readonly tasks: unknown
}

type KnownOf<Flow> = Flow extends { readonly [TYPES]?: infer Types extends Known } ? Types : never
type TasksOf<Flow> = KnownOf<Flow>['tasks']

/** Ids of the tasks of a workflow. */
export type TaskIds<Flow> = IdsOf<TasksOf<Flow>>

/** The context that a task is given. */
export type GivenIn<Flow, Id> =
  Extract<TasksOf<Flow>, { readonly id: Id }> extends TaskFlow<string, infer After>
    ? ContextAfter<TasksOf<Flow>, After, KnownOf<Flow>['input']>
    : JsonObject

/** The context that a task leaves. */
export type LeftIn<Flow, Id> =
  Extract<TasksOf<Flow>, { readonly id: Id }> extends TaskFlow<string, unknown, infer Context> ? Context : JsonObject

/** What a fake of a task returns: the keys that the task adds or gives another type, and any of the others. */
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

/** The keys that are known by their names, without an index signature. */
type Named<Members> = {
  [Key in keyof Members as string extends Key ? never : number extends Key ? never : Key]: Members[Key]
}
