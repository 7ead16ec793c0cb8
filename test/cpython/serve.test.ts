/** `cloaca serve` with scripts under several Pythons. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CloacaProcess, loggedMessages, Terminal } from '../support/cloaca-process.ts'
import { isRunning, whenProcessEnds } from '../support/process-end.ts'

const EXECUTABLE = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

/** Returns a script with a trigger that prints its platform and process id at its first poll. */
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

/** Waits until a script has printed its process id `time` times. Returns the last one. */
async function pidOf(serving: CloacaProcess, name: string, platform: string, version = 1, time = 1): Promise<number> {
  const line = new RegExp(`${name} ${version} on ${platform} in (\\d+)`, 'g')
  // Polls the text and not the number of lines, so that a failure shows what the scripts have printed.
  await expect.poll(() => serving.stdout).toMatch(new RegExp(`(?:${line.source}[\\s\\S]*){${time}}`))
  const lines = [...serving.stdout.matchAll(line)]
  expect(lines).toHaveLength(time)
  return Number(lines.at(-1)?.[1])
}

it('runs scripts under different Pythons, which --python-for names for their places', async () => {
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
  for (const pid of new Set(pids)) await serving.logs(`interpreter ${pid}:`)
  serving.kill('SIGTERM')

  expect(await serving.ended).toMatchObject({ exitCode: 0 })
  expect(pids[1]).toBe(pids[2])
  expect(state.interpreters.map(({ python }) => python).toSorted()).toEqual(['pyodide', 'python3'])
  expect(pids.filter(isRunning)).toEqual([])
})

it('reloads a script in the same process when its file changes', async () => {
  terminal.write('a.py', script('alpha'))
  const serving = serve('a.py', '--watch', '--python', 'python3', '--no-http')
  const before = await pidOf(serving, 'alpha', process.platform)
  await serving.logs('serving 1 trigger')

  terminal.write('a.py', script('alpha', 2))

  expect(await pidOf(serving, 'alpha', process.platform, 2)).toBe(before)
})

it('logs why Python cannot be restarted, and restarts it when that is possible', async () => {
  const python = join(terminal.folder, 'python')
  symlinkSync(EXECUTABLE, python)
  terminal.write('a.py', script('alpha'))
  const serving = serve('a.py', '--python', './python', '--no-http')
  const first = await pidOf(serving, 'alpha', process.platform)

  rmSync(python)
  writeFileSync(python, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  process.kill(first, 'SIGKILL')
  const said = await serving.logs('The restart failed and will be retried')
  symlinkSync(EXECUTABLE, `${python}.new`)
  renameSync(`${python}.new`, python)

  expect(said.msg).toContain('it is not Python: when asked for its version, it ended with exit code 3')
  expect(await pidOf(serving, 'alpha', process.platform, 1, 2)).not.toBe(first)
})

it('replaces an interpreter that SIGSTOP has stopped, while the other interpreter continues', async () => {
  const order = join(terminal.folder, 'stop')
  // Only the trigger that stops its process has a short time limit.
  const stops = `
@cloaca.trigger(on="alpha_work", poll_interval="100ms", timeout="300ms")
def stops():
    if os.path.exists("${order}"):
        os.write(1, b"stopping %d\\n" % os.getpid())
        os.kill(os.getpid(), signal.SIGSTOP)
    return cloaca.TriggerResult.skip()
`
  terminal.write('a.py', `import signal\n${script('alpha')}${stops}`)
  terminal.write('b.py', script('beta').replace('if len(seen) == 1:', 'if len(seen) % 10 == 1:'))
  const serving = serve('a.py', 'b.py', '--python', 'python3', '--interpreters', '2', '--no-http')
  await serving.prints('beta 1')
  const [other] = /beta 1 on \w+ in \d+/.exec(serving.stdout) ?? []

  writeFileSync(order, '')

  const says = /stopping (\d+)\b/
  await expect.poll(() => serving.stdout).toMatch(says)
  const stopped = Number(says.exec(serving.stdout)?.[1])
  await serving.logs('script "a.py" was moved to its own interpreter')
  await whenProcessEnds(stopped)
  const saidBefore = serving.stdout.length
  expect(other).not.toContain(String(stopped))
  await expect.poll(() => serving.stdout.slice(saidBefore)).toContain(other)
})

it.each([
  ['the trigger computes in C', 'list(iter(int, 1))'],
  ['the trigger waits for its program', 'started.wait()'],
])('leaves neither Python nor programs of scripts running after it was killed: %s', async (_, waits) => {
  const starts = '    import subprocess; started = subprocess.Popen(["sleep", "60"])\n'
  const says = '    os.write(1, b"python %d, sleep %d\\n" % (os.getpid(), started.pid))\n'
  terminal.write(
    'a.py',
    script('alpha').replace('    return cloaca', `${starts}${says}    ${waits}\n    return cloaca`),
  )
  const serving = serve('a.py', '--python', 'python3', '--no-http')
  await serving.prints('sleep ')
  const pids = /python (\d+), sleep (\d+)/.exec(serving.stdout)?.slice(1).map(Number) ?? []

  serving.kill('SIGKILL')

  expect(pids).toHaveLength(2)
  await expect.poll(() => pids.filter(isRunning)).toEqual([])
})

it('does not start if one of its Pythons cannot be used', async () => {
  terminal.write('a.py', script('alpha'))
  terminal.write('b.py', script('beta'))
  copyFileSync('/bin/true', join(terminal.folder, 'python3.99'))

  const ended = await terminal.run(
    ['serve', '.', '--db', ':memory:', '--no-http', '--python', EXECUTABLE, '--python-for', 'b.py=./python3.99'],
    {},
  )

  expect(ended.exitCode).toBe(1)
  expect(loggedMessages(ended.stderr)).toContainEqual(
    expect.stringMatching(/Python ".*python3\.99" cannot be used: it is not Python: .* printed nothing\./),
  )
})
