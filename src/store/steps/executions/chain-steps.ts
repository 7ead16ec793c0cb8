/** Steps of chains: results that tasks store once, and child executions that they start once. */

import type {
  ChainStore,
  ChildRow,
  ChildStart,
  ChildStartAnswer,
  NameInChain,
  NewChild,
} from '../../../engine/chains/chain-store.ts'
import type { NewExecution } from '../../../engine/starts/new-executions.ts'
import * as sql from '../../sql/executions/chain-sql.ts'
import { type OwnedRecord, storedRequest } from '../../store-rows.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { insertExecutions } from './creation.ts'

export function chainStore(run: RunStep): ChainStore {
  return {
    findResult: stepMethod(run, 'read', findResult),
    keepResult: stepMethod(run, 'accept', keepResult),
    findChild: stepMethod(run, 'read', function* (session, { chainId, taskId, name }: NameInChain) {
      return (yield* session.one<ChildStart>(sql.FIND_CHILD, chainId, taskId, name)) ?? null
    }),
    depthOf: stepMethod(run, 'read', function* (session, chainId: string) {
      return (yield* session.one<{ readonly depth: number | null }>(sql.FIND_DEPTH, chainId))?.depth ?? 0
    }),
    // Alone: it locks the parent, and then the row of the key.
    startChild: stepMethod(run, 'accept', startChild, 'alone'),
    listChildren: stepMethod(run, 'read', function* (session, executionId: string) {
      return yield* session.all<ChildRow>(sql.LIST_CHILDREN, executionId)
    }),
  }
}

function* findResult(session: Session, { chainId, taskId, name }: NameInChain): Step<string | null> {
  const found = yield* session.one<{ readonly result: string }>(sql.FIND_RESULT, chainId, taskId, name)
  return found?.result ?? null
}

function* keepResult(
  session: Session,
  of: NameInChain,
  executionId: string,
  resultText: string,
  at: number,
): Step<string | null> {
  session.run(sql.INSERT_RESULT, of.chainId, of.taskId, of.name, at, resultText, executionId)
  return yield* findResult(session, of)
}

/** Locks the parent, so that either a cancel of the parent sees the child, or this step sees the cancel. */
function* startChild(session: Session, { of, parentId, execution, depth, at }: NewChild): Step<ChildStartAnswer> {
  const { chainId, taskId, name } = of
  const parent = yield* session.one<OwnedRecord>(session.sql.executions.findForSteering, parentId)
  if (parent === undefined || storedRequest(parent)?.kind === 'cancel') return { kind: 'ended' }
  const { id, workflow } = execution
  const inserted = yield* session.run(sql.INSERT_CHILD, chainId, taskId, name, id, workflow, depth, at)
  if (inserted === 0) {
    const child = yield* session.one<ChildStart>(sql.FIND_CHILD, chainId, taskId, name)
    return child === undefined ? { kind: 'ended' } : { kind: 'known', child }
  }
  const creation = { execution, origin: { kind: 'child', parent: parentId, task: taskId }, at } as const
  const refused =
    (yield* holderAbove(session, parentId, execution)) ?? (yield* insertExecutions(session, [creation])).get(id)
  if (refused !== undefined) session.run(sql.DELETE_CHILD, chainId, taskId, name)
  return refused ?? { kind: 'created' }
}

/** Returns the result if an execution above the child uses the slot for which the child would wait. */
function* holderAbove(
  session: Session,
  parentId: string,
  { workflow, limit }: NewExecution,
): Step<Extract<ChildStartAnswer, { readonly kind: 'heldAbove' }> | undefined> {
  if (limit === undefined) return undefined
  const holder = yield* session.one<{ readonly id: string }>(sql.FIND_HOLDER_ABOVE, parentId, workflow, limit.value)
  return holder === undefined ? undefined : { kind: 'heldAbove', executionId: holder.id }
}
