/** Steps that read executions without their contexts, contexts one by one, and attempts. */

import type { HistoryStore } from '../../../engine/ports.ts'
import type { AttemptRow, ExecutionSummary } from '../../../model/execution.ts'
import type { ContextOf, ExecutionOverview, WorkflowSample } from '../../../model/history.ts'
import { type AttemptRecord, attemptRow } from '../../history-rows.ts'
import {
  type ContextSizes,
  executionOverview,
  type SampledAttempt,
  type SampledExecution,
  type TaskWithoutOutput,
  workflowSample,
} from '../../history-shapes.ts'
import { type ExecutionRecord, executionSummary } from '../../rows.ts'
import type { RunStep, Session, Step } from '../../session.ts'
import { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../../sql/executions/executions.ts'
import { listLastFailed, SIZES, sampleExecutions } from '../../sql/history/executions.ts'
import { countWaiting, type FindLiving, listWaiting } from '../executions/waiting.ts'
import { countByStatus, readTrend } from './counts.ts'

/** `isBlocking`: whether a step blocks the event loop. */
export function historyStore(run: RunStep, isBlocking: boolean, livingSeqs: FindLiving): HistoryStore {
  return {
    overview: (id) => run('read', (session) => overview(session, id)),
    contextText: (id, of) => run('read', (session) => contextText(session, id, of)),
    counts: (filter) => run('read', (session) => countByStatus(session, filter)),
    trend: (query) => readTrend(run, query, isBlocking),
    lastFailed: (limit) => run('read', (session) => lastFailed(session, limit)),
    listWaiting: (ids, createdUntil) => run('read', (session) => listWaiting(session, ids, createdUntil, livingSeqs)),
    countWaiting: (createdUntil) => run('read', (session) => countWaiting(session, createdUntil, livingSeqs)),
    sample: (workflow, limits) => run('read', (session) => sample(session, workflow, limits)),
  }
}

function* overview(session: Session, id: string): Step<ExecutionOverview | null> {
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const tasks = session.all<TaskWithoutOutput>(session.sql.history.listTasks, record.seq)
  const sizes = yield* session.one<ContextSizes>(SIZES, record.seq)
  return executionOverview(record, yield* tasks, sizes ?? { input: null, final: null })
}

function* contextText(session: Session, id: string, of: ContextOf): Step<string | null> {
  const { getOutput } = session.sql.history
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const { seq, final_task_id: finalTaskId } = record
  const read = (sql: string, ...values: string[]) =>
    session.one<{ readonly context: string | null }>(sql, seq, ...values)
  const reply =
    of === 'input'
      ? read(GET_INPUT)
      : of !== 'final'
        ? read(getOutput, of.outputOf)
        : finalTaskId === null
          ? read(GET_FINAL)
          : read(getOutput, finalTaskId)
  return (yield* reply)?.context ?? null
}

function* lastFailed(session: Session, limit: number): Step<readonly ExecutionSummary[]> {
  return (yield* session.all<ExecutionRecord>(listLastFailed(session.sql.history), limit)).map(executionSummary)
}

function* sample(
  session: Session,
  workflow: string,
  limits: { readonly executions: number; readonly attempts: number },
): Step<WorkflowSample> {
  const sql = session.sql.history
  const executions = yield* session.all<SampledExecution>(sampleExecutions(sql), workflow, limits.executions)
  const seqs = executions.map(({ seq }) => seq)
  return workflowSample(executions, yield* session.all<SampledAttempt>(sql.sampleAttempts, seqs, limits.attempts))
}

/** In the order of their ends. */
export function* listAttempts(session: Session, executionId: string): Step<readonly AttemptRow[]> {
  return (yield* session.all<AttemptRecord>(session.sql.history.listAttempts, executionId)).map(attemptRow)
}
