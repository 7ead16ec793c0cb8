/**
 * `node tools/again/main.ts FOLDER [--once]`: runs the failed test files of `.ci/run` again, whole and alone, unless
 * `--once` is given, and records the failed and unsteady tests. See `second-run.ts` for the rules.
 *
 * The folder contains `NAME.suite` for each part with tests: its exit code, its report, and the words of the command
 * that runs named files, one per line. Replaces `NAME.counts` of each failed part, removes `NAME.failed` or adds the
 * failures of the second run to it, and writes `unsteady`.
 */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type JudgedSuite, judgeSuites, type Suite } from './run-again.ts'
import { recordsFolder, writeRecord } from './run-record.ts'
import { countTests, failuresOf, failureText, readReport } from './test-report.ts'
import { readUnsteadyTests, unsteadyText } from './unsteady-list.ts'

const [folder = '', once] = process.argv.slice(2)
const suites = readdirSync(folder)
  .filter((file) => file.endsWith('.suite'))
  .sort()
  .map(readSuite)
const judged = once === '--once' ? [] : await judgeSuites(suites)
for (const suite of judged) update(suite)

const unsteady = judged.flatMap(({ verdict }) => (verdict.kind === 'unsteady' ? verdict.failures : []))
const known = readUnsteadyTests()
if (unsteady.length > 0) {
  writeFileSync(join(folder, 'unsteady'), unsteady.map((failure) => unsteadyText(known, failure)).join(''))
}
const excused = new Set(judged.filter(({ verdict }) => verdict.kind === 'unsteady').map(({ name }) => name))
const failed = suites
  .filter(({ name }) => !excused.has(name))
  .flatMap(({ reportPath }) => readReport(reportPath)?.files.flatMap(failuresOf) ?? [])
if (suites.length > 0) writeRecord(recordsFolder(), unsteady, failed)

function readSuite(file: string): Suite {
  const [code, reportPath = '', ...command] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
  return { name: basename(file, '.suite'), exitCode: Number(code), reportPath, command }
}

function update({ name, first, verdict }: JudgedSuite): void {
  const failedPath = join(folder, `${name}.failed`)
  const countsPath = join(folder, `${name}.counts`)
  if (verdict.kind === 'unsteady') {
    const { passed, expects } = verdict.counts
    writeFileSync(countsPath, `${passed} 0 ${expects}\n`)
    rmSync(failedPath, { force: true })
    return
  }
  const { passed, expects, failed: number } = countTests(first?.files ?? [])
  writeFileSync(countsPath, `${passed} ${Math.max(number, 1)} ${expects}\n`)
  writeFileSync(failedPath, `${name}: ${verdict.reason}\n${verdict.failures.map(failureText).join('')}`, { flag: 'a' })
}
