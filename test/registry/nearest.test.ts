/** Suggestions for misspelt names. */

import { describe, expect, it } from 'vitest'
import { nearestName } from '../../src/registry/nearest.ts'

describe('the nearest name', () => {
  it('is the known name with the fewest edits, if they are few', () => {
    expect(nearestName('ingset', ['digest', 'ingest', 'x'])).toBe('ingest')
    expect(nearestName('ingest', ['report'])).toBeNull()
  })

  // Calculating the edit distance of these names would take many minutes.
  it('is not searched for a very long name', () => {
    expect(nearestName('ab'.repeat(500_000), [`${'ba'.repeat(500_000)}c`])).toBeNull()
  })
})
