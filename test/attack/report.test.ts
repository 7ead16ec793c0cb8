/** Findings and output of `npm run attack`. The attacks themselves run by hand and in CI. */

import { expect, test } from 'vitest'
import { hasFindings, reportLines, runClass } from '../../tools/attack/report.ts'

test('counts the attempts of an attack class, and reports no finding if all are blocked', async () => {
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

test('reports a successful attempt as a finding with its description', async () => {
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
  ['fails', () => Promise.reject(new Error('no server')), 'the attack failed before its end: no server'],
])('reports an attack class that %s as a finding', async (_, run, finding) => {
  const result = await runClass({ name: 'broken', run })

  expect(hasFindings([result])).toBe(true)
  expect(result.attempts.findings).toEqual([finding])
})
