/** Store contract tests for executions that wait until fewer of their trigger are active. */

import { describe, expect, test } from 'vitest'
import type { FiredTick, NewTriggerFiring } from '../../src/engine/store-ports.ts'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newAction,
  newExecution,
  newFiring,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const LIMITED = declaration({ policy: { ...DEFAULT_POLICY, maxActive: 2 } })
const STARTED = { kind: 'started' }
const WAITS = { kind: 'started', waits: true }

function different(count: number): readonly NewTriggerFiring[] {
  return Array.from({ length: count }, (_, index) =>
    newFiring({ contextHash: `hash ${index}`, execution: newExecution({ id: `e-${index}` }) }),
  )
}

export function describeHeldBackContract(context: ContractContext): void {
  const fire = (given: Partial<FiredTick & NewTriggerFiring>) =>
    context.store.recordFired(firedTick({ lease: null, maxActive: 2, aboveLimit: 'waits', ...given }))
  const acquire = async (executionIds?: readonly string[]) => {
    await context.store.openInstance('one', START)
    const taken = await context.store.acquireExecutions({
      ...{ instanceId: 'one', workflows: ['ingest'], at: START, limit: 100, recover: true },
      ...(executionIds !== undefined && { executionIds }),
    })
    return taken.map(({ id }) => id)
  }
  const end = async (executionId: string) => {
    const { released } = await context.store.settle(
      settlement(executionId, {
        changes: [completed('only')],
        end: { status: 'Completed', endedAt: START + 1, finalText: '{}', errorMessage: null },
      }),
    )
    return released
  }
  const waiting = async () => (await context.store.getTrigger('inbox'))?.waitingExecutions

  describe('executions above the limit of their trigger', () => {
    test('are stored, and no engine acquires them', async () => {
      await context.store.saveTriggers([LIMITED], START)

      const result = await fire({ firings: different(5) })

      expect(result).toEqual({ kind: 'several', firings: [STARTED, STARTED, WAITS, WAITS, WAITS] })
      expect(await waiting()).toBe(3)
      expect(await acquire(['e-2', 'e-3', 'e-4'])).toEqual([])
      expect(await acquire()).toEqual(['e-0', 'e-1'])
      expect(await context.store.getExecution('e-4')).toMatchObject({ status: 'Pending' })
    })

    test('begin in their order, one after the end of each other', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(5) })
      await acquire()

      const released = [await end('e-1'), await end('e-0')]
      const acquired = await acquire()

      expect(released).toEqual([['e-2'], ['e-3']])
      expect(acquired).toEqual(['e-2', 'e-3'])
      expect(await waiting()).toBe(1)
      expect([await end('e-2'), await end('e-3')]).toEqual([['e-4'], []])
      expect(await waiting()).toBe(0)
    })

    test('begin together if others end in one step', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(5) })
      await acquire()

      const released = await Promise.all([end('e-0'), end('e-1')])

      expect(released.flat().sort()).toEqual(['e-2', 'e-3'])
    })

    test('come after those that wait already', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(3) })

      const later = newFiring({ contextHash: 'later' })
      expect(await fire({ firings: [later], at: START + 1 })).toEqual(WAITS)

      await acquire()
      expect(await end('e-0')).toEqual(['e-2'])
      expect(await end('e-1')).toEqual([later.execution?.id])
    })

    test('are active for deduplication, and for the limit of a trigger that drops firings', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(3) })

      expect(await fire({ contextHash: 'hash 2' })).toEqual({ kind: 'duplicate', executionId: 'e-2' })
      expect(await fire({ contextHash: 'new', aboveLimit: 'dropped' })).toEqual({ kind: 'limited', active: 3 })
    })

    test('wait for the limit of their trigger, and not for an engine', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(3) })

      const waiting = await context.store.history.listWaiting(['e-1', 'e-2'], START)
      expect(waiting.get('e-1')).toEqual({ kind: 'engine', workflow: 'ingest' })
      expect(waiting.get('e-2')).toEqual({
        kind: 'limit',
        limit: 'trigger:inbox',
        value: null,
        slots: 2,
        heldBy: ['e-0', 'e-1'],
      })
      expect(await context.store.history.countWaiting(START)).toEqual([{ workflow: 'ingest', executions: 2 }])
    })

    test('begin after a higher limit, and all of them without a limit', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(6) })

      expect(await context.store.releaseWaiting('inbox', START)).toEqual({ released: [], waiting: 4 })
      await context.store.overrideTrigger('inbox', { maxActive: 3 }, START)
      expect(await context.store.releaseWaiting('inbox', START)).toEqual({ released: ['e-2'], waiting: 3 })
      await context.store.overrideTrigger('inbox', { maxActive: null }, START)
      const { released, waiting } = await context.store.releaseWaiting('inbox', START)

      expect([[...released].sort(), waiting]).toEqual([['e-3', 'e-4', 'e-5'], 0])
      expect(await context.store.releaseWaiting('nobody', START)).toEqual({ released: [], waiting: 0 })
      expect(await acquire()).toHaveLength(6)
    })

    test('can be cancelled while they wait, and begin after the cancel of one that no engine runs', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(4) })
      const cancel = (id: string) =>
        context.store.steer(newAction({ target: id }), {
          ...{ kind: 'cancel', actionIds: [], waits: false, reason: 'cancelled', at: START + 1 },
        })

      await cancel('e-2')
      expect(await waiting()).toBe(1)
      await cancel('e-0')

      expect(await waiting()).toBe(0)
      expect(await acquire()).toEqual(['e-1', 'e-3'])
    })

    test('are known to the engine that takes the lease', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(3) })

      expect((await context.store.leasedFacts(['inbox'])).get('inbox')).toEqual({ state: null, hasWaiting: true })
    })

    test('begin when their trigger is removed', async () => {
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(4) })

      while ((await context.store.removeTrigger('inbox', START)) === 'more');

      expect(await acquire()).toEqual(['e-0', 'e-1', 'e-2', 'e-3'])
    })

    test('make their trigger not late', async () => {
      await context.store.saveTriggers([LIMITED, declaration({ name: 'late' })], START)
      await fire({ firings: different(3) })

      const late = { ...FIRST_PAGE, enabledOnly: true, troubledAt: START + 3_600_000 }
      expect((await context.store.listTriggers(late)).map(({ name }) => name)).toEqual(['late'])
    })

    context.sharedTest('begin although an end was stored in another process at the same time', async () => {
      const another = await context.openAnother()
      await context.store.saveTriggers([LIMITED], START)
      await fire({ firings: different(2) })
      await acquire()
      const ids = ['a', 'b', 'c']
      const more = ids.map((id) => newFiring({ contextHash: id, execution: newExecution({ id }) }))

      await Promise.all([
        another.recordFired(firedTick({ lease: null, maxActive: 2, aboveLimit: 'waits', firings: more })),
        end('e-0'),
        end('e-1'),
      ])
      await another.releaseWaiting('inbox', START)

      expect(await waiting()).toBe(1)
      expect(await acquire()).toEqual(['a', 'b'])
    })
  })
}
