/** Child executions: results, slots, parking, depth, cancel, take-over, drain. */

import { describe, expect, it, vi } from 'vitest'
import type { ChildEnd, Parked, TaskRequest, TimeLimit } from '../../../src/engine/ports.ts'
import type { AttemptOutcome } from '../../../src/model/execution.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const PARENT = workflow('order', { pay: {} })
const CHILD = workflow('billing', { bill: {} })
const NO_LIMIT: TimeLimit = { suspend: () => () => undefined }
const PARK_MS = 60_000

/** Runs "billing" once, and returns its end as the output, or as a parked attempt. */
function running(ends: ChildEnd[] = [], key = 'bill', workflow = 'billing') {
  return async ({ memory }: TaskRequest): Promise<AttemptOutcome | Parked> => {
    const end = await memory.runChild({ workflow, inputText: '{"n":1.0}', key }, NO_LIMIT)
    ends.push(end)
    if (end.kind === 'parked') return end
    return completed(JSON.stringify({ child: end.child.status, context: end.child.contextText }))
  }
}

const start = (python: (host: FakeHost) => void, maxConcurrentTasks = 4) =>
  RunningEngine.start({ workflows: [PARENT, CHILD], python, config: { maxConcurrentTasks, parkMs: PARK_MS } })

describe('a child execution', () => {
  it('starts once with the given context, and returns its result to the task', async () => {
    await using engine = await start((host) =>
      host.task('pay', running()).task('bill', ({ inputText }) => completed(`{"billed":${inputText}}`)),
    )

    const execution = await engine.engine.execute('order', '{}')

    expect(JSON.parse(execution.finalText ?? '')).toEqual({ child: 'Completed', context: '{"billed":{"n":1.0}}' })
    const [child] = await engine.engine.services.executions.children(execution.id)
    expect(child).toMatchObject({ taskId: 'pay', key: 'bill', workflow: 'billing' })
    expect(await engine.engine.services.executions.get(child?.executionId ?? '')).toMatchObject({
      origin: { kind: 'child', parent: execution.id, task: 'pay' },
    })
  })

  it('is marked as a child in the settlement of its end, with which the store locks its parents', async () => {
    await using engine = await start((host) => host.task('pay', running()).task('bill', () => completed('{}')))
    const settle = vi.spyOn(engine.store, 'settle')

    await engine.engine.execute('order', '{}')

    const ends = settle.mock.calls.map(([settlement]) => settlement).filter(({ end }) => end !== null)
    expect(ends.map(({ isChild }) => isChild)).toEqual([true, undefined])
  })

  it('that failed does not fail the task', async () => {
    await using engine = await start((host) => host.task('pay', running()).task('bill', () => failed('no money')))

    const execution = await engine.engine.execute('order', '{}')

    expect(execution.status).toBe('Completed')
    expect(JSON.parse(execution.finalText ?? '')).toMatchObject({ child: 'Failed' })
  })

  it('runs with the only slot, which its parent takes again before it continues', async () => {
    const held: boolean[] = []
    await using engine = await start((host) => {
      host.task('bill', () => host.after(1_000, completed('{}')))
      host.task('pay', async (request) => {
        const outcome = await running()(request)
        held.push((request.slot as unknown as { readonly isHeld: boolean }).isHeld)
        return outcome
      })
    }, 1)

    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(1_000)

    expect((await ended).status).toBe('Completed')
    expect(held).toEqual([true])
  })

  it('is known to the retry of its parent, which does not start it again', async () => {
    let isFirst = true
    await using engine = await start((host) =>
      host.task('pay', async (request) => {
        const outcome = await running()(request)
        if (!isFirst) return outcome
        isFirst = false
        return failed('after the child')
      }),
    )

    const { id } = await engine.engine.execute('order', '{}')
    const retried = await engine.engine.services.executions.retry(id)
    await settle()

    expect((await engine.engine.services.executions.get(retried)).status).toBe('Completed')
    expect(engine.host.runsOf('bill')).toHaveLength(1)
  })

  it('cannot have more than 16 executions above it', async () => {
    const errors: string[] = []
    await using engine = await RunningEngine.start({
      workflows: [PARENT],
      python: (host) =>
        host.task('pay', async (request) => {
          try {
            return await running([], 'again', 'order')(request)
          } catch (thrown) {
            errors.push((thrown as { readonly code: string }).code)
            return completed('{}')
          }
        }),
    })

    await engine.engine.execute('order', '{}')

    expect(errors).toEqual(['CHILDREN_TOO_DEEP'])
    expect(engine.host.runsOf('pay')).toHaveLength(17)
  })

  it.each([
    ['an unknown workflow', 'WORKFLOW_NOT_FOUND', running([], 'bill', 'bilding')],
    [
      'a key of another workflow',
      'KEY_REUSED',
      async (request: TaskRequest) => {
        await running()(request)
        return await running([], 'bill', 'order')(request)
      },
    ],
  ])('is refused for %s', async (_, code, body) => {
    const codes: string[] = []
    await using engine = await start((host) =>
      host.task('pay', async (request) => {
        try {
          return await body(request)
        } catch (thrown) {
          codes.push((thrown as { readonly code: string }).code)
          return completed('{}')
        }
      }),
    )

    await engine.engine.execute('order', '{}')

    expect(codes).toEqual([code])
  })
})

describe('a parent that waits longer than the time to park', () => {
  const LONG_MS = PARK_MS + 5_000

  it('ends its attempt without counting it, waits without an owner, and starts again after the child', async () => {
    const ends: ChildEnd[] = []
    await using engine = await start((host) =>
      host.task('pay', running(ends)).task('bill', () => host.after(LONG_MS, completed('{"billed":true}'))),
    )
    const parked = engine.record('taskParked')

    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(PARK_MS)

    expect(ends).toEqual([{ kind: 'parked' }])
    expect(parked).toHaveLength(1)
    const [row] = await engine.store.listExecutions({ limit: 1, offset: 0, workflow: 'order' })
    const { id } = row ?? { id: '' }
    const execution = await engine.store.getExecution(id)
    expect(execution?.tasks).toMatchObject([{ taskId: 'pay', status: 'Waiting', attempts: 0 }])
    expect(await engine.store.listAttempts(id)).toEqual([])
    expect((await engine.engine.services.executions.get(id)).waitingFor).toMatchObject({
      kind: 'child',
      executionId: parked[0]?.childId,
    })
    expect(engine.engine.health).toBeDefined()

    await engine.clock.advance(LONG_MS - PARK_MS)

    const { status, finalText, tasks } = await ended
    expect([status, JSON.parse(finalText ?? '')]).toEqual([
      'Completed',
      { child: 'Completed', context: '{"billed":true}' },
    ])
    expect(tasks).toMatchObject([{ attempts: 1 }])
    expect(engine.host.runsOf('bill')).toHaveLength(1)
  })

  it('keeps its execution while another task runs, and continues it there', async () => {
    await using engine = await RunningEngine.start({
      workflows: [workflow('order', { pay: {}, long: {} }), CHILD],
      config: { parkMs: PARK_MS },
      python: (host) =>
        host
          .task('pay', running())
          .task('long', () => host.after(2 * LONG_MS, completed('{}')))
          .task('bill', () => host.after(LONG_MS, completed('{}'))),
    })
    const started = engine.record('executionStarted')

    const ended = engine.engine.execute('order', '{}')
    await engine.clock.advance(LONG_MS)
    expect(engine.host.runsOf('pay')).toHaveLength(2)
    await engine.clock.advance(LONG_MS)

    expect((await ended).status).toBe('Completed')
    expect(started.filter(({ workflow }) => workflow === 'order')).toHaveLength(1)
  })

  it('is continued by another engine after its own has stopped', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const first = await RunningEngine.start({
      ...{ workflows: [PARENT, CHILD], store, clock },
      python: (host) => host.task('pay', running()).task('bill', () => host.after(LONG_MS, completed('{}'))),
    })
    const id = await first.engine.submit('order', '{}')
    await clock.advance(PARK_MS)
    await first.engine.stop({ graceMs: 0 })

    const second = await RunningEngine.start({
      ...{ workflows: [PARENT, CHILD], store, clock },
      python: (host) => host.task('pay', running()),
    })
    await settle()
    await clock.advance(1_000)

    expect(await second.engine.services.executions.get(id)).toMatchObject({ status: 'Completed' })
    await second.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('does not wait for the end of its grace when the engine stops', async () => {
    const ends: ChildEnd[] = []
    await using engine = await start((host) =>
      host.task('pay', running(ends)).task('bill', () => host.after(1_000, completed('{}'))),
    )
    const id = await engine.engine.submit('order', '{}')
    await settle()

    const stopped = engine.engine.stop({ graceMs: 600_000 })
    await engine.clock.advance(1_000)
    await stopped

    expect(ends).toEqual([{ kind: 'parked' }])
    expect((await engine.store.getExecution(id))?.tasks).toMatchObject([{ status: 'Waiting' }])
  })
})

describe('the cancel of a parent', () => {
  it('cancels the child for which a running task waits', async () => {
    await using engine = await start((host) =>
      host
        .task('pay', (request) => {
          void running()(request).catch(() => undefined)
          return host.untilCancelled(request)
        })
        .task('bill', (request) => host.untilCancelled(request)),
    )
    const id = await engine.engine.submit('order', '{}')
    await settle()

    await engine.engine.services.executions.cancel(id)
    await settle()

    const [child] = await engine.engine.services.executions.children(id)
    expect(await engine.engine.services.executions.get(child?.executionId ?? '')).toMatchObject({
      status: 'Cancelled',
      errorMessage: 'cancelled: the execution that waits for it was cancelled',
    })
  })

  it('cancels the child for which a parked task waits', async () => {
    await using engine = await start((host) =>
      host.task('pay', running()).task('bill', (request) => host.untilCancelled(request)),
    )
    const id = await engine.engine.submit('order', '{}')
    await engine.clock.advance(PARK_MS)

    await engine.engine.services.executions.cancel(id)
    await settle()

    const [child] = await engine.engine.services.executions.children(id)
    expect((await engine.engine.services.executions.get(id)).status).toBe('Cancelled')
    expect((await engine.engine.services.executions.get(child?.executionId ?? '')).status).toBe('Cancelled')
  })

  it('leaves a child of a task that has completed', async () => {
    await using engine = await RunningEngine.start({
      workflows: [workflow('order', { pay: {}, wait: { after: ['pay'] } }), CHILD],
      config: { parkMs: 0 },
      python: (host) =>
        host
          .task('pay', async (request) => {
            await running()(request)
            return completed('{}')
          })
          .task('wait', (request) => host.untilCancelled(request))
          .task('bill', (request) => host.untilCancelled(request)),
    })
    const id = await engine.engine.submit('order', '{}')
    await engine.clock.advance(1)

    await engine.engine.services.executions.cancel(id)
    await settle()

    const [child] = await engine.engine.services.executions.children(id)
    expect((await engine.engine.services.executions.get(child?.executionId ?? '')).status).toBe('Running')
  })
})
