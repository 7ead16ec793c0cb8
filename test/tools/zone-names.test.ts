/** Names of time zones in the engine, compared with the vendored time zone database for Python. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ZONE_NAMES_FILE, zoneNamesSource } from '../../tools/zone-names.ts'

it('the time zone names of the engine are those of the vendored tzdata', () => {
  expect(readFileSync(ZONE_NAMES_FILE, 'utf8')).toBe(zoneNamesSource())
})
