/** Store contract tests for triggers that no code declares, and their removal. Called by `describeStoreContract`. */

import { beforeEach, describe, expect, test } from 'vitest'
import type { InstanceCode } from '../../src/engine/store-ports.ts'
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
  describe('triggers that no code declares', () => {
    const nightly = newCron({ triggerName: 'nightly' })

    const prepare = async () => {
      await context.store.openInstance('one', START)
      await context.store.saveTriggers([declaration(), declaration({ name: 'old' })], START)
      await context.store.saveTriggerCrons([{ ...nightly, triggerName: 'nightly' }])
    }
    /** Returns the time since which each trigger is undeclared, by name. */
    const undeclared = async () => {
      const rows = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
      const crons = await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })
      const entries = [
        ...rows.map(({ name, undeclaredAt }) => [name, undeclaredAt]),
        ...crons.map(({ triggerName, undeclaredAt }) => [triggerName ?? 'schedule', undeclaredAt]),
      ]
      return Object.fromEntries(entries)
    }
    /** Removes a trigger and returns the number of steps, or 0 if the removal is rejected. */
    const remove = async (name: string): Promise<number> => {
      for (let steps = 1; ; steps++) {
        const removal = await context.store.removeTrigger(name, START)
        if (removal !== 'more') return removal === 'removed' ? steps : 0
      }
    }

    test('are marked with a time until they are declared again, unlike schedules without a trigger', async () => {
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

    test('change when they are declared again after an hour, but not after a shorter time', async () => {
      const HOUR_MS = 3_600_000
      const [both, neither] = [code({ polled: ['inbox'], crons: ['nightly'] }), code({ polled: ['old'], crons: [] })]
      await prepare()
      const changedAt = async () => {
        const cron = (await context.store.triggerCrons(['nightly']))[0]
        return [(await context.store.getTrigger('inbox'))?.updatedAt, cron?.updatedAt]
      }

      await context.store.announce('one', neither, START + 10)
      await context.store.announce('one', both, START + 9 + HOUR_MS)
      const soon = await changedAt()
      await context.store.announce('one', neither, START + 3 * HOUR_MS)
      const undeclaredRows = await changedAt()
      await context.store.announce('one', both, START + 4 * HOUR_MS)
      await context.store.announce('one', both, START + 9 * HOUR_MS)

      expect([soon, undeclaredRows]).toEqual([
        [START, START],
        [START, START],
      ])
      expect(await changedAt()).toEqual([START + 4 * HOUR_MS, START + 4 * HOUR_MS])
    })

    test('a polled trigger is marked when the code replaces it with a cron trigger of the same name', async () => {
      await prepare()

      await context.store.announce('one', code({ polled: [], crons: ['inbox', 'nightly'] }), START + 5)

      expect(await undeclared()).toMatchObject({ inbox: START + 5, nightly: null })
    })

    test('are marked only if no living engine declares them', async () => {
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

    test('are removed with their ticks and firings in several steps, and their executions stay', async () => {
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

    test('a cron trigger is removed with its firings, and its executions stay', async () => {
      await prepare()
      const execution = newExecution({ workflow: 'nightly' })
      await context.store.claimCron(cronClaim(nightly, { execution }))

      expect(await remove('nightly')).toBeGreaterThan(1)
      expect(await context.store.getCron(nightly.id)).toBeNull()
      expect(await context.store.getExecution(execution.id)).not.toBeNull()
    })

    test('a trigger is not removed while a living engine declares it', async () => {
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

    context.sharedTest('an engine closed as dead keeps its declarations after its next heartbeat', async () => {
      await prepare()
      const declared = { polled: ['inbox', 'old'], crons: ['nightly'] }
      await context.store.announce('one', code(declared), START)
      await context.store.openInstance('two', START)
      // Another process closes an engine like this after 30 s without a heartbeat.
      const another = await context.openAnother()
      await another.closeInstance('one', START)

      await context.store.heartbeat('one', START + 1)
      await context.store.announce('two', code(NONE), START + 2)

      expect(await undeclared()).toEqual({ inbox: null, old: null, nightly: null })
    })
  })

  describe('a polled trigger and a cron trigger of the same name', () => {
    const names = async () => {
      const page = { ...FIRST_PAGE, enabledOnly: false, withoutReplaced: true }
      const polled = (await context.store.listTriggers(page)).map(({ name }) => `poll ${name}`)
      const crons = (await context.store.listCrons(page)).map(({ triggerName }) => `cron ${triggerName}`)
      return [...polled, ...crons]
    }
    const announce = async (declared: Pick<InstanceCode, 'polled' | 'crons'>) => {
      at += 1
      await context.store.announce('one', code(declared), at)
    }
    let at: number
    beforeEach(async () => {
      at = START
      await context.store.openInstance('one', START)
      await context.store.saveTriggers([declaration()], START)
      await context.store.saveTriggerCrons([{ ...newCron(), triggerName: 'inbox' }])
    })

    test('are listed and counted only with the declared kind', async () => {
      await announce({ polled: [], crons: ['inbox'] })
      await context.store.setTriggerEnabled('inbox', false, null, at)

      expect(await names()).toEqual(['cron inbox'])
      expect(await context.store.countTriggers()).toEqual({ all: 1, enabled: 1 })
      await announce({ polled: ['inbox'], crons: [] })
      expect(await names()).toEqual(['poll inbox'])
      expect(await context.store.countTriggers()).toEqual({ all: 1, enabled: 0 })
      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(1)
    })

    test('are listed and counted with the kind that was declared longer, once neither is declared', async () => {
      await announce({ polled: [], crons: ['inbox'] })
      await announce({ polled: ['other'], crons: [] })

      expect(await names()).toEqual(['cron inbox'])
      expect(await context.store.countTriggers()).toEqual({ all: 1, enabled: 1 })
    })

    test('are listed and counted as polled if both became undeclared at the same time', async () => {
      await announce({ polled: ['other'], crons: [] })

      expect(await names()).toEqual(['poll inbox'])
      expect(await context.store.countTriggers()).toEqual({ all: 1, enabled: 1 })
    })

    test('are both listed and counted while engines declare both kinds', async () => {
      await announce({ polled: ['inbox'], crons: ['inbox'] })

      expect(await names()).toEqual(['poll inbox', 'cron inbox'])
      expect(await context.store.countTriggers()).toEqual({ all: 2, enabled: 2 })
    })
  })
}
