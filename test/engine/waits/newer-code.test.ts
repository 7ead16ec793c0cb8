/** Open waits of nodes after newer code was loaded: the node is the same, has other options, is gone, or is a task. */

import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/model/context.ts'
import type { WaitDefinition, WorkflowDefinition } from '../../../src/model/workflow.ts'
import { type TaskParts, workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { openWaits } from '../../support/open-waits.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const LONG_MS = 10_000

const signal = (name: string, key = '', timeoutMs: number | null = null): WaitDefinition => ({
  ...{ kind: 'signal', signal: name, key, timeoutMs, onTimeout: 'fail' },
})
const approval = (title: string, form: JsonObject | null = null): WaitDefinition => ({
  ...{ kind: 'approval', title, form, timeoutMs: null, onTimeout: 'fail' },
})
const refund = (gate: TaskParts | null, others: Readonly<Record<string, TaskParts>> = {}): WorkflowDefinition =>
  workflow('refund', { ...others, ...(gate !== null && { gate }), pay: gate === null ? {} : { after: ['gate'] } })

/** Starts an execution that waits for a gate, and then loads newer code. */
async function reloaded(
  older: WorkflowDefinition,
  newer: WorkflowDefinition,
  python: (host: FakeHost) => void = () => {},
) {
  const running = await RunningEngine.start({ workflows: [older], python })
  const id = await running.engine.submit('refund', '{"order":7}')
  await settle()
  running.registry.declare({ triggers: [], workflows: [newer] })
  await running.clock.advance(1_000)
  return {
    ...{ running, id, services: running.engine.services },
    waits: () => openWaits(running.store, id),
    statuses: async () => {
      const { tasks } = await running.engine.services.executions.get(id)
      return Object.fromEntries(tasks.map((task) => [task.id, task.status]))
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

describe('an open wait whose node has other options in newer code', () => {
  it('keeps its signal, key and deadline', async () => {
    const older = refund({ wait: signal('decision', '{order}', 60_000) })
    await using given = await reloaded(older, refund({ wait: signal('other', 'none', 5_000) }))
    const { signals, executions } = given.services

    await given.running.clock.advance(10_000)
    expect(await given.waits()).toMatchObject([{ signal: 'decision', key: '7' }])
    await signals.send('other', { key: 'none' })
    await settle()
    expect(await given.statuses()).toMatchObject({ gate: 'Waiting' })
    await signals.send('decision', { key: '7' })
    await settle()

    expect((await executions.get(given.id)).status).toBe('Completed')
  })

  it('keeps the end of its delay', async () => {
    const older = refund({ delay: { kind: 'after', ms: 60_000 } })
    await using given = await reloaded(older, refund({ delay: { kind: 'after', ms: 5_000 } }))

    await given.running.clock.advance(58_999)
    expect(await given.statuses()).toMatchObject({ gate: 'Waiting' })
    await given.running.clock.advance(1)

    expect(await given.statuses()).toMatchObject({ gate: 'Completed', pay: 'Completed' })
  })

  it('keeps its title and form', async () => {
    const form = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] }
    const older = refund({ wait: approval('Refund {order}?', form) })
    await using given = await reloaded(older, refund({ wait: approval('Really?') }))
    const { approvals } = given.services

    const [open] = await approvals.list()
    expect(open).toMatchObject({ title: 'Refund 7?', form })
    const id = open?.id ?? ''
    await expect(approvals.approve(id)).rejects.toMatchObject({ code: 'INVALID_VALUES' })
    await approvals.approve(id, { values: { amount: 5 } })
    await settle()

    expect(await given.statuses()).toMatchObject({ gate: 'Completed', pay: 'Completed' })
  })
})

describe('an open wait whose node is not in newer code', () => {
  it('is skipped with this reason, and uses no signal', async () => {
    await using given = await reloaded(refund({ wait: signal('decision') }), refund(null))

    const { status, tasks } = await given.services.executions.get(given.id)

    expect([status, await given.statuses()]).toEqual(['Completed', { gate: 'Skipped', pay: 'Completed' }])
    expect(tasks.find(({ id }) => id === 'gate')?.error).toContain('workflow "refund" no longer declares it')
    expect(await given.services.signals.send('decision')).toMatchObject({ state: 'kept' })
  })

  it('cancels its approval', async () => {
    await using given = await reloaded(refund({ wait: approval('Refund?') }), refund(null))

    expect(await given.services.approvals.list({ state: 'all' })).toMatchObject([{ state: 'cancelled' }])
  })

  it('is skipped when the tasks have ended that ran while the code was loaded', async () => {
    const older = refund({ wait: signal('decision') }, { long: {} })
    await using given = await reloaded(older, refund(null, { long: {} }), (host) =>
      host.task('long', () => host.after(LONG_MS, completed('{}'))),
    )
    expect(await given.statuses()).toMatchObject({ gate: 'Waiting', long: 'Running' })

    await given.running.clock.advance(LONG_MS)

    expect(await given.statuses()).toEqual({ gate: 'Skipped', long: 'Completed', pay: 'Completed' })
  })
})

describe('an open wait whose node is a task in newer code', () => {
  it.each([
    ['signal', { wait: signal('decision') }],
    ['approval', { wait: approval('Refund?') }],
    ['delay', { delay: { kind: 'after', ms: 60_000 } }],
  ] as const)('is removed, and the task runs: %s', async (_, gate) => {
    await using given = await reloaded(refund(gate), refund({}))

    expect(await given.statuses()).toEqual({ gate: 'Completed', pay: 'Completed' })
    expect(given.running.host.runsOf('gate')).toHaveLength(1)
    expect(await given.waits()).toEqual([])
    expect(await given.services.approvals.list()).toEqual([])
  })

  it('lets the task run when others have ended that ran while the code was loaded', async () => {
    const older = refund({ wait: signal('decision') }, { long: {} })
    await using given = await reloaded(older, refund({}, { long: {} }), (host) =>
      host.task('long', () => host.after(LONG_MS, completed('{}'))),
    )

    await given.running.clock.advance(LONG_MS)

    expect(await given.statuses()).toEqual({ gate: 'Completed', long: 'Completed', pay: 'Completed' })
  })
})
