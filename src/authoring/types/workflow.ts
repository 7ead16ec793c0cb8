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

/** Task of a workflow as a value for `after`, such as `orders.tasks.fetch`. */
export interface TaskValue<Id extends string = string> {
  /** Id of the task. */
  readonly id: Id
  /** Name of the workflow. */
  readonly workflow: string
}

/** Workflow of any type. */
export interface AnyWorkflow {
  /** Name under which the workflow is registered and executed. */
  readonly name: string
  /** Tasks by id, as values for `after`. */
  readonly tasks: Readonly<Record<string, TaskValue>>
  /** Declaration as data. */
  readonly declared: DeclaredWorkflow
  readonly [TYPES]?: { readonly given: unknown; readonly input: unknown; readonly tasks: unknown }
}

/** Type of the initial context of a workflow. */
export type InputOf<Flow> = Flow extends { readonly [TYPES]?: { readonly given: infer Given } } ? Given : JsonObject

/** Type of the final context of an execution that completed. */
export type OutputOf<Flow> = Flow extends { readonly [TYPES]?: { readonly tasks: infer Tasks } }
  ? FinalContext<Tasks>
  : JsonObject

/**
 * Named graph of tasks, made by `workflow`. Each task receives the merged outputs of its dependencies and returns
 * additions. A workflow is immutable. Each call of `task` returns a new workflow, so chain the calls and keep the last
 * result.
 */
export interface Workflow<Name extends string, Input, Tasks, Given = Input> extends AnyWorkflow {
  readonly name: Name
  readonly tasks: { readonly [Id in IdsOf<Tasks>]: TaskValue<Id> }
  readonly [TYPES]?: { readonly given: Given; readonly input: Input; readonly tasks: Tasks }

  /**
   * Adds a task without dependencies, or a Python task.
   *
   * @param id Id of the task, unique in the workflow.
   * @param run Function that receives the context and returns additions to it; or the options of a Python task: its
   *   place (`python`), dependencies (`after`), retries (`retries`) and so on.
   * @returns A workflow with the added task. This workflow does not change.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
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
   * Adds a task with options, such as its dependencies.
   *
   * @param id Id of the task, unique in the workflow.
   * @param options Dependencies (`after`), condition (`when`), retries (`retries`) and so on.
   * @param run Function that receives the merged outputs of the dependencies and returns additions to them.
   * @returns A workflow with the added task. This workflow does not change.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
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

type NotAdded = 'A task must return an object with the values that it adds to the context, or nothing'
