/**
 * Scripts of a restricted process are refused everything but their grants, attempt by attempt. One process per set of
 * grants.
 */

import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { GRANT_SETS, type GrantSet, isRefused, type Tried, tryToEscape } from '../../tools/attack/restricted.ts'

/** Each kind of attempt, with how many there are. */
const KINDS: Readonly<Record<string, number>> = {
  javascript: 27,
  programs: 12,
  files: 36,
  databases: 33,
  network: 18,
  host_functions: 64,
  kept: 35,
}
const NATIVE: Readonly<Record<GrantSet, number>> = { nothing: 22, write: 22, network: 22, native: 10 }

describe.skipIf(restrictionProblem() !== null).each(Object.keys(GRANT_SETS) as GrantSet[])(
  'a script of a restricted process that is granted: %s',
  (set) => {
    let tried: Tried

    beforeAll(async () => {
      tried = await tryToEscape(set)
    })

    it.each([...Object.keys(KINDS), 'native'])('gets out by none of its ways: %s', (kind) => {
      const attempts = Object.entries(tried.attempts).filter(([attempt]) => attempt.startsWith(`${kind}: `))

      expect(attempts.filter(([, answer]) => !isRefused(answer))).toEqual([])
      expect(attempts).toHaveLength(KINDS[kind] ?? NATIVE[set])
    })

    it('has made all of its attempts', () => {
      const kinds = Object.values({ ...KINDS, native: NATIVE[set] })

      expect(Object.keys(tried.attempts)).toHaveLength(kinds.reduce((sum, count) => sum + count, 0))
      expect(Object.keys(tried.attempts).length).toBeGreaterThanOrEqual(190)
    })

    it('has changed nothing of what it was not granted, and has connected to nothing', () => {
      expect(tried.isUnchanged).toBe(true)
      expect(tried.connections).toBe(0)
    })

    it.runIf(set === 'write')('does what it was granted, and what stays within its process, as ever', () => {
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

    it.runIf(set === 'write')(
      'makes the log say what it was refused, and what grants it, once and not without end',
      () => {
        const refusals = tried.said.filter((line) => line.startsWith('A restricted script may not '))

        expect(refusals).toContain(
          `A restricted script may not read "${join(tried.outside, 'secret.txt')}". To allow it: --allow-read "${tried.outside}"`,
        )
        expect(new Set(refusals).size).toBe(refusals.length)
        expect(refusals).toHaveLength(20)
        expect(tried.said).toContain('Further rejected operations of restricted scripts are not logged.')
      },
    )
  },
)
