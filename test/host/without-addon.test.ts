/** Interpreters without the addon, which use a worker thread instead of the control thread of the addon. */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { MAIN } from '../support/main-path.ts'
import { OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'
import { whenProcessEnds } from '../support/process-end.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const GREEDY = fileURLToPath(new URL('./greedy.py', import.meta.url))
beforeEach(() => {
  vi.stubEnv('NODE_OPTIONS', preloading('without-addon'))
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('an interpreter without the addon', () => {
  it('stops a poll that computes past its deadline, and continues', async () => {
    // On a busy machine, an interpreter needs longer than 2 s to stop a call.
    await using python = await OpenHost.open([SCRIPT], 1, { killAfterMs: LIMIT_MS })
    await python.poll(SCRIPT, 'remember')

    const outcome = await python.poll(SCRIPT, 'computes', 150)
    const after = await python.poll(SCRIPT, 'remember')

    expect(outcome).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
    expect(after).toMatchObject({ kind: 'fired', firings: [{ contextText: expect.stringContaining('"polls":2') }] })
    expect(python.notices).toEqual([])
  })

  it('is ended if it uses far more memory than its limit', async () => {
    await using python = await OpenHost.open([GREEDY], 1, { memoryMebibytes: 384 })

    const outcome = await python.poll(GREEDY, 'takes_beyond_all')

    expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
    expect(python.quarantines).toEqual([
      expect.stringMatching(/its process used \d+ MiB of memory, but its limit is 640 MiB$/),
    ])
  })

  it('delivers signals of interval timers and of os.kill to Python', async () => {
    await using terminal = new Terminal()
    const program = terminal.write(
      'timers.py',
      `import os, signal, time
heard = []
for each in (signal.SIGALRM, signal.SIGUSR1):
    signal.signal(each, lambda signum, frame: heard.append(signum))
signal.setitimer(signal.ITIMER_REAL, 0.02)
os.kill(os.getpid(), signal.SIGUSR1)
while len(heard) < 2:
    time.sleep(0.01)
print(sorted(heard) == sorted([signal.SIGALRM, signal.SIGUSR1]))
`,
    )

    const { stdout, stderr } = await terminal.run(['run', program])

    expect(stdout, stderr).toBe('True\n')
  })

  it.each([
    ['waits', 'time.sleep(600)'],
    ['computes in C', 'import collections, itertools; collections.deque(itertools.count(), maxlen=0)'],
  ])('ends when the engine is killed while the script %s', async (_, code) => {
    const program = `import os, time\nprint(os.getpid(), flush=True)\n${code}`
    const engine = spawn(process.execPath, [MAIN, 'run', '-c', program], { stdio: ['ignore', 'pipe', 'ignore'] })
    const pid = await new Promise<number>((resolve) => engine.stdout.once('data', (text) => resolve(Number(text))))

    engine.kill('SIGKILL')

    await whenProcessEnds(pid)
  })
})
