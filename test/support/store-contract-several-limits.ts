/** Store contract tests for tasks with several limits, for which slots are kept. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { LimitKey } from '../../src/model/limits/limits.ts'
import { LimitedTasks, limit, tasksOf } from './limited-tasks.ts'
import { change, FIRST_PAGE, newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const CRM: LimitKey = { name: 'crm', value: 'null' }
const ERP: LimitKey = { name: 'erp', value: 'null' }
const MAIL: LimitKey = { name: 'mail', value: 'null' }
const CANCELLED = { status: 'Cancelled', endedAt: START, finalText: '{}', errorMessage: 'cancelled' } as const

export function describeSeveralLimitsContract(context: ContractContext): void {
  describe('a task with several limits', () => {
    const held = tasksOf(context)

    /** Declares limits with one slot each. */
    const declare = (...keys: readonly LimitKey[]) =>
      held.tasks.declare(...keys.map(({ name }) => limit({ name, maxActive: 1 })))

    /** Begins attempts of executions to which slots were offered. Returns those that have begun. */
    const takeOffered = async (
      tasks: LimitedTasks,
      limits: ReadonlyMap<string, readonly LimitKey[]>,
      place: { readonly createdAt: number },
    ): Promise<readonly string[]> => {
      const begun: string[] = []
      for (const { executionId } of await context.store.waits.endedOf(tasks.engine)) {
        const { limited } = await tasks.settleTake(executionId, limits.get(executionId) ?? [], place)
        if (limited.length === 0) begun.push(executionId)
      }
      return begun
    }

    test.each([
      ['two', [CRM, ERP]],
      ['three', [CRM, ERP, MAIL]],
    ])('begins although other tasks use the slots of all its %s limits in turn', async (_, keys) => {
      const { tasks } = held
      await declare(...keys)
      const limits = new Map<string, readonly LimitKey[]>()
      const running: string[] = []
      for (const key of keys) {
        const [id] = await tasks.create(1)
        limits.set(id, [key])
        running.push(id)
        expect(await tasks.takeAll(id, [key])).toEqual([])
      }
      const [several] = await tasks.create(1)
      limits.set(several, keys)
      expect(await tasks.takeAll(several, keys)).toHaveLength(1)

      let rounds = 0
      for (; !running.includes(several) && rounds < 30; rounds++) {
        // A later task waits for each limit, and one task ends at a time.
        for (const key of keys) {
          const [id] = await tasks.create(1)
          limits.set(id, [key])
          await tasks.settleTake(id, [key], { createdAt: START + 1 })
        }
        const ended = running.shift()
        if (ended !== undefined) await tasks.end(ended)
        running.push(...(await takeOffered(tasks, limits, { createdAt: START + 1 })))
        if (running.length === 0) break
      }

      expect(running).toContain(several)
    })

    /** Lets a task wait for `crm` while a slot of `erp` is kept for it. Returns the task and the user of `crm`. */
    const keepErp = async (place: { readonly rank?: number } = {}) => {
      const { tasks } = held
      await declare(CRM, ERP)
      const [crm, erp, several, nextCrm] = await tasks.create(4)
      await tasks.takeAll(crm, [CRM])
      await tasks.takeAll(erp, [ERP])
      await tasks.settleTake(several, [CRM, ERP], place)
      await tasks.settleTake(nextCrm, [CRM], { createdAt: START + 1 })
      await tasks.end(crm)
      expect((await tasks.settleTake(several, [CRM, ERP], place)).limited).toMatchObject([{ wait: { limit: 'erp' } }])
      expect(await tasks.takeAll(nextCrm, [CRM])).toEqual([])
      expect((await tasks.end(erp)).released).toEqual([several])
      expect((await tasks.settleTake(several, [CRM, ERP], place)).limited).toMatchObject([{ wait: { limit: 'crm' } }])
      return { several, user: nextCrm }
    }

    test('keeps the slot of one limit while it waits for another one, which is shown', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [later] = await tasks.create(1)

      expect((await tasks.settleTake(later, [ERP], { createdAt: START + 2 })).limited).toHaveLength(1)
      expect((await context.store.limits.release(START)).available).toEqual([])
      expect(await context.store.limits.get('erp')).toMatchObject({ used: 0, waiting: 1 })
      expect(await context.store.limits.listValues('erp', FIRST_PAGE)).toMatchObject([{ heldBy: [several] }])
      expect((await tasks.end(user)).released).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toEqual([])
      expect((await tasks.end(several)).released).toEqual([later])
    })

    test('lets tasks of a higher priority have the slot that is kept for it, and gets it after them', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [urgent, later] = await tasks.create(2)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })

      expect((await tasks.settleTake(urgent, [ERP], { rank: -20, createdAt: START + 3 })).limited).toEqual([])
      expect((await tasks.end(user)).released).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toMatchObject([{ wait: { limit: 'erp' } }])
      expect((await tasks.end(urgent)).released).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toEqual([])
    })

    test('lets a waiting task of a higher priority have the slot that is kept for it', async () => {
      const { tasks } = held
      await keepErp()
      const [urgent] = await tasks.create(1)
      await context.store.limits.close({ name: 'erp', value: null }, null, START)
      expect((await tasks.settleTake(urgent, [ERP], { rank: -20 })).limited).toHaveLength(1)

      expect(await context.store.limits.open({ name: 'erp', value: null }, START)).toEqual([urgent])
    })

    test('keeps no slot while its execution is paused', async () => {
      const { tasks } = held
      const { several } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })
      const pause = { kind: 'pause', actionIds: ['pause'], waits: false, reason: 'paused', at: START } as const
      await context.store.steer(newAction({ id: 'pause', kind: 'pause', target: several }), pause)
      await context.store.settle(settlement(several, { applied: { ...pause, number: 1 } }))

      expect((await context.store.limits.release(START)).available).toEqual([later])
    })

    test('keeps no slot after its execution has ended, and pruning removes the row of the kept slot', async () => {
      const { tasks } = held
      const { several } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })
      await context.store.settle(
        settlement(several, { changes: [change('only', { status: 'Cancelled', wait: null })], end: CANCELLED }),
      )

      expect((await context.store.limits.release(START)).available).toEqual([later])
      expect(await context.store.prune({}, START)).toBe(1)
    })

    test('keeps no slot while the other limit is closed for longer, and gets it again afterwards', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })
      await context.store.limits.close(CRM, 4_000, START)
      expect((await context.store.limits.release(START)).available).toEqual([])

      await context.store.limits.close({ name: 'crm', value: null }, 20_000, START)
      expect((await context.store.limits.release(START)).available).toEqual([later])
      expect(await tasks.takeAll(later, [ERP])).toEqual([])
      await tasks.end(user)
      expect(await context.store.limits.open({ name: 'crm', value: null }, START)).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toMatchObject([{ wait: { limit: 'erp' } }])
    })

    test('keeps no slot if no engine takes its execution when it is offered the other slot', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })
      await context.store.settle(settlement(several, { givenBack: 'waiting' }))
      expect((await tasks.end(user)).released).toEqual([several])
      expect((await context.store.limits.release(START)).available).toEqual([])

      await context.clock.advance(5_001)
      await tasks.beat()

      expect((await context.store.limits.release(START)).available).toEqual([later])
    })

    test('keeps no slot after it has waited for a limit that is its only one', async () => {
      const { tasks } = held
      const { several } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })

      expect(await tasks.takeAll(several, [CRM])).toHaveLength(1)

      expect((await context.store.limits.release(START)).available).toEqual([later])
    })

    test('begins although another one keeps the slot that it waits for', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [second, last] = await tasks.create(2)
      await tasks.settleTake(second, [CRM, ERP], { createdAt: START + 2 })
      await tasks.settleTake(last, [CRM, ERP], { createdAt: START + 3 })
      let [running, order]: [string, string[]] = [user, []]
      const all = new Map([several, second, last].map((id) => [id, [CRM, ERP]]))
      for (let round = 0; round < 3; round++) {
        await tasks.end(running)
        const places = new Map([several, second, last].map((id, index) => [id, START + (index === 0 ? 0 : index + 1)]))
        for (const { executionId } of await context.store.waits.endedOf(tasks.engine)) {
          const place = { createdAt: places.get(executionId) ?? START }
          const { limited } = await tasks.settleTake(executionId, all.get(executionId) ?? [], place)
          if (limited.length > 0) continue
          order.push(executionId)
          running = executionId
        }
      }

      expect(order).toEqual([several, second, last])
    })

    test('offers a slot to the next task immediately if it waits for a limit that was closed for longer', async () => {
      const { tasks } = held
      const { several, user } = await keepErp()
      const [later] = await tasks.create(1)
      await tasks.settleTake(later, [ERP], { createdAt: START + 2 })
      expect((await tasks.end(user)).released).toEqual([several])
      await context.store.limits.close(CRM, 20_000, START)

      const { limited, released } = await tasks.settleTake(several, [CRM, ERP])

      expect(limited).toMatchObject([{ wait: { limit: 'crm' } }])
      expect(released).toEqual([later])
    })

    /** Lets seconds pass with a valid lease. Returns the executions that are offered slots then. */
    const afterSeconds = async (seconds: number): Promise<readonly string[]> => {
      for (let second = 0; second < seconds; second += 5) {
        await context.clock.advance(5_000)
        await held.tasks.beat()
      }
      return (await context.store.limits.release(START)).available
    }

    test('keeps a place of a rate until it has a slot, but no slot until the next place of a rate', async () => {
      const { tasks } = held
      const rate = { count: 1, windowMs: 60_000 }
      await tasks.declare(limit({ maxActive: 1 }), limit({ name: 'erp', maxActive: null, rate }))
      const [erp, several, crm, nextErp] = await tasks.create(4)
      const [nextCrm, lastErp] = await tasks.create(2)
      await tasks.takeAll(erp, [ERP])
      await tasks.takeAll(several, [CRM, ERP])
      await tasks.settleTake(nextErp, [ERP], { createdAt: START + 1 })
      await tasks.settleTake(crm, [CRM], { createdAt: START + 1 })
      expect(await afterSeconds(60)).toEqual([several])
      expect((await tasks.settleTake(several, [CRM, ERP])).released).toEqual([nextErp])
      expect(await tasks.takeAll(nextErp, [ERP])).toEqual([])
      await tasks.settleTake(nextCrm, [CRM], { createdAt: START + 2 })
      expect((await tasks.end(crm)).released).toEqual([several])

      // The slot of `crm` would be unused for a minute.
      expect((await tasks.settleTake(several, [CRM, ERP])).released).toEqual([nextCrm])
      expect(await tasks.takeAll(nextCrm, [CRM])).toEqual([])

      expect(await afterSeconds(60)).toEqual([several])
      await tasks.settleTake(lastErp, [ERP], { createdAt: START + 3 })
      expect((await tasks.settleTake(several, [CRM, ERP])).released).toEqual([])
      expect((await tasks.end(nextCrm)).released).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toEqual([])
    })

    test('begins although other tasks use the rates of its limits at different times', async () => {
      const { tasks } = held
      const rate = { count: 1, windowMs: 60_000 }
      await tasks.declare(limit({ maxActive: null, rate }), limit({ name: 'erp', maxActive: null, rate }))
      const [crm, erp, several, nextCrm] = await tasks.create(4)
      const [nextErp] = await tasks.create(1)
      await tasks.takeAll(crm, [CRM])
      await afterSeconds(30)
      await tasks.takeAll(erp, [ERP])
      await tasks.takeAll(several, [CRM, ERP])
      await tasks.settleTake(nextCrm, [CRM], { createdAt: START + 1 })
      await tasks.settleTake(nextErp, [ERP], { createdAt: START + 1 })
      expect(await afterSeconds(30)).toEqual([several])
      expect((await tasks.settleTake(several, [CRM, ERP])).released).toEqual([nextCrm])
      expect(await tasks.takeAll(nextCrm, [CRM])).toEqual([])
      expect(await afterSeconds(30)).toEqual([several])

      expect((await tasks.settleTake(several, [CRM, ERP])).released).toEqual([])

      expect(await afterSeconds(30)).toEqual([several])
      expect(await tasks.takeAll(several, [CRM, ERP])).toEqual([])
    })

    context.sharedTest('begins although engines on two stores use its limits in turn', async () => {
      const { tasks } = held
      await declare(CRM, ERP)
      const there = new LimitedTasks(await context.openAnother(), context.clock, 'another')
      await there.open()
      const engines = [tasks, there]
      const [several] = await there.create(1)
      const limits = new Map<string, readonly LimitKey[]>([[several, [CRM, ERP]]])
      let running: { readonly id: string; readonly by: LimitedTasks }[] = []
      let isBegun = false
      for (let round = 0; round < 20 && !isBegun; round++) {
        for (const [index, by] of engines.entries()) {
          const [id] = await by.create(1)
          limits.set(id, [index === 0 ? CRM : ERP])
          const { limited } = await by.settleTake(id, limits.get(id) ?? [], { createdAt: START + round })
          if (limited.length === 0) running.push({ id, by })
        }
        if (round === 0) await there.settleTake(several, [CRM, ERP])
        const [ended, ...others] = running
        running = others
        if (ended !== undefined) await ended.by.end(ended.id)
        for (const by of engines) {
          for (const { executionId: id } of await context.store.waits.endedOf(by.engine)) {
            const createdAt = id === several ? START : START + round
            const { limited } = await by.settleTake(id, limits.get(id) ?? [], { createdAt })
            if (limited.length > 0) continue
            if (id === several) isBegun = true
            running.push({ id, by })
          }
        }
      }

      expect(isBegun).toBe(true)
    })
  })

  describe('a limit that newer code does not use any more', () => {
    const held = tasksOf(context)

    test('is left by the executions that wait for it in a task', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }), limit({ name: 'erp', maxActive: 1 }))
      const [holder, waiting, other] = await tasks.create(3)
      await tasks.takeAll(holder, [CRM, ERP])
      await tasks.takeAll(waiting, [CRM])
      await tasks.takeAll(other, [ERP])
      for (const id of [waiting, other]) await context.store.settle(settlement(id, { givenBack: 'waiting' }))
      const waited = { workflow: tasks.engine, taskId: 'only' }
      expect(await context.store.waits.waitedLimits()).toEqual(
        expect.arrayContaining([
          { ...waited, limit: 'crm' },
          { ...waited, limit: 'erp' },
        ]),
      )

      expect(await context.store.waits.leaveLimit({ ...waited, limit: 'crm' })).toEqual([waiting])
      expect(await tasks.acquire()).toEqual([waiting])
      const changes = [change('only', { wait: null })]
      await context.store.settle(settlement(waiting, { ownerNumber: 2, changes }))
      expect(await context.store.limits.get('crm')).toMatchObject({ used: 1, waiting: 0 })
    })

    test('is left by the executions of its workflow, for all values', async () => {
      await context.store.openInstance('engine', START)
      const create = (id: string, workflow: string, value: string) => {
        const slot = { value, maxActive: 1, overflow: 'queue' } as const
        return context.store.createExecution(newExecution({ id, workflow, limit: slot }), { kind: 'call' }, START)
      }
      for (const value of ['1', '2']) {
        for (const workflow of ['sync', 'sync2']) {
          await create(`${workflow} first of ${value}`, workflow, value)
          await create(`${workflow} next of ${value}`, workflow, value)
        }
      }
      expect([...(await context.store.waits.limitedWorkflows())].sort()).toEqual(['sync', 'sync2'])

      const left = await context.store.waits.leaveWorkflowLimit('sync', START)

      expect([...left].sort()).toEqual(['sync next of 1', 'sync next of 2'])
      expect(await context.store.waits.limitedWorkflows()).toEqual(['sync2'])
    })
  })
}
