/** Cancels of executions with running, queued or ended tasks: each execution ends once, after its last task. */

import { expect, it } from 'vitest'
import type { Executions } from '../../../src/engine/services/executions/execution-service.ts'
import { AT_ONCE, begun, statuses } from '../../support/begun-execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

/** Without a spread, so that the type check rejects unknown options. */
const WAIT: Parameters<Executions['cancel']>[1] = { source: 'node', answerWithinMs: 0, wait: true }

/** Sets the body of a task, which ends after `ms`, or as soon as its execution is cancelled without `wait`. */
function taskOf(host: FakeHost, id: string, ms: number, text: string): FakeHost {
  return host.task(id, (request) => Promise.race([host.after(ms, completed(text)), host.untilCancelled(request)]))
}

it('ends a cancelled execution after its running task if the rules of its waiting tasks are not met', async () => {
  const etl = workflow('etl', {
    read: {},
    write: { after: ['read'] },
    report: { after: ['write'], rule: { type: 'TaskSuccess', taskName: 'write' } },
  })
  await using running = await RunningEngine.start({
    workflows: [etl],
    python: (host) => taskOf(host, 'read', 1_000, '{"rows":3}'),
  })
  const { id, ended } = await begun(running)

  const cancelled = running.engine.services.executions.cancel(id, WAIT)
  await running.clock.advance(500)
  const whileReadRuns = await running.store.getExecution(id)
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
    python: (host) => taskOf(taskOf(host, 'first', 1_000, '{}'), 'second', 2_000, '{}'),
  })
  const { id } = await begun(running)

  const cancelled = running.engine.services.executions.cancel(id, WAIT)
  const { executions } = running.engine.services
  await Promise.allSettled([executions.pause(id, AT_ONCE), executions.resume(id, AT_ONCE)])
  await running.clock.advance(5_000)

  expect(await cancelled).toMatchObject({ state: 'cancelled' })
  const stored = await running.store.getExecution(id)
  expect(stored?.tasks.map(({ taskId, status, startedAt }) => [taskId, status, startedAt !== null])).toEqual([
    ['first', 'Completed', true],
    ['second', 'Completed', true],
    ['third', 'Cancelled', false],
  ])
})

it('reports the end of an execution once if a cancel arrives after a failed write of that end', {
  tags: ['proof'],
}, async () => {
  const clock = new ManualClock()
  const refusals = new Refusals()
  const store = await openMemoryStore(clock)
  const running = await RunningEngine.start({
    clock,
    store: refusals.of(store),
    workflows: [workflow('etl', { read: {} })],
    python: (host) => taskOf(host, 'read', 1_000, '{"rows":3}'),
  })
  const finished = running.record('executionFinished')
  const { id, ended } = await begun(running)
  refusals.refuse('settle', 1)
  await clock.advance(1_000)

  const cancelled = running.engine.services.executions.cancel(id, WAIT).catch((error: unknown) => error)
  await clock.advance(60_000)

  const answer = await cancelled
  expect(finished.map(({ status }) => status)).toEqual(['Completed'])
  expect(running.events.counters.workflows.of('etl').ended).toMatchObject({ Completed: 1, Cancelled: 0 })
  expect(answer).toMatchObject({ code: 'ACTION_REFUSED' })
  expect((await ended).status).toBe('Completed')
  await running.engine.stop({ graceMs: 0 })
  await store.close()
})
