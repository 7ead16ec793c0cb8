/** Settings of alerts: receivers and routes, their variables, rejected values, and secrets that are never shown. */

import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { alertTargets } from '../../src/alerts/alert-options.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { UsageError } from '../../src/errors.ts'
import { projectOptions } from '../../src/runner/project-options.ts'
import { runnerOptions } from '../../src/runner/runner-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { PRIVATE_VARIABLES } from '../../src/settings/settings-table.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

const toml = (text: string) => writeFileSync(folder.file('cloaca.toml'), text, { mode: 0o600 })
const optionsOf = (environment = {}) => projectOptions({ folder: folder.file('.'), environment }).alerts ?? {}
const shown = (environment = {}) =>
  Object.fromEntries(
    loadSettings({ folder: folder.file('.'), environment })
      .shown()
      .map(({ key, value }) => [key, value]),
  )

function refusal(run: () => unknown = optionsOf): UsageError {
  try {
    run()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('the options were accepted')
}

const targetsOf = (options = optionsOf()) =>
  alertTargets(options, { clock: new SystemClock(), environment: () => ({}) }).map(({ receiver, to, shown }) => [
    receiver,
    to,
    shown,
  ])

const TWO = `
[alerts]
url = "https://hooks.example.com/T0P"
command = ["notify"]
secret = "T0P-1"

[alerts.receiver.oncall]
url = "https://oncall.example.com/T0P"
secret = "T0P-2"

[alerts.receiver.mail]
command = "mail -s alert ops"

[[alerts.route]]
workflow = "etl-*"
tag = "team=data"
receiver = ["oncall", "mail"]

[[alerts.route]]
kind = "trigger-*"
receiver = "default"
`

describe('receivers and routes', () => {
  it('are the URL and the command of the section "alerts" as "default", and a table for each other', () => {
    toml(TWO)

    expect(targetsOf()).toEqual([
      ['default', 'url', 'https://hooks.example.com'],
      ['default', 'command', 'the command'],
      ['oncall', 'url', 'https://oncall.example.com'],
      ['mail', 'command', 'the command'],
    ])
    expect(optionsOf().routes).toEqual([
      { workflow: 'etl-*', tag: 'team=data', receiver: ['oncall', 'mail'] },
      { kind: 'trigger-*', receiver: 'default' },
    ])
  })

  it('are not changed for a project with only a URL', () => {
    toml('[alerts]\nurl = "http://127.0.0.1:9/hook"')

    expect(targetsOf()).toEqual([['default', 'url', 'http://127.0.0.1:9']])
  })

  it('are JSON in variables, which scripts do not see if they contain receivers', () => {
    const CLOACA_ALERTS_RECEIVER = '{"oncall": {"url": "https://oncall.example.com/T0P"}}'
    const CLOACA_ALERTS_ROUTE = '[{"receiver": "oncall"}]'

    const options = optionsOf({ CLOACA_ALERTS_RECEIVER, CLOACA_ALERTS_ROUTE })

    expect(targetsOf(options)).toEqual([['oncall', 'url', 'https://oncall.example.com']])
    expect(options.routes).toEqual([{ receiver: 'oncall' }])
    expect(PRIVATE_VARIABLES.has('CLOACA_ALERTS_RECEIVER')).toBe(true)
    expect(PRIVATE_VARIABLES.has('CLOACA_ALERTS_HEARTBEAT_URL')).toBe(true)
  })

  it('are shown without secrets and without the paths of URLs', () => {
    toml(`${TWO}\n[http]\npublic-url = "https://jobs.example.com"`)

    expect(shown()).toMatchObject({
      'alerts.receiver': 'oncall: https://oncall.example.com/…, mail: mail -s alert ops',
      'alerts.route': 'workflow etl-*, tag team=data to oncall and mail, kind trigger-* to default',
      'http.public-url': 'https://jobs.example.com',
    })
    expect(JSON.stringify(shown())).not.toContain('T0P')
  })

  it.each([
    [
      '[alerts.receiver.a]\nurl = "https://x/12345678"\ncommand = "true"',
      /"alerts\.receiver\.a" must be a receiver with/,
    ],
    ['[alerts.receiver.a]\nsecret = "12345678"', /"alerts\.receiver\.a" must be a receiver with either url/],
    ['[alerts.receiver.a]\ncommand = "true"\nsecret = "12345678"', /"alerts\.receiver\.a" must be a receiver with/],
    ['[alerts.receiver.a]\nurl = "htps://x/12345678"', /"alerts\.receiver\.a\.url" must be a URL .*something else was/],
    [
      '[alerts.receiver.a]\nurll = "https://x/12345678"',
      /Unknown setting "alerts\.receiver\.a\.urll"\. Did you mean "url"/,
    ],
    ['[alerts.receiver.default]\nurl = "https://x/12345678"', /names of receivers other than "default"/],
    ['[alerts]\nreceiver = "12345678"', /"alerts\.receiver" must be a table of receivers/],
    ['[[alerts.route]]\nworkflow = "a"', /Missing setting "alerts\.route\[0\]\.receiver"/],
    ['[[alerts.route]]\nreceiver = []', /"alerts\.route\[0\]\.receiver" must be/],
    ['[[alerts.route]]\nreceiver = "a"\ntag = "team"', /"alerts\.route\[0\]\.tag" must be a tag such as "team=data"/],
    [
      '[[alerts.route]]\nreceiver = "a"\nworkflows = "b"',
      /Unknown setting "alerts\.route\[0\]\.workflows"\. Did you mean/,
    ],
    ['[alerts]\nroute = "a"', /"alerts\.route" must be a list of routes/],
    ['[alerts]\nrepeat = "soon"', /"alerts\.repeat" must be a duration/],
    ['[http]\npublic-url = "jobs.example.com"', /"http\.public-url" must be a URL/],
  ])('are rejected, without secrets, if they are invalid: %j', (text, message) => {
    toml(text)
    const error = refusal()

    expect(error.code).toBe('INVALID_SETTINGS')
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('12345678')
  })

  it('are rejected if a route names an unknown receiver, with the names of the others', () => {
    toml(
      '[alerts]\nurl = "https://x.example.com"\n[[alerts.route]]\nreceiver = "oncal"\n' +
        '[alerts.receiver.oncall]\ncommand = "true"',
    )

    expect(refusal()).toMatchObject({
      code: 'INVALID_SETTINGS',
      facts: { path: 'alerts.route' },
      message: expect.stringContaining('unknown receiver "oncal". The receivers are: default, oncall.'),
    })
  })
})

describe('the options of a Node program', () => {
  it('have the same receivers and routes, and are rejected in the same cases', () => {
    const receivers = { oncall: { url: 'https://oncall.example.com/12345678' } }

    expect(runnerOptions({ alerts: { receivers, routes: [{ receiver: 'oncall' }], repeatMs: 1 } }).alerts).toBeDefined()
    expect(refusal(() => runnerOptions({ alerts: { receivers, routes: [{ receiver: 'mail' }] } }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/unknown receiver "mail"/),
    })
    const wrong = { oncall: { url: 'htps://oncall.example.com/12345678' } }
    expect(refusal(() => runnerOptions({ alerts: { receivers: wrong } })).message).toMatch(
      /"alerts\.receivers\.oncall\.url" must be a URL .* but something else was given/,
    )
    expect(refusal(() => runnerOptions({ alerts: { heartbeatUrl: 'htps://12345678' } })).message).not.toContain(
      '12345678',
    )
  })
})

describe('the other settings of alerts', () => {
  it('have defaults, and become the options of the runner', () => {
    const byDefault = optionsOf()
    toml(`
[alerts]
repeat = "1h"
cooldown = "0s"
recovered = false
allow-private-addresses = true
heartbeat-url = "https://hc-ping.com/T0P"
[http]
public-url = "https://jobs.example.com/cloaca"
`)

    expect(byDefault).toMatchObject({
      ...{ repeatMs: 14_400_000, cooldownMs: 600_000, recovered: true, allowPrivateAddresses: false },
      ...{ heartbeatUrl: null, publicUrl: null, receivers: null, routes: null },
    })
    expect(byDefault.on).not.toContain('approval-requested')
    expect(byDefault.on).toHaveLength(9)
    expect(optionsOf()).toMatchObject({
      ...{ repeatMs: 3_600_000, cooldownMs: 0, recovered: false, allowPrivateAddresses: true },
      ...{ heartbeatUrl: 'https://hc-ping.com/T0P', publicUrl: 'https://jobs.example.com/cloaca' },
    })
    expect(JSON.stringify(shown())).not.toContain('T0P')
  })
})
