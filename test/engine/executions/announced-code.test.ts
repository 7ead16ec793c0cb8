/** Which triggers are known to be declared by nobody any more, and their removal. */

import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/engine/ports.ts'
import type { Actor } from '../../../src/model/action.ts'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { FIRST_PAGE } from '../../support/store-builders.ts'

const ACTOR: Actor = { source: 'cli', note: 'it was a trial' }
const demo = workflow('demo', { work: {} })
const both = [trigger('inbox', { workflow: 'demo' }), cronTrigger('nightly', '0 2 * * *', { workflow: 'demo' })]

async function undeclared(store: Store): Promise<readonly string[]> {
  const rows = await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
  const crons = await store.listCrons({ ...FIRST_PAGE, enabledOnly: false })
  const names = [...rows, ...crons.map((row) => ({ ...row, name: row.triggerName ?? '' }))]
  return names.flatMap(({ name, undeclaredAt }) => (undeclaredAt === null ? [] : name)).sort()
}

describe('a trigger that is gone from the code', () => {
  async function onceServed(): Promise<{ store: Store; clock: FakeClock }> {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    await using engine = await RunningEngine.start({ store, clock, triggers: both, workflows: [demo] })
    expect(await undeclared(store)).toEqual([])
    await engine.engine.stop({ graceMs: 0 })
    return { store, clock }
  }

  it('is known as such from the next start on, is not late, and is not when it comes back', async () => {
    const { store, clock } = await onceServed()
    const other = trigger('other', { workflow: 'demo' })
    await using next = await RunningEngine.start({ store, clock, triggers: [other], workflows: [demo] })
    await clock.advance(60_000)

    const gone = await undeclared(store)
    const late = await next.engine.health.lateTriggers()
    next.registry.declare({ triggers: both, workflows: [] })
    await clock.advance(0)

    expect(gone).toEqual(['inbox', 'nightly'])
    expect(late.map(({ name }) => name)).not.toContain('inbox')
    expect(await undeclared(store)).toEqual([])
    await next.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is removed with its history, by whom and why is kept; what is declared is not', async () => {
    const { store, clock } = await onceServed()
    {
      await using serving = await RunningEngine.start({ store, clock, triggers: both, workflows: [demo] })
      for (const name of ['inbox', 'nightly'])
        await expect(serving.engine.triggerSteering.delete(name, ACTOR)).rejects.toMatchObject({
          code: 'ACTION_REFUSED',
          facts: { trigger: name },
        })
      const [cron] = await serving.engine.crons.list({ ...FIRST_PAGE, enabledOnly: false })
      await expect(serving.engine.scheduleSteering.delete(cron?.id ?? '', ACTOR)).rejects.toMatchObject({
        code: 'ACTION_REFUSED',
      })
      await serving.engine.stop({ graceMs: 0 })
    }
    await using idle = await RunningEngine.start({ store, clock, isIdle: true })

    const removed = [
      await idle.engine.triggerSteering.delete('inbox', ACTOR),
      await idle.engine.triggerSteering.delete('nightly', ACTOR),
      await idle.engine.triggerSteering.delete('inbox', ACTOR),
    ]

    expect(removed).toEqual([true, true, false])
    expect(await store.getTrigger('inbox')).toBeNull()
    expect(await store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    expect(await store.actions.list('nightly', FIRST_PAGE)).toMatchObject([
      { kind: 'delete', source: 'cli', note: 'it was a trial' },
    ])
    await idle.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is known as such also when the database refuses that at first', async () => {
    const { store, clock } = await onceServed()
    const refusals = new Refusals()
    refusals.refuse('announce', 2)
    await using next = await RunningEngine.start({ store: refusals.of(store), clock, isIdle: true })
    next.registry.declare({ triggers: [trigger('other', { workflow: 'demo' })], workflows: [demo] })
    const troubles = next.record('trouble')

    await next.engine.start()
    const before = await undeclared(store)
    await clock.advance(30_000)

    expect(before).toEqual([])
    expect(troubles.map(({ during }) => during)).toEqual([
      'storing which scripts this engine serves',
      'storing which scripts this engine serves',
    ])
    expect(await undeclared(store)).toEqual(['inbox', 'nightly'])
    await next.engine.stop({ graceMs: 0 })
    await store.close()
  })
})
