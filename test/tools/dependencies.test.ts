/** Checks of the dependencies: licences and known vulnerabilities. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verdictOf } from '../../tools/dependencies/audit.ts'
import { isAllowed, licencesIn } from '../../tools/dependencies/licences.ts'
import { ROOT } from '../support/source-tree.ts'

describe('the licence check', () => {
  it.each(['MIT', 'MIT OR Apache-2.0', '(GPL-3.0-only OR MIT)', 'MIT AND ISC'])('allows %s', (licence) => {
    expect(isAllowed(licence)).toBe(true)
  })

  it.each(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNLICENSED', 'SEE LICENSE IN LICENSE', '', null, { type: 'MIT' }])(
    'rejects %j',
    (licence) => {
      expect(isAllowed(licence)).toBe(false)
    },
  )

  it('finds a package without a licence, and ignores the checkout itself and links', () => {
    const packages = { '': {}, 'node_modules/a': {}, 'node_modules/b': { license: 'MIT' }, link: { link: true } }

    expect([...licencesIn({ packages })]).toEqual([
      [null, ['node_modules/a']],
      ['MIT', ['node_modules/b']],
    ])
  })

  it('allows the licence of every package of this checkout', () => {
    const licences = licencesIn(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')))

    expect([...licences.values()].flat().length).toBeGreaterThan(200)
    expect([...licences.keys()].filter((licence) => !isAllowed(licence))).toEqual([])
  })
})

describe('the vulnerability check', () => {
  it('fails for a vulnerable package, and names it', () => {
    const verdict = verdictOf('{"vulnerabilities": {"pg": {"severity": "high"}}, "metadata": {}}')

    expect(verdict).toEqual({ isFailure: true, message: expect.stringContaining('pg (high)') })
  })

  it('passes without a vulnerable package', () => {
    expect(verdictOf('{"vulnerabilities": {}}').isFailure).toBe(false)
  })

  it('passes with a notice if the registry offers no audit', () => {
    const verdict = verdictOf('{"message": "405 Method Not Allowed", "statusCode": 405, "error": {}}')

    expect(verdict).toEqual({ isFailure: false, message: expect.stringContaining('offers no audit') })
  })

  it.each([
    '',
    '{"error": {}}',
    '{"message": "500 Internal Server Error", "statusCode": 500}',
    '{"message": "ENOTFOUND"}',
  ])('fails for any other response: %j', (report) => {
    expect(verdictOf(report).isFailure).toBe(true)
  })
})
