/** Store contract tests for chains: stored results, child executions, parked parents, pruning. */

import { describe, expect, test } from 'vitest'
import type { NameInChain } from '../../src/engine/chains/chain-store.ts'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import type { TaskChange } from '../../src/engine/store-ports.ts'
import type { AcquiredExecution } from '../../src/model/execution.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { change, completed, FIRST_PAGE, newAction, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const END = { status: 'Completed', endedAt: START + 5, finalText: '{}', errorMessage: null } as const
const DAY_MS = 86_400_000

export function describeChainContract(context: ContractContext): void {
  const named = (chainId: string, name = 'charge', taskId = 'only'): NameInChain => ({ chainId, taskId, name })
  const keep = (id: string, resultText: string, of = named(id)) =>
    context.store.chains.keepResult(of, id, resultText, START)
  const end = async ({ id }: Pick<AcquiredExecution, 'id'>, endedAt = START + 5) =>
    await context.store.settle(settlement(id, { changes: [completed('only')], end: { ...END, endedAt } }))
  const retry = async (retryOf: string, given: Partial<NewExecution> = {}) => {
    const execution = { ...newExecution(), retryOf, ...given }
    await context.store.createExecution(execution, { kind: 'call' }, START)
    return await acquireAgain(context.store, execution.id)
  }
  const startChild = (parentId: string, key = 'bill', given: Partial<NewExecution> = {}) => {
    const execution = { ...newExecution(), ...given }
    const child = { of: named(parentId, key), parentId, execution, depth: 1, at: START + 1 }
    return context.store.chains.startChild(child).then((answer) => ({ id: execution.id, answer }))
  }
  const parked = (childId: string): TaskChange =>
    change('only', { status: 'Waiting', wait: { kind: 'child', openedAt: START, deadlineAt: null, childId } })
  const park = (parentId: string, childId: string) =>
    context.store.settle(settlement(parentId, { changes: [parked(childId)], givenBack: 'waiting' }))
  const acquirable = async () => {
    const given = { instanceId: OWNER, workflows: ['ingest'], at: START, limit: 10, recover: true }
    return (await context.store.acquireExecutions(given)).map(({ id }) => id)
  }

  describe('stored results of a task', () => {
    test('are found by chain, task and name, and the first one remains', async () => {
      const { id } = await acquiredExecution(context.store)

      expect(await keep(id, '{"n":1.0}')).toBe('{"n":1.0}')
      expect(await keep(id, '"other"')).toBe('{"n":1.0}')

      expect(await context.store.chains.findResult(named(id))).toBe('{"n":1.0}')
      expect(await context.store.chains.findResult(named(id, 'refund'))).toBeNull()
      expect(await context.store.chains.findResult(named(id, 'charge', 'other'))).toBeNull()
    })

    test('are not stored for an execution that has ended', async () => {
      const execution = await acquiredExecution(context.store)
      await end(execution)

      expect(await keep(execution.id, '1')).toBeNull()
      expect(await context.store.chains.findResult(named(execution.id))).toBeNull()
    })

    test('belong to all retries of an execution, also after the first execution is removed', async () => {
      const first = await acquiredExecution(context.store)
      await keep(first.id, '1')
      await end(first)
      const second = await retry(first.id)
      await end(second, START + DAY_MS)
      await context.store.pruneExecutions({ endedBeforeAt: START + 10 })

      const third = await retry(second.id)

      expect([first.chainId, second.chainId, third.chainId]).toEqual([first.id, first.id, first.id])
      expect(await context.store.getExecution(first.id)).toBeNull()
      expect(await context.store.chains.findResult(named(third.chainId))).toBe('1')
    })

    test('are forgotten by a retry for the tasks that it names', async () => {
      const first = await acquiredExecution(context.store)
      await keep(first.id, '1')
      await keep(first.id, '2', named(first.id, 'charge', 'other'))
      await startChild(first.id)
      await end(first)

      await retry(first.id, { forgets: ['only'] })

      expect(await context.store.chains.findResult(named(first.id))).toBeNull()
      expect(await context.store.chains.findChild(named(first.id, 'bill'))).toBeNull()
      expect(await context.store.chains.findResult(named(first.id, 'charge', 'other'))).toBe('2')
    })

    test.each(['pruneExecutions', 'prune'] as const)('go with the last execution of their chain (%s)', async (how) => {
      const first = await acquiredExecution(context.store)
      const other = await acquiredExecution(context.store)
      await keep(first.id, '1')
      await keep(other.id, '2')
      const child = await startChild(first.id)
      await acquireAgain(context.store, child.id)
      for (const id of [first.id, other.id, child.id]) await end({ id })
      const second = await retry(first.id)
      const prune = async (before: number) => {
        const removed = () =>
          how === 'prune'
            ? context.store.prune({ endedMs: 0 }, before)
            : context.store.pruneExecutions({ endedBeforeAt: before })
        while ((await removed()) > 0);
      }

      await prune(START + DAY_MS)
      expect(await context.store.chains.findResult(named(first.id))).toBe('1')
      expect(await context.store.chains.findChild(named(first.id, 'bill'))).not.toBeNull()
      expect(await context.store.chains.findResult(named(other.id))).toBeNull()

      await end(second)
      await prune(START + DAY_MS)
      expect(await context.store.chains.findResult(named(first.id))).toBeNull()
      expect(await context.store.chains.findChild(named(first.id, 'bill'))).toBeNull()
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })
  })

  describe('child executions', () => {
    test('start once for a key, with the parent and the task as their origin', async () => {
      const parent = await acquiredExecution(context.store)

      const [first, second] = [await startChild(parent.id), await startChild(parent.id)]

      expect(first.answer).toEqual({ kind: 'created' })
      expect(second.answer).toEqual({ kind: 'known', child: { executionId: first.id, workflow: 'ingest' } })
      expect(await context.store.getExecution(second.id)).toBeNull()
      expect(await context.store.getExecution(first.id)).toMatchObject({
        status: 'Pending',
        origin: { kind: 'child', parent: parent.id, task: 'only' },
      })
      const row = { taskId: 'only', key: 'bill', executionId: first.id, workflow: 'ingest' }
      expect(await context.store.chains.listChildren(parent.id)).toEqual([{ ...row, status: 'Pending' }])
      await acquireAgain(context.store, first.id)
      await end({ id: first.id })
      expect(await context.store.chains.listChildren(parent.id)).toEqual([{ ...row, status: 'Completed' }])
      await context.store.pruneExecutions({ endedBeforeAt: START + 10 })
      expect(await context.store.chains.listChildren(parent.id)).toEqual([{ ...row, status: null }])
      expect(await context.store.chains.depthOf(first.id)).toBe(1)
      expect(await context.store.chains.depthOf(parent.id)).toBe(0)
    })

    context.sharedTest('start once if two engines start one for a key at the same time', async () => {
      const parent = await acquiredExecution(context.store)
      const other = await context.openAnother()
      const start = (store: typeof other) =>
        store.chains.startChild({
          ...{ of: named(parent.id, 'bill'), parentId: parent.id, execution: newExecution(), depth: 1, at: START },
        })

      const answers = await Promise.all([start(context.store), start(other)])

      expect(answers.map(({ kind }) => kind).sort()).toEqual(['created', 'known'])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
    })

    test('do not start after the end or the cancel of their parent', async () => {
      const [ended, cancelled] = [await acquiredExecution(context.store), await acquiredExecution(context.store)]
      await end(ended)
      const { id } = cancelled
      const request = { kind: 'cancel', waits: false, reason: 'cancelled', actionIds: [], at: START } as const
      await context.store.steer(newAction({ kind: 'cancel', target: id }), request)

      expect((await startChild(ended.id)).answer).toEqual({ kind: 'ended' })
      expect((await startChild(id)).answer).toEqual({ kind: 'ended' })

      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
    })
  })

  describe('a parent that is parked', () => {
    const parentWithChild = async () => {
      const parent = await acquiredExecution(context.store)
      const child = await startChild(parent.id)
      await acquireAgain(context.store, child.id)
      return { parent: parent.id, child: child.id }
    }

    test('waits without an owner, and is available after the end of its child', async () => {
      const { parent, child } = await parentWithChild()
      await park(parent, child)
      expect(await acquirable()).toEqual([])
      expect(await context.store.waits.openOfEach([parent])).toEqual(
        new Map([[parent, [{ kind: 'child', node: 'only', executionId: child, since: START, until: null }]]]),
      )

      const released = await context.store.settle(
        settlement(child, { changes: [completed('only')], end: END, isChild: true }),
      )

      expect(released).toEqual({ released: [parent], limited: [] })
      expect((await acquireAgain(context.store, parent)).waits).toEqual([
        {
          ...{ taskId: 'only', kind: 'child', openedAt: START, deadlineAt: null, childId: child },
          ending: { kind: 'child', endedAt: END.endedAt },
        },
      ])
    })

    test('is available immediately if its child had ended before', async () => {
      const { parent, child } = await parentWithChild()
      await end({ id: child })

      await park(parent, child)

      expect(await acquirable()).toEqual([parent])
    })

    test('is available if it is parked in the step that ends its child', async () => {
      const { parent, child } = await parentWithChild()

      await Promise.all([
        park(parent, child),
        context.store.settle(settlement(child, { changes: [completed('only')], end: END, isChild: true })),
      ])

      expect(await acquirable()).toEqual([parent])
    })

    test('is listed with the end of its child while an engine owns it', async () => {
      const { parent, child } = await parentWithChild()
      await context.store.settle(settlement(parent, { changes: [parked(child)] }))

      await end({ id: child })

      const ending = { kind: 'child', endedAt: END.endedAt }
      expect(await context.store.waits.endedOf(OWNER)).toEqual([{ executionId: parent, taskId: 'only', ending }])
    })

    context.sharedTest('does not miss the end of its child in another engine', async () => {
      const other = await context.openAnother()
      for (let round = 0; round < 20; round++) {
        const { parent, child } = await parentWithChild()
        const ending = settlement(child, { changes: [completed('only')], end: END, isChild: true })

        await Promise.all(
          round % 2 === 0 ? [park(parent, child), other.settle(ending)] : [other.settle(ending), park(parent, child)],
        )

        expect(await acquirable()).toEqual([parent])
      }
    })

    test('requests the cancel of its child in the step that cancels it', async () => {
      const { parent, child } = await parentWithChild()
      await park(parent, child)
      const request = { kind: 'cancel', waits: false, reason: 'cancelled', actionIds: ['a'], at: START + 9 } as const

      await context.store.steer(newAction({ id: 'a', kind: 'cancel', target: parent }), request)

      expect((await context.store.getExecution(parent))?.status).toBe('Cancelled')
      const applied = await context.store.applyRequest(child, START + 9)
      expect(applied).toMatchObject({ kind: 'requested', request: { kind: 'cancel', waits: false } })
      expect(await context.store.actions.list({ target: child }, FIRST_PAGE)).toMatchObject([
        { kind: 'cancel', source: 'engine', answer: null },
      ])
    })
  })
}
