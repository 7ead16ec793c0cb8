/** Runs the failed test files of parts again, whole and alone. Tests that then pass are unsteady, all others failed. */

import { spawn } from 'node:child_process'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { MAX_UNSTEADY_PER_RUN, secondRunOf, tooMany, type Verdict, verdictOf } from './second-run.ts'
import { ROOT, readReport, type TestReport } from './test-report.ts'

/** Time limit of the second run of a part, which has at most five files. */
const SECOND_RUN_MS = 900_000

/** Part of a run that has tests. */
export interface Suite {
  readonly name: string
  readonly exitCode: number
  readonly reportPath: string
  /** Words of the command that runs the files which are added to it. */
  readonly command: readonly string[]
}

export interface JudgedSuite {
  readonly name: string
  readonly first: TestReport | null
  readonly verdict: Verdict
}

/** Returns the verdicts of the failed parts. They are all failures if too many tests of the run are unsteady. */
export async function judgeSuites(suites: readonly Suite[]): Promise<readonly JudgedSuite[]> {
  const judged: JudgedSuite[] = []
  for (const suite of suites) {
    const first = readReport(suite.reportPath)
    const isPassed = suite.exitCode === 0 && first !== null && first.files.every(({ isFailed }) => !isFailed)
    if (!isPassed) judged.push({ name: suite.name, first, verdict: await judge(suite, first) })
  }
  const unsteady = judged.flatMap(({ verdict }) => (verdict.kind === 'unsteady' ? verdict.failures : [])).length
  return unsteady > MAX_UNSTEADY_PER_RUN ? judged.map((suite) => withoutExcuse(suite, unsteady)) : judged
}

function withoutExcuse({ name, first, verdict }: JudgedSuite, unsteady: number): JudgedSuite {
  if (verdict.kind === 'failed') return { name, first, verdict }
  const reason = tooMany(unsteady, 'in this run')
  return { name, first, verdict: { kind: 'failed', reason, failures: verdict.failures } }
}

async function judge({ name, exitCode, reportPath, command }: Suite, first: TestReport | null): Promise<Verdict> {
  const again = secondRunOf(first, exitCode)
  if (again.kind === 'none') return { kind: 'failed', reason: `not run again: ${again.reason}`, failures: [] }
  console.log(`\n== again ${name}: ${again.paths.join(' ')}, load ${loadavg()[0]?.toFixed(1)}`)
  const report = reportPath.replace(/(\.\w+)$/, '-again$1')
  const words = report.endsWith('.xml') ? [`--junitxml=${report}`] : ['--no-file-parallelism', ...reporting(report)]
  const status = await runWithin(SECOND_RUN_MS, [...command, ...again.paths, ...words])
  return verdictOf(again.first, readReport(report), status)
}

/** Returns the options with which vitest writes a report. */
export function reporting(path: string): readonly string[] {
  return ['--reporter=default', `--reporter=${join(ROOT, 'tools/again/report-writer.ts')}`, `--outputFile=${path}`]
}

/** Runs a command, and kills it with its descendants after a time. Returns its exit code, or null if it was killed. */
export function runWithin(limitMs: number, [program = '', ...words]: readonly string[]): Promise<number | null> {
  // A process group of its own, which can be killed whole. Windows has none.
  const isGroup = process.platform !== 'win32'
  const child = spawn(program, words, { cwd: ROOT, stdio: 'inherit', detached: isGroup })
  const kill = () => {
    if (!isGroup || child.pid === undefined) child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  }
  // A signal of the terminal does not reach another process group.
  const stop = () => {
    kill()
    process.exit(130)
  }
  const timer = setTimeout(kill, limitMs)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code))
  }).finally(() => {
    clearTimeout(timer)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop)
  }) as Promise<number | null>
}
