/** Queries for executions: with IDs for executions that this engine created, without IDs for all others. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EnginePorts } from '../../../src/engine/engine-options.ts'
import { Acquirer } from '../../../src/engine/executions/acquirer.ts'
import { Heartbeat } from '../../../src/engine/heartbeat.ts'
import type { Store } from '../../../src/engine/store.ts'
import type { Acquisition } from '../../../src/engine/store-ports.ts'
import { workflow } from '../../support/declared.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { newExecution } from '../../support/store-builders.ts'

const demo = workflow('demo', { work: {} })

let clock: ManualClock
let store: Store
/** Execution IDs in each query to the store, or null for a query without IDs. */
let asked: (readonly string[] | null)[]
let refusesNext: boolean

beforeEach(async () => {
  clock = new ManualClock()
  store = await openMemoryStore(clock)
  asked = []
  refusesNext = false
})

afterEach(() => store.close())

const recording = (): Store =>
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

/** Returns the parts of an engine that an acquirer uses, with another store. */
function portsOf({ engine, events, registry }: RunningEngine, other: Store): EnginePorts {
  const { instanceId, config } = engine
  const heartbeat = new Heartbeat(instanceId, other, clock)
  return { instanceId, store: other, clock, registry, config, events, heartbeat } as Partial<EnginePorts> as EnginePorts
}

async function start(): Promise<RunningEngine> {
  const running = await RunningEngine.start({ clock, store: recording(), workflows: [demo] })
  await settle()
  asked.length = 0
  return running
}

it('queries the store only for the ID of an execution that this engine created', async () => {
  await using running = await start()

  const first = await running.engine.execute('demo', '{}')
  const second = await running.engine.submit('demo', '{}')
  await running.engine.services.executions.wait(second)

  expect(asked).toEqual([[first.id], [second]])
})

it('takes the oldest executions first, in queries without IDs, if 250 are created together', async () => {
  await using running = await start()
  const before = newExecution({ id: 'before', workflow: 'demo', tasks: ['work'] })
  await store.createExecution(before, { kind: 'call' }, clock.now() - 1_000)

  const ended = await Promise.all(Array.from({ length: 250 }, () => running.engine.execute('demo', '{}')))

  expect(ended.every(({ status }) => status === 'Completed')).toBe(true)
  expect(asked.slice(0, 2)).toEqual([null, null]) // in the tick of the event loop in which all 250 were created
  expect(running.host.runs.slice(0, 2).map(({ executionId }) => executionId)).toEqual(['before', ended[0]?.id])
})

it('does not query for an execution that the store failed to create', async () => {
  await using running = await start()
  refusesNext = true

  await expect(running.engine.execute('demo', '{}')).rejects.toThrow('the disk is full')
  const next = await running.engine.execute('demo', '{}')

  expect(asked.at(-1)).toEqual([next.id])
})

it('has a single retry timer after several failed queries, and none after the stop', async () => {
  const refusing: Store = { ...recording(), acquireExecutions: () => Promise.reject(new Error('the disk is full')) }
  await using running = await RunningEngine.start({ clock, store, workflows: [demo] })
  const acquirer = new Acquirer(portsOf(running, refusing), {
    room: () => 10,
    stored: () => undefined,
    take: () => undefined,
  })
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

it('within 60 s, acquires an execution that another process created', async () => {
  await using running = await start()
  await store.createExecution(newExecution({ id: 'foreign', workflow: 'demo', tasks: ['work'] }), { kind: 'call' }, 1)

  await running.engine.execute('demo', '{}')
  await clock.advance(60_000)

  expect(running.host.runs.map(({ executionId }) => executionId)).toContain('foreign')
})

it('queries for all executions of a firing in a single query', async () => {
  await using running = await start()
  const taken: string[] = []
  const taker = {
    room: () => 10,
    stored: () => undefined,
    take: ({ id }: { readonly id: string }) => void taken.push(id),
  }
  const acquirer = new Acquirer(portsOf(running, recording()), taker)
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
