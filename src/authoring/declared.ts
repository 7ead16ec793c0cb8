/** What `workflow` and `trigger` make, as data with functions: read by `definition.ts`, whatever copy of this package made it. */

import type { TriggerPolicy } from '../model/policy.ts'
import type { TriggerTiming } from '../model/trigger.ts'
import type { SourcePlace, TaskDefinition, TriggerRule } from '../model/workflow.ts'
import type { InputSchema } from './schema.ts'
import type { ModuleTask, ModuleTrigger } from './types.ts'

/** Under this key a workflow says what it is. Copies of one form understand each other. */
export const WORKFLOW = Symbol.for('cloaca.workflow.1')
/** The same for a trigger. */
export const TRIGGER = Symbol.for('cloaca.trigger.1')

/** Declaration of a workflow as data. */
export interface DeclaredWorkflow {
  readonly key: string
  readonly title: string
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly tenant: string
  readonly package: string
  readonly input: InputSchema | null
  /** Tasks in the order of their declarations. Dependencies come first. */
  readonly tasks: readonly DeclaredTask[]
  readonly place: SourcePlace | null
}

/** Declaration of a task as data. */
export interface DeclaredTask extends Pick<TaskDefinition, 'id' | 'dependencies' | 'retry' | 'timeoutMs'> {
  readonly rule: TriggerRule
  readonly place: SourcePlace | null
  readonly runs: DeclaredFunction | DeclaredPython
}

/** Functions of a TypeScript task. */
export interface DeclaredFunction extends ModuleTask {
  readonly kind: 'function'
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
  readonly description: string
  readonly poll: ModuleTrigger['poll']
  readonly place: SourcePlace | null
}
