/** A workflow to the compiler: its name, its input, and what is known of its tasks. The values are made in `workflow.ts`. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../../model/context.ts'
import type { DeclaredWorkflow } from '../declared.ts'
import type { TaskFunction } from '../types.ts'
import type { Additions, ContextAfter, FinalContext, IdsOf, Patched, TaskFlow } from './flow.ts'
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
  readonly [TYPES]?: { readonly given: unknown; readonly input: unknown; readonly tasks: unknown }
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
  readonly tasks: { readonly [Id in IdsOf<Tasks>]: TaskValue<Id> }
  readonly [TYPES]?: { readonly given: Given; readonly input: Input; readonly tasks: Tasks }

  /**
   * Adds a task that starts at once, with what the execution began with; or one that is written in Python, whose function is that of
   * a Python file, with whatever its options say.
   *
   * @param id Id of the task, unlike all others of the workflow.
   * @param run Is given the context and returns what it adds to it. Or, of a task that is written in Python, its options: where it is
   * (`python`), what comes before it (`after`), when it is tried again (`retries`) and so on.
   * @returns The workflow with the task; this one stays as it is.
   * @throws `UsageError` (`INVALID_ARGUMENT`) when an argument is wrong.
   */
  task<
    const Id extends string,
    Returned,
    const After extends AfterOption<IdsOf<Tasks>> | undefined = undefined,
    Adds extends InputSchema | undefined = undefined,
  >(
    id: Unused<Id, IdsOf<Tasks>>,
    run: (TaskFunction<Input, Returned> & Result<NoInfer<Returned>>) | PythonTaskOptions<IdsOf<Tasks>, After, Adds>,
  ): Workflow<
    Name,
    Input,
    Tasks | TaskFlow<Id, After, Patched<ContextAfter<Tasks, After, Input>, AddedBy<Returned, Adds>>>,
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
  task<const Id extends string, Returned, const After extends AfterOption<IdsOf<Tasks>> | undefined = undefined>(
    id: Unused<Id, IdsOf<Tasks>>,
    options: TaskOptions<IdsOf<Tasks>, After>,
    run: TaskFunction<ContextAfter<Tasks, After, Input>, Returned> & Result<NoInfer<Returned>>,
  ): Workflow<
    Name,
    Input,
    Tasks | TaskFlow<Id, After, Patched<ContextAfter<Tasks, After, Input>, AddedBy<Returned, undefined>>>,
    Given
  >
}

/** A workflow of which nothing is known but its input. Undefined comes first, since without `strict` it is of every type. */
export type NewWorkflow<Name extends string, Schema> = [Schema] extends [undefined]
  ? Workflow<Name, JsonObject, never>
  : Schema extends InputSchema
    ? Workflow<Name, StandardSchemaV1.InferOutput<Schema>, never, StandardSchemaV1.InferInput<Schema>>
    : Workflow<Name, JsonObject, never>

/** Unknown for a schema that makes JSON of what it is given, and a sentence for another: an execution begins with what it makes. */
export type StorableInput<Schema> = [Schema] extends [undefined]
  ? unknown
  : Schema extends InputSchema
    ? unknown extends JsonOnly<StandardSchemaV1.InferOutput<Schema>>
      ? unknown
      : { readonly input: JsonOnly<StandardSchemaV1.InferOutput<Schema>> }
    : unknown

/** What may be `after`: ids that are known, or task values. */
export type AfterOption<Known extends string> = Known | TaskValue<Known> | readonly (Known | TaskValue<Known>)[]

type Unused<Id extends string, Known> = Id extends Known
  ? 'The workflow already has a task with this id: use another id'
  : Id

/** What a task adds: as its function returns it, as the schema of a Python task says, or any JSON where neither is known. */
type AddedBy<Returned, Adds> = unknown extends Returned
  ? [Adds] extends [undefined]
    ? JsonObject
    : Adds extends InputSchema
      ? StandardSchemaV1.InferOutput<Adds>
      : JsonObject
  : Additions<Returned>

/** Unknown for what a task may return; otherwise a sentence. */
type Result<Returned> = unknown extends Returned
  ? unknown
  : [Returned] extends [never]
    ? unknown
    : [Returned] extends [readonly unknown[]]
      ? NotAdded
      : [Returned] extends [object | Nothing]
        ? JsonOnly<Exclude<Returned, Nothing>>
        : NotAdded

type NotAdded = 'A task returns an object with the values that it adds to the context, or nothing'
