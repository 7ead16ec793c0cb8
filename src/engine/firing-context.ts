/** The context that a firing gives to its execution: what was fired, and the keys that the engine adds. Pure. */

import { type ContextText, EMPTY_CONTEXT } from '../model/context.ts'
import type { CronRow } from '../model/schedule.ts'
import type { TriggerDefinition } from '../model/trigger.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type { ContextCodec, NewExecution } from './ports.ts'

/** RFC 3339 in UTC, with the offset written out, as Python's `isoformat` has it. */
export function rfc3339(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00')
}

/** What a poll trigger's execution starts with. The two keys are stamped last and win over the user's. */
export function triggerInput(
  firedText: ContextText | null,
  trigger: TriggerDefinition,
  at: number,
  codec: ContextCodec,
): ContextText {
  const stamps = { trigger_name: trigger.name, triggered_at: rfc3339(at) }
  return codec.merge([firedText ?? EMPTY_CONTEXT, JSON.stringify(stamps)])
}

/** What makes two firings of a trigger the same. */
export function contextHashOf(firedText: ContextText | null, codec: ContextCodec): string {
  return firedText === null ? 'fire_no_context' : codec.fingerprint(firedText).slice(0, 16)
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
  const stamps = {
    scheduled_time: rfc3339(scheduledAt),
    schedule_id: schedule.id,
    schedule_timezone: schedule.timezone,
    schedule_expression: schedule.expression,
    ...(recovery === null
      ? {}
      : { is_recovery: true, recovery_attempt: recovery.attempt, original_execution_id: recovery.firingId }),
  }
  return codec.merge([schedule.paramsText ?? EMPTY_CONTEXT, JSON.stringify(stamps)])
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
