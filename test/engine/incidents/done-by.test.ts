/** Workflows that must be done by a time of day: which executions are in time, and which days are judged. */

import { describe, expect, it } from 'vitest'
import { lastDailyDue } from '../../../src/engine/incidents/daily-times.ts'
import { workflow } from '../../support/declared.ts'
import { completed, type FakeHost } from '../../support/fake-host.ts'
import { incidentsIn, messagesIn, pass, TestPolicy } from '../../support/incidents.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type EngineParts, RunningEngine } from '../../support/running-engine.ts'
import { SeparateProcesses } from '../separate-processes.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOON = Date.UTC(2026, 0, 1, 12)
const doneBy = (time: string, timezone = 'UTC') => ({ ...workflow('etl', { read: {} }), doneBy: { time, timezone } })

function start(parts: EngineParts = {}): Promise<RunningEngine> {
  const given = { workflows: [doneBy('07:00')], incidents: new TestPolicy(), clock: new ManualClock(NOON) }
  return RunningEngine.start({ ...given, ...parts })
}

const takes = (ms: number) => (host: FakeHost) => host.task('read', () => host.after(ms, completed('{}')))

describe('a workflow that must be done by 07:00', () => {
  it('opens an incident at 07:00 if no execution since 07:00 of the day before completed, and not before', async () => {
    await using running = await start()

    await pass(running.clock, 19 * HOUR_MS - 1)
    const before = await incidentsIn(running.store)
    await running.clock.advance(10_000)

    expect([before, await incidentsIn(running.store)]).toEqual([[], ['deadline-missed etl 1 open']])
    expect((await messagesIn(running.store))[0]).toMatchObject({
      message:
        'Workflow "etl" was not done by 07:00 UTC on 2026-01-02: no execution that was created in the day before ' +
        'had completed.',
      ...{ subject: 'etl', workflow: 'etl', executionId: null },
    })
  })

  it('is done if an execution completed, and is judged again the next day', async () => {
    await using running = await start({ python: takes(1_000) })
    await running.engine.submit('etl', '{}')

    await running.clock.advance(2_000)
    await pass(running.clock, 20 * HOUR_MS)
    const first = await incidentsIn(running.store)
    await pass(running.clock, DAY_MS)

    expect([first, await incidentsIn(running.store)]).toEqual([[], ['deadline-missed etl 1 open']])
  })

  it('is not done if the execution completes after 07:00, which ends the incident', async () => {
    let end = (): void => undefined
    const ended = new Promise<ReturnType<typeof completed>>((resolve) => {
      end = () => resolve(completed('{}'))
    })
    await using running = await start({ python: (host) => host.task('read', () => ended) })
    await running.engine.submit('etl', '{}')

    await pass(running.clock, 19 * HOUR_MS + 30_000)
    const missed = await incidentsIn(running.store)
    end()
    await running.clock.advance(1_000)

    expect([missed, await incidentsIn(running.store)]).toEqual([
      ['deadline-missed etl 1 open'],
      ['deadline-missed etl 1 ended'],
    ])
  })

  it('is judged after downtime for the last day only, and not for days before its first declaration', async () => {
    await using processes = new SeparateProcesses()
    const clock = new ManualClock(NOON)
    const parts = { workflows: [doneBy('07:00')], clock }
    const first = await processes.start({ ...parts, incidents: new TestPolicy() })
    await clock.advance(10_000)
    const atFirst = await incidentsIn(first.store)
    await first.engine.stop({ graceMs: 0 })
    clock.standStill(3 * DAY_MS)

    const second = await processes.start({ ...parts, incidents: new TestPolicy() })
    await clock.advance(20_000)

    expect([atFirst, await incidentsIn(second.store)]).toEqual([[], ['deadline-missed etl 1 open']])
    expect((await messagesIn(second.store))[0]?.message).toContain('on 2026-01-04')
  })

  it('is judged once by several engines, and not at the start of engines that are the first ones', async () => {
    await using processes = new SeparateProcesses()
    const clock = new ManualClock(NOON)
    const parts = { workflows: [doneBy('07:00')], clock }
    const [one] = await Promise.all([
      processes.start({ ...parts, incidents: new TestPolicy() }),
      processes.start({ ...parts, incidents: new TestPolicy() }),
    ])
    await clock.advance(20_000)
    const atFirst = await incidentsIn(one.store)
    await pass(clock, DAY_MS)

    expect([atFirst, await incidentsIn(one.store)]).toEqual([[], ['deadline-missed etl 1 open']])
  })

  it('is still judged after the store has removed the first marks', async () => {
    await using running = await start()
    for (let days = 0; days < 75; days += 1) await pass(running.clock, DAY_MS)

    const [incident] = await running.store.incidents.listIncidents({ limit: 1, offset: 0 })
    expect(incident?.count).toBe(75)
  })

  it('reports an unknown time zone once, and judges the other workflows', async () => {
    const broken = { ...doneBy('07:00', 'Europe/Bielefeld'), key: 'broken' }
    const running = await start({ workflows: [broken, doneBy('07:00')], isIdle: true })
    await using _ = running
    const trouble = running.record('trouble')
    await running.engine.start()

    await pass(running.clock, 20 * HOUR_MS)

    expect(trouble).toMatchObject([{ error: { code: 'INVALID_TIMEZONE' } }])
    expect(await incidentsIn(running.store)).toEqual(['deadline-missed etl 1 open'])
  })
})

describe('the due times of a day', () => {
  const at = (text: string): number => Date.parse(text)

  it('follow the zone on the days on which it changes its offset', () => {
    const berlin = { time: '07:00', timezone: 'Europe/Berlin' }

    expect(lastDailyDue(berlin, at('2026-03-29T05:00:00Z'))).toEqual({
      date: '2026-03-29',
      at: at('2026-03-29T05:00:00Z'),
      previousAt: at('2026-03-28T06:00:00Z'),
      nextAt: at('2026-03-30T05:00:00Z'),
    })
    expect(lastDailyDue(berlin, at('2026-10-25T05:59:59Z')).at).toBe(at('2026-10-24T05:00:00Z'))
  })

  it('are after the gap or the first of two, if the zone skips or repeats the time', () => {
    const berlin = { time: '02:30', timezone: 'Europe/Berlin' }

    expect(lastDailyDue(berlin, at('2026-03-29T12:00:00Z')).at).toBe(at('2026-03-29T01:00:00Z'))
    expect(lastDailyDue(berlin, at('2026-10-25T12:00:00Z')).at).toBe(at('2026-10-25T00:30:00Z'))
  })

  it('have the date of the zone, not of UTC', () => {
    expect(lastDailyDue({ time: '07:00', timezone: 'Pacific/Auckland' }, at('2026-06-30T20:00:00Z'))).toMatchObject({
      date: '2026-07-01',
      at: at('2026-06-30T19:00:00Z'),
    })
  })
})
