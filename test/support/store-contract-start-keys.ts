/** Store contract tests for keys that start an execution at most once. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { KeyedExecution, NewExecution } from '../../src/engine/starts/new-executions.ts'
import type { Acquisition } from '../../src/engine/store-ports.ts'
import type { Retention } from '../../src/model/retention-limits.ts'
import { completed, FIRST_PAGE, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const KEEP_ALL: Retention = {
  skippedMs: null,
  failedMs: null,
  endedMs: null,
  firingsMs: null,
  keysMs: null,
  signalsMs: null,
  scheduleTimesMs: null,
}
const DAY_MS = 86_400_000
const CREATED = { kind: 'created' }

function keyed(key: string, given: Partial<NewExecution> = {}, fingerprint = 'f1', at = START): KeyedExecution {
  const { tasks: _, ...rest } = given
  return { execution: newExecution(rest), startKey: { key, fingerprint }, at }
}

export function describeStartKeyContract(context: ContractContext): void {
  const ids = async () => (await context.store.listExecutions(FIRST_PAGE)).map(({ id }) => id)

  describe('keys of starts', () => {
    test('a new key creates a pending execution with its input, and the workflow then has the key', async () => {
      const creation = keyed('invoice-7', { inputText: '{"order": 7}' })
      expect(await context.store.findStartKey('ingest', 'invoice-7')).toBeNull()

      expect(await context.store.createExecutionOnce(creation)).toEqual(CREATED)

      const { id } = creation.execution
      const stored = { status: 'Pending', origin: { kind: 'call' }, inputText: '{"order": 7}', createdAt: START }
      expect(await context.store.getExecution(id)).toMatchObject(stored)
      expect(await context.store.findStartKey('ingest', 'invoice-7')).toEqual({ executionId: id, fingerprint: 'f1' })
    })

    test('a known key creates nothing and returns the first execution, whatever its status and the input', async () => {
      const first = keyed('invoice-7')
      await context.store.createExecutionOnce(first)
      const known = { kind: 'known', holder: { executionId: first.execution.id, fingerprint: 'f1' } }

      expect(await context.store.createExecutionOnce(keyed('invoice-7'))).toEqual(known)
      await end(context, first.execution.id)
      expect(await context.store.createExecutionOnce(keyed('invoice-7', {}, 'f2'))).toEqual(known)

      expect(await ids()).toEqual([first.execution.id])
    })

    test('keys belong to a workflow and are compared byte by byte', async () => {
      const long = 'k'.repeat(509)
      const keys = ['a', 'A', 'a ', ' a', '\u00e4', 'a\u0308', '0', '00', '%', '_', `${long}\u20ac`, `${long}\u20ad`]

      for (const key of keys) {
        expect(await context.store.createExecutionOnce(keyed(key))).toEqual(CREATED)
        expect(await context.store.createExecutionOnce(keyed(key, { workflow: 'other' }))).toEqual(CREATED)
      }
      for (const key of keys) {
        expect(await context.store.createExecutionOnce(keyed(key))).toMatchObject({ kind: 'known' })
      }
      expect(await ids()).toHaveLength(2 * keys.length)
    })

    test('only the first of several simultaneous calls with a key creates an execution', async () => {
      const creations = Array.from({ length: 20 }, () => keyed('invoice-7'))
      const others = Array.from({ length: 20 }, (_, index) => keyed(`invoice-${100 - index}`))

      const results = await Promise.all(
        creations.flatMap((creation, index) => [
          context.store.createExecutionOnce(creation),
          context.store.createExecutionOnce(others[index] as KeyedExecution),
        ]),
      )

      const [first] = creations
      const ofOneKey = results.filter((_, index) => index % 2 === 0)
      const holder = { executionId: first?.execution.id, fingerprint: 'f1' }
      expect(ofOneKey).toEqual([CREATED, ...Array.from({ length: 19 }, () => ({ kind: 'known', holder }))])
      expect(results.filter((_, index) => index % 2 === 1)).toEqual(others.map(() => CREATED))
      expect(await ids()).toHaveLength(21)
    })

    test('an execution that the database refuses leaves its key free, and does not affect other keys', async () => {
      const first = keyed('first')
      await context.store.createExecutionOnce(first)
      const sameId = keyed('second', { id: first.execution.id })

      const results = await Promise.allSettled(
        [sameId, keyed('third')].map((creation) => context.store.createExecutionOnce(creation)),
      )

      expect(results).toMatchObject([
        { status: 'rejected', reason: { code: 'DATABASE_FAILED' } },
        { status: 'fulfilled', value: CREATED },
      ])
      expect(await context.store.findStartKey('ingest', 'second')).toBeNull()
      expect(await context.store.createExecutionOnce(keyed('second'))).toEqual(CREATED)
    })

    test('a key is kept for its retention time, also if its execution is removed, and then starts again', async () => {
      const first = keyed('invoice-7')
      await context.store.createExecutionOnce(first)
      await end(context, first.execution.id)
      const prune = async (retention: Partial<Retention>, at: number): Promise<void> => {
        while ((await context.store.prune({ ...KEEP_ALL, ...retention }, at)) > 0);
      }

      await prune({ endedMs: DAY_MS, keysMs: 30 * DAY_MS, signalsMs: null }, START + 30 * DAY_MS)
      expect(await context.store.getExecution(first.execution.id)).toBeNull()
      const holder = { executionId: first.execution.id, fingerprint: 'f1' }
      expect(await context.store.createExecutionOnce(keyed('invoice-7'))).toEqual({ kind: 'known', holder })
      await prune({}, START + 10_000 * DAY_MS)
      expect(await context.store.findStartKey('ingest', 'invoice-7')).toEqual(holder)

      await prune({ keysMs: 30 * DAY_MS, signalsMs: null }, START + 30 * DAY_MS + 1)
      expect(await context.store.findStartKey('ingest', 'invoice-7')).toBeNull()
      expect(await context.store.createExecutionOnce(keyed('invoice-7'))).toEqual(CREATED)
    })

    test('an engine acquires requested executions of dead engines only with `recover`, and no others', async () => {
      const acquire = (given: Partial<Acquisition>) =>
        context.store.acquireExecutions({
          ...{ instanceId: 'instance', workflows: ['ingest'], at: START, limit: 10, recover: false },
          ...given,
        })
      const [asked, other] = [newExecution(), newExecution()]
      await context.store.openInstance('dead', START)
      for (const owned of [asked, other]) await context.store.createExecution(owned, { kind: 'call' }, START)
      await acquire({ instanceId: 'dead' })
      await context.store.openInstance('instance', START)
      await context.clock.advance(5_000)
      for (let beats = 0; beats < 8; beats++) {
        await context.store.heartbeat('instance', context.clock.now())
        await context.clock.advance(2_000)
      }

      expect(await acquire({ executionIds: [asked.id] })).toEqual([])
      const taken = await acquire({ executionIds: [asked.id], recover: true })

      expect(taken.map(({ id }) => id)).toEqual([asked.id])
      expect((await acquire({ recover: true })).map(({ id }) => id)).toEqual([other.id])
    })

    context.sharedTest('two stores create one execution for each key, in whatever order they insert', async () => {
      const other = await context.openAnother()
      const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`)
      const start = async (store: typeof other, order: readonly string[]) =>
        await Promise.all(
          order.map(async (key) => {
            const creation = keyed(key, { inputText: '{"n": 1}' })
            const result = await store.createExecutionOnce(creation)
            return [key, result.kind === 'known' ? result.holder.executionId : creation.execution.id] as const
          }),
        )

      const [here, there] = await Promise.all([start(context.store, keys), start(other, [...keys].reverse())])

      expect(new Map(here)).toEqual(new Map(there))
      const stored = await context.store.listExecutions({ limit: 1_000, offset: 0 })
      expect(new Set(stored.map(({ id }) => id))).toEqual(new Set(here.map(([, id]) => id)))
    })
  })
}

async function end({ store }: ContractContext, id: string): Promise<void> {
  await store.openInstance('instance', START)
  await store.acquireExecutions({
    ...{ instanceId: 'instance', workflows: ['ingest'], at: START, limit: 10 },
    recover: false,
  })
  await store.settle(
    settlement(id, {
      changes: [completed('only')],
      end: { status: 'Failed', endedAt: START + 20, finalText: '{}', errorMessage: 'failed' },
    }),
  )
}
