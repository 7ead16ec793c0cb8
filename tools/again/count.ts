/**
 * `node tools/again/count.ts REPORT`: prints the numbers of passed tests, failed tests and `expect` calls, and then
 * each failure. Skipped tests are not counted. Exits with 1 if there is no complete report.
 */

import { countTests, failuresOf, failureText, readReport } from './test-report.ts'

const report = readReport(process.argv[2] ?? '')
if (report === null) process.exitCode = 1
else {
  const { passed, failed, expects } = countTests(report.files)
  const texts = report.files.flatMap(failuresOf).map(failureText)
  process.stdout.write(`${passed} ${failed} ${expects}\n${texts.join('')}`)
  for (const message of report.unhandled) process.stdout.write(`error outside of all tests: ${message}\n`)
}
