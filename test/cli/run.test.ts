/** `cloaca run` compared with python: origin of the program, output and exit code. */

import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { MAIN } from '../support/main-path.ts'

describe('cloaca run', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('passes arguments and the exit code through, and keeps the order of stdout and stderr', () => {
    const script = terminal.write(
      'order.py',
      `import sys
for number in range(3):
    print("out", number)
    print("err", number, file=sys.stderr)
print(*sys.argv[1:], __name__)
sys.exit(3)
`,
    )

    // Both streams go to one pipe, as on a terminal.
    const { status, stdout } = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${MAIN}" run -u "${script}" --flag "two words" 2>&1`],
      { encoding: 'utf8' },
    )

    expect(stdout.split('\n')).toEqual([
      ...['out 0', 'err 0', 'out 1', 'err 1', 'out 2', 'err 2'],
      '--flag two words __main__',
      '',
    ])
    expect(status).toBe(3)
  })

  it.each([
    ['os.abort()', 134],
    ['os.kill(os.getpid(), 9)', 137],
    ['os.kill(os.getpid(), 15)', 143],
  ])('prints nothing and has the exit code of a shell if the program ends itself by %s', async (code, exitCode) => {
    const ended = await terminal.run(['run', '-c', `import os, atexit; atexit.register(print, "end"); ${code}`])

    expect(ended).toMatchObject({ exitCode, stdout: '', stderr: '' })
  })

  it('runs the program of -c or of stdin, and tracebacks name its origin and lines', async () => {
    const [code, stdin] = await Promise.all([
      terminal.run(['run', '-c', 'import sys; print(sys.argv); raise KeyError("lost")', 'a', '-b']),
      terminal.run(['run', '-', 'c'], { stdin: 'import sys\nprint(sys.argv)\nundefined_name\n' }),
    ])

    expect(code).toMatchObject({ exitCode: 1, stdout: "['-c', 'a', '-b']\n" })
    expect(code.stderr).toMatch(/^Traceback .*\n {2}File "<string>", line 1, in <module>\n[\s\S]*\nKeyError: 'lost'\n$/)
    expect(stdin).toMatchObject({ exitCode: 1, stdout: "['-', 'c']\n" })
    expect(stdin.stderr).toMatch(/File "<stdin>", line 3, in <module>\nNameError/)
  })

  it('shows, hides or raises warnings according to -W and PYTHONWARNINGS', async () => {
    const code = 'import warnings; warnings.warn("careful"); print("done")'

    const shown = await terminal.run(['run', '-c', code], { env: { PYTHONWARNINGS: 'default' } })
    expect(shown).toMatchObject({
      exitCode: 0,
      stdout: 'done\n',
      stderr: expect.stringContaining('UserWarning: careful'),
    })
    const silent = await terminal.run(['run', '-u', '-W', 'ignore', '-B', '-c', code])
    expect(silent).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' })
    const strict = await terminal.run(['run', '-W', 'error', '-c', code])
    expect(strict).toMatchObject({ exitCode: 1, stdout: '' })
    expect((await terminal.run(['run', '-W'])).stderr).toContain('-W needs a rule')
  })

  it('suggests `cloaca serve` for a file that only declares triggers', async () => {
    const declares = 'import cloaca\n@cloaca.trigger(on="w")\ndef daily():\n    return False\n'
    terminal.write('declares.py', declares)
    terminal.write('opens.py', `${declares}cloaca.DefaultRunner("sqlite://:memory:").shutdown()\n`)
    const many = 'import cloaca\nfor i in range(3000):\n    cloaca.trigger("w", name=f"t{i}")(lambda: False)\n'
    terminal.write('many.py', many)

    const [only, opens, thousands] = await Promise.all(
      ['declares.py', 'opens.py', 'many.py'].map((name) => terminal.run(['run', name])),
    )

    expect(only).toMatchObject({ exitCode: 0, stdout: '' })
    expect(only?.stderr).toMatch(/declares\.py declares "daily" and opens no runner.* cloaca serve declares\.py\n$/)
    expect(opens?.stderr).not.toContain('opens no runner')
    expect(thousands?.stderr).toMatch(/many\.py declares "t0", .* "t5" and 2,994 more and opens no runner/)
  })

  it('runs a module of the current folder, and keeps its runner open until the program ends', async () => {
    terminal.write(
      'package/__main__.py',
      `import atexit
import cloaca

atexit.register(print, "the end")

@cloaca.trigger("nothing", poll_interval="10ms")
def busy():
    return False

runner = cloaca.DefaultRunner("sqlite://jobs.db")
print(len(runner.list_trigger_schedules()), __name__)
`,
    )

    const end = await terminal.run(['run', '-m', 'package'])

    expect(end).toMatchObject({ exitCode: 0, stderr: '', stdout: '1 __main__\nthe end\n' })
  })
})
