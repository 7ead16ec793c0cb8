/** Finds executions without a living owner on SQLite, where a step is the only writer. */

import { OWNED_COLUMNS } from '../sql/executions/columns.ts'
import type { FindUnowned, UnownedSearch } from '../steps/executions/acquisition.ts'
import { deadSeqs } from '../steps/instance-steps.ts'
import type { OwnedRecord } from '../store-rows.ts'
import type { Session, Step } from '../store-session.ts'

/** Selects the next workflow, by name, that has unowned executions, or null. Takes one seek. */
const FIRST_UNOWNED_WORKFLOW =
  'SELECT min(workflow) AS workflow FROM active_executions WHERE owner_seq IS NULL AND waits_for IS NULL'

const NEXT_UNOWNED_WORKFLOW = `
SELECT min(workflow) AS workflow FROM active_executions
WHERE owner_seq IS NULL AND waits_for IS NULL AND workflow > $1`

/** Values: the id, the dead owners. */
const FIND_UNOWNED = `
SELECT ${OWNED_COLUMNS} FROM active_executions
WHERE id = $1 AND waits_for IS NULL AND (owner_seq IS NULL OR owner_seq IN (SELECT value FROM json_each($2)))`

/** Executions are left to other engines if only these have the version of the workflow. */
const OLDEST = `
AND version || ' ' || workflow NOT IN (SELECT value FROM json_each($2))
ORDER BY rank, queued_at, execution_seq LIMIT $3`

const LIST_UNOWNED = `
SELECT ${OWNED_COLUMNS} FROM active_executions
WHERE owner_seq IS NULL AND waits_for IS NULL AND workflow = $1 ${OLDEST}`

const LIST_OWNED_BY = `
SELECT ${OWNED_COLUMNS} FROM active_executions
WHERE owner_seq = $1 AND waits_for IS NULL AND workflow IN (SELECT value FROM json_each($4)) ${OLDEST}`

const LIST_OTHER_VERSIONS = `
SELECT instance_seq, version || ' ' || workflow AS version FROM instance_workflows other
WHERE instance_seq <> $1 AND NOT EXISTS (
  SELECT 1 FROM instance_workflows own
  WHERE own.instance_seq = $1 AND own.workflow = other.workflow AND own.version = other.version)`

export const findUnowned: FindUnowned = (session, search) => {
  const { executionIds } = search
  return executionIds === undefined ? oldest(session, search) : these(session, executionIds, search)
}

function* these(
  session: Session,
  executionIds: readonly string[],
  { workflows, deadSeqs }: UnownedSearch,
): Step<readonly OwnedRecord[]> {
  const ids = executionIds.map((id) => [id])
  const unowned = yield* session.allEach<OwnedRecord>(FIND_UNOWNED, ids, deadSeqs)
  return unowned.filter(({ workflow }) => workflows.includes(workflow))
}

function* oldest(session: Session, search: UnownedSearch): Step<readonly OwnedRecord[]> {
  const { workflows, deadSeqs, limit } = search
  const others = yield* versionsOfOthers(session, search)
  const own = new Set(workflows)
  const unowned = (yield* unownedWorkflows(session)).flatMap((workflow) => (own.has(workflow) ? [[workflow]] : []))
  const found = session.allEach<OwnedRecord>(LIST_UNOWNED, unowned, others, limit)
  const dead = deadSeqs.map((seq) => [seq])
  const ofDead = session.allEach<OwnedRecord>(LIST_OWNED_BY, dead, others, limit, workflows)
  return [...(yield* found), ...(yield* ofDead)]
}

function* versionsOfOthers(session: Session, { instanceId, owner }: UnownedSearch): Step<readonly string[]> {
  const others = yield* session.all<{ readonly instance_seq: number; readonly version: string }>(
    LIST_OTHER_VERSIONS,
    owner,
  )
  if (others.length === 0) return []
  const dead = new Set(yield* deadSeqs(session, instanceId))
  return others.flatMap(({ instance_seq, version }) => (dead.has(instance_seq) ? [] : [version]))
}

/** Steps from one to the next, so that the executions of workflows that no engine has cost one seek. */
function* unownedWorkflows(session: Session): Step<readonly string[]> {
  const workflows: string[] = []
  let next = yield* session.one<{ readonly workflow: string | null }>(FIRST_UNOWNED_WORKFLOW)
  while (typeof next?.workflow === 'string') {
    workflows.push(next.workflow)
    next = yield* session.one(NEXT_UNOWNED_WORKFLOW, next.workflow)
  }
  return workflows
}
