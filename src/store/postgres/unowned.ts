/** Finds executions without a living owner on PostgreSQL, and locks them until the commit. */

import type { Acquisition } from '../../engine/ports.ts'
import type { Execution } from '../../model/execution.ts'
import type { OwnedRecord } from '../rows.ts'
import { OWNED_COLUMNS } from '../sql/executions/columns.ts'
import type { FindUnowned } from '../steps/executions/acquisition.ts'
import { SERVER_NOW } from './sql/fragments.ts'

/** Executions are left to other living engines if only these have the version of the workflow. */
const IS_OURS = '(workflow, version) NOT IN (SELECT workflow, version FROM other_versions)'

/** Passes over executions that other engines are taking. */
const OLDEST = 'ORDER BY created_at, execution_seq LIMIT $2 FOR UPDATE SKIP LOCKED'

/**
 * The oldest executions of each workflow, so that a backlog of a workflow that no engine has costs nothing. Values:
 * workflows, limit, dead owners, the engine, time that replaces the server's or null, earliest creation.
 */
const LIST_UNOWNED = `
WITH other_versions AS (
  SELECT workflow, version FROM instance_workflows JOIN instances ON instances.seq = instance_seq
  WHERE instance_seq <> $4 AND expires_at > ${SERVER_NOW(5)}
  EXCEPT SELECT workflow, version FROM instance_workflows WHERE instance_seq = $4
)
SELECT * FROM (
  SELECT found.* FROM unnest($1::text[]) AS wanted (name) CROSS JOIN LATERAL (
    SELECT ${OWNED_COLUMNS} FROM active_executions
    WHERE workflow = wanted.name AND owner_seq IS NULL AND created_at >= $6 AND ${IS_OURS} ${OLDEST}
  ) found
  UNION ALL SELECT * FROM (
    SELECT ${OWNED_COLUMNS} FROM active_executions
    WHERE owner_seq = ANY ($3::bigint[]) AND workflow = ANY ($1::text[]) AND ${IS_OURS} ${OLDEST}
  ) of_dead
) candidate ORDER BY created_at, seq LIMIT $2`

/** Values: workflows, limit, ids. */
const LIST_THESE = `
SELECT ${OWNED_COLUMNS} FROM active_executions
WHERE execution_seq IN (SELECT execution_seq FROM active_executions WHERE id = ANY ($3::text[]) OFFSET 0)
  AND owner_seq IS NULL AND workflow = ANY ($1::text[]) ${OLDEST}`

/** Interval of searches without a limit on the age. */
const WHOLE_SEARCH_EVERY_MS = 1_000
/** Clocks of engines differ: executions that are older than this are found by the next search without a limit. */
const CLOCKS_DIFFER_MS = 1_000

/**
 * Remembers the creation of the newest execution that was found, from which the next search starts. All older
 * executions are taken, but while a snapshot is open the server cannot clean up, and would pass over each of them.
 */
export class UnownedExecutions {
  readonly #monotonic: () => number
  readonly #serverNow: () => number | null
  #sinceAt = 0
  #workflows = ''
  #wholeSearchAt = Number.NEGATIVE_INFINITY

  /** `serverNow`: returns the time that replaces the server's clock, or null. */
  constructor(monotonic: () => number, serverNow: () => number | null) {
    this.#monotonic = monotonic
    this.#serverNow = serverNow
  }

  search(acquisition: Acquisition): FindUnowned {
    const sinceAt = this.#next(acquisition)
    return (session, { workflows, limit, executionIds, deadSeqs, owner }) =>
      executionIds === undefined
        ? session.all<OwnedRecord>(LIST_UNOWNED, workflows, limit, deadSeqs, owner, this.#serverNow(), sinceAt)
        : session.all<OwnedRecord>(LIST_THESE, workflows, limit, executionIds)
  }

  /** `taken`: as many executions as the limit, or all. */
  found({ limit, at, executionIds }: Acquisition, taken: readonly Execution[]): void {
    if (executionIds !== undefined) return
    const newestAt = taken.length < limit ? at : Math.max(...taken.map(({ createdAt }) => createdAt))
    this.#sinceAt = Math.max(0, newestAt - CLOCKS_DIFFER_MS)
  }

  /** Returns the creation from which to search; 0 for all executions. */
  #next({ recover, workflows }: Acquisition): number {
    const now = this.#monotonic()
    const names = workflows.join()
    if (!recover && names === this.#workflows && now - this.#wholeSearchAt < WHOLE_SEARCH_EVERY_MS) return this.#sinceAt
    this.#wholeSearchAt = now
    this.#workflows = names
    return 0
  }
}
