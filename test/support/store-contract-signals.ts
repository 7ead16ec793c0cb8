/** Store contract tests for signals. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import type { TaskChange } from '../../src/engine/store-ports.ts'
import type { NewSignal } from '../../src/engine/waits/signal-store.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { openWaits } from './open-waits.ts'
import { change, FIRST_PAGE, newAction, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const SENT = { kind: 'sent', state: 'used' }

function newSignal(given: Partial<NewSignal> = {}): NewSignal {
  const id = given.id ?? crypto.randomUUID()
  const content = { name: 'decision', key: '7', payloadText: '{"by":"eva"}', fingerprint: 'f1' }
  return { id, ...content, source: 'node', at: START + 10, ...given }
}

async function send(store: Store, given: Partial<NewSignal> = {}) {
  const signal = newSignal(given)
  return await store.signals.send(signal, newAction({ id: `of ${signal.id}`, kind: 'signal', target: signal.name }))
}

function openedSignal(taskId: string, key = '7', deadlineAt: number | null = null): TaskChange {
  const wait = { kind: 'signal', openedAt: START, deadlineAt, signal: 'decision', key } as const
  return change(taskId, { status: 'Waiting', wait })
}

export function describeSignalContract(context: ContractContext): void {
  const waiting = async (key = '7', tasks = ['decided', 'pay']) => {
    const { id } = await acquiredExecution(context.store, { tasks })
    await context.store.settle(settlement(id, { changes: [openedSignal('decided', key)], givenBack: 'waiting' }))
    return id
  }
  const listed = () => context.store.signals.list({}, FIRST_PAGE)

  describe('signals', () => {
    test('a signal ends all open waits of its name and key, and makes their executions available', async () => {
      const [one, two, other] = [await waiting(), await waiting(), await waiting('8')]

      const sent = await send(context.store, { id: 's-1', payloadText: '{"price":1.0}' })

      expect(sent).toEqual({ ...SENT, executions: [one, two], available: expect.arrayContaining([one, two]) })
      const ending = { kind: 'signal', endedAt: START + 10, payloadText: '{"price":1.0}' }
      const names = { signal: 'decision', key: '7' }
      expect(await acquireAgain(context.store, one)).toMatchObject({ waits: [{ taskId: 'decided', ...names, ending }] })
      expect(await openWaits(context.store, other)).toMatchObject([{ key: '8' }])
      expect(await listed()).toEqual([
        {
          ...{ id: 's-1', name: 'decision', key: '7', payload: { price: 1 }, payloadText: '{"price":1.0}' },
          ...{ source: 'node', sentAt: START + 10 },
          ...{ state: 'used', usedAt: START + 10, executions: [one, two] },
        },
      ])
      expect(await context.store.actions.list({ target: 'decision' }, FIRST_PAGE)).toMatchObject([{ kind: 'signal' }])
    })

    test('a signal without an open wait is kept, and waits use kept signals oldest first, one each', async () => {
      expect(await send(context.store, { id: 's-1', payloadText: '1' })).toMatchObject({
        state: 'kept',
        executions: [],
      })
      await send(context.store, { id: 's-2', payloadText: '2' })
      await send(context.store, { id: 's-3', payloadText: '3', key: '8' })

      const [one, two, three] = [await waiting(), await waiting(), await waiting()]

      expect(await acquireAgain(context.store, one)).toMatchObject({ waits: [{ ending: { payloadText: '1' } }] })
      expect(await acquireAgain(context.store, two)).toMatchObject({ waits: [{ ending: { payloadText: '2' } }] })
      expect(await openWaits(context.store, three)).toHaveLength(1)
      expect(await listed()).toMatchObject([
        { id: 's-3', state: 'kept', executions: [], usedAt: null },
        { id: 's-2', state: 'used', executions: [two] },
        { id: 's-1', state: 'used', executions: [one] },
      ])
    })

    test('if one transaction opens two waits, the wait of the older execution uses the signal', async () => {
      const older = await acquiredExecution(context.store, { tasks: ['decided'] })
      const newer = await acquiredExecution(context.store, { tasks: ['decided'] })
      await send(context.store)

      const opening = { changes: [openedSignal('decided')] }
      await Promise.all([newer, older].map(({ id }) => context.store.settle(settlement(id, opening))))

      expect(await context.store.waits.endedOf(OWNER)).toMatchObject([{ executionId: older.id, taskId: 'decided' }])
      expect(await openWaits(context.store, newer.id)).toHaveLength(1)
    })

    test('a wait does not use a kept signal that is older than the given time', async () => {
      await send(context.store, { at: START + 1 })
      const { id } = await acquiredExecution(context.store, { tasks: ['decided'] })

      await context.store.settle(settlement(id, { changes: [openedSignal('decided')], signalsSinceAt: START + 2 }))

      expect(await openWaits(context.store, id)).toHaveLength(1)
      expect(await listed()).toMatchObject([{ state: 'kept' }])
    })

    test('an opening that is stored again uses no second signal', async () => {
      await send(context.store, { id: 's-1' })
      await send(context.store, { id: 's-2' })
      const { id } = await acquiredExecution(context.store, { tasks: ['decided'] })
      const opening = settlement(id, { changes: [openedSignal('decided')] })

      await context.store.settle(opening)
      await context.store.settle(opening)

      expect(await context.store.signals.list({ state: 'kept' }, FIRST_PAGE)).toMatchObject([{ id: 's-2' }])
    })

    test('a known id returns the first answer, and is refused with another name, key or payload', async () => {
      const id = await waiting()
      const first = await send(context.store, { id: 's-1' })
      await send(context.store, { id: 's-2', key: '9' })
      await waiting('9')

      expect(await send(context.store, { id: 's-1' })).toEqual({ kind: 'repeated', state: 'used', executions: [id] })
      expect(await send(context.store, { id: 's-2', key: '9' })).toEqual({
        ...{ kind: 'repeated', state: 'kept', executions: [] },
      })
      for (const other of [{ name: 'else' }, { key: '8' }, { fingerprint: 'f2' }]) {
        expect(await send(context.store, { id: 's-1', ...other })).toEqual({ kind: 'reused' })
      }
      expect(first).toMatchObject(SENT)
      expect(await listed()).toHaveLength(2)
      expect(await context.store.actions.list({}, FIRST_PAGE)).toHaveLength(2)
    })

    test('exactly one of a signal and a timeout ends a wait', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['decided'] })
      const changes = [openedSignal('decided', '7', START + 5)]
      await context.store.settle(settlement(id, { changes, givenBack: 'waiting' }))

      const [due, sent] = await Promise.all([context.store.waits.endDue(START + 5, 10), send(context.store)])

      expect(due.available.length + (sent.kind === 'sent' ? sent.available.length : 0)).toBe(1)
      const { waits } = await acquireAgain(context.store, id)
      expect(waits).toMatchObject([{ ending: { kind: due.available.length === 1 ? 'elapsed' : 'signal' } }])
      expect(sent).toMatchObject({ state: due.available.length === 1 ? 'kept' : 'used' })
    })

    test('a cancelled wait uses no signal', async () => {
      const id = await waiting()
      const request = { kind: 'cancel', actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START + 1 } as const
      await context.store.steer(newAction({ id: 'a-1', kind: 'cancel', target: id }), request)

      expect(await send(context.store)).toMatchObject({ state: 'kept', executions: [] })
    })

    test('lists signals by name, key and state, newest first and in pages', async () => {
      for (const index of [1, 2, 3]) await send(context.store, { id: `s-${index}`, key: String(index) })
      await waiting('2')

      const ids = async (filter: Parameters<Store['signals']['list']>[0], page = {}) =>
        (await context.store.signals.list(filter, { ...FIRST_PAGE, ...page })).map(({ id }) => id)

      expect(await ids({ name: 'decision' })).toEqual(['s-3', 's-2', 's-1'])
      expect(await ids({ name: 'other' })).toEqual([])
      expect(await ids({ key: '1' })).toEqual(['s-1'])
      expect(await ids({ state: 'used' })).toEqual(['s-2'])
      expect(await ids({}, { after: 's-3', limit: 1 })).toEqual(['s-2'])
    })

    test('prunes signals, used or not, after their retention', async () => {
      await waiting()
      await send(context.store, { id: 's-1', at: START })
      await send(context.store, { id: 's-2', at: START + 1, key: '8' })
      await send(context.store, { id: 's-3', at: START + 2, key: '8' })

      while ((await context.store.prune({ signalsMs: 1_000 }, START + 1_002)) > 0);

      expect(await listed()).toMatchObject([{ id: 's-3' }])
    })

    test('counts the open waits by kind, and returns the oldest of each execution', async () => {
      const one = await waiting()
      const { id: two } = await acquiredExecution(context.store, { tasks: ['cool', 'decided'] })
      const cool = change('cool', {
        status: 'Waiting',
        wait: { kind: 'delay', openedAt: START - 1, deadlineAt: START },
      })
      await context.store.settle(settlement(two, { changes: [openedSignal('decided'), cool] }))

      expect(await context.store.waits.countOpen()).toEqual(
        new Map([
          ['signal', 2],
          ['delay', 1],
        ] as const),
      )
      expect(await context.store.waits.openOfEach([one, two, 'unknown'])).toEqual(
        new Map<string, unknown>([
          [one, [{ kind: 'signal', node: 'decided', signal: 'decision', key: '7', since: START, until: null }]],
          [
            two,
            [
              { kind: 'delay', node: 'cool', since: START - 1, until: START },
              { kind: 'signal', node: 'decided', signal: 'decision', key: '7', since: START, until: null },
            ],
          ],
        ]),
      )
    })

    context.sharedTest('a signal is never kept while a wait is open, if both come at the same time', async () => {
      const other = await context.openAnother()
      for (let round = 0; round < 30; round += 1) {
        const key = `round ${round}`
        const { id } = await acquiredExecution(context.store, { tasks: ['decided'] })
        const opening = settlement(id, { changes: [openedSignal('decided', key)], givenBack: 'waiting' })

        const [sent] = await Promise.all([send(other, { key }), context.store.settle(opening)])

        const { waits } = await acquireAgain(context.store, id)
        expect(waits, JSON.stringify(sent)).toMatchObject([{ ending: { kind: 'signal' } }])
      }
      expect(await context.store.signals.list({ state: 'kept' }, FIRST_PAGE)).toEqual([])
    })

    context.sharedTest('waits that open in both stores use each kept signal once', async () => {
      const other = await context.openAnother()
      for (let index = 0; index < 10; index += 1) await send(context.store, { payloadText: String(index) })
      const executions = []
      for (let index = 0; index < 12; index += 1) {
        executions.push(await acquiredExecution(context.store, { tasks: ['decided'] }))
      }

      const opening = { changes: [openedSignal('decided')], givenBack: 'waiting' } as const
      const stores = [context.store, other]
      await Promise.all(executions.map(({ id }, index) => stores[index % 2]?.settle(settlement(id, opening))))

      const payloads: string[] = []
      for (const { id } of executions) {
        if ((await openWaits(context.store, id)).length > 0) continue
        for (const { ending } of (await acquireAgain(context.store, id)).waits) {
          if (ending?.kind === 'signal') payloads.push(ending.payloadText)
        }
      }
      expect(payloads.sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    })

    context.sharedTest('signals of many keys, timeouts and openings at the same time end each wait once', async () => {
      const other = await context.openAnother()
      const keys = Array.from({ length: 20 }, (_, index) => String(index))
      const ids: string[] = []
      for (const key of keys) {
        const { id } = await acquiredExecution(context.store, { tasks: ['decided', 'again'] })
        ids.push(id)
        const changes = [openedSignal('decided', key, START + 5)]
        await context.store.settle(settlement(id, { changes }))
      }

      const results = await Promise.all([
        other.waits.endDue(START + 5, 7),
        ...keys.map((key, index) => send(index % 2 === 0 ? other : context.store, { key })),
        ...ids.map((id, index) =>
          context.store.settle(settlement(id, { changes: [openedSignal('again', keys[19 - index])] })),
        ),
      ])

      expect(results).toHaveLength(41)
      const ended = await context.store.waits.endedOf(OWNER)
      const nodes = ended.map(({ executionId, taskId }) => `${executionId} ${taskId}`)
      expect(new Set(nodes).size).toBe(nodes.length)
      expect(nodes.filter((node) => node.endsWith('decided'))).toHaveLength(20)
      expect(await context.store.waits.nextDeadline()).toBeNull()
    })
  })
}
