/** Types of a workflow: its name, its input, and facts about its tasks. `workflow-types.ts` creates the values. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../../model/context.ts'
import type { OnTimeout } from '../../model/workflow.ts'
import type { DeclaredWorkflow } from '../declared.ts'
import type { TaskFunction } from '../function-types.ts'
import type { Additions, ContextAfter, FinalContext, FlowTaskIds, Patched, TaskFlow } from './flow-types.ts'
import type { JsonOnly, NoValue } from './json.ts'
import type { InputSchema, PythonTaskOptions, TaskOptions } from './option-types.ts'
import type { AddedUnder, AnswerBy, ApprovalOptions, DelayOptions, PayloadBy, SignalWaitOptions } from './wait-types.ts'

/** Key of types that have no values. */
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
  readonly tasks: { readonly [Id in FlowTaskIds<Tasks>]: TaskValue<Id> }
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
    const After extends AfterOption<FlowTaskIds<Tasks>> | undefined = undefined,
    Adds extends InputSchema | undefined = undefined,
    Completed = string,
  >(
    id: Unused<Id, FlowTaskIds<Tasks>>,
    run:
      | (TaskFunction<Input, Returned, Input> & Result<NoInfer<Returned>>)
      | PythonTaskOptions<FlowTaskIds<Tasks>, After, Adds, Completed>,
  ): Workflow<
    Name,
    Input,
    | Tasks
    | TaskFlow<Id, After, Patched<ContextAfter<Tasks, After, Input, Completed>, AddedBy<Returned, Adds>>, Completed>,
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
  task<
    const Id extends string,
    Returned,
    const After extends AfterOption<FlowTaskIds<Tasks>> | undefined = undefined,
    Completed = string,
  >(
    id: Unused<Id, FlowTaskIds<Tasks>>,
    options: TaskOptions<FlowTaskIds<Tasks>, After, Completed>,
    run: TaskFunction<ContextAfter<Tasks, After, Input, Completed>, Returned, Input> & Result<NoInfer<Returned>>,
  ): Workflow<
    Name,
    Input,
    | Tasks
    | TaskFlow<
        Id,
        After,
        Patched<ContextAfter<Tasks, After, Input, Completed>, AddedBy<Returned, undefined>>,
        Completed
      >,
    Given
  >

  /**
   * Adds a node that completes after a time, and changes nothing in the context. While only delays are open, the
   * execution uses no memory and no slot, even across restarts.
   *
   * @param id Id of the node, unique in the workflow.
   * @param options End of the delay (`for`, or `until` and `timezone`), dependencies (`after`) and condition (`when`).
   * @returns A workflow with the added node. This workflow does not change.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
   */
  delay<
    const Id extends string,
    const After extends AfterOption<FlowTaskIds<Tasks>> | undefined = undefined,
    Completed = string,
  >(
    id: Unused<Id, FlowTaskIds<Tasks>>,
    options: DelayOptions<FlowTaskIds<Tasks>, After, Completed>,
  ): Workflow<Name, Input, Tasks | TaskFlow<Id, After, ContextAfter<Tasks, After, Input, Completed>, Completed>, Given>

  /**
   * Adds a node that completes when a signal arrives, and adds its payload to the context, under the id of the node. A
   * signal that was sent before the node opened is kept, by default for 7 days.
   *
   * @param id Id of the node, unique in the workflow.
   * @param options Signal (`signal`, `key`), schema of the payload (`payload`), limit (`timeout`), dependencies
   *   (`after`) and so on.
   * @returns A workflow with the added node. This workflow does not change.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument, and for a schema that JSON Schema cannot
   *   express.
   */
  waitForSignal<
    const Id extends string,
    const After extends AfterOption<FlowTaskIds<Tasks>> | undefined = undefined,
    Payload extends InputSchema | undefined = undefined,
    const Effect extends OnTimeout | undefined = undefined,
    Completed = string,
  >(
    id: Unused<Id, FlowTaskIds<Tasks>>,
    options: SignalWaitOptions<FlowTaskIds<Tasks>, After, Payload, Effect, Completed>,
  ): Workflow<
    Name,
    Input,
    | Tasks
    | TaskFlow<
        Id,
        After,
        Patched<ContextAfter<Tasks, After, Input, Completed>, AddedUnder<Id, PayloadBy<Payload, Effect>>>,
        Completed
      >,
    Given
  >

  /**
   * Adds a node that completes when a person approves, and adds the answer to the context, under the id of the node. A
   * rejection fails the node.
   *
   * @param id Id of the node, unique in the workflow.
   * @param options Question (`title`), schema of the values (`form`), limit (`timeout`), dependencies (`after`) and so
   *   on.
   * @returns A workflow with the added node. This workflow does not change.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument, and for a schema that JSON Schema cannot
   *   express.
   */
  approval<
    const Id extends string,
    const After extends AfterOption<FlowTaskIds<Tasks>> | undefined = undefined,
    Form extends InputSchema | JsonObject | undefined = undefined,
    const Effect extends OnTimeout | undefined = undefined,
    Completed = string,
  >(
    id: Unused<Id, FlowTaskIds<Tasks>>,
    options: ApprovalOptions<FlowTaskIds<Tasks>, After, Form, Effect, Completed>,
  ): Workflow<
    Name,
    Input,
    | Tasks
    | TaskFlow<
        Id,
        After,
        Patched<ContextAfter<Tasks, After, Input, Completed>, AddedUnder<Id, AnswerBy<Form, Effect>>>,
        Completed
      >,
    Given
  >
}

/** Workflow without tasks. Undefined is first, because without `strict` it matches every type. */
export type NewWorkflow<Name extends string, Schema> = [Schema] extends [undefined]
  ? Workflow<Name, JsonObject, never>
  : Schema extends InputSchema
    ? Workflow<Name, StandardSchemaV1.InferOutput<Schema>, never, StandardSchemaV1.InferInput<Schema>>
    : Workflow<Name, JsonObject, never>

/** Unknown for a schema with JSON output, otherwise a sentence. The output is the initial context of executions. */
export type StorableInput<Schema> = [Schema] extends [undefined]
  ? unknown
  : Schema extends InputSchema
    ? unknown extends JsonOnly<StandardSchemaV1.InferOutput<Schema>>
      ? unknown
      : { readonly input: JsonOnly<StandardSchemaV1.InferOutput<Schema>> }
    : unknown

/** Values of `after`: known ids or task values. */
type AfterOption<Known extends string> = Known | TaskValue<Known> | readonly (Known | TaskValue<Known>)[]

type Unused<Id extends string, Known> = Id extends Known
  ? 'The workflow already has a task with this id: use another id'
  : Id

/** Additions of a task, by its function or the schema of a Python task; any JSON if both are unknown. */
type AddedBy<Returned, Adds> = unknown extends Returned
  ? [Adds] extends [undefined]
    ? JsonObject
    : Adds extends InputSchema
      ? StandardSchemaV1.InferOutput<Adds>
      : JsonObject
  : Additions<Returned>

/** Unknown for a permitted result, otherwise a sentence. */
type Result<Returned> = unknown extends Returned
  ? unknown
  : [Returned] extends [never]
    ? unknown
    : [Returned] extends [readonly unknown[]]
      ? NotAdded
      : [Returned] extends [object | NoValue]
        ? JsonOnly<Exclude<Returned, NoValue>>
        : NotAdded

type NotAdded = 'A task must return an object with the values that it adds to the context, or nothing'
