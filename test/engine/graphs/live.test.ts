/** Path of events from sources through accumulators and reactors to graphs. */

import { describe, expect, it } from 'vitest'
import type { ActionOptions } from '../../../src/engine/services/action-service.ts'
import type { ReactionMode } from '../../../src/model/graphs/definitions.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { fault } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const ME: ActionOptions = { source: 'node' }
const alarm = workflow('alarm', { ring: {} })

function temps(mode: ReactionMode = 'when_any', parts: EngineParts = {}): EngineParts {
  return {
    workflows: [alarm],
    graphs: graphs({
      sources: [source('probe'), source('door')],
      reactors: [reactor('temps', ['probe', 'door'], mode)],
      graphs: [graph('judge', 'temps')],
    }),
    ...parts,
  }
}

async function payloadsOf(running: RunningEngine, name = 'temps'): Promise<unknown[]> {
  const firings = await running.engine.services.reactors.firings(name, FIRST_PAGE)
  return firings.map(({ payloadText }) => JSON.parse(payloadText)).reverse()
}

describe('a pushed event', () => {
  it('gets the next sequence number of its source, and is stored before the push returns', async () => {
    await using running = await RunningEngine.start(temps())
    const { engine } = running

    const sequences = await Promise.all([
      engine.services.sources.pushText('probe', '1'),
      engine.services.sources.pushText('probe', '2'),
    ])

    expect(sequences).toEqual([1, 2])
    expect(await engine.services.sources.pushText('door', '"open"')).toBe(1)
    const stored = await engine.services.sources.events('probe', FIRST_PAGE)
    expect(stored.map(({ sequence, eventText }) => [sequence, eventText])).toEqual([
      [2, '2'],
      [1, '1'],
    ])
  })

  it('reaches the graph with decimal and large numbers unchanged', async () => {
    await using running = await RunningEngine.start(temps())

    await running.engine.services.sources.pushText('probe', '{"c":1.0,"id":1152921504606846977}')
    await settle()

    expect(running.host.graphRuns.flatMap(({ payloads }) => payloads)).toEqual([
      '{"probe":{"c":1.0,"id":1152921504606846977},"door":null}',
    ])
  })

  it('is rejected for an unknown source, for a polled source, and for invalid JSON', async () => {
    await using running = await RunningEngine.start({
      graphs: graphs({
        sources: [source('clock', { kind: 'polling', intervalMs: 60_000 }), source('probe')],
        reactors: [reactor('ticks', ['clock', 'probe'])],
      }),
    })
    const { sources } = running.engine.services

    await expect(sources.pushText('prob', '1')).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: expect.stringContaining('Did you mean "probe"?'),
    })
    await expect(sources.pushText('clock', '1')).rejects.toMatchObject({ code: 'SOURCE_NOT_PUSHABLE' })
    await expect(sources.pushText('probe', '{')).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
  })

  it('reaches the reactor unchanged if no script declares the source', async () => {
    await using running = await RunningEngine.start({ graphs: graphs({ reactors: [reactor('bare', ['anything'])] }) })

    await running.engine.services.sources.pushText('anything', '[1,2]')
    await settle()

    expect(await payloadsOf(running, 'bare')).toEqual([{ anything: [1, 2] }])
    expect(running.host.accumulations).toEqual([])
  })
})

describe('a source with an invalid declaration', () => {
  it('keeps its events until the declaration is corrected', async () => {
    const place = null
    const bad = { name: 'probe', message: 'Invalid interval', script: 'graphs.py', place }
    await using running = await RunningEngine.start({
      graphs: { ...graphs({ reactors: [reactor('temps', ['probe'])] }), badSources: [bad] },
    })
    await running.engine.services.sources.pushText('probe', '1')
    await running.clock.advance(5_000)
    expect(await payloadsOf(running)).toEqual([])

    const mended = graphs({ sources: [source('probe')], reactors: [reactor('temps', ['probe'])] })
    running.registry.replaceScript('graphs.py', { triggers: [], workflows: [], graphs: mended })
    await settle()

    expect(await payloadsOf(running)).toEqual([{ probe: 1 }])
  })
})

describe('an accumulator function', () => {
  it('drops events for which it returns None or raises an error, and processes all others', async () => {
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.source('probe', ({ events }) => ({
            kind: 'answered',
            results: events.map((text) => {
              if (text === '1') return { kind: 'dropped' }
              return text === '2' ? { kind: 'failed', error: fault('no 2') } : { kind: 'value', valueText: `[${text}]` }
            }),
          })),
      }),
    )
    const failures = running.record('sourceFailed')

    await Promise.all(['1', '2', '3'].map((text) => running.engine.services.sources.pushText('probe', text)))
    await settle()

    expect(await payloadsOf(running)).toEqual([{ probe: [3], door: null }])
    expect(failures).toMatchObject([{ source: 'probe', sequence: 2, error: { message: 'no 2' } }])
    expect(await running.engine.services.sources.get('probe')).toMatchObject({ dropped: 1, failed: 1, waiting: 0 })
  })

  it('is called again for events that the previous call did not process', async () => {
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.source('probe', ({ events }) => ({
            kind: 'answered',
            results: events.slice(0, 2).map((valueText) => ({ kind: 'value', valueText })),
          })),
      }),
    )

    await Promise.all(['1', '2', '3', '4', '5'].map((text) => running.engine.services.sources.pushText('probe', text)))
    await settle()

    expect((await payloadsOf(running)).map((payload) => (payload as { probe: number }).probe)).toEqual([1, 2, 3, 4, 5])
  })

  it('loses only the event that killed its interpreter', async () => {
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.source('probe', ({ events }) => {
            const kills = events.includes('2')
            const results = events.map((valueText) => ({ kind: 'value', valueText }) as const)
            return kills ? { kind: 'lost', isCulprit: true, error: fault('dead') } : { kind: 'answered', results }
          }),
      }),
    )

    await Promise.all(['1', '2', '3'].map((text) => running.engine.services.sources.pushText('probe', text)))
    await running.clock.advance(1_000)

    expect((await payloadsOf(running)).map((payload) => (payload as { probe: number }).probe)).toEqual([1, 3])
    expect(await running.engine.services.sources.get('probe')).toMatchObject({ failed: 1, waiting: 0 })
  })

  it('loses no event while no interpreter serves its script', { tags: ['proof'] }, async () => {
    let isThere = false
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.source('probe', ({ events }) =>
            isThere
              ? { kind: 'answered', results: events.map((valueText) => ({ kind: 'value', valueText })) }
              : { kind: 'notServed' },
          ),
      }),
    )
    await running.engine.services.sources.pushText('probe', '1')
    await running.clock.advance(5_000)
    expect(await payloadsOf(running)).toEqual([])

    isThere = true
    await running.clock.advance(1_000)

    expect(await payloadsOf(running)).toEqual([{ probe: 1, door: null }])
  })
})

describe('a reactor', () => {
  it('with when_any, fires for each delivery, with the newest values of all sources', async () => {
    await using running = await RunningEngine.start(temps())
    const { sources } = running.engine.services

    await Promise.all([sources.pushText('probe', '1'), sources.pushText('probe', '2')])
    await settle()
    await sources.pushText('door', '"open"')
    await settle()

    expect(await payloadsOf(running)).toEqual([
      { probe: 1, door: null },
      { probe: 2, door: null },
      { probe: 2, door: 'open' },
    ])
  })

  it('with when_all, fires once each source has delivered since the last firing', async () => {
    await using running = await RunningEngine.start(temps('when_all'))
    const { sources, reactors } = running.engine.services
    const push = async (name: string, text: string) => {
      await sources.pushText(name, text)
      await settle()
    }

    for (const [name, text] of [
      ['probe', '1'],
      ['probe', '2'],
      ['door', '"a"'],
      ['door', '"b"'],
      ['probe', '3'],
    ] as const) {
      await push(name, text)
    }

    expect(await payloadsOf(running)).toEqual([
      { probe: 2, door: 'a' },
      { probe: 3, door: 'b' },
    ])
    expect((await reactors.get('temps')).inputs.map(({ isDirty }) => isDirty)).toEqual([false, false])
  })

  it('runs its graph once for each firing, in the order of the firings', async () => {
    await using running = await RunningEngine.start(temps())

    await Promise.all(['1', '2', '3'].map((text) => running.engine.services.sources.pushText('probe', text)))
    await running.clock.advance(2_000)

    const payloads = running.host.graphRuns.flatMap((each) => each.payloads)
    expect(payloads.map((text) => (JSON.parse(text) as { probe: number }).probe)).toEqual([1, 2, 3])
    expect(await running.engine.services.graphs.get('judge')).toMatchObject({ runs: 3, failures: 0, doneSequence: 3 })
  })

  it('runs its graph for later firings after the graph raised an error', async () => {
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.graph('judge', ({ payloads }) => ({
            kind: 'answered',
            nodesText: '{}',
            results: payloads.map((text) =>
              text.includes('2') ? { kind: 'failed', error: fault('no 2') } : { kind: 'ended', resultText: '"ok"' },
            ),
          })),
      }),
    )
    const failures = running.record('graphFailed')

    await Promise.all(['1', '2', '3'].map((text) => running.engine.services.sources.pushText('probe', text)))
    await running.clock.advance(2_000)

    expect(failures).toMatchObject([{ graph: 'judge', firingSequence: 2, runs: 1 }])
    expect(await running.engine.services.graphs.get('judge')).toMatchObject({
      runs: 3,
      failures: 1,
      lastRun: { firingSequence: 3, resultText: '"ok"' },
      lastError: { message: 'no 2' },
    })
  })

  it('is fired by hand with its newest values, replaced by the given values', async () => {
    await using running = await RunningEngine.start(temps())
    await running.engine.services.sources.pushText('probe', '1')
    await settle()

    const firing = await running.engine.services.reactors.fireText('temps', '{"door":"forced"}', {
      source: 'cli',
      note: 'a try',
    })
    await settle()

    expect(firing).toMatchObject({ sequence: 2, payloadText: '{"probe":1,"door":"forced"}', byHand: 'cli: a try' })
    expect(running.host.graphRuns.at(-1)?.payloads).toEqual(['{"probe":1,"door":"forced"}'])
    await expect(running.engine.services.reactors.fireText('temps', '{"dor":1}', ME)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Did you mean "door"?'),
    })
    await expect(running.engine.services.reactors.fireText('tems', null, ME)).rejects.toMatchObject({
      code: 'REACTOR_NOT_FOUND',
    })
  })
})
