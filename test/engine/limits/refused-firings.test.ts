/** Firings of schedules, backfills and reactors that the limit of a workflow refuses, or whose value is not usable. */

import { describe, expect, it } from 'vitest'
import type { Overflow } from '../../../src/model/workflow.ts'
import { cronTrigger, graph, graphs, reactor, source, workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { RunningEngine } from '../../support/running-engine.ts'

const alarm = (overflow: Overflow, per: string | null = null) => ({
  ...workflow('alarm', { ring: {} }),
  limit: { maxActive: 1, per, overflow },
})
const TEMPS = graphs({
  sources: [source('probe')],
  reactors: [reactor('temps', ['probe'], 'when_any')],
  graphs: [graph('judge', 'temps')],
})
const ringing = (host: FakeHost): void => void host.task('ring', () => host.after(60_000, completed('{}')))

describe('a firing of a reactor', () => {
  it('is passed over with a warning if the workflow drops executions above its limit', async () => {
    await using running = await RunningEngine.start({ workflows: [alarm('drop')], graphs: TEMPS, python: ringing })
    const warnings = running.record('warning')
    const { reactors, sources } = running.engine.services
    await reactors.subscribe('temps', 'alarm', { source: 'node' })
    for (const value of ['1', '2', '3']) {
      await sources.pushText('probe', value)
      await settle()
    }

    expect(running.host.runsOf('ring')).toHaveLength(1)
    expect(warnings.map(({ code }) => code)).toEqual(['LIMITED', 'LIMITED'])
    expect(warnings[0]?.message).toContain('reactor "temps" started nothing: 1 firing was passed over')
    const [subscription] = await reactors.subscriptions()
    expect(subscription).toMatchObject({ waiting: 0, isDegraded: false })
  })

  it('is passed over with a warning if its payload has no usable value of the limit', async () => {
    const workflows = [alarm('queue', 'probe')]
    await using running = await RunningEngine.start({ workflows, graphs: TEMPS, python: ringing })
    const warnings = running.record('warning')
    const { reactors, sources } = running.engine.services
    await reactors.subscribe('temps', 'alarm', { source: 'node' })
    for (const value of ['[1]', '2']) {
      await sources.pushText('probe', value)
      await settle()
    }

    expect(running.host.runsOf('ring')).toHaveLength(1)
    expect(warnings.map(({ code }) => code)).toEqual(['LIMITED'])
    expect(warnings[0]?.message).toContain('the value of "probe" is a list')
  })
})

describe('a backfill', () => {
  it('leaves out the times that the limit of the workflow refuses, and starts with priority -10', async () => {
    await using running = await RunningEngine.start({
      ...{ workflows: [alarm('drop')], python: ringing },
      triggers: [cronTrigger('hourly', '0 * * * *', { workflow: 'alarm' })],
    })
    const { schedules } = running.engine.services
    const [row] = await running.store.findCrons('hourly', 1)
    const range = { from: '2025-12-31T08:00', to: '2025-12-31T12:00', maxActive: 4 }
    const made = await schedules.backfills.start(row?.id ?? '', range)
    await running.clock.advance(30_000)

    expect(running.host.runsOf('ring')).toHaveLength(1)
    const [run] = running.host.runs
    expect((await running.store.getExecution(run?.executionId ?? ''))?.priority).toBe(-10)
    await running.clock.advance(120_000)
    expect(await schedules.backfills.get(made.id)).toMatchObject({ status: 'completed', started: 1, leftOut: 3 })
  })
})
