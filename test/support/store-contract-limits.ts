/** Store contract tests for limits of attempts. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { LimitedTasks, limit, tasksOf } from './limited-tasks.ts'
import { change, completed, FIRST_PAGE, newAction, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeLimitContract(context: ContractContext): void {
  describe('a slot of a limit', () => {
    const held = tasksOf(context)

    test('is taken by at most maxActive attempts, and offered to the first in the line when one ends', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 2 }))
      const [first, second, third, fourth] = await tasks.create(4)

      expect(await tasks.take(first)).toEqual([])
      expect(await tasks.take(second)).toEqual([])
      const wait = { kind: 'limit', limit: 'crm', value: 'null', openedAt: context.clock.now(), deadlineAt: null }
      expect(await tasks.take(third)).toEqual([{ taskId: 'only', wait }])
      expect(await tasks.take(fourth)).toHaveLength(1)
      expect(await context.store.limits.get('crm')).toMatchObject({ used: 2, waiting: 2 })

      expect((await tasks.end(first)).released).toEqual([third])
      expect((await tasks.end(second)).released).toEqual([fourth])
      expect(await tasks.take(third)).toEqual([])
      expect(await tasks.take(fourth)).toEqual([])
    })

    test('leaves the task as before the attempt that does not begin', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [first, second] = await tasks.create(2)
      await tasks.take(first)

      await tasks.take(second)

      const [task] = (await context.store.getExecution(second))?.tasks ?? []
      expect(task).toMatchObject({ status: 'Waiting', attempts: 0, startedAt: null })
    })

    test('is waited for in place of a child that has ended, until the task begins again', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [parent, holder] = await tasks.create(2)
      await tasks.take(parent)
      const child = { kind: 'child', openedAt: START, deadlineAt: null, childId: 'ended' } as const
      const parked = change('only', { status: 'Waiting', attempts: 0, wait: child, slots: { kind: 'give' } })
      await context.store.settle(settlement(parent, { changes: [parked] }))
      await tasks.take(holder)

      expect(await tasks.take(parent)).toMatchObject([{ wait: { kind: 'limit' } }])
      expect((await tasks.end(holder)).released).toEqual([parent])
      expect(await tasks.take(parent)).toEqual([])
    })

    test('is separate for each value, and values are compared as JSON', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1, per: 'tenant' }))
      const [number, text, again] = await tasks.create(3)

      expect(await tasks.take(number, { value: '1' })).toEqual([])
      expect(await tasks.take(text, { value: '"1"' })).toEqual([])
      expect(await tasks.take(again, { value: '1' })).toHaveLength(1)
      expect(await context.store.limits.listValues('crm', FIRST_PAGE)).toEqual([
        { value: '"1"', used: 1, waiting: 0, begun: null, heldBy: [text] },
        { value: '1', used: 1, waiting: 1, begun: null, heldBy: [number] },
      ])
    })

    test('is not taken by a newcomer while another task is in front of it in the line', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, waiting, newcomer, urgent] = await tasks.create(4)
      await tasks.take(holder)
      await tasks.take(waiting, { createdAt: START + 1 })
      await context.store.limits.close({ name: 'crm', value: null }, null, START)
      await tasks.end(holder)
      await context.store.limits.open({ name: 'crm', value: 'other' }, START)
      // The wait is open and the slot is free, as after a step that passed over a locked execution.
      await context.store.limits.close({ name: 'crm', value: null }, 1, START)
      await context.clock.advance(2)

      expect(await tasks.take(newcomer, { createdAt: START + 2 })).toHaveLength(1)
      expect(await tasks.take(urgent, { createdAt: START + 3, rank: -20 })).toHaveLength(1)
      expect(await tasks.take(waiting, { createdAt: START + 1 })).toEqual([])
    })

    test('is given by rank, and then by age', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, late, early, urgent] = await tasks.create(4)
      await tasks.take(holder)
      await tasks.take(late, { createdAt: START + 5 })
      await tasks.take(early, { createdAt: START + 4 })
      await tasks.take(urgent, { createdAt: START + 9, rank: -21 })

      const order: (readonly string[])[] = []
      for (const id of [holder, urgent, early]) {
        const { released } = await tasks.end(id)
        order.push(released)
        for (const each of released) await tasks.take(each)
      }

      expect(order).toEqual([[urgent], [early], [late]])
    })

    test('is kept for an offered task for 5 s, and then offered to the next one', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, first, second] = await tasks.create(3)
      await tasks.take(holder)
      await tasks.take(first)
      await tasks.take(second)
      expect((await tasks.end(holder)).released).toEqual([first])

      await context.clock.advance(4_000)
      await tasks.beat()
      expect((await context.store.limits.release(START)).available).toEqual([])
      await context.clock.advance(1_001)
      expect((await context.store.limits.release(START)).available).toEqual([second])
      expect(await tasks.take(second)).toEqual([])
      expect(await tasks.take(first)).toHaveLength(1)
    })

    test('is offered to tasks of other workflows while no engine takes the executions of a workflow', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const gone = await tasks.create(4, { workflow: 'gone' })
      const [holder, later] = await tasks.create(2)
      await tasks.take(holder)
      for (const id of gone) {
        await tasks.take(id)
        await context.store.settle(settlement(id, { givenBack: 'waiting' }))
      }
      await tasks.take(later, { createdAt: START + 1 })
      expect((await tasks.end(holder)).released).toEqual([gone[0]])

      await context.clock.advance(5_001)
      await tasks.beat()
      expect((await context.store.limits.release(START)).available).toEqual([later])
      await tasks.take(later)
      expect((await tasks.end(later)).released).toEqual([gone[1]])

      // An engine has the workflow again: its tasks are offered slots in the order of the line.
      expect(await tasks.acquire('gone')).toEqual([gone[0], gone[1]])
      expect(await tasks.take(gone[1], {}, {}, 2)).toEqual([])
      const [last] = await tasks.create(1)
      await tasks.take(last, { createdAt: START + 2 })
      const changes = [completed('only', { slots: { kind: 'give' } })]
      const { released } = await context.store.settle(settlement(gone[1], { ownerNumber: 2, changes }))
      expect(released).toEqual([gone[2]])
    })

    test('is not offered to a paused execution, and is offered to the next one', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, paused, next, newcomer] = await tasks.create(4)
      await tasks.take(holder)
      await tasks.take(paused)
      await tasks.take(next, { createdAt: START + 1 })
      const pause = { kind: 'pause', actionIds: ['pause'], waits: false, reason: 'paused', at: START } as const
      await context.store.steer(newAction({ id: 'pause', kind: 'pause', target: paused }), pause)
      await context.store.settle(settlement(paused, { applied: { ...pause, number: 1 } }))

      expect((await tasks.end(holder)).released).toEqual([next])
      await tasks.take(next)
      await tasks.end(next)
      await tasks.settleTake(newcomer, [{ name: 'crm', value: 'null' }], { createdAt: START + 2 })
      expect(await tasks.take(newcomer, { createdAt: START + 2 })).toEqual([])
    })

    test('is taken once if the same change is stored again, and again by the next attempt', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 2 }))
      const [first, second] = await tasks.create(2)

      await tasks.take(first)
      await tasks.take(first)
      expect(await context.store.limits.get('crm')).toMatchObject({ used: 1 })
      await tasks.take(first, {}, { attempts: 2 })
      expect(await context.store.limits.get('crm')).toMatchObject({ used: 1 })
      expect(await tasks.take(second)).toEqual([])
    })

    test('is needed for each limit, and one that was offered in vain is offered to the next task', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }), limit({ name: 'erp', maxActive: 1 }))
      const [crm, erp, both, next] = await tasks.create(4)
      await tasks.take(crm)
      await tasks.take(erp, { name: 'erp' })
      const limits = [
        { name: 'crm', value: 'null' },
        { name: 'erp', value: 'null' },
      ]
      expect(await tasks.takeAll(both, limits)).toMatchObject([{ wait: { limit: 'crm' } }])
      await tasks.take(next)
      expect((await tasks.end(crm)).released).toEqual([both])

      const { limited, released } = await tasks.settleTake(both, limits)

      expect(limited).toMatchObject([{ wait: { limit: 'erp' } }])
      expect(released).toEqual([next])
      expect(await tasks.take(next)).toEqual([])
    })

    test('is free for a parked execution, which then continues', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, parked] = await tasks.create(2)
      await tasks.take(holder)
      await tasks.take(parked)
      await context.store.settle(settlement(parked, { givenBack: 'waiting' }))
      expect(await tasks.acquire()).toEqual([])

      await tasks.end(holder)

      expect(await tasks.acquire()).toEqual([parked])
      expect(await tasks.take(parked, {}, {}, 2)).toEqual([])
    })

    test('shows in the reason of a wait who uses it', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1, per: 'tenant' }))
      const [holder, waiting] = await tasks.create(2)
      await tasks.take(holder, { value: '"acme"' })
      await tasks.take(waiting, { value: '"acme"' })

      const open = await context.store.waits.openOfEach([waiting])

      const reason = { kind: 'limit', node: 'only', limit: 'crm', value: 'acme', slots: 1, heldBy: [holder] }
      expect(open.get(waiting)).toEqual([{ ...reason, since: context.clock.now(), until: null }])
      expect(await context.store.waits.countOpen()).toEqual(new Map([['limit', 1]]))
      expect(await context.store.waits.waitingNodes()).toEqual([])
    })

    test('is used by exactly one of two tasks if a task is stopped with TryLater, which closes its value', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1, per: 'tenant' }))
      const [first, other, second] = await tasks.create(3)
      await tasks.take(first, { value: '1' })

      const close = { key: { name: 'crm', value: '1' }, forMs: 30_000 }
      await tasks.giveBack(first, close)

      expect(await tasks.take(second, { value: '1' })).toHaveLength(1)
      expect(await tasks.take(other, { value: '2' })).toEqual([])
      const [row] = await context.store.limits.listValues('crm', FIRST_PAGE)
      expect(row).toMatchObject({ value: '1', used: 0, waiting: 1, closedForMs: 30_000 })
      await context.clock.advance(8_000)
      await tasks.beat()
      expect(await context.store.limits.release(START)).toEqual({ available: [], nextInMs: 1_000 })
      for (let second = 0; second < 22; second += 2) {
        await context.clock.advance(2_000)
        await tasks.beat()
      }
      expect((await context.store.limits.release(START)).available).toEqual([second])
    })

    context.sharedTest('is taken by one of two engines that race for the last one', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 10 }))
      const other = await context.openAnother()
      const there = new LimitedTasks(other, context.clock, 'another')
      await there.open()
      const [here, far] = [await tasks.create(20), await there.create(20)]

      const results = await Promise.all([...here.map((id) => tasks.take(id)), ...far.map((id) => there.take(id))])

      expect(results.filter((limited) => limited.length === 0)).toHaveLength(10)
      expect(await other.limits.get('crm')).toMatchObject({ used: 10, waiting: 30 })
      const holders = [...here, ...far].filter((_, index) => results[index]?.length === 0)
      const ends = await Promise.all(holders.map((id) => (here.includes(id) ? tasks.end(id) : there.end(id))))
      const released = ends.flatMap((end) => end.released)
      // Slots that were not offered, because another engine had locked the execution, are offered now.
      const rest = (await context.store.limits.release(START)).available
      expect(new Set([...released, ...rest]).size).toBe(10)
    })

    test('takes as long to become free with 10,000 waiting tasks as with 20', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }), limit({ name: 'few', maxActive: 1 }))
      const ids = await tasks.create(120)
      const few = ids.splice(0, 20)
      await tasks.take(ids[0])
      await tasks.fillLine(10_000)
      for (const id of few) await tasks.take(id, { name: 'few' })
      for (const id of ids.slice(1)) await tasks.take(id, { rank: -30 })
      const [timesOfFew, timesOfMany]: [number[], number[]] = [[], []]
      const holders = { few: few[0] ?? '', crm: ids[0] }
      const pass = async (name: 'few' | 'crm', times: number[]) => {
        const begun = performance.now()
        const { released } = await tasks.end(holders[name])
        times.push(performance.now() - begun)
        holders[name] = released[0] ?? ''
        await tasks.take(holders[name], { name, rank: -30 })
      }
      for (let index = 0; index < 15; index++) {
        await pass('few', timesOfFew)
        await pass('crm', timesOfMany)
      }
      // The other work of the machine lengthens most of the times, those of both lines alike.
      const [withFew, withMany] = [Math.min(...timesOfFew), Math.min(...timesOfMany)]

      expect(withMany).toBeLessThan(2 * withFew + 1)
    })
  })
}
