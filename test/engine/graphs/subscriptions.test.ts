/** Workflows that a firing of a reactor starts. */

import { describe, expect, it } from 'vitest'
import type { ActionOptions } from '../../../src/engine/services/action-service.ts'
import type { ReactionMode } from '../../../src/model/graphs/definitions.ts'
import { graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
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

async function inputsOf(running: RunningEngine): Promise<Record<string, unknown>[]> {
  const summaries = await running.store.listExecutions(FIRST_PAGE)
  const all = await Promise.all(summaries.map(({ id }) => running.store.getExecution(id)))
  return all.map((each) => JSON.parse(each?.inputText ?? '{}') as Record<string, unknown>).reverse()
}

describe('a subscribed workflow', () => {
  it('is started once for each firing, with its values and the name, ID and time of the firing', async () => {
    await using running = await RunningEngine.start(temps())
    const { reactors, sources } = running.engine.services
    await reactors.subscribe('temps', 'alarm', ME)

    await Promise.all([sources.pushText('probe', '1'), sources.pushText('probe', '2.0')])
    await settle()

    const firings = await reactors.firings('temps', FIRST_PAGE)
    const inputs = await inputsOf(running)
    expect(inputs).toEqual(
      [...firings].reverse().map(({ id, payloadText }) => ({
        ...(JSON.parse(payloadText) as object),
        reactor_name: 'temps',
        reactor_firing_id: id,
        reactor_fired_at: expect.stringMatching(/\+00:00$/),
      })),
    )
    const [detail] = await Promise.all([reactors.firing(firings[0]?.id ?? '')])
    expect(detail?.executions).toMatchObject([{ workflow: 'alarm' }])
  })

  it('is started for retained firings that happened before the subscription', async () => {
    await using running = await RunningEngine.start(temps())
    await running.engine.services.sources.pushText('probe', '1')
    await settle()

    await running.engine.services.reactors.subscribe('temps', 'alarm', ME)
    await settle()

    expect(await inputsOf(running)).toHaveLength(1)
  })

  it('is started only for firings that meet its predicate', async () => {
    await using running = await RunningEngine.start(temps())
    const { reactors, sources } = running.engine.services
    await reactors.subscribe('temps', 'alarm', { ...ME, when: 'payload.probe > 80.0' })

    await Promise.all(['79', '81', '80.5'].map((text) => sources.pushText('probe', text)))
    await settle()

    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([81, 80.5])
    await expect(reactors.subscribe('temps', 'alarm', { ...ME, when: 'payload. >' })).rejects.toMatchObject({
      code: 'INVALID_PREDICATE',
    })
  })

  it('is degraded after five predicate errors, and skips that firing when the predicate is replaced', async () => {
    await using running = await RunningEngine.start(temps())
    const { reactors, sources } = running.engine.services
    const warnings = running.record('warning')
    const id = await reactors.subscribe('temps', 'alarm', { ...ME, when: 'payload.probe.c > 1' })
    await sources.pushText('probe', '{"c":5}')
    await settle()
    await Promise.all([sources.pushText('probe', '{"d":5}'), sources.pushText('probe', '{"c":7}')])
    await settle()
    expect(await reactors.subscriptions({ enabledOnly: true })).toMatchObject([{ errorCount: 1, isDegraded: false }])

    await running.clock.advance(10_000)

    const [degraded] = await reactors.subscriptions({ enabledOnly: true })
    expect(degraded).toMatchObject({ id, errorCount: 5, isDegraded: true, doneSequence: 2, waiting: 1 })
    expect(degraded?.lastError).toContain('No such key')
    expect(warnings).toMatchObject([{ code: 'SUBSCRIPTION_DEGRADED', workflow: 'alarm' }])
    expect(await inputsOf(running)).toHaveLength(1)

    expect(await reactors.subscribe('temps', 'alarm', { ...ME, when: 'has(payload.probe.c)' })).toBe(id)
    await settle()
    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([{ c: 5 }, { c: 7 }])
    expect(await reactors.subscriptions({ enabledOnly: true })).toMatchObject([{ errorCount: 0, isDegraded: false }])
  })

  it('is started for all firings of a day-long pause when it is resumed', async () => {
    await using running = await RunningEngine.start(temps())
    const { reactors, sources } = running.engine.services
    const id = await reactors.subscribe('temps', 'alarm', ME)
    await reactors.pause(id, ME)
    expect(await reactors.subscriptions({ tenant: 'public', enabledOnly: true })).toEqual([])
    await Promise.all(Array.from({ length: 250 }, (_, index) => sources.pushText('probe', String(index))))
    await running.clock.advance(24 * 3_600_000)
    expect(await inputsOf(running)).toEqual([])

    await reactors.resume(id, ME)
    await settle()

    expect((await running.store.listExecutions({ limit: 1_000, offset: 0 })).length).toBe(250)
  })

  it('is started again for replayed firings', async () => {
    await using running = await RunningEngine.start(temps())
    const { reactors, sources } = running.engine.services
    const id = await reactors.subscribe('temps', 'alarm', ME)
    await Promise.all(['1', '2', '3'].map((text) => sources.pushText('probe', text)))
    await settle()

    expect(await reactors.replay(id, 2, ME)).toBe(2)
    await settle()

    expect((await inputsOf(running)).map(({ probe }) => probe)).toEqual([1, 2, 3, 2, 3])
    await expect(reactors.replay('nobody', 1, ME)).rejects.toMatchObject({ code: 'SUBSCRIPTION_NOT_FOUND' })
  })

  it('is started for an earlier firing as soon as its workflow is declared', async () => {
    await using running = await RunningEngine.start(temps('when_any', { workflows: [] }))
    await running.engine.services.reactors.subscribe('temps', 'alarm', { ...ME, allowMissing: true })
    await running.engine.services.sources.pushText('probe', '1')
    await settle()

    running.registry.declare({ triggers: [], workflows: [alarm] })
    await settle()

    expect(await inputsOf(running)).toHaveLength(1)
  })
})
