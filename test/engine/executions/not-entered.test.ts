/** An engine without an interpreter: what was not entered does not count, and a stop does not wait for it. */

import { expect, it } from 'vitest'
import { trigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { untilStopped } from '../../support/fake-host.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

it('stops at once, and leaves the task as if it had never been begun and the poll as if it had not been made', async () => {
  const clock = new FakeClock()
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
