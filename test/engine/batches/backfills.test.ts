/** Backfills in running engines: the times that they start, their contexts, and their control by users. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BackfillOptions } from '../../../src/engine/services/batches/backfill-service.ts'
import type { Store } from '../../../src/engine/store.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { completed, failed } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const nightly = workflow('nightly', { work: {} })
const HOUR_MS = 3_600_000
/** The clock of the tests starts at 2026-01-01. */
const MORNING: BackfillOptions = { from: '2025-12-31T08:00', to: '2025-12-31T12:00' }

const times = (running: RunningEngine): readonly string[] =>
  running.host.runs.map(({ inputText }) => JSON.parse(inputText).scheduled_time.slice(0, 16))

async function hourly(running: RunningEngine, timezone = 'UTC'): Promise<string> {
  return await running.engine.services.schedules.register('nightly', '0 * * * *', timezone)
}

describe('a backfill', () => {
  it('starts the workflow once for each time in the range, the oldest first, one at a time', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => host.after(60_000, completed('{}'))),
    })
    const id = await hourly(running)
    const { backfills } = running.engine.services.schedules

    const made = await backfills.start(id, MORNING)
    await running.clock.advance(30_000)
    expect(times(running)).toEqual(['2025-12-31T08:00'])
    await running.clock.advance(300_000)

    expect(made).toMatchObject({ kind: 'backfill', status: 'running', total: 4, started: 0, maxActive: 1 })
    expect(times(running)).toEqual(['2025-12-31T08:00', '2025-12-31T09:00', '2025-12-31T10:00', '2025-12-31T11:00'])
    expect(running.host.mostRunning).toBe(1)
    expect(await backfills.get(made.id)).toMatchObject({ status: 'completed', started: 4, leftOut: 0, active: 0 })
  })

  it('passes the context of a live run of each time with "is_backfill", and has its own origin', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      triggers: [cronTrigger('report', '30 9 * * *', { workflow: 'nightly', timezone: 'Europe/Paris' })],
    })
    const { backfills } = running.engine.services.schedules

    const { id } = await backfills.start('report', { from: '2025-12-30', to: '2025-12-31' })
    await running.clock.advance(2_000)

    const schedule = await running.engine.services.schedules.find('report')
    expect(running.host.runs.map(({ inputText }) => JSON.parse(inputText))).toEqual([
      {
        trigger_name: 'report',
        scheduled_time: '2025-12-30T08:30:00.000+00:00',
        schedule_id: schedule.id,
        schedule_timezone: 'Europe/Paris',
        schedule_expression: '30 9 * * *',
        is_backfill: true,
      },
    ])
    const [execution] = await running.engine.services.executions.list({ trigger: 'report' })
    expect(execution?.origin).toEqual({ kind: 'backfill', schedule: schedule.id, trigger: 'report', backfillId: id })
  })

  it('runs at most maxActive executions at a time, and continues after failed ones', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => host.after(60_000, failed('no data'))),
    })
    const id = await hourly(running)

    const { id: backfillId } = await running.engine.services.schedules.backfills.start(id, { ...MORNING, maxActive: 3 })
    await running.clock.advance(300_000)

    expect(running.host.mostRunning).toBe(3)
    expect(times(running)).toHaveLength(4)
    expect(await running.engine.services.schedules.backfills.get(backfillId)).toMatchObject({ status: 'completed' })
    expect(await running.engine.services.executions.count()).toEqual({ Failed: 4 })
  })

  it.each([
    ['local times that are skipped once', '30 2 * * *', '2025-03-29', '2025-04-01', ['01:30', '01:00', '00:30']],
    ['local times that are repeated once', '30 2 * * *', '2025-10-25', '2025-10-28', ['00:30', '00:30', '01:30']],
  ])('has the times of live runs when clocks change: %s', async (_, expression, from, to, expected) => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const { schedules } = running.engine.services
    const id = await schedules.register('nightly', expression, 'Europe/Berlin')

    await schedules.backfills.start(id, { from, to, maxActive: 10 })
    await running.clock.advance(2_000)

    expect(times(running).map((time) => time.slice(11))).toEqual(expected)
  })

  it('leaves out times that have a firing, of any status, unless they are started again', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => failed('no data')),
    })
    const id = await hourly(running)
    await running.clock.advance(2.5 * HOUR_MS)
    const { backfills } = running.engine.services.schedules
    const range = { from: '2025-12-31T23:00', to: '2026-01-01T02:30', maxActive: 10 }

    expect(await backfills.preview(id, range)).toMatchObject({ times: 4, executions: 2, alreadyFired: 2 })
    await backfills.start(id, range)
    await running.clock.advance(2_000)
    expect(times(running).slice(2)).toEqual(['2025-12-31T23:00', '2026-01-01T00:00'])
    await expect(backfills.start(id, range)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })

    expect(await backfills.preview(id, { ...range, again: true })).toMatchObject({ executions: 4, alreadyFired: 4 })
    await backfills.start(id, { ...range, again: true })
    await running.clock.advance(2_000)

    expect(times(running)).toHaveLength(8)
  })

  it('works while the schedule is disabled, which later catches up only on times without a firing', async () => {
    const declared = cronTrigger('report', '0 * * * *', { workflow: 'nightly', catchup: 'all' })
    await using running = await RunningEngine.start({ workflows: [nightly], triggers: [declared] })
    const { schedules } = running.engine.services
    const { id } = await schedules.find('report')
    await schedules.setEnabled(id, false)
    await running.clock.advance(4.5 * HOUR_MS)

    await schedules.backfills.start(id, { from: '2026-01-01T01:00', to: '2026-01-01T03:00' })
    await running.clock.advance(3_000)
    expect(times(running)).toEqual(['2026-01-01T01:00', '2026-01-01T02:00'])
    await schedules.setEnabled(id, true)
    await running.clock.advance(1_000)

    expect(times(running).slice(2)).toEqual(['2026-01-01T03:00', '2026-01-01T04:00'])
  })

  it('starts nothing while it is paused, continues after a resume, and starts nothing after a cancel', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => host.after(60_000, completed('{}'))),
    })
    const id = await hourly(running)
    const { schedules } = running.engine.services
    const { backfills } = schedules
    const made = await backfills.start(id, { ...MORNING, note: 'the disk was full' })
    await running.clock.advance(1_000)

    expect(await backfills.pause(made.id.slice(0, 8), { note: 'wait' })).toMatchObject({ status: 'paused', started: 1 })
    await expect(backfills.pause(made.id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    await running.clock.advance(HOUR_MS / 2)
    expect(times(running)).toHaveLength(1)
    expect(await backfills.resume(made.id)).toMatchObject({ status: 'running' })
    await running.clock.advance(1_000)
    expect(times(running)).toHaveLength(2)
    expect(await backfills.cancel(made.id)).toMatchObject({ status: 'cancelled', started: 2, active: 1 })
    await running.clock.advance(HOUR_MS / 4)

    expect(times(running)).toHaveLength(2)
    expect(await running.engine.services.executions.count()).toEqual({ Completed: 2 })
    await expect(backfills.resume(made.id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    expect((await schedules.actions(id)).map(({ kind, note }) => [kind, note])).toEqual([
      ['cancel', null],
      ['resume', null],
      ['pause', 'wait'],
      ['backfill', 'the disk was full'],
      ['create', null],
    ])
  })

  it('cancels its active executions if the cancel asks for it', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', (request) => host.untilCancelled(request)),
    })
    const { backfills } = running.engine.services.schedules
    const made = await backfills.start(await hourly(running), { ...MORNING, maxActive: 2 })
    await running.clock.advance(1_000)

    const cancelled = await backfills.cancel(made.id, { executions: true })

    expect(cancelled).toMatchObject({ status: 'cancelled', active: 0 })
    expect(await running.engine.services.executions.count()).toEqual({ Cancelled: 2 })
  })

  it('can be cancelled again to cancel the executions that continued', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', (request) => host.untilCancelled(request)),
    })
    const { backfills } = running.engine.services.schedules
    const made = await backfills.start(await hourly(running), { ...MORNING, maxActive: 2 })
    await running.clock.advance(1_000)
    expect(await backfills.cancel(made.id)).toMatchObject({ status: 'cancelled', active: 2 })

    expect(await backfills.cancel(made.id, { executions: true })).toMatchObject({ status: 'cancelled', active: 0 })
    await expect(backfills.cancel(made.id)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
  })

  it('reaches the times of an expression after many fired times of another expression', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const { schedules } = running.engine.services
    const id = await schedules.register('nightly', '* * * * *', 'UTC')
    await running.clock.advance(70 * 60_000)
    await schedules.update(id, '5 1 * * *', 'UTC')

    const range = { from: '2026-01-01T00:00', to: '2026-01-01T01:10' }

    expect(await schedules.backfills.preview(id, range)).toMatchObject({ times: 1, executions: 0, alreadyFired: 1 })
    expect(await schedules.backfills.preview(id, { ...range, again: true })).toMatchObject({ executions: 1 })
  })

  it('leaves one execution for the other missed times if it started the first one', async () => {
    const declared = cronTrigger('report', '0 * * * *', { workflow: 'nightly' })
    await using running = await RunningEngine.start({ workflows: [nightly], triggers: [declared] })
    const { schedules } = running.engine.services
    const { id } = await schedules.find('report')
    await schedules.setEnabled(id, false)
    await running.clock.advance(4.5 * HOUR_MS)
    await schedules.backfills.start(id, { from: '2026-01-01T01:00', to: '2026-01-01T02:00' })
    await running.clock.advance(3_000)

    await schedules.setEnabled(id, true)
    await running.clock.advance(3_000)

    expect(times(running)).toEqual(['2026-01-01T01:00', '2026-01-01T02:00'])
  })

  it.each([-9e15, 9e15, 1.5, Number.NaN])('rejects the time %s', async (from) => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const { backfills } = running.engine.services.schedules
    const preview = backfills.preview(await hourly(running), { from, to: 0 })

    await expect(preview).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('ends when its schedule is deleted', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      python: (host) => host.task('work', () => host.after(60_000, completed('{}'))),
    })
    const id = await hourly(running)
    const { schedules } = running.engine.services
    const made = await schedules.backfills.start(id, MORNING)
    await running.clock.advance(1_000)

    await schedules.delete(id)
    await running.clock.advance(HOUR_MS / 2)

    expect(await schedules.backfills.get(made.id)).toMatchObject({ status: 'cancelled', started: 1, active: 0 })
    expect(await schedules.backfills.list()).toHaveLength(1)
  })

  it('continues in the next engine after its engine has died', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const parts = { clock, store, workflows: [nightly] }
    await using first = await RunningEngine.start({
      ...parts,
      python: (host) => host.task('work', () => host.after(60_000, completed('{}'))),
    })
    await first.engine.services.schedules.backfills.start(await hourly(first), MORNING)
    await clock.advance(1_000)
    await first.engine.stop({ graceMs: 0 })

    await using second = await RunningEngine.start(parts)
    await clock.advance(10_000)

    expect(times(second)).toEqual(['2025-12-31T08:00', '2025-12-31T09:00', '2025-12-31T10:00', '2025-12-31T11:00'])
    expect(await second.engine.services.schedules.backfills.list()).toMatchObject([{ status: 'completed', started: 4 }])
    await second.engine.stop({ graceMs: 0 })
  })

  it('is carried out once by two engines, within its maximum of active executions', { tags: ['proof'] }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cloaca-backfill-'))
    const clock = new ManualClock()
    const stores: Store[] = []
    const open = async () => {
      const options = { durability: 'normal', clock, isProcessAlive: () => true } as const
      const store = await openSqliteStore({ path: join(folder, 'shared.db'), ...options })
      stores.push(store)
      return await RunningEngine.start({
        clock,
        store,
        workflows: [nightly],
        python: (host) => host.task('work', () => host.after(5_000, completed('{}'))),
      })
    }
    try {
      await using one = await open()
      await using other = await open()
      const { backfills } = one.engine.services.schedules
      await backfills.start(await hourly(one), { from: '2025-12-30', to: '2025-12-31', maxActive: 3 })
      let mostActive = 0
      for (let second = 0; second < 90; second++) {
        await clock.advance(1_000)
        mostActive = Math.max(mostActive, one.host.running + other.host.running)
      }

      const started = [...times(one), ...times(other)]
      expect(started).toHaveLength(24)
      expect(new Set(started).size).toBe(24)
      expect(mostActive).toBe(3)
      expect(await backfills.list()).toMatchObject([{ status: 'completed', started: 24 }])
    } finally {
      for (const store of stores) await store.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('the range of a backfill', () => {
  it.each([
    ['2025-12-31', '2026-01-01', '2025-12-30T23:00', '2025-12-31T23:00'],
    ['2025-12-31T08:00', '2025-12-31 09:30:15', '2025-12-31T07:00', '2025-12-31T08:30'],
    ['2025-12-31T08:00:00Z', '2025-12-31 12:00:00 +02:00', '2025-12-31T08:00', '2025-12-31T10:00'],
  ])('from %s to %s is in the zone of the schedule, unless an offset is given', async (from, to, fromAt, toAt) => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await hourly(running, 'Europe/Berlin')

    const preview = await running.engine.services.schedules.backfills.preview(id, { from, to })

    expect([preview.fromAt, preview.toAt].map((at) => new Date(at).toISOString().slice(0, 16))).toEqual([fromAt, toAt])
    expect(preview.knownFromAt).toBeNull()
  })

  it.each([
    ['in the future', { from: '2025-12-31', to: '2026-01-01T00:01' }, 'to'],
    ['of a day that does not exist', { from: '2025-02-30', to: '2025-12-31' }, 'from'],
    ['that ends before it begins', { from: '2025-12-31', to: '2025-12-30' }, 'from'],
    ['that is no time', { from: 'yesterday', to: '2025-12-30' }, 'from'],
    ['with a fraction', { from: 1.5, to: '2025-12-30' }, 'from'],
    ['of ten years of minutes', { from: '2015-12-31', to: '2025-12-31' }, 'from'],
  ])('is refused if it is one %s', async (_, range, path) => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.services.schedules.register('nightly', '* * * * *')

    const refused = running.engine.services.schedules.backfills.start(id, range)
    const refusal = expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path } })
    for (let part = 0; part < 410 && path === 'from'; part++) await running.clock.advance(0)

    await refusal
    expect(await running.engine.services.schedules.backfills.list()).toEqual([])
  })

  it('is refused if firings in it are not known any more, unless its times are started again', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly],
      config: {
        retention: {
          skippedMs: null,
          failedMs: null,
          endedMs: null,
          firingsMs: null,
          keysMs: null,
          signalsMs: null,
          scheduleTimesMs: HOUR_MS,
        },
      },
    })
    const id = await hourly(running)
    await running.clock.advance(4.5 * HOUR_MS)
    const { backfills } = running.engine.services.schedules
    const range = { from: '2026-01-01T02:00', to: '2026-01-01T04:30' }

    const { knownFromAt } = await backfills.preview(id, range)
    expect(new Date(knownFromAt ?? 0).toISOString()).toBe('2026-01-01T03:00:00.001Z')
    await expect(backfills.start(id, range)).rejects.toMatchObject({ code: 'ACTION_REFUSED' })
    expect(await backfills.start(id, { ...range, again: true })).toMatchObject({ total: 3 })
  })

  it('must contain a time of the expression', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await hourly(running)

    const refused = running.engine.services.schedules.backfills.start(id, { from: MORNING.from, to: MORNING.from })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const empty = { from: '2025-12-31T08:01', to: '2025-12-31T08:59' }
    await expect(running.engine.services.schedules.backfills.start(id, empty)).rejects.toMatchObject({
      code: 'ACTION_REFUSED',
    })
  })

  it('belongs to a known schedule whose workflow is in the database', async () => {
    await using running = await RunningEngine.start()
    const { schedules } = running.engine.services
    const id = await schedules.register('other', '0 * * * *')

    await expect(schedules.backfills.start('unknown', MORNING)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' })
    await expect(schedules.backfills.start(id, MORNING)).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    await expect(schedules.backfills.get('unknown')).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })
    expect(await schedules.backfills.list(FIRST_PAGE)).toEqual([])
  })
})
