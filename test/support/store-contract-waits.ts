/** Store contract tests for waits of nodes. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { TaskChange } from '../../src/engine/store-ports.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { openWaits } from './open-waits.ts'
import { change, completed, newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const OTHER = '22222222-2222-4222-8222-222222222222'

function opened(taskId: string, deadlineAt: number): TaskChange {
  return change(taskId, { status: 'Waiting', wait: { kind: 'delay', openedAt: START, deadlineAt } })
}

export function describeWaitContract(context: ContractContext): void {
  /** Stores an execution whose node "cool" waits until 1 s after the start, and which no engine owns. */
  const waiting = async (tasks = ['cool', 'pay'], deadlineAt = START + 1_000) => {
    const { id } = await acquiredExecution(context.store, { tasks })
    await context.store.settle(settlement(id, { changes: [opened('cool', deadlineAt)], givenBack: 'waiting' }))
    return id
  }
  /** Stores an execution of a workflow that has only the wait of the change, and which no engine owns. */
  const waitingIn = async (workflow: string, opening: TaskChange): Promise<void> => {
    const execution = newExecution({ workflow, tasks: [opening.taskId] })
    await context.store.openInstance(OWNER, START)
    await context.store.createExecution(execution, { kind: 'call' }, START)
    const acquisition = { instanceId: OWNER, workflows: [workflow], at: START, limit: 1, recover: false }
    expect(await context.store.acquireExecutions(acquisition)).toHaveLength(1)
    await context.store.settle(settlement(execution.id, { changes: [opening], givenBack: 'waiting' }))
  }
  /** Stores an execution that has not begun, and returns the opening of a wait for it. */
  const childOpened = async (taskId: string): Promise<TaskChange> => {
    const execution = newExecution({ workflow: 'child' })
    await context.store.createExecution(execution, { kind: 'call' }, START)
    const wait = { kind: 'child', openedAt: START, deadlineAt: null, childId: execution.id } as const
    return change(taskId, { status: 'Waiting', wait })
  }
  const acquirable = async (instanceId = OWNER) => {
    const given = { instanceId, workflows: ['ingest'], at: START, limit: 10, recover: true }
    return (await context.store.acquireExecutions(given)).map(({ id }) => id)
  }

  describe('waits', () => {
    test('an execution that has only waits stays running, and no engine acquires it', async () => {
      const id = await waiting()

      expect(await acquirable()).toEqual([])
      expect(await context.store.getExecution(id)).toMatchObject({
        status: 'Running',
        tasks: [{ taskId: 'cool', status: 'Waiting' }, { status: 'NotStarted' }],
      })
      const wait = { node: 'cool', kind: 'delay', since: START, until: START + 1_000 }
      expect(await openWaits(context.store, id)).toEqual([wait])
      expect(await context.store.waits.nextDeadline()).toBe(START + 1_000)
    })

    test('a passed deadline ends the wait once, and makes its execution available', async () => {
      const id = await waiting()

      expect(await context.store.waits.endDue(START + 999, 10)).toEqual({ available: [], isMore: false })
      expect(await context.store.waits.endDue(START + 1_000, 10)).toEqual({ available: [id], isMore: false })
      expect(await context.store.waits.endDue(START + 2_000, 10)).toEqual({ available: [], isMore: false })

      expect(await context.store.waits.nextDeadline()).toBeNull()
      const ending = { kind: 'elapsed', endedAt: START + 1_000 }
      expect(await acquireAgain(context.store, id)).toMatchObject({ waits: [{ taskId: 'cool', ending }] })
    })

    test('lists executions that only wait until their deadline is judged', async () => {
      const [id] = [await waiting(), await acquiredExecution(context.store, { tasks: ['cool'] })]
      const created = (await context.store.getExecution(id))?.createdAt ?? Number.NaN
      const listed = (after: number, until: number) =>
        context.store.waits.listUnjudged({ workflow: 'ingest', after, until }, 10)

      expect(await listed(created - 1, created)).toEqual([id])
      expect(await listed(created, created + 1)).toEqual([])
      expect(await listed(created - 2, created - 1)).toEqual([])
      await context.store.incidents.judge(`deadline of ${id}`, null, START)
      expect(await listed(created - 1, created)).toEqual([])
    })

    test('the limit is for the earliest deadlines', async () => {
      const late = await waiting(['cool'], START + 20)
      const early = await waiting(['cool'], START + 10)

      expect(await context.store.waits.endDue(START + 30, 1)).toEqual({ available: [early], isMore: true })
      expect(await context.store.waits.endDue(START + 30, 10)).toEqual({ available: [late], isMore: false })
    })

    test('the owner reads the end of a wait while other tasks of the execution run', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['cool', 'work'] })
      await context.store.settle(settlement(id, { changes: [opened('cool', START + 5)] }))

      expect(await context.store.waits.endDue(START + 7, 10)).toEqual({ available: [], isMore: false })

      const ending = { kind: 'elapsed', endedAt: START + 7 }
      expect(await context.store.waits.endedOf(OWNER)).toEqual([{ executionId: id, taskId: 'cool', ending }])
      expect(await context.store.waits.endedOf(OTHER)).toEqual([])
      await context.store.settle(settlement(id, { changes: [{ ...completed('cool'), wait: null }] }))
      expect(await context.store.waits.endedOf(OWNER)).toEqual([])
    })

    test('an execution that is released after the end of its wait is available', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['cool'] })
      await context.store.settle(settlement(id, { changes: [opened('cool', START + 5)] }))
      await context.store.waits.endDue(START + 5, 10)

      await context.store.settle(settlement(id, { givenBack: 'waiting' }))

      expect(await acquirable()).toEqual([id])
    })

    test('an open wait keeps its deadline when it is stored again', async () => {
      const id = await waiting()
      await context.store.waits.makeAvailable({ workflow: 'ingest', taskId: 'cool' })
      const { ownerNumber } = await acquireAgain(context.store, id)

      await context.store.settle(settlement(id, { ownerNumber, changes: [opened('cool', START + 9_000)] }))

      expect(await context.store.waits.nextDeadline()).toBe(START + 1_000)
    })

    test('a cancel without an owner ends the execution, and removes its waits', async () => {
      const id = await waiting()
      const request = { kind: 'cancel', actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START + 1 } as const

      const answer = await context.store.steer(newAction({ id: 'a-1', kind: 'cancel', target: id }), request)

      expect(answer).toMatchObject({ kind: 'applied', cancelled: { workflow: 'ingest' } })
      expect(await context.store.getExecution(id)).toMatchObject({
        status: 'Cancelled',
        tasks: [{ status: 'Cancelled' }, { status: 'Cancelled' }],
      })
      expect(await context.store.waits.nextDeadline()).toBeNull()
      expect(await context.store.waits.endDue(START + 9_000, 10)).toEqual({ available: [], isMore: false })
    })

    test('a pause and a resume of an execution that has only waits leave it without an owner', async () => {
      const id = await waiting()
      const steer = (kind: 'pause' | 'resume', actionId: string) =>
        context.store.steer(newAction({ id: actionId, kind, target: id }), {
          ...{ kind, actionIds: [actionId], waits: false, reason: kind, at: START + 1 },
        })

      await steer('pause', 'a-1')
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Paused' })
      expect(await acquirable()).toEqual([])
      await steer('resume', 'a-2')

      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running' })
      expect(await acquirable()).toEqual([])
    })

    test('executions whose node is gone are found by workflow and node, and become available', async () => {
      const id = await waiting()

      expect(await context.store.waits.waitingNodes()).toEqual([{ workflow: 'ingest', taskId: 'cool' }])
      expect(await context.store.waits.makeAvailable({ workflow: 'other', taskId: 'cool' })).toEqual([])
      expect(await context.store.waits.makeAvailable({ workflow: 'ingest', taskId: 'cool' })).toEqual([id])

      expect(await acquirable()).toEqual([id])
    })

    test('each node with an open wait is listed once, except nodes that wait for a child', async () => {
      const nodes = [
        ['b', 'x'],
        ['a', 'y'],
        ['B', 'ö'],
        ['a', 'x'],
        ['a', 'x'],
        ['', ' '],
      ] as const
      for (const [workflow, node] of nodes) await waitingIn(workflow, opened(node, START + 20))
      await waitingIn('c', opened('ended', START + 10))
      await context.store.waits.endDue(START + 10, 10)
      await waitingIn('a', await childOpened('parent'))

      const listed = await context.store.waits.waitingNodes()

      const names = listed.map(({ workflow, taskId }) => `${workflow}.${taskId}`)
      expect(names.sort()).toEqual(['. ', 'B.ö', 'a.x', 'a.y', 'b.x'])
    })

    test('an execution whose only wait is for a child does not become available', async () => {
      await waitingIn('ingest', await childOpened('parent'))

      expect(await context.store.waits.makeAvailable({ workflow: 'ingest', taskId: 'parent' })).toEqual([])
    })

    test('a node whose execution has an owner is listed, and its execution stays with the owner', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['cool', 'work'] })
      await context.store.settle(settlement(id, { changes: [opened('cool', START + 5)] }))

      expect(await context.store.waits.waitingNodes()).toEqual([{ workflow: 'ingest', taskId: 'cool' }])
      expect(await context.store.waits.makeAvailable({ workflow: 'ingest', taskId: 'cool' })).toEqual([])
    })
  })
}
