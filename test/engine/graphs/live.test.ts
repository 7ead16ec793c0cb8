/** Events of sources, on their way to graphs and workflows. */

import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../src/model/action.ts'
import type { ReactionMode } from '../../../src/model/graphs/definitions.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { settle } from '../../support/fake-clock.ts'
import { fault } from '../../support/fake-host.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const ME: Actor = { source: 'node', note: null }
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
  const firings = await running.engine.graphs.firings(name, FIRST_PAGE)
  return firings.map(({ payloadText }) => JSON.parse(payloadText)).reverse()
}

describe('a pushed event', () => {
  it('has the next sequence of its source, and is stored when that is said', async () => {
    await using running = await RunningEngine.start(temps())
    const { engine } = running

    const sequences = await Promise.all([engine.graphs.push('probe', '1'), engine.graphs.push('probe', '2')])

    expect(sequences).toEqual([1, 2])
    expect(await engine.graphs.push('door', '"open"')).toBe(1)
    const stored = await engine.graphs.events('probe', FIRST_PAGE)
    expect(stored.map(({ sequence, eventText }) => [sequence, eventText])).toEqual([
      [2, '2'],
      [1, '1'],
    ])
  })

  it('keeps its numbers to the letter on its way to the graph', async () => {
    await using running = await RunningEngine.start(temps())

    await running.engine.graphs.push('probe', '{"c":1.0,"id":1152921504606846977}')
    await settle()

    expect(running.host.graphRuns.flatMap(({ payloads }) => payloads)).toEqual([
      '{"probe":{"c":1.0,"id":1152921504606846977},"door":null}',
    ])
  })

  it('is refused where nobody knows the source, and where it is polled or read from a stream', async () => {
    await using running = await RunningEngine.start({
      graphs: graphs({
        sources: [source('clock', { kind: 'polling', intervalMs: 60_000 }), source('probe')],
        reactors: [reactor('ticks', ['clock', 'probe'])],
      }),
    })
    const { graphs: calls } = running.engine

    await expect(calls.push('prob', '1')).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: expect.stringContaining('Did you mean "probe"?'),
    })
    await expect(calls.push('clock', '1')).rejects.toMatchObject({ code: 'SOURCE_NOT_PUSHABLE' })
    await expect(calls.push('probe', '{')).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
  })

  it('goes to a source that only a reactor names, as it is', async () => {
    await using running = await RunningEngine.start({ graphs: graphs({ reactors: [reactor('bare', ['anything'])] }) })

    await running.engine.graphs.push('anything', '[1,2]')
    await settle()

    expect(await payloadsOf(running, 'bare')).toEqual([{ anything: [1, 2] }])
    expect(running.host.accumulations).toEqual([])
  })
})

describe('a source that cannot be taken over', () => {
  it('keeps its events until it can', async () => {
    const place = null
    const bad = { name: 'probe', message: 'Invalid interval', script: 'graphs.py', place }
    await using running = await RunningEngine.start({
      graphs: { ...graphs({ reactors: [reactor('temps', ['probe'])] }), badSources: [bad] },
    })
    await running.engine.graphs.push('probe', '1')
    await running.clock.advance(5_000)
    expect(await payloadsOf(running)).toEqual([])

    const mended = graphs({ sources: [source('probe')], reactors: [reactor('temps', ['probe'])] })
    running.registry.replaceScript('graphs.py', { triggers: [], workflows: [], graphs: mended })
    await settle()

    expect(await payloadsOf(running)).toEqual([{ probe: 1 }])
  })
})

describe('an accumulator function', () => {
  it('drops what it returns None for, and what it raises for, and goes on with the rest', async () => {
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

    await Promise.all(['1', '2', '3'].map((text) => running.engine.graphs.push('probe', text)))
    await settle()

    expect(await payloadsOf(running)).toEqual([{ probe: [3], door: null }])
    expect(failures).toMatchObject([{ source: 'probe', sequence: 2, error: { message: 'no 2' } }])
    expect(await running.engine.graphs.source('probe')).toMatchObject({ dropped: 1, failed: 1, waiting: 0 })
  })

  it('is called again for what it did not get to', async () => {
    await using running = await RunningEngine.start(
      temps('when_any', {
        python: (host) =>
          host.source('probe', ({ events }) => ({
            kind: 'answered',
            results: events.slice(0, 2).map((valueText) => ({ kind: 'value', valueText })),
          })),
      }),
    )

    await Promise.all(['1', '2', '3', '4', '5'].map((text) => running.engine.graphs.push('probe', text)))
    await settle()

    expect((await payloadsOf(running)).map((payload) => (payload as { probe: number }).probe)).toEqual([1, 2, 3, 4, 5])
  })

  it('costs only the event that its interpreter dies of', async () => {
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

    await Promise.all(['1', '2', '3'].map((text) => running.engine.graphs.push('probe', text)))
    await running.clock.advance(1_000)

    expect((await payloadsOf(running)).map((payload) => (payload as { probe: number }).probe)).toEqual([1, 3])
    expect(await running.engine.graphs.source('probe')).toMatchObject({ failed: 1, waiting: 0 })
  })

  it('loses no event while its script is away', async () => {
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
    await running.engine.graphs.push('probe', '1')
    await running.clock.advance(5_000)
    expect(await payloadsOf(running)).toEqual([])

    isThere = true
    await running.clock.advance(1_000)

    expect(await payloadsOf(running)).toEqual([{ probe: 1, door: null }])
  })
})

describe('a reactor', () => {
  it('fires for each delivery with when_any, with the newest values of all sources', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine

    await Promise.all([calls.push('probe', '1'), calls.push('probe', '2')])
    await settle()
    await calls.push('door', '"open"')
    await settle()

    expect(await payloadsOf(running)).toEqual([
      { probe: 1, door: null },
      { probe: 2, door: null },
      { probe: 2, door: 'open' },
    ])
  })

  it('waits with when_all until each source has delivered since the last firing', async () => {
    await using running = await RunningEngine.start(temps('when_all'))
    const { graphs: calls } = running.engine
    const push = async (name: string, text: string) => {
      await calls.push(name, text)
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
    expect((await calls.reactor('temps')).inputs.map(({ isDirty }) => isDirty)).toEqual([false, false])
  })

  it('runs its graphs in the order of the firings, each firing once', async () => {
    await using running = await RunningEngine.start(temps())

    await Promise.all(['1', '2', '3'].map((text) => running.engine.graphs.push('probe', text)))
    await running.clock.advance(2_000)

    const payloads = running.host.graphRuns.flatMap((each) => each.payloads)
    expect(payloads.map((text) => (JSON.parse(text) as { probe: number }).probe)).toEqual([1, 2, 3])
    expect(await running.engine.graphs.graph('judge')).toMatchObject({ runs: 3, failures: 0, doneSequence: 3 })
  })

  it('goes on after a graph that raises', async () => {
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

    await Promise.all(['1', '2', '3'].map((text) => running.engine.graphs.push('probe', text)))
    await running.clock.advance(2_000)

    expect(failures).toMatchObject([{ graph: 'judge', firingSequence: 2, runs: 1 }])
    expect(await running.engine.graphs.graph('judge')).toMatchObject({
      runs: 3,
      failures: 1,
      lastRun: { firingSequence: 3, resultText: '"ok"' },
      lastError: { message: 'no 2' },
    })
  })

  it('is fired by hand with its newest values and those that are given', async () => {
    await using running = await RunningEngine.start(temps())
    await running.engine.graphs.push('probe', '1')
    await settle()

    const firing = await running.engine.graphs.fire('temps', '{"door":"forced"}', { source: 'cli', note: 'a try' })
    await settle()

    expect(firing).toMatchObject({ sequence: 2, payloadText: '{"probe":1,"door":"forced"}', byHand: 'cli: a try' })
    expect(running.host.graphRuns.at(-1)?.payloads).toEqual(['{"probe":1,"door":"forced"}'])
    await expect(running.engine.graphs.fire('temps', '{"dor":1}', ME)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Did you mean "door"?'),
    })
    await expect(running.engine.graphs.fire('tems', null, ME)).rejects.toMatchObject({ code: 'REACTOR_NOT_FOUND' })
  })
})
