/** Periods in which a trigger was disabled, from its actions. */

import { expect, it } from 'vitest'
import { disabledPeriods } from '../../../src/engine/services/triggers/disabled-periods.ts'
import type { SwitchRow } from '../../../src/model/action.ts'

const ENABLED = { isEnabled: true, note: null, createdAt: 0, updatedAt: 0 }
const ALL = { sinceAt: 0, untilAt: 1_000 }

/** Newest first, as the store returns them. */
function switches(...rows: readonly (readonly [SwitchRow['kind'], number])[]): readonly SwitchRow[] {
  const source = 'cli' as const
  return rows.map(([kind, at]) => ({ id: String(at), kind, source, note: `at ${at}`, at })).toReversed()
}

function periods(given: Partial<typeof ENABLED>, rows: readonly SwitchRow[], period = ALL) {
  const trigger = { ...ENABLED, ...given }
  return disabledPeriods(trigger, rows, period).map(({ sinceAt, untilAt, note }) => [sinceAt, untilAt, note])
}

it('lasts from the first of several actions that disable the trigger until the next that enables it', () => {
  const rows = switches(
    ['enable', 5],
    ['disable', 10],
    ['disable', 20],
    ['enable', 30],
    ['enable', 40],
    ['disable', 50],
  )

  expect(periods({}, rows)).toEqual([
    [10, 30, 'at 10'],
    [50, null, 'at 50'],
  ])
})

it('begins before the requested period if the trigger was disabled before, and is left out if it ended before', () => {
  const rows = switches(['disable', 10], ['enable', 30], ['disable', 40])

  expect(periods({}, rows, { sinceAt: 20, untilAt: 100 })).toEqual([
    [10, 30, 'at 10'],
    [40, null, 'at 40'],
  ])
  expect(periods({}, rows, { sinceAt: 30, untilAt: 100 })).toEqual([[40, null, 'at 40']])
})

it('does not include actions on an earlier trigger of the same name', () => {
  const rows = switches(['disable', 10], ['disable', 70], ['enable', 80])

  expect(periods({ createdAt: 60 }, rows)).toEqual([[70, 80, 'at 70']])
})

it('begins with the last change of a disabled trigger whose actions were pruned', () => {
  const disabled = { isEnabled: false, note: null, updatedAt: 90 }

  expect(periods(disabled, [])).toEqual([[90, null, null]])
  expect(periods(disabled, [], { sinceAt: 0, untilAt: 90 })).toEqual([])
  expect(periods({ updatedAt: 90 }, [])).toEqual([])
})
