/** Pauses of executions whose task has a slot but has not entered Python: it does not enter before the resume. */

import { expect, it } from 'vitest'
import type { TaskRequest } from '../../../src/engine/ports.ts'
import { AT_ONCE, begun } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { completed } from '../../support/fake-host.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const DEMO = workflow('demo', { work: {} })

it('does not start a task of a paused execution whose start the database has refused before', async () => {
  const clock = new FakeClock()
  const refusals = new Refusals()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({ clock, store: refusals.of(store), workflows: [DEMO] })
  refusals.refuse('settle', 1)
  const { id, ended } = await begun(running, 'demo')

  const paused = running.engine.executions.pause(id, AT_ONCE)
  await clock.advance(60_000) // the start of the task is stored again
  expect(await paused).toEqual({ state: 'done' })
  expect(running.host.runs).toEqual([])
  await running.engine.executions.resume(id, AT_ONCE)

  expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ taskId: 'work', attempts: 1 }] })
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})

it('takes back a task that waits for its interpreter if its execution is paused, until the resume', async () => {
  const admittedAt: number[] = []
  await using running = await RunningEngine.start({
    workflows: [DEMO],
    python: (host) => host.task('work', (request) => admitted(request)),
  })
  /** An interpreter that lets the task in after 1 s, unless the task is taken back before. */
  const admitted = ({ inputText, stopping }: TaskRequest) =>
    new Promise<ReturnType<typeof completed> | { readonly kind: 'notEntered' }>((resolve) => {
      const timer = running.clock.wakeAfter(1_000, () => {
        admittedAt.push(running.clock.now())
        resolve(completed(inputText))
      })
      stopping?.addEventListener('abort', () => {
        timer.cancel()
        resolve({ kind: 'notEntered' })
      })
    })
  const { id, ended } = await begun(running, 'demo')

  await running.engine.executions.pause(id, AT_ONCE)
  await running.clock.advance(5_000)
  expect(admittedAt).toEqual([])
  await running.engine.executions.resume(id, AT_ONCE)
  await running.clock.advance(1_000)

  expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ taskId: 'work', attempts: 1 }] })
})
