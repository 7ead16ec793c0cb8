/** Executions that an engine with newer code of their workflow takes over. */

import { expect, it } from 'vitest'
import { begun } from '../../support/begun-execution.ts'
import { type TaskParts, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { completed, failed, untilStopped } from '../../support/fake-host.ts'
import { type EngineParts, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

/** Stops an engine before `write` enters Python, and continues with code in which `write` depends on `read`. */
async function continuedWith(write: TaskParts, python: NonNullable<EngineParts['python']>) {
  const clock = new FakeClock()
  const store = await openMemoryStore(clock)
  const older = await RunningEngine.start({
    clock,
    store,
    workflows: [workflow('etl', { read: {}, write: {} })],
    python: (host) => host.task('read', untilStopped).task('write', untilStopped),
  })
  const { id, ended } = await begun(older)
  ended.catch(() => undefined)
  await older.engine.stop({ graceMs: 0 })

  const newer = await RunningEngine.start({
    clock,
    store,
    workflows: [workflow('etl', { read: {}, write: { after: ['read'], ...write } })],
    python,
  })
  await clock.advance(10_000)
  const execution = await newer.engine.getExecution(id)
  await newer.engine.stop({ graceMs: 0 })
  await store.close()
  return { execution, runs: newer.host.runs }
}

it('starts a task that was taken back after the dependencies of the newer code, with their outputs', async () => {
  const { execution, runs } = await continuedWith({}, (host) =>
    host.task('read', () => host.after(1_000, completed('{"rows":3}'))),
  )

  expect(runs.map(({ taskId, inputText }) => [taskId, inputText])).toEqual([
    ['read', '{"n":1}'],
    ['write', '{"rows":3}'],
  ])
  expect(execution).toMatchObject({ status: 'Completed' })
})

it('skips a task that was taken back if the rule of the newer code is unmet', async () => {
  const { execution, runs } = await continuedWith({ rule: { type: 'TaskSuccess', taskName: 'read' } }, (host) =>
    host.task('read', () => failed('no such file')),
  )

  expect(runs.map(({ taskId }) => taskId)).toEqual(['read'])
  expect(execution?.tasks).toMatchObject([
    { taskId: 'read', status: 'Failed' },
    { taskId: 'write', status: 'Skipped' },
  ])
})
