/**
 * `node tools/again/main.ts FOLDER`: runs the failed test files of `.ci/run` again, whole and alone.
 * Tests that then pass are unsteady, all others have failed. See `second-run.ts` for the rules.
 *
 * The folder contains `NAME.suite` for each part with tests: its exit code, its report, and the words of the command
 * that runs named files, one per line. Replaces `NAME.counts` of each failed part, removes `NAME.failed` or adds the
 * failures of the second run to it, and writes `unsteady`.
 */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MAX_UNSTEADY_PER_RUN, secondRunOf, tooMany, type Verdict, verdictOf } from './second-run.ts'
import { countTests, failureText, readReport, type TestReport } from './test-report.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Time limit of the second run of a part, which has at most five files. */
const SECOND_RUN_MS = 900_000

interface Suite {
  readonly name: string
  readonly exitCode: number
  readonly reportPath: string
  readonly first: TestReport | null
  readonly command: readonly string[]
}

interface JudgedSuite {
  readonly suite: Suite
  readonly verdict: Verdict
}

const [folder = ''] = process.argv.slice(2)
const judged = failedSuites().map((suite) => ({ suite, verdict: judge(suite) }))
const unsteady = judged.flatMap(({ verdict }) => (verdict.kind === 'unsteady' ? verdict.failures : []))
const isTooMany = unsteady.length > MAX_UNSTEADY_PER_RUN
for (const each of judged) record(each)
if (unsteady.length > 0) writeFileSync(join(folder, 'unsteady'), unsteady.map(failureText).join(''))

function failedSuites(): readonly Suite[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.suite'))
    .sort()
    .flatMap((file) => {
      const [code, reportPath = '', ...command] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
      const first = readReport(reportPath, ROOT)
      const exitCode = Number(code)
      const isPassed = exitCode === 0 && first !== null && first.files.every(({ isFailed }) => !isFailed)
      return isPassed ? [] : [{ name: basename(file, '.suite'), exitCode, reportPath, first, command }]
    })
}

function judge({ name, exitCode, reportPath, first, command }: Suite): Verdict {
  const again = secondRunOf(first, exitCode)
  if (again.kind === 'none') return { kind: 'failed', reason: `not run again: ${again.reason}`, failures: [] }
  console.log(`\n== again ${name}: ${again.paths.join(' ')}, load ${loadavg()[0]?.toFixed(1)}`)
  const report = reportPath.replace(/(\.\w+)$/, '-again$1')
  const [program = '', ...words] = command
  const { status } = spawnSync(program, [...words, ...again.paths, ...reportOptions(report)], {
    cwd: ROOT,
    stdio: 'inherit',
    timeout: SECOND_RUN_MS,
    killSignal: 'SIGKILL',
  })
  return verdictOf(again.first, readReport(report, ROOT), status)
}

/** Returns the options with which vitest runs one file at a time, or pytest, and writes a report. */
function reportOptions(report: string): readonly string[] {
  if (report.endsWith('.xml')) return [`--junitxml=${report}`]
  const reporters = ['default', 'json', join(ROOT, 'tools/again/unhandled-errors.ts')]
  return ['--no-file-parallelism', ...reporters.map((name) => `--reporter=${name}`), `--outputFile.json=${report}`]
}

function record({ suite: { name, first }, verdict }: JudgedSuite): void {
  const failed = join(folder, `${name}.failed`)
  const counts = join(folder, `${name}.counts`)
  if (verdict.kind === 'unsteady' && !isTooMany) {
    const { passed, expects } = verdict.counts
    writeFileSync(counts, `${passed} 0 ${expects}\n`)
    rmSync(failed, { force: true })
    return
  }
  const reason = verdict.kind === 'failed' ? verdict.reason : tooMany(unsteady.length, 'in this run')
  const { passed, expects, failed: number } = countTests(first?.files ?? [])
  writeFileSync(counts, `${passed} ${Math.max(number, 1)} ${expects}\n`)
  writeFileSync(failed, `${name}: ${reason}\n${verdict.failures.map(failureText).join('')}`, { flag: 'a' })
}
