/** Waits of several processes on one database file: signals through another process, and processes that die. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/store.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { workflow } from '../../support/declared.ts'
import { completed, untilStopped } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'

const WAIT = { kind: 'signal', signal: 'decision', key: '{order}', timeoutMs: 60_000, onTimeout: 'fail' } as const
const REFUND = workflow('refund', { decided: { wait: WAIT }, pay: { after: ['decided'] } })
const BUSY = workflow('busy', { long: {}, decided: { wait: WAIT }, pay: { after: ['decided'] } })
/** A process finds a change of another process within this time. */
const FOUND_WITHIN_MS = 600

let folder: string
let stores: Store[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloaca-waits-'))
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
  return RunningEngine.start({ ...parts, store })
}

const statusOf = async ({ store }: RunningEngine, id: string) => (await store.getExecution(id))?.status

it('a signal through another process starts the next task within 600 ms, also of an execution that runs', async () => {
  const clock = new ManualClock()
  await using serving = await startProcess({
    ...{ workflows: [REFUND, BUSY], clock },
    python: (host) => host.task('long', () => host.after(10_000, completed('{}'))),
  })
  await using other = await startProcess({ clock })
  const ids = [await serving.engine.submit('refund', '{"order":7}'), await serving.engine.submit('busy', '{"order":7}')]
  await clock.advance(1_000)

  const receipt = await other.engine.services.signals.send('decision', { key: '7' })
  await clock.advance(FOUND_WITHIN_MS)

  expect([...receipt.executions].sort()).toEqual([...ids].sort())
  expect(serving.host.runsOf('pay')).toHaveLength(2)
  await clock.advance(10_000)
  for (const id of ids) expect(await statusOf(serving, id)).toBe('Completed')
})

it('a signal is used by the engine that takes an execution over after its owner has died', async () => {
  const [firstClock, clock] = [new ManualClock(), new ManualClock()]
  // The first process stalls in its task from here on: its clock stands still.
  await using first = await startProcess({
    ...{ workflows: [BUSY], clock: firstClock },
    python: (host) => host.task('long', untilStopped),
  })
  const id = await first.engine.submit('busy', '{"order":7}')
  await firstClock.advance(1_000)
  await using second = await startProcess({
    ...{ workflows: [BUSY], clock },
    python: (host) => host.task('long', () => completed('{}')),
  })

  const receipt = await second.engine.services.signals.send('decision', { key: '7', payload: 1 })
  await clock.advance(60_000)

  expect(receipt).toMatchObject({ state: 'used', executions: [id] })
  expect(await statusOf(second, id)).toBe('Completed')
  expect(second.host.runsOf('pay')).toHaveLength(1)
})

it('exactly one of signals and timeouts in two processes ends each wait', { tags: ['proof'] }, async () => {
  const clock = new ManualClock()
  const engines = [
    await startProcess({ workflows: [REFUND], clock }),
    await startProcess({ workflows: [REFUND], clock }),
  ]
  const [first, second] = engines as [RunningEngine, RunningEngine]
  const orders = Array.from({ length: 20 }, (_, index) => index)
  const ids = await Promise.all(orders.map((order) => first.engine.submit('refund', `{"order":${order}}`)))
  await clock.advance(59_000)

  const send = (order: number) => second.engine.services.signals.send('decision', { key: String(order) })
  const passed = clock.advance(1_000)
  const receipts = await Promise.all(orders.map(send))
  await passed
  await clock.advance(5_000)

  const paid = engines.flatMap(({ host }) => host.runsOf('pay'))
  expect(paid).toHaveLength(receipts.filter(({ state }) => state === 'used').length)
  for (const [index, id] of ids.entries()) {
    expect(await statusOf(first, id)).toBe(receipts[index]?.state === 'used' ? 'Completed' : 'Failed')
  }
  for (const engine of engines) await engine[Symbol.asyncDispose]()
})
