/** Tables `[limit.NAME]` of settings: accepted values, rejected members, and how `cloaca config` shows them. */

import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { projectOptions } from '../../src/runner/project-options.ts'
import { runnerOptions } from '../../src/runner/runner-options.ts'
import { loadSettings } from '../../src/settings/settings.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

const toml = (text: string) => writeFileSync(folder.file('cloaca.toml'), text, { mode: 0o600 })
const optionsOf = (environment = {}) => projectOptions({ folder: folder.file('.'), environment })

function refusal(): UsageError {
  try {
    optionsOf()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('the settings were accepted')
}

const CRM = { maxActive: 5, rate: { count: 100, windowMs: 60_000 } }

describe('the table of a limit', () => {
  it('becomes an option of runners, which accept it', () => {
    toml('[limit.crm]\nmax-active = 5\nrate = "100/1m"\n\n[limit."eu.mail"]\nrate = "3/2h"\n')

    const options = optionsOf()

    expect(options.limits).toEqual({ crm: CRM, 'eu.mail': { rate: { count: 3, windowMs: 7_200_000 } } })
    expect(runnerOptions(options).limits).toEqual(options.limits)
  })

  it('is read from package.json, and from a variable as JSON', () => {
    const table = { crm: { 'max-active': 5, rate: '100/1m' } }
    writeFileSync(folder.file('package.json'), JSON.stringify({ cloaca: { limit: table } }))
    expect(optionsOf().limits).toEqual({ crm: CRM })

    expect(optionsOf({ CLOACA_LIMIT: '{"crm": {"max-active": 2}}' }).limits).toEqual({ crm: { maxActive: 2 } })
  })

  it('is shown with its file by cloaca config', () => {
    toml('[limit.crm]\nmax-active = 5\nrate = "120/120s"\n\n[limit.mail]\nrate = "7/1500ms"\n')

    const shown = loadSettings({ folder: folder.file('.'), environment: {} }).shown()

    expect(shown.find(({ key }) => key === 'limit')).toEqual({
      key: 'limit',
      value: 'crm: max-active 5 and rate 120/2m, mail: rate 7/1500ms',
      from: 'cloaca.toml',
    })
  })

  it.each([
    ['max-actve = 3', 'limit.crm.max-actve', /Unknown setting "limit\.crm\.max-actve"\. Did you mean "max-active"\?/],
    ['maxActive = 3', 'limit.crm.maxActive', /Did you mean "max-active"\?/],
    ['max-active = 0', 'limit.crm.max-active', /a whole number, 1 or more, but 0 \(number\)/],
    ['max-active = "3"', 'limit.crm.max-active', /a whole number/],
    ['rate = 100', 'limit.crm.rate', /a rate such as "100\/1m"/],
    ['rate = "100"', 'limit.crm.rate', /a rate such as "100\/1m".*but "100" \(string\)/],
    ['rate = "0/1m"', 'limit.crm.rate', /a count from 1 to 100000/],
    ['rate = "100001/1m"', 'limit.crm.rate', /a count from 1 to 100000/],
    ['rate = "1/999ms"', 'limit.crm.rate', /from "1s" to "7d"/],
    ['rate = "1/8d"', 'limit.crm.rate', /from "1s" to "7d"/],
    ['', 'limit.crm', /at least one of "max-active" and "rate"/],
  ])('refuses %j', (line, path, message) => {
    toml(`[limit.crm]\n${line}\n`)

    const error = refusal()

    expect(error).toMatchObject({ code: 'INVALID_SETTINGS', facts: { path } })
    expect(error.message).toMatch(message)
  })

  it('refuses a value that belongs to the table of resource limits, and names that table', () => {
    toml('[limit]\npoll = "2s"\n')

    expect(refusal().message).toMatch(/"limit\.poll" must be .*resources are in the table "limits"/)
  })

  it('refuses a name that no limit of tasks can have, such as that of a workflow', () => {
    toml('[limit."workflow:sync"]\nmax-active = 1\n')

    expect(refusal().message).toMatch(/"limit" must be names of limits: 1 to 100 ASCII letters/)
  })

  it('keeps a limit named constructor', () => {
    toml('[limit.constructor]\nmax-active = 1\n')

    expect(Object.entries(optionsOf().limits ?? {})).toEqual([['constructor', { maxActive: 1 }]])
  })
})

describe('the option limits of a runner', () => {
  it.each([
    [{ crm: { maxActive: 0 } }, 'limits.crm.maxActive'],
    [{ crm: { maxactive: 1 } }, 'limits.crm.maxactive'],
    [{ crm: { rate: { count: 1, windowMs: 10 } } }, 'limits.crm.rate.windowMs'],
  ])('refuses %j', (limits, path) => {
    expect(() => runnerOptions({ limits: limits as never })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', facts: expect.objectContaining({ path }) }),
    )
  })
})
