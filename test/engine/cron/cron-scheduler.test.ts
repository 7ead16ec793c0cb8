/** Cron schedules in a running engine: times and inputs of their runs, and the calls that manage schedules. */

import { describe, expect, it } from 'vitest'
import { cronTrigger, trigger, workflow } from '../../support/declared.ts'
import { FIRE } from '../../support/fake-host.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const nightly = workflow('nightly', { work: {} })
const HOURLY = '0 * * * *'
const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const ALL = { ...FIRST_PAGE, enabledOnly: false }

describe('a cron schedule', () => {
  it('fires at its due time, and passes its ID, zone, expression and due time to the run', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.services.schedules.register('nightly', '30 9 * * *', 'Europe/Paris')

    await running.clock.advance(8 * HOUR_MS + HOUR_MS / 2 - 1)
    expect(running.host.runs).toHaveLength(0)
    await running.clock.advance(1)

    expect(JSON.parse(running.host.runs[0]?.inputText ?? '')).toEqual({
      scheduled_time: '2026-01-01T08:30:00.000+00:00',
      schedule_id: id,
      schedule_timezone: 'Europe/Paris',
      schedule_expression: '30 9 * * *',
    })
    const [firing] = await running.engine.services.schedules.history(id, FIRST_PAGE)
    expect(firing).toMatchObject({ scheduleId: id, executionId: running.host.runs[0]?.executionId })
    const row = await running.engine.services.schedules.get(id)
    expect(row.lastRunAt).not.toBeNull()
    expect(row.nextRunAt).toBe(START + 32.5 * HOUR_MS)
  })

  it('fires once for all times missed in a downtime, and then at the next due time', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    const id = await first.engine.services.schedules.register('nightly', HOURLY)
    await first.engine.stop({ graceMs: 0 })
    await clock.advance(5.5 * HOUR_MS)

    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await clock.advance(HOUR_MS / 2)

    const instants = second.host.runs.map((run) => JSON.parse(run.inputText).scheduled_time)
    expect(instants).toEqual(['2026-01-01T01:00:00.000+00:00', '2026-01-01T06:00:00.000+00:00'])
    expect((await second.engine.services.schedules.get(id)).nextRunAt).toBe(START + 7 * HOUR_MS)
    await second.engine.stop({ graceMs: 0 })
  })

  it('does not fire while disabled, and fires immediately when enabled after a missed time', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.services.schedules.register('nightly', HOURLY)
    await running.engine.services.schedules.setEnabled(id, false)
    await running.clock.advance(2.5 * HOUR_MS)
    expect(running.host.runs).toHaveLength(0)

    await running.engine.services.schedules.setEnabled(id, true)
    await running.clock.advance(0)

    expect(running.host.runs).toHaveLength(1)
    expect(await running.engine.services.schedules.list({ ...FIRST_PAGE, enabledOnly: true })).toHaveLength(1)
  })

  it('fires by its new expression after an update, counted from the time of the update', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.services.schedules.register('nightly', HOURLY)

    await running.engine.services.schedules.update(id, '*/10 * * * * *')
    await running.clock.advance(20_000)

    expect(running.host.runs.map((run) => run.at - START)).toEqual([10_000, 20_000])
  })

  it('does not fire after its deletion', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.services.schedules.register('nightly', HOURLY)

    await running.engine.services.schedules.delete(id)
    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
    await expect(running.engine.services.schedules.get(id)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' })
    expect(await running.engine.services.schedules.history(id, FIRST_PAGE)).toEqual([])
  })

  it('fires while its previous run is still running, and together with other schedules', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly, workflow('other', { more: {} })],
      python: (host) => host.task('work', () => new Promise(() => {})),
    })
    await running.engine.services.schedules.register('nightly', HOURLY)
    await running.engine.services.schedules.register('other', HOURLY)

    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs.map((run) => [run.taskId, run.at - START])).toEqual([
      ['work', HOUR_MS],
      ['more', HOUR_MS],
      ['work', 2 * HOUR_MS],
      ['more', 2 * HOUR_MS],
    ])
  })

  it('fires once per due time if two engines share the database', { tags: ['proof'] }, async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    const id = await first.engine.services.schedules.register('nightly', '*/10 * * * * *')

    await clock.advance(60_000)

    expect(await second.engine.services.schedules.history(id, FIRST_PAGE)).toHaveLength(6)
    expect(first.host.runs.length + second.host.runs.length).toBe(6)
    await first.engine.stop({ graceMs: 0 })
    await second.engine.stop({ graceMs: 0 })
  })

  it('fires a second late if its workflow is declared a second after the due time', async () => {
    await using running = await RunningEngine.start()
    await running.engine.services.schedules.register('nightly', HOURLY)
    await running.clock.advance(HOUR_MS + 1_000)
    expect(running.host.runs).toHaveLength(0)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(0)

    expect(running.host.runs).toHaveLength(1)
  })

  it('warns if its workflow is undeclared, and starts the missed run after the declaration', async () => {
    await using running = await RunningEngine.start()
    const warnings = running.record('warning')
    const id = await running.engine.services.schedules.register('nightly', '0 1 1 1 *')

    await running.clock.advance(HOUR_MS + 10_000)
    expect(warnings).toMatchObject([{ code: 'UNKNOWN_WORKFLOW', workflow: 'nightly', scheduleId: id }])
    expect(await running.engine.services.schedules.history(id, FIRST_PAGE)).toMatchObject([{ executionId: null }])
    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(20 * 60_000)

    const [firing] = await running.engine.services.schedules.history(id, FIRST_PAGE)
    expect(firing?.executionId).toBe(running.host.runs[0]?.executionId)
    expect(JSON.parse(running.host.runs[0]?.inputText ?? '')).toMatchObject({
      scheduled_time: '2026-01-01T01:00:00.000+00:00',
      is_recovery: true,
      recovery_attempt: 1,
      original_execution_id: firing?.id,
    })
    expect(running.host.runs).toHaveLength(1)
  })
})

describe('a recorded cron firing whose run never started', () => {
  it('starts its run only after its disabled schedule is enabled again', async () => {
    await using running = await RunningEngine.start()
    const id = await running.engine.services.schedules.register('nightly', '0 1 1 1 *')
    await running.clock.advance(HOUR_MS + 10_000)
    await running.engine.services.schedules.setEnabled(id, false)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(HOUR_MS)
    expect(running.host.runs).toHaveLength(0)
    await running.engine.services.schedules.setEnabled(id, true)
    await running.clock.advance(HOUR_MS / 2)

    expect(running.host.runs).toHaveLength(1)
  })

  it('starts no run if it is older than cronMaxRecoveryAgeMs', async () => {
    await using running = await RunningEngine.start({ config: { cronMaxRecoveryAgeMs: 2 * HOUR_MS } })
    await running.engine.services.schedules.register('nightly', '0 1 1 1 *')
    await running.clock.advance(4 * HOUR_MS)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
  })
})

describe('calls that manage cron schedules', () => {
  it('reject an invalid expression or zone, and a malformed or unknown schedule ID', async () => {
    await using running = await RunningEngine.start()
    const crons = running.engine.services.schedules
    const unknown = '00000000-0000-4000-8000-000000000000'

    const refused: [Promise<unknown>, string, string][] = [
      [crons.register('w', '99 * * * *'), 'INVALID_CRON', 'Cron parsing error'],
      [crons.register('w', '* * * * *', 'utc'), 'INVALID_TIMEZONE', 'Invalid timezone: utc'],
      [crons.register('w', '0 0 30 2 *'), 'INVALID_CRON', 'Failed to calculate next'],
      [crons.get('nonsense'), 'INVALID_ARGUMENT', 'Invalid schedule ID:'],
      [crons.get(unknown), 'SCHEDULE_NOT_FOUND', 'Record not found'],
      [crons.update(unknown, HOURLY), 'SCHEDULE_NOT_FOUND', 'Record not found'],
    ]
    for (const [call, code, text] of refused) {
      await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(text) })
    }
    await crons.setEnabled(unknown, true)
    await crons.delete(unknown)
  })

  it('reject with CRON_DISABLED if cron is switched off, when only polling triggers fire', async () => {
    await using running = await RunningEngine.start({
      triggers: [cronTrigger('daily', '* * * * *', { workflow: 'nightly' }), trigger('inbox', { everyMs: HOUR_MS })],
      workflows: [nightly, workflow('demo', { read: {} })],
      config: { cronEnabled: false },
      python: (host) => host.trigger('inbox', () => FIRE),
    })

    await expect(running.engine.services.schedules.list(ALL)).rejects.toMatchObject({ code: 'CRON_DISABLED' })
    await running.clock.advance(HOUR_MS)
    expect(running.host.runs.map((run) => [run.workflow, run.at - START])).toEqual([
      ['demo', 0],
      ['demo', HOUR_MS],
    ])
  })
})

describe('a schedule of a workflow instance', () => {
  it('passes its parameters to every run, with secrets as aliases and without reserved keys', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const params = '{"rate":1.0,"key":{"$secret":"warehouse"},"schedule_id":"mine","trigger_name":"mine","list":[1]}'

    const timing = { expression: HOURLY, timezone: 'UTC' }
    const id = await running.engine.services.schedules.registerInstance('nightly', 'paris', timing, params)
    await running.clock.advance(HOUR_MS)

    const inputText = running.host.runs[0]?.inputText ?? ''
    expect(inputText).toContain('"rate":1.0')
    expect(JSON.parse(inputText)).toMatchObject({
      rate: 1,
      list: [1],
      schedule_id: id,
      __cloacina_secret_refs__: { key: 'warehouse' },
    })
    expect(JSON.parse(inputText)).not.toHaveProperty('key')
    expect(JSON.parse(inputText)).not.toHaveProperty('trigger_name')
    const again = running.engine.services.schedules.registerInstance('nightly', 'paris', timing, '{}')
    await expect(again).rejects.toMatchObject({ code: 'DUPLICATE_INSTANCE' })
  })
})

describe('a trigger with a cron expression', () => {
  it('stays one cron schedule after a restart, and is never polled', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const parts = { clock, store, workflows: [nightly] }
    await using first = await RunningEngine.start({
      ...parts,
      triggers: [cronTrigger('daily', '0 2 * * *', { workflow: 'nightly' })],
    })
    await first.engine.stop({ graceMs: 0 })
    await using second = await RunningEngine.start({
      ...parts,
      triggers: [cronTrigger('daily', '0 3 * * *', { workflow: 'nightly' })],
    })

    const schedules = await second.engine.services.schedules.list(ALL)
    await clock.advance(3 * HOUR_MS)

    expect(schedules).toMatchObject([{ workflow: 'nightly', expression: '0 3 * * *', nextRunAt: START + 3 * HOUR_MS }])
    expect(await second.engine.services.triggers.list(ALL)).toEqual([])
    expect(second.host.polls).toEqual([])
    expect(second.host.runs).toMatchObject([{ at: START + 3 * HOUR_MS }])
    await second.engine.stop({ graceMs: 0 })
  })

  it('does not fire after its script is removed, but stays listed', async () => {
    await using running = await RunningEngine.start({
      triggers: [cronTrigger('daily', '0 * * * *', { workflow: 'nightly', script: 'other.py' })],
      workflows: [nightly],
    })

    running.registry.removeScript('other.py')
    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
    expect(await running.engine.services.schedules.list(ALL)).toHaveLength(1)
  })

  it('is stored in one transaction together with all other cron triggers', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const steps: string[] = []
    const counted = new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (/^save.*Cron|^createCron/.test(String(name))) steps.push(String(name))
        return member.bind(target)
      },
    })
    const triggers = Array.from({ length: 300 }, (_, index) => cronTrigger(`daily ${index}`, '0 2 * * *'))

    await using running = await RunningEngine.start({ clock, store: counted, workflows: [nightly], triggers })

    expect(await running.engine.services.schedules.list({ ...ALL, limit: 1_000 })).toHaveLength(300)
    expect(steps).toEqual(['saveTriggerCrons'])
    await running.engine.stop({ graceMs: 0 })
  })

  it('is reported if its expression is invalid, and the other triggers are scheduled', async () => {
    await using running = await RunningEngine.start({
      triggers: [
        cronTrigger('bad', 'every day', { workflow: 'nightly' }),
        cronTrigger('good', '0 * * * *', { workflow: 'nightly' }),
      ],
      workflows: [nightly],
      isIdle: true,
    })
    const warnings = running.record('warning')
    await running.engine.start()

    await running.clock.advance(HOUR_MS)

    expect(warnings).toMatchObject([{ code: 'INVALID_CRON_TRIGGER', trigger: 'bad' }])
    expect(running.host.runs).toHaveLength(1)
    const listed = await running.engine.services.schedules.listTriggers()
    expect(listed.map(({ triggerName, nextRunAt }) => [triggerName, nextRunAt !== null])).toEqual([
      ['good', true],
      ['bad', false],
    ])
    const scheduled = await running.engine.services.schedules.listScheduled(ALL)
    expect(scheduled.map(({ triggerName }) => triggerName)).toEqual(['good'])
    expect(await running.engine.services.schedules.listScheduled({ ...ALL, offset: 1 })).toEqual([])
  })

  it('passes its name to the context of the execution and to the event cronFired', async () => {
    await using running = await RunningEngine.start({
      triggers: [cronTrigger('hourly', '0 * * * *', { workflow: 'nightly' })],
      workflows: [nightly],
    })
    const fired = running.record('cronFired')

    await running.clock.advance(HOUR_MS)

    expect(JSON.parse(running.host.runs[0]?.inputText ?? '')).toMatchObject({
      trigger_name: 'hourly',
      scheduled_time: '2026-01-01T01:00:00.000+00:00',
    })
    expect(fired).toMatchObject([{ trigger: 'hourly', workflow: 'nightly' }])
  })

  it.each([
    ['expression', { cron: '99 * * * *' }],
    ['zone', { cron: '0 * * * *', timezone: 'Mars/Olympus' }],
    ['day', { cron: '0 0 30 2 *' }],
  ])('does not fire while its new %s is invalid, and fires again after a correction', async (_, wrong) => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const serve = (timing: { cron: string; timezone?: string }) =>
      RunningEngine.start({
        clock,
        store,
        workflows: [nightly],
        triggers: [cronTrigger('tr', timing.cron, { workflow: 'nightly', ...timing })],
      })
    const row = async () => (await store.listCrons(ALL))[0]
    const first = await serve({ cron: '0 * * * *' })
    await clock.advance(HOUR_MS)
    expect(first.host.runs).toHaveLength(1)
    await first.engine.stop({ graceMs: 0 })

    for (let restart = 0; restart < 2; restart++) {
      await using broken = await serve(wrong)
      await clock.advance(3 * HOUR_MS)
      expect(broken.host.runs).toHaveLength(0)
      expect(await row()).toMatchObject({ isEnabled: true, undeclaredAt: null, nextRunAt: null })
      await broken.engine.stop({ graceMs: 0 })
    }

    await using mended = await serve({ cron: '30 * * * *' })
    await clock.advance(HOUR_MS)
    expect(mended.host.runs).toHaveLength(1)
    expect(await row()).toMatchObject({ isEnabled: true, undeclaredAt: null, expression: '30 * * * *' })
    await mended.engine.stop({ graceMs: 0 })
  })

  it('stays disabled while its expression is invalid and after a correction', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    for (const cron of ['0 * * * *', '99 * * * *', '0 * * * *']) {
      const triggers = [cronTrigger('tr', cron, { workflow: 'nightly' })]
      await using running = await RunningEngine.start({ clock, store, workflows: [nightly], triggers })
      const [row] = await running.engine.services.schedules.list(ALL)
      await running.engine.services.schedules.setEnabled(row?.id ?? '', false)

      await clock.advance(2 * HOUR_MS)

      expect(running.host.runs).toHaveLength(0)
      expect((await store.listCrons(ALL))[0]?.isEnabled).toBe(false)
      await running.engine.stop({ graceMs: 0 })
    }
  })
})
