/** Counts the failures of repeated runs. Pure. */

import { type Failure, failuresOf, failureText, type TestReport } from '../again/test-report.ts'

/** Result of one run: its report, or null if it wrote none. */
export interface RepeatedRun {
  readonly exitCode: number
  readonly report: TestReport | null
}

interface RepeatedFailure {
  readonly failure: Failure
  count: number
}

/** Returns the failures of all runs with their first message, the most frequent ones first. */
export function failuresOfRuns(runs: readonly RepeatedRun[]): readonly RepeatedFailure[] {
  const found = new Map<string, RepeatedFailure>()
  for (const failure of runs.flatMap(failuresOfRun)) {
    const key = `${failure.path}: ${failure.title}`
    const one = found.get(key) ?? { failure, count: 0 }
    one.count += 1
    found.set(key, one)
  }
  return [...found.values()].sort((one, other) => other.count - one.count)
}

function failuresOfRun({ exitCode, report }: RepeatedRun): readonly Failure[] {
  if (report === null) return [outside([`The run ended with exit code ${exitCode}, without a report.`])]
  const failures = report.files.flatMap(failuresOf)
  if (report.unhandled.length > 0) return [...failures, outside(report.unhandled)]
  return exitCode === 0 || failures.length > 0 ? failures : [outside([`The run ended with exit code ${exitCode}.`])]
}

function outside(messages: readonly string[]): Failure {
  return { path: 'vitest', title: '(outside of files)', messages, machine: '' }
}

/** Returns the lines that a series of runs prints at its end. */
export function summaryOf(runs: readonly RepeatedRun[]): string {
  const failures = failuresOfRuns(runs)
  const failed = runs.filter((run) => failuresOfRun(run).length > 0).length
  const rows = failures.map(({ failure, count }) => `${count} of ${runs.length} failed: ${failureText(failure)}`)
  return `${rows.join('')}${runs.length - failed} of ${runs.length} runs passed\n`
}
