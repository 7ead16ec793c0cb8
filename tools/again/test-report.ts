/** Report of a test run: its files with their tests. Vitest writes it with `report-writer.ts`, pytest as JUnit XML. */

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fileOfModule, fromJUnit } from './junit.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface TestReport {
  readonly files: readonly TestedFile[]
  /** Messages of errors outside of files, for example of a worker that crashed. */
  readonly unhandled: readonly string[]
}

export interface TestedFile {
  /** Path below the repository. */
  readonly path: string
  /** Project of vitest, or an empty text. */
  readonly project: string
  /** Failed tests are failures of their file, and so are failed hooks. */
  readonly isFailed: boolean
  readonly tests: readonly ReportedTest[]
  /** Messages of errors outside of tests, for example of hooks. */
  readonly messages: readonly string[]
}

export interface ReportedTest {
  /** Titles of the test and of the groups that contain it, with ` > ` in between. */
  readonly title: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Empty unless the test failed. */
  readonly messages: readonly string[]
  /** Has the tag `proof`: a wrong value is a failure, whatever the second run says. */
  readonly isProof: boolean
  /** State of the machine when the test failed, or an empty text; see `test/support/test-meta.ts`. */
  readonly machine: string
  /** Number of `expect` calls. 0 in reports of pytest. */
  readonly expects: number
}

/** Returns the report of a run, or null if the run has written no complete report. */
export function readReport(path: string): TestReport | null {
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  try {
    return path.endsWith('.xml') ? fromJUnit(text, (module) => fileOfModule(module, ROOT)) : JSON.parse(text)
  } catch {
    return null
  }
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

/** Failed test, or failed hooks of a file. */
export interface Failure {
  readonly path: string
  readonly title: string
  readonly messages: readonly string[]
  readonly machine: string
}

/** Returns the failed tests of a file, or the file itself if only its hooks failed or it could not be loaded. */
export function failuresOf({ path, isFailed, tests, messages }: TestedFile): readonly Failure[] {
  if (!isFailed) return []
  const failed = tests.filter(({ state }) => state === 'failed')
  if (failed.length === 0) return [{ path, title: '(outside of tests)', messages, machine: '' }]
  return failed.map(({ title, messages, machine }) => ({ path, title, messages, machine }))
}

const MAX_LINES_PER_FAILURE = 40
const MAX_CHARACTERS_PER_LINE = 300

/** Returns a failure as a line with its first message, and indented lines with the others. */
export function failureText({ path, title, messages, machine }: Failure): string {
  const lines = messages.flatMap((message) => message.split('\n')).filter((line) => line.trim() !== '')
  const short = lines.slice(0, MAX_LINES_PER_FAILURE).map((line) => line.slice(0, MAX_CHARACTERS_PER_LINE))
  return `${path}: ${title}: ${machine === '' ? '' : `(${machine}) `}${short.join('\n    ')}\n`
}
