/**
 * Attempts of restricted scripts to exceed their grants. Each attempt must fail.
 * Each set of grants has its own process.
 */

import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { GRANT_SETS, type GrantSet, isRefused, type Tried, tryToEscape } from '../../tools/attack/restricted.ts'

/** Number of attempts of each kind. */
const KINDS: Readonly<Record<string, number>> = {
  javascript: 27,
  programs: 12,
  files: 36,
  databases: 33,
  network: 18,
  host_functions: 70,
  kept: 35,
}
/** Number of attempts to run native code, for each set of grants. */
const NATIVE: Readonly<Record<GrantSet, number>> = { nothing: 22, write: 22, network: 22, native: 10 }

describe.skipIf(restrictionProblem() !== null).each(Object.keys(GRANT_SETS) as GrantSet[])(
  'a restricted script with the grants "%s"',
  (set) => {
    let tried: Tried

    beforeAll(async () => {
      tried = await tryToEscape(set)
    })

    it.each([...Object.keys(KINDS), 'native'])(
      'fails in all attempts of kind "%s" to exceed its grants',
      { tags: ['proof'] },
      (kind) => {
        const attempts = Object.entries(tried.attempts).filter(([attempt]) => attempt.startsWith(`${kind}: `))

        expect(attempts.filter(([, answer]) => !isRefused(answer))).toEqual([])
        expect(attempts).toHaveLength(KINDS[kind] ?? NATIVE[set])
      },
    )

    it('makes all attempts of all kinds', () => {
      const kinds = Object.values({ ...KINDS, native: NATIVE[set] })

      expect(Object.keys(tried.attempts)).toHaveLength(kinds.reduce((sum, count) => sum + count, 0))
      expect(Object.keys(tried.attempts).length).toBeGreaterThanOrEqual(190)
    })

    it('changes no file outside its grants, and opens no connection', { tags: ['proof'] }, () => {
      expect(tried.isUnchanged).toBe(true)
      expect(tried.connections).toBe(0)
    })

    it.runIf(set === 'write')('can use its grants, and everything that stays inside its process', () => {
      expect(tried.used).toEqual({
        'own file': true,
        renamed: 'written',
        listing: true,
        scratch: 'kept in memory',
        rows: [["ATTACH 'x' AS y"]],
        pair: 'pair',
        thread: 'thread',
        loop: 'loop',
        environment: {},
        'signal to itself': null,
      })
    })

    it.runIf(set === 'write')('logs its first 20 different refused operations, with the flags that allow them', () => {
      const refusals = tried.said.filter((line) => line.startsWith('A restricted script may not '))

      expect(refusals).toContain(
        `A restricted script may not read "${join(tried.outside, 'secret.txt')}". ` +
          `To allow it: --allow-read "${tried.outside}"`,
      )
      expect(new Set(refusals).size).toBe(refusals.length)
      expect(refusals).toHaveLength(20)
      expect(tried.said).toContain('Further rejected operations of restricted scripts are not logged.')
    })
  },
)
