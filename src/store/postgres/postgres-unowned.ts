/** Finds executions without a living owner on PostgreSQL, and locks them until the commit. */

import type { Acquisition } from '../../engine/store-ports.ts'
import { executionRank, HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../model/limits/limits.ts'
import { OWNED_COLUMNS } from '../sql/executions/columns.ts'
import type { FindUnowned, OrderPlace } from '../steps/executions/acquisition.ts'
import type { OwnedRecord } from '../store-rows.ts'
import { SERVER_NOW } from './sql/postgres-sql-fragments.ts'

/** Executions are left to other living engines if only these have the version of the workflow. */
const IS_OURS = '(workflow, version) NOT IN (SELECT workflow, version FROM other_versions)'

/** Passes over executions that other engines are taking. */
const FIRST = 'ORDER BY rank, queued_at, execution_seq LIMIT $2 FOR UPDATE SKIP LOCKED'

/**
 * The first executions of each workflow, so that a backlog of a workflow that no engine has costs nothing. Values:
 * workflows, limit, dead owners, the engine, time that replaces the server's or null, and the place of the search: a
 * rank with its earliest time, and the earliest time of lower ranks. Each part reads one range of the index.
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
    WHERE workflow = wanted.name AND owner_seq IS NULL AND waits_for IS NULL AND rank < $6 AND queued_at >= $8
      AND ${IS_OURS} ${FIRST}
  ) found
  UNION ALL
  SELECT found.* FROM unnest($1::text[]) AS wanted (name) CROSS JOIN LATERAL (
    SELECT ${OWNED_COLUMNS} FROM active_executions
    WHERE workflow = wanted.name AND owner_seq IS NULL AND waits_for IS NULL AND (rank, queued_at) >= ($6, $7)
      AND ${IS_OURS} ${FIRST}
  ) found
  UNION ALL SELECT * FROM (
    SELECT ${OWNED_COLUMNS} FROM active_executions
    WHERE owner_seq = ANY ($3::bigint[]) AND workflow = ANY ($1::text[]) AND ${IS_OURS} ${FIRST}
  ) of_dead
) candidate ORDER BY rank, queued_at, seq LIMIT $2`

/** Values: workflows, limit, ids, dead owners. */
const LIST_THESE = `
SELECT ${OWNED_COLUMNS} FROM active_executions
WHERE execution_seq IN (SELECT execution_seq FROM active_executions WHERE id = ANY ($3::text[]) OFFSET 0)
  AND waits_for IS NULL AND (owner_seq IS NULL OR owner_seq = ANY ($4::bigint[]))
  AND workflow = ANY ($1::text[]) ${FIRST}`

/** Interval of searches without a limit on the age. */
const WHOLE_SEARCH_EVERY_MS = 1_000
/** Clocks of engines differ: executions that are older than this are found by the next search without a limit. */
const CLOCKS_DIFFER_MS = 1_000
/** Ranks before and after those of all executions. */
const LOWEST_RANK = executionRank(HIGHEST_PRIORITY + 1, false)
const HIGHEST_RANK = executionRank(LOWEST_PRIORITY - 1, false)

/** Place from which a search starts: a time for one rank, another time for lower ranks, and none for higher ranks. */
interface SearchPlace extends OrderPlace {
  readonly lowerSinceAt: number
}

const BEFORE_ALL: SearchPlace = { rank: LOWEST_RANK, queuedAt: 0, lowerSinceAt: 0 }

/**
 * Remembers the place of the last found execution, so that the next search starts there. Earlier executions have
 * owners, but while a snapshot is open the server keeps their index entries, and a search would read each of them.
 */
export class UnownedExecutions {
  readonly #monotonic: () => number
  readonly #serverNow: () => number | null
  #place = BEFORE_ALL
  #workflows = ''
  #wholeSearchAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number, serverNow: () => number | null) {
    this.#monotonic = monotonic
    this.#serverNow = serverNow
  }

  search(acquisition: Acquisition): FindUnowned {
    const { rank, queuedAt, lowerSinceAt } = this.#next(acquisition)
    const place = [rank, queuedAt, lowerSinceAt]
    return (session, { workflows, limit, executionIds, deadSeqs, owner }) =>
      executionIds === undefined
        ? session.all<OwnedRecord>(LIST_UNOWNED, workflows, limit, deadSeqs, owner, this.#serverNow(), ...place)
        : session.all<OwnedRecord>(LIST_THESE, workflows, limit, executionIds, deadSeqs)
  }

  /** Must be called after a search. `last`: the last execution that it found, if it found as many as the limit. */
  found({ at, executionIds }: Acquisition, last: OrderPlace | null): void {
    if (executionIds !== undefined) return
    const lowerSinceAt = Math.max(0, at - CLOCKS_DIFFER_MS)
    this.#place =
      last === null
        ? { rank: HIGHEST_RANK, queuedAt: lowerSinceAt, lowerSinceAt }
        : { rank: last.rank, queuedAt: Math.max(0, last.queuedAt - CLOCKS_DIFFER_MS), lowerSinceAt }
  }

  #next({ recover, workflows }: Acquisition): SearchPlace {
    const now = this.#monotonic()
    const names = workflows.join()
    if (!recover && names === this.#workflows && now - this.#wholeSearchAt < WHOLE_SEARCH_EVERY_MS) return this.#place
    this.#wholeSearchAt = now
    this.#workflows = names
    return BEFORE_ALL
  }
}
