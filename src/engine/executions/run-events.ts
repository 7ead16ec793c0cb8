/** Counts and announces stored changes of an execution. Called by `executor.ts`, after the commit. */

import type { EnginePorts } from '../engine-options.ts'
import type { ExecutionEnd, TaskChange } from '../store-ports.ts'
import type { Run } from './execution-run.ts'

export function announceTask(
  run: Run,
  change: TaskChange,
  { events, clock }: Pick<EnginePorts, 'events' | 'clock'>,
): void {
  const { status, taskId, attempts, error, endedAt, wait } = change
  if (status === 'Ready' || status === 'Running') return
  const { id: executionId, workflow } = run.state
  const names = { executionId, workflow, node: taskId }
  if (status === 'Waiting') {
    if (wait) events.emit('waitOpened', { ...names, kind: wait.kind, at: wait.openedAt })
    return
  }
  run.counters.tasks[status] += 1
  const ended = run.state.waitOf(taskId)
  if (ended !== null) {
    const { kind, openedAt } = ended
    events.emit('waitEnded', { ...names, kind, openedAt, status, error, at: endedAt ?? clock.now() })
  }
  events.emit('taskFinished', { executionId, workflow, taskId, status, attempts, error, at: endedAt ?? clock.now() })
}

export function announceEnd(
  run: Run,
  { status, errorMessage, failure, endedAt }: ExecutionEnd,
  { events }: Pick<EnginePorts, 'events' | 'clock'>,
): void {
  const { id: executionId, workflow, execution } = run.state
  run.counters.ended[status] += 1
  run.counters.executionDuration.observe(Math.max(0, endedAt - execution.createdAt))
  const cause = failure?.cause ?? null
  events.emit('executionFinished', { executionId, workflow, status, errorMessage, cause, at: endedAt })
}
