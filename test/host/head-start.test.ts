/** Interpreter process that is started early: it is either used or ended. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { MESSAGES_OUT } from '../../src/border/channel.ts'
import { HeadStart } from '../../src/host/peers/head-start.ts'
import { type PyodideOptions, usualOptions } from '../../src/host/peers/pyodide.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { LIMIT_MS } from '../support/limits.ts'

const OPTIONS: PyodideOptions = usualOptions(
  { isProgram: false, stdoutTo: 'stdout', heapMebibytes: 256, handedDescriptors: [] },
  { environ: {} },
)
const PATIENCE = { timeout: LIMIT_MS }

/** Returns the pids of the running child processes. */
function children(): ReadonlySet<number> {
  const threads = readdirSync('/proc/self/task')
  const lists = threads.map((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8'))
  return new Set(lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number)))
}

function startedEarly() {
  const before = children()
  const headStart = new HeadStart(OPTIONS)
  const [pid = 0] = [...children()].filter((each) => !before.has(each))
  return { headStart, pid }
}

describe('an interpreter process that was started early', () => {
  it('is used once if its options are the requested ones', () => {
    const { headStart, pid } = startedEarly()

    const peer = headStart.take({ ...OPTIONS })

    expect(peer?.pid).toBe(pid)
    expect(headStart.take(OPTIONS)).toBeNull()
    peer?.kill()
  })

  it.each([{ heapMebibytes: 512 }, { environ: { PATH: '/elsewhere' } }, { nodeFlags: ['--permission'] }])(
    'is ended and not used if the requested options differ in %j',
    async (wanted) => {
      const { headStart, pid } = startedEarly()

      expect(headStart.take({ ...OPTIONS, ...wanted })).toBeNull()

      await vi.waitFor(() => expect([...children()]).not.toContain(pid), PATIENCE)
      expect(headStart.take(OPTIONS)).toBeNull()
    },
  )

  it('reports its end to a listener that is added after the end', async () => {
    const peer = startedEarly().headStart.take(OPTIONS)
    peer?.kill()
    await peer?.exited
    const ended = vi.fn()

    peer?.onEnd(ended)

    await vi.waitFor(() => expect(ended).toHaveBeenCalledExactlyOnceWith('was killed by SIGKILL', 'SIGKILL'), PATIENCE)
  })

  it('ends without output if its engine is gone before its first message', async () => {
    const entry = fileURLToPath(new URL('../../src/interpreter/entry.ts', import.meta.url))
    const child = spawn(process.execPath, [entry, ''], { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk))
    child.stdio[MESSAGES_OUT]?.destroy()

    await once(child, 'close')

    expect(said).toBe('')
  })

  it('is the only child process of cloaca run', async () => {
    await using terminal = new Terminal()
    const count = 'import os; print(len(open(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read().split()))'

    const { stdout } = await terminal.run(['run', '-c', count])

    expect(stdout).toBe('1\n')
  })
})
