/** Engine with a task and a poll that never entered Python, because no interpreter was free. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { untilStopped } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

it('stops immediately, and stores neither an attempt of the task nor a tick of the poll', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({
    clock,
    store,
    triggers: [trigger('inbox')],
    workflows: [workflow('demo', { work: {} })],
    python: (host) => host.task('work', untilStopped).trigger('inbox', untilStopped),
  })
  const id = await running.engine.submit('demo', '{}')
  await clock.advance(3_600_000)
  expect(running.host.runs).toHaveLength(1)
  expect(running.host.polls).toHaveLength(1)

  await running.engine.stop({ graceMs: 30_000 })

  const execution = await store.getExecution(id)
  expect(execution).toMatchObject({
    status: 'Running',
    tasks: [{ status: 'Ready', attempts: 0, recoveries: 0, error: null }],
  })
  expect(await store.listTicks('inbox', FIRST_PAGE)).toEqual([])
  await store.close()
})
