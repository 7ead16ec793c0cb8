/** The command line under `npm run`, which passes no signals on and changes the working folder. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { workflow } from '../support/declared.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { preloading } from '../support/preloads.ts'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
const SCRIPT = `
import cloaca, atexit
atexit.register(print, "goodbye", flush=True)
@cloaca.trigger(on="nothing", poll_interval="1h")
def quiet():
    return False
`

describe('npm run cloaca', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())
  const npm = ['--prefix', PACKAGE, 'run', '-s', 'cloaca', '--']

  it.each(['SIGTERM', 'SIGKILL'] as const)('serve shuts down cleanly when npm is ended by %s', async (signal) => {
    const script = terminal.write('served.py', SCRIPT)
    const serving = spawn('npm', [...npm, 'serve', script, '--db', ':memory:'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [printed, logged] = ['', '']
    serving.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    for await (const text of serving.stderr.setEncoding('utf8')) {
      logged += text
      // The stream ends when the serving process, its last writer, has ended.
      if (logged.includes('serving ')) serving.kill(signal)
    }

    expect(JSON.parse(printed)).toMatchObject({ msg: 'goodbye', stream: 'stdout' })
    expect(logged).toContain('"msg":"stopped"')
  })

  it('run shuts down cleanly when npm is ended', async () => {
    const script = terminal.write('sleeps.py', `import atexit, time\nprint("begins", flush=True)\ntime.sleep(600)\n`)
    const running = spawn('npm', [...npm, 'run', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      running.kill('SIGTERM')
    })

    await once(running.stdout, 'end') // The program, its last writer, has ended.

    expect(printed).toBe('begins\n')
  })

  it('serve shuts down cleanly if npm has ended before serve starts', async () => {
    const script = terminal.write('served.py', SCRIPT)
    const begin = join(terminal.folder, 'begin')
    const serving = spawn('npm', [...npm, 'serve', script, '--db', ':memory:'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: preloading('when-told'), BEGIN_WHEN: begin },
    })
    serving.on('exit', () => writeFileSync(begin, ''))
    let logged = ''
    for await (const text of serving.stderr.setEncoding('utf8')) {
      logged += text
      if (logged.includes('it waits')) serving.kill('SIGKILL')
    }

    expect(logged).toContain('"msg":"stopped"')
  })

  it('workflow run --wait stops waiting when npm is ended', async () => {
    const path = join(terminal.folder, 'jobs.db')
    const clock = new ManualClock()
    const store = await openSqliteStore({ path, durability: 'normal', clock })
    await store.saveWorkflows([workflow('demo', { work: {} })], clock.now())
    await store.close()
    const waiting = spawn('npm', [...npm, 'workflow', 'run', 'demo', '--wait', '--db', path], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    for await (const text of waiting.stderr.setEncoding('utf8')) {
      said += text
      if (said.includes('No engine serves')) waiting.kill('SIGTERM')
    }

    expect(said).toMatch(/cloaca execution show [0-9a-f-]{36}\n$/)
  })

  it('resolves paths in the folder in which the command was typed', () => {
    terminal.write('folder/here.py', 'import os\nprint(os.getcwd())\n')
    const folder = `${terminal.folder}/folder`

    const { stdout } = spawnSync('npm', [...npm, 'run', 'here.py'], { cwd: folder, encoding: 'utf8' })

    expect(stdout).toBe(`${folder}\n`)
  })
})
