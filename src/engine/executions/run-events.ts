/** Counts and announces stored changes of an execution. Called by `executor.ts`, after the commit. */

import type { EngineEvents } from '../events.ts'
import type { Clock, ExecutionEnd, TaskChange } from '../ports.ts'
import type { Run } from './run.ts'

export interface RunEventPorts {
  readonly events: EngineEvents
  readonly clock: Clock
}

/** Announces the end of a task; other changes are not announced. */
export function announceTask(run: Run, change: TaskChange, { events, clock }: RunEventPorts): void {
  const { status, taskId, attempts, error, endedAt } = change
  if (status === 'Ready' || status === 'Running') return
  run.counters.tasks[status] += 1
  const { id: executionId, workflow } = run.state
  events.emit('taskFinished', { executionId, workflow, taskId, status, attempts, error, at: endedAt ?? clock.now() })
}

export function announceEnd(
  run: Run,
  { status, errorMessage, endedAt }: ExecutionEnd,
  { events }: RunEventPorts,
): void {
  const { id: executionId, workflow, execution } = run.state
  run.counters.ended[status] += 1
  run.counters.executionDuration.observe(Math.max(0, endedAt - execution.createdAt))
  events.emit('executionFinished', { executionId, workflow, status, errorMessage, at: endedAt })
}
