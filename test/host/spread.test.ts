/** Distribution of scripts over interpreters, and the number of interpreters that are started. */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Runner } from '../../src/index.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { comingScript, OpenHost } from '../support/open-host.ts'
import { preloading } from '../support/preloads.ts'

const SCRIPT = fileURLToPath(new URL('./isolation.py', import.meta.url))
const NODE = process.execPath
const MEBIBYTE = 1_048_576

let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-spread-'))
  await (await OpenHost.open([])).host.close() // creates the memory snapshot, so that no test waits for it
})
afterEach(() => {
  process.execPath = NODE
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function copiesOfScript(count: number): readonly string[] {
  const paths = Array.from({ length: count }, (_, index) => join(folder, `script_${index}.py`))
  for (const path of paths) copyFileSync(SCRIPT, path)
  return paths
}

/** Returns the ids of the processes that run the scripts. */
async function processesOf(python: OpenHost, paths: readonly string[]): Promise<readonly number[]> {
  const outcomes = await Promise.all(paths.map((path) => python.poll(path, 'pid')))
  const pids = outcomes.map(
    (outcome) => outcome.kind === 'fired' && JSON.parse(outcome.firings[0]?.contextText ?? '').pid,
  )
  return [...new Set(pids)]
}

describe('interpreters', () => {
  it('are as many as scripts if more interpreters are requested', async () => {
    await using python = await OpenHost.open([], 999)
    const paths = copiesOfScript(3)

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })

    expect(await processesOf(python, paths)).toHaveLength(3)
    expect(python.host.interpreters).toBe(3)
    expect(python.notices).toEqual([])
  })

  it('are fewer than requested if the memory is too small, and one notice says so', async () => {
    vi.spyOn(process, 'availableMemory').mockReturnValue(300 * MEBIBYTE)
    await using python = await OpenHost.open([], 4)
    const paths = copiesOfScript(3)

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })
    python.host.expect(paths.map(comingScript))

    expect(await processesOf(python, paths)).toHaveLength(2)
    expect(python.notices).toEqual(['Scripts run in 2 interpreters instead of 4: there is not enough memory for more'])
  })

  it('are fewer than requested if further ones cannot be started, and one notice says so', async () => {
    await using python = await OpenHost.open([], 2)
    const paths = copiesOfScript(2)
    process.execPath = '/nowhere/node'

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })

    expect(await processesOf(python, paths)).toHaveLength(1)
    expect(python.notices).toEqual([expect.stringMatching(/^Scripts run in one interpreter instead of 2: .*ENOENT/)])
  })
})

it('closing a runner while Python starts does not wait for Python', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('never-ready'))
  const runner = await Runner.open({ database: ':memory:', interpreters: 4 })
  const loading = expect(runner.loadAll(copiesOfScript(3))).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
  await vi.waitUntil(() => process.getActiveResourcesInfo().includes('ProcessWrap'), LIMIT_MS)

  await runner.close()

  await loading
})
