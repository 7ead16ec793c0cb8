/** What `--json` prints of executions: a contract, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import { type AttemptRow, type ExecutionResult, type ExecutionSummary, formatInstant } from '../../index.ts'

/** A row of a list. */
export function summaryRecord(row: ExecutionSummary) {
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
    errorMessage: row.errorMessage,
  }
}

/** An execution with everything that is known of it. `context` has its numbers as JavaScript reads them, `contextText` as they are. */
export function executionRecord(result: ExecutionResult, attempts: readonly AttemptRow[]) {
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
    errorMessage: result.errorMessage,
    context: result.context,
    contextText: result.contextText,
    tasks: result.tasks.map((task) => ({
      ...task,
      startedAt: instant(task.startedAt),
      endedAt: instant(task.endedAt),
      history: attempts.filter(({ taskId }) => taskId === task.id).map(attemptRecord),
    })),
  }
}

function attemptRecord(row: AttemptRow) {
  return {
    attempt: row.attempt,
    outcome: row.outcome,
    queuedAt: instant(row.queuedAt),
    startedAt: instant(row.startedAt),
    endedAt: formatInstant(row.endedAt),
    error: row.error,
  }
}

function instant(at: number | null): string | null {
  return at === null ? null : formatInstant(at)
}
