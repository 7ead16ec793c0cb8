/** Cancels of executions whose tasks run, wait for a slot or have just ended: each ends once, after its last task. */

import { expect, it } from 'vitest'
import { AT_ONCE, begun, statuses } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { completed } from '../../support/fake-host.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const WAITS = { ...AT_ONCE, waits: true }

it('ends a cancelled execution after its running task, if the rules of its waiting tasks are unmet', async () => {
  const etl = workflow('etl', {
    read: {},
    write: { after: ['read'] },
    report: { after: ['write'], rule: { type: 'TaskSuccess', taskName: 'write' } },
  })
  await using running = await RunningEngine.start({
    workflows: [etl],
    python: (host) => host.task('read', () => host.after(1_000, completed('{"rows":3}'))),
  })
  const { id, ended } = await begun(running)

  const cancelled = running.engine.executions.cancel(id, WAITS)
  await running.clock.advance(500)
  const whileReadRuns = await running.engine.getExecution(id)
  await running.clock.advance(500)

  expect(whileReadRuns).toMatchObject({ status: 'Running', endedAt: null })
  expect(await cancelled).toMatchObject({ state: 'cancelled' })
  expect(await ended).toMatchObject({ status: 'Cancelled', finalText: '{"rows":3}' })
  expect(statuses(await ended)).toEqual({ read: 'Completed', write: 'Cancelled', report: 'Cancelled' })
})

it('does not start a cancelled task that waited for a slot, if its execution is then paused and resumed', async () => {
  await using running = await RunningEngine.start({
    workflows: [workflow('etl', { first: {}, second: {}, third: {} })],
    config: { maxConcurrentTasks: 2 },
    python: (host) =>
      host
        .task('first', () => host.after(1_000, completed('{}')))
        .task('second', () => host.after(2_000, completed('{}'))),
  })
  const { id } = await begun(running)

  const cancelled = running.engine.executions.cancel(id, WAITS)
  const { executions } = running.engine
  await Promise.allSettled([executions.pause(id, AT_ONCE), executions.resume(id, AT_ONCE)])
  await running.clock.advance(5_000)

  expect(await cancelled).toMatchObject({ state: 'cancelled' })
  const stored = await running.engine.getExecution(id)
  expect(stored?.tasks.map(({ taskId, status, startedAt }) => [taskId, status, startedAt !== null])).toEqual([
    ['first', 'Completed', true],
    ['second', 'Completed', true],
    ['third', 'Cancelled', false],
  ])
})

it('reports the end of an execution once, if it is cancelled after the database has refused its end', async () => {
  const clock = new FakeClock()
  const refusals = new Refusals()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({
    clock,
    store: refusals.of(store),
    workflows: [workflow('etl', { read: {} })],
    python: (host) => host.task('read', () => host.after(1_000, completed('{"rows":3}'))),
  })
  const finished = running.record('executionFinished')
  const { id, ended } = await begun(running)
  refusals.refuse('settle', 1)
  await clock.advance(1_000)

  const cancelled = running.engine.executions.cancel(id, WAITS).catch((error: unknown) => error)
  await clock.advance(60_000)

  const answer = await cancelled
  expect(finished.map(({ status }) => status)).toEqual(['Completed'])
  expect(running.events.counters.workflows.of('etl').ended).toMatchObject({ Completed: 1, Cancelled: 0 })
  expect(answer).toMatchObject({ code: 'ACTION_REFUSED' })
  expect((await ended).status).toBe('Completed')
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})
