/** Several engines on one database: each source is accumulated by one of them, and each firing is passed on once. */

import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../src/model/action.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { type EngineParts, FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const ME: Actor = { source: 'node', note: null }
const parts: EngineParts = {
  workflows: [workflow('alarm', { ring: {} })],
  graphs: graphs({
    sources: [source('probe')],
    reactors: [reactor('temps', ['probe'])],
    graphs: [graph('judge', 'temps')],
  }),
}

function probesOf(running: RunningEngine): readonly number[] {
  return running.host.graphRuns
    .flatMap(({ payloads }) => payloads)
    .map((text) => (JSON.parse(text) as { probe: number }).probe)
}

describe('engines that share a database', () => {
  it('accumulate a source in one of them, which the other takes over when it stops', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const first = await RunningEngine.start({ ...parts, store, clock })
    await using second = await RunningEngine.start({ ...parts, store, clock })

    await second.engine.graphs.push('probe', '1')
    await clock.advance(3_000)
    expect([probesOf(first), probesOf(second)]).toEqual([[1], []])

    await first[Symbol.asyncDispose]()
    await clock.advance(3_000)
    await second.engine.graphs.push('probe', '2')
    await clock.advance(3_000)

    expect([probesOf(first), probesOf(second)]).toEqual([[1], [2]])
    await second[Symbol.asyncDispose]()
    await store.close()
  })

  it('start one execution for each firing, whoever looks', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ ...parts, store, clock })
    await using second = await RunningEngine.start({ ...parts, store, clock })
    await first.engine.graphs.subscribe({ reactor: 'temps', workflow: 'alarm', tenant: 'public' }, null, ME)

    for (let each = 0; each < 20; each++) {
      await Promise.all([first.engine.graphs.push('probe', String(each)), second.engine.graphs.push('probe', 'true')])
    }
    await clock.advance(5_000)

    expect((await first.engine.listExecutions({ limit: 1_000, offset: 0 })).length).toBe(40)
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()])
    await store.close()
  })

  it('run a graph in the one that has its script, each firing once', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const { sources, reactors, graphs: all } = parts.graphs ?? graphs({})
    await using first = await RunningEngine.start({ graphs: graphs({ sources, reactors }), store, clock })
    await using second = await RunningEngine.start({ graphs: graphs({ graphs: all }), store, clock })

    await first.engine.graphs.push('probe', '1')
    await first.engine.graphs.push('probe', '2')
    await settle()
    await clock.advance(3_000)

    expect([probesOf(first), probesOf(second)]).toEqual([[], [1, 2]])
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()])
    await store.close()
  })

  it('go on with what waits when the only one starts again', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const idle = await RunningEngine.start({ ...parts, store, clock })
    await idle[Symbol.asyncDispose]()
    const pushing = await RunningEngine.start({ store, clock, isIdle: true })
    await Promise.all(['1', '2', '3'].map((text) => pushing.engine.graphs.push('probe', text)))
    await pushing[Symbol.asyncDispose]()

    await using again = await RunningEngine.start({ ...parts, store, clock })
    await settle()

    expect(probesOf(again)).toEqual([1, 2, 3])
    expect(await again.engine.graphs.firings('temps', FIRST_PAGE)).toHaveLength(3)
    await again[Symbol.asyncDispose]()
    await store.close()
  })
})
