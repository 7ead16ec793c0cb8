/** CPython processes that are stopped or killed, or whose engine is killed, and C code that is interrupted. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAIN } from '../support/main-path.ts'
import { OpenHost } from '../support/open-host.ts'
import { whenProcessEnds } from '../support/process-end.ts'

const SCRIPT = fileURLToPath(new URL('./faults.py', import.meta.url))
const DEADLINE_MS = 300

describe('a CPython process', () => {
  let python: OpenHost
  beforeAll(async () => {
    python = await OpenHost.open([SCRIPT], 1, { python: { kind: 'cpython', executable: 'python3' } })
  })
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]()
  })

  async function pid(): Promise<number> {
    const outcome = await python.poll(SCRIPT, 'pid')
    if (outcome.kind !== 'fired') throw new Error(JSON.stringify(outcome))
    return JSON.parse(outcome.firings[0]?.contextText ?? '').pid
  }

  it('is interrupted in C code that blocks all threads but checks for signals', async () => {
    const before = await pid()

    const outcome = await python.poll(SCRIPT, 'matches', DEADLINE_MS)

    expect(outcome).toMatchObject({
      kind: 'timedOut',
      error: { type: 'DeadlineExceeded', traceback: expect.stringContaining('in matches') },
    })
    expect(await pid()).toBe(before)
  })

  it('that SIGSTOP has stopped is replaced when a call exceeds its deadline', async () => {
    const before = await pid()
    process.kill(before, 'SIGSTOP')

    const outcome = await python.poll(SCRIPT, 'matches', DEADLINE_MS)

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'InterpreterDied' } })
    expect(await pid()).not.toBe(before)
    await whenProcessEnds(before)
  })

  it('that is killed loses its running task, and the next process loads its scripts', async () => {
    const before = await pid()
    const running = python.runTask(SCRIPT, 'work', 'sleeps')
    await pid() // the task is running when this poll returns

    process.kill(before, 'SIGKILL')

    expect(await running).toMatchObject({
      kind: 'lost',
      error: { type: 'InterpreterDied', message: expect.stringContaining('SIGKILL') },
    })
    expect(await pid()).not.toBe(before)
  })
})

it('a CPython process ends when its engine is killed', async () => {
  const script = join(mkdtempSync(join(tmpdir(), 'cloaca-faults-')), 'served.py')
  writeFileSync(
    script,
    'import os\nimport cloaca\nprint(os.getpid(), flush=True)\n@cloaca.trigger("work")\ndef quiet(): return False\n',
  )
  const words = [MAIN, 'serve', script, '--python', 'python3', '--db', ':memory:', '--no-http']
  const engine = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const [printed] = (await once(engine.stdout, 'data')) as [Buffer]
  const own = Number.parseInt(printed.toString(), 10)

  engine.kill('SIGKILL')

  await whenProcessEnds(own)
})
