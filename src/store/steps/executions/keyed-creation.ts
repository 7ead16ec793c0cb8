/** Steps of keys that start an execution at most once. See the methods of the port. */

import type { CreatedOnce, KeyedExecution, KeyHolder } from '../../../engine/starts/new-executions.ts'
import { DELETE_START_KEY, FIND_START_KEY } from '../../sql/executions/execution-key-sql.ts'
import type { StepGroup } from '../../store-database.ts'
import { collectReplies, type Reply, type Session, type Step } from '../../store-session.ts'
import { insertExecutions } from './creation.ts'

/**
 * Alone in its transaction, which inserts keys in one order: on PostgreSQL, two engines that insert the same keys wait
 * for each other, and must not do so in a circle.
 */
export const KEYED_CREATION: StepGroup<KeyedExecution, CreatedOnce> = {
  isAlone: true,
  key: placeOf,
  run: createOnce,
}

export function* findStartKey(session: Session, workflow: string, key: string): Step<KeyHolder | null> {
  return (yield* findHolder(session, workflow, key)) ?? null
}

function* createOnce(session: Session, creations: readonly KeyedExecution[]): Step<readonly CreatedOnce[]> {
  const results = new Map<KeyedExecution, CreatedOnce>()
  let open = [...creations].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
  // Again for a key that another engine has removed between the two statements, because it was too old.
  while (open.length > 0) {
    for (const [creation, result] of yield* insertKeyed(session, open)) results.set(creation, result)
    const known = open.filter((creation) => !results.has(creation))
    const holders = yield* collectReplies(
      known.map(({ execution, startKey }) => findHolder(session, execution.workflow, startKey.key)),
    )
    for (const [index, creation] of known.entries()) {
      const holder = holders[index]
      if (holder !== undefined) results.set(creation, { kind: 'known', holder })
    }
    open = known.filter((creation) => !results.has(creation))
  }
  return creations.flatMap((creation) => results.get(creation) ?? [])
}

/** Inserts the executions whose keys are new, and returns their results. A refused execution does not use its key. */
function* insertKeyed(
  session: Session,
  creations: readonly KeyedExecution[],
): Step<ReadonlyMap<KeyedExecution, CreatedOnce>> {
  const rows = creations.map(({ execution: { id, workflow }, startKey: { key, fingerprint }, at }) => {
    return [workflow, key, fingerprint, id, at]
  })
  const inserted = yield* session.allEach<{ readonly id: string }>(session.sql.executionKeys.insertKeys, rows)
  const ids = new Set(inserted.map(({ id }) => id))
  const created = creations.filter(({ execution }) => ids.has(execution.id))
  const origin = { kind: 'call' } as const
  const limited = yield* insertExecutions(
    session,
    created.map(({ execution, at }) => ({ execution, origin, at })),
  )
  return new Map(
    created.map((creation): [KeyedExecution, CreatedOnce] => {
      const { execution, startKey } = creation
      const refused = limited.get(execution.id)
      if (refused !== undefined) session.run(DELETE_START_KEY, execution.workflow, startKey.key)
      return [creation, refused ?? { kind: 'created' }]
    }),
  )
}

function findHolder(session: Session, workflow: string, key: string): Reply<KeyHolder | undefined> {
  return session.one<KeyHolder>(FIND_START_KEY, workflow, key)
}

function placeOf({ execution: { workflow }, startKey: { key } }: KeyedExecution): string {
  return JSON.stringify([workflow, key])
}
