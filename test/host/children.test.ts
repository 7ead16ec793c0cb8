/** Programs that scripts start: they are killed with an overdue poll, and otherwise continue. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { OpenHost } from '../support/open-host.ts'
import { isRunning, whenProcessEnds } from '../support/process-end.ts'

const SCRIPT = fileURLToPath(new URL('./starts_programs.py', import.meta.url))

describe('a program that a poll started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-children-'))
  let python: OpenHost
  beforeAll(async () => {
    vi.stubEnv('PIDS', folder)
    python = await OpenHost.open([SCRIPT])
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await python?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  /** Polls with longer and longer deadlines until the program started. Returns the pids of it and its children. */
  async function pidsOfOverdue(trigger: string, name: string): Promise<readonly number[]> {
    for (let deadlineMs = 500; ; deadlineMs *= 2) {
      const outcome = await python.poll(SCRIPT, trigger, deadlineMs)
      expect(outcome.kind).toMatch(/^(timedOut|failed)$/)
      if (existsSync(join(folder, name))) return pidsIn(name)
    }
  }
  function pidsIn(name: string): readonly number[] {
    return readFileSync(join(folder, name), 'utf8').trim().split(' ').map(Number)
  }

  it('is killed with its process group when the poll that waits for it is overdue', async () => {
    const pids = await pidsOfOverdue('waits_for_program', 'waits')

    expect(pids).toHaveLength(2)
    for (const pid of pids) await whenProcessEnds(pid)
  })

  it('is killed alone when the poll is overdue, if it is in the process group of the interpreter', async () => {
    const [pid = 0, ...others] = await pidsOfOverdue('waits_for_member', 'joins')

    await whenProcessEnds(pid)
    expect(others).toEqual([])
  })

  it('continues when its poll has ended', async () => {
    const outcome = await python.poll(SCRIPT, 'leaves_program')

    expect(outcome).toMatchObject({ kind: 'skipped' })
    const pids = pidsIn('leaves')
    expect(pids.map(isRunning)).toEqual([true, true])
    process.kill(-(pids[0] ?? 0), 'SIGKILL')
    for (const pid of pids) await whenProcessEnds(pid)
  })

  it('is killed with its process group when the interpreter is killed', async () => {
    const pids = await pidsOfOverdue('computes_beside_program', 'computes')

    for (const pid of pids) await whenProcessEnds(pid)
  })
})
