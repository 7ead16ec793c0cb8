/** Parts of steps that create, acquire and remove executions: their rows in the tables of chains. */

import type { NewExecution } from '../../../engine/starts/new-executions.ts'
import { HAS_CHAINS } from '../../sql/executions/chain-sql.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'

interface Created {
  readonly execution: NewExecution
  readonly at: number
}

/** Returns the chains of executions by their ids. Executions that are the first of their chains are missing. */
export function* loadChains(session: Session, ids: readonly string[]): Step<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  type Record = { readonly id: string; readonly chainId: string }
  const found = yield* session.allEach<Record>(session.sql.chains.listChains, toRows(ids))
  return new Map(found.map(({ id, chainId }) => [id, chainId]))
}

/** Adds retries to their chains, and forgets the results and children of tasks that run again. */
export function joinChains(session: Session, creations: readonly Created[]): void {
  const { insertChains, forget } = session.sql.chains
  const retries = creations.flatMap(({ execution, at }) =>
    execution.retryOf === undefined ? [] : [[execution.id, execution.retryOf, at]],
  )
  if (retries.length === 0) return
  session.each(insertChains, retries)
  const forgotten = creations.flatMap(({ execution: { id, forgets = [] } }) => forgets.map((taskId) => [id, taskId]))
  if (forgotten.length === 0) return
  for (const statement of forget) session.each(statement, forgotten)
}

/** Removes the rows of removed executions, and of chains that have no other execution. */
export function* leaveChains(session: Session, ids: readonly string[]): Step<void> {
  const has = yield* session.one<{ readonly isAny: boolean | number }>(HAS_CHAINS)
  if (!has?.isAny) return
  const chains = yield* loadChains(session, ids)
  const { deleteMembers, deleteEnded } = session.sql.chains
  session.each(deleteMembers, toRows(ids))
  const ended = toRows([...new Set([...ids, ...chains.values()])])
  for (const statement of deleteEnded) session.each(statement, ended)
}
