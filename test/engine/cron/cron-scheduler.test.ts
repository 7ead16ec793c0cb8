/** Cron schedules in a running engine: when they fire, with what, and what the calls about them answer. */

import { describe, expect, it } from 'vitest'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const nightly = workflow('nightly', { work: {} })
const HOURLY = { expression: '0 * * * *', timezone: 'UTC' }
const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const ALL = { ...FIRST_PAGE, enabledOnly: false }

describe('a cron schedule', () => {
  it('fires at its due instants, with the keys that say which schedule and when', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.crons.register('nightly', { expression: '30 9 * * *', timezone: 'Europe/Paris' })

    await running.clock.advance(8 * HOUR_MS + HOUR_MS / 2 - 1)
    expect(running.host.runs).toHaveLength(0)
    await running.clock.advance(1)

    expect(JSON.parse(running.host.runs[0]?.inputText ?? '')).toEqual({
      scheduled_time: '2026-01-01T08:30:00.000+00:00',
      schedule_id: id,
      schedule_timezone: 'Europe/Paris',
      schedule_expression: '30 9 * * *',
    })
    const [firing] = await running.engine.crons.history(id, FIRST_PAGE)
    expect(firing).toMatchObject({ scheduleId: id, executionId: running.host.runs[0]?.executionId })
    const row = await running.engine.crons.get(id)
    expect(row.lastRunAt).not.toBeNull()
    expect(row.nextRunAt).toBe(START + 32.5 * HOUR_MS)
  })

  it('fires once for all that was missed, for the stored instant, and then from now on', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    const id = await first.engine.crons.register('nightly', HOURLY)
    await first.engine.stop({ graceMs: 0 })
    await clock.advance(5.5 * HOUR_MS)

    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await clock.advance(HOUR_MS / 2)

    const instants = second.host.runs.map((run) => JSON.parse(run.inputText).scheduled_time)
    expect(instants).toEqual(['2026-01-01T01:00:00.000+00:00', '2026-01-01T06:00:00.000+00:00'])
    expect((await second.engine.crons.get(id)).nextRunAt).toBe(START + 7 * HOUR_MS)
    await second.engine.stop({ graceMs: 0 })
  })

  it('that was disabled does not fire, and fires at once when it is overdue and enabled', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.crons.register('nightly', HOURLY)
    await running.engine.crons.setEnabled(id, false)
    await running.clock.advance(2.5 * HOUR_MS)
    expect(running.host.runs).toHaveLength(0)

    await running.engine.crons.setEnabled(id, true)
    await running.clock.advance(0)

    expect(running.host.runs).toHaveLength(1)
    expect(await running.engine.crons.list({ ...FIRST_PAGE, enabledOnly: true })).toHaveLength(1)
  })

  it('that was updated fires by its new expression, counted from now', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.crons.register('nightly', HOURLY)

    await running.engine.crons.update(id, { expression: '*/10 * * * * *', timezone: 'UTC' })
    await running.clock.advance(20_000)

    expect(running.host.runs.map((run) => run.at - START)).toEqual([10_000, 20_000])
  })

  it('that was deleted fires no more', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const id = await running.engine.crons.register('nightly', HOURLY)

    await running.engine.crons.delete(id)
    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
    await expect(running.engine.crons.get(id)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' })
    expect(await running.engine.crons.history(id, FIRST_PAGE)).toEqual([])
  })

  it('fires again while its last run goes on, and together with others', async () => {
    await using running = await RunningEngine.start({
      workflows: [nightly, workflow('other', { more: {} })],
      python: (host) => host.task('work', () => new Promise(() => {})),
    })
    await running.engine.crons.register('nightly', HOURLY)
    await running.engine.crons.register('other', HOURLY)

    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs.map((run) => [run.taskId, run.at - START])).toEqual([
      ['work', HOUR_MS],
      ['more', HOUR_MS],
      ['work', 2 * HOUR_MS],
      ['more', 2 * HOUR_MS],
    ])
  })

  it('fires each instant once, however many engines share the database', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    await using first = await RunningEngine.start({ clock, store, workflows: [nightly] })
    await using second = await RunningEngine.start({ clock, store, workflows: [nightly] })
    const id = await first.engine.crons.register('nightly', { expression: '*/10 * * * * *', timezone: 'UTC' })

    await clock.advance(60_000)

    expect(await second.engine.crons.history(id, FIRST_PAGE)).toHaveLength(6)
    expect(first.host.runs.length + second.host.runs.length).toBe(6)
    await first.engine.stop({ graceMs: 0 })
    await second.engine.stop({ graceMs: 0 })
  })

  it('for a workflow that is declared a little later fires when it is', async () => {
    await using running = await RunningEngine.start()
    await running.engine.crons.register('nightly', HOURLY)
    await running.clock.advance(HOUR_MS + 1_000)
    expect(running.host.runs).toHaveLength(0)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(0)

    expect(running.host.runs).toHaveLength(1)
  })

  it('for a workflow that nobody declares is recorded without a run, told, and started by the recovery', async () => {
    await using running = await RunningEngine.start()
    const warnings = running.record('warning')
    const id = await running.engine.crons.register('nightly', { expression: '0 1 1 1 *', timezone: 'UTC' })

    await running.clock.advance(HOUR_MS + 10_000)
    expect(warnings).toMatchObject([{ code: 'UNKNOWN_WORKFLOW', workflow: 'nightly', scheduleId: id }])
    expect(await running.engine.crons.history(id, FIRST_PAGE)).toMatchObject([{ executionId: null }])
    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(20 * 60_000)

    const [firing] = await running.engine.crons.history(id, FIRST_PAGE)
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

describe('a cron firing that was recorded and never started', () => {
  it('is not started by the recovery while its schedule is disabled', async () => {
    await using running = await RunningEngine.start()
    const id = await running.engine.crons.register('nightly', { expression: '0 1 1 1 *', timezone: 'UTC' })
    await running.clock.advance(HOUR_MS + 10_000)
    await running.engine.crons.setEnabled(id, false)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(HOUR_MS)
    expect(running.host.runs).toHaveLength(0)
    await running.engine.crons.setEnabled(id, true)
    await running.clock.advance(HOUR_MS / 2)

    expect(running.host.runs).toHaveLength(1)
  })

  it('is given up when it is older than the setting', async () => {
    await using running = await RunningEngine.start({ config: { cronMaxRecoveryAgeMs: 2 * HOUR_MS } })
    await running.engine.crons.register('nightly', { expression: '0 1 1 1 *', timezone: 'UTC' })
    await running.clock.advance(4 * HOUR_MS)

    running.registry.declare({ triggers: [], workflows: [nightly] })
    await running.clock.advance(HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
  })
})

describe('a cron call', () => {
  it('names what is wrong with its arguments', async () => {
    await using running = await RunningEngine.start()
    const { crons } = running.engine
    const unknown = '00000000-0000-4000-8000-000000000000'

    const refused: [Promise<unknown>, string, string][] = [
      [crons.register('w', { expression: '99 * * * *', timezone: 'UTC' }), 'INVALID_CRON', 'Cron parsing error'],
      [crons.register('w', { expression: '* * * * *', timezone: 'utc' }), 'INVALID_TIMEZONE', 'Invalid timezone: utc'],
      [crons.register('w', { expression: '0 0 30 2 *', timezone: 'UTC' }), 'INVALID_CRON', 'Failed to calculate next'],
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

  it('says that cron is switched off where it is, and triggers go on', async () => {
    await using running = await RunningEngine.start({
      triggers: [cronTrigger('nightly', '* * * * *')],
      workflows: [nightly],
      config: { cronEnabled: false },
    })

    await expect(running.engine.crons.list(ALL)).rejects.toMatchObject({ code: 'CRON_DISABLED' })
    await running.clock.advance(HOUR_MS)
    expect(running.host.runs).toHaveLength(0)
  })
})

describe('a workflow instance', () => {
  it('gives its parameters to every run, with secrets as aliases and without reserved keys', async () => {
    await using running = await RunningEngine.start({ workflows: [nightly] })
    const params = '{"rate":1.0,"key":{"$secret":"warehouse"},"schedule_id":"mine","trigger_name":"mine","list":[1]}'

    const id = await running.engine.crons.registerInstance('nightly', 'paris', HOURLY, params)
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
    await expect(running.engine.crons.registerInstance('nightly', 'paris', HOURLY, '{}')).rejects.toMatchObject({
      code: 'DUPLICATE_INSTANCE',
    })
  })
})

describe('a trigger with a cron expression', () => {
  it('is one cron schedule over restarts, and no poll trigger', async () => {
    const clock = new FakeClock()
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

    const schedules = await second.engine.crons.list(ALL)
    await clock.advance(3 * HOUR_MS)

    expect(schedules).toMatchObject([{ workflow: 'nightly', expression: '0 3 * * *', nextRunAt: START + 3 * HOUR_MS }])
    expect(await second.engine.triggers.list(ALL)).toEqual([])
    expect(second.host.polls).toEqual([])
    expect(second.host.runs).toMatchObject([{ at: START + 3 * HOUR_MS }])
    await second.engine.stop({ graceMs: 0 })
  })

  it('fires no more when its code is gone', async () => {
    await using running = await RunningEngine.start({
      triggers: [cronTrigger('daily', '0 * * * *', { workflow: 'nightly', script: 'other.py' })],
      workflows: [nightly],
    })

    running.registry.removeScript('other.py')
    await running.clock.advance(2 * HOUR_MS)

    expect(running.host.runs).toHaveLength(0)
    expect(await running.engine.crons.list(ALL)).toHaveLength(1)
  })

  it('is taken over in one transaction with all the others', async () => {
    const clock = new FakeClock()
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

    expect(await running.engine.crons.list({ ...ALL, limit: 1_000 })).toHaveLength(300)
    expect(steps).toEqual(['saveTriggerCrons'])
    await running.engine.stop({ graceMs: 0 })
  })

  it('with a bad expression is reported, and the others are scheduled', async () => {
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
    const listed = await running.engine.crons.listTriggers()
    expect(listed.map(({ triggerName, nextRunAt }) => [triggerName, nextRunAt !== null])).toEqual([
      ['good', true],
      ['bad', false],
    ])
    const scheduled = await running.engine.crons.listScheduled(ALL)
    expect(scheduled.map(({ triggerName }) => triggerName)).toEqual(['good'])
    expect(await running.engine.crons.listScheduled({ ...ALL, offset: 1 })).toEqual([])
  })

  it('gives its name to the context of its execution and to the event', async () => {
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
  ])(
    'that is given a wrong %s does not fire by its former one, and fires again when that is mended',
    async (_, wrong) => {
      const clock = new FakeClock()
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
    },
  )

  it('that was disabled stays so while its expression is wrong, and when it is mended', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    for (const cron of ['0 * * * *', '99 * * * *', '0 * * * *']) {
      const triggers = [cronTrigger('tr', cron, { workflow: 'nightly' })]
      await using running = await RunningEngine.start({ clock, store, workflows: [nightly], triggers })
      const [row] = await running.engine.crons.list(ALL)
      await running.engine.crons.setEnabled(row?.id ?? '', false)

      await clock.advance(2 * HOUR_MS)

      expect(running.host.runs).toHaveLength(0)
      expect((await store.listCrons(ALL))[0]?.isEnabled).toBe(false)
      await running.engine.stop({ graceMs: 0 })
    }
  })
})
