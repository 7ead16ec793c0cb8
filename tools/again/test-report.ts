/** Reads the reports of test runs, vitest's JSON or pytest's JUnit XML, as a list of files with their tests. */

import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export interface TestReport {
  readonly files: readonly TestedFile[]
  /** Messages of errors outside of files, for example of a worker that crashed. */
  readonly unhandled: readonly string[]
}

export interface TestedFile {
  /** Path below the repository. */
  readonly path: string
  /** Failed tests are failures of their file, and so are failed hooks. */
  readonly isFailed: boolean
  readonly tests: readonly ReportedTest[]
  /** Message of the first error outside of tests, or an empty text. */
  readonly message: string
}

export interface ReportedTest {
  readonly title: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Empty unless the test failed. */
  readonly message: string
  /** State of the machine when the test failed, or an empty text; see `test/support/test-meta.ts`. */
  readonly machine: string
  /** Number of `expect` calls. 0 in reports of pytest. */
  readonly expects: number
}

/** Part of vitest's report that is used here. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
      readonly meta: { readonly expects?: number; readonly machine?: string }
    }[]
  }[]
}

/** Returns the report of a run in the folder `root`, or null if the run has written no complete report. */
export function readReport(path: string, root: string): TestReport | null {
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  try {
    if (path.endsWith('.xml')) return fromJUnit(text, (module) => fileOfModule(module, root))
    return fromVitest(JSON.parse(text), JSON.parse(readFileSync(unhandledPath(path), 'utf8')), root)
  } catch {
    return null
  }
}

/** Returns the path of the unhandled errors of a run, which vitest's own report does not contain. */
export function unhandledPath(reportPath: string): string {
  return `${reportPath}.unhandled`
}

export function fromVitest(report: VitestReport, unhandled: readonly string[], root: string): TestReport {
  const files = report.testResults.map((file) => ({
    path: relative(root, file.name).replaceAll(sep, '/'),
    isFailed: file.status === 'failed',
    message: file.message,
    tests: file.assertionResults.map(({ fullName, status, failureMessages, meta }) => ({
      title: fullName,
      state: stateOf(status),
      message: failureMessages.join('\n'),
      machine: meta.machine ?? '',
      expects: meta.expects ?? 0,
    })),
  }))
  return { files, unhandled }
}

/** Converts a status of vitest's report. A test without a result is skipped. */
function stateOf(status: string): ReportedTest['state'] {
  return status === 'passed' || status === 'failed' ? status : 'skipped'
}

/** Converts the XML of pytest, which escapes all texts. `fileOf` returns the file of a dotted name, or null. */
export function fromJUnit(xml: string, fileOf: (module: string) => string | null): TestReport {
  if (!xml.trimEnd().endsWith('</testsuites>')) throw new Error('the report is incomplete')
  const tests = new Map<string, ReportedTest[]>()
  const unhandled: string[] = []
  for (const [, attributes = '', body = ''] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    const [, kind, facts = ''] = /<(failure|error|skipped)\b([^>]*)>/.exec(body) ?? []
    const state = kind === undefined ? 'passed' : kind === 'skipped' ? 'skipped' : 'failed'
    const message = state === 'failed' ? attribute(facts, 'message') : ''
    const module = attribute(attributes, 'classname')
    const title = attribute(attributes, 'name')
    const path = fileOf(module)
    // A file that pytest could not load is a test case without a class name.
    if (path === null && state === 'failed') unhandled.push(`${title}: ${message}`)
    else addTo(tests, path ?? module, { title, state, message, machine: '', expects: 0 })
  }
  const files = [...tests].map(([path, ofFile]) => ({
    path,
    isFailed: ofFile.some(({ state }) => state === 'failed'),
    tests: ofFile,
    message: '',
  }))
  return { files, unhandled }
}

function addTo(tests: Map<string, ReportedTest[]>, path: string, test: ReportedTest): void {
  const ofPath = tests.get(path)
  if (ofPath === undefined) tests.set(path, [test])
  else ofPath.push(test)
}

/** Returns the file of a class name such as `tests.stdlib.test_os.TestPaths`, or null if there is none. */
function fileOfModule(module: string, root: string): string | null {
  const parts = module.split('.')
  for (let count = parts.length; count > 0; count--) {
    const path = `${parts.slice(0, count).join('/')}.py`
    for (const candidate of [path, `python/${path}`]) if (existsSync(join(root, candidate))) return candidate
  }
  return null
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function attribute(attributes: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? []
  return value.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hexadecimal, decimal, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? whole
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal))
  })
}

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly expects: number
}

/** Returns the counts of files, with one failure for a failed file without a failed test. */
export function countTests(files: readonly TestedFile[]): TestCounts {
  const tests = files.flatMap((file) => file.tests)
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: files.reduce((sum, file) => sum + failuresOf(file).length, 0),
    expects: tests.reduce((sum, { expects }) => sum + expects, 0),
  }
}

/** Failed test, or failed hook of a file. */
export interface Failure {
  readonly path: string
  readonly title: string
  readonly message: string
  readonly machine: string
}

/** Returns the failed tests of a file, or the file itself if only its hooks failed or it could not be loaded. */
export function failuresOf(file: TestedFile): readonly Failure[] {
  if (!file.isFailed) return []
  const failed = file.tests.filter(({ state }) => state === 'failed')
  if (failed.length === 0) return [{ path: file.path, title: '(outside of tests)', message: file.message, machine: '' }]
  return failed.map(({ title, message, machine }) => ({ path: file.path, title, message, machine }))
}

const MAX_LINES_PER_MESSAGE = 40
const MAX_CHARACTERS_PER_LINE = 300

/** Returns a failure as a line with its first message, and indented lines with the others. Leaves out stack lines. */
export function failureText({ path, title, message, machine }: Failure): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '' && !/^ +at /.test(line))
  const short = lines.slice(0, MAX_LINES_PER_MESSAGE).map((line) => line.slice(0, MAX_CHARACTERS_PER_LINE))
  return `${path}: ${title}: ${machine === '' ? '' : `(${machine}) `}${short.join('\n    ')}\n`
}
