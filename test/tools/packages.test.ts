/** Tables of packages and of test suites, and the list of packages that are tried. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PACKAGES } from '../../tools/packages/list.ts'
import { pageWith, type Row, rowsOf } from '../../tools/packages/table.ts'
import { countsOf, differencesOf, readResults } from '../../tools/suites/results.ts'
import { ROOT } from '../support/source-tree.ts'

const row = (name: string, used: string): Row => ({
  name,
  installed: 'yes',
  imported: 'yes',
  used,
  usedByPython: used === 'no' ? 'yes' : '–',
  remark: 'a | b',
})

it('every listed package has a function that uses it', () => {
  const missing = PACKAGES.filter(({ requirement, uses }) => {
    const name = requirement
      .replace(/[[<].*/, '')
      .toLowerCase()
      .replace(/[-.]/g, '_')
    return !readFileSync(join(ROOT, 'tools/packages/uses', uses), 'utf8').includes(`\ndef use_${name}():\n`)
  })

  expect(missing).toEqual([])
  expect(PACKAGES).toHaveLength(69)
})

it('the manual has the result of each package and the number of working packages', () => {
  const page = readFileSync(join(ROOT, 'docs/packages.md'), 'utf8')
  const rows = rowsOf(page)

  expect(rows.map(({ name }) => name)).toEqual(PACKAGES.map(({ requirement }) => requirement))
  const works = rows.filter(({ used }) => used === 'yes').length
  const worksByPython = rows.filter(({ usedByPython }) => usedByPython === 'yes').length
  expect(page).toContain(`${works} of 69 packages work, ${worksByPython} with \`--python\`.`)
  expect(rows.filter(({ usedByPython }) => !['yes', 'no', '–'].includes(usedByPython))).toEqual([])
})

it('an updated table keeps the rows of packages that were not tried again', () => {
  const first = pageWith('# Page\n', [row('c', 'no'), row('a', 'yes')], ['a', 'b', 'c'])

  const second = pageWith(first, [row('c', 'yes'), row('b', '–')], ['a', 'b', 'c'])

  expect(rowsOf(second)).toEqual([row('a', 'yes'), row('b', '–'), row('c', 'yes')])
  expect(second).toMatch(/^# Page\n<!-- .* -->\n\n2 of 3 packages work, 0 with `--python`\.\n/)
})

it('two runs of a suite are compared test by test', () => {
  const report = (inside: string) =>
    '<testsuite><testcase classname="t" name="a[&lt;x&gt;]" time="1" />' +
    `<testcase classname="t" name="b" time="1">${inside}</testcase></testsuite>`
  const cpython = readResults(report(''))
  const engine = readResults(report('<failure message="OSError: no fork&#10;more">trace</failure>'))

  expect(countsOf(engine)).toBe('1 passed, 1 failed, 0 skipped')
  expect(differencesOf({ engine, cpython })).toEqual(['t::b: failed, under CPython passed: OSError: no fork'])
  expect(readResults(report('<skipped type="x" message="here">y</skipped>'))['t::b']?.outcome).toBe('skipped')
})
