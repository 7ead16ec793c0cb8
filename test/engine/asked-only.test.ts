/** Engine on which `enter` but not `start` was called: it runs only the executions that its own callers request. */

import { expect, it } from 'vitest'
import { isServed } from '../../src/engine/actions/action-requests.ts'
import type { Store } from '../../src/engine/store.ts'
import { trigger, workflow } from '../support/declared.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { Refusals } from '../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../support/running-engine.ts'
import { newExecution } from '../support/store-builders.ts'

const demo = workflow('demo', { work: {} })
const EVERY_MINUTE = '* * * * *'

async function withDatabase(use: (clock: ManualClock, store: Store) => Promise<void>): Promise<void> {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  await use(clock, store)
  await store.close()
}

it('runs executions of its own callers, but polls no trigger and fires no schedule', async () => {
  await using running = await RunningEngine.start({
    isIdle: true,
    triggers: [trigger('inbox')],
    workflows: [demo],
  })
  await running.engine.services.schedules.register('demo', EVERY_MINUTE)
  const fired = running.record('cronFired')

  await running.engine.enter()
  const execution = await running.engine.execute('demo', '{"asked":1}')
  await running.clock.advance(300_000)

  expect(execution).toMatchObject({ status: 'Completed', finalText: '{"asked":1}' })
  expect(running.host.polls).toEqual([])
  expect(fired).toEqual([])
})

it('runs submitted executions and those of a dead engine only after start() is called', async () => {
  await withDatabase(async (clock, store) => {
    await store.openInstance('died', clock.now())
    await store.createExecution(
      newExecution({ id: 'left', workflow: 'demo', tasks: ['work'] }),
      { kind: 'call' },
      clock.now(),
    )
    await store.acquireExecutions({
      instanceId: 'died',
      workflows: ['demo'],
      at: clock.now(),
      limit: 1,
      recover: false,
    })
    await clock.advance(60_000)
    await using running = await RunningEngine.start({ clock, store, isIdle: true, workflows: [demo] })
    await running.engine.enter()
    const submitted = await running.engine.submit('demo', '{}')

    const asked = await running.engine.execute('demo', '{}')
    await clock.advance(120_000)
    expect(running.host.runs.map(({ executionId }) => executionId)).toEqual([asked.id])

    await running.engine.start()
    await clock.advance(60_000)
    expect(running.host.runs.map(({ executionId }) => executionId).sort()).toEqual([asked.id, submitted, 'left'].sort())
  })
})

it('runs nothing if its only call waits for an execution that another engine runs', async () => {
  await withDatabase(async (clock, store) => {
    await using waiting = await RunningEngine.start({ clock, store, isIdle: true, workflows: [demo] })
    await waiting.engine.services.schedules.register('demo', EVERY_MINUTE)
    const id = await waiting.engine.submit('demo', '{"by":"another"}')

    const ended = waiting.engine.services.executions.wait(id)
    await clock.advance(300_000)
    expect(waiting.host.runs).toEqual([])
    expect(await isServed(store, clock.now())).toBe(false)
    await using serving = await RunningEngine.start({ clock, store, workflows: [demo], config: { cronEnabled: false } })
    await clock.advance(60_000)

    expect((await ended).status).toBe('Completed')
    expect(serving.host.runs.map(({ executionId }) => executionId)).toEqual([id])
    expect(
      (await waiting.engine.services.schedules.list({ limit: 9, offset: 0, enabledOnly: false }))[0]?.lastRunAt,
    ).toBeNull()
  })
})

it('runs an execution after it rejected one of an unknown workflow, and one that the database refused', async () => {
  await withDatabase(async (clock, store) => {
    const acquired: unknown[] = []
    const refusals = new Refusals()
    const refusing: Store = {
      ...refusals.of(store),
      acquireExecutions: async (request) => {
        const executions = await store.acquireExecutions(request)
        if (executions.length > 0) acquired.push(request.executionIds)
        return executions
      },
    }
    await using running = await RunningEngine.start({ clock, store: refusing, isIdle: true, workflows: [demo] })
    await running.engine.enter()

    await expect(running.engine.execute('dmeo', '{}')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    refusals.refuse('createExecution', 1)
    await expect(running.engine.execute('demo', '{}')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    const asked = running.engine.execute('demo', '{}')
    await settle()

    const { id, status } = await asked
    expect(status).toBe('Completed')
    expect(running.host.runs.map(({ executionId }) => executionId)).toEqual([id])
    expect(acquired).toEqual([[id]]) // the refused execution is not searched for
  })
})
