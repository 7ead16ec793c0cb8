/**
 * `npm test`: runs all tests, or the named ones. Python tests run in the engine, with the sources of this checkout.
 * Everything else is passed to vitest, with its options; arguments after a second `--` are passed to pytest. If no file
 * is named, tests that take minutes are left out. They have npm scripts of their own: see CONTRIBUTING.md.
 *
 *     npm test -- engine                                          vitest, on files whose path has "engine" in it
 *     npm test -- python/tests/test_task.py                       pytest, in the engine
 *     npm test -- python/tests/test_task.py test/cli -- -x -k id  both
 *
 * If no file is named, failed files run again, alone, unless `--once` is given; see `again/second-run.ts`.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { judgeSuites, reporting } from './again/run-again.ts'
import { recordsFolder, writeRecord } from './again/run-record.ts'
import { failuresOf, ROOT, readReport } from './again/test-report.ts'
import { readUnsteadyTests, unsteadyText } from './again/unsteady-list.ts'
import { cleanEnvironment, planTests } from './test-plan.ts'

const CLOACA = join(ROOT, 'src', 'cli', 'main.ts')

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const plan = planTests(words)
  if (plan.kind === 'mistake') {
    console.error(`npm test: ${plan.reason}`)
    return 2
  }
  const ends = [
    plan.vitest === null ? 0 : plan.isAgain ? await runTwice(plan.vitest) : runNode('vitest', vitest(plan.vitest)),
    plan.pytest === null ? 0 : runNode('pytest', pytest(plan.pytest)),
  ]
  return ends.find((code) => code !== 0) ?? 0
}

function vitest(words: readonly string[]): readonly string[] {
  const manifest = createRequire(import.meta.url).resolve('vitest/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { vitest: string } }
  return [join(dirname(manifest), bin.vitest), 'run', ...words]
}

function pytest(words: readonly string[]): readonly string[] {
  return [CLOACA, 'run', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', ...words]
}

function runNode(tests: 'vitest' | 'pytest', words: readonly string[]): number {
  const env = cleanEnvironment(process.env, tests)
  const { status, signal, error } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: 'inherit', env })
  if (error !== undefined) throw error
  if (signal !== null) process.kill(process.pid, signal)
  return status ?? 1
}

/** Runs whole projects, and then the failed files again. Returns 0 if these pass. */
async function runTwice(words: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-tests-'))
  try {
    const reportPath = join(folder, 'report.json')
    const exitCode = runNode('vitest', [...vitest(words), ...reporting(reportPath)])
    const command = [process.execPath, join(ROOT, 'tools', 'test.ts'), ...words]
    const [judged] = await judgeSuites([{ name: 'tests', exitCode, reportPath, command }])
    const files = readReport(reportPath)?.files ?? []
    if (judged?.verdict.kind !== 'unsteady') {
      writeRecord(recordsFolder(), [], files.flatMap(failuresOf))
      if (judged !== undefined) console.log(`\n== failed: ${judged.verdict.reason}`)
      return judged === undefined ? 0 : exitCode || 1
    }
    const { failures } = judged.verdict
    const known = readUnsteadyTests()
    writeRecord(recordsFolder(), failures, [])
    process.stdout.write(`\n== unsteady\n${failures.map((failure) => unsteadyText(known, failure)).join('')}`)
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
