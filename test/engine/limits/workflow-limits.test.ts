/** Limits of the executions of a workflow: they wait, are refused, or replace each other. */

import { describe, expect, it } from 'vitest'
import type { Overflow, WorkflowDefinition } from '../../../src/model/workflow.ts'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, FIRE } from '../../support/fake-host.ts'
import { FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

function limited(overflow: Overflow, per: string | null = null, maxActive = 1): WorkflowDefinition {
  return { ...workflow('sync', { work: {} }), limit: { maxActive, per, overflow } }
}

const slowly = (host: FakeHost): void => {
  host.task('work', ({ inputText }) => host.after(100, completed(inputText)))
}

function inputsOf({ host }: RunningEngine): readonly unknown[] {
  return host.runsOf('work').map(({ inputText }) => (JSON.parse(inputText) as { readonly n: unknown }).n)
}

describe('executions above the limit of their workflow', () => {
  it('wait in the order of priority, then age, with a slot for each value of per', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('queue', 'customer')], python: slowly })
    const { engine, clock } = running
    for (const n of [0, 1, 2]) {
      await engine.submit('sync', `{"n":${n},"customer":"a"}`)
      await clock.advance(1)
    }
    await engine.submit('sync', '{"n":"high","customer":"a"}', { priority: 10 })
    await engine.submit('sync', '{"n":"other","customer":"b"}')
    await clock.advance(1_000)

    expect(inputsOf(running)).toEqual([0, 'other', 'high', 1, 2])
    expect(running.host.mostRunning).toBe(2)
  })

  it('begin when waiting ones before them are cancelled', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('queue')], python: slowly })
    await running.engine.submit('sync', '{"n":0}')
    const waiting = await running.engine.submit('sync', '{"n":1}')
    await running.engine.submit('sync', '{"n":2}')
    await running.clock.advance(10)

    await running.engine.services.executions.cancel(waiting)
    await running.clock.advance(1_000)

    expect(inputsOf(running)).toEqual([0, 2])
  })

  it('are refused with LIMITED if the workflow drops them, also with a key', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('drop', 'customer')], python: slowly })
    const { engine } = running
    await engine.submit('sync', '{"customer":1}')
    const refused = { code: 'LIMITED', message: expect.stringContaining('for the value 1') as string }

    await expect(engine.submit('sync', '{"customer":1}')).rejects.toMatchObject(refused)
    await expect(engine.execute('sync', '{"customer":1}')).rejects.toMatchObject(refused)
    await expect(engine.execute('sync', '{"customer":1}', { key: 'k' })).rejects.toMatchObject(refused)
    await engine.submit('sync', '{"customer":2}')
    await running.clock.advance(200)
    expect((await engine.startExecution(limited('drop', 'customer'), '{"customer":1}', { key: 'k' })).isReplayed).toBe(
      false,
    )
    expect(await running.store.countExecutions()).toMatchObject({ Completed: 2 })
  })

  it('are refused with the maximum that a person has set, or because the limit is closed', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('drop')], python: slowly })
    const { engine, store, clock } = running
    await engine.submit('sync', '{}')
    await store.limits.set('workflow:sync', { maxActive: 2 }, clock.now())
    await engine.submit('sync', '{}')
    await expect(engine.submit('sync', '{}')).rejects.toThrow('2 executions are active, and max_active is 2.')

    await store.limits.close({ name: 'workflow:sync', value: null }, null, clock.now())
    await clock.advance(1_000)
    await expect(engine.submit('sync', '{}')).rejects.toThrow('Limit of workflow "sync" is closed')
  })

  it('are refused as a retry if the workflow drops them', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('drop')], python: slowly })
    const first = running.engine.execute('sync', '{}')
    await running.clock.advance(200)
    const { id } = await first
    await running.engine.submit('sync', '{}')

    const retried = running.engine.services.executions.retry(id, { all: true })
    await expect(retried).rejects.toMatchObject({ code: 'LIMITED' })
  })

  it('replace older waiting ones if the workflow keeps the newest, and their callers are answered', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('newest')], python: slowly })
    const { engine, clock } = running
    await engine.submit('sync', '{"n":0}')
    const replaced = engine.execute('sync', '{"n":1}')
    await clock.advance(1)
    const newest = await engine.submit('sync', '{"n":2}')
    await clock.advance(1)

    expect(await replaced).toMatchObject({ status: 'Cancelled', errorMessage: `cancelled: replaced by ${newest}` })
    await clock.advance(1_000)
    expect(inputsOf(running)).toEqual([0, 2])
  })

  it('record polls and schedules as limited if the workflow drops them', async () => {
    const workflows = [limited('drop')]
    const nightly = cronTrigger('nightly', '* * * * *', { workflow: 'sync' })
    const triggers = [trigger('inbox', { workflow: 'sync', everyMs: 1_000, allowConcurrent: true }), nightly]
    await using running = await RunningEngine.start({
      ...{ workflows, triggers },
      python: (host) => {
        host.trigger('inbox', () => FIRE)
        host.task('work', () => host.after(3_600_000, completed('{}')))
      },
    })
    const crons = running.record('cronFired')
    await running.clock.advance(130_000)

    const [newest] = await running.store.listTicks('inbox', FIRST_PAGE)
    expect(newest).toMatchObject({ outcome: 'limited' })
    expect(newest?.reason).toContain('limit of the workflow: 1 execution is active')
    const [row] = await running.store.findCrons('nightly', 1)
    const firings = await running.store.listCronFirings(row?.id ?? '', FIRST_PAGE)
    expect(firings.length).toBeGreaterThan(0)
    expect(firings.every(({ isLimited, executionId }) => isLimited && executionId === null)).toBe(true)
    expect(crons).toEqual([])
    expect(await running.store.countExecutions()).toEqual({ Running: 1 })
  })

  it('cannot start for a value that is a list', async () => {
    await using running = await RunningEngine.start({ workflows: [limited('queue', 'customer')] })
    const refused = running.engine.submit('sync', '{"customer":[1]}')
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
  })
})

describe('the priority of an execution', () => {
  it('is that of the call, or else of the workflow, and a retry has that of its origin', async () => {
    const flow = { ...workflow('demo', { a: {} }), priority: 7 }
    await using running = await RunningEngine.start({ workflows: [flow] })
    const { engine, store } = running
    const ids = [await engine.submit('demo', '{}'), await engine.submit('demo', '{}', { priority: -3 })]
    await running.clock.advance(10)
    for (const id of [...ids]) ids.push(await engine.services.executions.retry(id, { all: true }))

    const priorities = await Promise.all(ids.map(async (id) => (await store.getExecution(id))?.priority))
    expect(priorities).toEqual([7, -3, 7, -3])
  })

  it('is that of the trigger, or else of the workflow, for a firing', async () => {
    const flow = { ...workflow('demo', { a: {} }), priority: 7 }
    await using running = await RunningEngine.start({
      workflows: [flow],
      triggers: [{ ...trigger('urgent', { workflow: 'demo' }), priority: 50 }, trigger('normal', { workflow: 'demo' })],
      python: (host) => void host.trigger('urgent', () => FIRE).trigger('normal', () => FIRE),
    })
    await running.clock.advance(1_100)

    const priorities = await Promise.all(
      running.host.runs.map(async ({ executionId }) => (await running.store.getExecution(executionId))?.priority),
    )
    expect(new Set(priorities)).toEqual(new Set([50, 7]))
  })
})

describe('a child execution', () => {
  const child = { workflow: 'sync', inputText: '{"customer":1}', key: 'k' }
  const parent = (overflow: Overflow): WorkflowDefinition => ({
    ...workflow('parent', { call: {} }),
    limit: { maxActive: 1, per: 'customer', overflow },
  })

  it('has the priority of its parent', async () => {
    await using running = await RunningEngine.start({
      workflows: [parent('queue'), limited('queue', 'customer')],
      python: (host) =>
        void host.task('call', async ({ memory }) => {
          await memory.runChild(child, { suspend: () => () => undefined })
          return completed('{}')
        }),
    })
    await running.engine.execute('parent', '{}', { priority: 42 })
    const [run] = running.host.runsOf('work')

    expect((await running.store.getExecution(run?.executionId ?? ''))?.priority).toBe(42)
  })

  it('is refused if an execution above it has the slot that it would wait for', async () => {
    let error: unknown
    await using running = await RunningEngine.start({
      workflows: [parent('queue')],
      python: (host) =>
        void host.task('call', async ({ memory }) => {
          const own = { ...child, workflow: 'parent' }
          error = await memory.runChild(own, { suspend: () => () => undefined }).catch((thrown: unknown) => thrown)
          return completed('{}')
        }),
    })
    await running.engine.execute('parent', '{"customer":1}')

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('above it') as string })
  })
})
