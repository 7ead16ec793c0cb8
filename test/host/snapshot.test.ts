/** Interpreters that start from a memory snapshot, or that cannot use a snapshot. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { snapshotPlaceFor, storeSnapshot } from '../../src/host/environment/snapshot-cache.ts'
import { OpenHost, PACKAGE_FOLDER } from '../support/open-host.ts'

const SCRIPT = fileURLToPath(new URL('./randomness.py', import.meta.url))

beforeAll(async () => {
  await (await OpenHost.open([])).host.close() // creates the memory snapshot, so that no test waits for it
})

describe('interpreters that start from the same snapshot', () => {
  it('draw different random numbers, UUIDs and temporary names', async () => {
    await using python = await OpenHost.open([], 2)
    for (const script of ['first', 'second']) await python.host.load(script, { kind: 'file', path: SCRIPT })

    const outcomes = await Promise.all(['first', 'second'].map((script) => python.poll(script, 'draw')))

    const [first, second] = outcomes.map((outcome) => {
      if (outcome.kind !== 'fired') throw new Error(`The trigger did not fire: ${JSON.stringify(outcome)}`)
      return JSON.parse(outcome.firings[0]?.contextText ?? '{}') as Record<string, unknown>
    })
    const sources = Object.keys(first ?? {})
    expect(sources).toHaveLength(8)
    expect(sources.filter((source) => first?.[source] === second?.[source])).toEqual([])
  })
})

describe('the first start on a machine', () => {
  it('reports its steps, and stores a snapshot and compiled JavaScript for the next starts', async () => {
    const { CLOACA_CACHE_DIR: usual, NODE_COMPILE_CACHE } = process.env
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-first-start-'))
    try {
      delete process.env.NODE_COMPILE_CACHE // takes precedence over the folder of this test
      process.env.CLOACA_CACHE_DIR = folder
      const first = await preparationsOfStart()
      const files = readdirSync(join(folder, 'compiled'), { recursive: true, withFileTypes: true }).filter((file) =>
        file.isFile(),
      )
      const compiled = files.find(({ name }) => name === 'pyodide-program.bin')
      const program = join(compiled?.parentPath ?? '', compiled?.name ?? '')
      const kept = statSync(program).ino
      const second = await preparationsOfStart()

      expect(first).toEqual([
        'preparing Python for the first start on this machine, which takes 5 to 30 s',
        expect.stringMatching(/^preparing Python: 1 of 3, Pyodide loaded in \d+\.\d s$/),
        expect.stringMatching(/^preparing Python: 2 of 3, modules imported in \d+\.\d s$/),
        expect.stringMatching(/^preparing Python: 3 of 3, snapshot of \d+ MiB stored in \d+\.\d s$/),
      ])
      expect(second).toEqual([])
      expect(files.length).toBeGreaterThan(20)
      expect(statSync(program).ino).toBe(kept) // is the same file, because it could be used

      flipBit(program, 500_000)
      const third = await preparationsOfStart()

      expect(third).toEqual([])
      expect(statSync(program).ino).not.toBe(kept)
    } finally {
      process.env.CLOACA_CACHE_DIR = usual
      process.env.NODE_COMPILE_CACHE = NODE_COMPILE_CACHE
      rmSync(folder, { recursive: true })
    }
  })
})

async function preparationsOfStart(): Promise<readonly string[]> {
  await using python = await OpenHost.open([])
  return python.preparations
}

function flipBit(path: string, place: number): void {
  const bytes = readFileSync(path)
  bytes[place] = (bytes[place] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('a memory snapshot that cannot be used', { tags: ['night'] }, () => {
  const usual = process.env.CLOACA_CACHE_DIR
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-no-snapshot-'))
  })
  afterEach(() => {
    process.env.CLOACA_CACHE_DIR = usual
    rmSync(folder, { recursive: true })
  })
  const draws = async (python: OpenHost) => (await python.poll(SCRIPT, 'draw')).kind

  it('is reported once if the cache folder cannot be created, and Python starts without it', async () => {
    writeFileSync(join(folder, 'file'), '')
    process.env.CLOACA_CACHE_DIR = join(folder, 'file', 'cache')

    await using python = await OpenHost.open([SCRIPT])

    expect(await draws(python)).toBe('fired')
    expect(python.notices).toEqual([
      expect.stringMatching(
        /^Python starts slowly, because no memory snapshot could be made: ENOTDIR.* Set CLOACA_CACHE_DIR/,
      ),
    ])
  })

  it('is removed if a single bit is flipped, and Python starts without it', async () => {
    process.env.CLOACA_CACHE_DIR = folder
    await (await OpenHost.open([])).host.close()
    const name = readdirSync(folder).find((each) => each.startsWith('snapshot-')) ?? ''
    flipBit(join(folder, name), 20_000_000)

    await using python = await OpenHost.open([SCRIPT])

    expect(await draws(python)).toBe('fired')
    expect(python.notices).toEqual([
      expect.stringMatching(/^Removed the damaged memory snapshot .*: its content differs from the stored snapshot/),
    ])
    expect(readdirSync(folder)).not.toContain(name)
  })

  it('is removed with a notice if its content is noise, and Python starts without it', async () => {
    process.env.CLOACA_CACHE_DIR = folder
    storeSnapshot(snapshotPlaceFor(PACKAGE_FOLDER, process.env), Buffer.alloc(1_000_000, 'noise'), Date.now())

    await using python = await OpenHost.open([SCRIPT])

    expect(await draws(python)).toBe('fired')
    expect(python.notices).toEqual([
      expect.stringMatching(/^Removed the damaged memory snapshot ".*"; Python starts without it: /),
    ])
    expect(readdirSync(folder).filter((name) => name.startsWith('snapshot-'))).toEqual([])
  })
})
