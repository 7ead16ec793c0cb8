/** Several engines on one database: one engine accumulates each source, and each firing is processed once. */

import { describe, expect, it } from 'vitest'
import type { ActionOptions } from '../../../src/engine/services/action-service.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { type EngineParts, FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const ME: ActionOptions = { source: 'node' }
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
  it('accumulate a source in one engine until it stops, and then in the other engine', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const first = await RunningEngine.start({ ...parts, store, clock })
    await using second = await RunningEngine.start({ ...parts, store, clock })

    await second.engine.services.sources.pushText('probe', '1')
    await clock.advance(3_000)
    expect([probesOf(first), probesOf(second)]).toEqual([[1], []])

    await first[Symbol.asyncDispose]()
    await clock.advance(3_000)
    await second.engine.services.sources.pushText('probe', '2')
    await clock.advance(3_000)

    expect([probesOf(first), probesOf(second)]).toEqual([[1], [2]])
    await second[Symbol.asyncDispose]()
    await store.close()
  })

  it('start exactly one execution for each firing', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ ...parts, store, clock })
    await using second = await RunningEngine.start({ ...parts, store, clock })
    await first.engine.services.reactors.subscribe('temps', 'alarm', ME)

    for (let each = 0; each < 20; each++) {
      await Promise.all([
        first.engine.services.sources.pushText('probe', String(each)),
        second.engine.services.sources.pushText('probe', 'true'),
      ])
    }
    await clock.advance(5_000)

    expect((await first.store.listExecutions({ limit: 1_000, offset: 0 })).length).toBe(40)
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()])
    await store.close()
  })

  it('run a graph only in the engine that has its script, once for each firing', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const { sources, reactors, graphs: all } = parts.graphs ?? graphs({})
    await using first = await RunningEngine.start({ graphs: graphs({ sources, reactors }), store, clock })
    await using second = await RunningEngine.start({ graphs: graphs({ graphs: all }), store, clock })

    await first.engine.services.sources.pushText('probe', '1')
    await first.engine.services.sources.pushText('probe', '2')
    await settle()
    await clock.advance(3_000)

    expect([probesOf(first), probesOf(second)]).toEqual([[], [1, 2]])
    await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()])
    await store.close()
  })

  it('process events after a restart that were pushed while no engine served the source', {
    tags: ['proof'],
  }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const idle = await RunningEngine.start({ ...parts, store, clock })
    await idle[Symbol.asyncDispose]()
    const pushing = await RunningEngine.start({ store, clock, isIdle: true })
    await Promise.all(['1', '2', '3'].map((text) => pushing.engine.services.sources.pushText('probe', text)))
    await pushing[Symbol.asyncDispose]()

    await using again = await RunningEngine.start({ ...parts, store, clock })
    await settle()

    expect(probesOf(again)).toEqual([1, 2, 3])
    expect(await again.engine.services.reactors.firings('temps', FIRST_PAGE)).toHaveLength(3)
    await again[Symbol.asyncDispose]()
    await store.close()
  })
})
