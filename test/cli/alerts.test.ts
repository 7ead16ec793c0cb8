/** Alerts of a serving process: delivery, stored history, and secrecy of the signing key. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { Terminal } from '../support/cloaca-process.ts'

const FAILS = `
import cloaca, os

@cloaca.trigger(on="etl", poll_interval="1h")
def once():
    return True

@cloaca.trigger(on="etl", name="broken", poll_interval="20ms")
def broken():
    raise ValueError("no luck: " + str(sorted(name for name in os.environ if "ALERT" in name)))

with cloaca.WorkflowBuilder("etl"):
    @cloaca.task(retry_attempts=1)
    def work(ctx):
        raise ValueError("no luck")
`

describe('a serving process with alerts', () => {
  it('sends one alert per failure to its URL and its command, and never prints the secret', {
    tags: ['proof'],
  }, async () => {
    await using terminal = new Terminal()
    await using receiver = await AlertReceiver.start()
    const url = `${receiver.url}/T0P/hook`
    terminal.write('fails.py', FAILS)
    terminal.write('cloaca.toml', `[alerts]\nurl = "${url}"\ncommand = "cat >> told"\nfailures-in-row = 2\n`)
    const env = { CLOACA_ALERTS_SECRET: 'hush-hush' }

    const serving = terminal.start(['serve', 'fails.py', '--log-level', 'debug'], { env })
    await serving.logs("workflow 'etl' failed")
    await serving.logs("trigger 'broken' was polled: failed", 3)
    serving.kill('SIGTERM')
    const end = await serving.ended
    const [people, programs, config] = await Promise.all([
      terminal.run(['alert', 'list'], { env }),
      terminal.run(['alert', 'list', '--json'], { env }),
      terminal.run(['config'], { env }),
    ])
    const bodies = receiver.received.map(({ body }) => body)

    expect(end.exitCode).toBe(0)
    for (const { headers } of receiver.received) expect(headers).toHaveProperty('webhook-signature')
    const kinds = ['execution-failed', 'trigger-failing']
    expect(bodies.map(({ kind }) => kind).toSorted()).toEqual(kinds)
    expect(bodies.find(({ kind }) => kind === 'trigger-failing')).toMatchObject({
      subject: 'broken',
      message: `Trigger "broken" failed 2 times in a row: trigger 'broken' raised exception: ValueError: no luck: []`,
    })
    expect(readFileSync(join(terminal.folder, 'told'), 'utf8').match(/"kind"/g)).toHaveLength(2)
    expect(people.stdout).toMatch(
      /-failed +opened +default \(command\): delivered \(exit code 0\), default \(url\): delivered \(status 200\) /,
    )
    const rows = JSON.parse(programs.stdout) as readonly { readonly kind: string; readonly deliveries: unknown }[]
    expect(rows.map(({ kind }) => kind).toSorted()).toEqual(kinds)
    expect(config.stdout).toMatch(/^alerts\.secret +set +CLOACA_ALERTS_SECRET$/m)
    expect(config.stdout).toMatch(/^alerts\.url +http:\/\/127\.0\.0\.1:\d+\/… +cloaca\.toml$/m)
    for (const { stdout, stderr } of [end, people, programs, config]) {
      expect(stdout + stderr).not.toMatch(/hush-hush|T0P/)
    }
  })

  it('shows the first line that its command printed to stderr in `alert list` if the delivery failed', async () => {
    await using terminal = new Terminal()
    terminal.write('fails.py', FAILS)
    const env = {
      CLOACA_ALERTS_ON: 'execution-failed',
      CLOACA_ALERTS_COMMAND: 'cat > /dev/null; echo no route to the gateway >&2; echo more >&2; exit 7',
    }
    const reason = 'the command exited with code 7: no route to the gateway'

    const serving = terminal.start(['serve', 'fails.py'], { env })
    await serving.logs(reason)
    serving.kill('SIGTERM')
    await serving.ended
    const { stdout } = await terminal.run(['alert', 'list'], { env })

    expect(stdout).toMatch(new RegExp(`default \\(command\\): pending after \\d attempts? \\(${reason}\\)`))
  })

  it('starts the alert command without tokens, passwords and secrets in its environment', {
    tags: ['proof'],
  }, async () => {
    await using terminal = new Terminal()
    terminal.write('fails.py', FAILS)
    const secret = 'hush-hush-hush-hush'
    const secrets = {
      CLOACA_HTTP_TOKEN: secret,
      CLOACA_DATABASE_URL: `sqlite://${secret}.db`,
      PGPASSWORD: secret,
      CLOACA_ALERTS_SECRET: secret,
      CLOACA_ALERTS_URL: `http://127.0.0.1:9/${secret}`,
      CLOACA_STREAMS_KAFKA_PASSWORD: secret,
      CLOACA_SECRET_WAREHOUSE: secret,
    }
    const env = {
      ...secrets,
      OWN_VARIABLE: 'kept',
      CLOACA_ALERTS_ON: 'execution-failed',
      CLOACA_ALERTS_COMMAND: 'cat > /dev/null; env > told.new; mv told.new told',
    }

    const serving = terminal.start(['serve', 'fails.py'], { env })
    await serving.logs("workflow 'etl' failed")
    serving.kill('SIGTERM')
    await serving.ended

    const told = readFileSync(join(terminal.folder, 'told'), 'utf8')
    expect(told).toMatch(/^OWN_VARIABLE=kept$/m)
    expect(told).toMatch(/^CLOACA_ALERT_KIND=execution-failed$/m)
    expect(told).not.toContain(secret)
    expect(Object.keys(secrets).filter((name) => told.includes(name))).toEqual([])
  })
})
