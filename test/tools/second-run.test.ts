/** Second run of failed test files: its rules, the reports that it reads, and the files that it changes. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fromJUnit } from '../../tools/again/junit.ts'
import { readRecords } from '../../tools/again/run-record.ts'
import { secondRunOf, verdictOf } from '../../tools/again/second-run.ts'
import {
  countTests,
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
    messages: state === 'failed' ? [`wrong in ${path}`] : [],
    isProof: false,
    machine: '',
    expects: 2,
  }))
  return { path, project: 'live', isFailed: states.includes('failed'), tests, messages: [] }
}

/** Returns a file with a proof that failed with these messages. */
function failedProof(...messages: readonly string[]): TestedFile {
  const file = tested('proof.test.ts', 'passed', 'failed')
  return { ...file, tests: file.tests.map((test) => ({ ...test, isProof: true, messages })) }
}

const report = (...files: readonly TestedFile[]): TestReport => ({ files, unhandled: [] })
const many = <T>(count: number, item: (index: number) => T) => Array.from({ length: count }, (_, index) => item(index))

describe('the files of a second run', () => {
  it('are the failed ones, each once', () => {
    const twice = tested('a.test.ts', 'failed')

    const second = secondRunOf(report(twice, tested('b.test.ts', 'passed'), twice, tested('c.test.ts', 'failed')), 1)

    expect(second).toMatchObject({ kind: 'files', paths: ['a.test.ts', 'c.test.ts'] })
  })

  it.each<[string, State]>([
    ['beforeAll', 'skipped'],
    ['afterAll', 'passed'],
  ])('contain a file whose hook %s failed, although no test did', (hook, state) => {
    const file = { ...tested('a.test.ts', state, state), isFailed: true, messages: [`Error: ${hook} failed`] }

    expect(secondRunOf(report(file), 1)).toMatchObject({ kind: 'files', paths: ['a.test.ts'] })
  })

  it.each([
    'Error: Test timed out in 360000ms.\nIf this is a long-running test, pass a timeout value.',
    'Error: "fired" did not come 2 times within 120000 ms.',
    'Error: "cloaca serve" ran 120000 ms without a line. It printed:',
  ])('contain the file of a proof that waited too long: %s', (message) => {
    expect(secondRunOf(report(failedProof(message)), 1)).toMatchObject({ kind: 'files', paths: ['proof.test.ts'] })
  })

  it.each([
    [['AssertionError: expected [ 1, 1 ] to deeply equal [ 1 ]']],
    [['AssertionError: expected 2 to be 1\nTest timed out in 5ms']],
    [['Error: Test timed out in 360000ms.', 'AssertionError: expected 2 to be 1']],
  ])('do not exist if a proof found a wrong value: %j', (messages) => {
    expect(secondRunOf(report(failedProof(...messages)), 1)).toEqual({
      kind: 'none',
      reason: 'the proof "test 2" in proof.test.ts found a wrong value',
    })
  })

  it.each<[string, TestReport | null, string]>([
    ['vitest was killed', null, 'stopped before it wrote its report'],
    ['a worker crashed', { ...report(tested('a', 'failed')), unhandled: ['Worker exited'] }, 'Worker exited'],
    ['a file cannot be loaded', report({ ...tested('a'), isFailed: true }), 'cannot load a'],
    ['a test of the project core failed', report({ ...tested('a', 'failed'), project: 'core' }), 'project "core"'],
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
      failures: [{ path: 'a.test.ts', title: 'test 2', messages: ['wrong in a.test.ts'], machine: '' }],
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
  it('counts a file without tests, which vitest could not load, as one failure', () => {
    const unloaded = { ...tested('a.test.ts'), isFailed: true }

    expect(countTests([unloaded, tested('b.test.ts', 'passed', 'failed', 'skipped')])).toEqual({
      passed: 1,
      failed: 2,
      expects: 6,
    })
  })

  it('finds the files of class names of pytest, and unescapes messages', () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest">
<testcase classname="tests.test_os.TestPaths" name="test_a[&lt;x&gt;]" time="0.1" />
<testcase classname="tests.test_os" name="test_b"><properties><property name="proof" value="true" /></properties>
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
    expect(read.files[0]?.tests[1]).toMatchObject({ messages: ['assert 1 < "2"\nmore'], isProof: true })
    expect(read.files[1]?.tests[0]?.isProof).toBe(false)
    expect(read.unhandled).toEqual(['tests.test_bad: collection failure'])
  })

  it('returns null if the run was killed before or while it wrote the report', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-reports-'))
    const path = (name: string) => join(folder, name)
    writeFileSync(path('half.json'), '{"files": [')
    writeFileSync(path('half.xml'), '<testsuites><testsuite>')

    const read = ['missing.json', 'half.json', 'half.xml'].map((name) => readReport(path(name)))
    rmSync(folder, { recursive: true })

    expect(read).toEqual([null, null, null])
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
const path = words.find((word) => word.startsWith('--outputFile=')).replace(/^.*?=/, '')
fs.writeFileSync(path, report)
fs.writeFileSync(name, JSON.stringify(words.filter((word) => !word.startsWith('--outputFile'))))
`

  function reportText(path: string, states: readonly State[]): string {
    const file = tested(path, ...states)
    const tests = file.tests.map((test) =>
      test.state === 'failed' ? { ...test, messages: ['it was late'], machine: 'load 9.0' } : test,
    )
    return JSON.stringify(report({ ...file, tests }))
  }

  /** Writes a part as `.ci/run` does. */
  function addPart(name: string, first: readonly State[], second: readonly State[]): void {
    const path = `test/${name}.test.ts`
    const file = join(folder, `${name}.json`)
    writeFileSync(file, reportText(path, first))
    const isFailed = first.includes('failed')
    const command = [
      process.execPath,
      '-e',
      FAKE.replaceAll('\n', ';'),
      join(folder, `${name}.words`),
      reportText(path, second),
    ]
    writeFileSync(join(folder, `${name}.suite`), `${[isFailed ? 1 : 0, file, ...command].join('\n')}\n`)
    writeFileSync(join(folder, `${name}.counts`), `0 ${isFailed ? 1 : 0} 0\n`)
    if (isFailed) writeFileSync(join(folder, `${name}.failed`), `${path}: first run\n`)
  }

  const records = () => readRecords(join(folder, 'records'))

  function run(...words: readonly string[]): void {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/again/main.ts'), folder, ...words], {
      env: { ...process.env, CLOACA_TEST_REPORTS: join(folder, 'records') },
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
      expect.arrayContaining(['test/late.test.ts', '--no-file-parallelism', '--reporter=default']),
    )
    expect(written('late.failed')).toBe(null)
    expect(written('late.counts')).toBe('2 0 4\n')
    expect(written('unsteady')).toBe('NEW: test/late.test.ts: test 2: (load 9.0) it was late\n')
    expect(records()).toMatchObject([{ unsteady: [{ path: 'test/late.test.ts', title: 'test 2' }], failed: [] }])
  })

  it('keeps a failure that happens again, with the messages of both runs', () => {
    addPart('broken', ['passed', 'failed'], ['passed', 'failed'])

    run()

    expect(written('broken.counts')).toBe('1 1 4\n')
    expect(records()).toMatchObject([{ unsteady: [], failed: [{ path: 'test/broken.test.ts', title: 'test 2' }] }])
    expect(written('broken.failed')).toMatch(
      /^test\/broken.test.ts: first run\nbroken: failed in the second run, too\n.*late\n$/,
    )
    expect(written('unsteady')).toBe(null)
  })

  it('only records the failures with --once', () => {
    addPart('late', ['failed'], ['passed'])

    run('--once')

    expect(written('late.words')).toBe(null)
    expect(written('late.counts')).toBe('0 1 0\n')
    expect(records()).toMatchObject([{ unsteady: [], failed: [{ path: 'test/late.test.ts', title: 'test 1' }] }])
  })

  it('fails each part if more than 8 tests of the run are unsteady', () => {
    const five = (state: State) => many(5, () => state)
    addPart('a', five('failed'), five('passed'))
    addPart('b', five('failed'), five('passed'))

    run()

    for (const name of ['a', 'b']) {
      expect(written(`${name}.counts`)).toBe('0 5 10\n')
      expect(written(`${name}.failed`)).toContain('10 unsteady tests in this run')
    }
  })
})
