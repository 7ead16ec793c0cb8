/** Executions as JSON: a contract, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import type { ActionRow } from '../../model/action.ts'
import type { AttemptRow, ExecutionSummary, ExecutionWait } from '../../model/execution.ts'
import { shownError } from '../../model/fault.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { Waiting } from '../resources/executions.ts'
import type { ExecutionResult } from '../results.ts'
import { instant } from './instants.ts'

/** A row of a list. */
export function summaryRecord(row: Waiting<ExecutionSummary>) {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    status: row.status,
    origin: row.origin,
    retryOf: row.retryOf,
    createdAt: formatInstant(row.createdAt),
    startedAt: instant(row.startedAt),
    endedAt: instant(row.endedAt),
    waitingFor: row.waitingFor,
    errorMessage: shownError(row.errorMessage),
  }
}

/** Returns the words for what an execution waits for. */
export function waitText({ workflow }: ExecutionWait): string {
  return `waiting for an engine that has workflow ${workflow}`
}

/** An execution with everything that is known of it. `context` has its numbers as JavaScript reads them, `contextText` as they are. */
export function executionRecord(result: ExecutionResult, attempts: readonly AttemptRow[]) {
  const { tasks, ...facts } = executionWithoutContext(result, attempts)
  return { ...facts, context: result.context, contextText: result.contextText, tasks }
}

export function executionWithoutContext(result: ExecutionResult, attempts: readonly AttemptRow[]) {
  return {
    id: result.id,
    workflow: result.workflow,
    status: result.status,
    origin: result.origin,
    retryOf: result.retryOf,
    createdAt: formatInstant(result.createdAt),
    startedAt: instant(result.startedAt),
    endedAt: instant(result.endedAt),
    pausedAt: instant(result.pausedAt),
    cancelRequestedAt: instant(result.cancelRequestedAt),
    waitingFor: result.waitingFor,
    errorMessage: result.errorMessage,
    tasks: taskRecords(result, attempts),
  }
}

/** The tasks of an execution, each with its attempts. */
export function taskRecords({ tasks }: ExecutionResult, attempts: readonly AttemptRow[]) {
  return tasks.map((task) => ({
    ...task,
    startedAt: instant(task.startedAt),
    endedAt: instant(task.endedAt),
    history: attempts.filter(({ taskId }) => taskId === task.id).map(attemptRecord),
  }))
}

export function attemptRecord(row: AttemptRow) {
  return {
    attempt: row.attempt,
    outcome: row.outcome,
    queuedAt: instant(row.queuedAt),
    startedAt: instant(row.startedAt),
    endedAt: formatInstant(row.endedAt),
    error: row.error,
  }
}

/** What somebody did. */
export function actionRecord(row: ActionRow) {
  return {
    id: row.id,
    kind: row.kind,
    target: row.target,
    source: row.source,
    note: row.note,
    at: formatInstant(row.at),
    answeredAt: instant(row.answeredAt),
    isRefused: row.answer?.isRefused ?? null,
  }
}
