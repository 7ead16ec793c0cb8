/** What one script declared, or one batch of it. */

import type { GraphDefinition, ReactorDefinition, SourceDefinition } from './graphs/definitions.ts'
import type { TriggerDefinition } from './trigger.ts'
import type { SourcePlace, WorkflowDefinition } from './workflow.ts'

/** In the order of the declarations. */
export interface Declarations {
  readonly triggers: readonly TriggerDefinition[]
  readonly workflows: readonly WorkflowDefinition[]
  /** Missing where there are none. */
  readonly graphs?: GraphDeclarations
}

export interface GraphDeclarations {
  readonly sources: readonly SourceDefinition[]
  /** Sources that cannot be taken over, with a sentence that says why. */
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
