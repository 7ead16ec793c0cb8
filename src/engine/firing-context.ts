/** The context that a firing gives to its execution: what was fired, and the keys that the engine adds. Pure. */

import { type ContextText, EMPTY_CONTEXT } from '../model/context.ts'
import type { CronRow } from '../model/schedule.ts'
import { formatInstant } from '../model/time/instant.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type { ContextCodec, NewExecution } from './ports.ts'

/**
 * Called in the tick of the event loop in which the store is asked to start executions for a firing. `announced`: settles when the firing
 * has been announced.
 */
export type OnFired = (executionIds: readonly string[], announced: Promise<unknown>) => void

export interface FiringContext {
  /** What the trigger's execution starts with. The engine's two keys come last and win over the user's. */
  readonly inputText: ContextText
  /** What makes two firings of a trigger the same. */
  readonly contextHash: string
}

/** Throws `INVALID_CONTEXT` when the fired text cannot be read. */
export function firingContext(
  firedText: ContextText | null,
  trigger: Pick<TriggerDefinition, 'name'>,
  at: number,
  codec: ContextCodec,
): FiringContext {
  const added = JSON.stringify({ trigger_name: trigger.name, triggered_at: formatInstant(at) })
  if (firedText === null) return { inputText: added, contextHash: 'fire_no_context' }
  const { merged, fingerprint } = codec.mergeWithFingerprint([firedText, added])
  return { inputText: merged, contextHash: fingerprint.slice(0, 16) }
}

export interface CronRecovery {
  readonly attempt: number
  readonly firingId: string
}

/** What a cron schedule's execution starts with: an instance's parameters, and the engine's keys, which win. */
export function cronInput(
  schedule: CronRow,
  scheduledAt: number,
  recovery: CronRecovery | null,
  codec: ContextCodec,
): ContextText {
  const added = {
    ...(schedule.triggerName !== null && { trigger_name: schedule.triggerName }),
    scheduled_time: formatInstant(scheduledAt),
    schedule_id: schedule.id,
    schedule_timezone: schedule.timezone,
    schedule_expression: schedule.expression,
    ...(recovery === null
      ? {}
      : { is_recovery: true, recovery_attempt: recovery.attempt, original_execution_id: recovery.firingId }),
  }
  return codec.merge([schedule.paramsText ?? EMPTY_CONTEXT, JSON.stringify(added)])
}

/** An execution of a workflow as the code declares it now. */
export function newExecution(id: string, workflow: WorkflowDefinition, inputText: ContextText): NewExecution {
  return {
    id,
    workflow: workflow.key,
    version: workflow.version,
    inputText,
    tasks: workflow.tasks.map((task) => ({ taskId: task.id, fullName: task.fullName })),
  }
}
