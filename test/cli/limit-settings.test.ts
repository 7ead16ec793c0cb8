/** Tables `[limit.NAME]` of the settings in engines that programs and scripts open themselves. */

import { describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const SETTINGS = '[limit.crm]\nmax-active = 5\nrate = "7/1m"\n'
const OPENS_RUNNER = `
import cloaca

crm = cloaca.limit("crm", max_active=1)
with cloaca.WorkflowBuilder("push") as builder:
    @cloaca.task(limits=[crm])
    def send(context):
        return context

with cloaca.DefaultRunner("sqlite://own.db") as runner:
    print(runner.execute("push", cloaca.Context({})).status)
`

describe('overrides of limits in the settings', () => {
  it('apply to the runner that a program opens', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', SETTINGS)
    terminal.write('opens.py', OPENS_RUNNER)

    const ended = await terminal.run(['run', 'opens.py'])

    expect(ended).toMatchObject({ exitCode: 0, stdout: 'Completed\n' })
    expect(await shownLimit(terminal)).toMatchObject({ maxActive: 5, rate: '7/1m' })
  })

  it('apply to the runner that a served script opens on another database', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', SETTINGS)
    terminal.write('opens.py', OPENS_RUNNER)
    const serving = terminal.start(['serve', 'opens.py', '--db', 'sqlite://served.db'])
    await serving.logs('serving ')
    serving.kill('SIGTERM')
    await serving.ended

    expect(await shownLimit(terminal)).toMatchObject({ maxActive: 5, rate: '7/1m' })
  })
})

async function shownLimit(terminal: Terminal): Promise<unknown> {
  const { stdout } = await terminal.run(['limit', 'show', 'crm', '--db', 'sqlite://own.db', '--json'])
  return JSON.parse(stdout)
}
