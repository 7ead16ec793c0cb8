/**
 * `npm run test:repeat [-- FILES]`: repeats test files on a busy machine, and prints how often each test failed.
 * Exits with 1 if a test failed. Without files, runs the changed test files, and the unsteady tests of
 * `test/unsteady.json`.
 *
 *     --times 20                      number of runs
 *     --load 2                        number of busy processes per processor
 *     --seed N                        determines the random times and processes; printed at the start
 *     --seconds N                     runs one file after the other, in random order, and stops after this time
 *     --project NAME, --shard 1/4     run the tests of projects, or a part of them, instead of files; with --seconds,
 *                                     those of the files that are in the projects
 *
 * From time to time, a random descendant of vitest is suspended for up to 1.5 s. Each repetition is a whole run of
 * vitest, because vitest's own `--repeats` does not repeat `beforeAll`.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { SeededRandom } from '../../test/simulation/random.ts'
import { reporting } from '../again/run-again.ts'
import { ROOT, readReport } from '../again/test-report.ts'
import { readUnsteadyTests } from '../again/unsteady-list.ts'
import { changedFiles, isTestFile } from '../changed-files.ts'
import { cleanEnvironment } from '../test-plan.ts'
import { startBusyProcesses, suspendDescendants } from './busy-machine.ts'
import { type RepeatedRun, summaryOf } from './failure-rates.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string', default: '20' },
    load: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    seconds: { type: 'string' },
    project: { type: 'string', multiple: true, default: [] },
    shard: { type: 'string' },
  },
})
const [times = 0, load = 0, seed = 0] = [values.times, values.load, values.seed].map(Number)
const seconds = values.seconds === undefined ? null : Number(values.seconds)
const random = new SeededRandom(seed)
const groups = groupsOfWords()

if (![times, load, seed, seconds ?? 0].every((number) => number >= 0)) process.exitCode = usage()
else if (groups.length === 0) console.log('No test file is changed or unsteady.')
else process.exitCode = await repeat()

function usage(): number {
  console.error('Usage: npm run test:repeat [-- FILES] [--times N] [--load N] [--seed N] [--seconds N]')
  return 2
}

/** Returns the words for vitest of each group of tests that runs at the same time. */
function groupsOfWords(): readonly (readonly string[])[] {
  const options = [
    ...values.project.map((name) => `--project=${name}`),
    ...(values.shard === undefined ? [] : [`--shard=${values.shard}`]),
  ]
  if (options.length > 0 && seconds === null) return [[...positionals, ...options]]
  const files = positionals.length > 0 ? positionals : defaultFiles()
  if (seconds !== null) return shuffled(files).map((file) => [file, ...options])
  return files.length > 0 ? [files] : []
}

function shuffled(files: readonly string[]): readonly string[] {
  const keys = new Map(files.map((file) => [file, random.next()]))
  return files.toSorted((one, other) => (keys.get(one) ?? 0) - (keys.get(other) ?? 0))
}

function defaultFiles(): readonly string[] {
  const unsteady = readUnsteadyTests().map(({ file }) => file)
  return [...new Set([...changedFiles(), ...unsteady].filter(isTestFile))]
}

async function repeat(): Promise<number> {
  console.log(`${groups.flat().join(' ')}: ${times} times, load ${load}, --seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-repeat-'))
  const busy = startBusyProcesses(load * availableParallelism())
  const runs: RepeatedRun[] = []
  try {
    for (const words of groups) {
      for (let run = 1; run <= times; run++) {
        const result = await runOnce(words, join(folder, `${runs.length}.json`))
        if (result === null) break
        runs.push(result)
        const end = result.exitCode === 0 ? 'passed' : 'failed'
        console.log(`run ${run} of ${times} ${end}${seconds === null ? '' : `: ${words.join(' ')}`}`)
      }
    }
  } finally {
    for (const process of busy) process.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.stdout.write(summaryOf(runs))
  return runs.every(({ exitCode }) => exitCode === 0) ? 0 : 1
}

/** Runs vitest once. Returns null if the time was over before it ended. */
async function runOnce(words: readonly string[], reportPath: string): Promise<RepeatedRun | null> {
  const leftMs = seconds === null ? null : seconds * 1000 - performance.now()
  if (leftMs !== null && leftMs <= 0) return null
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  // A changed file may be in other projects.
  const options = seconds === null ? [] : ['--passWithNoTests']
  const child = spawn(process.execPath, [vitest, 'run', ...words, ...options, ...reporting(reportPath)], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: cleanEnvironment(process.env, 'vitest'),
  })
  const exited = once(child, 'exit')
  const ended = new AbortController()
  const suspending = child.pid === undefined ? null : suspendDescendants(child.pid, random, ended.signal)
  let isStopped = false
  const stopLate = () => {
    isStopped = true
    stop(child)
  }
  const timer = leftMs === null ? null : setTimeout(stopLate, leftMs)
  const [exitCode] = await exited
  if (timer !== null) clearTimeout(timer)
  ended.abort()
  await suspending
  return isStopped ? null : { exitCode: exitCode ?? 1, report: readReport(reportPath) }
}

/** Stops vitest, which then stops its workers. */
function stop(child: ChildProcess): void {
  child.kill('SIGINT')
  setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
}
