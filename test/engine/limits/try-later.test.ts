/** Attempts that end with `TryLater`: their numbers are used again, and they may close the slots of a limit. */

import { expect, it } from 'vitest'
import type { TriedLater } from '../../../src/engine/ports.ts'
import { limit, retrying, workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const tryLater = (delayMs: number, name: string | null = null): TriedLater => ({
  kind: 'tryLater',
  delayMs,
  limit: name,
})

/** Makes the first attempts of a task end with `TryLater`. */
function later(taskId: string, times: number, answer: TriedLater): (host: FakeHost) => void {
  return (host) => {
    let calls = 0
    host.task(taskId, () => {
      calls += 1
      return calls <= times ? answer : completed('{}')
    })
  }
}

it('begins a task again after the delay, with the same number of the attempt, and without a failure', async () => {
  await using running = await RunningEngine.start({
    workflows: [workflow('w', { a: {} })],
    python: later('a', 2, tryLater(30_000)),
  })
  const [tried, retried] = [running.record('taskTriesLater'), running.record('taskRetried')]
  const ended = running.engine.execute('w', '{}')
  await running.clock.advance(61_000)

  const execution = await ended
  const [first, second, third] = running.host.runs
  expect(execution.tasks[0]).toMatchObject({ status: 'Completed', attempts: 1, triesLater: 2 })
  expect([first?.attempt, second?.attempt, third?.attempt]).toEqual([1, 1, 1])
  expect([Number(second?.at) - Number(first?.at), Number(third?.at) - Number(second?.at)]).toEqual([30_000, 30_000])
  expect([tried.length, retried.length]).toEqual([2, 0])
  expect(tried[0]).toMatchObject({ taskId: 'a', attempt: 1, delayMs: 30_000, limit: null })
  expect(await running.store.listAttempts(execution.id)).toHaveLength(1)
})

it('fails a task that tries later more often than the setting allows', async () => {
  await using running = await RunningEngine.start({
    ...{ workflows: [workflow('w', { a: {} })], config: { triesLater: 3 } },
    python: later('a', 100, tryLater(10)),
  })
  const ended = running.engine.execute('w', '{}')
  await running.clock.advance(1_000)

  const [task] = (await ended).tasks
  expect(running.host.runs).toHaveLength(4)
  expect(task).toMatchObject({ status: 'Failed', error: { type: 'TryLater' } })
  expect(task?.error?.message).toContain('limits.try-later')
})

it('allows 100 times by default', async () => {
  await using running = await RunningEngine.start({
    workflows: [workflow('w', { a: {} })],
    python: later('a', 1_000, tryLater(0)),
  })
  const ended = running.engine.execute('w', '{}')
  await running.clock.advance(1_000)

  expect((await ended).status).toBe('Failed')
  expect(running.host.runs).toHaveLength(101)
})

it('closes the slots of the value for the delay, and no others', async () => {
  const push = workflow('push', { push: { limits: ['crm'] } })
  await using running = await RunningEngine.start({
    ...{ workflows: [push], limits: [limit('crm', { maxActive: 5, per: 'tenant' })] },
    python: later('push', 1, tryLater(20_000, 'crm')),
  })
  const begin = running.clock.now()
  await running.engine.submit('push', '{"tenant":1}')
  await running.clock.advance(100)
  await running.engine.submit('push', '{"tenant":1,"second":true}')
  await running.engine.submit('push', '{"tenant":2}')
  await running.clock.advance(19_000)
  const early = running.host.runs.map(({ inputText }) => inputText)
  await running.clock.advance(3_000)

  expect(early).toEqual(['{"tenant":1}', '{"tenant":2}'])
  expect(running.host.runs).toHaveLength(4)
  expect(running.host.runs.slice(2).every(({ at }) => at - begin >= 20_000)).toBe(true)
})

it('fails a task that closes a limit which the task does not have, without a retry', async () => {
  await using running = await RunningEngine.start({
    ...{ workflows: [workflow('w', { a: { retry: retrying(2) } })], limits: [limit('crm', { maxActive: 1 })] },
    python: later('a', 1, tryLater(10, 'crm')),
  })
  const { tasks } = await running.engine.execute('w', '{}')

  const error = { type: 'ValueError', message: 'limit "crm" is not a limit of task "a"' }
  expect(tasks).toMatchObject([{ attempts: 1, error }])
})

it('gives the slot back during the delay', async () => {
  const push = workflow('push', { push: { limits: ['crm'] } })
  await using running = await RunningEngine.start({
    ...{ workflows: [push], limits: [limit('crm', { maxActive: 1 })] },
    python: later('push', 1, tryLater(60_000)),
  })
  await running.engine.submit('push', '{"n":1}')
  await running.clock.advance(10)
  await running.engine.submit('push', '{"n":2}')
  await running.clock.advance(1_000)

  expect(running.host.runs.map(({ inputText }) => inputText)).toEqual(['{"n":1}', '{"n":2}'])
})

it('keeps the delay and the number of times if another engine continues the execution', async () => {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const begin = clock.now()
  const parts = { clock, store, workflows: [workflow('w', { a: {} })], config: { triesLater: 1 } }
  const python = later('a', 1_000, tryLater(60_000))
  let id = ''
  {
    await using first = await RunningEngine.start({ ...parts, python })
    id = await first.engine.submit('w', '{}')
    await clock.advance(1_000)
  }
  {
    await using second = await RunningEngine.start({ ...parts, python })
    await clock.advance(100_000)

    expect(second.host.runs.map(({ at }) => at - begin)).toEqual([60_000])
    expect((await store.getExecution(id))?.tasks[0]?.error?.type).toBe('TryLater')
  }
  await store.close()
})

it('cancels an execution during the delay', async () => {
  await using running = await RunningEngine.start({
    workflows: [workflow('w', { a: {} })],
    python: later('a', 1, tryLater(60_000)),
  })
  const id = await running.engine.submit('w', '{}')
  await running.clock.advance(10)
  await running.engine.services.executions.cancel(id)
  await running.clock.advance(100_000)

  expect((await running.store.getExecution(id))?.status).toBe('Cancelled')
  expect(running.host.runs).toHaveLength(1)
})
