/**
 * Workflows and triggers that TypeScript declared, as the engine's definitions and a table of their functions: what the function host
 * gets of a file, or of a call of `register`.
 */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { TaskDefinition, WorkflowDefinition } from '../model/workflow.ts'
import { checkedTasks } from './added-values.ts'
import { type DeclaredTask, type DeclaredTrigger, type DeclaredWorkflow, TRIGGER, WORKFLOW } from './declared.ts'
import { inputCheck } from './schema.ts'
import type { Trigger } from './types/trigger.ts'
import type { AnyWorkflow } from './types/workflow.ts'
import type { ContextCheck, ModuleDeclarations, ModuleTrigger } from './types.ts'
import { versionOf } from './version.ts'

/** A workflow, with its tasks or without; also one that another copy of this package made. */
export function isWorkflow(value: unknown): value is AnyWorkflow {
  return typeof value === 'object' && value !== null && WORKFLOW in value
}

export function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && TRIGGER in value
}

/**
 * What these values declare, for the script of this id. The workflow that a trigger was given comes with it.
 * Of two values of one workflow of which one goes on where the other ends, that with more tasks counts.
 *
 * @throws `UsageError` (`INVALID_ARGUMENT`) for a value that is neither, (`DECLARED_TWICE`) for two of one name,
 * (`EMPTY_WORKFLOW`) for a workflow without tasks.
 */
export function declarationsOf(values: readonly unknown[], script: string): ModuleDeclarations {
  const workflows = new Map<string, DeclaredWorkflow>()
  const triggers = new Map<string, DeclaredTrigger>()
  for (const value of values) {
    if (isWorkflow(value)) addWorkflow(workflows, value.declared)
    else if (isTrigger(value)) addTrigger(triggers, workflows, value.declared)
    else throw neither(value)
  }
  for (const workflow of workflows.values()) refuseEmpty(workflow)
  return {
    declarations: {
      workflows: [...workflows.values()].map((workflow) => workflowDefinition(workflow, script)),
      triggers: [...triggers.values()].map((trigger) => triggerDefinition(trigger, script)),
    },
    functions: {
      tasks: new Map([...workflows].map(([key, workflow]) => [key, checkedTasks(workflow)])),
      triggers: new Map([...triggers].map(([name, trigger]) => [name, moduleTrigger(trigger)])),
      inputs: new Map([...workflows.values()].flatMap(inputOf)),
    },
  }
}

/** The definition of one workflow. */
export function workflowDefinition(workflow: DeclaredWorkflow, script: string): WorkflowDefinition {
  const { key, title, description, tags, tenant, package: name, place } = workflow
  const namespace = [tenant, name, key]
  return Object.freeze({
    ...{ key, title, description, tags, tenant, package: name, script, place },
    version: versionOf(workflow),
    ...(workflow.input !== null && { checksInput: true as const }),
    tasks: workflow.tasks.map((task) => taskDefinition(task, namespace)),
  })
}

function taskDefinition(task: DeclaredTask, namespace: readonly string[]): TaskDefinition {
  const { id, dependencies, retry, timeoutMs, rule, place, runs } = task
  const definition = { id, dependencies, retry, timeoutMs, rule, place, fullName: [...namespace, id].join('::') }
  if (runs.kind === 'function') return Object.freeze(definition)
  return Object.freeze({
    ...definition,
    runs: { script: runs.script, workflow: runs.workflow, taskId: runs.task },
  })
}

function triggerDefinition(trigger: DeclaredTrigger, script: string): TriggerDefinition {
  const { name, workflow, timing, allowConcurrent, policy, description, place } = trigger
  return Object.freeze({ name, workflow, timing, allowConcurrent, policy, description, place, script })
}

function moduleTrigger({ poll, starts }: DeclaredTrigger): ModuleTrigger {
  const checkFired = starts === null || starts.input === null ? null : inputCheck(starts.key, starts.input)
  return Object.freeze({ poll, checkFired })
}

function inputOf({ key, input }: DeclaredWorkflow): readonly (readonly [string, ContextCheck])[] {
  return input === null ? [] : [[key, inputCheck(key, input)]]
}

function addTrigger(
  triggers: Map<string, DeclaredTrigger>,
  workflows: Map<string, DeclaredWorkflow>,
  trigger: DeclaredTrigger,
): void {
  const other = triggers.get(trigger.name)
  if (other !== undefined && other !== trigger) throw twice('trigger', trigger.name, other, trigger)
  triggers.set(trigger.name, trigger)
  if (trigger.starts !== null) addWorkflow(workflows, trigger.starts)
}

function addWorkflow(workflows: Map<string, DeclaredWorkflow>, workflow: DeclaredWorkflow): void {
  const other = workflows.get(workflow.key)
  if (other === undefined || goesOn(workflow, other)) workflows.set(workflow.key, workflow)
  else if (!goesOn(other, workflow)) throw twice('workflow', workflow.key, other, workflow)
}

/** Whether it is the other one with more tasks, or none more. */
function goesOn(longer: DeclaredWorkflow, shorter: DeclaredWorkflow): boolean {
  return longer.place === shorter.place && shorter.tasks.every((task, index) => longer.tasks[index] === task)
}

function refuseEmpty(workflow: DeclaredWorkflow): void {
  if (workflow.tasks.length > 0) return
  const message = `Workflow "${workflow.key}"${at(workflow)} has no task. Each call of "task" returns a new workflow and does not change the old one. Chain the calls, and export or register the value that the last call returns.`
  throw new UsageError('EMPTY_WORKFLOW', message, { workflow: workflow.key })
}

type Placed = Pick<DeclaredWorkflow, 'place'>

function twice(what: 'workflow' | 'trigger', name: string, first: Placed, second: Placed): UsageError {
  const message = `Two different ${what}s are named "${name}": one${at(first)}, the other${at(second) || ' elsewhere'}. Rename one of them.`
  return new UsageError('DECLARED_TWICE', message, { [what]: name })
}

function at({ place }: Placed): string {
  return place === null ? '' : ` (${place.file}:${place.line})`
}

function neither(value: unknown): UsageError {
  const message = `Only the values that workflow() and trigger() return can be registered, but ${shownValue(value)} was given.`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'values' })
}
