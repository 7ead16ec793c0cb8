/** What one script declared, or one batch of it. */

import type { TriggerDefinition } from './trigger.ts'
import type { WorkflowDefinition } from './workflow.ts'

/** In the order of the declarations. */
export interface Declarations {
  readonly triggers: readonly TriggerDefinition[]
  readonly workflows: readonly WorkflowDefinition[]
}
