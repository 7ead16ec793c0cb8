/** What becomes of scripts when their interpreter is replaced, and they are loaded into the next one. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
    ['in C, which costs the others one more interpreter', HANGS_IN_C, [expect.stringContaining('changing.py')]],
  ])('%s is not served any more, and the others are', async (_, hang, quarantined) => {
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

  it('is served again when it is loaded anew', async () => {
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

it('a script that was quarantined and is loaded anew leaves no old copy behind, which would come back with an interpreter', async () => {
  writeFileSync(
    script,
    `${code('old')}\n@cloaca.trigger("work", name="dies", poll_interval="1h")\ndef dies():\n    import os\n    os._exit(3)\n`,
  )
  await using python = await OpenHost.open([script, OTHER], 2)
  await python.poll(script, 'dies')
  expect(python.quarantines).toHaveLength(1)

  writeFileSync(script, code('new'))
  await python.host.load(script, { kind: 'file', path: script })
  await python.poll(OTHER, 'leaves')
  await python.poll(OTHER, 'remember')

  expect(await python.poll(script, 'new')).toMatchObject({ kind: 'skipped' })
  await expect(python.poll(script, 'old')).rejects.toThrow('It was not entered.')
})
