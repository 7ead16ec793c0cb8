/** Declarations of one script, or of one batch of it. */

import type { GraphDefinition, ReactorDefinition, SourceDefinition } from './graphs/definitions.ts'
import type { LimitDefinition } from './limits/limits.ts'
import type { TriggerDefinition } from './trigger.ts'
import type { SourcePlace, WorkflowDefinition } from './workflow.ts'

/** Declarations in the order of the code. */
export interface Declarations {
  readonly triggers: readonly TriggerDefinition[]
  readonly workflows: readonly WorkflowDefinition[]
  readonly limits?: readonly LimitDefinition[]
  readonly graphs?: GraphDeclarations
}

export interface GraphDeclarations {
  readonly sources: readonly SourceDefinition[]
  /** Invalid sources, each with a sentence that gives the reason. */
  readonly badSources: readonly BadSource[]
  readonly reactors: readonly ReactorDefinition[]
  readonly graphs: readonly GraphDefinition[]
}

export interface BadSource {
  readonly name: string
  readonly message: string
  readonly script: string
  readonly place: SourcePlace | null
}
