/** Starts with a key: of equal calls, the first starts an execution, and the others return it. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import { StoreError, UsageError } from '../../../src/errors.ts'
import { workflow } from '../../support/declared.ts'
import { completed, failed } from '../../support/fake-host.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { continueAfter, SeparateProcesses, TAKE_OVER_MS } from '../separate-processes.ts'

const BILL = workflow('bill', { charge: {} })
const KEY = { key: 'invoice-7' }

describe('a start with a key', () => {
  it('runs the workflow once, and returns the execution that was started first, also if that one failed', {
    tags: ['proof'],
  }, async () => {
    await using running = await RunningEngine.start({
      workflows: [BILL],
      python: (host) => host.task('charge', () => failed('the card was declined')),
    })

    const first = await running.engine.execute('bill', '{"amount":7}', KEY)
    const again = await running.engine.execute('bill', '{"amount":7}', KEY)
    const submitted = await running.engine.startExecution(BILL, '{"amount":7}', { key: KEY.key })

    expect(first.status).toBe('Failed')
    expect(again).toEqual(await running.store.getExecution(first.id))
    expect(submitted).toEqual({ id: first.id, isReplayed: true })
    expect(running.host.runs).toHaveLength(1)
  })

  it('compares inputs as JSON without the order of keys, but with the exact text of numbers', async () => {
    await using running = await RunningEngine.start({ workflows: [BILL] })
    const { id } = await running.engine.execute('bill', '{"a":1,"b":{"x":[1.0],"y":"\\u00e4"}}', KEY)

    const equal = await running.engine.startExecution(BILL, ' { "b" : {"y":"ä","x":[1.0]}, "a" : 1 } ', {
      key: KEY.key,
    })
    expect(equal).toEqual({ id, isReplayed: true })

    for (const other of ['{"a":1,"b":{"x":[1],"y":"ä"}}', '{"a":1.0,"b":{"x":[1.0],"y":"ä"}}', '{"a":1}', '{}']) {
      const refused = running.engine.startExecution(BILL, other, { key: KEY.key })
      await expect(refused).rejects.toBeInstanceOf(UsageError)
      await expect(refused).rejects.toMatchObject({ code: 'KEY_REUSED', facts: { workflow: 'bill', executionId: id } })
      await expect(running.engine.execute('bill', other, KEY)).rejects.toMatchObject({ code: 'KEY_REUSED' })
    }
    expect(running.host.runs).toHaveLength(1)
  })

  it('starts one execution for simultaneous calls, which all wait for its end', { tags: ['proof'] }, async () => {
    await using running = await RunningEngine.start({
      workflows: [BILL],
      python: (host) => host.task('charge', () => host.after(5_000, completed('{"paid":true}'))),
    })

    const calls = Array.from({ length: 20 }, () => running.engine.execute('bill', '{}', KEY))
    await running.clock.advance(5_000)

    const ended = await Promise.all(calls)
    expect(new Set(ended.map(({ id }) => id)).size).toBe(1)
    expect(ended.map(({ finalText }) => finalText)).toEqual(calls.map(() => '{"paid":true}'))
    expect(running.host.runs).toHaveLength(1)
  })

  it('is of one workflow: another workflow can have the same key', async () => {
    const refund = workflow('refund', { pay: {} })
    await using running = await RunningEngine.start({ workflows: [BILL, refund] })

    const [first, other] = [
      await running.engine.execute('bill', '{}', KEY),
      await running.engine.execute('refund', '{"other":1}', KEY),
    ]

    expect(other.id).not.toBe(first.id)
    expect(running.host.runs.map(({ taskId }) => taskId)).toEqual(['charge', 'pay'])
  })

  it('ends the wait of a call at its own time limit, and no other wait for the same execution', async () => {
    await using running = await RunningEngine.start({
      workflows: [BILL],
      python: (host) => host.task('charge', () => host.after(60_000, completed('{}'))),
    })
    const patient = running.engine.execute('bill', '{}', KEY)
    const impatient = running.engine.execute('bill', '{}', { ...KEY, timeoutMs: 1_000 })
    impatient.catch(() => undefined)
    await running.clock.advance(1_000)
    await expect(impatient).rejects.toMatchObject({ code: 'EXECUTION_TIMEOUT' })

    const later = running.engine.services.executions.wait((await running.store.listExecutions(FIRST_PAGE))[0]?.id ?? '')
    await running.clock.advance(59_000)
    expect((await patient).status).toBe('Completed')
    expect((await later).status).toBe('Completed')
  })

  it('rejects a waiting call if the execution of the key was removed, and starts nothing', async () => {
    await using running = await RunningEngine.start({ workflows: [BILL] })
    const { id } = await running.engine.execute('bill', '{}', KEY)
    await running.clock.advance(1_000)
    const pruned = running.engine.services.executions.prune({ olderThanMs: 0 })
    await running.clock.advance(1_000)
    expect(await pruned).toBe(1)

    const call = running.engine.execute('bill', '{}', KEY)
    await expect(call).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND', facts: { executionId: id } })
    expect(await running.engine.startExecution(BILL, '{}', { key: KEY.key })).toEqual({ id, isReplayed: true })
    expect(await running.store.listExecutions(FIRST_PAGE)).toEqual([])
  })

  it('compares inputs as they were given, and does not check the input of a known key again', async () => {
    let checks = 0
    await using running = await RunningEngine.start({
      workflows: [BILL],
      checkInput: async () => {
        checks += 1
        if (checks > 1) throw new UsageError('INVALID_CONTEXT', 'The new version accepts nothing.')
        return '{"amount":7,"checkedAt":1}'
      },
    })

    const first = await running.engine.execute('bill', '{"amount":7}', KEY)
    const again = await running.engine.execute('bill', '{"amount":7}', KEY)

    expect(first.finalText).toBe('{"amount":7,"checkedAt":1}')
    expect(again.id).toBe(first.id)
    await expect(running.engine.execute('bill', first.finalText ?? '', KEY)).rejects.toMatchObject({
      code: 'KEY_REUSED',
    })
    await expect(running.engine.execute('bill', '{}', { key: 'other' })).rejects.toMatchObject({
      code: 'INVALID_CONTEXT',
    })
    expect(await running.store.findStartKey('bill', 'other')).toBeNull()
  })

  it('can be repeated if its answer was lost after the commit', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const losing: Store = {
      ...store,
      createExecutionOnce: async (creation) => {
        await store.createExecutionOnce(creation)
        throw new StoreError('DATABASE_FAILED', 'The connection was lost.')
      },
    }
    {
      await using client = await RunningEngine.start({ clock, store: losing, workflows: [BILL], isIdle: true })
      const lost = client.engine.startExecution(BILL, '{}', { key: KEY.key })
      await expect(lost).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    }
    await using running = await RunningEngine.start({ clock, store, workflows: [BILL] })

    const execution = await running.engine.execute('bill', '{}', KEY)

    expect(execution.status).toBe('Completed')
    expect(running.host.runs.map(({ executionId }) => executionId)).toEqual([execution.id])
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('lends the slot of a calling task, so that two tasks can wait for one execution with a single slot', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('outer', { one: {}, other: {} }), BILL],
      config: { maxConcurrentTasks: 1 },
      python: (host) => {
        for (const id of ['one', 'other']) {
          host.task(id, async ({ slot }) => {
            return completed(
              `{"id":"${(await running.engine.execute('bill', '{}', { ...KEY, callerSlot: slot })).id}"}`,
            )
          })
        }
        host.task('charge', () => host.after(1_000, completed('{}')))
      },
    })

    const ended = running.engine.execute('outer', '{}')
    await running.clock.advance(2_000)

    expect((await ended).status).toBe('Completed')
    expect(running.host.runsOf('charge')).toHaveLength(1)
    expect(running.engine.health.gauges().freeSlots).toBe(1)
  })

  it('rejects calls that wait, or are about to wait, if the engine stops', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const refusals = new Refusals()
    await using running = await RunningEngine.start({
      ...{ clock, store: refusals.of(store), workflows: [BILL] },
      python: (host) => host.task('charge', () => host.after(60_000, completed('{}'))),
    })
    const waiting = running.engine.execute('bill', '{}', KEY)
    await settle()
    const release = refusals.hold('getExecution')
    const late = running.engine.execute('bill', '{}', KEY)
    await settle()
    const ends = Promise.allSettled([waiting, late])
    const stopping = running.engine.stop({ graceMs: 0 })
    await settle()
    release()

    await stopping
    for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'RUNNER_CLOSED' } })
    await expect(running.engine.execute('bill', '{}', KEY)).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
    await store.close()
  })

  it('does not search for an execution that has ended before the call', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    let searches = 0
    const counting: Store = {
      ...store,
      acquireExecutions: (acquisition) => {
        searches += 1
        return store.acquireExecutions(acquisition)
      },
    }
    await using running = await RunningEngine.start({ clock, store: counting, workflows: [BILL], isIdle: true })
    await running.engine.enter()
    await running.engine.execute('bill', '{}', KEY)
    await running.engine.execute('bill', '{}', KEY)
    await settle()
    const before = searches

    await clock.advance(60_000)

    expect(searches).toBe(before)
    await running.engine.stop({ graceMs: 0 })
    await store.close()
  })
})

describe('a start with a key in several engines', { tags: ['proof'] }, () => {
  it('starts one execution for simultaneous calls, and each engine returns its result', async () => {
    await using processes = new SeparateProcesses()
    const engines = [await processes.start({ workflows: [BILL] }), await processes.start({ workflows: [BILL] })]

    const calls = engines.flatMap(({ engine }) => [1, 2, 3].map(() => engine.execute('bill', '{"n":1}', KEY)))
    const ended = Promise.all(calls)
    for (let round = 0; round < 40; round++) for (const { clock } of engines) await clock.advance(50)

    expect(new Set((await ended).map(({ id }) => id)).size).toBe(1)
    expect(engines.flatMap(({ host }) => host.runs)).toHaveLength(1)
  })

  it('takes over the execution of an engine that died, also if the waiting engine serves nothing else', async () => {
    await using processes = new SeparateProcesses()
    const died = await processes.start({
      workflows: [BILL],
      python: (host) => host.task('charge', (request) => host.untilCancelled(request)),
    })
    const first = died.engine.execute('bill', '{}', KEY)
    first.catch(() => undefined)
    await died.clock.advance(1_000)
    expect(died.host.runs).toHaveLength(1)

    const next = await processes.start({ workflows: [BILL], isIdle: true })
    await next.engine.enter()
    const again = next.engine.execute('bill', '{}', KEY)
    await next.clock.advance(TAKE_OVER_MS)

    const execution = await again
    expect(execution.status).toBe('Completed')
    expect(next.host.runs.map(({ executionId }) => executionId)).toEqual([execution.id])
    await continueAfter(died, TAKE_OVER_MS)
    expect((await first).id).toBe(execution.id)
  })
})
