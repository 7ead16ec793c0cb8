/** Scripts are spread over interpreters: over as many as were asked for, where scripts and memory are there for them. */

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
  await (await OpenHost.open([])).host.close() // whoever comes first makes the memory snapshot, which takes its time
})
afterEach(() => {
  process.execPath = NODE
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** Copies of a script. */
function scripts(count: number): readonly string[] {
  const paths = Array.from({ length: count }, (_, index) => join(folder, `script_${index}.py`))
  for (const path of paths) copyFileSync(SCRIPT, path)
  return paths
}

/** In which processes the scripts live. */
async function homesOf(python: OpenHost, paths: readonly string[]): Promise<readonly number[]> {
  const outcomes = await Promise.all(paths.map((path) => python.poll(path, 'pid')))
  const pids = outcomes.map((outcome) => outcome.kind === 'fired' && JSON.parse(outcome.contextText ?? '').pid)
  return [...new Set(pids)]
}

describe('interpreters', () => {
  it('are no more than there are scripts, however many were asked for', async () => {
    await using python = await OpenHost.open([], 999)
    const paths = scripts(3)

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })

    expect(await homesOf(python, paths)).toHaveLength(3)
    expect(python.host.interpreters).toBe(3)
    expect(python.notices).toEqual([])
  })

  it('are no more than there is memory for, which one line says', async () => {
    vi.spyOn(process, 'availableMemory').mockReturnValue(300 * MEBIBYTE)
    await using python = await OpenHost.open([], 4)
    const paths = scripts(3)

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })
    python.host.expect(paths.map(comingScript))

    expect(await homesOf(python, paths)).toHaveLength(2)
    expect(python.notices).toEqual(['Scripts run in 2 interpreters instead of 4: there is not enough memory for more'])
  })

  it('that cannot be started are done without', async () => {
    await using python = await OpenHost.open([], 2)
    const paths = scripts(2)
    process.execPath = '/nowhere/node'

    python.host.expect(paths.map(comingScript))
    for (const path of paths) await python.host.load(path, { kind: 'file', path })

    expect(await homesOf(python, paths)).toHaveLength(1)
    expect(python.notices).toEqual([expect.stringMatching(/^Scripts run in one interpreter instead of 2: .*ENOENT/)])
  })
})

it('a runner that is closed while Python starts does not wait for it', async () => {
  vi.stubEnv('NODE_OPTIONS', preloading('never-ready'))
  const runner = await Runner.open({ database: ':memory:', interpreters: 4 })
  const loading = expect(runner.loadAll(scripts(3))).rejects.toMatchObject({ code: 'RUNNER_CLOSED' })
  await vi.waitUntil(() => process.getActiveResourcesInfo().includes('ProcessWrap'), LIMIT_MS)

  await runner.close()

  await loading
})
