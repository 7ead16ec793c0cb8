/** Store contract tests for sources and their events. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { StreamPosition } from '../../src/model/graphs/stream-events.ts'
import { declared, delivery, FedSource, newEvents, poll, reactor, source } from './graph-builders.ts'
import { FAULT, FIRST_PAGE, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeSourceContract(context: ContractContext): void {
  const graphs = () => context.store.graphs
  const declare = async () => {
    await context.store.openInstance('one', START)
    await graphs().declare('one', declared(), START)
  }
  const at = (
    partition: string,
    offset: number,
    eventText = `${offset}`,
  ): { eventText: string; position: StreamPosition } => {
    return { eventText, position: { partition, offset } }
  }

  describe('the events of a source', () => {
    test('get the next sequence numbers in their order, and keep their text unchanged', async () => {
      await declare()
      const texts = ['{"price":10.0,"n":12345678901234567890}', 'null', '"\\ud800 ü 🦊"']

      const first = await graphs().accept(newEvents(texts))
      const second = await graphs().accept(newEvents(['4'], { at: START + 5 }))

      expect(first).toEqual({ kind: 'accepted', accepted: 3, repeated: [], firstSequence: 1, waiting: 3 })
      expect(second).toEqual({ kind: 'accepted', accepted: 1, repeated: [], firstSequence: 4, waiting: 4 })
      const events = await graphs().eventsAfter('prices', 0, { events: 10, maxChars: 1_000 })
      expect(events.map(({ sequence, eventText }) => [sequence, eventText])).toEqual([
        [1, texts[0]],
        [2, texts[1]],
        [3, texts[2]],
        [4, '4'],
      ])
      expect(events[3]).toEqual({ source: 'prices', sequence: 4, acceptedAt: START + 5, eventText: '4' })
      expect(await graphs().getSource('prices')).toMatchObject({
        lastSequence: 4,
        doneSequence: 0,
        waiting: 4,
        lastEventAt: START + 5,
      })
    })

    test('get unique sequence numbers without a gap in 50 concurrent calls', async () => {
      await declare()

      const calls = Array.from({ length: 50 }, (_, index) => graphs().accept(newEvents([`${index}`, 'true'])))
      const answers = await Promise.all(calls)

      const firsts = answers.map((answer) => (answer.kind === 'accepted' ? answer.firstSequence : 0))
      expect(firsts).toEqual(Array.from({ length: 50 }, (_, index) => 1 + 2 * index))
      const events = await graphs().eventsAfter('prices', 0, { events: 200, maxChars: 10_000 })
      expect(events.filter(({ eventText }) => eventText !== 'true').map(({ eventText }) => eventText)).toEqual(
        Array.from({ length: 50 }, (_, index) => `${index}`),
      )
    })

    context.sharedTest('get unique sequence numbers without a gap from two processes', async () => {
      await declare()
      const another = await context.openAnother()

      const calls = Array.from({ length: 20 }, (_, index) => [
        graphs().accept(newEvents([`${index}`, '"a"'])),
        another.graphs.accept(newEvents([`${index}`])),
      ])
      const answers = await Promise.all(calls.flat())

      const first = answers.map((answer) => (answer.kind === 'accepted' ? answer.firstSequence : 0))
      const all = answers.flatMap((answer, index) =>
        answer.kind === 'accepted' ? Array.from({ length: answer.accepted }, (_, at) => (first[index] ?? 0) + at) : [],
      )
      expect([...all].sort((one, other) => one - other)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
      expect(await graphs().eventsAfter('prices', 0, { events: 100, maxChars: 10_000 })).toHaveLength(60)
    })

    test('are not accepted for an unknown source', async () => {
      expect(await graphs().accept(newEvents(['1']))).toEqual({ kind: 'unknown' })
      expect(await graphs().eventsAfter('prices', 0, { events: 10, maxChars: 10 })).toEqual([])
      expect(await graphs().listEvents('prices', FIRST_PAGE)).toEqual([])
      expect(await graphs().positions('prices')).toEqual([])
      expect(await graphs().getSource('prices')).toBeNull()
      await graphs().refuse('prices', 3)
    })

    test('are accepted up to the limit of waiting events, and rejected events are counted', async () => {
      const fed = await FedSource.open(context)
      const limit = { maxWaiting: 3 }

      const some = await graphs().accept(newEvents(['1', '2', '3', '4', '5'], limit))
      const none = await graphs().accept(newEvents(['4', '5'], limit))
      await graphs().refuse('prices', 2)
      await graphs().deliver(delivery({ lease: fed.lease, upToSequence: 2 }))
      const later = await graphs().accept(newEvents(['4', '5', '6'], limit))

      expect(some).toMatchObject({ accepted: 3, firstSequence: 1, waiting: 3 })
      expect(none).toMatchObject({ accepted: 0, waiting: 3 })
      expect(later).toMatchObject({ accepted: 2, firstSequence: 4, waiting: 3 })
      expect(await graphs().getSource('prices')).toMatchObject({ lastSequence: 5, waiting: 3, refused: 2 })
    })

    test('are read up to the requested number and length of text, and at least one', async () => {
      await declare()
      await graphs().accept(newEvents(['"aaaaaaaa"', '"bbbbbbbb"', '"cccccccc"', '"d"']))
      const read = async (after: number, events: number, maxChars: number) =>
        (await graphs().eventsAfter('prices', after, { events, maxChars })).map(({ sequence }) => sequence)

      expect(await read(0, 10, 20)).toEqual([1, 2])
      expect(await read(0, 10, 1)).toEqual([1])
      expect(await read(1, 2, 1_000)).toEqual([2, 3])
      expect(await read(3, 10, 1_000)).toEqual([4])
      expect(await read(4, 10, 1_000)).toEqual([])
    })

    test('are listed newest first, and after a given event', async () => {
      await declare()
      await graphs().accept(newEvents(['1', '2', '3', '4', '5']))
      const list = async (page: { readonly limit: number; readonly offset: number; readonly after?: string }) =>
        (await graphs().listEvents('prices', page)).map(({ sequence }) => sequence)

      expect(await list({ limit: 2, offset: 0 })).toEqual([5, 4])
      expect(await list({ limit: 2, offset: 1 })).toEqual([4, 3])
      expect(await list({ limit: 9, offset: 0, after: '3' })).toEqual([2, 1])
      expect(await list({ limit: 9, offset: 0, after: 'x' })).toEqual([])
    })
  })

  describe('the positions of a stream', () => {
    test('are stored with the events, and events at earlier positions are reported as repeated', async () => {
      await declare()

      const first = await graphs().accept(newEvents([], { events: [at('0', 5), at('0', 6), at('1', 1)] }))
      const second = await graphs().accept(
        newEvents([], { events: [at('0', 6), at('0', 7), at('1', 1), at('1', 2), at('2', 0)] }),
      )

      expect(first).toMatchObject({ accepted: 3, repeated: [], firstSequence: 1 })
      expect(second).toMatchObject({ accepted: 3, repeated: [0, 2], firstSequence: 4 })
      expect(await graphs().positions('prices')).toEqual([
        { partition: '0', offset: 7 },
        { partition: '1', offset: 2 },
        { partition: '2', offset: 0 },
      ])
    })

    test('do not advance over events that exceed the limit of waiting events', async () => {
      await declare()

      const some = await graphs().accept(newEvents([], { events: [at('0', 0), at('0', 1), at('0', 2)], maxWaiting: 2 }))
      // The store does not check events after the first one that exceeds the limit.
      const none = await graphs().accept(newEvents([], { events: [at('0', 1), at('0', 2), at('0', 0)], maxWaiting: 2 }))
      const rest = await graphs().accept(newEvents([], { events: [at('0', 1), at('0', 2)], maxWaiting: 9 }))

      expect(some).toMatchObject({ accepted: 2, repeated: [] })
      expect(none).toMatchObject({ accepted: 0, repeated: [0] })
      expect(rest).toMatchObject({ accepted: 1, repeated: [0], firstSequence: 3 })
      expect(await graphs().positions('prices')).toEqual([{ partition: '0', offset: 2 }])
    })

    test('detect repeated events in concurrent calls', async () => {
      await declare()

      const answers = await Promise.all([
        graphs().accept(newEvents([], { events: [at('0', 0), at('0', 1)] })),
        graphs().accept(newEvents([], { events: [at('0', 1), at('0', 2)] })),
      ])

      expect(answers).toMatchObject([{ accepted: 2 }, { accepted: 1, repeated: [0], firstSequence: 3 }])
    })

    test('are deleted when the source reads another stream', async () => {
      await context.store.openInstance('one', START)
      const stream = (topic: string) => source('prices', { kind: 'stream', type: 'kafka', topic, group: null })
      const declareTopic = (topic: string) => graphs().declare('one', declared({ sources: [stream(topic)] }), START)
      await declareTopic('quotes')
      await graphs().accept(newEvents([], { events: [at('0', 900)] }))

      await declareTopic('quotes')
      const same = await graphs().positions('prices')
      await declareTopic('trades')

      expect(same).toEqual([{ partition: '0', offset: 900 }])
      expect(await graphs().positions('prices')).toEqual([])
      expect(await graphs().accept(newEvents([], { events: [at('0', 0)] }))).toMatchObject({ accepted: 1 })
      await graphs().declare('one', declared(), START)
      expect(await graphs().positions('prices')).toEqual([])
    })
  })

  describe('the polls of a source', () => {
    test('are listed newest first; consecutive skips share one row, other polls have a row each', async () => {
      await declare()

      await graphs().recordPolls('prices', [poll({ latenessMs: null }), poll({ lastAt: START + 1, durationMs: 9 })])
      await graphs().recordPolls('prices', [
        poll({ firstAt: START + 2, lastAt: START + 4, count: 3, latenessMs: 7 }),
        poll({ outcome: 'failed', firstAt: START + 5, lastAt: START + 5, error: FAULT }),
        poll({ firstAt: START + 6, lastAt: START + 6 }),
      ])
      await graphs().accept(
        newEvents(['1'], {
          poll: { outcome: 'emitted', firstAt: START + 7, lastAt: START + 7, latenessMs: 1, durationMs: 4 },
        }),
      )

      const rows = await graphs().listPolls('prices', FIRST_PAGE)
      expect(rows.map(({ id: _, ...row }) => row)).toEqual([
        poll({ outcome: 'emitted', firstAt: START + 7, lastAt: START + 7, latenessMs: 1, durationMs: 4, sequence: 1 }),
        poll({ firstAt: START + 6, lastAt: START + 6 }),
        poll({ outcome: 'failed', firstAt: START + 5, lastAt: START + 5, error: FAULT }),
        poll({ lastAt: START + 4, count: 5, latenessMs: 7, durationMs: 9 }),
      ])
      const behind = await graphs().listPolls('prices', { limit: 1, offset: 0, after: rows[1]?.id ?? '' })
      expect(behind).toEqual([rows[2]])
    })

    test('are dropped for an unknown source', async () => {
      await graphs().recordPolls('prices', [poll()])

      expect(await graphs().listPolls('prices', FIRST_PAGE)).toEqual([])
    })

    test('have no row if their event exceeds the limit of waiting events', async () => {
      await declare()

      const brought = { outcome: 'emitted', firstAt: START, lastAt: START, latenessMs: 0, durationMs: 0 } as const
      await graphs().accept(newEvents(['1'], { poll: brought, maxWaiting: 0 }))

      expect(await graphs().listPolls('prices', FIRST_PAGE)).toEqual([])
    })
  })

  describe('the lease of a source', () => {
    test('belongs to one engine at a time, and has a new number and the sequence numbers', async () => {
      await context.store.openInstance('one', START)
      await context.store.openInstance('two', START)
      await graphs().declare('one', declared({ reactors: [reactor('alarm', ['prices', 'news'])] }), START)
      await graphs().accept(newEvents(['1', '2']))

      const first = await graphs().leaseSources('one', ['prices', 'unheard of', 'news'])
      const again = await graphs().leaseSources('one', ['prices'])
      const refused = await graphs().leaseSources('two', ['news', 'prices'])
      await graphs().releaseSources('one', ['prices'])
      await graphs().releaseSources('two', ['news'])
      const taken = await graphs().leaseSources('two', ['news', 'prices'])

      const news = { source: 'news', number: 1, doneSequence: 0, lastSequence: 0 }
      const prices = { source: 'prices', number: 1, doneSequence: 0, lastSequence: 2 }
      expect(first).toEqual([prices, news])
      expect(again).toEqual([prices])
      expect(refused).toEqual([])
      expect(taken).toEqual([{ ...prices, number: 2 }])
      expect((await graphs().listSources()).map(({ name, owner }) => [name, owner])).toEqual([
        ['news', 'one'],
        ['prices', 'two'],
      ])
    })

    test('is released by an engine that closes', async () => {
      await FedSource.open(context)
      await context.store.openInstance('two', START)

      await context.store.closeInstance('one', START)

      expect((await graphs().getSource('prices'))?.owner).toBeNull()
      expect(await graphs().leaseSources('two', ['prices'])).toMatchObject([{ number: 2 }])
    })

    context.sharedTest('moves from a dead engine to another, and the dead engine can no longer deliver', async () => {
      const another = await context.openAnother()
      const fed = await FedSource.open(context)
      await graphs().accept(newEvents(['1', '2']))
      await another.openInstance('two', START)
      // The process of "one" stalls, and only "two" sends heartbeats.
      for (let beats = 0; beats < 12; beats++) {
        await context.clock.advance(1_000)
        await another.heartbeat('two', context.clock.now())
      }

      const taken = await another.graphs.leaseSources('two', ['prices'])
      await context.store.heartbeat('one', context.clock.now())
      const lost = await graphs().deliver(delivery({ lease: fed.lease, upToSequence: 2 }))
      const kept = await graphs().leaseSources('one', ['prices'])
      const delivered = await another.graphs.deliver(delivery({ instanceId: 'two', lease: 2, upToSequence: 2 }))

      expect(taken).toEqual([{ source: 'prices', number: 2, doneSequence: 0, lastSequence: 2 }])
      expect(lost).toEqual({ kind: 'lost' })
      expect(kept).toEqual([])
      expect(delivered.kind).toBe('delivered')
    })
  })
}
