/** Steps that read executions without their contexts, contexts one by one, and attempts. */

import type { HistoryStore } from '../../../engine/ports.ts'
import type { AttemptRow, ExecutionSummary } from '../../../model/execution.ts'
import type {
  ContextOf,
  ExecutionOverview,
  TaskOverview,
  WaitingWorkflow,
  WorkflowSample,
} from '../../../model/history.ts'
import { type ExecutionRecord, executionSummary, fault, type Stored, withFault } from '../../rows.ts'
import { method, type RunStep, type Session, type Step } from '../../session.ts'
import { GET_EXECUTION } from '../../sql/executions/executions.ts'
import { SIZES } from '../../sql/history/executions.ts'
import { countByStatus, readTrend } from './counts.ts'

/** Returns the `seq` of each engine that seems to be alive. */
type FindLiving = (session: Session) => Step<ReadonlySet<number>>

interface AttemptRecord extends Stored<AttemptRow, 'error'> {
  readonly execution_seq: number
}

/** Sizes in bytes, or null if there is no such row. */
interface ContextSizes {
  readonly input: number | null
  readonly final: number | null
}

/** `isBlocking`: whether a step blocks the event loop. */
export function historyStore(run: RunStep, isBlocking: boolean, livingSeqs: FindLiving): HistoryStore {
  return {
    overview: method(run, 'read', overview),
    contextText: method(run, 'read', contextText),
    counts: method(run, 'read', countByStatus),
    trend: (query) => readTrend(run, query, isBlocking),
    lastFailed: method(run, 'read', lastFailed),
    listWaiting: method(run, 'read', function* (session, ids: readonly string[], createdUntil: number) {
      const values = [createdUntil, [...(yield* livingSeqs(session))], ids]
      const records = yield* session.all<{ readonly id: string }>(session.sql.executions.listWaiting, ...values)
      return new Set(records.map(({ id }) => id))
    }),
    countWaiting: method(run, 'read', function* (session, createdUntil: number) {
      const values = [createdUntil, [...(yield* livingSeqs(session))]]
      return yield* session.all<WaitingWorkflow>(session.sql.executions.countWaiting, ...values)
    }),
    sample: method(run, 'read', sample),
  }
}

function* overview(session: Session, id: string): Step<ExecutionOverview | null> {
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const listed = session.all<Stored<TaskOverview, 'error'>>(session.sql.history.listTasks, record.seq)
  const sizes = yield* session.one<ContextSizes>(SIZES, record.seq)
  const tasks = (yield* listed).map(withFault)
  const finalTask = tasks.find(({ taskId }) => taskId === record.final_task_id)
  const finalBytes = finalTask?.outputBytes ?? sizes?.final ?? null
  return { ...executionSummary(record), inputBytes: sizes?.input ?? 0, finalBytes, tasks }
}

function* contextText(session: Session, id: string, of: ContextOf): Step<string | null> {
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const { seq, final_task_id: finalTaskId } = record
  const task = of === 'final' ? finalTaskId : of === 'input' ? null : of.outputOf
  const table = of === 'input' ? 'execution_inputs' : 'execution_finals'
  const statement = `SELECT context FROM ${table} WHERE execution_seq = $1`
  const [sql, values] = task === null ? [statement, [seq]] : [session.sql.history.getOutput, [seq, task]]
  return (yield* session.one<{ readonly context: string | null }>(sql, ...values))?.context ?? null
}

function* lastFailed(session: Session, limit: number): Step<readonly ExecutionSummary[]> {
  return (yield* session.all<ExecutionRecord>(session.sql.history.lastFailed, limit)).map(executionSummary)
}

function* sample(
  session: Session,
  workflow: string,
  limits: { readonly executions: number; readonly attempts: number },
): Step<WorkflowSample> {
  type Sampled = WorkflowSample['executions'][number] & { readonly seq: number }
  const { sampleExecutions, sampleAttempts } = session.sql.history
  const executions = yield* session.all<Sampled>(sampleExecutions, workflow, limits.executions)
  const seqs = executions.map(({ seq }) => seq)
  const attempts = yield* session.all<AttemptRecord>(sampleAttempts, seqs, limits.attempts)
  return {
    executions: executions.map(({ seq: _, ...execution }) => execution),
    attempts: attempts.map(({ execution_seq: _, error: _error, ...attempt }) => attempt),
  }
}

/** In the order of their ends. */
export function* listAttempts(session: Session, executionId: string): Step<readonly AttemptRow[]> {
  const records = yield* session.all<AttemptRecord>(session.sql.history.listAttempts, executionId)
  return records.map(({ execution_seq: _, error, ...attempt }) => ({ ...attempt, error: fault(error) }))
}
