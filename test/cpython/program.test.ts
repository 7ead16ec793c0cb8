/** `cloaca run --python`, compared with the same program under `python script.py`. */

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

/** Runs `python` with the same arguments. */
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

describe("a program under the system's CPython", () => {
  it('prints the same bytes and exits with the same code as under python', async () => {
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

  it('receives the signals of cloaca run, and ends by its own signal', async () => {
    terminal.write(
      'waits.py',
      [
        'import signal, time, sys, os',
        'signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"terminated\\n"))',
        // Inside the try, because SIGINT can arrive before the next statement starts.
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

  it('finds the engine, and its Python package even if the package is not installed', async () => {
    terminal.write('uses.py', 'import cloaca, os\nprint(os.path.dirname(cloaca.__file__), os.environ["CLOACA_ENGINE"])')

    const { stdout, stderr } = await runs(['uses.py'])

    expect(stderr).toBe('')
    expect(stdout).toMatch(/\/python\/cloaca .*node\S* .*\/cli\/main\.[jt]s\n$/)
  })

  it('runs the tasks of workflows in its own process, with an engine that it starts', async () => {
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

  it('runs under the Python in cloaca.toml, whose path is relative to that file', async () => {
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
  ])('fails with one line if --python is %s', async (python, reason) => {
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

  it('starts a workflow once for a key, also if the program runs again, and under Pyodide', async () => {
    terminal.write(
      'bill.py',
      [
        'import sys',
        'import cloaca',
        'with cloaca.WorkflowBuilder("bill"):',
        '    @cloaca.task(retry_attempts=0)',
        '    def charge(context):',
        '        print("charged", context["amount"])',
        '        return context',
        'with cloaca.DefaultRunner("sqlite://bills.db") as runner:',
        '    context = cloaca.Context({"amount": float(sys.argv[1])})',
        '    try:',
        '        print(runner.execute("bill", context, key="invoice-7").final_context["amount"])',
        '    except ValueError as error:',
        '        print(str(error).partition(", by")[0].partition(": it")[0])',
      ].join('\n'),
    )

    expect((await runs(['bill.py', '7.5'])).stdout).toBe('charged 7.5\n7.5\n')
    expect((await runs(['bill.py', '7.5'])).stdout).toBe('7.5\n')
    expect((await terminal.run(['run', 'bill.py', '7.5'])).stdout).toBe('7.5\n')
    const refused = 'Workflow execution failed: Key "invoice-7" of workflow "bill" was used with another input'
    expect((await runs(['bill.py', '8'])).stdout).toBe(`${refused}\n`)
    expect((await terminal.run(['run', 'bill.py', '8'])).stdout).toBe(`${refused}\n`)
  })
})
