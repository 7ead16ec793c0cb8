/** Scripts under CPython with large results, large output, many polls, no memory, or a stopped process. */

import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { OpenHost } from '../support/open-host.ts'
import { isRunning } from '../support/process-end.ts'
import { EXECUTABLE } from '../support/test-python.ts'

const SCRIPT = fileURLToPath(new URL('./large_work.py', import.meta.url))
const MEBIBYTE = 1_048_576
const TRIGGERS = 10_000
/** Maximum memory of the engine, twice the usual memory of an engine that serves. */
const ENGINE_MEBIBYTES = 512
const isLinux = existsSync('/proc/self/statm')

let python: OpenHost

beforeAll(async () => {
  python = await OpenHost.open([SCRIPT], 1, { python: { kind: 'cpython', executable: EXECUTABLE } })
})
afterAll(() => python?.[Symbol.asyncDispose]())

const run = (task: string) => python.runTask(SCRIPT, 'large', task)

async function pid(): Promise<number> {
  const outcome = await run('says_who')
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText ?? '').pid : Number.NaN
}

describe('a script under CPython', () => {
  it('returns a context of 100 MB unchanged', async () => {
    const outcome = await run('returns')

    const text = outcome.kind === 'completed' ? (outcome.contextText ?? '') : ''
    expect(text).toHaveLength('{"text":"ü"}'.length + 100 * MEBIBYTE)
    expect(text.startsWith('{"text":"üxx')).toBe(true)
  })

  it('fails with the size limit in the message if its context exceeds 256 MiB', async () => {
    const before = await pid()

    const outcome = await run('returns_too_much')

    expect(outcome).toMatchObject({ kind: 'failed', error: { message: expect.stringMatching(/268435456/) } })
    expect(await pid()).toBe(before)
  })

  it('answers 10,000 polls that are requested at the same time', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: TRIGGERS }, (_, index) => python.poll(SCRIPT, `skips-${index}`)),
    )

    expect(outcomes.filter(({ kind }) => kind === 'skipped')).toHaveLength(TRIGGERS)
  })

  it.skipIf(!isLinux)('fails with MemoryError if the system refuses memory, and its process continues', async () => {
    const before = await pid()

    const outcome = await run('runs_out_of_memory')

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'MemoryError' } })
    expect(await pid()).toBe(before)
  })

  it('times out if its process is stopped, and the next call runs in another process', async () => {
    const before = await pid()
    const polling = python.poll(SCRIPT, 'sleeps', 300)
    process.kill(before, 'SIGSTOP')

    expect(await polling).toMatchObject({ kind: 'timedOut' })

    expect(await pid()).not.toBe(before)
    // The system may remove a killed process only after the next process has started.
    await expect.poll(() => isRunning(before)).toBe(false)
  })
})

it.skipIf(!isLinux)('a task that prints 200 MB completes with a small log and little engine memory', async () => {
  await using terminal = new Terminal()
  const db = ['--db', 'flood.db']
  const file = terminal.write('flood.py', readFileSync(SCRIPT, 'utf8').replace('10_000)', '1)'))
  const nowhere = openSync('/dev/null', 'w')
  const server = terminal.start(['serve', file, '--python', EXECUTABLE, ...db], { stdout: nowhere })
  await server.logs('serving')

  const ran = await terminal.run(['workflow', 'run', 'flood', '--wait', '--json', ...db])

  const { id, status, context } = JSON.parse(ran.stdout)
  expect(status).toBe('Completed')
  expect(peakMebibytes(context.engine)).toBeLessThan(ENGINE_MEBIBYTES)
  const { stdout } = await terminal.run(['execution', 'logs', id, '--json', ...db])
  expect(stdout.length).toBeLessThan(4 * MEBIBYTE)
  for (const line of ['line 000000', 'line 999999']) expect(stdout).toContain(line)
  closeSync(nowhere)
})

/** Returns the peak memory of a process. */
function peakMebibytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
}
