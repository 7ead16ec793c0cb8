/** What an engine that runs everything asks the store for: what it has made itself, or whatever there is. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { Acquirer } from '../../../src/engine/executions/acquirer.ts'
import { Heartbeat } from '../../../src/engine/heartbeat.ts'
import type { Acquisition, Store } from '../../../src/engine/ports.ts'
import { workflow } from '../../support/declared.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { newExecution } from '../../support/store-builders.ts'

const demo = workflow('demo', { work: {} })

let clock: FakeClock
let store: Store
/** The ids that the store was asked for, each time; null: whatever there is. */
let asked: (readonly string[] | null)[]
let refusesNext: boolean

beforeEach(async () => {
  clock = new FakeClock()
  store = await openMemoryStore(clock)
  asked = []
  refusesNext = false
})

afterEach(() => store.close())

const heard = (): Store =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === 'acquireExecutions') {
        return (acquisition: Acquisition) => {
          asked.push(acquisition.executionIds ?? null)
          return target.acquireExecutions(acquisition)
        }
      }
      if (name === 'createExecution' && refusesNext) {
        refusesNext = false
        return () => Promise.reject(new Error('the disk is full'))
      }
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })

async function start(): Promise<RunningEngine> {
  const running = await RunningEngine.start({ clock, store: heard(), workflows: [demo] })
  await settle()
  asked.length = 0
  return running
}

it('asks for an execution that it has made, and for nothing else', async () => {
  await using running = await start()

  const first = await running.engine.execute('demo', '{}')
  const second = await running.engine.submit('demo', '{}')
  await running.engine.waitFor(second)

  expect(asked).toEqual([[first.id], [second]])
})

it('asks for whatever there is, the oldest first, where it has made more than it can take at once', async () => {
  await using running = await start()
  const before = newExecution({ id: 'before', workflow: 'demo', tasks: ['work'] })
  await store.createExecution(before, { kind: 'call' }, clock.now() - 1_000)

  const ended = await Promise.all(Array.from({ length: 250 }, () => running.engine.execute('demo', '{}')))

  expect(ended.every(({ status }) => status === 'Completed')).toBe(true)
  expect(asked.slice(0, 2)).toEqual([[ended[0]?.id], null]) // the first before there was a second
  expect(running.host.runs.slice(0, 2).map(({ executionId }) => executionId)).toEqual([ended[0]?.id, 'before'])
})

it('does not ask again for one that the store has refused', async () => {
  await using running = await start()
  refusesNext = true

  await expect(running.engine.execute('demo', '{}')).rejects.toThrow('the disk is full')
  const next = await running.engine.execute('demo', '{}')

  expect(asked.at(-1)).toEqual([next.id])
})

it('waits for one retry, however often it is refused, and for none when it is stopped', async () => {
  const refusing: Store = { ...heard(), acquireExecutions: () => Promise.reject(new Error('the disk is full')) }
  await using running = await RunningEngine.start({ clock, store, workflows: [demo] })
  const { engine, events, registry } = running
  const ports = { instanceId: engine.instanceId, store: refusing, clock, registry, config: engine.config, events }
  const acquirer = new Acquirer(
    { ...ports, heartbeat: new Heartbeat(ports) },
    { room: () => 10, take: () => undefined },
  )
  acquirer.start()
  acquirer.serve()
  await acquirer.settled()
  const before = clock.pendingTimers

  for (let count = 0; count < 3; count++) {
    acquirer.wake()
    await acquirer.settled()
  }
  const waiting = clock.pendingTimers
  acquirer.stop()

  expect(waiting).toBe(before)
  expect(clock.pendingTimers).toBe(before - 1)
})

it('finds what somebody else has made, with what it has made itself or after it', async () => {
  await using running = await start()
  await store.createExecution(newExecution({ id: 'foreign', workflow: 'demo', tasks: ['work'] }), { kind: 'call' }, 1)

  await running.engine.execute('demo', '{}')
  await clock.advance(60_000)

  expect(running.host.runs.map(({ executionId }) => executionId)).toContain('foreign')
})

it('asks at once for all that a firing has made', async () => {
  await using running = await start()
  const { engine, events, registry } = running
  const ports = { instanceId: engine.instanceId, store: heard(), clock, registry, config: engine.config, events }
  const taken: string[] = []
  const taker = { room: () => 10, take: ({ id }: { readonly id: string }) => void taken.push(id) }
  const acquirer = new Acquirer({ ...ports, heartbeat: new Heartbeat(ports) }, taker)
  acquirer.start()
  acquirer.serve()
  await acquirer.settled()
  asked.length = 0

  const ids = ['one', 'other']
  const created = ids.map((id) =>
    store.createExecution(newExecution({ id, workflow: 'demo', tasks: ['work'] }), { kind: 'call' }, 1),
  )
  acquirer.fired(ids, Promise.all(created))
  await acquirer.settled()

  expect(asked).toEqual([ids])
  expect(taken).toEqual(ids)
})
