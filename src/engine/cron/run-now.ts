/** Starts the workflow of a schedule now, as a firing that a user requested. The next time of the schedule stays. */

import { UsageError } from '../../errors.ts'
import type { NewAction } from '../../model/action.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { EnginePorts } from '../engine-options.ts'
import { cronInput, limitedError, newInstanceExecution, type OnFired } from '../starts/firing-context.ts'

/** Parts of the firing that the caller creates. */
export interface RunNow {
  readonly row: CronRow
  readonly workflow: WorkflowDefinition
  readonly executionId: string
  readonly action: NewAction
}

/** Resolves when the execution is stored. Throws `SCHEDULE_NOT_FOUND`, `INVALID_CONTEXT` or `LIMITED`. */
export async function runNow(
  { row, workflow, executionId, action }: RunNow,
  { store, codec, newId, events, registry }: EnginePorts,
  onFired: OnFired,
): Promise<void> {
  const { at } = action
  const trigger = row.triggerName === null ? undefined : registry.current().triggers.get(row.triggerName)
  const execution = newInstanceExecution(
    executionId,
    workflow,
    cronInput(row, at, null, codec),
    codec,
    trigger?.priority,
  )
  const firingId = newId()
  const stored = store.runCron({ scheduleId: row.id, firingId, at, execution, action })
  // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
  onFired([executionId], stored)
  const result = await stored
  if (result === 'unknown') {
    throw new UsageError('SCHEDULE_NOT_FOUND', `Schedule "${row.id}" was deleted.`, { scheduleId: row.id })
  }
  if (result !== 'started') throw limitedError(execution, result)
  events.counters.workflows.of(row.workflow).cronFirings += 1
  const { id: scheduleId, triggerName, workflow: name } = row
  const times = { scheduledAt: at, at, recoveryAttempt: 0 }
  events.emit('cronFired', { scheduleId, trigger: triggerName, workflow: name, firingId, executionId, ...times })
}
