/** `cloaca run --python`: the program is what `python script.py` would have been. */

import { execFileSync, spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const PYTHON = 'python3'

let terminal: Terminal

beforeEach(() => {
  terminal = new Terminal()
})

afterEach(async () => {
  await terminal[Symbol.asyncDispose]()
})

/** What python itself says of the same words. */
function underPython(words: readonly string[], input = '') {
  const { stdout, stderr, status, signal } = spawnSync(PYTHON, words, {
    cwd: terminal.folder,
    input,
    encoding: 'utf8',
    env: { ...process.env, OF_TEST: 'yes' },
  })
  return { stdout, stderr, exitCode: status, signal }
}

const runs = (words: readonly string[], stdin = '') =>
  terminal.run(['run', '--python', PYTHON, ...words], { stdin, env: { OF_TEST: 'yes' } })

describe('a program under the python of the machine', () => {
  it('prints, raises and exits as under python itself, byte for byte', async () => {
    terminal.write(
      'facts.py',
      [
        'import os, sys, signal, threading',
        'print(sys.argv, __name__, sys.flags, sys.stdin.read(), os.environ["OF_TEST"], os.getcwd())',
        'print(sys.path[0], sys.executable, sys.orig_argv, signal.getsignal(signal.SIGINT), threading.active_count())',
        'print("to stderr \\u20ac", file=sys.stderr)',
        'def deep(): raise ValueError("of the script")',
        'deep()',
      ].join('\n'),
    )
    terminal.write('helper/__main__.py', 'import sys; print(sys.argv, __package__); sys.exit("with a message")')
    terminal.write('broken.py', 'def (:')
    for (const words of [
      ['facts.py', 'a', '-b', '--python'],
      ['-u', '-X', 'dev', '-W', 'error', 'facts.py'],
      ['-m', 'helper', 'x'],
      ['-c', 'import sys; print(sys.argv); sys.exit(7)', 'y'],
      ['broken.py'],
      ['missing.py'],
      ['-'],
      ['-V'],
    ]) {
      const stdin = words[0] === '-' ? 'import sys; print("from stdin", sys.argv)' : 'what stdin has'

      expect(await runs(words, stdin), words.join(' ')).toEqual(underPython(words, stdin))
    }
  })

  it('has the signals that this process gets, and ends by one as python does', async () => {
    terminal.write(
      'waits.py',
      [
        'import signal, time, sys, os',
        'signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"terminated\\n"))',
        // Within the try: what follows the word may come before the next statement is reached.
        'try:',
        '  os.write(1, b"ready\\n")',
        '  time.sleep(60)',
        'except KeyboardInterrupt: print("interrupted", flush=True)',
        'os.kill(os.getpid(), signal.SIGKILL)',
      ].join('\n'),
    )
    const running = terminal.start(['run', '--python', PYTHON, 'waits.py'])

    await running.prints('ready')
    running.kill('SIGTERM')
    await running.prints('terminated')
    running.kill('SIGINT')

    expect(await running.ended).toMatchObject({ stdout: 'ready\nterminated\ninterrupted\n', signal: 'SIGKILL' })
  })

  it('finds the package of this engine, also where it is not installed, and the engine', async () => {
    terminal.write('uses.py', 'import cloaca, os\nprint(os.path.dirname(cloaca.__file__), os.environ["CLOACA_ENGINE"])')

    const { stdout, stderr } = await runs(['uses.py'])

    expect(stderr).toBe('')
    expect(stdout).toMatch(/\/python\/cloaca .*node\S* .*\/cli\/main\.ts\n$/)
  })

  it('runs workflows with an engine that it starts, in its own process', async () => {
    terminal.write(
      'runs.py',
      [
        'import cloaca, os',
        'with cloaca.WorkflowBuilder("work"):',
        '    @cloaca.task()',
        '    def only(context):',
        '        context.set("pid", os.getpid())',
        '        return context',
        'runner = cloaca.DefaultRunner(":memory:")',
        'result = runner.execute("work", cloaca.Context({}))',
        'print(result.status, result.final_context.get("pid") == os.getpid())',
        'runner.shutdown()',
      ].join('\n'),
    )

    expect(await runs(['runs.py'])).toMatchObject({ stdout: 'Completed True\n', stderr: '', exitCode: 0 })
  })

  it('is the one that the project names, by a path that counts from its settings', async () => {
    const found = execFileSync(PYTHON, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    execFileSync(found, ['-m', 'venv', '--without-pip', `${terminal.folder}/.venv`])
    terminal.write('cloaca.toml', 'python = ".venv/bin/python"\n')
    terminal.write('where.py', 'import sys; print(sys.prefix)')

    const ended = await terminal.run(['run', 'where.py'])
    const inPyodide = await terminal.run(['run', '--python', 'pyodide', '-c', 'import sys; print(sys.platform)'])

    expect(ended).toMatchObject({ stdout: expect.stringMatching(/\.venv\n$/), stderr: '', exitCode: 0 })
    expect(inPyodide.stdout).toBe('emscripten\n')
  })

  it.each([
    ['nonesuch', 'there is no such program in the folders of PATH'],
    ['./nonesuch', 'there is no file "'],
    ['./', 'is a folder. Use the path of its executable.'],
    ['./plain.txt', 'is not an executable file'],
    ['./silent.sh', 'it is not Python: when asked for its version, it printed nothing'],
    ['./says.sh', 'it is not Python: when asked for its version, it printed "hello"'],
    ['./fails.sh', 'it is not Python: when asked for its version, it ended with exit code 3'],
    ['./old.sh', 'it is Python 3.8.1, but cloaca needs 3.9 or newer'],
  ])('that is %s is refused in one line', async (python, reason) => {
    terminal.write('plain.txt', 'x')
    terminal.write('silent.sh', '#!/bin/sh\n', 0o755)
    terminal.write('says.sh', '#!/bin/sh\necho hello\n', 0o755)
    terminal.write('fails.sh', '#!/bin/sh\nexit 3\n', 0o755)
    terminal.write('old.sh', '#!/bin/sh\necho cloaca 3.8.1\n', 0o755)

    const ended = await terminal.run(['run', '--python', python, 'x.py'])

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' })
    expect(ended.stderr).toMatch(/^cloaca: Python ".*" cannot be used: [^\n]*\n$/)
    expect(ended.stderr).toContain(reason)
  })
})
