/** The store contract's cases about triggers that no code declares any more, and their removal. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { InstanceCode } from '../../src/engine/ports.ts'
import {
  cronClaim,
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newCron,
  newExecution,
  START,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const NONE = { polled: [], crons: [] }
const code = (names: Pick<InstanceCode, 'polled' | 'crons'>): InstanceCode => ({
  isPolling: true,
  workflows: [],
  ...names,
})

export function describeDeclaredContract(context: ContractContext): void {
  describe('triggers that no code declares any more', () => {
    const nightly = newCron({ triggerName: 'nightly' })

    const prepare = async () => {
      await context.store.openInstance('one', START)
      await context.store.saveTriggers([declaration(), declaration({ name: 'old' })], START)
      await context.store.saveTriggerCrons([{ ...nightly, triggerName: 'nightly' }])
    }
    /** Since when each is not declared. */
    const undeclared = async () => {
      const rows = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
      const crons = await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })
      const entries = [
        ...rows.map(({ name, undeclaredAt }) => [name, undeclaredAt]),
        ...crons.map(({ triggerName, undeclaredAt }) => [triggerName ?? 'schedule', undeclaredAt]),
      ]
      return Object.fromEntries(entries)
    }
    /** In how many steps it is removed. */
    const remove = async (name: string): Promise<number> => {
      for (let steps = 1; ; steps++) {
        const removal = await context.store.removeTrigger(name, START)
        if (removal !== 'more') return removal === 'removed' ? steps : 0
      }
    }

    test('are marked with the instant, until they are declared again; schedules that no code declares are not', async () => {
      await prepare()
      await context.store.createCron(newCron())

      await context.store.announce('one', code({ polled: ['inbox'], crons: ['nightly'] }), START + 5)
      await context.store.announce('one', code({ polled: ['inbox'], crons: ['nightly'] }), START + 9)
      const first = await undeclared()
      await context.store.announce('one', code({ polled: ['old'], crons: [] }), START + 10)
      const second = await undeclared()

      expect(first).toEqual({ inbox: null, old: START + 5, nightly: null, schedule: null })
      expect(second).toEqual({ inbox: START + 10, old: null, nightly: START + 10, schedule: null })
    })

    test('a name that is polled no more, since it has a cron expression now, is marked where it was polled', async () => {
      await prepare()

      await context.store.announce('one', code({ polled: [], crons: ['inbox', 'nightly'] }), START + 5)

      expect(await undeclared()).toMatchObject({ inbox: START + 5, nightly: null })
    })

    test('what another living instance declares is not marked, and what one declared that has left is', async () => {
      await prepare()
      await context.store.openInstance('two', START)
      await context.store.announce('two', code({ polled: ['old'], crons: ['nightly'] }), START)

      await context.store.announce('one', code({ polled: ['inbox'], crons: [] }), START + 5)
      const both = await undeclared()
      await context.store.closeInstance('two', START)
      await context.store.announce('one', code({ polled: ['inbox'], crons: [] }), START + 6)

      expect(both).toEqual({ inbox: null, old: null, nightly: null })
      expect(await undeclared()).toEqual({ inbox: null, old: START + 6, nightly: START + 6 })
    })

    test('a trigger goes with its ticks and firings, a part in each step, and its executions stay', async () => {
      await prepare()
      const fired = firedTick({ trigger: 'old' })
      await context.store.recordFired(fired)
      for (let count = 0; count < 400; count++) void context.store.recordFailed(failedTick({ trigger: 'old' }))
      await context.store.recordFailed(failedTick())
      await context.store.announce('one', code(NONE), START)

      const steps = await remove('old')

      expect(steps).toBeGreaterThan(2)
      expect(await context.store.getTrigger('old')).toBeNull()
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toHaveLength(1)
      expect(await context.store.getExecution(fired.execution?.id ?? '')).not.toBeNull()
      expect(await context.store.removeTrigger('old', START)).toBe('unknown')
      await context.store.saveTriggers([declaration({ name: 'old' })], START)
      expect(await context.store.listTicks('old', FIRST_PAGE)).toEqual([])
    })

    test('a cron trigger goes with its firings', async () => {
      await prepare()
      const execution = newExecution({ workflow: 'nightly' })
      await context.store.claimCron(cronClaim(nightly, { execution }))

      expect(await remove('nightly')).toBeGreaterThan(1)
      expect(await context.store.getCron(nightly.id)).toBeNull()
      expect(await context.store.getExecution(execution.id)).not.toBeNull()
    })

    test('what a living instance declares is not removed', async () => {
      await prepare()
      await context.store.announce('one', code({ polled: ['inbox'], crons: ['nightly'] }), START)

      const removals = [
        await context.store.removeTrigger('inbox', START),
        await context.store.removeTrigger('nightly', START),
      ]
      await context.store.closeInstance('one', START)

      expect(removals).toEqual(['declared', 'declared'])
      expect(await remove('inbox')).toBe(1)
    })

    context.sharedTest('an instance that was taken for dead, and enters again, declares what it did', async () => {
      await prepare()
      const declared = { polled: ['inbox', 'old'], crons: ['nightly'] }
      await context.store.announce('one', code(declared), START)
      await context.store.openInstance('two', START)
      // As another process does that hears nothing of it for 30 s and takes what it held.
      const another = await context.openAnother()
      await another.closeInstance('one', START)

      await context.store.heartbeat('one', START + 1)
      await context.store.announce('two', code(NONE), START + 2)

      expect(await undeclared()).toEqual({ inbox: null, old: null, nightly: null })
    })
  })
}
