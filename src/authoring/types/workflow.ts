/** A workflow to the compiler: its name, its input, and what is known of its tasks. The values are made in `workflow.ts`. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../../model/context.ts'
import type { DeclaredWorkflow } from '../declared.ts'
import type { TaskFunction } from '../types.ts'
import type { Additions, ContextAfter, FinalContext, Flat, IdsIn, Patched, TaskFlow } from './flow.ts'
import type { JsonOnly, Nothing } from './json.ts'
import type { InputSchema, PythonTaskOptions, TaskOptions } from './options.ts'

/** Where types are kept that no value has. */
export declare const TYPES: unique symbol

/** A task of a workflow as a value, for `after`: `orders.tasks.fetch`. */
export interface TaskValue<Id extends string = string> {
  /** Id of the task. */
  readonly id: Id
  /** Name of its workflow. */
  readonly workflow: string
}

/** Any workflow, for what takes them all. */
export interface AnyWorkflow {
  /** The name under which it is registered and executed. */
  readonly name: string
  /** Its tasks by their ids, as values for `after`. */
  readonly tasks: Readonly<Record<string, TaskValue>>
  /** What was declared, as data. */
  readonly declared: DeclaredWorkflow
  readonly [TYPES]?: { readonly given: unknown; readonly tasks: unknown }
}

/** What a workflow may be executed with and fired with. */
export type InputOf<Flow> = Flow extends { readonly [TYPES]?: { readonly given: infer Given } } ? Given : JsonObject

/** The context that an execution of a workflow ends with when all went well. */
export type OutputOf<Flow> = Flow extends { readonly [TYPES]?: { readonly tasks: infer Tasks } }
  ? FinalContext<Tasks>
  : JsonObject

/**
 * A named graph of tasks. One context flows along its edges: each task is given what those before it left, and returns what it adds.
 * A workflow never changes: `task` returns a new one, so chain the calls and keep the last.
 */
export interface Workflow<Name extends string, Input, Tasks, Given = Input> extends AnyWorkflow {
  readonly name: Name
  readonly tasks: { readonly [Id in keyof Tasks & string]: TaskValue<Id> }
  readonly [TYPES]?: { readonly given: Given; readonly tasks: Tasks }

  /**
   * Adds a task that starts at once, with what the execution began with.
   *
   * @param id Id of the task, unlike all others of the workflow.
   * @param run Is given the context and returns what it adds to it.
   * @returns The workflow with the task; this one stays as it is.
   * @throws `UsageError` (`INVALID_ARGUMENT`) when an argument is wrong.
   */
  task<const Id extends string, Returned>(
    id: Unused<Id, Tasks>,
    run: TaskFunction<Input, Returned> & Result<Returned>,
  ): Workflow<Name, Input, WithTask<Tasks, Id, never, Patched<Input, Additions<Returned>>>, Given>

  /**
   * Adds a task that is written in Python: its function is that of a Python file, everything else is said here.
   *
   * @param id Id of the task in this workflow, unlike all others.
   * @param options Where the task is (`python`), what comes before it (`after`), when it is tried again and so on.
   * @returns The workflow with the task; this one stays as it is.
   * @throws `UsageError` (`INVALID_ARGUMENT`) when an argument is wrong.
   */
  task<
    const Id extends string,
    const After extends AfterOption<Tasks> | undefined = undefined,
    Adds extends InputSchema | undefined = undefined,
  >(
    id: Unused<Id, Tasks>,
    options: PythonTaskOptions<keyof Tasks & string, After, Adds>,
  ): Workflow<
    Name,
    Input,
    WithTask<Tasks, Id, IdsIn<After>, Patched<ContextAfter<Tasks, After, Input>, AddedBy<Adds>>>,
    Given
  >

  /**
   * Adds a task that starts when those that it is `after` have ended, and whatever else its options say.
   *
   * @param id Id of the task, unlike all others of the workflow.
   * @param options What comes before it (`after`), when it runs (`when`), when it is tried again (`retries`) and so on.
   * @param run Is given the context that the tasks before it left, merged, and returns what it adds to it.
   * @returns The workflow with the task; this one stays as it is.
   * @throws `UsageError` (`INVALID_ARGUMENT`) when an argument is wrong.
   */
  task<const Id extends string, Returned, const After extends AfterOption<Tasks> | undefined = undefined>(
    id: Unused<Id, Tasks>,
    options: TaskOptions<keyof Tasks & string, After>,
    run: TaskFunction<ContextAfter<Tasks, After, Input>, Returned> & Result<Returned>,
  ): Workflow<
    Name,
    Input,
    WithTask<Tasks, Id, IdsIn<After>, Patched<ContextAfter<Tasks, After, Input>, Additions<Returned>>>,
    Given
  >
}

/** A workflow of which nothing is known but its input. */
export type NewWorkflow<Name extends string, Schema> = Schema extends InputSchema
  ? Workflow<Name, StandardSchemaV1.InferOutput<Schema>, Record<never, never>, StandardSchemaV1.InferInput<Schema>>
  : Workflow<Name, JsonObject, Record<never, never>>

/** What may be `after`: ids that are known, or task values. */
export type AfterOption<Tasks> = KnownTask<Tasks> | readonly KnownTask<Tasks>[]

type KnownTask<Tasks> = (keyof Tasks & string) | TaskValue<keyof Tasks & string>

type WithTask<Tasks, Id extends string, After extends string, Context> = Flat<
  Tasks & { readonly [Key in Id]: TaskFlow<After, Context> }
>

type Unused<Id extends string, Tasks> = Id &
  (Id extends keyof Tasks ? 'The workflow has a task of this id: give this one another' : unknown)

/** What a Python task sets: as its schema says, or any JSON. */
type AddedBy<Adds> = Adds extends InputSchema ? StandardSchemaV1.InferOutput<Adds> : JsonObject

/** Unknown for what a task may return; otherwise a sentence. */
type Result<Returned> = unknown extends Returned
  ? unknown
  : [Returned] extends [readonly unknown[]]
    ? NotAdded
    : [Returned] extends [object | Nothing]
      ? JsonOnly<Exclude<Returned, Nothing>>
      : NotAdded

type NotAdded = 'A task returns an object with what it adds to the context, or nothing'
