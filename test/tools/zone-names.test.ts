/** The engine's names of time zones are those of the time zone database that the package brings along for Python. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZONE_NAMES_FILE, zoneNamesSource } from '../../tools/zone-names.ts'

it('the names of time zones are those of the vendored tzdata', () => {
  expect(readFileSync(ZONE_NAMES_FILE, 'utf8')).toBe(zoneNamesSource())
})
