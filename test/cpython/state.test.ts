/** Values in __cloaca_state__ that a script under CPython keeps when it is reloaded. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Runner } from '../../src/index.ts'
import { EXECUTABLE } from '../support/test-python.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-state-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const code = (names: string, globals: string) => `
import cloaca, os

__cloaca_state__ = ${names}
${globals}

with cloaca.WorkflowBuilder("tell"):
    @cloaca.task()
    def only(context):
        return cloaca.Context({"pid": os.getpid(), "seen": seen})
`

/** Loads two versions of a script in turn. Returns their results, and the log of the second load. */
async function reloaded(before: string, after: string, loadTimeoutMs = 30_000) {
  const path = join(folder, 'stateful.py')
  const said: string[] = []
  await using runner = await Runner.open({
    database: join(folder, 'state.db'),
    python: { kind: 'cpython', executable: EXECUTABLE },
    loadTimeoutMs,
    log: ({ message }) => said.push(message),
  })
  writeFileSync(path, before)
  await runner.load(path)
  const first = (await runner.execute('tell')).context
  said.length = 0
  writeFileSync(path, after)
  await runner.loadAll([path])
  return { path, said, first, second: (await runner.execute('tell')).context }
}

it('a reloaded script keeps its JSON values, and the log names the values that are not JSON', async () => {
  const { path, said, first, second } = await reloaded(
    code('["cycle", "seen", "new"]', 'cycle = []\ncycle.append(cycle)\nseen = [1]'),
    code('["cycle", "seen", "new"]', 'new = 2\nseen = None').replace('"seen": seen', '"seen": [seen, new]'),
  )

  expect(second).toEqual({ pid: first?.pid, seen: [[1], 2] })
  expect(said).toContain(
    `Script "${path}" was reloaded without the old values of "cycle" in __cloaca_state__: ` +
      '"cycle" is nested more than 511 levels deep, or contains itself.',
  )
})

it('a reloaded script starts with new values if the old values are too large', async () => {
  const { said, first, second } = await reloaded(
    code('["seen"]', 'seen = []\n')
      .replace('return', 'global seen\n        for _ in range(60): seen = [seen, seen]\n        return')
      .replace('"seen": seen', '"seen": 1'),
    code('["seen"]', 'seen = 2\n'),
    2_000,
  )

  expect(second).toEqual({ pid: first?.pid, seen: 2 })
  // On a slow machine, the load timeout passes before the size is checked.
  const why = '(old values in __cloaca_state__: DeadlineExceeded: |old values of "seen" in .* is too large)'
  expect(said).toContainEqual(expect.stringMatching(new RegExp(`^Script ".*" was reloaded without the ${why}`)))
})
