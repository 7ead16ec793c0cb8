/** An engine that was entered and not started: it runs what its callers ask for, and touches nobody else's work. */

import { expect, it } from 'vitest'
import type { Store } from '../../src/engine/ports.ts'
import { isServed } from '../../src/engine/steering/instance-calls.ts'
import { trigger, workflow } from '../support/declared.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { openMemoryStore, RunningEngine } from '../support/running-engine.ts'
import { newExecution } from '../support/store-builders.ts'

const demo = workflow('demo', { work: {} })
const EVERY_MINUTE = { expression: '* * * * *', timezone: 'UTC' }

async function withDatabase(use: (clock: FakeClock, store: Store) => Promise<void>): Promise<void> {
  const clock = new FakeClock()
  const store = await openMemoryStore(clock)
  await use(clock, store)
  await store.close()
}

it('runs what it is asked for, polls no trigger and lets no schedule fire', async () => {
  await using running = await RunningEngine.start({
    isIdle: true,
    triggers: [trigger('inbox')],
    workflows: [demo],
  })
  await running.engine.crons.register('demo', EVERY_MINUTE)
  const fired = running.record('cronFired')

  await running.engine.enter()
  const execution = await running.engine.execute('demo', '{"asked":1}')
  await running.clock.advance(300_000)

  expect(execution).toMatchObject({ status: 'Completed', finalText: '{"asked":1}' })
  expect(running.host.polls).toEqual([])
  expect(fired).toEqual([])
})

it('leaves what was only submitted, and what others left unfinished, until it is started', async () => {
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

it('only waits, when nothing else is asked of it', async () => {
  await withDatabase(async (clock, store) => {
    await using waiting = await RunningEngine.start({ clock, store, isIdle: true, workflows: [demo] })
    await waiting.engine.crons.register('demo', EVERY_MINUTE)
    const id = await waiting.engine.submit('demo', '{"by":"another"}')

    const ended = waiting.engine.waitFor(id)
    await clock.advance(300_000)
    expect(waiting.host.runs).toEqual([])
    expect(await isServed(store, clock.now())).toBe(false)
    await using serving = await RunningEngine.start({ clock, store, workflows: [demo], config: { cronEnabled: false } })
    await clock.advance(60_000)

    expect((await ended).status).toBe('Completed')
    expect(serving.host.runs.map(({ executionId }) => executionId)).toEqual([id])
    expect((await waiting.engine.crons.list({ limit: 9, offset: 0, enabledOnly: false }))[0]?.lastRunAt).toBeNull()
  })
})

it('goes on after an execution that the database refused', async () => {
  await using running = await RunningEngine.start({ isIdle: true, workflows: [demo] })
  await running.engine.enter()

  await expect(running.engine.execute('dmeo', '{}')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
  const asked = running.engine.execute('demo', '{}')
  await settle()

  expect((await asked).status).toBe('Completed')
})
