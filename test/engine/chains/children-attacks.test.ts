/** Child executions in unusual orders: pauses, cancels, retries and removals while a parent waits. */

import { describe, expect, it } from 'vitest'
import type { Parked, TaskRequest, TimeLimit } from '../../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../../src/model/execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const NO_LIMIT: TimeLimit = { suspend: () => () => undefined }
const PARK_MS = 60_000
const LONG_MS = 2 * PARK_MS

/** Runs a child, and returns its status as the output. */
function running(child = 'billing', key = 'bill') {
  return async ({ memory }: TaskRequest): Promise<AttemptOutcome | Parked> => {
    const end = await memory.runChild({ workflow: child, inputText: '{}', key }, NO_LIMIT)
    return end.kind === 'parked' ? end : completed(JSON.stringify({ child: end.child.status }))
  }
}

const start = (python: (host: FakeHost) => void, config = {}) =>
  RunningEngine.start({
    workflows: [workflow('sale', { sell: {} }), workflow('order', { pay: {} }), workflow('billing', { bill: {} })],
    python,
    config: { maxConcurrentTasks: 1, parkMs: PARK_MS, ...config },
  })

const statuses = async ({ store }: RunningEngine) =>
  Object.fromEntries(
    (await store.listExecutions({ limit: 10, offset: 0 })).map((row) => [row.workflow, row.status] as const),
  )

describe('a child of a child', () => {
  it.each([
    ['in memory', 1_000],
    ['parked', LONG_MS],
  ])('runs with the only slot of the engine while its parents wait %s', async (_, durationMs) => {
    await using engine = await start((host) =>
      host
        .task('sell', running('order'))
        .task('pay', running())
        .task('bill', () => host.after(durationMs, completed('{}'))),
    )

    const ended = engine.engine.execute('sale', '{}')
    await engine.clock.advance(durationMs)
    await engine.clock.advance(1_000)

    expect(await ended).toMatchObject({ status: 'Completed', finalText: '{"child":"Completed"}' })
    expect(['sell', 'pay', 'bill'].map((task) => engine.host.runsOf(task).length)).toEqual(
      durationMs > PARK_MS ? [2, 2, 1] : [1, 1, 1],
    )
  })

  it.each([
    ['in memory', 1_000],
    ['parked', LONG_MS],
  ])('is cancelled with the first parent while both wait %s', async (_, waitedMs) => {
    await using engine = await start((host) =>
      host
        .task('sell', (request) => Promise.race([running('order')(request), host.untilCancelled(request)]))
        .task('pay', (request) => Promise.race([running()(request), host.untilCancelled(request)]))
        .task('bill', (request) => host.untilCancelled(request)),
    )
    const id = await engine.engine.submit('sale', '{}')
    await engine.clock.advance(waitedMs)

    await engine.engine.services.executions.cancel(id)
    await settle()

    expect(await statuses(engine)).toEqual({ sale: 'Cancelled', order: 'Cancelled', billing: 'Cancelled' })
  })
})

describe('a parent', () => {
  it.each([
    ['in memory', 1_000],
    ['parked', LONG_MS],
  ])('that is paused while it waits %s continues after its resume, with the result of its child', async (_, endsMs) => {
    await using engine = await start((host) =>
      host.task('pay', running()).task('bill', () => host.after(endsMs, completed('{}'))),
    )
    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(Math.min(endsMs, PARK_MS) / 2)
    const [row] = await engine.store.listExecutions({ limit: 1, offset: 0, workflow: 'order' })
    const id = row?.id ?? ''
    await engine.engine.services.executions.pause(id)
    await engine.clock.advance(endsMs)
    expect(await statuses(engine)).toMatchObject({ billing: 'Completed' })
    if (endsMs > PARK_MS) expect(await statuses(engine)).toMatchObject({ order: 'Paused' })

    if (endsMs > PARK_MS) await engine.engine.services.executions.resume(id)
    await settle()

    expect(await ended).toMatchObject({ status: 'Completed', finalText: '{"child":"Completed"}' })
  })

  it('continues once if its child ends at the time to park', async () => {
    await using engine = await start((host) =>
      host.task('pay', running()).task('bill', () => host.after(PARK_MS, completed('{}'))),
    )

    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(PARK_MS)
    await engine.clock.advance(1_000)

    expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ attempts: 1 }] })
    expect(engine.host.runsOf('bill')).toHaveLength(1)
  })

  it('waits for two children at the same time, and is started again after the first parked one', async () => {
    let number = 0
    await using engine = await start(
      (host) =>
        host
          .task('pay', async (request) => {
            const [one, other] = await Promise.all([running('billing', 'a')(request), running('billing', 'b')(request)])
            return one?.kind === 'parked' ? one : (other ?? one)
          })
          .task('bill', () => {
            number += 1
            return host.after(number === 1 ? LONG_MS : 1_000, completed('{}'))
          }),
      { maxConcurrentTasks: 2 },
    )

    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(LONG_MS)
    await engine.clock.advance(1_000)

    expect(await ended).toMatchObject({ status: 'Completed', tasks: [{ attempts: 1 }] })
    expect(engine.host.runsOf('bill')).toHaveLength(2)
    expect(engine.host.runsOf('pay')).toHaveLength(2)
  })

  it('gets the status of a child that was cancelled', async () => {
    await using engine = await start((host) =>
      host.task('pay', running()).task('bill', (request) => host.untilCancelled(request)),
    )
    const ended = engine.engine.execute('order', '{}')
    await settle()
    const [child] = await engine.store.listExecutions({ limit: 1, offset: 0, workflow: 'billing' })

    await engine.engine.services.executions.cancel(child?.id ?? '')

    expect(await ended).toMatchObject({ status: 'Completed', finalText: '{"child":"Cancelled"}' })
  })

  it('that failed while its child runs is retried with the same child', async () => {
    let isFirst = true
    await using engine = await start((host) =>
      host
        .task('pay', async (request) => {
          const run = running()(request)
          if (!isFirst) return await run
          isFirst = false
          run.catch(() => undefined)
          await settle()
          return failed('before the child has ended')
        })
        .task('bill', () => host.after(1_000, completed('{}'))),
    )
    const { id, status } = await engine.engine.execute('order', '{}')
    expect(status).toBe('Failed')

    const retried = await engine.engine.services.executions.retry(id)
    await engine.clock.advance(1_000)

    expect((await engine.engine.services.executions.get(retried)).status).toBe('Completed')
    expect(engine.host.runsOf('bill')).toHaveLength(1)
  })

  it('fails with the id of its child if the child was removed before the parent continued', async () => {
    const codes: unknown[] = []
    await using engine = await start((host) =>
      host
        .task('pay', async (request) => {
          try {
            return await running()(request)
          } catch (thrown) {
            codes.push((thrown as { readonly code: unknown }).code)
            return failed('removed')
          }
        })
        .task('bill', () => host.after(LONG_MS, completed('{}'))),
    )
    const id = await engine.engine.submit('order', '{}')
    await engine.clock.advance(PARK_MS)
    const { executions } = engine.engine.services
    await executions.pause(id)
    await engine.clock.advance(LONG_MS)
    const pruned = executions.prune({ olderThanMs: 0 })
    await settle()
    await engine.clock.advance(1_000)
    expect(await pruned).toBe(1)

    await executions.resume(id)
    await settle()

    expect([codes, (await executions.get(id)).status]).toEqual([['EXECUTION_NOT_FOUND'], 'Failed'])
  })
})
