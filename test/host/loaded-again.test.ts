/** Scripts that are loaded again because their interpreter was replaced. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_LIMITS, type HostLimits } from '../../src/host/process/host-limits.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'
import { SkippingClock } from '../support/skipping-clock.ts'

const OTHER = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const HANGS_IN_PYTHON = 'while True: pass'
const HANGS_IN_C = 'import collections, itertools\ncollections.deque(itertools.count(), maxlen=0)'

/** Time after which an interpreter is killed because an import does not stop. */
const KILLED_AFTER_MS = DEFAULT_LIMITS.loadDeadlineMs + 2_000 + 400

let folder: string
let script: string
/** File with a character for each import of the hanging script. */
let imports: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-loaded-again-'))
  script = join(folder, 'changing.py')
  imports = join(folder, 'imports')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const code = (name: string, more = '') => `
import cloaca
${more}

@cloaca.trigger("work", name="${name}", poll_interval="1h")
def trigger():
    return cloaca.TriggerResult.skip()
`

describe('a script whose import hangs when it is loaded into the next interpreter', () => {
  const clock = new SkippingClock()

  /** Opens a host with the script and another one, and replaces the interpreter after the script has changed. */
  async function openReplaced(hang: string, limits: Partial<HostLimits> = {}) {
    writeFileSync(script, code('good'))
    const python = await OpenHost.open([script, OTHER], 1, { clock, ...limits })
    writeFileSync(script, `open(${JSON.stringify(imports)}, "a").write("1")\n${hang}`)
    const isGivenUp = python.untilNotServed(script)
    await python.poll(OTHER, 'leaves')
    // First, so that the time limit passes only for the script that hangs.
    expect(await python.poll(OTHER, 'remember')).toMatchObject({ kind: 'fired' })
    await untilImported(1)
    return { python, isGivenUp, [Symbol.asyncDispose]: () => python[Symbol.asyncDispose]() }
  }

  /** Waits until the import of the script has begun for the `count`th time. */
  const untilImported = (count: number) =>
    expect.poll(() => existsSync(imports) && readFileSync(imports, 'utf8')).toBe('1'.repeat(count))

  it('in Python is no longer served, while other scripts are', async () => {
    await using replaced = await openReplaced(HANGS_IN_PYTHON, { killAfterMs: LIMIT_MS })
    const { python, isGivenUp } = replaced
    await clock.skipQuickly(DEFAULT_LIMITS.loadDeadlineMs)
    await isGivenUp

    await expectOnlyOtherServed(python)
    expect(python.quarantines.filter((line) => line.startsWith(script))).toEqual([])
  })

  it('in C, after one more restart, is no longer served, while other scripts are', async () => {
    await using replaced = await openReplaced(HANGS_IN_C)
    const { python, isGivenUp } = replaced
    await killTwice()
    await isGivenUp

    await expectOnlyOtherServed(python)
    expect(python.quarantines.filter((line) => line.startsWith(script))).toEqual([
      expect.stringContaining('changing.py'),
    ])
  })

  it('is served again after the user loads it again', async () => {
    await using replaced = await openReplaced(HANGS_IN_C)
    const { python, isGivenUp } = replaced
    await killTwice()
    await isGivenUp

    writeFileSync(script, code('mended'))
    const loaded = await python.host.load(script, { kind: 'file', path: script })

    expect(loaded.fault).toBeNull()
    expect(await python.poll(script, 'mended')).toMatchObject({ kind: 'skipped' })
  })

  /** Lets the time of the import pass twice: in the shared interpreter, and then in its own. */
  async function killTwice(): Promise<void> {
    await clock.skipQuickly(KILLED_AFTER_MS)
    await untilImported(2)
    await clock.skipQuickly(KILLED_AFTER_MS)
  }

  async function expectOnlyOtherServed(python: OpenHost): Promise<void> {
    expect(await python.poll(OTHER, 'remember')).toMatchObject({ kind: 'fired' })
    await expect(python.poll(script, 'good')).rejects.toThrow('It was not entered.')
    expect(python.notices).toContainEqual(
      expect.stringContaining('changing.py" could not be reloaded and is no longer'),
    )
  }
})

it('loading a quarantined script again removes its old copy, which a restart would bring back', async () => {
  writeFileSync(
    script,
    `${code('old')}
@cloaca.trigger("work", name="dies", poll_interval="1h")
def dies():
    import os
    os._exit(3)
`,
  )
  await using python = await OpenHost.open([script, OTHER], 2)
  await python.poll(script, 'dies')
  expect(python.quarantines).toHaveLength(1)

  writeFileSync(script, code('new'))
  await python.host.load(script, { kind: 'file', path: script })
  await python.poll(OTHER, 'leaves')
  await python.poll(OTHER, 'remember')

  // Its interpreter may still be restarting; the engine then polls again.
  const polled = await vi.waitFor(() => python.poll(script, 'new'), { timeout: LIMIT_MS })
  expect(polled).toMatchObject({ kind: 'skipped' })
  await expect(python.poll(script, 'old')).rejects.toThrow('It was not entered.')
})
