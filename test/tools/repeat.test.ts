/** `npm run test:repeat`: changed files, the busy machine, and the counts of failures. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TestReport } from '../../tools/again/test-report.ts'
import { changedFiles, isTestFile } from '../../tools/changed-files.ts'
import { descendantsOf, startBusyProcesses, suspendDescendants } from '../../tools/repeat/busy-machine.ts'
import { summaryOf } from '../../tools/repeat/failure-rates.ts'
import { SeededRandom } from '../simulation/random.ts'
import { isRunning } from '../support/process-end.ts'
import { ROOT } from '../support/source-tree.ts'

describe('npm run test:repeat', () => {
  function repeat(...words: readonly string[]) {
    const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/repeat/main.ts'), ...words], {
      env,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  it('runs the named file as often as requested, and prints the seed', () => {
    const { status, stdout } = repeat('test/engine/cron/expressions.test.ts', '--times=2', '--load=0', '--seed=7')

    expect(stdout).toMatch(/: 2 times, load 0, --seed 7\nrun 1 of 2 passed\nrun 2 of 2 passed\n/)
    expect(stdout).toMatch(/\n2 of 2 runs passed\n$/)
    expect(status).toBe(0)
  })

  it('fails if no test file has the name', () => {
    expect(repeat('no-file-has-this-name', '--times=1', '--load=0')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('0 of 1 runs passed'),
    })
  })

  it('with --seconds, runs one file after the other, and does not count the run that the time limit stops', () => {
    const [one, other] = ['test/engine/cron/expressions.test.ts', 'test/model/fault.test.ts']
    const { status, stdout } = repeat(one, other, '--times=1000', '--load=0', '--seconds=6')

    expect(stdout).toMatch(/\nrun 1 of 1000 passed: test\/\S+\.test\.ts\n/)
    expect(stdout).toMatch(/\n(\d+) of \1 runs passed\n$/)
    expect(status).toBe(0)
  })

  it('rejects a number that is not one', () => {
    expect(repeat('--times=often')).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage: ') })
  })
})

describe('the summary of repeated runs', () => {
  const failed = (message: string): TestReport => ({
    files: [
      {
        path: 'test/a.test.ts',
        project: 'live',
        isFailed: true,
        messages: [],
        tests: [{ title: 'is late', state: 'failed', messages: [message], isProof: false, machine: '', expects: 1 }],
      },
    ],
    unhandled: [],
  })

  it('contains the number of failures and the first message of each test', () => {
    const runs = [
      { exitCode: 1, report: failed('one') },
      { exitCode: 0, report: { files: [], unhandled: [] } },
      { exitCode: 1, report: failed('two') },
      { exitCode: 137, report: null },
    ]

    expect(summaryOf(runs)).toBe(
      '2 of 4 failed: test/a.test.ts: is late: one\n' +
        '1 of 4 failed: vitest: (outside of files): The run ended with exit code 137, without a report.\n' +
        '1 of 4 runs passed\n',
    )
  })
})

describe.skipIf(process.platform !== 'linux')('the busy machine', () => {
  it('suspends a descendant, and resumes it', async () => {
    const child = spawn('sh', ['-c', 'sleep 600 & wait'], { stdio: 'ignore' })
    await expect.poll(() => descendantsOf(child.pid ?? 0)).toHaveLength(1)
    const [sleeping = 0] = descendantsOf(child.pid ?? 0)
    const stateOf = () => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${sleeping}/status`, 'utf8'))?.[1]
    const end = new AbortController()

    const suspending = suspendDescendants(child.pid ?? 0, new SeededRandom(1), end.signal)
    await expect.poll(stateOf, { interval: 10 }).toBe('T')
    end.abort()
    await suspending
    await expect.poll(stateOf).toBe('S')

    process.kill(sleeping, 'SIGKILL')
    await once(child, 'exit')
  })

  it('stops computing when its parent ends', async () => {
    const program = `
      const { startBusyProcesses } = await import(${JSON.stringify(join(ROOT, 'tools/repeat/busy-machine.ts'))})
      console.log(startBusyProcesses(1)[0].pid)
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })

    expect(Number(stdout)).toBeGreaterThan(0)
    await expect.poll(() => isRunning(Number(stdout))).toBe(false)
    expect(startBusyProcesses(0)).toEqual([])
  })
})

describe('the changed files', () => {
  it('are those of the commits after main, of the last commit on main, and those that are not committed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-changed-'))
    const git = (...words: readonly string[]) =>
      spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words], { cwd: folder })
    const commit = (name: string) => {
      writeFileSync(join(folder, name), name)
      git('add', name)
      git('commit', '-qm', name)
    }
    try {
      git('init', '-qb', 'main')
      commit('first')
      commit('second')
      const onMain = changedFiles(folder)
      git('switch', '-qc', 'work')
      commit('third')
      commit('fourth')
      writeFileSync(join(folder, 'new'), '')

      expect(onMain).toEqual(['second'])
      expect(changedFiles(folder)).toEqual(['fourth', 'new', 'third'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are test files below test, with the ending of tests', () => {
    expect(['test/a/b.test.ts', 'test/a/b.ts', 'tools/b.test.ts', 'test/c.campaign.ts'].filter(isTestFile)).toEqual([
      'test/a/b.test.ts',
    ])
  })
})
