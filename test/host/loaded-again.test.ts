/** Scripts that are loaded again because their interpreter was replaced. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LIMIT_MS } from '../support/limits.ts'
import { OpenHost } from '../support/open-host.ts'

const OTHER = fileURLToPath(new URL('./misbehaving.py', import.meta.url))
const HANGS_IN_PYTHON = 'while True: pass'
const HANGS_IN_C = 'import collections, itertools\ncollections.deque(itertools.count(), maxlen=0)'

let folder: string
let script: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-loaded-again-'))
  script = join(folder, 'changing.py')
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
  it.each([
    ['in Python', HANGS_IN_PYTHON, []],
    ['in C, after one more restart,', HANGS_IN_C, [expect.stringContaining('changing.py')]],
  ])('%s is no longer served, while other scripts are', async (_, hang, quarantined) => {
    writeFileSync(script, code('good'))
    await using python = await OpenHost.open([script, OTHER], 1, { loadDeadlineMs: 1_000 })
    writeFileSync(script, hang)

    const isGivenUp = python.untilNotServed(script)
    await python.poll(OTHER, 'leaves')
    await isGivenUp

    expect(await python.poll(OTHER, 'remember')).toMatchObject({ kind: 'fired' })
    await expect(python.poll(script, 'good')).rejects.toThrow('It was not entered.')
    expect(python.notices).toContainEqual(
      expect.stringContaining('changing.py" could not be reloaded and is no longer'),
    )
    expect(python.quarantines.filter((line) => line.startsWith(script))).toEqual(quarantined)
  })

  it('is served again after the user loads it again', async () => {
    writeFileSync(script, code('good'))
    await using python = await OpenHost.open([script, OTHER], 1, { loadDeadlineMs: 1_000 })
    writeFileSync(script, HANGS_IN_C)
    const isGivenUp = python.untilNotServed(script)
    await python.poll(OTHER, 'leaves')
    await isGivenUp

    writeFileSync(script, code('mended'))
    const loaded = await python.host.load(script, { kind: 'file', path: script })

    expect(loaded.fault).toBeNull()
    expect(await python.poll(script, 'mended')).toMatchObject({ kind: 'skipped' })
  })
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
