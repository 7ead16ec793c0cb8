/**
 * Cron firings that were recorded but never started, because the process died in between or nobody knew the workflow:
 * started later, with keys in their context that say so. Called by the engine once in a while.
 */

import type { CronFiringRow } from '../../model/schedule.ts'
import { cronInput, newExecution } from '../firing-context.ts'
import type { CronSchedulerPorts } from './cron-scheduler.ts'

/** Starts what can be started. `onAccepted`: there is work for the executor. */
export async function recoverLostCrons(ports: CronSchedulerPorts, onAccepted: () => void): Promise<void> {
  const { store, clock, config } = ports
  const now = clock.now()
  const lost = await store.lostCronFirings({
    notBeforeAt: now - config.cronMaxRecoveryAgeMs,
    olderThanAt: now - config.cronLostThresholdMs,
    maxAttempts: config.cronMaxRecoveryAttempts,
  })
  for (const firing of lost) await recover(firing, ports, onAccepted)
}

async function recover(firing: CronFiringRow, ports: CronSchedulerPorts, onAccepted: () => void): Promise<void> {
  const { store, registry, clock, codec, events, newId } = ports
  const schedule = await store.getCron(firing.scheduleId)
  if (schedule === null || !schedule.isEnabled) return
  const workflow = registry.current().workflows.get(schedule.workflow)
  // Another process may know it; an attempt that cannot start anything is not counted.
  if (workflow === undefined) return

  const attempt = firing.recoveryAttempts + 1
  const inputText = cronInput(schedule, firing.scheduledAt, { attempt, firingId: firing.id }, codec)
  const execution = newExecution(newId(), workflow, inputText)
  const at = clock.now()
  const recovered = store.recoverCronFiring(firing.id, execution, at)
  onAccepted()
  if (!(await recovered)) return
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
