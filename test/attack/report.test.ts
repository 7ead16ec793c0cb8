/** Findings and output of `npm run attack`. The attacks themselves are run by hand and in CI. */

import { expect, test } from 'vitest'
import { hasFindings, reportLines, runClass } from '../../tools/attack/report.ts'

test('a class whose attempts are all blocked is clean', async () => {
  const result = await runClass({
    name: 'blocked',
    run: async (attempts) => {
      attempts.count(null)
      attempts.countBlocked(2)
    },
  })

  expect(hasFindings([result])).toBe(false)
  expect(reportLines([result])).toEqual([
    'ATTACK   ATTEMPTS  BLOCKED',
    'blocked         3        3',
    'all             3        3',
  ])
})

test('an attempt that gains something is a finding, with its name', async () => {
  const result = await runClass({
    name: 'gains',
    run: async (attempts) => {
      attempts.count(null)
      attempts.count('read the file "secret"')
    },
  })

  expect(hasFindings([result])).toBe(true)
  expect(reportLines([result])).toEqual([
    'ATTACK  ATTEMPTS  BLOCKED',
    'gains          2        1',
    'all            2        1',
    '',
    'Findings of "gains":',
    '  - read the file "secret"',
  ])
})

test.each([
  ['makes no attempt', async () => undefined, 'the attack made no attempt'],
  ['fails', () => Promise.reject(new Error('no server')), 'the attack could not be run to its end: no server'],
])('a class that %s is a finding', async (_, run, finding) => {
  const result = await runClass({ name: 'broken', run })

  expect(hasFindings([result])).toBe(true)
  expect(result.attempts.findings).toEqual([finding])
})
