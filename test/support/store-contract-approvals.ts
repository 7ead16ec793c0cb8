/** Store contract tests for approvals. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { TaskChange } from '../../src/engine/store-ports.ts'
import type { NewAnswer } from '../../src/engine/waits/approval-store.ts'
import { acquireAgain, acquiredExecution } from './acquired-execution.ts'
import { openWaits } from './open-waits.ts'
import { change, completed, FIRST_PAGE, newAction, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const FORM = { type: 'object', properties: { amount: { type: 'number' } } }
const YES = { approved: true, values: { amount: 7 }, by: 'http', at: START + 10, note: 'fine' }
const LATER = START + 20
const CANCEL = { waits: false, reason: 'cancelled', at: START + 14 }

function opened(taskId: string, approvalId: string, deadlineAt: number | null): TaskChange {
  const asked = { approvalId, title: 'Refund 7?', form: FORM }
  return change(taskId, { status: 'Waiting', wait: { kind: 'approval', openedAt: START, deadlineAt, ...asked } })
}

export function describeApprovalContract(context: ContractContext): void {
  const waiting = async (approvalId = 'p-1', deadlineAt: number | null = null) => {
    const { id } = await acquiredExecution(context.store, { tasks: ['ok', 'pay'] })
    await context.store.settle(
      settlement(id, { changes: [opened('ok', approvalId, deadlineAt)], givenBack: 'waiting' }),
    )
    return id
  }
  const answer = (id: string, given: Partial<NewAnswer> = {}) =>
    context.store.approvals.answer(
      id,
      { ...YES, valuesText: '{"amount":7}', ...given },
      newAction({ id: crypto.randomUUID(), kind: 'approve' }),
    )
  const stateOf = async (id: string, at = LATER) => (await context.store.approvals.get(id, at))?.state

  describe('approvals', () => {
    test('an opened wait has an open approval with its title, form and times', async () => {
      const executionId = await waiting('p-1', START + 1_000)

      const approval = {
        ...{ id: 'p-1', executionId, workflow: 'ingest', node: 'ok', title: 'Refund 7?', form: FORM },
        ...{ createdAt: START, expiresAt: START + 1_000, state: 'open', answer: null, valuesText: null },
      }
      expect(await context.store.approvals.get('p-1', LATER)).toEqual(approval)
      expect(await context.store.approvals.get('p-2', LATER)).toBeNull()
      expect(await context.store.approvals.list({ state: 'open' }, FIRST_PAGE, LATER)).toEqual([approval])
      expect(await openWaits(context.store, executionId)).toMatchObject([{ approvalId: 'p-1', title: 'Refund 7?' }])
      expect(await context.store.waits.openOfEach([executionId])).toEqual(
        new Map([
          [
            executionId,
            [
              {
                ...{ kind: 'approval', node: 'ok', approvalId: 'p-1', title: 'Refund 7?' },
                ...{ since: START, until: START + 1_000 },
              },
            ],
          ],
        ]),
      )
    })

    test('an answer ends the approval and its wait, and stores the action, in one step', async () => {
      const id = await waiting()

      expect(await answer('p-1')).toEqual([id])

      expect(await context.store.approvals.get('p-1', LATER)).toMatchObject({ state: 'answered', answer: YES })
      const ending = { kind: 'answered', endedAt: YES.at, payloadText: JSON.stringify(YES) }
      expect(await acquireAgain(context.store, id)).toMatchObject({ waits: [{ taskId: 'ok', ending }] })
      expect(await context.store.actions.list({}, FIRST_PAGE)).toMatchObject([{ kind: 'approve', answeredAt: START }])
    })

    test('the numbers of the values stay as they are written', async () => {
      const id = await waiting()
      const valuesText = '{"amount":7.0,"long":12345678901234567890}'

      await answer('p-1', { valuesText })

      expect(await context.store.approvals.get('p-1', LATER)).toMatchObject({ valuesText })
      const payloadText = expect.stringContaining(`"values":${valuesText},`)
      expect(await acquireAgain(context.store, id)).toMatchObject({ waits: [{ ending: { payloadText } }] })
    })

    test('a second answer, and an answer to an unknown approval, change nothing', async () => {
      await waiting()
      const [first, second] = await Promise.all([answer('p-1'), answer('p-1', { approved: false })])

      expect(first).toHaveLength(1)
      expect(second).toBeNull()
      expect(await answer('p-1')).toBeNull()
      expect(await answer('p-2')).toBeNull()
      expect(await context.store.approvals.get('p-1', LATER)).toMatchObject({ answer: YES })
      expect(await context.store.actions.list({}, FIRST_PAGE)).toHaveLength(1)
    })

    test('a timeout expires the approval, also before an engine has ended its wait', async () => {
      await waiting('p-1', START + 15)

      expect(await stateOf('p-1', START + 14)).toBe('open')
      expect(await stateOf('p-1', START + 15)).toBe('expired')
      expect(await context.store.approvals.countOpen(START + 14)).toBe(1)
      expect(await context.store.approvals.countOpen(START + 15)).toBe(0)
      expect(await answer('p-1', { at: START + 15 })).toBeNull()
      expect(await context.store.approvals.list({ state: 'open' }, FIRST_PAGE, LATER)).toEqual([])
      expect(await context.store.approvals.list({ state: 'expired' }, FIRST_PAGE, LATER)).toHaveLength(1)

      await context.store.waits.endDue(START + 15, 10)

      expect(await stateOf('p-1', START)).toBe('expired')
      expect(await answer('p-1')).toBeNull()
    })

    test('a cancel of the execution cancels its approval', async () => {
      const id = await waiting()
      const request = { kind: 'cancel', actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START + 1 } as const

      await context.store.steer(newAction({ id: 'a-1', kind: 'cancel', target: id }), request)

      expect(await stateOf('p-1')).toBe('cancelled')
      expect(await answer('p-1')).toBeNull()
    })

    test('the removal of a wait cancels an open approval, and leaves an answered one as it is', async () => {
      for (const id of ['p-1', 'p-2']) {
        const { id: executionId } = await acquiredExecution(context.store, { tasks: ['ok'] })
        await context.store.settle(settlement(executionId, { changes: [opened('ok', id, null)] }))
        if (id === 'p-2') await answer(id)
        await context.store.settle(settlement(executionId, { changes: [{ ...completed('ok'), wait: null }] }))
      }

      expect(await stateOf('p-1')).toBe('cancelled')
      expect(await stateOf('p-2')).toBe('answered')
    })

    test('an opening that is stored again opens no second approval', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['ok'] })

      for (const approvalId of ['p-1', 'p-2']) {
        await context.store.settle(settlement(id, { changes: [opened('ok', approvalId, null)] }))
      }

      expect(await context.store.approvals.list({}, FIRST_PAGE, LATER)).toMatchObject([{ id: 'p-1' }])
      expect(await openWaits(context.store, id)).toMatchObject([{ approvalId: 'p-1' }])
    })

    test('lists approvals by state and workflow, oldest first and in pages', async () => {
      for (const id of ['p-1', 'p-2', 'p-3']) await waiting(id)
      await answer('p-2')

      const ids = async (filter: Parameters<typeof context.store.approvals.list>[0], page = {}) =>
        (await context.store.approvals.list(filter, { ...FIRST_PAGE, ...page }, LATER)).map(({ id }) => id)

      expect(await ids({})).toEqual(['p-1', 'p-2', 'p-3'])
      expect(await ids({ state: 'open' })).toEqual(['p-1', 'p-3'])
      expect(await ids({ state: 'answered' })).toEqual(['p-2'])
      expect(await ids({ workflow: 'ingest' }, { limit: 1, offset: 1 })).toEqual(['p-2'])
      expect(await ids({ state: 'open', workflow: 'other' })).toEqual([])
      expect(await ids({}, { limit: 10, offset: 0, after: 'p-1' })).toEqual(['p-2', 'p-3'])
      expect(await ids({ state: 'open' }, { limit: 10, offset: 0, after: 'p-2' })).toEqual(['p-3'])
      expect(await ids({}, { limit: 10, offset: 0, after: 'unknown' })).toEqual([])
    })

    test('prunes answered approvals after the retention of executions, and keeps open ones', async () => {
      await waiting('p-1')
      await waiting('p-2')
      await answer('p-1')

      while ((await context.store.prune({ endedMs: 1_000 }, YES.at + 1_000)) > 0);
      expect(await stateOf('p-1')).toBe('answered')
      while ((await context.store.prune({ endedMs: 1_000 }, YES.at + 1_001)) > 0);

      expect(await stateOf('p-1')).toBeUndefined()
      expect(await stateOf('p-2')).toBe('open')
    })

    test('a removed execution takes its approvals with it', async () => {
      const id = await waiting()
      const request = { kind: 'cancel', actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START + 1 } as const
      await context.store.steer(newAction({ id: 'a-1', kind: 'cancel', target: id }), request)

      while ((await context.store.pruneExecutions({ endedBeforeAt: START + 2 })) > 0);

      expect(await stateOf('p-1')).toBeUndefined()
    })

    context.sharedTest('of an answer, a timeout and a cancel at the same time, exactly one ends the wait', async () => {
      const other = await context.openAnother()
      for (let round = 0; round < 20; round += 1) {
        const approvalId = `round ${round}`
        const id = await waiting(approvalId, START + 15)
        const action = newAction({ id: `cancel ${round}`, kind: 'cancel', target: id })
        const request = { kind: 'cancel', actionIds: [action.id], ...CANCEL } as const

        const [answered, due, steered] = await Promise.all([
          answer(approvalId),
          other.waits.endDue(START + 15, 10),
          round % 2 === 0 ? other.steer(action, request) : null,
        ])

        const state = await stateOf(approvalId, START)
        expect(answered === null ? 'not answered' : 'answered').toBe(state === 'answered' ? state : 'not answered')
        if (state === 'cancelled') expect(steered).toMatchObject({ kind: 'applied' })
        if (state === 'expired') expect(due.isMore).toBe(false)
        expect(['answered', 'expired', 'cancelled']).toContain(state)
      }
    })
  })
}
