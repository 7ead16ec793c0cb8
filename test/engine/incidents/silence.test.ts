/** Triggers with an expected firing: when they are silent, and since which time. */

import { describe, expect, it } from 'vitest'
import type { TriggerDefinition } from '../../../src/model/trigger.ts'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { FIRE, SKIP } from '../../support/fake-host.ts'
import { incidentsIn, messagesIn, pass, TestPolicy } from '../../support/incidents.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'
import { SeparateProcesses } from '../separate-processes.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const demo = { ...workflow('demo', { work: {} }), tags: { team: 'data' } }
const inbox = trigger('inbox', { everyMs: 10_000, policy: { expectFireMs: HOUR_MS } })
const BY_NODE = { source: 'node' } as const

function start(parts: EngineParts): Promise<RunningEngine> {
  return RunningEngine.start({ triggers: [inbox], workflows: [demo], incidents: new TestPolicy(), ...parts })
}

describe('a trigger with an expected firing', () => {
  it('opens an incident once when it has not fired since it was declared, and its next firing ends it', async () => {
    let fires = false
    const incidents = new TestPolicy(new Set(['trigger-silent']))
    await using running = await start({
      incidents,
      python: (host) => host.trigger('inbox', () => (fires ? FIRE : SKIP)),
    })

    await pass(running.clock, HOUR_MS - 2_000)
    const before = await incidentsIn(running.store)
    await pass(running.clock, 3 * HOUR_MS)
    const silent = await incidentsIn(running.store)
    fires = true
    await running.clock.advance(10_000)

    expect([before, silent]).toEqual([[], ['trigger-silent inbox 1 open']])
    expect(await incidentsIn(running.store)).toEqual(['trigger-silent inbox 1 ended'])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      message: 'Trigger "inbox" has not fired for over 1h, since 2026-01-01T00:00:00.000+00:00.',
      ...{ trigger: 'inbox', workflow: 'demo', subject: 'inbox' },
    })
    expect(incidents.routed).toContainEqual({
      ...{ kind: 'trigger-silent', workflow: 'demo', trigger: 'inbox' },
      tags: { team: 'data' },
    })
  })

  it('is silent again after its last firing', async () => {
    let polls = 0
    await using running = await start({
      python: (host) => host.trigger('inbox', () => (polls++ === 180 ? FIRE : SKIP)),
    })

    await running.clock.advance(85 * MINUTE_MS)
    const before = await incidentsIn(running.store)
    await running.clock.advance(10 * MINUTE_MS)

    expect([before, await incidentsIn(running.store)]).toEqual([[], ['trigger-silent inbox 1 open']])
  })

  it('is not silent while it is disabled, and its time begins when it is enabled again', async () => {
    await using running = await start({})
    const { triggers } = running.engine.services
    await triggers.setEnabled('inbox', false, BY_NODE)
    await pass(running.clock, 3 * HOUR_MS)
    const disabled = await incidentsIn(running.store)
    await triggers.setEnabled('inbox', true, BY_NODE)
    await pass(running.clock, 59 * MINUTE_MS)
    const enabled = await incidentsIn(running.store)
    await running.clock.advance(2 * MINUTE_MS)

    expect([disabled, enabled, await incidentsIn(running.store)]).toEqual([[], [], ['trigger-silent inbox 1 open']])
  })

  it('counts time without an engine, and is judged once by all engines and restarts', async () => {
    await using processes = new SeparateProcesses()
    const clock = new ManualClock()
    const engine = () => processes.start({ triggers: [inbox], workflows: [demo], clock, incidents: new TestPolicy() })
    const first = await engine()
    await clock.advance(10 * MINUTE_MS)
    await first.engine.stop({ graceMs: 0 })
    clock.standStill(55 * MINUTE_MS)

    const second = await engine()
    await clock.advance(3_000)
    const silent = await incidentsIn(second.store)
    await second.engine.stop({ graceMs: 0 })
    const third = await engine()
    await pass(clock, 2 * HOUR_MS)

    expect([silent, await incidentsIn(third.store)]).toEqual([
      ['trigger-silent inbox 1 open'],
      ['trigger-silent inbox 1 open'],
    ])
  })

  it.each([
    ['a polled trigger', inbox],
    ['a cron trigger', cronTrigger('inbox', '0 12 * * *', { policy: { expectFireMs: HOUR_MS } })],
  ])('counts from the new declaration if no engine declared it for an hour: %s', async (_, declared) => {
    await using processes = new SeparateProcesses()
    const clock = new ManualClock()
    const incidents = new TestPolicy(new Set(['trigger-silent']))
    const engine = (...triggers: readonly TriggerDefinition[]) =>
      processes.start({ triggers, workflows: [demo], clock, incidents })
    const other = await engine(trigger('other', { everyMs: 60_000 }))
    const first = await engine(declared)
    await clock.advance(10_000)
    await first.engine.stop({ graceMs: 0 })
    await clock.advance(10_000)
    await pass(clock, 3 * HOUR_MS)

    const second = await engine(declared)
    await pass(clock, 40 * MINUTE_MS)
    await second.engine.stop({ graceMs: 0 })
    await clock.advance(10_000)
    await pass(clock, 10 * MINUTE_MS)
    await engine(declared)
    await pass(clock, 9 * MINUTE_MS)
    const early = await incidentsIn(other.store)
    await pass(clock, 2 * MINUTE_MS)

    expect(early).toEqual([])
    expect(await incidentsIn(other.store)).toEqual(['trigger-silent inbox 1 open'])
  })

  it('can have its expectation set and removed by hand', async () => {
    await using running = await start({ triggers: [inbox, trigger('other', { everyMs: 10_000 })] })
    const { triggers } = running.engine.services
    await triggers.set('inbox', { expectFireMs: null }, BY_NODE)
    await triggers.set('other', { expectFireMs: HOUR_MS }, BY_NODE)

    await pass(running.clock, 2 * HOUR_MS)

    expect(await incidentsIn(running.store)).toEqual(['trigger-silent other 1 open'])
  })

  it('may be a cron trigger, whose missed times without a run are not firings', async () => {
    const daily = cronTrigger('daily', '0 12 * * *', { catchup: 'none', policy: { expectFireMs: 26 * HOUR_MS } })
    await using running = await start({ triggers: [daily] })

    await pass(running.clock, 12 * HOUR_MS + 1_000)
    await pass(running.clock, 24 * HOUR_MS)
    const fired = await incidentsIn(running.store)
    await pass(running.clock, 25 * HOUR_MS)
    await pass(running.clock, 2 * HOUR_MS)

    expect(fired).toEqual([])
    expect(await incidentsIn(running.store)).toEqual(['trigger-silent daily 1 open'])
  })

  it('is not judged if the engine does not report this kind, and triggers without one are not read', async () => {
    const reads: string[] = []
    await using running = await start({ triggers: [trigger('plain'), cronTrigger('cron', '0 0 * * *')] })
    const { store } = running
    const getTrigger = store.getTrigger.bind(store)
    store.getTrigger = (name) => {
      reads.push(name)
      return getTrigger(name)
    }
    await using silent = await start({ incidents: new TestPolicy(new Set(['execution-failed'])) })

    await pass(running.clock, HOUR_MS)
    await pass(silent.clock, 2 * HOUR_MS)

    expect(reads).toEqual([])
    expect(await incidentsIn(silent.store)).toEqual([])
  })
})
