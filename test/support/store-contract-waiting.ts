/** Store contract tests for executions that no living engine can run. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const LATER = START + 5_000

export function describeWaitingContract(context: ContractContext): void {
  const create = async (workflow: string, at = START) => {
    const execution = newExecution({ workflow })
    await context.store.createExecution(execution, { kind: 'call' }, at)
    return execution.id
  }
  const serve = async (instanceId: string, ...workflows: readonly string[]) => {
    await context.store.openInstance(instanceId, START)
    const announced = workflows.map((name) => ({ name, version: 'v1' }))
    await context.store.announce(instanceId, { isPolling: true, polled: [], crons: [], workflows: announced }, START)
  }
  const acquire = (instanceId: string, workflow: string) =>
    context.store.acquireExecutions({ instanceId, workflows: [workflow], at: START, limit: 10, recover: false })
  const waiting = async (...ids: readonly string[]) => [...(await context.store.history.listWaiting(ids, LATER)).keys()]

  describe('an execution is listed as waiting', () => {
    test('while no engine has its workflow', async () => {
      await serve('first', 'known')
      await serve('second')
      const [gone, alsoGone, known] = [await create('gone'), await create('gone'), await create('known')]

      expect((await waiting(gone, alsoGone, known)).sort()).toEqual([gone, alsoGone].sort())
      expect(await waiting(gone)).toEqual([gone])
      expect(await context.store.history.countWaiting(LATER)).toEqual([{ workflow: 'gone', executions: 2 }])
    })

    test('no longer when an engine with its workflow starts', async () => {
      await serve('first')
      const id = await create('gone')

      await serve('second', 'gone')

      expect(await waiting(id)).toEqual([])
      expect(await context.store.history.countWaiting(LATER)).toEqual([])
    })

    test('after its engine is closed, but not while its engine lives', async () => {
      await serve('first', 'gone')
      const id = await create('gone')
      await acquire('first', 'gone')
      await context.store.announce('first', { isPolling: true, polled: [], crons: [], workflows: [] }, START)
      expect(await waiting(id)).toEqual([])

      await context.store.closeInstance('first', START)

      expect(await waiting(id)).toEqual([id])
    })

    test('neither shortly after its creation, nor if it is paused or has ended', async () => {
      const young = await create('gone', LATER + 1)
      const paused = await create('gone')
      const pause = { kind: 'pause', actionIds: ['a-1'], waits: false, reason: '', at: START } as const
      await context.store.steer(newAction({ id: 'a-1', kind: 'pause', target: paused }), pause)
      const ended = await create('gone')
      await serve('first', 'gone')
      await acquire('first', 'gone')
      const end = { status: 'Completed', endedAt: START, finalText: '{}', errorMessage: null } as const
      await context.store.settle(settlement(ended, { end }))
      await context.store.closeInstance('first', START)
      await serve('second')

      expect(await waiting(young, paused, ended)).toEqual([])
      expect(await context.store.history.countWaiting(LATER)).toEqual([])
    })

    test('immediately after its creation if no engine lives', async () => {
      await serve('first', 'known')
      const young = await create('known', LATER + 1)
      const owned = await create('known', LATER + 1)
      await acquire('first', 'known')
      const before = await waiting(young, owned)

      await context.store.closeInstance('first', START)

      expect(before).toEqual([])
      expect((await waiting(young, owned)).sort()).toEqual([young, owned].sort())
      expect(await context.store.history.countWaiting(LATER)).toEqual([{ workflow: 'known', executions: 2 }])
    })
  })
}
