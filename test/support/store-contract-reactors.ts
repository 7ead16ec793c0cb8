/** Store contract tests for deliveries, reactors and their firings. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { DeclaredGraphs } from '../../src/engine/graphs/graph-store.ts'
import type { Accumulation } from '../../src/model/graphs/definitions.ts'
import { declared, delivery, FedSource, newEvents, reactor, source } from './graph-builders.ts'
import { FAULT, FIRST_PAGE, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const BOTH = ['prices', 'news']

export function describeReactorContract(context: ContractContext): void {
  const graphs = () => context.store.graphs

  describe('a delivery', () => {
    test('fires a when_any reactor once for each value, even if another source has no value', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [reactor('alarm', BOTH)] }))

      const result = await fed.feed(['{"p":1.0}', '{"p":2}'])
      const later = await fed.feed(['3'])

      const [first, second] = result.firings
      expect(first).toMatchObject({
        reactor: 'alarm',
        sequence: 1,
        firedAt: START + 1,
        payloadText: '{"prices":{"p":1.0},"news":null}',
        causes: [{ source: 'prices', firstSequence: 1, lastSequence: 1 }],
        byHand: null,
      })
      expect(second).toMatchObject({ sequence: 2, payloadText: '{"prices":{"p":2},"news":null}' })
      expect(later.firings).toMatchObject([{ sequence: 3, causes: [{ firstSequence: 3, lastSequence: 3 }] }])
      const stored = await graphs().listReactorFirings('alarm', FIRST_PAGE)
      expect(stored).toEqual([...result.firings, ...later.firings].reverse())
      expect(await graphs().getReactor('alarm')).toMatchObject({ lastSequence: 3, lastFiredAt: START + 1 })
    })

    test('fires a when_all reactor after a delivery of each source, with the newest values', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [reactor('alarm', BOTH, 'when_all')] }))
      const news = await FedSource.of(context, 'news')

      const none = await fed.feed(['1', '2'])
      const before = await graphs().getReactor('alarm')
      const one = await news.feed(['"a"', '"b"'])
      const again = await fed.feed(['3'])

      expect(none.firings).toEqual([])
      expect(before?.inputs).toMatchObject([
        { source: 'prices', valueText: '2', sequence: 2, isDirty: true },
        { source: 'news', valueText: null, valueAt: null, sequence: null, isDirty: false },
      ])
      expect(one.firings).toMatchObject([
        {
          payloadText: '{"prices":2,"news":"a"}',
          causes: [
            { source: 'prices', firstSequence: 1, lastSequence: 2 },
            { source: 'news', firstSequence: 1, lastSequence: 1 },
          ],
        },
      ])
      // The second news event was delivered after the first firing.
      expect(again.firings).toMatchObject([
        {
          sequence: 2,
          payloadText: '{"prices":3,"news":"b"}',
          causes: [
            { source: 'prices', firstSequence: 3, lastSequence: 3 },
            { source: 'news', firstSequence: 2, lastSequence: 2 },
          ],
        },
      ])
      expect((await graphs().getReactor('alarm'))?.inputs.map(({ isDirty }) => isDirty)).toEqual([false, false])
    })

    test('fires every reactor that lists the source, in the order of the names, and no other reactor', async () => {
      const reactors = [reactor('zoo'), reactor('alarm'), reactor('other', ['news']), reactor('both', BOTH, 'when_all')]
      const fed = await FedSource.open(context, declared({ reactors }))

      const { firings } = await fed.feed(['1', '2'])

      expect(firings.map(({ reactor: name, sequence }) => [name, sequence])).toEqual([
        ['alarm', 1],
        ['alarm', 2],
        ['zoo', 1],
        ['zoo', 2],
      ])
      expect(new Set(firings.map(({ id }) => id)).size).toBe(4)
    })

    test('advances doneSequence of the source, and counts dropped and failed events', async () => {
      const fed = await FedSource.open(context)
      await graphs().accept(newEvents(['1', '2', '3', '4', '5']))
      const of = { lease: fed.lease, upToSequence: 4 }

      await graphs().deliver(
        delivery({
          ...of,
          values: [{ firstSequence: 2, lastSequence: 2, valueText: '20' }],
          dropped: 2,
          failures: [{ sequence: 3, error: FAULT }],
          at: START + 9,
        }),
      )

      expect(await graphs().getSource('prices')).toMatchObject({
        doneSequence: 4,
        waiting: 1,
        dropped: 2,
        failed: 1,
        lastError: FAULT,
        lastErrorAt: START + 9,
        lastValueText: '20',
        lastValueAt: START + 9,
      })
      await fed.feed(['6'])
      expect(await graphs().getSource('prices')).toMatchObject({ lastError: FAULT, lastValueText: '6', failed: 1 })
    })

    test('is stored once, and so are events, if another call made at the same time fails', async () => {
      const fed = await FedSource.open(context)
      const taken = newExecution()
      await context.store.createExecution(taken, { kind: 'call' }, START)
      await graphs().accept(newEvents(['1', '2']))
      const value = (sequence: number) => [
        { firstSequence: sequence, lastSequence: sequence, valueText: `${sequence}` },
      ]
      const of = { lease: fed.lease, capacity: 2 }

      const steps = await Promise.allSettled([
        graphs().accept(newEvents(['3'])),
        graphs().deliver(delivery({ ...of, upToSequence: 1, values: value(1) })),
        context.store.createExecution(taken, { kind: 'call' }, START),
        graphs().deliver(delivery({ ...of, upToSequence: 2, values: value(2) })),
        graphs().deliver(delivery({ ...of, upToSequence: 2, values: value(2) })),
        graphs().accept(newEvents(['4'])),
      ])

      expect(steps.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, true])
      expect(steps[4]).toMatchObject({ value: { kind: 'lost' } })
      expect((await graphs().listEvents('prices', FIRST_PAGE)).map(({ eventText }) => eventText)).toEqual([
        '4',
        '3',
        '2',
        '1',
      ])
      const firings = await graphs().listReactorFirings('alarm', FIRST_PAGE)
      expect(firings.map(({ payloadText }) => payloadText)).toEqual(['{"prices":[1,2]}', '{"prices":[1]}'])
      expect(await graphs().getGraph('judge')).toMatchObject({ doneSequence: 2 })
    })

    test('has all events of a batch as the cause of the firing', async () => {
      const fed = await FedSource.open(context)
      await graphs().accept(newEvents(['1', '2', '3']))

      const result = await graphs().deliver(
        delivery({
          lease: fed.lease,
          upToSequence: 3,
          values: [{ firstSequence: 1, lastSequence: 3, valueText: '[1,2,3]' }],
        }),
      )

      expect(result).toMatchObject({
        firings: [{ payloadText: '{"prices":[1,2,3]}', causes: [{ firstSequence: 1, lastSequence: 3 }] }],
      })
    })

    test('stores nothing without the lease, for handled events, or for events that do not exist', async () => {
      const fed = await FedSource.open(context)
      await fed.feed(['1', '2'])
      await graphs().accept(newEvents(['3', '4']))
      const value = (sequence: number) => ({ firstSequence: sequence, lastSequence: sequence, valueText: '9' })
      const right = { lease: fed.lease, upToSequence: 3, values: [value(3)] }
      const before = await graphs().getSource('prices')

      const answers = [
        await graphs().deliver(delivery({ ...right, lease: fed.lease + 1 })),
        await graphs().deliver(delivery({ ...right, instanceId: 'two' })),
        await graphs().deliver(delivery({ ...right, upToSequence: 2, values: [] })),
        await graphs().deliver(delivery({ ...right, values: [value(2), value(3)] })),
        await graphs().deliver(delivery({ ...right, failures: [{ sequence: 1, error: FAULT }] })),
        await graphs().deliver(delivery({ ...right, upToSequence: 5 })),
        await graphs().deliver(delivery({ ...right, source: 'unheard of' })),
      ]

      expect(answers).toEqual(answers.map(() => ({ kind: 'lost' })))
      expect(await graphs().getSource('prices')).toEqual(before)
      expect((await graphs().deliver(delivery(right))).kind).toBe('delivered')
      expect((await graphs().deliver(delivery(right))).kind).toBe('lost')
      expect((await graphs().getReactor('alarm'))?.lastSequence).toBe(3)
    })

    test('advances doneSequence of a source that no reactor lists, and fires nothing', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [], graphs: [] }))

      expect(await fed.feed(['1'])).toEqual({ kind: 'delivered', firings: [], run: [] })
      expect(await graphs().getSource('prices')).toMatchObject({ doneSequence: 1, lastValueText: '1' })
    })

    test('does not fire a reactor that is no longer declared', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [reactor(), reactor('old')] }))
      await graphs().declare('one', declared(), START + 5)

      const { firings } = await fed.feed(['1'])

      expect(firings.map(({ reactor: name }) => name)).toEqual(['alarm'])
      expect(await graphs().getReactor('old')).toMatchObject({ undeclaredAt: START + 5, lastSequence: 0 })
    })

    test('keeps the names and values of sources unchanged in the payload', async () => {
      const name = 'p "\\ \u0001 🦊'
      const fed = await FedSource.open(context, declared({ sources: [], reactors: [reactor('alarm', [name])] }), name)

      expect(await fed.payloads('{"a":1.50,"a":2}')).toEqual([`{${JSON.stringify(name)}:{"a":1.50,"a":2}}`])
    })

    context.sharedTest('from two engines to one reactor results in firings without a gap', async () => {
      const another = await context.openAnother()
      const given = declared({
        sources: [source(), source('news')],
        reactors: [reactor('alarm', BOTH), reactor('b', BOTH)],
      })
      await context.store.openInstance('one', START)
      await another.openInstance('two', START)
      await graphs().declare('one', given, START)
      const [prices] = await graphs().leaseSources('one', ['prices'])
      const [news] = await another.graphs.leaseSources('two', ['news'])
      const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
      const texts = numbers.map((number) => `${number}`)
      await Promise.all([
        graphs().accept(newEvents(texts)),
        another.graphs.accept(newEvents(texts, { source: 'news' })),
      ])

      await Promise.all(
        numbers.flatMap((number) => {
          const values = [{ firstSequence: number, lastSequence: number, valueText: `${number}` }]
          const of = { upToSequence: number, values }
          return [
            graphs().deliver(delivery({ ...of, lease: prices?.number ?? 0 })),
            another.graphs.deliver(delivery({ ...of, source: 'news', instanceId: 'two', lease: news?.number ?? 0 })),
          ]
        }),
      )

      const firings = await graphs().listReactorFirings('alarm', { limit: 100, offset: 0 })
      expect(firings.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 40 }, (_, index) => 40 - index))
      const causes = firings.flatMap(({ causes }) => causes)
      for (const name of BOTH) {
        expect(causes.filter((cause) => cause.source === name).map(({ lastSequence }) => lastSequence)).toEqual(
          [...numbers].reverse(),
        )
      }
      expect((await graphs().getReactor('b'))?.lastSequence).toBe(40)
    })
  })

  describe('the list of a state accumulator', () => {
    const state = (capacity: number): DeclaredGraphs => {
      const accumulation: Accumulation = { kind: 'state', capacity }
      return declared({ sources: [source('prices', accumulation)] })
    }
    const feed = async (fed: FedSource, capacity: number, ...texts: readonly string[]) =>
      (await fed.feed(texts, { capacity })).firings.map(({ payloadText }) => payloadText)

    test('has the newest values up to its capacity, oldest first, and is kept between deliveries', async () => {
      const fed = await FedSource.open(context, state(3))

      const first = await feed(fed, 3, '1', '{"a":2.0}')
      const second = await feed(fed, 3, '3', '4', '5')

      expect(first).toEqual(['{"prices":[1]}', '{"prices":[1,{"a":2.0}]}'])
      expect(second).toEqual(['{"prices":[1,{"a":2.0},3]}', '{"prices":[{"a":2.0},3,4]}', '{"prices":[3,4,5]}'])
      expect(await graphs().getSource('prices')).toMatchObject({ lastValueText: '[3,4,5]' })
      expect(await feed(fed, 3, '6')).toEqual(['{"prices":[4,5,6]}'])
    })

    test('shrinks with a smaller capacity, and grows again with a larger capacity', async () => {
      const fed = await FedSource.open(context, state(5))
      await feed(fed, 5, '1', '2', '3', '4', '5')

      expect(await feed(fed, 2, '6')).toEqual(['{"prices":[5,6]}'])
      expect(await feed(fed, 4, '7', '8', '9')).toEqual([
        '{"prices":[5,6,7]}',
        '{"prices":[5,6,7,8]}',
        '{"prices":[6,7,8,9]}',
      ])
      expect(await feed(fed, 1, '10', '11')).toEqual(['{"prices":[10]}', '{"prices":[11]}'])
    })

    test('has all values with a negative capacity', async () => {
      const fed = await FedSource.open(context, state(-1))
      await feed(fed, -1, '1', '2')

      expect(await feed(fed, -1, '3', '4')).toEqual(['{"prices":[1,2,3]}', '{"prices":[1,2,3,4]}'])
    })

    test('is not kept with a capacity of 0, and no value is emitted', async () => {
      const fed = await FedSource.open(context, state(0))

      expect(await feed(fed, 0, '1', '2')).toEqual([])
      expect(await graphs().getSource('prices')).toMatchObject({ doneSequence: 2, waiting: 0, lastValueText: null })
      expect(await feed(fed, 2, '3')).toEqual(['{"prices":[3]}'])
    })

    test('has only the new event as the cause of a firing', async () => {
      const fed = await FedSource.open(context, state(2))
      await feed(fed, 2, '1')

      const { firings } = await fed.feed(['2'], { capacity: 2 })

      expect(firings[0]?.causes).toEqual([{ source: 'prices', firstSequence: 2, lastSequence: 2 }])
    })
  })

  describe('a reactor that is fired manually', () => {
    test('fires with its newest values or with given ones, and keeps its dirty marks', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [reactor('alarm', BOTH, 'when_all')] }))
      await fed.feed(['1.0'])

      const plain = await graphs().fire({ reactor: 'alarm', payloadText: null, by: 'ada', at: START + 5 })
      const laid = await graphs().fire({
        reactor: 'alarm',
        payloadText: ' { "news" : {"b": [1.0, "}\\""]} , "news":2.50 } ',
        by: 'ada',
        at: START + 6,
      })

      expect(plain).toMatchObject({
        sequence: 1,
        firedAt: START + 5,
        payloadText: '{"prices":1.0,"news":null}',
        causes: [],
        byHand: 'ada',
      })
      expect(laid).toMatchObject({ sequence: 2, payloadText: '{"prices":1.0,"news":2.50}' })
      expect(await graphs().listReactorFirings('alarm', FIRST_PAGE)).toEqual([laid, plain])
      expect(await graphs().getReactor('alarm')).toMatchObject({
        lastSequence: 2,
        inputs: [
          { valueText: '1.0', isDirty: true },
          { valueText: null, isDirty: false },
        ],
      })
    })

    test('is rejected for an unknown reactor or source, and for a payload that is not an object', async () => {
      await FedSource.open(context)

      expect(await graphs().fire({ reactor: 'unheard of', payloadText: null, by: 'ada', at: START })).toBeNull()
      expect(
        await graphs().fire({ reactor: 'alarm', payloadText: '{"prices":1,"weather":2}', by: 'ada', at: START }),
      ).toBeNull()
      for (const text of ['[1]', 'null', '{"a":}']) {
        await expect(
          graphs().fire({ reactor: 'alarm', payloadText: text, by: 'ada', at: START }),
        ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      }
      expect((await graphs().getReactor('alarm'))?.lastSequence).toBe(0)
    })
  })

  describe('firings', () => {
    test('are listed after a given id, and are found by their ids', async () => {
      const fed = await FedSource.open(context, declared({ reactors: [reactor(), reactor('other')] }))
      const { firings } = await fed.feed(['1', '2', '3'])
      const own = firings.filter(({ reactor: name }) => name === 'alarm')
      const list = async (after: string) =>
        (await graphs().listReactorFirings('alarm', { limit: 1, offset: 0, after })).map(({ sequence }) => sequence)

      expect(await list(own[2]?.id ?? '')).toEqual([2])
      expect(await list('nonsense')).toEqual([])
      expect(await list(firings.at(-1)?.id ?? '')).toEqual([])
      expect(await graphs().listReactorFirings('unheard of', FIRST_PAGE)).toEqual([])
      expect(await graphs().getFiring(own[1]?.id ?? '')).toEqual({ firing: own[1], executions: [] })
      expect(await graphs().getFiring(own[1]?.id.replace(/^.{8}/, '00000063') ?? '')).toBeNull()
      expect(await graphs().getFiring('00000001-0000-4000-8000-000000000000')).toBeNull()
    })

    test('are found by an event that is one of their causes', async () => {
      const reactors = [reactor(), reactor('both', BOTH, 'when_all')]
      const fed = await FedSource.open(context, declared({ reactors }))
      const news = await FedSource.of(context, 'news')
      await fed.feed(['1', '2'])
      await news.feed(['"a"'], { at: START + 20 })
      await fed.feed(['3'])
      const of = async (name: string, sequence: number, limit = 9) =>
        (await graphs().firingsOf(name, sequence, limit)).map(({ reactor: by, sequence: n }) => `${by} ${n}`)

      expect(await of('prices', 1)).toEqual(['both 1', 'alarm 1'])
      expect(await of('prices', 2)).toEqual(['both 1', 'alarm 2'])
      expect(await of('prices', 2, 1)).toEqual(['both 1'])
      expect(await of('prices', 3)).toEqual(['alarm 3'])
      expect(await of('news', 1)).toEqual(['both 1'])
      expect(await of('news', 2)).toEqual([])
      expect(await of('unheard of', 1)).toEqual([])
    })
  })
}
