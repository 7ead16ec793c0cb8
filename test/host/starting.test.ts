/** The start of an interpreter's process, and what can become of it before Python runs. */

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
  await (await OpenHost.open([])).host.close() // whoever comes first makes the memory snapshot, which takes its time
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

describe('an interpreter that is ended while it starts', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'by %s is started again, and its memory snapshot is not blamed for it',
    async (signal) => {
      for (const [name, value] of Object.entries(killedAtStartBy(signal))) vi.stubEnv(name, value)

      await using python = await OpenHost.open([SCRIPT])

      expect((await python.poll(SCRIPT, 'remember')).kind).toBe('fired')
      expect(python.notices).toEqual([])
    },
  )

  it('by Ctrl-C was interrupted, where it is for a program', async () => {
    await using terminal = new Terminal()

    const { stdout, stderr, exitCode } = await terminal.run(['run', '-c', 'print("begun")'], {
      env: killedAtStartBy('SIGINT'),
    })

    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '', stderr: '', exitCode: 130 })
  })
})

it('an error in the code of an interpreter, before anything else is done, is told to its engine', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('broken-code'))

  await expect(OpenHost.open([])).rejects.toMatchObject({
    code: 'INTERPRETER_START_FAILED',
    message: 'Python did not start: TypeError: it is broken.',
  })
})
