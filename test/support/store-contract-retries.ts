/** Store contract tests for retries that must be the only one of an execution. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import type { Store } from '../../src/engine/store.ts'
import { acquiredExecution } from './acquired-execution.ts'
import { completed, FIRST_PAGE, newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DONE = { isRefused: false, text: null } as const
const END = { status: 'Completed', endedAt: START, finalText: '{}', errorMessage: null } as const

export function describeRetryContract(context: ContractContext): void {
  async function ended(): Promise<string> {
    const { id } = await acquiredExecution(context.store)
    await context.store.settle(settlement(id, { changes: [completed('only')], end: END }))
    return id
  }
  const retry = (retryOf: string, given: Partial<NewExecution> = {}, store: Store = context.store) => {
    const execution = { ...newExecution(), retryOf, ...given }
    const action = newAction({ id: `retry as ${execution.id}`, kind: 'retry', target: retryOf })
    return store.createExecution(execution, { kind: 'call' }, START, { action, answer: DONE })
  }
  const once = { isOnlyRetry: true } as const
  const retriesOf = async (retryOf: string) =>
    (await context.store.listExecutions({ ...FIRST_PAGE, retryOf })).map(({ status }) => status)
  const actionsOn = async (target: string) => (await context.store.actions.list({ target }, FIRST_PAGE)).length

  describe('a retry that must be the only one', () => {
    test('is stored with its action if the execution has no retry', async () => {
      const [first, second] = [await ended(), await ended()]

      expect(await Promise.all([retry(first, once), retry(second, once)])).toEqual([
        { kind: 'created' },
        { kind: 'created' },
      ])

      expect([await retriesOf(first), await actionsOn(first)]).toEqual([['Pending'], 1])
      expect(await retriesOf(second)).toEqual(['Pending'])
    })

    test('leaves no row and no action if the execution was retried before, also if that retry has ended', async () => {
      const [waiting, done] = [await ended(), await ended()]
      await retry(waiting)
      const first = await acquiredExecution(context.store, { retryOf: done })
      await context.store.settle(settlement(first.id, { changes: [completed('only')], end: END }))

      expect(await Promise.all([retry(waiting, once), retry(done, once)])).toEqual([
        { kind: 'otherRetry' },
        { kind: 'otherRetry' },
      ])

      expect([await retriesOf(waiting), await actionsOn(waiting)]).toEqual([['Pending'], 1])
      expect([await retriesOf(done), await actionsOn(done)]).toEqual([['Completed'], 0])
    })

    test('is stored once if several are created in one step, which stores the other executions', async () => {
      const id = await ended()

      const results = await Promise.all([retry(id, once), retry(id, once), retry(id), retry(await ended(), once)])

      expect(results.map(({ kind }) => kind)).toEqual(['created', 'otherRetry', 'created', 'created'])
      expect([await retriesOf(id), await actionsOn(id)]).toEqual([['Pending', 'Pending'], 2])
    })

    context.sharedTest('is stored once if two engines create one for each execution at the same time', async () => {
      const other = await context.openAnother()
      const ids = await Promise.all(Array.from({ length: 20 }, () => ended()))

      const results = await Promise.all([
        ...ids.map((id) => retry(id, once)),
        ...[...ids].reverse().map((id) => retry(id, once, other)),
      ])

      expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(20)
      for (const id of ids) expect(await retriesOf(id)).toHaveLength(1)
    })
  })
}
