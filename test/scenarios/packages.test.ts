/**
 * Installation of packages for a project, with the commands of a user. The packages come from an index of this test,
 * and pip itself from the real index.
 */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { PackageServer } from '../support/package-server.ts'
import { LOCK, pipCommands } from '../support/pip-commands.ts'
import { pureWheel } from '../support/wheel.ts'

/** Configuration of a project that contains its own build backend, and so needs no other packages. */
const BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
const BACKEND = `
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "edited-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("edited.pth", os.path.abspath("code") + "\\n")
        wheel.writestr("edited-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: edited\\nVersion: 1.0\\n")
        headers = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("edited-1.0.dist-info/WHEEL", headers)
        wheel.writestr("edited-1.0.dist-info/RECORD", "")
    return name
`
const GREETING = 'def greet(who):\n    return f"hello {who}"\n'
const GREETS = 'import greeting; print(greeting.greet("Ada"), flush=True)'
const GREETS_ELSEWHERE = `import subprocess, sys; subprocess.run([sys.executable, "-c", '${GREETS}'], cwd="/")\n`

let index: PackageServer
let terminal: Terminal

beforeAll(async () => {
  index = await PackageServer.open()
  terminal = new Terminal()
  index.offer(
    pureWheel('greeting', '1.0', GREETING, { requires: ['words>=1'] }),
    pureWheel('greeting', '2.0', GREETING.replace('hello', 'welcome'), { requires: ['words>=1'] }),
    pureWheel('words', '1.0', ''),
    pureWheel('late', '1.0', 'x = 1\n'.repeat(1000)),
  )
  index.list('onlynative-1.0-cp314-cp314-manylinux_2_17_x86_64.whl')
})

afterAll(async () => {
  await terminal[Symbol.asyncDispose]()
  await index[Symbol.asyncDispose]()
})

const pip = (...words: readonly string[]) => terminal.run(['pip', ...words], { env: index.environment })
const commands = (...words: readonly string[]) => pipCommands(terminal, index.environment, words)
const packages = () => readdirSync(join(terminal.folder, '.cloaca', 'packages')).toSorted()
const greet = async () => (await terminal.run(['run', '-c', 'import greeting; print(greeting.greet("Ada"))'])).stdout

describe('a package of a project', () => {
  it('is installed with its dependencies, and can be imported by scripts and their processes', async () => {
    const installed = await pip('install', 'greeting<2')
    terminal.write('scripts/greets.py', `${GREETS}\n${GREETS_ELSEWHERE}`)
    const run = await terminal.run(['run', 'scripts/greets.py'])

    expect(installed.stdout).toContain('Successfully installed greeting-1.0 words-1.0')
    expect(installed.exitCode).toBe(0)
    expect(run.stdout).toBe('hello Ada\nhello Ada\n')
  })

  it('can be listed, frozen, checked, upgraded and removed with the commands of pip', async () => {
    terminal.write('requirements.txt', 'greeting\n')

    const [listed, upgraded, frozen, removed, checked] = await commands(
      'list',
      'install -r requirements.txt --upgrade',
      'freeze',
      'uninstall --yes words',
      'check',
    )

    expect(listed?.stdout).toMatch(/greeting +1\.0\nwords +1\.0/)
    expect(upgraded?.stdout).toContain('Successfully installed greeting-2.0')
    expect(frozen?.stdout).toBe('greeting==2.0\nwords==1.0\n')
    expect(removed?.stdout).toContain('Successfully uninstalled words-1.0')
    expect(checked).toMatchObject({ stdout: 'greeting 2.0 requires words, which is not installed.\n', exitCode: 1 })
    expect(packages()).toEqual(['greeting-2.0.dist-info', 'greeting.py'])
    expect(await greet()).toBe('welcome Ada\n')
  })

  it('is not changed by a killed installation, and two later installations succeed at the same time', async () => {
    index.faults.set('/files/late-1.0-py3-none-any.whl', 'stall')
    const before = packages()
    const killed = terminal.start(['pip', 'install', 'words', 'late'], { env: index.environment })
    await killed.prints('Collecting late')
    killed.kill('SIGKILL')
    await killed.ended
    expect(packages()).toEqual(before)

    index.faults.clear()
    const [first, second] = await Promise.all([pip('install', 'words'), pip('install', 'late')])

    expect([first.exitCode, second.exitCode]).toEqual([0, 0])
    expect(packages()).toEqual(
      [...before, 'late-1.0.dist-info', 'late.py', 'words-1.0.dist-info', 'words.py'].toSorted(),
    )
    expect(readdirSync(join(terminal.folder, '.cloaca')).toSorted()).toEqual(['packages', 'packages.lock'])
  })

  it('is imported from its source folder if it was installed with -e', async () => {
    terminal.write('demo/pyproject.toml', BUILD)
    terminal.write('demo/backend.py', BACKEND)
    terminal.write('demo/code/edited.py', 'print("before")\n')

    const [installed, frozen] = await commands('install -e demo', 'freeze')
    terminal.write('demo/code/edited.py', 'print("after")\n')
    const run = await terminal.run(['run', '-c', 'import edited'])

    expect(installed).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Successfully installed edited-1.0'),
    })
    expect(frozen?.stdout).toContain(`-e ${join(terminal.folder, 'demo')}\n`)
    expect(run.stdout).toBe('after\n')
  })

  it('is not installed if the disk is full, and the other packages stay', async () => {
    const before = packages()
    const full = 'import os, runpy, sys; os.link = lambda *_: exec("raise OSError(28, \'No space left on device\')");'
    const copy = 'import shutil; shutil.copy2 = os.link; sys.argv[:] = ["pip", *sys.argv[1:]];'
    const run = 'runpy.run_module("cloaca._packages.command", run_name="__main__")'

    const end = await terminal.run(['run', '-c', `${full} ${copy} ${run}`, LOCK, '0', 'install', 'greeting'])

    expect(end).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Nothing was installed or removed') })
    expect(packages()).toEqual(before)
  })

  it('is named with the reason if it has no fitting wheel or does not exist', async () => {
    const [version, native, unknown] = await commands('--version', 'install onlynative', 'install nowhere')

    expect(version?.stdout).toMatch(/^pip 26\.3 from /)
    expect([native?.exitCode, unknown?.exitCode]).toEqual([1, 1])
    expect(native?.stderr).toMatch(/"onlynative" cannot run here.*manylinux_2_17_x86_64/)
    expect(unknown?.stderr).toContain('Package "nowhere" not found')
  })
})
