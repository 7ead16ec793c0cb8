/**
 * Checked and frozen declarations of the loaded scripts, for the engine. Pure; `LiveRegistry` holds the current one.
 * Invalid declarations are omitted and reported together; valid ones are used.
 */

import { UsageError } from '../errors.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../model/graphs/definitions.ts'
import { areSameLimits, type LimitDefinition, limitConflictText } from '../model/limits/limits.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { SourcePlace, TaskDefinition, WorkflowDefinition } from '../model/workflow.ts'
import { didYouMean } from './nearest.ts'
import { type GraphProblem, orderTasks } from './task-order.ts'

export interface GraphRegistry {
  readonly sources: ReadonlyMap<string, SourceDefinition>
  readonly reactors: ReadonlyMap<string, ReactorDefinition>
  readonly graphs: ReadonlyMap<string, GraphDefinition>
  /** Declared sources that cannot be used. Their events wait. */
  readonly badSources: ReadonlySet<string>
  /** False while scripts are being loaded, because one of them may still declare a source that a reactor names. */
  readonly isComplete: boolean
}

export interface Registry {
  readonly triggers: ReadonlyMap<string, TriggerDefinition>
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>
  /** Limits of tasks, also those that no task uses. */
  readonly limits: ReadonlyMap<string, LimitDefinition>
  readonly graphs: GraphRegistry
}

export type RegistryProblem = {
  /** Complete sentence with the names and the fix. */
  readonly message: string
  readonly script: string
  readonly place: SourcePlace | null
} & (
  | { readonly kind: 'emptyWorkflow'; readonly workflow: string }
  | {
      readonly kind: 'unknownDependency'
      readonly workflow: string
      readonly task: string
      readonly dependency: string
    }
  | { readonly kind: 'dependencyCycle'; readonly workflow: string; readonly fullNames: readonly string[] }
  | { readonly kind: 'duplicateTrigger'; readonly trigger: string; readonly otherScript: string }
  | { readonly kind: 'duplicateWorkflow'; readonly workflow: string; readonly otherScript: string }
  | {
      readonly kind: 'duplicateGraphName'
      readonly what: 'source' | 'reactor' | 'graph'
      readonly name: string
      readonly otherScript: string
    }
  | { readonly kind: 'limitConflict'; readonly limit: string; readonly otherScript: string }
  | { readonly kind: 'badSource'; readonly source: string }
  | { readonly kind: 'badRule' | 'unreachableTask' | 'emptyInput'; readonly workflow: string; readonly task: string }
  /** The task runs a function of a script that is not loaded, or does not declare it. */
  | { readonly kind: 'unknownScript' | 'unknownTask'; readonly workflow: string; readonly task: string }
  | { readonly kind: 'unknownWorkflow'; readonly trigger: string; readonly workflow: string }
)

export const NO_GRAPHS: GraphRegistry = Object.freeze({
  sources: new Map(),
  reactors: new Map(),
  graphs: new Map(),
  badSources: new Set<string>(),
  isComplete: true,
})

export const EMPTY_REGISTRY: Registry = Object.freeze({
  triggers: new Map(),
  workflows: new Map(),
  limits: new Map(),
  graphs: NO_GRAPHS,
})

/** Returns a workflow by its name. Throws `WORKFLOW_NOT_FOUND`, with the nearest name. */
export function declaredWorkflow({ workflows }: Registry, workflow: string): WorkflowDefinition {
  const definition = workflows.get(workflow)
  if (definition !== undefined) return definition
  const message = `Workflow not found in registry: ${workflow}.${didYouMean(workflow, workflows.keys())}`
  throw new UsageError('WORKFLOW_NOT_FOUND', message, { workflow })
}

/** Returns triggers of undeclared workflows. They are polled, but start no workflow. */
export function unboundTriggers(registry: Registry): readonly RegistryProblem[] {
  const problems: RegistryProblem[] = []
  for (const trigger of registry.triggers.values()) {
    if (!registry.workflows.has(trigger.workflow)) problems.push(unknownWorkflow(trigger, registry))
  }
  return problems
}

/** Returns the workflow with sorted tasks, or all errors. */
export function checkWorkflow(workflow: WorkflowDefinition): {
  readonly definition: WorkflowDefinition | null
  readonly problems: readonly RegistryProblem[]
} {
  if (workflow.tasks.length === 0) return { definition: null, problems: [emptyWorkflow(workflow)] }
  const graph = orderTasks(workflow.tasks)
  if (graph.kind === 'ordered') {
    return { definition: Object.freeze({ ...workflow, tasks: graph.tasks }), problems: [] }
  }
  return { definition: null, problems: graph.problems.map((problem) => graphProblem(workflow, problem)) }
}

function emptyWorkflow(workflow: WorkflowDefinition): RegistryProblem {
  return {
    kind: 'emptyWorkflow',
    workflow: workflow.key,
    script: workflow.script,
    place: workflow.place,
    message: `Workflow "${workflow.key}" has no task. Declare at least one task inside its block.`,
  }
}

function graphProblem(workflow: WorkflowDefinition, problem: GraphProblem): RegistryProblem {
  const where = { workflow: workflow.key, script: workflow.script }
  if (problem.kind === 'cycle') {
    return {
      ...where,
      kind: 'dependencyCycle',
      fullNames: problem.fullNames,
      place: workflow.place,
      message:
        `The tasks of workflow "${workflow.key}" depend on each other in a cycle: ` +
        `${problem.fullNames.join(' -> ')}. Remove one of these dependencies.`,
    }
  }
  const task = workflow.tasks.find((each) => each.id === problem.task)
  const known = workflow.tasks.map((each: TaskDefinition) => each.id)
  return {
    ...where,
    kind: 'unknownDependency',
    task: problem.task,
    dependency: problem.dependency,
    place: task?.place ?? workflow.place,
    message:
      `${task?.wait === undefined ? 'Task' : 'Node'} "${problem.task}" of workflow "${workflow.key}" depends on ` +
      `"${problem.dependency}", which is not a task of this workflow.${didYouMean(problem.dependency, known)}`,
  }
}

/** Returns null for the same declaration, which two scripts import from one file. */
export function duplicateTrigger(
  trigger: TriggerDefinition,
  other: TriggerDefinition,
  inUse: TriggerDefinition,
): RegistryProblem | null {
  if (isSamePlace(trigger, other)) return null
  return {
    kind: 'duplicateTrigger',
    trigger: trigger.name,
    otherScript: other.script,
    script: trigger.script,
    place: trigger.place,
    message: `Trigger "${trigger.name}" is declared ${byBoth(trigger, other, inUse)}`,
  }
}

export function duplicateWorkflow(
  workflow: WorkflowDefinition,
  other: WorkflowDefinition,
  inUse: WorkflowDefinition,
): RegistryProblem | null {
  if (isSamePlace(workflow, other)) return null
  return {
    kind: 'duplicateWorkflow',
    workflow: workflow.key,
    otherScript: other.script,
    script: workflow.script,
    place: workflow.place,
    message: `Workflow "${workflow.key}" is declared ${byBoth(workflow, other, inUse)}`,
  }
}

/** Returns null for the same values, and for one declaration that both scripts import, which one has to load again. */
export function limitConflict(
  limit: LimitDefinition,
  other: LimitDefinition,
  inUse: LimitDefinition,
): RegistryProblem | null {
  if (areSameLimits(limit, other) || isSamePlace(limit, other)) return null
  return {
    kind: 'limitConflict',
    limit: limit.name,
    otherScript: other.script,
    script: limit.script,
    place: limit.place,
    message:
      `${limitConflictText(other, limit)}; the declaration in "${inUse.script}" is used. Declare it once and import ` +
      `it, or rename one of the two.`,
  }
}

export function findDuplicate(
  what: 'source' | 'reactor' | 'graph',
  name: string,
  declared: Declared,
  other: Declared,
  inUse: Declared,
): RegistryProblem | null {
  if (isSamePlace(declared, other)) return null
  const noun = what === 'graph' ? 'Computation graph' : `${what[0]?.toUpperCase()}${what.slice(1)}`
  return {
    kind: 'duplicateGraphName',
    what,
    name,
    otherScript: other.script,
    script: declared.script,
    place: declared.place,
    message: `${noun} "${name}" is declared ${byBoth(declared, other, inUse)}`,
  }
}

type Declared = Pick<TriggerDefinition, 'script' | 'place'>

function isSamePlace({ place }: Declared, other: Declared): boolean {
  return place !== null && place.file === other.place?.file && place.line === other.place.line
}

function byBoth(declared: Declared, other: Declared, inUse: Declared): string {
  return (
    `by "${other.script}" and by "${declared.script}"; the declaration in "${inUse.script}" is used. Rename ` +
    `one of the two.`
  )
}

function unknownWorkflow(trigger: TriggerDefinition, registry: Registry): RegistryProblem {
  return {
    kind: 'unknownWorkflow',
    trigger: trigger.name,
    workflow: trigger.workflow,
    script: trigger.script,
    place: trigger.place,
    message:
      `Trigger "${trigger.name}" starts workflow "${trigger.workflow}", which is not declared. ` +
      `The trigger starts nothing when it fires.${didYouMean(trigger.workflow, registry.workflows.keys())}`,
  }
}
