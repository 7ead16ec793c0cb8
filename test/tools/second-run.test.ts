/** Second run of failed test files: its rules, the reports that it reads, and the files that it changes. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { secondRunOf, verdictOf } from '../../tools/again/second-run.ts'
import {
  countTests,
  fromJUnit,
  fromVitest,
  type ReportedTest,
  readReport,
  type TestedFile,
  type TestReport,
} from '../../tools/again/test-report.ts'
import { ROOT } from '../support/source-tree.ts'

type State = ReportedTest['state']

/** Returns a file whose tests have these states. */
function tested(path: string, ...states: readonly State[]): TestedFile {
  const tests = states.map((state, index) => ({
    title: `test ${index + 1}`,
    state,
    message: state === 'failed' ? `wrong in ${path}` : '',
    machine: '',
    expects: 2,
  }))
  return { path, isFailed: states.includes('failed'), tests, message: '' }
}

const report = (...files: readonly TestedFile[]): TestReport => ({ files, unhandled: [] })
const many = <T>(count: number, item: (index: number) => T) => Array.from({ length: count }, (_, index) => item(index))

describe('the files of a second run', () => {
  it('are the failed ones, each once', () => {
    const twice = tested('a.test.ts', 'failed')

    const second = secondRunOf(report(twice, tested('b.test.ts', 'passed'), twice, tested('c.test.ts', 'failed')), 1)

    expect(second).toMatchObject({ kind: 'files', paths: ['a.test.ts', 'c.test.ts'] })
  })

  it('contain a file whose hook failed, although no test did', () => {
    const hook = { ...tested('a.test.ts', 'skipped', 'skipped'), isFailed: true, message: 'beforeAll failed' }

    expect(secondRunOf(report(hook), 1)).toMatchObject({ kind: 'files', paths: ['a.test.ts'] })
  })

  it.each<[string, TestReport | null, string]>([
    ['vitest was killed', null, 'stopped before it wrote its report'],
    ['a worker crashed', { ...report(tested('a', 'failed')), unhandled: ['Worker exited'] }, 'Worker exited'],
    ['a file cannot be loaded', report({ ...tested('a'), isFailed: true }), 'cannot load a'],
    ['no file failed', report(tested('a', 'passed')), 'the run failed, but no file did'],
    ['6 files failed', report(...many(6, (index) => tested(`${index}`, 'failed'))), '6 files failed'],
    [
      '11 tests failed beside those of one file',
      report(
        tested('a', ...many(12, () => 'failed' as const)),
        tested('b', ...many(6, () => 'failed' as const)),
        tested('c', ...many(5, () => 'failed' as const)),
      ),
      '11 tests failed beside those of one file',
    ],
  ])('do not exist if %s', (_, first, reason) => {
    expect(secondRunOf(first, 1)).toEqual({ kind: 'none', reason: expect.stringContaining(reason) })
  })

  it.each([124, 137, 2])('do not exist if the run ended with exit code %i, for example at its limit', (exitCode) => {
    expect(secondRunOf(report(tested('a', 'failed')), exitCode)).toEqual({
      kind: 'none',
      reason: `failed files do not explain exit code ${exitCode}`,
    })
  })

  it('may be 5 files, with 10 failed tests beside those of one file', () => {
    const files = [
      tested('most', ...many(30, () => 'failed' as const)),
      tested('b', ...many(7, () => 'failed' as const)),
      ...many(3, (index) => tested(`${index}`, 'failed')),
    ]

    expect(secondRunOf(report(...files), 1).kind).toBe('files')
  })
})

describe('the verdict', () => {
  const steady = tested('steady.test.ts', 'passed', 'skipped')
  const first = report(steady, tested('a.test.ts', 'passed', 'failed'))

  it('is unsteady if all tests of the file pass, and counts the tests of the second run', () => {
    const verdict = verdictOf(first, report(tested('a.test.ts', 'passed', 'passed')), 0)

    expect(verdict).toEqual({
      kind: 'unsteady',
      failures: [{ path: 'a.test.ts', title: 'test 2', message: 'wrong in a.test.ts', machine: '' }],
      counts: { passed: 3, failed: 0, expects: 8 },
    })
  })

  it.each<[string, TestReport | null, number, string]>([
    ['the test fails again', report(tested('a.test.ts', 'passed', 'failed')), 1, 'failed in the second run'],
    ['another test of the file fails', report(tested('a.test.ts', 'failed', 'passed')), 1, 'failed in the second run'],
    ['a hook fails', report({ ...tested('a.test.ts', 'passed', 'passed'), isFailed: true }), 1, 'failed in the second'],
    ['fewer tests are executed', report(tested('a.test.ts', 'passed', 'skipped')), 0, 'fewer tests of a.test.ts'],
    ['the file is missing', report(), 0, 'fewer tests of a.test.ts'],
    ['the exit code is unexplained', report(tested('a.test.ts', 'passed', 'passed')), 1, 'exit code 1'],
    ['a worker crashes', { ...report(tested('a.test.ts', 'passed', 'passed')), unhandled: ['gone'] }, 1, 'gone'],
    ['the second run is killed', null, 1, 'wrote no report'],
  ])('is failed if %s', (_, second, exitCode, reason) => {
    expect(verdictOf(first, second, exitCode)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(reason),
    })
  })

  it('is failed if more than 5 tests of a part are unsteady', () => {
    const failing = (count: number) => report(tested('a.test.ts', ...many(count, () => 'failed' as const)))
    const passing = (count: number) => report(tested('a.test.ts', ...many(count, () => 'passed' as const)))

    expect(verdictOf(failing(5), passing(5), 0).kind).toBe('unsteady')
    expect(verdictOf(failing(6), passing(6), 0)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('6 unsteady tests in this part'),
    })
  })
})

describe('the reader of reports', () => {
  const vitestTest = (status: string, more: object = {}) => ({
    fullName: `a ${status} test`,
    status,
    failureMessages: status === 'failed' ? ['AssertionError: wrong\n    at file.ts:1'] : [],
    meta: { expects: 3, ...more },
  })

  it('reads the files of vitest below the repository, with states, expectations, and the machine at a failure', () => {
    const read = fromVitest(
      {
        testResults: [
          {
            name: '/work/test/a.test.ts',
            status: 'failed',
            message: '',
            assertionResults: [
              vitestTest('passed'),
              vitestTest('failed', { machine: 'load 7.0' }),
              vitestTest('pending'),
            ],
          },
        ],
      },
      [],
      '/work',
    )

    const [file] = read.files
    expect(file?.path).toBe('test/a.test.ts')
    expect(file?.tests.map(({ state }) => state)).toEqual(['passed', 'failed', 'skipped'])
    expect(file?.tests[1]).toMatchObject({ machine: 'load 7.0', message: expect.stringContaining('wrong') })
    expect(countTests(read.files)).toEqual({ passed: 1, failed: 1, expects: 9 })
  })

  it('counts a file without tests, which vitest could not load, as one failure', () => {
    const name = '/work/test/a.test.ts'
    const read = fromVitest(
      { testResults: [{ name, status: 'failed', message: 'oops', assertionResults: [] }] },
      [],
      '/work',
    )

    expect(countTests(read.files)).toEqual({ passed: 0, failed: 1, expects: 0 })
  })

  it('finds the files of class names of pytest, and unescapes messages', () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest">
<testcase classname="tests.test_os.TestPaths" name="test_a[&lt;x&gt;]" time="0.1" />
<testcase classname="tests.test_os" name="test_b">
<failure message="assert 1 &lt; &quot;2&quot;&#10;more">at</failure></testcase>
<testcase classname="tests.test_os" name="test_c" time="0"><skipped type="x" message="later">x</skipped></testcase>
<testcase classname="tests.test_sys" name="test_d" time="0"><error message="failed on setup">x</error></testcase>
<testcase classname="" name="tests.test_bad" time="0"><error message="collection failure">x</error></testcase>
</testsuite></testsuites>`

    const read = fromJUnit(xml, (module) =>
      module === '' ? null : `python/${module.split('.').slice(0, 2).join('/')}.py`,
    )

    expect(read.files.map(({ path, isFailed, tests }) => [path, isFailed, tests.map(({ state }) => state)])).toEqual([
      ['python/tests/test_os.py', true, ['passed', 'failed', 'skipped']],
      ['python/tests/test_sys.py', true, ['failed']],
    ])
    expect(read.files[0]?.tests[0]?.title).toBe('test_a[<x>]')
    expect(read.files[0]?.tests[1]?.message).toBe('assert 1 < "2"\nmore')
    expect(read.unhandled).toEqual(['tests.test_bad: collection failure'])
  })

  it('returns null if the run was killed before or while it wrote the report', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-reports-'))
    const path = (name: string) => join(folder, name)
    writeFileSync(path('half.json'), '{"testResults": [')
    writeFileSync(path('half.xml'), '<testsuites><testsuite>')
    writeFileSync(path('no-reporter.json'), '{"testResults": []}')

    const read = ['missing.json', 'half.json', 'half.xml', 'no-reporter.json'].map((name) =>
      readReport(path(name), ROOT),
    )
    rmSync(folder, { recursive: true })

    expect(read).toEqual([null, null, null, null])
  })
})

describe('the command', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-again-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  /** Replaces vitest: writes the report of the second run, and remembers its arguments. */
  const FAKE = `
const fs = require('fs')
const [name, report, ...words] = process.argv.slice(1)
const path = words.find((word) => word.startsWith('--outputFile.json=')).replace(/^.*?=/, '')
fs.writeFileSync(path, report)
fs.writeFileSync(path + '.unhandled', '[]')
fs.writeFileSync(name, JSON.stringify(words.filter((word) => !word.startsWith('--outputFile'))))
`

  function vitestReport(path: string, states: readonly string[]): string {
    const tests = states.map((status, index) => ({
      fullName: `test ${index + 1}`,
      status,
      failureMessages: status === 'failed' ? ['it was late'] : [],
      meta: { machine: 'load 9.0' },
    }))
    const status = states.includes('failed') ? 'failed' : 'passed'
    return JSON.stringify({ testResults: [{ name: join(ROOT, path), status, message: '', assertionResults: tests }] })
  }

  /** Writes a part as `.ci/run` does. */
  function addPart(name: string, first: readonly string[], second: readonly string[]): void {
    const path = `test/${name}.test.ts`
    const file = join(folder, `${name}.json`)
    writeFileSync(file, vitestReport(path, first))
    writeFileSync(`${file}.unhandled`, '[]')
    const isFailed = first.includes('failed')
    const command = [
      process.execPath,
      '-e',
      FAKE.replaceAll('\n', ';'),
      join(folder, `${name}.words`),
      vitestReport(path, second),
    ]
    writeFileSync(join(folder, `${name}.suite`), `${[isFailed ? 1 : 0, file, ...command].join('\n')}\n`)
    writeFileSync(join(folder, `${name}.counts`), `0 ${isFailed ? 1 : 0} 0\n`)
    if (isFailed) writeFileSync(join(folder, `${name}.failed`), `${path}: first run\n`)
  }

  function run(): void {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/again/main.ts'), folder], {
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  }

  const written = (name: string) =>
    readdirSync(folder).includes(name) ? readFileSync(join(folder, name), 'utf8') : null

  it('runs only failed files again, and lists the tests that pass as unsteady', () => {
    addPart('good', ['passed'], ['passed'])
    addPart('late', ['passed', 'failed'], ['passed', 'passed'])

    run()

    expect(written('good.words')).toBe(null)
    expect(JSON.parse(written('late.words') ?? '')).toEqual(
      expect.arrayContaining(['test/late.test.ts', '--no-file-parallelism', '--reporter=json']),
    )
    expect(written('late.failed')).toBe(null)
    expect(written('late.counts')).toBe('2 0 0\n')
    expect(written('unsteady')).toBe('test/late.test.ts: test 2: (load 9.0) it was late\n')
  })

  it('keeps a failure that happens again, with the messages of both runs', () => {
    addPart('broken', ['passed', 'failed'], ['passed', 'failed'])

    run()

    expect(written('broken.counts')).toBe('1 1 0\n')
    expect(written('broken.failed')).toMatch(
      /^test\/broken.test.ts: first run\nbroken: failed in the second run, too\n.*late\n$/,
    )
    expect(written('unsteady')).toBe(null)
  })

  it('fails each part if more than 8 tests of the run are unsteady', () => {
    const five = (state: string) => Array.from({ length: 5 }, () => state)
    addPart('a', five('failed'), five('passed'))
    addPart('b', five('failed'), five('passed'))

    run()

    for (const name of ['a', 'b']) {
      expect(written(`${name}.counts`)).toBe('0 5 0\n')
      expect(written(`${name}.failed`)).toContain('10 unsteady tests in this run')
    }
  })
})
