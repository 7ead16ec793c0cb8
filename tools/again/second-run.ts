/**
 * Rules of the second run: a failure on a loaded machine is a question, and a second run of the file, alone, is the
 * answer. Pure.
 */

import {
  countTests,
  type Failure,
  failuresOf,
  type TestCounts,
  type TestedFile,
  type TestReport,
} from './test-report.ts'

/** Maximum number of failed files in a part. With more, the cause is probably a change. */
const MAX_FAILED_FILES = 5
/** Maximum number of failed tests in a part, without those of the file that has the most. */
const MAX_FAILED_TESTS_ELSEWHERE = 10
const MAX_UNSTEADY_PER_PART = 5
export const MAX_UNSTEADY_PER_RUN = 8
/** Project whose tests start no process and use no real time, so that the load of a machine cannot fail them. */
const STEADY_PROJECT = 'core'

export type SecondRun =
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'files'; readonly first: TestReport; readonly paths: readonly string[] }

/** Exit code of vitest and pytest if tests failed. Another one means that the run was killed or could not continue. */
const TESTS_FAILED = 1

/** Returns the files of a failed part that run again, or the reason why none does. */
export function secondRunOf(first: TestReport | null, exitCode: number): SecondRun {
  const none = (reason: string): SecondRun => ({ kind: 'none', reason })
  if (first === null) return none('the first run was stopped before it wrote its report')
  if (first.unhandled.length > 0) return none(`an error outside of all tests: ${first.unhandled[0]}`)
  const failed = first.files.filter(({ isFailed }) => isFailed)
  if (failed.length === 0) return none('the run failed, but no file did')
  if (exitCode !== TESTS_FAILED) return none(`failed files do not explain exit code ${exitCode}`)
  const unexcused = failed.map(unexcusedReason).find((reason) => reason !== null)
  if (unexcused !== undefined) return none(unexcused)
  const paths = [...new Set(failed.map(({ path }) => path))]
  if (paths.length > MAX_FAILED_FILES) return none(`${paths.length} files failed`)
  const numbers = paths.map((path) => countTests(ofPath(first, path)).failed)
  const elsewhere = numbers.reduce((sum, number) => sum + number, 0) - Math.max(...numbers)
  if (elsewhere > MAX_FAILED_TESTS_ELSEWHERE) return none(`${elsewhere} tests failed beside those of one file`)
  return { kind: 'files', first, paths }
}

/** Returns the reason why the load of the machine does not excuse a failed file, or null. */
function unexcusedReason({ path, project, tests }: TestedFile): string | null {
  if (tests.length === 0) return `cannot load ${path}`
  if (project === STEADY_PROJECT) return `${path} is in the project "${STEADY_PROJECT}", which no load can fail`
  const proof = tests.find(({ isProof, state, messages }) => isProof && state === 'failed' && !messages.every(isLate))
  return proof === undefined ? null : `the proof "${proof.title}" in ${path} found a wrong value`
}

/**
 * Returns whether a message says that an event did not come in time. Messages of `expect.poll` do not say so, because
 * they compare values: a row that is doubled also makes a poll run out.
 */
function isLate(message: string): boolean {
  return /\b(timed out in \d+ ?ms|did not come\b.* within|ran \d+ ms without)\b/.test(message.split('\n')[0] ?? '')
}

export type Verdict =
  | { readonly kind: 'unsteady'; readonly failures: readonly Failure[]; readonly counts: TestCounts }
  | { readonly kind: 'failed'; readonly reason: string; readonly failures: readonly Failure[] }

/** Returns the result of a part whose failed files ran twice. The counts are those of all its files. */
export function verdictOf(first: TestReport, second: TestReport | null, exitCode: number | null): Verdict {
  const failed = (reason: string, failures: readonly Failure[] = []): Verdict => ({ kind: 'failed', reason, failures })
  if (second === null) return failed('the second run wrote no report')
  if (second.unhandled.length > 0) return failed(`an error outside of all tests: ${second.unhandled[0]}`)
  const again = second.files.flatMap(failuresOf)
  if (again.length > 0) return failed('failed in the second run, too', again)
  if (exitCode !== 0) return failed(`the second run ended with exit code ${exitCode}, but no file failed`)
  const paths = [...new Set(first.files.filter(({ isFailed }) => isFailed).map(({ path }) => path))]
  const fewer = paths.find((path) => executed(ofPath(second, path)) < executed(ofPath(first, path)))
  if (fewer !== undefined) return failed(`the second run executed fewer tests of ${fewer}`)
  const failures = first.files.flatMap(failuresOf)
  if (failures.length > MAX_UNSTEADY_PER_PART) return failed(tooMany(failures.length, 'in this part'), failures)
  const steady = first.files.filter(({ path }) => !paths.includes(path))
  return { kind: 'unsteady', failures, counts: countTests([...steady, ...second.files]) }
}

/** Returns the reason why a run with this number of unsteady tests fails. */
export function tooMany(unsteady: number, where: string): string {
  return `${unsteady} unsteady tests ${where}: the machine is too busy, or the change made tests unsteady`
}

function ofPath({ files }: TestReport, path: string): readonly TestedFile[] {
  return files.filter((file) => file.path === path)
}

function executed(files: readonly TestedFile[]): number {
  return files.flatMap(({ tests }) => tests).filter(({ state }) => state !== 'skipped').length
}
