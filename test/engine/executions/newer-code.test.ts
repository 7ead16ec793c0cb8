/** Executions that an engine with newer code of their workflow takes over. */

import { describe, expect, it } from 'vitest'
import { begun } from '../../support/begun-execution.ts'
import { type TaskParts, workflow } from '../../support/declared.ts'
import { completed, failed, untilStopped } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type EngineParts, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

type Tasks = Readonly<Record<string, TaskParts>>

/** Stops an engine before its tasks enter Python, and continues with newer code. */
async function continued(olderTasks: Tasks, newerTasks: Tasks, python: NonNullable<EngineParts['python']>) {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const older = await RunningEngine.start({
    clock,
    store,
    workflows: [workflow('etl', olderTasks)],
    python: (host) => host.task('read', untilStopped).task('write', untilStopped),
  })
  const { id, ended } = await begun(older)
  ended.catch(() => undefined)
  await older.engine.stop({ graceMs: 0 })

  const newer = await RunningEngine.start({
    clock,
    store,
    workflows: [workflow('etl', newerTasks)],
    python,
  })
  await clock.advance(10_000)
  const execution = await newer.store.getExecution(id)
  const shownInput = await newer.engine.services.executions.taskInputText(id, 'write')
  await newer.engine.stop({ graceMs: 0 })
  await store.close()
  return { execution, shownInput, runs: newer.host.runs.map(({ taskId, inputText }) => [taskId, inputText]) }
}

/** Continues with code in which `write` depends on `read`. */
async function continuedWith(write: TaskParts, python: NonNullable<EngineParts['python']>) {
  return await continued({ read: {}, write: {} }, { read: {}, write: { after: ['read'], ...write } }, python)
}

it('starts an interrupted task after its dependencies in the newer code, with their outputs as input', async () => {
  const { execution, runs } = await continuedWith({}, (host) =>
    host.task('read', () => host.after(1_000, completed('{"rows":3}'))),
  )

  expect(runs).toEqual([
    ['read', '{"n":1}'],
    ['write', '{"rows":3}'],
  ])
  expect(execution).toMatchObject({ status: 'Completed' })
})

it('skips an interrupted task if its rule in the newer code is not met', async () => {
  const { execution, runs } = await continuedWith({ rule: { type: 'TaskSuccess', taskName: 'read' } }, (host) =>
    host.task('read', () => failed('no such file')),
  )

  expect(runs).toEqual([['read', '{"n":1}']])
  expect(execution?.tasks).toMatchObject([
    { taskId: 'read', status: 'Failed' },
    { taskId: 'write', status: 'Skipped' },
  ])
})

describe('a task before which newer code adds a task', () => {
  it('gets the input of the execution if it has no other dependency', async () => {
    const { execution, runs, shownInput } = await continued(
      { write: {} },
      { check: {}, write: { after: ['check'] } },
      (host) => host.task('write', () => completed('{"rows":3}')),
    )

    expect(runs).toEqual([['write', '{"n":1}']])
    expect(shownInput).toBe('{"n":1}')
    expect(execution).toMatchObject({ status: 'Completed' })
  })

  it('starts after the dependencies of the added tasks, with their outputs as input', async () => {
    const { execution, runs, shownInput } = await continued(
      { read: {}, write: { after: ['read'] } },
      { read: {}, check: { after: ['read'] }, sort: { after: ['check', 'read'] }, write: { after: ['sort'] } },
      (host) =>
        host
          .task('read', () => host.after(1_000, completed('{"rows":3}')))
          .task('write', () => completed('{"rows":4}')),
    )

    expect(runs).toEqual([
      ['read', '{"n":1}'],
      ['write', '{"rows":3}'],
    ])
    expect(shownInput).toBe('{"rows":3}')
    expect(execution).toMatchObject({ status: 'Completed' })
  })
})
