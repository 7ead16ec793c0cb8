/** Workflows that are started when a reactor fires. */

import { describe, expect, it } from 'vitest'
import type { Actor } from '../../../src/model/action.ts'
import type { ReactionMode } from '../../../src/model/graphs/definitions.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { settle } from '../../support/fake-clock.ts'
import { type EngineParts, FIRST_PAGE, RunningEngine } from '../../support/running-engine.ts'

const ME: Actor = { source: 'node', note: null }
const alarm = workflow('alarm', { ring: {} })
const to = (name: string) => ({ reactor: name, workflow: 'alarm', tenant: 'public' })

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

async function inputsOf(running: RunningEngine): Promise<Record<string, unknown>[]> {
  const summaries = await running.engine.listExecutions(FIRST_PAGE)
  const all = await Promise.all(summaries.map(({ id }) => running.engine.getExecution(id)))
  return all.map((each) => JSON.parse(each?.inputText ?? '{}') as Record<string, unknown>).reverse()
}

describe('a subscribed workflow', () => {
  it('is started once for each firing, with the values and the keys of the engine', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine
    await calls.subscribe(to('temps'), null, ME)

    await Promise.all([calls.push('probe', '1'), calls.push('probe', '2.0')])
    await settle()

    const firings = await calls.firings('temps', FIRST_PAGE)
    const inputs = await inputsOf(running)
    expect(inputs).toEqual(
      [...firings].reverse().map(({ id, payloadText }) => ({
        ...(JSON.parse(payloadText) as object),
        reactor_name: 'temps',
        reactor_firing_id: id,
        reactor_fired_at: expect.stringMatching(/\+00:00$/),
      })),
    )
    const [detail] = await Promise.all([calls.firing(firings[0]?.id ?? '')])
    expect(detail?.executions).toMatchObject([{ workflow: 'alarm' }])
  })

  it('is started with the retained firings when it is subscribed late', async () => {
    await using running = await RunningEngine.start(temps())
    await running.engine.graphs.push('probe', '1')
    await settle()

    await running.engine.graphs.subscribe(to('temps'), null, ME)
    await settle()

    expect(await inputsOf(running)).toHaveLength(1)
  })

  it('is started only where the predicate holds', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine
    await calls.subscribe(to('temps'), 'payload.probe > 80.0', ME)

    await Promise.all(['79', '81', '80.5'].map((text) => calls.push('probe', text)))
    await settle()

    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([81, 80.5])
    await expect(calls.subscribe(to('temps'), 'payload. >', ME)).rejects.toMatchObject({ code: 'INVALID_PREDICATE' })
  })

  it('is degraded after five errors of its predicate in a row, and goes on behind that firing when it is replaced', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine
    const warnings = running.record('warning')
    const id = await calls.subscribe(to('temps'), 'payload.probe.c > 1', ME)
    await calls.push('probe', '{"c":5}')
    await settle()
    await Promise.all([calls.push('probe', '{"d":5}'), calls.push('probe', '{"c":7}')])
    await settle()
    expect(await calls.listSubscriptions({ enabledOnly: true })).toMatchObject([{ errorCount: 1, isDegraded: false }])

    await running.clock.advance(10_000)

    const [degraded] = await calls.listSubscriptions({ enabledOnly: true })
    expect(degraded).toMatchObject({ id, errorCount: 5, isDegraded: true, doneSequence: 2, waiting: 1 })
    expect(degraded?.lastError).toContain('No such key')
    expect(warnings).toMatchObject([{ code: 'SUBSCRIPTION_DEGRADED', workflow: 'alarm' }])
    expect(await inputsOf(running)).toHaveLength(1)

    expect(await calls.subscribe(to('temps'), 'has(payload.probe.c)', ME)).toBe(id)
    await settle()
    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([{ c: 5 }, { c: 7 }])
    expect(await calls.listSubscriptions({ enabledOnly: true })).toMatchObject([{ errorCount: 0, isDegraded: false }])
  })

  it('has lost nothing after a pause of a day', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine
    const id = await calls.subscribe(to('temps'), null, ME)
    await calls.setSubscriptionEnabled(id, false, ME)
    expect(await calls.listSubscriptions({ tenant: 'public', enabledOnly: true })).toEqual([])
    await Promise.all(Array.from({ length: 250 }, (_, index) => calls.push('probe', String(index))))
    await running.clock.advance(24 * 3_600_000)
    expect(await inputsOf(running)).toEqual([])

    await calls.setSubscriptionEnabled(id, true, ME)
    await settle()

    expect((await running.engine.listExecutions({ limit: 1_000, offset: 0 })).length).toBe(250)
  })

  it('is started anew for the firings that are replayed', async () => {
    await using running = await RunningEngine.start(temps())
    const { graphs: calls } = running.engine
    const id = await calls.subscribe(to('temps'), null, ME)
    await Promise.all(['1', '2', '3'].map((text) => calls.push('probe', text)))
    await settle()

    expect(await calls.replay(id, 2, ME)).toBe(2)
    await settle()

    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([1, 2, 3, 2, 3])
    await expect(calls.replay('nobody', 1, ME)).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' })
  })

  it('waits for its workflow to be declared', async () => {
    await using running = await RunningEngine.start(temps('when_any', { workflows: [] }))
    await running.engine.graphs.subscribe(to('temps'), null, ME)
    await running.engine.graphs.push('probe', '1')
    await settle()

    running.registry.declare({ triggers: [], workflows: [alarm] })
    await settle()

    expect(await inputsOf(running)).toHaveLength(1)
  })
})
