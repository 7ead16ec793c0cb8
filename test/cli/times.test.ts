/** Times that commands print: the local zone with its offset, `TZ`, `--utc`, and the zone of a schedule. */

import { spawnSync } from 'node:child_process'
import { beforeEach, describe, expect, it } from 'vitest'
import { elapsedText, showTimes, timeText } from '../../src/cli/display.ts'
import { MAIN } from '../support/main-path.ts'
import { steeredDatabases } from '../support/steered-database.ts'
import { newCron, newExecution, START } from '../support/store-builders.ts'

const MINUTE_MS = 60_000
const ZONES = [
  ['Europe/Berlin', '2026-01-01 01:00:00 +01:00'],
  ['America/St_Johns', '2025-12-31 20:30:00 -03:30'],
  ['UTC', '2026-01-01 00:00:00 +00:00'],
  ['Nowhere/Land', '2026-01-01 00:00:00 +00:00'],
  ['', '2026-01-01 00:00:00 +00:00'],
] as const

const database = steeredDatabases()

/** Runs a command in a process of its own, because a zone applies to a whole process. */
function cloacaIn(zone: string, ...words: readonly string[]): string {
  const command = [MAIN, ...words, '--db', database().path]
  const env = { ...process.env, TZ: zone }
  const { stdout, stderr, status } = spawnSync(process.execPath, command, { encoding: 'utf8', env })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout
}

describe('a time through a pipe', () => {
  beforeEach(async () => {
    const { store } = database()
    await store.createExecution(newExecution({ id: 'first' }), { kind: 'call' }, START)
  })

  it.each(ZONES)('has the offset of the zone in TZ=%j: %s', (zone, text) => {
    expect(cloacaIn(zone, 'execution', 'show', 'first')).toMatch(
      new RegExp(`^created +${text.replace('+', '\\+')}$`, 'm'),
    )
  })

  it('is in UTC with --utc, and is not changed by the zone in JSON', () => {
    const json = (...words: readonly string[]) => JSON.parse(cloacaIn('Europe/Berlin', ...words, '--json'))

    expect(cloacaIn('Europe/Berlin', 'execution', 'show', 'first', '--utc')).toMatch(
      /^created +2026-01-01 00:00:00 \+00:00$/m,
    )
    expect(json('execution', 'show', 'first')).toMatchObject({ createdAt: '2026-01-01T00:00:00.000+00:00' })
    expect(json('execution', 'show', 'first', '--utc')).toMatchObject({ createdAt: '2026-01-01T00:00:00.000+00:00' })
  })

  it('is accepted by --since and --until in the form in which it is printed', async () => {
    await database().store.createExecution(newExecution({ id: 'second' }), { kind: 'call' }, START + MINUTE_MS)
    const [, printed = ''] = /^created +(.*)$/m.exec(cloacaIn('America/St_Johns', 'execution', 'show', 'second')) ?? []
    const listed = (flag: string) =>
      JSON.parse(cloacaIn('Europe/Berlin', 'execution', 'list', flag, printed, '--json')).map(
        ({ id }: { readonly id: string }) => id,
      )

    expect(printed).toBe('2025-12-31 20:31:00 -03:30')
    expect(listed('--since')).toEqual(['second'])
    expect(listed('--until')).toEqual(['first'])
  })
})

describe('a time of a schedule', () => {
  const DUE = Date.UTC(2026, 6, 1, 1)

  beforeEach(async () => {
    const nightly = { expression: '0 3 * * *', triggerName: 'nightly', workflow: 'report', nextRunAt: DUE }
    await database().store.createCron(newCron({ ...nightly, timezone: 'Europe/Berlin' }))
  })

  it('is also in the zone of the schedule if this differs from the shown zone', () => {
    const both = '2026-06-30 22:30:00 -02:30 (2026-07-01 03:00:00 +02:00'

    expect(cloacaIn('America/St_Johns', 'schedule', 'list')).toContain(`  ${both})  never\n`)
    expect(cloacaIn('America/St_Johns', 'trigger', 'show', 'nightly')).toContain(`  ${both} Europe/Berlin)\n`)
    expect(cloacaIn('Europe/Berlin', 'trigger', 'show', 'nightly', '--utc')).toContain(
      '  2026-07-01 01:00:00 +00:00 (2026-07-01 03:00:00 +02:00 Europe/Berlin)\n',
    )
    expect(cloacaIn('America/St_Johns', 'schedule', 'show', 'nightly')).toMatch(
      /^next +\S+ \S+ -0[23]:30 \(\S+ 03:00:00 \+0[12]:00 Europe\/Berlin\)$/m,
    )
  })

  it('is shown once in the zone of the schedule, and in another zone with the same offset', () => {
    expect(cloacaIn('Europe/Berlin', 'schedule', 'list')).toContain('  2026-07-01 03:00:00 +02:00  never\n')
    expect(cloacaIn('Europe/Paris', 'trigger', 'show', 'nightly')).toContain('  2026-07-01 03:00:00 +02:00\n')
  })

  it('is only in the shown zone if the zone of the schedule is unknown', async () => {
    await database().store.createCron(newCron({ triggerName: 'lost', timezone: 'Nowhere/Land', nextRunAt: DUE }))

    expect(cloacaIn('UTC', 'trigger', 'show', 'lost')).toContain('  2026-07-01 01:00:00 +00:00\n')
  })
})

it('a time has milliseconds and another offset on request', () => {
  showTimes({ isUtc: true, now: 0 })

  expect(timeText(START + 7, { hasMillis: true })).toBe('2026-01-01 00:00:00.007 +00:00')
  expect(timeText(START, { offsetMs: -90 * MINUTE_MS })).toBe('2025-12-31 22:30:00 -01:30')
  expect(timeText(-1)).toBe('1969-12-31 23:59:59 +00:00')
})

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_400, '1.4 s'],
  [9_999, '9.9 s'],
  [12_900, '12 s'],
  [125_000, '2 min 5 s'],
  [7_200_000, '2 h'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 ms'],
])('a duration of %d ms is shown as %j', (lengthMs, text) => {
  expect(elapsedText(START, START + lengthMs)).toBe(text)
})
