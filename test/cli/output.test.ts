/** Output of the command line: it is complete, and a slow or missing reader blocks nothing. */

import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync, readFileSync, truncateSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Runner } from '../../src/index.ts'
import { type LogRecord, Terminal } from '../support/cloaca-process.ts'
import { MAIN } from '../support/main-path.ts'

const SHOP = fileURLToPath(new URL('./scripts/shop.py', import.meta.url))
const EXECUTIONS = 700
const BROKEN_PIPE = 141

/** Pipe that stays open at both ends and is read only on request. */
class Pipe {
  readonly path: string
  readonly descriptor: number

  constructor(folder: string) {
    this.path = join(folder, 'pipe')
    spawnSync('mkfifo', [this.path])
    this.descriptor = openSync(this.path, constants.O_RDWR)
  }

  read(): ChildProcessByStdio<null, Readable, null> {
    return spawn('cat', [this.path], { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  /** Returns the content of the pipe up to a text. */
  async readUntil(text: string): Promise<string> {
    const cat = this.read()
    let read = ''
    for await (const chunk of cat.stdout.setEncoding('utf8')) {
      read += chunk
      if (read.includes(text)) break
    }
    cat.kill()
    return read
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor)
  }
}

/** Waits until the file exists. */
async function made(path: string): Promise<void> {
  const changes = watch(dirname(path))
  while (!existsSync(path)) await once(changes, 'change')
  changes.close()
}

describe('the output of a command', () => {
  const terminal = new Terminal()
  const database = join(terminal.folder, 'many.db')
  const list = ['execution', 'list', '--limit', '100000', '--db', database]
  const shell = (command: string) => {
    const cloaca = `'${process.execPath}' '${MAIN}' ${list.map((word) => `'${word}'`).join(' ')}`
    return spawnSync('bash', ['-c', command.replace('CLOACA', cloaca)], { encoding: 'utf8' })
  }
  beforeAll(async () => {
    const serving = await Runner.open({ database })
    await serving.load(SHOP)
    await serving.start()
    await serving.close()
    await using runner = await Runner.open({ database })
    for (let count = 0; count < EXECUTIONS; count++) await runner.workflows.submit('order')
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('is complete if it is longer than the pipe buffer and its reader is slow', () => {
    const { stdout, stderr } = shell('CLOACA --json | { head -c 10; head -c 10; cat; }')

    const executions = JSON.parse(stdout) as { readonly origin: { readonly kind: string } }[]
    expect(executions.filter(({ origin }) => origin.kind === 'call')).toHaveLength(EXECUTIONS)
    expect(stderr).toBe('')
  })

  it('ends silently when its reader closes the pipe, with the exit code of a broken pipe', () => {
    const { stdout, stderr } = shell('CLOACA --json | head -c 5; echo :$PIPESTATUS')

    expect(stdout).toMatch(new RegExp(`:${BROKEN_PIPE}\n$`))
    expect(stderr).toBe('')
  })

  it('causes an error message and exit code 1 if the disk is full', () => {
    const { status, stderr } = shell('CLOACA > /dev/full')

    expect(status).toBe(1)
    expect(stderr).toBe('cloaca: The output could not be written: ENOSPC: no space left on device, write.\n')
  })

  it('stays valid JSON for a trigger that prints, because printed text goes to stderr', async () => {
    terminal.write(
      'talks.py',
      `import cloaca\n@cloaca.trigger(on="w")\ndef talks():\n    print("hello")\n    return True\n`,
    )

    const end = await terminal.run(['trigger', 'test', 'talks.py', 'talks', '--json'])

    expect(JSON.parse(end.stdout)).toMatchObject({ kind: 'fired' })
    expect(end).toMatchObject({ exitCode: 0, stderr: 'hello\n' })
  })
})

/** Script whose trigger causes more than 100 kB of log in each poll. */
const MUCH_TO_LOG = `
import cloaca
polls = 0
@cloaca.trigger(name="fails" * 20_000, on="nothing", poll_interval="1ms")
def fails():
    global polls
    polls += 1
    print("poll", polls, "ends")
    # A failure that repeats is only counted.
    raise ValueError(f"poll {polls}: an error is shown with 1,000 characters, a name is not cut")
`

const MUCH_PRINTED = `
import cloaca
polls = 0
@cloaca.trigger(on="nothing", poll_interval="1ms")
def prints():
    global polls
    polls += 1
    for _ in range(50):
        print("x" * 20_000)
    raise ValueError(f"poll {polls} ends")
`

const BOTH = `
import cloaca
polls = 0
@cloaca.trigger(on="nothing", poll_interval="1ms")
def prints():
    global polls
    polls += 1
    print("x" * 200_000)
    if polls == 3:
        open("third", "w").close()
    raise ValueError(f"{polls}" + "x" * 1_000)
`

describe('a serving process', () => {
  const serve = (terminal: Terminal, script: string, streams: { stdout?: number; stderr?: number }) => {
    terminal.write('noisy.py', script)
    return terminal.start(['serve', 'noisy.py', '--db', ':memory:'], streams)
  }

  it('keeps polling while its log is not read, logs the number of lost messages, and ends at SIGTERM', async () => {
    await using terminal = new Terminal()
    using pipe = new Pipe(terminal.folder)
    const serving = serve(terminal, MUCH_TO_LOG, { stderr: pipe.descriptor })
    await serving.prints('poll 60 ends')

    const read = await pipe.readUntil('are missing here')

    const lines = read.slice(0, read.indexOf('\n', read.indexOf('are missing here'))).split('\n')
    const records = lines.map((line) => JSON.parse(line) as LogRecord)
    expect(records.length).toBeLessThan(60)
    expect(records.at(-1)?.level).toBe('warn')
    const notice = /^\d+ messages \(\d+ bytes\) are missing here, because writing them failed: EAGAIN$/
    expect(records.at(-1)?.msg).toMatch(notice)
    serving.kill('SIGTERM') // The pipe is unread again.
    expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
  })

  it('keeps polling while script output is not read, logs the number of lost bytes, and ends at SIGTERM', async () => {
    await using terminal = new Terminal()
    using pipe = new Pipe(terminal.folder)
    const serving = serve(terminal, MUCH_PRINTED, { stdout: pipe.descriptor })
    await serving.logs('poll 3 ends')

    const reader = pipe.read()
    reader.stdout.resume()
    const { msg } = await serving.logs('are missing on stdout')
    reader.kill()

    expect(msg).toMatch(/^\d+ bytes of script output are missing on stdout, because writing them failed: EAGAIN$/)
    serving.kill('SIGTERM')
    expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
  })

  it.each(['/dev/full', 'a closed pipe', 'an unread pipe'])(
    'keeps polling and ends at SIGTERM if its output and its log go to %s',
    async (place) => {
      await using terminal = new Terminal()
      const pipe = new Pipe(terminal.folder)
      const descriptor = openSync(place === '/dev/full' ? place : pipe.path, constants.O_WRONLY)
      if (place === 'a closed pipe') pipe[Symbol.dispose]()
      const serving = serve(terminal, BOTH, { stdout: descriptor, stderr: descriptor })
      await made(join(terminal.folder, 'third'))

      serving.kill('SIGTERM')

      expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
    },
  )

  const disk = new Terminal()
  const hasDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk.folder]).status === 0
  afterAll(() => (hasDisk ? void spawnSync('umount', ['-l', disk.folder]) : undefined))
  it.skipIf(!hasDisk)(
    'keeps serving when the disk of its log is full, and logs the number of lost messages later',
    async () => {
      await using terminal = new Terminal()
      const log = join(disk.folder, 'log')
      const stderr = openSync(log, constants.O_CREAT | constants.O_WRONLY | constants.O_APPEND)
      const serving = serve(terminal, MUCH_TO_LOG, { stderr })
      await serving.prints('poll 60 ends')

      truncateSync(log)
      spawnSync('mount', ['-o', 'remount,size=64m', disk.folder])
      while (!readFileSync(log, 'utf8').includes('are missing here')) await serving.printsMore()

      expect(readFileSync(log, 'utf8')).toContain('because writing them failed: ENOSPC')
      serving.kill('SIGTERM')
      expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
    },
  )
})

describe('a program', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())
  const env = { PYTHONUNBUFFERED: '' }

  it('that is blocked by an unread pipe ends at SIGTERM, as under python', async () => {
    using pipe = new Pipe(terminal.folder)
    const code = 'import sys\nprint("x" * 60_000, flush=True)\nprint("starts", file=sys.stderr)\nprint("y" * 60_000)'
    const program = terminal.start(['run', '-c', code], { stdout: pipe.descriptor, env })
    await program.complains('starts')

    program.kill('SIGTERM')

    expect(await program.ended).toMatchObject({ exitCode: 143 })
  })

  it('that is blocked by an unread pipe runs its signal handler, and then writes all its output once', async () => {
    using pipe = new Pipe(terminal.folder)
    const code = `import signal, sys
signal.signal(signal.SIGUSR1, lambda *_: print("handled", file=sys.stderr))
print("x" * 60_000, flush=True)
print("starts", file=sys.stderr)
print("y" * 60_000)
print("end")`
    const program = terminal.start(['run', '-c', code], { stdout: pipe.descriptor, env })
    await program.complains('starts')

    program.kill('SIGUSR1')
    await program.complains('handled')

    expect(await pipe.readUntil('end\n')).toBe(`${'x'.repeat(60_000)}\n${'y'.repeat(60_000)}\nend\n`)
    expect(await program.ended).toMatchObject({ exitCode: 0 })
  })

  const inShell = (code: string, behind: string) =>
    spawnSync('bash', ['-c', `'${process.execPath}' '${MAIN}' run -c '${code}' ${behind}`], {
      encoding: 'utf8',
      cwd: terminal.folder,
      env: { ...process.env, ...env },
    })

  it('writes in the order of python: stderr immediately, stdout buffered, the rest at exit', () => {
    const code = `import sys, os
print("1 out"); print("2 err", file=sys.stderr); os.write(1, b"3 os\\n")
old, sys.stdout = sys.stdout, open("other", "w")
print("elsewhere"); print("4 old", file=old)
raise SystemExit("5 exit")`

    const { stdout } = inShell(code, '2>&1')

    expect(stdout).toBe('2 err\n3 os\n5 exit\n1 out\n4 old\n')
  })

  it.each([
    ['', 'BufferedWriter FileIO', 'bytes\nprinted\n'],
    ['1', 'FileIO None', 'printed\nbytes\n'],
  ])('has the stdout.buffer of python if PYTHONUNBUFFERED is "%s"', async (unbuffered, types, stdout) => {
    const code = `import sys
buffer = sys.stdout.buffer
print("printed")
buffer.write(b"bytes\\n")
buffer.flush()
names = [type(one).__name__ if one else None for one in (buffer, getattr(buffer, "raw", None))]
print(*names, file=sys.stderr)`

    const program = await terminal.run(['run', '-c', code], { env: { PYTHONUNBUFFERED: unbuffered } })

    expect(program).toMatchObject({ exitCode: 0, stdout, stderr: `${types}\n` })
  })

  it.each([
    ['another stream takes over', 'sys.stdout = io.TextIOWrapper(buffer, "latin-1"); print("é")', 0, /^$/],
    ['no stream takes over', '', 120, /^Exception ignored while flushing sys.stdout:\nValueError: [a-z ]+\n$/],
  ])('ends as under python after sys.stdout was detached, if %s', async (_, code, exitCode, stderr) => {
    const detaches = `import io, sys\nbuffer = sys.stdout.detach()\n${code}`

    const program = await terminal.run(['run', '-c', detaches], { env })

    expect(program).toMatchObject({ exitCode, stderr: expect.stringMatching(stderr) })
    expect(program.stdout).toHaveLength(exitCode === 0 ? 2 : 0)
  })

  it.each([
    ['os._exit(3)', 3],
    ['os.kill(os.getpid(), signal.SIGTERM)', 143],
  ])('loses no printed output if it ends by %s', async (end, exitCode) => {
    const program = await terminal.run(['run', '-c', `import os, signal\nprint("printed")\n${end}`], { env })

    expect(program).toMatchObject({ exitCode, stdout: 'printed\n', stderr: '' })
  })

  it.each([
    ['head -1', 'for number in range(100_000): print(number)', '0\n', 1],
    ['true', 'print("lost")', '', 120],
  ])('gets BrokenPipeError and the exit code of python if its reader is "%s"', (reader, code, printed, status) => {
    const { stdout, stderr } = inShell(code, `| ${reader}; echo ":\${PIPESTATUS[0]}"`)

    expect(stdout).toBe(`${printed}:${status}\n`)
    expect(stderr).toContain('BrokenPipeError')
  })
})
