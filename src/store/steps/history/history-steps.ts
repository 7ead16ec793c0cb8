/** Steps that read executions without their contexts, contexts one by one, and attempts. */

import type { Clock } from '../../../engine/clock-port.ts'
import type { HistoryStore } from '../../../engine/store.ts'
import type { AttemptRow, ExecutionSummary } from '../../../model/execution.ts'
import type * as model from '../../../model/execution-history.ts'
import type { EngineWait } from '../../../model/waits.ts'
import { GET_EXECUTION } from '../../sql/executions/execution-sql.ts'
import { SIZES } from '../../sql/history/execution-history-sql.ts'
import { type ExecutionRecord, executionSummary, fault, type Stored, withFault } from '../../store-rows.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { livingSeqs } from '../instance-steps.ts'
import { executionWaits, type WaitingExecution } from '../limits/waiting-executions.ts'
import { countByStatus, readTrend } from './count-steps.ts'
import { recentStore } from './recent-steps.ts'

interface AttemptRecord extends Stored<AttemptRow, 'error'> {
  readonly execution_seq: number
}

/** Sizes in bytes, or null if there is no such row. */
interface ContextSizes {
  readonly input: number | null
  readonly final: number | null
}

export function historyStore(run: RunStep, isBlocking: boolean, clock: Pick<Clock, 'now'>): HistoryStore {
  return {
    overview: stepMethod(run, 'read', overview),
    contextText: stepMethod(run, 'read', contextText),
    counts: stepMethod(run, 'read', countByStatus),
    trend: (query) => readTrend(run, query, isBlocking),
    lastFailed: stepMethod(run, 'read', lastFailed),
    listWaiting: stepMethod(run, 'read', function* (session, ids: readonly string[], createdUntil: number) {
      const values = yield* waitingValues(session, createdUntil, clock.now())
      const records = yield* session.all<WaitingRecord>(session.sql.executions.listWaiting, ...values, ids)
      const waits = yield* executionWaits(session, records)
      return new Map(records.map((record) => [record.id, waits.get(record.waits_for ?? '') ?? engineWait(record)]))
    }),
    countWaiting: stepMethod(run, 'read', function* (session, createdUntil: number) {
      const values = yield* waitingValues(session, createdUntil, clock.now())
      return yield* session.all<model.WaitingWorkflow>(session.sql.executions.countWaiting, ...values)
    }),
    sample: stepMethod(run, 'read', sample),
    ...recentStore(run, isBlocking),
  }
}

interface WaitingRecord extends WaitingExecution {
  readonly id: string
}

/** Returns the latest creation of waiting executions, and the living instances. Without these, none can begin soon. */
function* waitingValues(session: Session, createdUntil: number, at: number): Step<[number, number[]]> {
  const living = [...(yield* livingSeqs(session, at))]
  return [living.length === 0 ? Number.MAX_SAFE_INTEGER : createdUntil, living]
}

function engineWait({ workflow }: WaitingRecord): EngineWait {
  return { kind: 'engine', workflow }
}

function* overview(session: Session, id: string): Step<model.ExecutionOverview | null> {
  const record = yield* session.one<ExecutionRecord>(GET_EXECUTION, id)
  if (record === undefined) return null
  const listed = session.all<Stored<model.TaskOverview, 'error'>>(session.sql.history.listTasks, record.seq)
  const sizes = yield* session.one<ContextSizes>(SIZES, record.seq)
  const tasks = (yield* listed).map(withFault)
  const finalTask = tasks.find(({ taskId }) => taskId === record.final_task_id)
  const finalBytes = finalTask?.outputBytes ?? sizes?.final ?? null
  return { ...executionSummary(record), inputBytes: sizes?.input ?? 0, finalBytes, tasks }
}

function* contextText(session: Session, id: string, of: model.ContextSelector): Step<string | null> {
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
): Step<model.WorkflowSample> {
  type Sampled = model.WorkflowSample['executions'][number] & { readonly seq: number }
  const { sampleExecutions, sampleAttempts } = session.sql.history
  const executions = yield* session.all<Sampled>(sampleExecutions, workflow, limits.executions)
  const seqs = executions.map(({ seq }) => seq)
  const attempts = yield* session.all<AttemptRecord>(sampleAttempts, seqs, limits.attempts)
  return {
    executions: executions.map(({ seq: _, ...execution }) => execution),
    attempts: attempts.map(({ execution_seq: _, error: _error, ...attempt }) => attempt),
  }
}

/** Lists attempts in the order of their ends. */
export function* listAttempts(session: Session, executionId: string): Step<readonly AttemptRow[]> {
  const records = yield* session.all<AttemptRecord>(session.sql.history.listAttempts, executionId)
  return records.map(({ execution_seq: _, error, ...attempt }) => ({ ...attempt, error: fault(error) }))
}
