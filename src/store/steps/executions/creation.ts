/** Steps that create executions. Contexts are stored as text, without parsing them. */

import type { CreationResult, LimitedStart, NewExecution } from '../../../engine/starts/new-executions.ts'
import type { RecordedAction } from '../../../engine/store-ports.ts'
import type { ExecutionOrigin, TaskRun } from '../../../model/execution.ts'
import { executionRank } from '../../../model/limits/limits.ts'
import { FIND_RETRY } from '../../sql/executions/execution-sql.ts'
import { originColumns } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { recordAction } from '../action-steps.ts'
import { admit, keepNewest, type StartAdmission } from '../limits/start-admission.ts'
import { joinChains } from './chain-rows.ts'
import { TaskChanges } from './task-changes.ts'

export interface Creation {
  readonly execution: NewExecution
  readonly origin: ExecutionOrigin
  readonly at: number
  readonly recorded?: RecordedAction | undefined
  /** Limit that the execution waits for: see the column `waits_for`. Default: none. */
  readonly waitsFor?: string | null
}

export function* createExecutions(session: Session, creations: readonly Creation[]): Step<readonly CreationResult[]> {
  const refused = yield* otherRetries(session, creations)
  const created = creations.filter((creation) => !refused.has(creation))
  const limited = yield* insertExecutions(session, created)
  for (const { execution, recorded } of created) if (!limited.has(execution.id)) recordAction(session, recorded)
  return creations.map((creation) => {
    return limited.get(creation.execution.id) ?? { kind: refused.has(creation) ? 'otherRetry' : 'created' }
  })
}

/** Returns the retries that had to be the only ones. Locks the retried executions, for retries of other engines. */
function* otherRetries(session: Session, creations: readonly Creation[]): Step<ReadonlySet<Creation>> {
  const refused = new Set<Creation>()
  const originals = new Set(creations.flatMap(({ execution }) => (execution.isOnlyRetry && execution.retryOf) || []))
  for (const original of [...originals].sort()) {
    yield* session.one(session.sql.executions.lockEnded, original)
    const isRetried = (yield* session.one(FIND_RETRY, original)) !== undefined
    const retries = creations.filter(({ execution }) => execution.retryOf === original)
    const others = isRetried ? retries : retries.slice(1)
    for (const other of others) if (other.execution.isOnlyRetry) refused.add(other)
  }
  return refused
}

/** Returns the results of executions that the limits of their workflows refused, by id. They are not stored. */
export function* insertExecutions(
  session: Session,
  creations: readonly Creation[],
): Step<ReadonlyMap<string, LimitedStart>> {
  const admission = yield* admit(session, creations)
  yield* insertAdmitted(session, admission)
  return admission.refused
}

/** Notifies other engines unless the same transaction acquires the executions. */
export function* insertAdmitted(session: Session, { admitted, newest }: StartAdmission<Creation>): Step<void> {
  const [first] = admitted
  if (first === undefined) return
  yield* insertRows(session, admitted)
  if (newest.length > 0) yield* keepNewest(session, newest, first.at)
}

function* insertRows(session: Session, creations: readonly Creation[]): Step<void> {
  const { insert, insertTasks } = session.sql.executions
  session.notifyEnginesOf(creations.map(({ execution: { id } }) => id))
  const last = creations.length - 1
  const executions = creations.map(({ execution, origin, at, waitsFor = null }, index) => {
    const { id, workflow, version, inputText, retryOf = null, priority = 0, limit } = execution
    return [
      id,
      workflow,
      version,
      origin.kind,
      ...originColumns(origin),
      at,
      retryOf,
      inputText,
      last - index,
      waitsFor,
      priority,
      executionRank(priority, false),
      limit?.value ?? null,
    ]
  })
  for (const statement of insert) session.each(statement, executions)
  const tasks = creations.flatMap(({ execution: { id, tasks } }, index) =>
    tasks.map(({ taskId, fullName }, position) => [id, position, taskId, fullName, last - index]),
  )
  session.each(insertTasks, tasks)
  joinChains(session, creations)
  for (const { execution } of creations) {
    const kept = execution.tasks.flatMap((task) => task.kept ?? [])
    if (kept.length > 0) yield* keepOutcomes(session, execution.id, kept)
  }
}

/** Stores the outcomes of tasks that are taken over from the execution that is retried. */
function* keepOutcomes(session: Session, id: string, kept: readonly TaskRun[]): Step<void> {
  const statement = 'SELECT execution_seq AS seq FROM active_executions WHERE id = $1'
  const found = yield* session.one<{ readonly seq: number }>(statement, id)
  const changes = new TaskChanges()
  for (const task of kept) changes.add(found?.seq ?? 0, { ...task, recoveries: 0, notBeforeAt: null })
  changes.write(session)
}
