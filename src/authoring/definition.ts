/** Converts TypeScript declarations to definitions of the engine and a table of functions, for the function host. */

import { UsageError } from '../errors.ts'
import { formatValue } from '../model/arguments.ts'
import type { LimitDefinition } from '../model/limits/limits.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { TaskDefinition, WorkflowDefinition } from '../model/workflow.ts'
import { checkedTasks } from './added-values.ts'
import {
  type DeclaredTask,
  type DeclaredTrigger,
  type DeclaredWorkflow,
  TRIGGER_KEY,
  WORKFLOW_KEY,
} from './declared.ts'
import type { ContextCheck, ModuleDeclarations, ModuleTrigger } from './function-types.ts'
import { addLimit, isLimit } from './limit-function.ts'
import { inputCheck } from './schema-options.ts'
import type { DeclaredLimit } from './types/limit-types.ts'
import type { Trigger } from './types/trigger-types.ts'
import type { AnyWorkflow } from './types/workflow-types.ts'
import { workflowVersion } from './version.ts'
import { inputAsJson } from './waits/schema-as-json.ts'

/** Whether a value is a workflow, also of another copy of this package. */
export function isWorkflow(value: unknown): value is AnyWorkflow {
  return typeof value === 'object' && value !== null && WORKFLOW_KEY in value
}

export function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && TRIGGER_KEY in value
}

/**
 * Returns the declarations of values, for the script with an id. The workflow of a trigger and the limits of tasks are
 * included. If a workflow extends another one of the same name, the one with more tasks applies.
 *
 * @throws `UsageError` (`INVALID_ARGUMENT`) for other values, (`DECLARED_TWICE`) for equal names,
 * (`LIMIT_CONFLICT`) for limits with one name and different values,
 * (`EMPTY_WORKFLOW`) for a workflow without tasks.
 */
export function moduleDeclarations(values: readonly unknown[], script: string): ModuleDeclarations {
  const workflows = new Map<string, DeclaredWorkflow>()
  const triggers = new Map<string, DeclaredTrigger>()
  const limits = new Map<string, DeclaredLimit>()
  for (const value of values) {
    if (isWorkflow(value)) addWorkflow(workflows, value.declared)
    else if (isTrigger(value)) addTrigger(triggers, workflows, value.declared)
    else if (isLimit(value)) addLimit(limits, value.declared)
    else throw neither(value)
  }
  for (const workflow of workflows.values()) {
    refuseEmpty(workflow)
    for (const each of workflow.tasks.flatMap((task) => task.limits)) addLimit(limits, each)
  }
  return {
    declarations: {
      workflows: [...workflows.values()].map((workflow) => workflowDefinition(workflow, script)),
      triggers: [...triggers.values()].map((trigger) => triggerDefinition(trigger, script)),
      ...(limits.size > 0 && { limits: [...limits.values()].map((limit) => limitDefinition(limit, script)) }),
    },
    functions: {
      tasks: new Map([...workflows].map(([key, workflow]) => [key, checkedTasks(workflow)])),
      triggers: new Map([...triggers].map(([name, trigger]) => [name, moduleTrigger(trigger)])),
      inputs: new Map([...workflows.values()].flatMap(inputOf)),
    },
  }
}

function limitDefinition({ name, maxActive, rate, per, place }: DeclaredLimit, script: string): LimitDefinition {
  return Object.freeze({ name, maxActive, rate, per, script, place })
}

function workflowDefinition(workflow: DeclaredWorkflow, script: string): WorkflowDefinition {
  const { key, title, description, tags, deadlineMs, doneBy, limit, priority, tenant, package: name, place } = workflow
  const namespace = [tenant, name, key]
  const inputSchema = workflow.input === null ? null : inputAsJson(workflow.input)
  return Object.freeze({
    ...{ key, title, description, tags, tenant, package: name, script, place },
    version: workflowVersion(workflow),
    ...(deadlineMs !== null && { deadlineMs }),
    ...(doneBy !== null && { doneBy }),
    ...(limit !== null && { limit }),
    ...(priority !== null && { priority }),
    ...(workflow.input !== null && { checksInput: true as const }),
    ...(inputSchema !== null && { inputSchema }),
    tasks: workflow.tasks.map((task) => taskDefinition(task, namespace)),
  })
}

function taskDefinition(task: DeclaredTask, namespace: readonly string[]): TaskDefinition {
  const { id, dependencies, retry, timeoutMs, deadlineMs, rule, hasOwnRule, limits, place, runs } = task
  const definition = {
    ...{ id, dependencies, retry, timeoutMs, rule, place },
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(hasOwnRule && { hasOwnRule: true as const }),
    ...(limits.length > 0 && { limits: limits.map(({ name }) => name) }),
    fullName: [...namespace, id].join('::'),
  }
  if (runs.kind === 'function') return Object.freeze(definition)
  if (runs.kind === 'wait') return Object.freeze({ ...definition, wait: runs.wait })
  return Object.freeze({
    ...definition,
    runs: { script: runs.script, workflow: runs.workflow, taskId: runs.task },
  })
}

function triggerDefinition(trigger: DeclaredTrigger, script: string): TriggerDefinition {
  const { name, workflow, timing, allowConcurrent, policy, priority, tags, description, stateText, place } = trigger
  const own = {
    ...(priority !== null && { priority }),
    ...(tags !== null && { tags }),
    ...(stateText !== null && { initialStateText: stateText }),
  }
  return Object.freeze({ name, workflow, timing, allowConcurrent, policy, ...own, description, place, script })
}

function moduleTrigger({ poll, starts, stateText, policy }: DeclaredTrigger): ModuleTrigger {
  const checkFired = starts === null || starts.input === null ? null : inputCheck(starts.key, starts.input)
  return Object.freeze({ poll, checkFired, stateText, onChange: policy.onChange })
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

/** Whether one workflow equals the other or extends it with tasks. */
function goesOn(longer: DeclaredWorkflow, shorter: DeclaredWorkflow): boolean {
  return longer.place === shorter.place && shorter.tasks.every((task, index) => longer.tasks[index] === task)
}

function refuseEmpty(workflow: DeclaredWorkflow): void {
  if (workflow.tasks.length > 0) return
  const message =
    `Workflow "${workflow.key}"${at(workflow)} has no task. Each call of "task" returns a new ` +
    `workflow and does not change the old one. Chain the calls, and export or register the value that the last call ` +
    `returns.`
  throw new UsageError('EMPTY_WORKFLOW', message, { workflow: workflow.key })
}

type Placed = Pick<DeclaredWorkflow, 'place'>

function twice(what: 'workflow' | 'trigger', name: string, first: Placed, second: Placed): UsageError {
  const message =
    `Two different ${what}s are named "${name}": one${at(first)}, the ` +
    `other${at(second) || ' elsewhere'}. Rename one of them.`
  return new UsageError('DECLARED_TWICE', message, { [what]: name })
}

function at({ place }: Placed): string {
  return place === null ? '' : ` (${place.file}:${place.line})`
}

function neither(value: unknown): UsageError {
  const given = formatValue(value)
  const message = `Only values of workflow(), trigger() and limit() can be registered, but ${given} was given.`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'values' })
}
