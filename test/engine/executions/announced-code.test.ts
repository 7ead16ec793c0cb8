/** Triggers that no script declares any more: detection and deletion. */

import { describe, expect, it } from 'vitest'
import type { ActionOptions } from '../../../src/engine/services/action-service.ts'
import type { Store } from '../../../src/engine/store.ts'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { Refusals } from '../../support/refusing-store.ts'
import { openMemoryStore, RunningEngine } from '../../support/running-engine.ts'
import { FIRST_PAGE } from '../../support/store-builders.ts'

const ACTOR: ActionOptions = { source: 'cli', note: 'it was a trial' }
const demo = workflow('demo', { work: {} })
const both = [trigger('inbox', { workflow: 'demo' }), cronTrigger('nightly', '0 2 * * *', { workflow: 'demo' })]

async function undeclared(store: Store): Promise<readonly string[]> {
  const rows = await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })
  const crons = await store.listCrons({ ...FIRST_PAGE, enabledOnly: false })
  const names = [...rows, ...crons.map((row) => ({ ...row, name: row.triggerName ?? '' }))]
  return names.flatMap(({ name, undeclaredAt }) => (undeclaredAt === null ? [] : name)).sort()
}

describe('a trigger that was removed from the code', () => {
  async function onceServed(): Promise<{ store: Store; clock: ManualClock }> {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using engine = await RunningEngine.start({ store, clock, triggers: both, workflows: [demo] })
    expect(await undeclared(store)).toEqual([])
    await engine.engine.stop({ graceMs: 0 })
    return { store, clock }
  }

  it('is marked as undeclared at the next start, is not late, and is unmarked if declared again', async () => {
    const { store, clock } = await onceServed()
    const other = trigger('other', { workflow: 'demo' })
    await using next = await RunningEngine.start({ store, clock, triggers: [other], workflows: [demo] })
    await clock.advance(60_000)

    const gone = await undeclared(store)
    const late = await next.engine.services.triggers.listLate()
    next.registry.declare({ triggers: both, workflows: [] })
    await clock.advance(0)

    expect(gone).toEqual(['inbox', 'nightly'])
    expect(late.map(({ name }) => name)).not.toContain('inbox')
    expect(await undeclared(store)).toEqual([])
    await next.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is deleted with a record of source and note, but cannot be deleted while declared', async () => {
    const { store, clock } = await onceServed()
    {
      await using serving = await RunningEngine.start({ store, clock, triggers: both, workflows: [demo] })
      for (const name of ['inbox', 'nightly'])
        await expect(serving.engine.services.triggers.delete(name, ACTOR)).rejects.toMatchObject({
          code: 'ACTION_REFUSED',
          facts: { trigger: name },
        })
      const [cron] = await serving.engine.services.schedules.list({ ...FIRST_PAGE, enabledOnly: false })
      await expect(serving.engine.services.schedules.delete(cron?.id ?? '', ACTOR)).rejects.toMatchObject({
        code: 'ACTION_REFUSED',
      })
      await serving.engine.stop({ graceMs: 0 })
    }
    await using idle = await RunningEngine.start({ store, clock, isIdle: true })

    const { triggers } = idle.engine.services
    await triggers.delete('inbox', ACTOR)
    await triggers.delete('nightly', ACTOR)

    await expect(triggers.delete('inbox', ACTOR)).rejects.toMatchObject({ code: 'TRIGGER_NOT_FOUND' })
    expect(await store.getTrigger('inbox')).toBeNull()
    expect(await store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    expect(await store.actions.list({ target: 'nightly' }, FIRST_PAGE)).toMatchObject([
      { kind: 'delete', source: 'cli', note: 'it was a trial' },
    ])
    await idle.engine.stop({ graceMs: 0 })
    await store.close()
  })

  it('is marked as undeclared even if the database rejects the first two attempts', async () => {
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
