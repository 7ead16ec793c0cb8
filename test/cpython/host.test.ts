/** Scripts under the system's CPython, and scripts that end or block its process. */

import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { Runner } from '../../src/runner/runner.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { OpenHost } from '../support/open-host.ts'
import { whenProcessEnds } from '../support/process-end.ts'

const SCRIPT = fileURLToPath(new URL('./jobs.py', import.meta.url))
const CPYTHON = { kind: 'cpython', executable: 'python3' } as const
const DEADLINE_MS = 300
const PID_FILE = join(mkdtempSync(join(tmpdir(), 'cloaca-cpython-')), 'pid')

interface Facts {
  readonly polls: number
  readonly pid: number
  readonly group: number
  readonly platform: string
  readonly executable: string
  readonly main: boolean
}

let python: OpenHost

beforeAll(async () => {
  process.env.PID_FILE = PID_FILE
  python = await OpenHost.open([SCRIPT], 1, { python: CPYTHON })
})

afterAll(async () => {
  delete process.env.PID_FILE
  await python?.[Symbol.asyncDispose]()
})

async function facts(): Promise<Facts> {
  const outcome = await python.poll(SCRIPT, 'facts')
  return JSON.parse(outcome.kind === 'fired' ? (outcome.firings[0]?.contextText ?? '') : JSON.stringify(outcome))
}

/** Returns whether a process group has a process. */
function hasProcesses(group: number): boolean {
  try {
    return process.kill(-group, 0)
  } catch {
    return false
  }
}

const run = (task: string) => python.runTask(SCRIPT, 'work', task)

describe('a script under CPython', () => {
  it('runs in one process with its own process group, on the main thread', async () => {
    const [first, second] = [await facts(), await facts()]

    expect(second).toMatchObject({ polls: first.polls + 1, pid: first.pid, group: first.pid, main: true })
    expect(first.platform).toBe(process.platform)
    expect(first.pid).not.toBe(process.pid)
  })

  it('runs overlapping calls on several threads', async () => {
    const waiting = run('waits')
    const other = await run('lets_go_on')

    const contexts = [await waiting, other].map((each) => each.kind === 'completed' && each.contextText)
    expect(contexts.toSorted()).toEqual(['{"main":false}', '{"main":true}'])
  })

  it('can start programs', async () => {
    expect(await run('runs_program')).toEqual({ kind: 'completed', contextText: '{"answer":42}' })
  })

  it.each(['sleeps', 'computes'])(
    'is stopped at its deadline in trigger "%s", and its process continues',
    async (trigger) => {
      const before = await facts()

      const outcome = await python.poll(SCRIPT, trigger, DEADLINE_MS)

      expect(outcome).toMatchObject({
        kind: 'timedOut',
        error: { message: `trigger '${trigger}' timed out: it exceeded its timeout of 0.3 s` },
      })
      expect(await facts()).toMatchObject({ pid: before.pid, polls: before.polls + 1 })
    },
  )
})

describe('a script that ends or blocks its process', () => {
  const others = () => facts().then(({ pid, polls }) => ({ pid, polls }))

  it.each<readonly [string, RegExp]>([
    ['leaves', /exit code 3|code 3/],
    ['faults', /SIGSEGV/],
    ['forks', /exit code 5|code 5/],
  ])('is named in the error of trigger "%s", and other calls run in a new process', async (trigger, reason) => {
    const before = await others()

    // Without an end that is noticed, the poll has no outcome.
    const outcome = await python.poll(SCRIPT, trigger)

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { type: 'InterpreterDied', message: expect.stringMatching(reason) },
    })
    expect((await others()).pid).not.toBe(before.pid)
    expect(python.quarantines[0]).toMatch(/jobs\.py: trigger 'leaves': /)
    await whenProcessEnds(before.pid)
    await expect.poll(() => hasProcesses(before.pid)).toBe(false)
  })

  it('is ended if it uses far more memory than its limit, and the next task runs', async () => {
    await using small = await OpenHost.open([SCRIPT], 1, { python: CPYTHON, memoryMebibytes: 384 })

    const outcome = await small.poll(SCRIPT, 'is_greedy')

    expect(outcome).toMatchObject({
      kind: 'failed',
      error: {
        type: 'InterpreterDied',
        message: expect.stringMatching(/used \d+ MiB of memory, but its limit is 640 MiB/),
      },
    })
    expect(await small.runTask(SCRIPT, 'work', 'runs_program')).toMatchObject({ kind: 'completed' })
  })

  async function pollProgram(deadlineMs: number): Promise<{ outcome: PollOutcome; tookMs: number }> {
    const since = performance.now()
    const outcome = await python.poll(SCRIPT, 'waits_for_program', deadlineMs)
    return { outcome, tookMs: performance.now() - since }
  }

  it('is killed a second after its deadline if it hangs in C, with the programs that it started', async () => {
    const before = await others()

    const { result, limitMs } = await withGrowingLimit(DEADLINE_MS, pollProgram, () => existsSync(PID_FILE))

    expect(result.tookMs).toBeGreaterThan(limitMs + 1_000)
    expect(result.outcome).toMatchObject({
      kind: 'timedOut',
      error: { message: expect.stringContaining('waits_for_program') },
    })
    const told = python.notices.find((notice) => notice.startsWith('Python stacks when the interpreter was killed:'))
    expect(told).toMatch(/most recent call first\):\n {2}File ".*jobs\.py", line \d+ in waits_for_program/)
    const program = Number(readFileSync(PID_FILE, 'utf8'))
    expect((await others()).pid).not.toBe(before.pid)
    for (const pid of [before.pid, program]) await whenProcessEnds(pid)
  })

  it('reports its stack while it hangs in C, and ends when its host is closed', async () => {
    const hanging = await OpenHost.open([SCRIPT], 1, { python: CPYTHON })
    const outcome = hanging.poll(SCRIPT, 'hangs_in_c')

    await expect
      .poll(async () => (await hanging.host.describeStacks(100)).join('\n'))
      .toMatch(/trigger 'hangs_in_c' running for [\s\S]*jobs\.py", line \d+ in hangs_in_c/)
    await hanging.host.close()

    expect(await outcome).toMatchObject({ kind: 'failed' })
  })
})

it('a runner in Node runs the scripts of a place under the CPython that pythonFor names', async () => {
  const place = fileURLToPath(new URL('.', import.meta.url))
  await using runner = await Runner.open({ database: ':memory:', pythonFor: { [place]: CPYTHON } })
  await runner.load(SCRIPT)

  const { context, status } = await runner.execute('work_on_program')

  expect(status).toBe('Completed')
  expect(context).toEqual({ answer: 42 })
  expect(runner.measure().host?.interpreters.map(({ python: which }) => which)).toEqual(['python3'])
})
