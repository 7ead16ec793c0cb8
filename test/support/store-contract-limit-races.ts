/** Store contract tests for limits that two engines use at the same time. Called by `describeStoreContract`. */

import { beforeEach, describe, expect } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import type { LimitKey } from '../../src/model/limits/limits.ts'
import { LimitedTasks, limit } from './limited-tasks.ts'
import { completed, newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const END = { status: 'Completed', endedAt: START + 10, finalText: '{}', errorMessage: null } as const
const MOST = { crm: 3, erp: 2 } as const
const KEYS: Readonly<Record<'crm' | 'erp', LimitKey>> = {
  crm: { name: 'crm', value: '"a"' },
  erp: { name: 'erp', value: '"b"' },
}
/** Limits of the tasks, in turn. */
const USES: readonly (readonly ('crm' | 'erp')[])[] = [['crm'], ['crm', 'erp'], ['erp']]

interface Racer {
  readonly id: string
  readonly tasks: LimitedTasks
  readonly uses: readonly ('crm' | 'erp')[]
}

export function describeLimitRaceContract(context: ContractContext): void {
  describe('two engines on one database', () => {
    let other: Store

    context.sharedTest('use the slots of two limits together, and never more, until all tasks have ended', async () => {
      other = await context.openAnother()
      const engines = [new LimitedTasks(context.store, context.clock), new LimitedTasks(other, context.clock, 'other')]
      const declared = [limit({ maxActive: MOST.crm, per: 't' }), limit({ name: 'erp', maxActive: MOST.erp, per: 't' })]
      const racers: Racer[] = []
      for (const tasks of engines) {
        await tasks.open()
        await tasks.declare(...declared)
        const ids = await tasks.create(18)
        racers.push(...ids.map((id, index) => ({ id, tasks, uses: USES[index % 3] ?? [] })))
      }
      let left = racers
      let running: readonly Racer[] = []
      for (let round = 0; left.length > 0 && round < 100; round++) {
        const upkeep = [
          ...[context.store, other].map((store) => store.limits.release(START)),
          context.store.limits.close({ name: 'crm', value: '"a"' }, null, START),
          other.limits.set('erp', { maxActive: MOST.erp }, START),
          ...engines.map((tasks) => tasks.declare(...declared.toReversed())),
        ]
        const ends = running.map(({ id, tasks }) => tasks.end(id))
        const ended = new Set(running)
        left = left.filter((racer) => !ended.has(racer))
        await Promise.all([...upkeep, ...ends])
        await context.store.limits.open({ name: 'crm', value: null }, START)
        const stores = [context.store, other]
        const listed = await Promise.all(engines.map(({ engine }, index) => stores[index]?.waits.endedOf(engine)))
        const offered = new Set(listed.flatMap((waits) => waits?.map(({ executionId }) => executionId) ?? []))
        const taken = await Promise.all(
          left.map(async (racer) => {
            // An engine lets a waiting task try again when it was offered a slot.
            if (round > 0 && !offered.has(racer.id)) return []
            const { limited } = await racer.tasks.settleTake(
              racer.id,
              racer.uses.map((use) => KEYS[use]),
            )
            return limited.length === 0 ? racer : []
          }),
        )
        running = taken.flat()
        for (const name of ['crm', 'erp'] as const) {
          const used = running.filter(({ uses }) => uses.includes(name)).length
          expect(used).toBeLessThanOrEqual(MOST[name])
          expect((await other.limits.get(name))?.used).toBe(used)
        }
      }
      expect(left).toEqual([])
    })

    beforeEach(async () => {
      await context.store.openInstance('engine', START)
    })

    context.sharedTest('begin no more executions of a workflow than its limit, and forget none', async () => {
      other = await context.openAnother()
      await other.openInstance('another', START)
      const stores = [context.store, other]
      const values = ['"a"', '"b"']
      await other.limits.declare('another', [limit({ name: 'workflow:sync', maxActive: 2, per: 't' })], START)
      const acquire = async () => {
        const both = stores.map((store, index) => {
          const instanceId = index === 0 ? 'engine' : 'another'
          const acquisition = { instanceId, workflows: ['sync'], at: START, limit: 100, recover: false }
          return store.acquireExecutions(acquisition)
        })
        return (await Promise.all(both)).flatMap((found, index) =>
          found.map(({ id, inputText }) => ({ id, value: inputText, store: stores[index] ?? other })),
        )
      }
      let running: Awaited<ReturnType<typeof acquire>> = []
      let ended = 0
      for (let round = 0; round < 12; round++) {
        const creations = stores.flatMap((store, index) =>
          values.map((value) => {
            const id = `e-${round}-${index}-${value.charCodeAt(1)}`
            const slot = { value, maxActive: 2, overflow: 'queue' } as const
            const execution = newExecution({ id, workflow: 'sync', inputText: value, limit: slot })
            return store.createExecution(execution, { kind: 'call' }, START + round)
          }),
        )
        const cancelled = `e-${round - 1}-0-97`
        const isWaiting = round > 0 && !running.some(({ id }) => id === cancelled)
        const cancel = { kind: 'cancel', actionIds: [`c-${round}`], waits: false, reason: 'no', at: START } as const
        const steered = isWaiting
          ? [other.steer(newAction({ id: `c-${round}`, kind: 'cancel', target: cancelled }), cancel)]
          : []
        const ends = running.map(({ id, store }) =>
          store.settle(settlement(id, { changes: [completed('only')], end: END })),
        )
        ended += running.length
        await Promise.all([...creations, ...ends, ...steered, ...stores.map((store) => store.limits.release(START))])
        await context.store.limits.release(START)
        running = await acquire()
        for (const value of values) {
          expect(running.filter((each) => each.value === value).length).toBe(2)
        }
      }
      expect(ended).toBe(11 * 4)
    })
  })
}
