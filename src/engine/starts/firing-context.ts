/** Creates the context of an execution from a firing: the fired context, and keys that the engine adds. */

import { UsageError } from '../../errors.ts'
import { type ContextText, EMPTY_CONTEXT } from '../../model/context.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { LimitValueError, neededSlot } from '../limits/limit-keys.ts'
import type { ContextCodec } from '../ports.ts'
import type { LimitedStart, NewExecution } from './new-executions.ts'
import { withoutSecretNames } from './secret-names.ts'

/** Called in the tick of the event loop in which a firing is stored. `announced`: settles when it was announced. */
export type OnFired = (executionIds: readonly string[], announced: Promise<unknown>) => void

export interface FiringContext {
  /** Initial context of the execution. The engine's two keys come last and override the user's. */
  readonly inputText: ContextText
  /** Key for duplicates: two firings of a trigger with the same hash are equal. */
  readonly contextHash: string
}

/** Throws `INVALID_CONTEXT` if the fired text cannot be read. */
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

/**
 * Merges the parameters of an instance and the engine's keys, which take precedence. `reason`: why it does not start at
 * its time, or null.
 */
export function cronInput(
  schedule: CronRow,
  scheduledAt: number,
  reason: CronRecovery | 'backfill' | null,
  codec: ContextCodec,
): ContextText {
  const added = {
    ...(schedule.triggerName !== null && { trigger_name: schedule.triggerName }),
    scheduled_time: formatInstant(scheduledAt),
    schedule_id: schedule.id,
    schedule_timezone: schedule.timezone,
    schedule_expression: schedule.expression,
    ...(reason === 'backfill' && { is_backfill: true }),
    ...(reason !== null &&
      reason !== 'backfill' && {
        is_recovery: true,
        recovery_attempt: reason.attempt,
        original_execution_id: reason.firingId,
      }),
  }
  return codec.merge([schedule.paramsText ?? EMPTY_CONTEXT, JSON.stringify(added)])
}

/**
 * Makes an execution for an input from outside, without names of secrets: a caller must not choose the secret that a
 * task reads. Otherwise like `newInstanceExecution`.
 */
export function newExecution(
  id: string,
  workflow: WorkflowDefinition,
  inputText: ContextText,
  codec: ContextCodec,
  priority?: number,
): NewExecution {
  return newInstanceExecution(id, workflow, withoutSecretNames(inputText, codec), codec, priority)
}

/**
 * Makes an execution for an input from `cronInput`, or for the stored input of another execution. `priority`: default
 * that of the workflow. Throws `INVALID_CONTEXT` if the workflow has a limit, and the input has no usable value of its
 * `per`.
 */
export function newInstanceExecution(
  id: string,
  workflow: WorkflowDefinition,
  inputText: ContextText,
  codec: ContextCodec,
  priority: number = workflow.priority ?? 0,
): NewExecution {
  return {
    id,
    workflow: workflow.key,
    version: workflow.version,
    inputText,
    tasks: workflow.tasks.map((task) => ({ taskId: task.id, fullName: task.fullName })),
    ...(priority !== 0 && { priority }),
    ...slotFor(workflow, inputText, codec),
  }
}

/** Makes an execution, or returns the error of an input without a usable value of `per`. */
export function executionOrError(make: () => NewExecution): NewExecution | UsageError {
  try {
    return make()
  } catch (thrown) {
    if (thrown instanceof UsageError && thrown.code === 'INVALID_CONTEXT') return thrown
    throw thrown
  }
}

/** Returns the slot that a new execution needs. Throws `INVALID_CONTEXT`. */
export function slotFor(
  workflow: WorkflowDefinition,
  inputText: ContextText,
  codec: ContextCodec,
): Pick<NewExecution, 'limit'> {
  try {
    const limit = neededSlot(workflow, inputText, codec)
    return limit === undefined ? {} : { limit }
  } catch (thrown) {
    if (!(thrown instanceof LimitValueError)) throw thrown
    const message = `Workflow "${workflow.key}" was not started, because of its limit: ${thrown.message}.`
    throw new UsageError('INVALID_CONTEXT', message, { workflow: workflow.key, path: workflow.limit?.per ?? '' })
  }
}

/** Returns the error of a start that the limit of the workflow refused. */
export function limitedError({ workflow, limit }: NewExecution, { active, maxActive }: LimitedStart): UsageError {
  const value = limit === undefined || limit.value === 'null' ? '' : ` for the value ${limit.value}`
  const executions = active === 1 ? '1 execution is' : `${active} executions are`
  const message =
    maxActive === null
      ? `Limit of workflow "${workflow}" is closed${value}, so it was not started. Start it again when it is open.`
      : `Limit of workflow "${workflow}" reached, so it was not started: ${executions} active${value}, and ` +
        `max_active is ${maxActive}. Start it again when one has ended.`
  return new UsageError('LIMITED', message, { workflow })
}
