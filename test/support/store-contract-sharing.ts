/** Store contract tests for several engines that declare their own code. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { InstanceCode } from '../../src/engine/store-ports.ts'
import { declaration, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000
const NOTHING = { held: [], surplus: [] }

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
  /** Leases triggers, and returns the names of the leased and of the surplus triggers of the engine. */
  const lease = async (instanceId: string, of: readonly string[] = names) => {
    const { held, surplus } = await context.store.leaseTriggers(instanceId, of)
    return { held: held.map(({ trigger }) => trigger), surplus }
  }
  const saveAll = () =>
    context.store.saveTriggers(
      names.map((name) => declaration({ name })),
      START,
    )
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

  describe('triggers that several engines declare', () => {
    test('are shared: the second engine gets half of them when the first has released its surplus', async () => {
      await saveAll()
      await open('first', code(names))
      const alone = await lease('first')
      await open('second', code(names))

      const before = await lease('second')
      const { surplus } = await lease('first')
      await context.store.releaseTriggers('first', surplus)
      const kept = await lease('first')
      const taken = await lease('second')

      expect([alone, before]).toEqual([{ held: names, surplus: [] }, NOTHING])
      expect([surplus.length, kept.held.length, taken.held.length]).toEqual([2, 2, 2])
      expect([kept.surplus, taken.surplus]).toEqual([[], []])
      expect(taken.held).toEqual([...surplus].sort())
      expect([...kept.held, ...taken.held].sort()).toEqual(names)
    })

    test('keep their engine and their lease number until the engine releases them as surplus', async () => {
      await saveAll()
      await open('first', code(names))
      const { held } = await context.store.leaseTriggers('first', names)
      await open('second', code(names))

      const [once, again] = [await lease('first'), await context.store.leaseTriggers('first', names)]

      expect(once.surplus).toHaveLength(2)
      expect(again).toEqual({ held, surplus: once.surplus })
      expect(await lease('second')).toEqual(NOTHING)
    })

    test('get a new lease number when an engine leases them after their release', async () => {
      await context.store.saveTriggers([declaration({ name: 'a' })], START)
      await open('first', code(['a']))
      await context.store.leaseTriggers('first', ['a'])

      await context.store.releaseTriggers('first', ['a'])

      expect(await context.store.leaseTriggers('first', ['a'])).toMatchObject({ held: [{ trigger: 'a', number: 2 }] })
    })

    test('can be released only by the engine that leased them; an unknown engine is rejected', async () => {
      await saveAll()
      await open('first', code(names))
      await lease('first')
      await open('second', code(names))

      await context.store.releaseTriggers('second', [...names, 'nobody'])
      const byUnknown = context.store.releaseTriggers('nobody', names)

      await expect(byUnknown).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      expect((await lease('first')).held).toEqual(names)
    })

    test('move to the other engines when a stopping engine announces that it does not poll', async () => {
      await saveAll()
      await open('first', code(names))
      await open('second', code(names))
      await lease('first')
      await lease('second')

      await context.store.announce('first', { ...code(names), isPolling: false, workflows: [] }, START)
      const { surplus } = await lease('first', [])
      await context.store.releaseTriggers('first', surplus)

      expect(await lease('second')).toEqual({ held: names, surplus: [] })
    })

    test.each([
      ['', () => Promise.resolve()],
      [' while another call fails', () => context.store.leaseTriggers('nobody', names)],
    ])('are shared again after the next heartbeat of an engine that was closed as dead%s', async (_, beside) => {
      await saveAll()
      await open('first', code(names))
      await open('second', code(names))
      await pass(DEAD_AFTER_MS, ['second'])
      await acquire('second', true)
      expect(await lease('second')).toEqual({ held: names, surplus: [] })

      await Promise.allSettled([context.store.heartbeat('first', context.clock.now()), beside()])
      await pass(DEAD_AFTER_MS, ['first', 'second'])

      expect((await lease('second')).surplus).toHaveLength(2)
    })
  })

  describe('heartbeats of engines on one database', () => {
    test('return the number of other living engines that run workflows', async () => {
      await open('first', code([]))
      await context.store.openInstance('looker', START)
      const alone = await context.store.heartbeat('first', START)
      await open('second', code([]))
      const together = await context.store.heartbeat('first', START)
      await context.store.closeInstance('second', START)

      const answers = [alone, together, await context.store.heartbeat('first', START)]
      expect(answers.map(({ others }) => others)).toEqual([0, 1, 0])
    })
  })

  describe('executions of a version', () => {
    const created = async (version: string): Promise<string> => {
      const execution = newExecution({ version })
      await context.store.createExecution(execution, { kind: 'call' }, START)
      return execution.id
    }

    test('are left to a living engine with this version', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')

      expect([await acquire('new'), await acquire('old')]).toEqual([[], [id]])
    })

    test('are acquired by another engine if no living engine has this version', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')
      await context.store.closeInstance('old', START)

      expect(await acquire('new')).toEqual([id])
    })

    test('are acquired by another engine if the engine with this version is dead', async () => {
      await open('new', code([], 'v2'))
      await open('old', code([], 'v1'))
      const id = await created('v1')
      await pass(DEAD_AFTER_MS, ['new'])

      expect(await acquire('new', true)).toEqual([id])
    })
  })
}
