/** Limits of tasks in engines with the real store: slots, rates, values of `per`, and the order of waiting tasks. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { limit, retrying, workflow } from '../../support/declared.ts'
import { completed, type FakeHost, failed } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'

const PUSH = workflow('push', { push: { limits: ['crm'] } })
const CRM = limit('crm', { maxActive: 2 })

/** Makes each attempt of "push" take some time. */
function taking(ms: number): (host: FakeHost) => void {
  return (host) => host.task('push', ({ inputText }) => host.after(ms, completed(inputText)))
}

function inputsOf({ host }: RunningEngine): readonly unknown[] {
  return host.runs.map(({ inputText }) => (JSON.parse(inputText) as { readonly n: unknown }).n)
}

const submitted = ({ engine }: RunningEngine, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => engine.submit('push', `{"n":${n}}`)))

describe('a limit with max_active', () => {
  it('lets at most N attempts run at the same time, in the order of the age of their executions', async () => {
    await using running = await RunningEngine.start({ workflows: [PUSH], limits: [CRM], python: taking(100) })
    await submitted(running, 7)

    await running.clock.advance(1_000)

    expect(running.host.mostRunning).toBe(2)
    expect(inputsOf(running)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(await running.store.countExecutions()).toEqual({ Completed: 7 })
    expect(running.host.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1, 1])
  })

  it('lets many tasks that begin to wait together share a search for free slots', async () => {
    await using running = await RunningEngine.start({ workflows: [PUSH], limits: [CRM], python: taking(3_600_000) })
    await running.clock.advance(100)
    const searches = vi.spyOn(running.store.limits, 'release')
    for (let n = 0; n < 30; n++) {
      await running.engine.submit('push', `{"n":${n}}`)
      await running.clock.advance(1)
    }

    expect(await running.store.limits.get('crm')).toMatchObject({ waiting: 28 })
    expect(searches.mock.calls.length).toBeLessThan(5)
  })

  it('keeps waiting executions in the store, and shows the reason', async () => {
    await using running = await RunningEngine.start({ workflows: [PUSH], limits: [CRM], python: taking(10_000) })
    const limited = running.record('taskLimited')
    const ids = await submitted(running, 5)
    await running.clock.advance(500)

    expect(running.engine.health.gauges().activeExecutions).toBe(2)
    expect(limited).toHaveLength(3)
    const [, , third = ''] = ids
    const waits = await running.store.waits.openOfEach([third])
    expect(waits.get(third)).toMatchObject([{ kind: 'limit', node: 'push', limit: 'crm', value: null, slots: 2 }])
  })

  it('applies to retries, and to the attempts of an execution with several limited tasks', async () => {
    const wide = workflow('wide', {
      a: { limits: ['crm'], retry: retrying(2) },
      b: { limits: ['crm'] },
      c: { limits: ['crm'] },
    })
    await using running = await RunningEngine.start({
      ...{ workflows: [wide], limits: [limit('crm', { maxActive: 1 })] },
      python: (host) => {
        let calls = 0
        host.task('a', async () => {
          calls += 1
          return await host.after(50, calls === 1 ? failed('again') : completed('{}'))
        })
        for (const id of ['b', 'c']) host.task(id, () => host.after(50, completed('{}')))
      },
    })
    const ended = running.engine.execute('wide', '{}')
    await running.clock.advance(2_000)

    expect((await ended).tasks.map(({ attempts }) => attempts)).toEqual([2, 1, 1])
    expect([running.host.mostRunning, running.host.runs.length]).toEqual([1, 4])
  })

  it('has its own slots for each value of per', async () => {
    const perTenant = limit('crm', { maxActive: 1, per: 'tenant' })
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH], limits: [perTenant], python: taking(100), config: { maxConcurrentTasks: 10 } },
    })
    for (const [n, tenant] of [1, 1, '1', null, 2].entries())
      await running.engine.submit('push', JSON.stringify({ n, tenant }))
    await running.clock.advance(50)

    expect([...inputsOf(running)].sort()).toEqual([0, 2, 3, 4])
    await running.clock.advance(200)
    expect(running.host.runs).toHaveLength(5)
  })

  it('passes a free slot immediately to an execution that also runs another task', async () => {
    const busy = workflow('busy', { long: {}, push: { limits: ['crm'] } })
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH, busy], limits: [limit('crm', { maxActive: 1 })] },
      python: (host) => {
        host.task('push', () => host.after(100, completed('{}')))
        host.task('long', () => host.after(60_000, completed('{}')))
      },
    })
    const begin = running.clock.now()
    await submitted(running, 1)
    await running.clock.advance(10)
    await running.engine.submit('busy', '{}')
    await running.clock.advance(5_000)

    expect(running.host.runsOf('push').map(({ at }) => at - begin)).toEqual([0, 100])
  })

  it('is not held by a task that waits for a child, which may need the same slot', async () => {
    const parent = workflow('parent', { call: { limits: ['crm'] } })
    await using running = await RunningEngine.start({
      ...{ workflows: [parent, PUSH], limits: [limit('crm', { maxActive: 1 })], config: { parkMs: 60_000 } },
      python: (host) => {
        host.task('call', async ({ memory }) => {
          const child = { workflow: 'push', inputText: '{}', key: 'k' }
          const end = await memory.runChild(child, { suspend: () => () => undefined })
          return end.kind === 'parked' ? { kind: 'parked' } : completed('{}')
        })
      },
    })
    const ended = running.engine.execute('parent', '{}')
    await running.clock.advance(5_000)

    expect((await ended).tasks[0]).toMatchObject({ status: 'Completed', attempts: 1 })
    expect(running.host.runsOf('push')).toHaveLength(1)
  })

  it('fails a task whose value is a list, without a retry', async () => {
    const flow = workflow('push', { push: { limits: ['crm'], retry: retrying(5) } })
    await using running = await RunningEngine.start({
      ...{ workflows: [flow], limits: [limit('crm', { maxActive: 1, per: 'tenant' })] },
    })
    const ended = await running.engine.execute('push', '{"tenant":[1]}')

    expect(ended.tasks[0]).toMatchObject({ status: 'Failed', attempts: 0, error: { type: 'ValueError' } })
    expect(ended.tasks[0]?.error?.message).toContain('limit "crm": the value of "tenant" is a list')
  })

  it('lets a waiting execution be cancelled, and passes the slot to the next one', async () => {
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH], limits: [limit('crm', { maxActive: 1 })], python: taking(100) },
    })
    const [, second = ''] = await submitted(running, 3)
    await running.clock.advance(50)

    await running.engine.services.executions.cancel(second)
    await running.clock.advance(300)

    expect(inputsOf(running)).toEqual([0, 2])
    expect(await running.store.countExecutions()).toEqual({ Completed: 2, Cancelled: 1 })
  })

  it('passes the slot of a paused execution to the next one, within seconds', async () => {
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH], limits: [limit('crm', { maxActive: 1 })], python: taking(100) },
    })
    const [, second = ''] = await submitted(running, 3)
    await running.clock.advance(50)

    await running.engine.services.executions.pause(second)
    await running.clock.advance(20_000)
    expect(inputsOf(running)).toEqual([0, 2])
    await running.engine.services.executions.resume(second)
    await running.clock.advance(1_000)

    expect(inputsOf(running)).toEqual([0, 2, 1])
  })

  it('is the number of new code as soon as that is loaded, and that of the settings if they have one', async () => {
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH], limits: [CRM, limit('other', { maxActive: 1 })], python: taking(100) },
      limitSettings: { other: { maxActive: 3 } },
    })
    expect((await running.store.limits.get('other'))?.maxActive).toBe(3)

    running.registry.declare({ triggers: [], workflows: [], limits: [limit('crm', { maxActive: 4 })] })
    await running.clock.advance(10)
    await submitted(running, 8)
    await running.clock.advance(1_000)

    expect(running.host.mostRunning).toBe(4)
  })
})

describe('a limit with a rate', () => {
  it('lets at most N attempts begin within a sliding window', async () => {
    const rate = { count: 3, windowMs: 10_000 }
    await using running = await RunningEngine.start({ workflows: [PUSH], limits: [limit('crm', { rate })] })
    const begin = running.clock.now()
    await submitted(running, 7)
    await running.clock.advance(25_000)

    const starts = running.host.runs.map(({ at }) => at - begin)
    expect(starts).toHaveLength(7)
    for (const [index, at] of starts.entries()) {
      const earlier = starts[index - 3]
      if (earlier !== undefined) expect(at - earlier).toBeGreaterThanOrEqual(10_000)
    }
    // A slot is used at the latest a second after its time.
    expect(starts.at(-1)).toBeLessThan(22_100)
  })
})

describe('the order of tasks that wait for a slot', () => {
  it('is priority, then executions that have begun, then age', async () => {
    const two = workflow('two', { first: {}, push: { after: ['first'], limits: ['crm'] } })
    await using running = await RunningEngine.start({
      ...{ workflows: [PUSH, two], limits: [limit('crm', { maxActive: 1 })], python: taking(100) },
    })
    await running.engine.submit('push', '{"n":"running"}')
    await running.clock.advance(10)
    await running.engine.submit('push', '{"n":"old"}')
    await running.clock.advance(10)
    await running.engine.submit('two', '{"n":"begun"}')
    await running.engine.submit('push', '{"n":"low"}', { priority: -1 })
    await running.engine.submit('push', '{"n":"high"}', { priority: 100 })
    await running.clock.advance(1_000)

    const order = running.host.runsOf('push').map(({ inputText }) => (JSON.parse(inputText) as { n: string }).n)
    expect(order).toEqual(['running', 'high', 'begun', 'old', 'low'])
  })
})

describe('engines on one database', () => {
  let folder: string
  let stores: Store[]

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cloaca-limits-'))
    stores = []
  })

  afterEach(async () => {
    for (const store of stores) await store.close()
    await rm(folder, { recursive: true })
  })

  /** Starts an engine with its own store, like a process. */
  async function startProcess(parts: EngineParts & { readonly clock: ManualClock }): Promise<RunningEngine> {
    const path = join(folder, 'shared.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: parts.clock, isProcessAlive: () => true })
    stores.push(store)
    return RunningEngine.start({ workflows: [PUSH], limits: [CRM], ...parts, store })
  }

  it('never run more attempts together than a limit allows, and use all slots', async () => {
    const clock = new ManualClock()
    let [running, most] = [0, 0]
    const python = (host: FakeHost): void => {
      host.task('push', async () => {
        running += 1
        most = Math.max(most, running)
        await host.after(100, null)
        running -= 1
        return completed('{}')
      })
    }
    await using first = await startProcess({ clock, python })
    await using second = await startProcess({ clock, python })
    await clock.advance(3_000)
    await Promise.all([submitted(first, 10), submitted(second, 10)])
    await clock.advance(4_000)

    expect(most).toBe(2)
    expect(await first.store.countExecutions()).toEqual({ Completed: 20 })
    expect(first.host.runs.length + second.host.runs.length).toBe(20)
  })

  it('give the slot of an engine that stands still to others only after its lease has ended', async () => {
    const [firstClock, clock] = [new ManualClock(), new ManualClock()]
    const limits = [limit('crm', { maxActive: 1 })]
    await using first = await startProcess({ clock: firstClock, limits, python: taking(3_600_000) })
    await submitted(first, 1)
    await firstClock.advance(10)
    // The first engine stands still from here on.
    await using second = await startProcess({ clock, limits, python: taking(10) })
    await second.engine.submit('push', '{"n":"other"}')
    await clock.advance(8_900)
    const before = second.host.runs.length
    await clock.advance(10_000)

    expect(before).toBe(0)
    expect(second.host.runs.length).toBeGreaterThan(0)
  })
})
