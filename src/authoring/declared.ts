/** Declarations of `workflow` and `trigger` as data with functions, for `definition.ts` of any copy of this package. */

import type { TriggerPolicy } from '../model/policy.ts'
import type { TriggerTiming } from '../model/trigger.ts'
import type {
  DailyTime,
  SourcePlace,
  TaskDefinition,
  TriggerRule,
  WaitDefinition,
  WorkflowLimit,
} from '../model/workflow.ts'
import type { ModuleTask, ModuleTrigger } from './function-types.ts'
import type { DeclaredLimit } from './types/limit-types.ts'
import type { InputSchema } from './types/option-types.ts'

/** Key of the declaration of a workflow. Copies of the package with the same form are compatible. */
export const WORKFLOW_KEY = Symbol.for('cloaca.workflow.1')
/** Key of the declaration of a trigger. */
export const TRIGGER_KEY = Symbol.for('cloaca.trigger.1')

/** Key of the declaration of a limit. */
export const LIMIT_KEY = Symbol.for('cloaca.limit.1')

/** Declaration of a workflow as data. */
export interface DeclaredWorkflow {
  readonly key: string
  readonly title: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly deadlineMs: number | null
  readonly doneBy: DailyTime | null
  readonly limit: WorkflowLimit | null
  /** Null for 0. */
  readonly priority: number | null
  readonly tenant: string
  readonly package: string
  readonly input: InputSchema | null
  /** Tasks in the order of their declarations. Dependencies come first. */
  readonly tasks: readonly DeclaredTask[]
  readonly place: SourcePlace | null
}

/** Declaration of a task as data. */
export interface DeclaredTask
  extends Pick<TaskDefinition, 'id' | 'dependencies' | 'retry' | 'timeoutMs' | 'deadlineMs'> {
  readonly rule: TriggerRule
  readonly place: SourcePlace | null
  /** Whether the declaration has the option `when`. */
  readonly hasOwnRule: boolean
  /** Limits. Each attempt takes a slot of each of them. */
  readonly limits: readonly DeclaredLimit[]
  readonly runs: DeclaredFunction | DeclaredPython | DeclaredWait
}

/** Functions of a TypeScript task. */
export interface DeclaredFunction extends ModuleTask {
  readonly kind: 'function'
}

/** Node that waits. */
interface DeclaredWait {
  readonly kind: 'wait'
  readonly wait: WaitDefinition
}

/** Reference to a Python task. */
export interface DeclaredPython {
  readonly kind: 'python'
  readonly script: string
  readonly task: string
  readonly workflow: string | null
  readonly adds: InputSchema | null
}

/** Declaration of a trigger as data. */
export interface DeclaredTrigger {
  readonly name: string
  readonly workflow: string
  /** Declaration of the workflow. Null if the trigger names the workflow. */
  readonly starts: DeclaredWorkflow | null
  readonly timing: TriggerTiming
  readonly allowConcurrent: boolean
  readonly policy: TriggerPolicy
  /** Null for that of the workflow. */
  readonly priority: number | null
  /** Null for the tags of the workflow. */
  readonly tags: Readonly<Record<string, string>> | null
  readonly description: string
  readonly poll: ModuleTrigger['poll']
  readonly stateText: ModuleTrigger['stateText']
  readonly place: SourcePlace | null
}
