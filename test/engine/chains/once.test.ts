/** Stored results of tasks: attempts, take-overs, and retries of executions. */

import { describe, expect, it } from 'vitest'
import type { TaskRequest } from '../../../src/engine/ports.ts'
import { retrying, workflow } from '../../support/declared.ts'
import { completed, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const PAY = workflow('pay', {
  charge: { retry: retrying(2) },
  report: { after: ['charge'] },
})

/** Stores the number of the attempt under a name, and returns the stored number. */
async function numberOf({ memory, attempt }: TaskRequest, name = 'charge'): Promise<number> {
  return Number((await memory.findResult(name)) ?? (await memory.keepResult(name, String(attempt))))
}

/** Body of "charge", which records the stored numbers and fails while `hasToFail` returns true. */
function charging(numbers: number[], hasToFail: () => boolean) {
  return async (request: TaskRequest) => {
    numbers.push(await numberOf(request))
    return hasToFail() ? failed('later') : completed('{}')
  }
}

describe('a result that a task has stored', () => {
  it('is found by a later attempt, and not by another task or execution', { tags: ['proof'] }, async () => {
    const numbers: number[] = []
    const others: (string | null)[] = []
    await using running = await RunningEngine.start({
      workflows: [PAY],
      python: (host) =>
        host
          .task(
            'charge',
            charging(numbers, () => numbers.length === 1),
          )
          .task('report', async ({ memory }) => {
            others.push(await memory.findResult('charge'))
            return completed('{}')
          }),
    })

    await running.engine.execute('pay', '{}')
    expect(numbers).toEqual([1, 1])
    await running.engine.execute('pay', '{}')

    expect(numbers).toEqual([1, 1, 1])
    expect(others).toEqual([null, null])
  })

  it('is found after a take-over by another engine', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    await using store = await openShared(clock)
    const numbers: number[] = []
    const first = await RunningEngine.start({
      ...{ workflows: [PAY], store: store.store, clock },
      python: (host) =>
        host.task('charge', async (request) => {
          numbers.push(await numberOf(request))
          return await new Promise(() => {})
        }),
    })
    const id = await first.engine.submit('pay', '{}')
    await settle()
    await first.engine.stop({ graceMs: 0 })

    await using second = await RunningEngine.start({
      ...{ workflows: [PAY], store: store.store, clock },
      python: (host) =>
        host.task(
          'charge',
          charging(numbers, () => false),
        ),
    })
    await settle()

    expect(numbers).toEqual([1, 1])
    expect((await second.engine.services.executions.get(id)).status).toBe('Completed')
  })

  it.each([
    ['execution retry', {}, 1],
    ['retry with "from"', { from: 'charge' }, 2],
    ['retry with "all"', { all: true }, 2],
    ['retry with "from" and "keepOnce"', { from: 'charge', keepOnce: true }, 1],
    ['retry with "all" and "keepOnce"', { all: true, keepOnce: true }, 1],
  ])('after %s: %j', async (_, options, calls) => {
    let counted = 0
    let hasToFail = true
    await using running = await RunningEngine.start({
      workflows: [workflow('pay', { charge: {}, report: {} })],
      python: (host) =>
        host
          .task('charge', async ({ memory }) => {
            if ((await memory.findResult('charge')) === null) {
              counted += 1
              await memory.keepResult('charge', 'true')
            }
            return hasToFail ? failed('later') : completed('{}')
          })
          .task('report', () => completed('{}')),
    })
    const { id } = await running.engine.execute('pay', '{}')
    hasToFail = false

    const retried = await running.engine.services.executions.retry(id, options)
    await settle()

    expect((await running.engine.services.executions.get(retried)).status).toBe('Completed')
    expect(counted).toBe(calls)
  })

  it('refuses "keepOnce" without "from" or "all"', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('pay', { charge: {} })],
      python: (host) => host.task('charge', () => failed('later')),
    })
    const { id } = await running.engine.execute('pay', '{}')

    const retried = running.engine.services.executions.retry(id, { keepOnce: true })

    await expect(retried).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path: 'keepOnce' } })
  })

  it('has the same key in all attempts and retries, and another one for another name, task and execution', async () => {
    const keys: string[] = []
    await using running = await RunningEngine.start({
      workflows: [workflow('pay', { charge: { retry: retrying(2) } })],
      python: (host) =>
        host.task('charge', ({ memory }) => {
          keys.push(memory.keyOf('charge'))
          return failed('later')
        }),
    })

    const { id } = await running.engine.execute('pay', '{}')
    await running.engine.services.executions.retry(id, { all: true })
    await settle()
    await running.engine.execute('pay', '{}')

    expect(keys).toHaveLength(6)
    expect(new Set(keys.slice(0, 4)).size).toBe(1)
    expect(new Set(keys).size).toBe(2)
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/)
  })
})

async function openShared(clock: ManualClock) {
  const store = await openMemoryStore(clock)
  return { store, [Symbol.asyncDispose]: () => store.close() }
}
