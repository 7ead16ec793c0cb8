/** Store contract tests for declarations and runs of graphs. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { declared, FedSource, graph, NOTHING, newEvents, PASSTHROUGH, reactor, source } from './graph-builders.ts'
import { FAULT, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeGraphContract(context: ContractContext): void {
  const graphs = () => context.store.graphs

  describe('declared sources, reactors and graphs', () => {
    /** Returns the time since which each source, reactor and graph is undeclared, by name. */
    const undeclared = async () => {
      const rows = [...(await graphs().listSources()), ...(await graphs().listReactors())]
      const entries = [
        ...rows.map(({ name, undeclaredAt }) => [name, undeclaredAt]),
        ...(await graphs().listGraphs()).map(({ definition, undeclaredAt }) => [definition.name, undeclaredAt]),
      ]
      return Object.fromEntries(entries)
    }

    test('are listed by name, including sources that only a reactor names', async () => {
      await context.store.openInstance('one', START)
      const stream = { kind: 'stream', type: 'kafka', topic: 'quotes', group: null } as const

      await graphs().declare(
        'one',
        {
          sources: [source('prices', stream), { ...source('clicks'), description: 'of the shop' }],
          reactors: [reactor('alarm', ['prices', 'news'], 'when_all')],
          graphs: [graph(), graph('free', null)],
        },
        START + 3,
      )

      const row = { lastSequence: 0, doneSequence: 0, waiting: 0, dropped: 0, refused: 0, failed: 0, lastEventAt: null }
      const nothing = { lastValueText: null, lastValueAt: null, lastError: null, lastErrorAt: null, owner: null }
      const rest = { ...row, ...nothing, undeclaredAt: null, createdAt: START + 3 }
      expect(await graphs().listSources()).toEqual([
        { name: 'clicks', accumulation: PASSTHROUGH, description: 'of the shop', ...rest },
        { name: 'news', accumulation: null, description: '', ...rest },
        { name: 'prices', accumulation: stream, description: '', ...rest },
      ])
      const none = { valueText: null, valueAt: null, sequence: null, isDirty: false }
      expect(await graphs().listReactors()).toEqual([
        {
          name: 'alarm',
          mode: 'when_all',
          inputs: [
            { source: 'prices', ...none },
            { source: 'news', ...none },
          ],
          lastSequence: 0,
          lastFiredAt: null,
          undeclaredAt: null,
          createdAt: START + 3,
        },
      ])
      const unrun = { doneSequence: 0, runs: 0, failures: 0, lastRun: null, lastError: null, lastErrorAt: null }
      expect(await graphs().listGraphs()).toEqual([
        { definition: graph('free', null), ...unrun, undeclaredAt: null, createdAt: START + 3 },
        { definition: graph(), ...unrun, undeclaredAt: null, createdAt: START + 3 },
      ])
      expect(await graphs().getReactor('unheard of')).toBeNull()
      expect(await graphs().getGraph('unheard of')).toBeNull()
    })

    test('are updated by a new declaration, and keep their sequences and creation times', async () => {
      const fed = await FedSource.open(context)
      await fed.feed(['1'])
      const batch = { kind: 'batch', intervalMs: 500, maxSize: null } as const

      await graphs().declare(
        'one',
        { sources: [source('prices', batch)], reactors: [reactor('alarm', ['prices'], 'when_all')], graphs: [graph()] },
        START + 8,
      )

      expect(await graphs().getSource('prices')).toMatchObject({
        accumulation: batch,
        lastSequence: 1,
        createdAt: START,
      })
      expect(await graphs().getReactor('alarm')).toMatchObject({ mode: 'when_all', lastSequence: 1, createdAt: START })
      expect(await graphs().getGraph('judge')).toMatchObject({ doneSequence: 1, createdAt: START })
    })

    test('a reactor with changed sources keeps the values and dirty marks of its remaining sources', async () => {
      const before = declared({ reactors: [reactor('alarm', ['prices', 'news', 'clicks'], 'when_all')] })
      const fed = await FedSource.open(context, before)
      const clicks = await FedSource.of(context, 'clicks')
      await fed.feed(['1'])
      await clicks.feed(['2'])

      await graphs().declare(
        'one',
        declared({ reactors: [reactor('alarm', ['weather', 'clicks'], 'when_all')] }),
        START,
      )
      const weather = await FedSource.of(context, 'weather')

      expect((await graphs().getReactor('alarm'))?.inputs).toMatchObject([
        { source: 'weather', valueText: null, isDirty: false },
        { source: 'clicks', valueText: '2', isDirty: true },
      ])
      expect(await weather.payloads('3')).toEqual(['{"weather":3,"clicks":2}'])
      await graphs().declare('one', declared({ reactors: [reactor('alarm', ['clicks', 'weather'])] }), START)
      expect(await weather.payloads('4')).toEqual(['{"clicks":2,"weather":4}'])
    })

    test('are marked as undeclared, with the time, while no living engine declares them', async () => {
      await context.store.openInstance('one', START)
      await context.store.openInstance('two', START)
      await graphs().declare('one', declared({ reactors: [reactor('alarm', ['prices', 'news'])] }), START)
      await graphs().declare('two', declared({ reactors: [], graphs: [graph('other')] }), START)

      await graphs().declare('one', { ...NOTHING, reactors: [reactor()] }, START + 5)
      const second = await undeclared()
      await context.store.closeInstance('two', START)
      await graphs().declare('one', NOTHING, START + 6)
      const third = await undeclared()
      await graphs().declare('one', declared(), START + 7)

      expect(second).toEqual({ prices: null, news: START + 5, alarm: null, judge: START + 5, other: null })
      expect(third).toEqual({
        prices: START + 6,
        news: START + 5,
        alarm: START + 6,
        judge: START + 5,
        other: START + 6,
      })
      expect(await undeclared()).toEqual({ prices: null, news: START + 5, alarm: null, judge: null, other: START + 6 })
    })

    test('a source without a function loses its accumulation, although a reactor still names it', async () => {
      await FedSource.open(context)
      await context.store.openInstance('two', START)
      await graphs().declare('two', { ...NOTHING, reactors: [reactor()] }, START)
      const both = await graphs().getSource('prices')

      await graphs().declare('one', { ...NOTHING, reactors: [reactor()] }, START)

      expect(both?.accumulation).toEqual(PASSTHROUGH)
      expect(await graphs().getSource('prices')).toMatchObject({ accumulation: null, undeclaredAt: null })
    })

    test('an engine without declarations does not mark the graphs of a closed engine as undeclared', async () => {
      await FedSource.open(context)
      await context.store.closeInstance('one', START)
      await context.store.openInstance('two', START)

      await graphs().declare('two', NOTHING, START + 5)
      await context.store.heartbeat('two', START + 6)

      expect(await undeclared()).toEqual({ prices: null, alarm: null, judge: null })
    })

    test('the graphs of a closed engine are marked as undeclared at the next heartbeat of another engine', async () => {
      await FedSource.open(context)
      await context.store.openInstance('two', START)
      await graphs().declare('two', declared({ graphs: [graph('other')] }), START)
      await context.store.heartbeat('two', START + 1)
      await context.store.closeInstance('one', START)

      await context.store.heartbeat('two', START + 2)

      expect(await undeclared()).toEqual({ prices: null, alarm: null, judge: START + 2, other: null })
    })

    context.sharedTest('an engine closed as dead restores its declarations with its next heartbeat', async () => {
      await FedSource.open(context)
      const another = await context.openAnother()
      await another.closeInstance('one', START)
      await another.openInstance('two', START)
      await another.graphs.declare('two', declared({ reactors: [], graphs: [] }), START + 1)
      const dead = await undeclared()

      await context.store.heartbeat('one', START + 2)

      expect(dead).toEqual({ prices: null, alarm: START + 1, judge: START + 1 })
      expect(await undeclared()).toEqual({ prices: null, alarm: null, judge: null })
    })
  })

  context.sharedTest('a reopened engine keeps its declarations when another engine declares a source', async () => {
    await FedSource.open(context)
    await context.store.heartbeat('one', START)
    const another = await context.openAnother()
    await another.closeInstance('one', START)
    await context.store.heartbeat('one', START + 1)

    await another.openInstance('two', START)
    await another.graphs.declare('two', { ...NOTHING, sources: [source('clicks')] }, START + 2)

    expect(await graphs().getReactor('alarm')).toMatchObject({ undeclaredAt: null })
    expect(await graphs().getGraph('judge')).toMatchObject({ undeclaredAt: null })
  })

  describe('the last handled firing of a graph', () => {
    test('advances with each delivery, so that each firing runs the graph once', async () => {
      const fed = await FedSource.open(
        context,
        declared({ graphs: [graph(), graph('elsewhere'), graph('free', null)] }),
      )

      const first = await fed.feed(['1', '2'])

      expect(first.run).toEqual(['judge'])
      expect(await graphs().getGraph('judge')).toMatchObject({ doneSequence: 2 })
      expect(await graphs().getGraph('elsewhere')).toMatchObject({ doneSequence: 0 })
      expect(await graphs().claimRuns(['judge', 'free', 'unheard of'], 10)).toEqual([])
    })

    test('does not advance with a delivery while earlier firings are not claimed', async () => {
      const fed = await FedSource.open(context)
      await graphs().fire({ reactor: 'alarm', payloadText: null, by: 'ada', at: START })
      const { run, firings } = await fed.feed(['1', '2'])

      const first = await graphs().claimRuns(['judge'], 2)
      const between = await fed.feed(['3'])
      const second = await graphs().claimRuns(['judge'], 9)
      const after = await fed.feed(['4'])

      expect(run).toEqual([])
      expect(first.map(({ graph: name, firings }) => [name, firings.map(({ sequence }) => sequence)])).toEqual([
        ['judge', [1, 2]],
      ])
      expect(first[0]?.firings[1]).toEqual(firings[0])
      expect(between.run).toEqual([])
      expect(second).toMatchObject([{ firings: [{ sequence: 3 }, { sequence: 4 }] }])
      expect(after.run).toEqual(['judge'])
    })

    test('advances once per firing when two callers claim runs at the same time', async () => {
      const fed = await FedSource.open(context)
      await fed.feed(['1', '2', '3'], { graphs: [] })

      const claims = await Promise.all([graphs().claimRuns(['judge'], 2), graphs().claimRuns(['judge'], 2)])

      expect(claims.flat().flatMap(({ firings }) => firings.map(({ sequence }) => sequence))).toEqual([1, 2, 3])
    })

    context.sharedTest('advances once per firing when two processes claim runs at the same time', async () => {
      const fed = await FedSource.open(context)
      const another = await context.openAnother()
      const texts = Array.from({ length: 20 }, (_, index) => `${index}`)
      await fed.feed(texts, { graphs: [] })

      const claims = await Promise.all(
        texts.flatMap(() => [graphs().claimRuns(['judge'], 1), another.graphs.claimRuns(['judge'], 1)]),
      )

      const claimed = claims.flat().flatMap(({ firings }) => firings.map(({ sequence }) => sequence))
      expect(claimed.sort((one, other) => one - other)).toEqual(texts.map((_, index) => index + 1))
    })

    test('is the latest firing of the reactor for a new graph, and for a graph moved to a reactor', async () => {
      const reactors = [reactor(), reactor('other', ['news'])]
      const fed = await FedSource.open(context, declared({ reactors }))
      const news = await FedSource.of(context, 'news')
      await fed.feed(['1', '2', '3'])
      await news.feed(['1'])

      await graphs().declare('one', declared({ reactors, graphs: [graph('judge', 'other'), graph('new')] }), START)
      const prices = await fed.feed(['4'], { graphs: [{ graph: 'new', reactor: 'alarm' }] })
      const others = await news.feed(['2'], { graphs: [{ graph: 'judge', reactor: 'other' }] })

      expect([prices.run, others.run]).toEqual([['new'], ['judge']])
      expect(await graphs().getGraph('new')).toMatchObject({ doneSequence: 4 })
      expect(await graphs().getGraph('judge')).toMatchObject({ doneSequence: 2 })
    })
  })

  describe('the runs of a graph', () => {
    test('are counted, with the last run and the last error', async () => {
      await FedSource.open(context)
      const lastRun = { at: START + 5, firingSequence: 3, resultText: '{"a":1.0}', nodesText: '{"look":1.0}' }
      const error = { error: FAULT, at: START + 6 }

      await graphs().recordRuns([
        { graph: 'judge', runs: 3, failures: 0, lastRun, error: null },
        { graph: 'unheard of', runs: 1, failures: 0, lastRun, error: null },
      ])
      await graphs().recordRuns([{ graph: 'judge', runs: 2, failures: 1, lastRun: null, error }])

      const row = await graphs().getGraph('judge')
      expect(row).toMatchObject({ runs: 5, failures: 1, lastRun, lastError: FAULT, lastErrorAt: START + 6 })
      const later = { at: START + 9, firingSequence: 6, resultText: null, nodesText: '{}' }
      await graphs().recordRuns([{ graph: 'judge', runs: 1, failures: 0, lastRun: later, error: null }])
      expect(await graphs().getGraph('judge')).toMatchObject({ runs: 6, lastRun: later, lastError: FAULT })
    })
  })

  test('accepts events of a source that is no longer declared', async () => {
    await FedSource.open(context)
    await graphs().declare('one', NOTHING, START)

    expect(await graphs().accept(newEvents(['1']))).toMatchObject({ accepted: 1 })
  })
}
