/** Start of an interpreter process, and errors before Python runs. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'

const SCRIPT = fileURLToPath(new URL('./misbehaving.py', import.meta.url))

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-starting-'))
  await (await OpenHost.open([])).host.close() // creates the memory snapshot, so that no test waits for it
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const killedAtStartBy = (signal: NodeJS.Signals) => ({
  NODE_OPTIONS: preloading('killed-at-start'),
  KILLED_AT_START_BY: signal,
  KILLED_AT_START_ONCE: join(folder, 'killed'),
})

describe('an interpreter that is killed while it starts', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'by %s is started again with the same memory snapshot',
    async (signal) => {
      for (const [name, value] of Object.entries(killedAtStartBy(signal))) vi.stubEnv(name, value)

      await using python = await OpenHost.open([SCRIPT])

      expect((await python.poll(SCRIPT, 'remember')).kind).toBe('fired')
      expect(python.notices).toEqual([])
    },
  )

  it('by Ctrl-C in cloaca run ends with exit status 130', async () => {
    await using terminal = new Terminal()

    const { stdout, stderr, exitCode } = await terminal.run(['run', '-c', 'print("begun")'], {
      env: killedAtStartBy('SIGINT'),
    })

    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 130 })
  })
})

it('the engine reports an error that an interpreter throws before its first message', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('broken-code'))

  await expect(OpenHost.open([])).rejects.toMatchObject({
    code: 'INTERPRETER_START_FAILED',
    message: 'Python did not start: TypeError: it is broken.',
  })
})
