/** Steps that read the newest executions of workflows, and the states of their tasks. */

import type { HistoryStore } from '../../../engine/store.ts'
import type { ExecutionTasks, RecentExecution, RecentTask } from '../../../model/execution-history.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { readInSteps } from './trend-bars.ts'

/** Workflows that are read in one step. SQLite needs 2 ms for 50 executions of each. */
const WORKFLOWS_PER_STEP = 20
/** Maximum number of active executions that are read. SQLite needs 10 ms for all of them. */
const MAX_ACTIVE = 5_000

interface RecentRecord extends Omit<RecentExecution, 'endedAt'> {
  readonly seq: number
  readonly of_workflow: string
  /** Missing for an active execution. */
  readonly endedAt?: number
}

export function recentStore(run: RunStep, isBlocking: boolean): Pick<HistoryStore, 'recent' | 'withTasks'> {
  return {
    async recent(workflows, limit) {
      // First the active ones: an execution that ends between the steps is then in both lists, and not in none.
      const active = await run('read', listActive)
      const perStep = isBlocking ? WORKFLOWS_PER_STEP : Math.max(1, workflows.length)
      const ended = await readInSteps(workflows.length, perStep, (from, to) =>
        run('read', (session) => listEnded(session, workflows.slice(from, to), limit)),
      )
      return newestOfEach(workflows, [...ended, ...active], limit)
    },
    withTasks: stepMethod(run, 'read', withTasks),
  }
}

function* listActive(session: Session): Step<readonly RecentRecord[]> {
  return yield* session.all<RecentRecord>(session.sql.recent.listActive, MAX_ACTIVE)
}

function* listEnded(session: Session, workflows: readonly string[], limit: number): Step<readonly RecentRecord[]> {
  const rows = workflows.map((workflow) => [workflow])
  return yield* session.allEach<RecentRecord>(session.sql.recent.listEnded, rows, limit)
}

function newestOfEach(
  workflows: readonly string[],
  records: readonly RecentRecord[],
  limit: number,
): ReadonlyMap<string, readonly RecentExecution[]> {
  const byWorkflow = Map.groupBy(records, ({ of_workflow }) => of_workflow)
  return new Map(
    workflows.flatMap((workflow) => {
      // Ended ones come first, and their rows replace rows of the same execution while it was active.
      const ids = new Map((byWorkflow.get(workflow) ?? []).toReversed().map((record) => [record.id, record]))
      const newest = [...ids.values()].sort((one, other) => other.createdAt - one.createdAt || other.seq - one.seq)
      return newest.length === 0 ? [] : [[workflow, newest.slice(0, limit).map(recentExecution)] as const]
    }),
  )
}

function recentExecution({ id, status, createdAt, startedAt, endedAt = null }: RecentRecord | Sampled) {
  return { id, status, createdAt, startedAt, endedAt } satisfies RecentExecution
}

type Sampled = RecentExecution & { readonly seq: number }

function* withTasks(session: Session, workflow: string, limit: number): Step<readonly ExecutionTasks[]> {
  type TaskRecord = RecentTask & { readonly execution_seq: number }
  const executions = yield* session.all<Sampled>(session.sql.history.sampleExecutions, workflow, limit)
  const seqs = executions.map(({ seq }) => seq)
  const tasks = yield* session.all<TaskRecord>(session.sql.recent.listTaskStates, seqs)
  const bySeq = Map.groupBy(tasks, ({ execution_seq }) => execution_seq)
  return executions.map((execution) => ({
    ...recentExecution(execution),
    tasks: (bySeq.get(execution.seq) ?? []).map(({ execution_seq: _, ...task }) => task),
  }))
}
