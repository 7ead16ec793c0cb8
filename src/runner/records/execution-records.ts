/** Executions as JSON. The fields are a contract, listed in `docs/command-line.md`. Times are RFC 3339. */

import type { ChildRow } from '../../engine/chains/chain-store.ts'
import type { ExecutionResult } from '../../engine/services/executions/execution-result.ts'
import type { Waiting } from '../../engine/services/executions/execution-service.ts'
import { type ActionRow, actionTarget } from '../../model/action.ts'
import type { AttemptRow, ExecutionSummary } from '../../model/execution.ts'
import { formatError } from '../../model/fault.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'
import { waitRecord } from './wait-records.ts'

export function summaryRecord(row: Waiting<ExecutionSummary>) {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    origin: row.origin,
    retryOf: row.retryOf,
    priority: row.priority,
    createdAt: formatInstant(row.createdAt),
    startedAt: formatInstantOrNull(row.startedAt),
    endedAt: formatInstantOrNull(row.endedAt),
    waitingFor: waitRecord(row.waitingFor),
    errorMessage: formatError(row.errorMessage),
    cause: row.cause,
  }
}

/** Returns a child execution of a task. */
export function childRecord({ taskId: task, key, executionId: id, workflow, status }: ChildRow) {
  return { task, key, id, workflow, status }
}

/** Returns an execution in full. `context` has JavaScript numbers, `contextText` the exact ones. */
export function executionRecord(result: ExecutionResult, attempts: readonly AttemptRow[]) {
  const { tasks, ...facts } = executionWithoutContext(result, attempts)
  return { ...facts, context: result.context, contextText: result.contextText, tasks }
}

function executionWithoutContext(result: ExecutionResult, attempts: readonly AttemptRow[]) {
  return {
    id: result.id,
    workflow: result.workflow,
    status: result.status,
    origin: result.origin,
    retryOf: result.retryOf,
    priority: result.priority,
    createdAt: formatInstant(result.createdAt),
    startedAt: formatInstantOrNull(result.startedAt),
    endedAt: formatInstantOrNull(result.endedAt),
    pausedAt: formatInstantOrNull(result.pausedAt),
    cancelRequestedAt: formatInstantOrNull(result.cancelRequestedAt),
    waitingFor: waitRecord(result.waitingFor),
    errorMessage: result.errorMessage,
    cause: result.cause,
    tasks: taskRecords(result, attempts),
  }
}

function taskRecords({ tasks }: ExecutionResult, attempts: readonly AttemptRow[]) {
  return tasks.map((task) => ({
    ...task,
    startedAt: formatInstantOrNull(task.startedAt),
    endedAt: formatInstantOrNull(task.endedAt),
    notBeforeAt: formatInstantOrNull(task.notBeforeAt),
    history: attempts.filter(({ taskId }) => taskId === task.id).map(attemptRecord),
  }))
}

export function attemptRecord(row: AttemptRow) {
  return {
    attempt: row.attempt,
    outcome: row.outcome,
    queuedAt: formatInstantOrNull(row.queuedAt),
    startedAt: formatInstantOrNull(row.startedAt),
    endedAt: formatInstant(row.endedAt),
    error: row.error,
  }
}

export function actionRecord(row: ActionRow) {
  const subject = actionTarget(row)
  return {
    id: row.id,
    kind: row.kind,
    target: row.target,
    targetKind: subject.kind,
    targetName: subject.name,
    source: row.source,
    note: row.note,
    at: formatInstant(row.at),
    answeredAt: formatInstantOrNull(row.answeredAt),
    isRefused: row.answer?.isRefused ?? null,
    refusal: row.answer?.isRefused ? row.answer.text : null,
  }
}
