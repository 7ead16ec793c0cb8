/** The store contract's cases about several instances with code of their own. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { InstanceCode, TriggerLease } from '../../src/engine/ports.ts'
import { declaration, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000

export function describeSharingContract(context: ContractContext): void {
  const names = ['a', 'b', 'c', 'd']
  const code = (triggers: readonly string[], version = 'v1'): InstanceCode => ({
    isPolling: true,
    polled: triggers,
    crons: [],
    workflows: [{ name: 'ingest', version }],
  })
  const open = async (instanceId: string, announced: InstanceCode) => {
    await context.store.openInstance(instanceId, START)
    await context.store.announce(instanceId, announced, START)
  }
  const lease = async (instanceId: string, of: readonly string[] = names, busy: readonly string[] = []) =>
    triggersOf(await context.store.leaseTriggers(instanceId, of, new Set(busy)))
  const triggersOf = (leases: readonly TriggerLease[]) => leases.map(({ trigger }) => trigger)
  const acquire = async (instanceId: string, recover = false) => {
    const acquisition = { instanceId, workflows: ['ingest'], at: START, limit: 10, recover }
    return (await context.store.acquireExecutions(acquisition)).map(({ id }) => id)
  }
  const pass = async (ms: number, living: readonly string[]) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
      await context.clock.advance(Math.min(leftMs, HEARTBEAT_MS))
      for (const each of living) await context.store.heartbeat(each, context.clock.now())
    }
  }

  describe('triggers of which several instances have the code', () => {
    test('are shared: the second gets half of them, which the first gives up when it asks next', async () => {
      await context.store.saveTriggers(
        names.map((name) => declaration({ name })),
        START,
      )
      await open('first', code(names))
      const alone = await lease('first')
      await open('second', code(names))

      const before = await lease('second')
      const kept = await lease('first')
      const taken = await lease('second')

      expect([alone, before, kept.length, taken.length]).toEqual([names, [], 2, 2])
      expect([...kept, ...taken].sort()).toEqual(names)
    })

    test('one that is polled at this moment is given up later', async () => {
      await context.store.saveTriggers([declaration({ name: 'a' }), declaration({ name: 'b' })], START)
      await open('first', code(['a', 'b']))
      await lease('first', ['a', 'b'])
      await open('second', code(['a', 'b']))

      const busy = await lease('first', ['a', 'b'], ['a', 'b'])
      const later = await lease('first', ['a', 'b'])

      expect([busy.length, later.length]).toEqual([2, 1])
    })

    test('go to the others when an instance that stops says that it polls no more', async () => {
      await context.store.saveTriggers(
        names.map((name) => declaration({ name })),
        START,
      )
      await open('first', code(names))
      await open('second', code(names))
      await lease('first')
      await lease('second')

      await context.store.announce('first', { ...code(names), isPolling: false, workflows: [] }, START)
      await lease('first', [])

      expect(await lease('second')).toEqual(names)
    })

    test('what an instance that was taken for dead announced is known again when it enters again', async () => {
      await context.store.saveTriggers(
        names.map((name) => declaration({ name })),
        START,
      )
      await open('first', code(names))
      await open('second', code(names))
      await pass(DEAD_AFTER_MS, ['second'])
      await acquire('second', true)
      expect(await lease('second')).toEqual(names)

      await context.store.heartbeat('first', context.clock.now())
      await pass(DEAD_AFTER_MS, ['first', 'second'])

      expect(await lease('second')).toHaveLength(2)
    })
  })

  describe('instances that work on one database', () => {
    test('hear with each heartbeat how many others live that run workflows', async () => {
      await open('first', code([]))
      await context.store.openInstance('looker', START)
      const alone = await context.store.heartbeat('first', START)
      await open('second', code([]))
      const together = await context.store.heartbeat('first', START)
      await context.store.closeInstance('second', START)

      expect([alone, together, await context.store.heartbeat('first', START)]).toEqual([0, 1, 0])
    })
  })

  describe('executions of a version', () => {
    const created = async (version: string): Promise<string> => {
      const execution = newExecution({ version })
      await context.store.createExecution(execution, { kind: 'call' }, START)
      return execution.id
    }

    test('are left to a living instance that has it', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')

      expect([await acquire('new'), await acquire('old')]).toEqual([[], [id]])
    })

    test('are taken by another when nobody living has it', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')
      await context.store.closeInstance('old', START)

      expect(await acquire('new')).toEqual([id])
    })

    test('are taken by another when the one that has it is dead', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')
      await pass(DEAD_AFTER_MS, ['new'])

      expect(await acquire('new', true)).toEqual([id])
    })
  })
}
