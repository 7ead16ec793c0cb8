/** Pauses of executions whose task has a slot but has not entered Python: the task does not enter before the resume. */

import { expect, it } from 'vitest'
import type { TaskRequest } from '../../../src/engine/ports.ts'
import { AT_ONCE, begun } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const DEMO = workflow('demo', { work: {} })

it('does not run a task before the resume if its start could not be stored before the pause', async () => {
  const clock = new ManualClock()
  const refusals = new Refusals()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({ clock, store: refusals.of(store), workflows: [DEMO] })
  refusals.refuse('settle', 1)
  const { id, ended } = await begun(running, 'demo')

  const paused = running.engine.services.executions.pause(id, AT_ONCE)
  await clock.advance(60_000) // the engine stores the start of the task again
  expect(await paused).toEqual({ state: 'done' })
  expect(running.host.runs).toEqual([])
  await running.engine.services.executions.resume(id, AT_ONCE)

  expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ taskId: 'work', attempts: 1 }] })
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})

it('withdraws a task that waits for its interpreter during a pause, and runs it after the resume', async () => {
  const admittedAt: number[] = []
  await using running = await RunningEngine.start({
    workflows: [DEMO],
    python: (host) => host.task('work', (request) => admitted(request)),
  })
  /** Simulates an interpreter that admits the task after 1 s, unless the task is withdrawn before. */
  const admitted = ({ inputText, stopping }: TaskRequest) =>
    new Promise<ReturnType<typeof completed> | { readonly kind: 'notStarted' }>((resolve) => {
      const timer = running.clock.wakeAfter(1_000, () => {
        admittedAt.push(running.clock.now())
        resolve(completed(inputText))
      })
      stopping?.addEventListener('abort', () => {
        timer.cancel()
        resolve({ kind: 'notStarted' })
      })
    })
  const { id, ended } = await begun(running, 'demo')

  await running.engine.services.executions.pause(id, AT_ONCE)
  await running.clock.advance(5_000)
  expect(admittedAt).toEqual([])
  await running.engine.services.executions.resume(id, AT_ONCE)
  await running.clock.advance(1_000)

  expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ taskId: 'work', attempts: 1 }] })
})
