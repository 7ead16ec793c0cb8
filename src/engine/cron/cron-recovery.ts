/** Starts cron runs that were recorded but not started (crash, unknown workflow), marked in their context. */

import { UsageError } from '../../errors.ts'
import type { CronFiringRow } from '../../model/schedule-rows.ts'
import type { EnginePorts } from '../engine-options.ts'
import { cronInput, executionOrError, newInstanceExecution } from '../starts/firing-context.ts'

/** `onAccepted`: called after each execution is passed to the store. */
export async function recoverLostCrons(ports: EnginePorts, onAccepted: () => void): Promise<void> {
  const { store, clock, config } = ports
  const now = clock.now()
  const lost = await store.lostCronFirings({
    notBeforeAt: now - config.cronMaxRecoveryAgeMs,
    olderThanAt: now - config.cronLostThresholdMs,
    maxAttempts: config.cronMaxRecoveryAttempts,
  })
  for (const firing of lost) await recover(firing, ports, onAccepted)
}

async function recover(firing: CronFiringRow, ports: EnginePorts, onAccepted: () => void): Promise<void> {
  const { store, registry, clock, codec, events, newId } = ports
  const schedule = await store.getCron(firing.scheduleId)
  if (schedule === null || !schedule.isEnabled) return
  const workflow = registry.current().workflows.get(schedule.workflow)
  // Another process may know the workflow. The attempt is counted only if it can start a run.
  if (workflow === undefined) return

  const attempt = firing.recoveryAttempts + 1
  const inputText = cronInput(schedule, firing.scheduledAt, { attempt, firingId: firing.id }, codec)
  const trigger = schedule.triggerName === null ? undefined : registry.current().triggers.get(schedule.triggerName)
  const made = executionOrError(() => newInstanceExecution(newId(), workflow, inputText, codec, trigger?.priority))
  // The attempt is counted, because the parameters have no usable value for the limit of the workflow.
  const execution = made instanceof UsageError ? null : made
  const at = clock.now()
  const recovered = store.recoverCronFiring(firing.id, execution, at)
  onAccepted()
  if ((await recovered) !== 'claimed' || execution === null) return
  events.counters.workflows.of(schedule.workflow).cronFirings += 1
  events.emit('cronFired', {
    scheduleId: schedule.id,
    trigger: schedule.triggerName,
    workflow: schedule.workflow,
    scheduledAt: firing.scheduledAt,
    at,
    firingId: firing.id,
    executionId: execution.id,
    recoveryAttempt: attempt,
  })
}
