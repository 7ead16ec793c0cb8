/** Messages about packages that a script needs and that are not installed. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OpenHost } from '../support/open-host.ts'
import { runScript } from '../support/run-script.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-missing-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('a missing package', () => {
  it('is named with the command that installs it when a script is loaded, polled and run', async () => {
    const loaded = write('at_load.py', 'import yaml_that_nobody_has\n')
    const polled = write(
      'at_poll.py',
      'import cloaca\n\n@cloaca.trigger("work", poll_interval="1h")\ndef poll():\n    import yaml_that_nobody_has\n\n' +
        'with cloaca.WorkflowBuilder("work") as work:\n    work.description("x")\n    @cloaca.task(id="run")\n' +
        '    def run(context):\n        import yaml_that_nobody_has\n',
    )
    const command = 'cloaca pip install yaml_that_nobody_has'

    await using python = await OpenHost.open([polled])
    const { fault } = await python.host.load(loaded, { kind: 'file', path: loaded })
    const poll = await python.poll(polled, 'poll')
    const task = await python.runTask(polled, 'work', 'run')

    expect(fault?.message).toContain(`No module named 'yaml_that_nobody_has'. If it is a package on PyPI`)
    expect(fault?.message).toContain(command)
    expect(fault?.traceback).toContain(command)
    expect(poll).toMatchObject({ kind: 'failed', error: { traceback: expect.stringContaining(command) } })
    expect(task).toMatchObject({ kind: 'failed', error: { traceback: expect.stringContaining(command) } })
  })

  it('is named below the traceback of a program', async () => {
    const run = await runScript('', { target: ['-c', 'import yaml_that_nobody_has'] })

    expect(run.exitCode).toBe(1)
    expect(run.stderr.trimEnd().split('\n').slice(-2)).toEqual([
      "ModuleNotFoundError: No module named 'yaml_that_nobody_has'",
      'If it is a package on PyPI, install it: cloaca pip install yaml_that_nobody_has',
    ])
  })
})

it('reports unmet requirements of several scripts once, with the command that installs them', async () => {
  const declares = 'import cloaca\n\n@cloaca.trigger("work", poll_interval="1h")\ndef poll(): return False\n'
  const scripts = [write('one.py', declares), write('two.py', declares.replace('poll()', 'other()'))]
  const file = write('requirements.txt', 'nowhere-to-be-found>=2\n')

  await using python = await OpenHost.open(scripts)

  expect(python.notices.filter((notice) => notice.includes('requirements.txt'))).toEqual([
    `Requirements of "${file}" are not met: nowhere-to-be-found>=2 is not installed. ` +
      `Install them with: cloaca pip install -r ${file}`,
  ])
})
