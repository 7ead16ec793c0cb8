/** `cloaca serve` with scripts under several Pythons. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

const EXECUTABLE = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

/** Polled all the time; says where it runs, and keeps what it was told. */
const script = (name: string, version = 1) => `
import cloaca, os, sys
seen = []

@cloaca.trigger(on="${name}_work", poll_interval="100ms")
def ${name}():
    seen.append(os.getpid())
    if len(seen) == 1:
        print("${name} ${version} on", sys.platform, "in", os.getpid(), flush=True)
    return cloaca.TriggerResult.skip()

with cloaca.WorkflowBuilder("${name}_work"):
    @cloaca.task()
    def only(context):
        return context
`

let terminal: Terminal

beforeEach(() => {
  terminal = new Terminal()
})

afterEach(async () => {
  await terminal[Symbol.asyncDispose]()
})

const serve = (...words: string[]) =>
  terminal.start(['serve', '--db', 'sqlite://jobs.db', '--log-format', 'json', ...words])

/** The pid that a script has printed, the last time. */
async function pidOf(serving: CloacaProcess, name: string, platform: string, version = 1, time = 1): Promise<number> {
  const line = new RegExp(`${name} ${version} on ${platform} in (\\d+)`, 'g')
  await expect.poll(() => [...serving.stdout.matchAll(line)].length, { timeout: 30_000 }).toBe(time)
  return Number([...serving.stdout.matchAll(line)].at(-1)?.[1])
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('runs each script under the Python that is named for its place, side by side', async () => {
  terminal.write('a.py', script('alpha'))
  terminal.write('reports/b.py', script('beta'))
  terminal.write('reports/c.py', script('gamma'))
  const serving = serve('a.py', 'reports', '--python-for', 'reports/=python3')

  const pids = [
    await pidOf(serving, 'alpha', 'emscripten'),
    await pidOf(serving, 'beta', process.platform),
    await pidOf(serving, 'gamma', process.platform),
  ]
  const url = String((await serving.logs('HTTP is at')).msg).match(/http:\S+/)?.[0]
  const state = (await (await fetch(new URL('/api/v1/process', url))).json()) as { interpreters: { python: string }[] }
  serving.kill('SIGUSR2')
  await serving.logs('nothing is under way', 2)
  serving.kill('SIGTERM')

  expect(await serving.ended).toMatchObject({ exitCode: 0 })
  expect(pids[1]).toBe(pids[2])
  expect(state.interpreters.map(({ python }) => python).toSorted()).toEqual(['pyodide', 'python3'])
  expect(pids.filter(isRunning)).toEqual([])
})

it('loads a script anew when its file changes, in the same process', async () => {
  terminal.write('a.py', script('alpha'))
  const serving = serve('a.py', '--watch', '--python', 'python3', '--no-http')
  const before = await pidOf(serving, 'alpha', process.platform)
  await serving.logs('serving 1 trigger')

  terminal.write('a.py', script('alpha', 2))

  expect(await pidOf(serving, 'alpha', process.platform, 2)).toBe(before)
})

it('starts Python again when it can, once it could, and says meanwhile why it cannot', async () => {
  const python = join(terminal.folder, 'python')
  symlinkSync(EXECUTABLE, python)
  terminal.write('a.py', script('alpha'))
  const serving = serve('a.py', '--python', './python', '--no-http')
  const first = await pidOf(serving, 'alpha', process.platform)

  rmSync(python)
  writeFileSync(python, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  process.kill(first, 'SIGKILL')
  const said = await serving.logs('could not be restarted, and is tried again')
  symlinkSync(EXECUTABLE, `${python}.new`)
  renameSync(`${python}.new`, python)

  expect(said.msg).toContain('it is no Python: asked for its version, it ended with exit code 3')
  expect(await pidOf(serving, 'alpha', process.platform, 1, 2)).not.toBe(first)
})

it('leaves no Python behind when it is killed itself, be it in C', async () => {
  const hangs = '    os.write(1, b"pid %d is in C\\n" % os.getpid())\n    list(iter(int, 1))\n'
  terminal.write('a.py', script('alpha').replace('    return cloaca', `${hangs}    return cloaca`))
  const serving = serve('a.py', '--python', 'python3', '--no-http')
  await serving.prints('is in C')
  const python = Number(/pid (\d+) is in C/.exec(serving.stdout)?.[1])

  serving.kill('SIGKILL')

  await expect.poll(() => isRunning(python), { timeout: 10_000 }).toBe(false)
})

it('does not start where one of its Pythons cannot', async () => {
  terminal.write('a.py', script('alpha'))
  terminal.write('b.py', script('beta'))
  copyFileSync('/bin/true', join(terminal.folder, 'python3.99'))

  const ended = await terminal.run(
    ['serve', '.', '--db', ':memory:', '--no-http', '--python', EXECUTABLE, '--python-for', 'b.py=./python3.99'],
    {},
  )

  expect(ended.exitCode).toBe(1)
  expect(ended.stderr).toMatch(/Python ".*python3\.99" cannot be used: it is no Python: .* said nothing\./)
})
