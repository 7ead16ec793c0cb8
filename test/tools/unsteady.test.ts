/** Unsteady tests: the list in the repository, the records of runs, and `npm run unsteady`. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRecords, recordsFolder, writeRecord } from '../../tools/again/run-record.ts'
import type { Failure } from '../../tools/again/test-report.ts'
import {
  faultsOf,
  MAX_UNSTEADY_TESTS,
  newRows,
  readUnsteadyTests,
  type UnsteadyTest,
  unsteadyText,
} from '../../tools/again/unsteady-list.ts'
import { ROOT } from '../support/source-tree.ts'

const failure = (title: string): Failure => ({
  path: 'test/late.test.ts',
  title,
  messages: ['Error: it was late\nmore', 'Error: and wrong'],
  machine: 'load 9.0',
})
const row = (title: string, until = '2026-12-24'): UnsteadyTest => ({
  file: 'test/late.test.ts',
  title,
  first: 'Error: it was late',
  since: '2026-12-03',
  cause: 'test: waits too short',
  until,
})

/** Returns whether a file has a test, or a group of tests, with a title. Placeholders of a title match any text. */
function hasTitle(text: string, title: string): boolean {
  if (text.includes(title)) return true
  const placeholders = /%[sdifjo#$%]|\$\{[^}]*\}|\$[\w.#]+/
  return [...text.matchAll(/'((?:[^'\\\n]|\\.)+)'|`([^`]+)`/g)]
    .map(([, quoted, template]) => quoted ?? template ?? '')
    .filter((literal) => placeholders.test(literal))
    .some((literal) => {
      const parts = literal
        .split(new RegExp(placeholders, 'g'))
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      return new RegExp(`^${parts.join('.*')}$`).test(title)
    })
}

describe('the list of unsteady tests', () => {
  const rows = readUnsteadyTests()

  it(`has at most ${MAX_UNSTEADY_TESTS} tests, which exist, each with a suspected cause`, () => {
    expect(MAX_UNSTEADY_TESTS).toBe(12)
    expect(rows.length).toBeLessThanOrEqual(MAX_UNSTEADY_TESTS)
    const missing = rows.filter(({ file, title }) => {
      const path = join(ROOT, file)
      const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
      return !title.split(' > ').every((part) => hasTitle(text, part.replace(/\[.*\]$/, '')))
    })
    expect(missing).toEqual([])
    for (const { cause, since, until } of rows) {
      expect(cause).toMatch(/^(test|product): \w/)
      expect([since, until].join()).toMatch(/^\d{4}-\d\d-\d\d,\d{4}-\d\d-\d\d$/)
    }
  })

  it('finds titles with placeholders, and no others', () => {
    const text = `it.each(rows)('ends when a script %s', () => {})\ntest(\`has $count rows\`, () => {})`

    expect(hasTitle(text, 'ends when a script waits')).toBe(true)
    expect(hasTitle(text, 'has 3 rows')).toBe(true)
    expect(hasTitle(text, 'ends when a process waits')).toBe(false)
  })

  it('gets the tests of a run that it does not contain, each once, with 21 days to repair them', () => {
    const at = '2026-12-03T12:00:00.000Z'

    const added = newRows([row('a')], {
      at,
      commit: 'abc',
      unsteady: [failure('a'), failure('b'), failure('b')],
      failed: [],
    })

    expect(added).toEqual([{ ...row('b'), cause: '' }])
  })

  it('is at fault if a test is unsteady in two runs and missing, or was not repaired in time', () => {
    const record = (...titles: readonly string[]) => ({ at: '', commit: '', unsteady: titles.map(failure), failed: [] })
    const known = [row('known'), row('overdue', '2026-12-02')]

    expect(faultsOf(known, [record('a', 'a', 'b', 'known'), record('b', 'known')], '2026-12-03')).toEqual([
      'test/late.test.ts: b: unsteady in 2 of 2 runs, and not in the list',
      'test/late.test.ts: overdue: had to be repaired until 2026-12-02',
    ])
  })
})

describe('the text of an unsteady test', () => {
  it('begins with NEW or the date since which the list contains the test', () => {
    expect(unsteadyText([], failure('a'))).toMatch(/^NEW: test\/late.test.ts: a: \(load 9.0\) Error: it was late\n/)
    expect(unsteadyText([row('a')], failure('a'))).toMatch(/^known since 2026-12-03: test\/late.test.ts: a: /)
  })
})

describe('the records of runs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-records-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function unsteady(...words: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/unsteady.ts'), ...words], {
      env: { ...process.env, CLOACA_TEST_REPORTS: folder },
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  it('are the last ten, the oldest first', () => {
    for (let run = 1; run <= 12; run++) writeRecord(folder, [], [failure(`run ${run}`)], new Date(run * 1000))

    const titles = readRecords(folder).map(({ failed }) => failed[0]?.title)
    expect(titles).toEqual(Array.from({ length: 10 }, (_, index) => `run ${index + 3}`))
    expect(readdirSync(folder)).toHaveLength(10)
  })

  it('are in .ci/reports, which git ignores, unless CLOACA_TEST_REPORTS names a folder', () => {
    expect(recordsFolder({})).toBe(join(ROOT, '.ci', 'reports'))
    expect(recordsFolder({ CLOACA_TEST_REPORTS: '/elsewhere' })).toBe('/elsewhere')
    expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain('.ci/reports/')
  })

  it('are printed by npm run unsteady, and make --check fail from the second run on', () => {
    writeRecord(folder, [failure('no such test')], [], new Date(1000))
    const once = unsteady('--check')
    writeRecord(folder, [failure('no such test')], [], new Date(2000))
    const twice = unsteady('--check')

    expect(once).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(twice).toMatchObject({ status: 1, stderr: expect.stringContaining('no such test: unsteady in 2 of 2 runs') })
    expect(unsteady().stdout).toMatch(/^1970-01-01T00:00:01.000Z .*: 1 unsteady\n {2}NEW: test\/late.test.ts: no such/)
  })

  it('rejects another option', () => {
    expect(unsteady('--recrod')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Usage: npm run unsteady'),
    })
  })
})
