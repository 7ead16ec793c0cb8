/** Approvals: their answers, forms, timeouts, cancels, retries, alerts and titles. */

import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/model/context.ts'
import { AT_ONCE } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { messagesIn, TestPolicy } from '../../support/incidents.ts'
import { settle } from '../../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'

const TIMEOUT_MS = 30_000
const FORM = { type: 'object', properties: { amount: { type: 'number', minimum: 1 } }, required: ['amount'] }

const approval = (form: JsonObject | null = FORM, title = 'Refund {order}?') =>
  ({ kind: 'approval', title, form, timeoutMs: TIMEOUT_MS, onTimeout: 'fail' }) as const

const refund = (wait = approval()) => workflow('refund', { ok: { wait }, pay: { after: ['ok'] } })

async function start(parts: EngineParts = {}) {
  const running = await RunningEngine.start({ workflows: [refund()], ...parts })
  const { approvals, executions } = running.engine.services
  const ask = async (input = '{"order":7}') => {
    const executionId = await running.engine.submit('refund', input)
    await settle()
    const approval = (await approvals.list()).find((each) => each.executionId === executionId)
    if (approval === undefined) throw new Error('no open approval')
    return { executionId, id: approval.id, approval }
  }
  return { running, approvals, executions, ask, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

describe('an approval', () => {
  it('is listed with its title and form, and the execution waits for it', async () => {
    await using given = await start()
    const { executionId, id, approval } = await given.ask()

    const now = given.running.clock.now()
    expect(approval).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), executionId, workflow: 'refund', node: 'ok' },
      ...{ title: 'Refund 7?', form: FORM, createdAt: now, expiresAt: now + TIMEOUT_MS, state: 'open', answer: null },
      valuesText: null,
    })
    expect((await given.executions.get(executionId)).waitingFor).toEqual({
      ...{ kind: 'approval', node: 'ok', approvalId: id, title: 'Refund 7?', since: now, until: now + TIMEOUT_MS },
    })
    expect(await given.approvals.countOpen()).toBe(1)
  })

  it('continues with the answer under the id of its node', async () => {
    await using given = await start()
    const { executionId, id } = await given.ask()
    const at = given.running.clock.now()

    const options = { values: { amount: 7 }, note: 'fine', source: 'cli', user: 'eva' } as const
    const answer = { approved: true, values: { amount: 7 }, by: 'cli (eva)', at, note: 'fine' }
    expect(await given.approvals.approve(id, options)).toMatchObject({ state: 'answered', answer })
    await settle()

    const [run] = given.running.host.runsOf('pay')
    expect(JSON.parse(run?.inputText ?? '')).toEqual({ order: 7, ok: answer })
    expect((await given.executions.get(executionId)).status).toBe('Completed')
    expect(await given.approvals.get(id)).toMatchObject({ state: 'answered', answer })
    expect(await given.running.engine.services.actions.list()).toMatchObject([
      { kind: 'approve', target: id, source: 'cli', note: 'fine' },
    ])
  })

  it('fails its node with ApprovalRejected when it is rejected, and needs no values for it', async () => {
    await using given = await start()
    const { executionId, id } = await given.ask()

    await given.approvals.reject(id, { note: 'too much', source: 'http' })
    await settle()

    const execution = await given.executions.get(executionId)
    expect(execution.status).toBe('Failed')
    expect(execution.cause).toContain('ok: ApprovalRejected: Approval "ok" was rejected by http: too much')
    expect(given.running.host.runsOf('pay')).toEqual([])
    expect(await given.running.engine.services.actions.list()).toMatchObject([{ kind: 'reject', target: id }])
  })

  it('refuses wrong values with the path of each, and changes nothing', async () => {
    await using given = await start()
    const { id } = await given.ask()

    for (const [values, problems] of [
      [{ amount: 'x' }, [{ path: 'amount', message: 'must be number' }]],
      [{ amount: 0 }, [{ path: 'amount', message: 'must be >= 1' }]],
      [{}, [{ path: 'amount', message: 'is missing' }]],
    ] as const) {
      const refused = given.approvals.approve(id, { values })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUES', facts: { approvalId: id, problems } })
    }
    await expect(given.approvals.approve(id, { values: [] as never })).rejects.toMatchObject({
      code: 'INVALID_CONTEXT',
    })

    expect(await given.approvals.get(id)).toMatchObject({ state: 'open', answer: null })
    expect(await given.running.engine.services.actions.list()).toEqual([])
  })

  it('without a form accepts no values', async () => {
    await using given = await start({ workflows: [refund(approval(null))] })
    const { id } = await given.ask()

    const refused = given.approvals.approve(id, { values: { amount: 1 } })

    await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUES' })
    expect(await given.approvals.approve(id)).toMatchObject({ state: 'answered' })
  })

  it('refuses a second answer, and an answer after its timeout or cancel', { tags: ['proof'] }, async () => {
    await using given = await start()
    const [answered, expired, cancelled] = [await given.ask(), await given.ask(), await given.ask()]
    await given.approvals.reject(answered.id)
    await given.executions.cancel(cancelled.executionId, AT_ONCE)
    await given.running.clock.advance(TIMEOUT_MS)

    for (const [{ id }, state] of [
      [answered, 'answered'],
      [expired, 'expired'],
      [cancelled, 'cancelled'],
    ] as const) {
      await expect(given.approvals.approve(id, { values: { amount: 1 } })).rejects.toMatchObject({
        ...{ code: 'ALREADY_ANSWERED', facts: { approvalId: id } },
      })
      expect(await given.approvals.get(id)).toMatchObject({ state })
    }
    const { status, tasks } = await given.executions.get(expired.executionId)
    expect([status, tasks[0]?.error]).toEqual(['Failed', expect.stringContaining('it was not answered before')])
    await expect(given.approvals.get('unknown')).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' })
    await expect(given.approvals.list({ state: 'lost' as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('is opened again with another id by a retry', async () => {
    await using given = await start()
    const { executionId, id } = await given.ask()
    await given.approvals.reject(id)
    await settle()

    await given.executions.retry(executionId, AT_ONCE)
    await settle()

    const [again] = await given.approvals.list()
    expect(again?.id).not.toBe(id)
    expect(again).toMatchObject({ state: 'open', node: 'ok' })
    expect(await given.approvals.list({ state: 'all' })).toMatchObject([{ id }, { id: again?.id }])
  })

  it('shows a missing value verbatim in its title, and other values as text', async () => {
    const title = '{{{order}}} {missing} {list} {name}'
    await using given = await start({ workflows: [refund(approval(FORM, title))] })

    const asked = await given.ask('{"order":1.0,"list":[1,2],"name":"Eva"}')

    expect(asked.approval.title).toBe('{1.0} {missing} [1,2] Eva')
  })

  it('has a title of at most 1,000 characters', async () => {
    await using given = await start({ workflows: [refund(approval(FORM, '{order}'))] })

    const { approval: asked } = await given.ask(`{"order":"${'x'.repeat(5_000)}"}`)

    expect(asked.title).toBe(`${'x'.repeat(999)}…`)
  })

  it('sends an alert with its id once, which ends immediately', async () => {
    await using given = await start({ incidents: new TestPolicy() })
    const { executionId, id } = await given.ask()
    await given.approvals.reject(id)
    await settle()

    expect(await messagesIn(given.running.store)).toMatchObject([
      {
        ...{ kind: 'approval-requested', state: 'opened', subject: id, workflow: 'refund', task: 'ok', executionId },
        message: 'Workflow "refund" waits for an answer to approval "ok".',
      },
      { kind: 'execution-failed' },
    ])
  })
})
