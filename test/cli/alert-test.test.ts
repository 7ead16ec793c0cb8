/** `cloaca alert test`, and alerts that a killed process leaves to the next one. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { loggedMessages, Terminal } from '../support/cloaca-process.ts'

let receiver: AlertReceiver
let url: string

beforeEach(async () => {
  receiver = await AlertReceiver.start(204)
  url = `${receiver.url}/T0P`
})
afterEach(() => receiver[Symbol.asyncDispose]())

describe('cloaca alert test', () => {
  it('sends one alert to the URL and the command of a receiver, and prints the responses', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', `[alerts]\nurl = "${url}"\ncommand = "cat > told"\nsecret = "hush-hush"\n`)

    const text = await terminal.run(['alert', 'test', 'default'])
    const json = await terminal.run(['alert', 'test', 'default', '--json'])

    expect(text).toMatchObject({
      exitCode: 0,
      stdout:
        'Test alert to the url of receiver "default" delivered (status 204)\n' +
        'Test alert to the command of receiver "default" delivered (exit code 0)\n',
    })
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ id: receiver.received[1]?.headers['webhook-id'], receiver: 'default' },
      deliveries: [
        { to: 'url', response: 'status 204', error: null },
        { to: 'command', response: 'exit code 0', error: null },
      ],
    })
    expect(receiver.received[0]?.body).toMatchObject({ kind: 'execution-failed', state: 'opened', executionId: null })
  })

  it('has exit code 1 if the receiver refuses, and sends nothing to the others', async () => {
    await using terminal = new Terminal()
    receiver.status = 403
    terminal.write('cloaca.toml', `[alerts]\ncommand = "touch told"\n[alerts.receiver.oncall]\nurl = "${url}"\n`)

    const end = await terminal.run(['alert', 'test', 'oncall'])
    const { stdout } = await terminal.run(['alert', 'test', 'oncall', '--json'])

    expect(end).toMatchObject({
      exitCode: 1,
      stdout: 'Test alert to the url of receiver "oncall" failed: the server answered with status 403\n',
    })
    expect(JSON.parse(stdout).deliveries).toEqual([
      { to: 'url', response: 'status 403', error: 'the server answered with status 403' },
    ])
    expect(receiver.received).toHaveLength(2)
    expect(end.stdout + end.stderr).not.toContain('T0P')
  })

  it('names the receivers of the settings if the receiver is unknown', async () => {
    await using terminal = new Terminal()
    const none = await terminal.run(['alert', 'test', 'oncall'])
    terminal.write('cloaca.toml', `[alerts]\nurl = "${url}"\n[alerts.receiver.oncall]\ncommand = "true"\n`)

    const wrong = await terminal.run(['alert', 'test', 'oncal'])

    expect(none.stderr).toContain(
      'Receiver "oncall" not found in the settings of this folder. No receiver is configured.',
    )
    expect(wrong.stderr).toContain('The receivers are: default, oncall. Did you mean "oncall"?')
    expect([none.exitCode, wrong.exitCode]).toEqual([1, 1])
  })
})

describe('a serving process', () => {
  it('does not start if a route names an unknown receiver', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', '[alerts]\ncommand = "true"\n[[alerts.route]]\nreceiver = "oncall"\n')
    terminal.write('none.py', 'import cloaca\n')

    const end = await terminal.run(['serve', 'none.py'])

    expect(end.exitCode).toBe(1)
    const reason = 'A route of alerts names the unknown receiver "oncall". The receivers are: default.'
    expect(loggedMessages(end.stderr)).toContainEqual(expect.stringContaining(reason))
  })

  it('that is killed leaves its alerts to the next process, which sends them with the same id', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', `[alerts]\nurl = "${url}"\n`)
    terminal.write('fails.py', FAILS)
    receiver.status = 500
    // The next process also reports the lost engine.
    const failures = () => receiver.received.filter(({ body }) => body.kind === 'execution-failed')

    const killed = terminal.start(['serve', 'fails.py', '--no-http'])
    await killed.logs('Cannot deliver alerts to receiver "default"')
    await expect.poll(() => failures().length).toBe(3)
    const { stdout: listed } = await terminal.run(['alert', 'list'])
    killed.kill('SIGKILL')
    await killed.ended
    receiver.status = 204
    const before = failures().length
    terminal.write('other.py', OTHER)
    const next = terminal.start(['serve', 'other.py', '--no-http'])
    await next.logs('serving 0 triggers and 1 workflow')
    // At most a minute, if the process was killed while it was sending.
    await expect.poll(() => failures().length).toBeGreaterThan(before)
    next.kill('SIGTERM')
    await next.ended
    const { stdout } = await terminal.run(['alert', 'list', '--json'])
    const alerts = JSON.parse(stdout) as readonly { readonly kind: string }[]

    expect(listed).toMatch(/default \(url\): pending after \d+ attempts? \(the server answered with status 500\)/)
    const ids = new Set(failures().map(({ headers }) => headers['webhook-id']))
    expect(ids.size).toBe(1)
    expect(failures().filter((each) => each.status === 204)).toHaveLength(1)
    expect(alerts.filter(({ kind }) => kind === 'execution-failed')).toMatchObject([
      {
        id: [...ids][0],
        state: 'opened',
        workflow: 'etl',
        task: 'work',
        errorType: 'ValueError',
        deliveries: [{ receiver: 'default', outcome: 'delivered', response: 'status 204' }],
      },
    ])
  })
})

const OTHER = `
import cloaca

with cloaca.WorkflowBuilder("other"):
    @cloaca.task()
    def work(ctx):
        return ctx
`

const FAILS = `
import cloaca

@cloaca.trigger(on="etl", poll_interval="1h")
def once():
    return True

with cloaca.WorkflowBuilder("etl"):
    @cloaca.task(retry_attempts=1)
    def work(ctx):
        raise ValueError("no luck")
`
