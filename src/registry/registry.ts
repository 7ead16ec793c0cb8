/**
 * Everything that the loaded scripts declared, checked once and frozen: what the engine knows of the code.
 * Pure; `LiveRegistry` holds the current one. What is broken is left out and reported as a value, all of it together,
 * and what is good goes on.
 */

import type { TriggerDefinition } from '../model/trigger.ts'
import type { SourcePlace, TaskDefinition, WorkflowDefinition } from '../model/workflow.ts'
import { type GraphProblem, orderTasks } from './graph.ts'
import { didYouMean } from './nearest.ts'

export interface Registry {
  readonly triggers: ReadonlyMap<string, TriggerDefinition>
  /** By key. */
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>
}

/** What one script declared, or one batch of it, in the order of the declarations. */
export interface Declarations {
  readonly triggers: readonly TriggerDefinition[]
  readonly workflows: readonly WorkflowDefinition[]
}

export type RegistryProblem = {
  /** Complete sentence with the names and what to do. */
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
  | { readonly kind: 'unknownWorkflow'; readonly trigger: string; readonly workflow: string }
)

export interface CheckedRegistry {
  readonly registry: Registry
  readonly problems: readonly RegistryProblem[]
}

export const EMPTY_REGISTRY: Registry = Object.freeze({ triggers: new Map(), workflows: new Map() })

/** All declarations of all scripts: the registry without what is broken, and everything that is wrong. */
export function buildRegistry(declarations: readonly Declarations[]): CheckedRegistry {
  const merged: Declarations = {
    triggers: declarations.flatMap((each) => each.triggers),
    workflows: declarations.flatMap((each) => each.workflows),
  }
  const { registry, problems } = withDeclarations(EMPTY_REGISTRY, merged)
  return { registry, problems: [...problems, ...unboundTriggers(registry)] }
}

/**
 * The registry with a batch of declarations on top: a later declaration of a name replaces an earlier one.
 * A trigger without its workflow is no problem yet, since the workflow may be declared later: see `unboundTriggers`.
 */
export function withDeclarations(registry: Registry, declarations: Declarations): CheckedRegistry {
  const triggers = new Map(registry.triggers)
  const workflows = new Map(registry.workflows)
  const problems = unsafeDeclare(triggers, workflows, declarations)
  return { registry: Object.freeze({ triggers, workflows }), problems }
}

/** Puts checked declarations into the two maps, and returns what is wrong with the others. */
export function unsafeDeclare(
  triggers: Map<string, TriggerDefinition>,
  workflows: Map<string, WorkflowDefinition>,
  declarations: Declarations,
): readonly RegistryProblem[] {
  const problems: RegistryProblem[] = []
  for (const workflow of declarations.workflows) {
    const checked = checkWorkflow(workflow)
    if (checked.definition === null) {
      problems.push(...checked.problems)
      continue
    }
    const other = workflows.get(workflow.key)
    if (other !== undefined && other.script !== workflow.script) problems.push(duplicateWorkflow(workflow, other))
    workflows.set(workflow.key, checked.definition)
  }
  for (const trigger of declarations.triggers) {
    const other = triggers.get(trigger.name)
    if (other !== undefined && other.script !== trigger.script) problems.push(duplicateTrigger(trigger, other))
    triggers.set(trigger.name, Object.freeze(trigger))
  }
  return problems
}

/** Triggers that name a workflow which nobody declared. They are polled; their firings start nothing. */
export function unboundTriggers(registry: Registry): readonly RegistryProblem[] {
  const problems: RegistryProblem[] = []
  for (const trigger of registry.triggers.values()) {
    if (!registry.workflows.has(trigger.workflow)) problems.push(unknownWorkflow(trigger, registry))
  }
  return problems
}

function checkWorkflow(workflow: WorkflowDefinition): {
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
    message: `Workflow "${workflow.key}" has no task. Declare at least one inside its block.`,
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
      message: `The tasks of workflow "${workflow.key}" depend on each other in a circle: ${problem.fullNames.join(' -> ')}. Remove one of these dependencies.`,
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
    message: `Task "${problem.task}" of workflow "${workflow.key}" depends on "${problem.dependency}", which the workflow does not have.${didYouMean(problem.dependency, known)}`,
  }
}

function duplicateTrigger(trigger: TriggerDefinition, other: TriggerDefinition): RegistryProblem {
  return {
    kind: 'duplicateTrigger',
    trigger: trigger.name,
    otherScript: other.script,
    script: trigger.script,
    place: trigger.place,
    message: `Trigger "${trigger.name}" is declared by "${other.script}" and by "${trigger.script}"; the later one counts. Rename one of them.`,
  }
}

function duplicateWorkflow(workflow: WorkflowDefinition, other: WorkflowDefinition): RegistryProblem {
  return {
    kind: 'duplicateWorkflow',
    workflow: workflow.key,
    otherScript: other.script,
    script: workflow.script,
    place: workflow.place,
    message: `Workflow "${workflow.key}" is declared by "${other.script}" and by "${workflow.script}"; the later one counts. Rename one of them.`,
  }
}

function unknownWorkflow(trigger: TriggerDefinition, registry: Registry): RegistryProblem {
  return {
    kind: 'unknownWorkflow',
    trigger: trigger.name,
    workflow: trigger.workflow,
    script: trigger.script,
    place: trigger.place,
    message: `Trigger "${trigger.name}" starts workflow "${trigger.workflow}", which is not declared: its firings start nothing.${didYouMean(trigger.workflow, registry.workflows.keys())}`,
  }
}
