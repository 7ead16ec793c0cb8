/** Settings from files, environment variables and flags: their precedence, and rejected values. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG } from '../../src/engine/engine-config.ts'
import { UsageError } from '../../src/errors.ts'
import { DEFAULT_LIMITS, MIN_MEMORY_MEBIBYTES } from '../../src/host/process/host-limits.ts'
import { projectOptions } from '../../src/runner/project-options.ts'
import { runnerOptions } from '../../src/runner/runner-options.ts'
import { programLimitsFromSettings, runnerOptionsFromSettings } from '../../src/runner/start/setting-options.ts'
import { loadSettings, type SettingSources } from '../../src/settings/settings.ts'
import { getSetting, SETTING_KEYS } from '../../src/settings/settings-table.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

let folder: TemporaryFolder

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

const root = () => folder.file('.')
const toml = (text: string) => writeFileSync(folder.file('cloaca.toml'), text)
const manifest = (content: unknown) => writeFileSync(folder.file('package.json'), JSON.stringify(content))
const load = (sources: Partial<SettingSources> = {}) => loadSettings({ folder: root(), environment: {}, ...sources })

function refusal(sources: Partial<SettingSources> = {}): UsageError {
  try {
    load(sources)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('a setting', () => {
  it('is taken from the flag, else the environment, else the file, else the default', () => {
    const shownGrace = (sources: Partial<SettingSources> = {}) =>
      load(sources)
        .shown()
        .find(({ key }) => key === 'grace')
    const environment = { CLOACA_GRACE: '3s' }

    const byDefault = shownGrace()
    toml('grace = "2s"')
    const inFile = shownGrace()
    const inEnvironment = shownGrace({ environment })
    const byFlag = shownGrace({ environment, flags: { grace: '4' } })

    expect(byDefault).toEqual({ key: 'grace', value: '30s', from: 'default' })
    expect(inFile).toEqual({ key: 'grace', value: '2s', from: 'cloaca.toml' })
    expect(inEnvironment).toEqual({ key: 'grace', value: '3s', from: 'CLOACA_GRACE' })
    expect(byFlag).toEqual({ key: 'grace', value: '4s', from: '--grace' })
  })

  it('can be in the key "cloaca" of package.json, which may lack that key', () => {
    manifest({ name: 'cloaca', version: '1.0.0' })
    const without = load().get('limits.poll')
    manifest({ name: 'jobs', cloaca: { limits: { poll: '1500ms', memory: '2gb' }, 'max-concurrent-tasks': 8 } })

    const settings = load()

    expect(without).toBe(30_000)
    expect(settings.get('limits.poll')).toBe(1_500)
    expect(settings.get('limits.memory')).toBe(2 * 1024 ** 3)
    expect(settings.get('max-concurrent-tasks')).toBe(8)
  })

  it('can be in a nested section, and can have a variable that other programs use as well', () => {
    toml('[streams.kafka]\nbrokers = ["one:9092", "two:9092"]\npassword = "hunter22"')

    const inFile = load()
    const inEnvironment = load({ environment: { KAFKA_BROKERS: 'three:9092, four:9092,' } })

    expect(inFile.get('streams.kafka.brokers')).toEqual(['one:9092', 'two:9092'])
    expect(inEnvironment.get('streams.kafka.brokers')).toEqual(['three:9092', 'four:9092'])
    expect(JSON.stringify(inFile.shown())).not.toContain('hunter22')
  })

  it.each([
    ['[streams]\nkafka = 1', '"streams.kafka" must be a table of settings'],
    ['[streams.kafka]\nbrokers = "one:9092"', '"streams.kafka.brokers" must be a list of non-empty strings'],
    [
      '[streams.kafka]\nbroker = ["one:9092"]',
      'Unknown setting "streams.kafka.broker". Did you mean "streams.kafka.brokers"?',
    ],
    ['[streams.kafak]\nbrokers = []', 'Unknown setting "streams.kafak"'],
  ])('is rejected in an unknown section or with a value of the wrong type: %s', (text, message) => {
    toml(text)

    expect(refusal().message).toContain(message)
  })

  it.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['5m', 300_000],
    ['90m', 5_400_000],
    [' 7d ', 604_800_000],
    ['never', null],
  ])('is read from a duration with a unit: %s', (text, expected) => {
    toml(`[retention]\nexecutions = "${text}"`)

    expect(load().get('retention.executions')).toBe(expected)
  })

  it('is not set by an empty variable', () => {
    expect(load({ environment: { CLOACA_DATABASE_URL: '', CLOACA_GRACE: '' } }).isSet('database')).toBe(false)
  })

  it('is read from a file with a byte order mark and Windows line ends', () => {
    toml('\ufeffgrace = "2s"\r\n[log]\r\nformat = "json"\r\n')

    expect(load().get('log.format')).toBe('json')
  })
})

describe('a settings file that is named by a flag or a variable', () => {
  it('replaces the files of the project folder, and its relative paths start at its own folder', () => {
    mkdirSync(folder.file('etc'))
    writeFileSync(folder.file('etc/jobs.toml'), 'grace = "2s"\npython = ".venv/bin/python"\n')
    toml('grace = "9s"\njitter = "9s"\n')

    const settings = load({ file: folder.file('etc/jobs.toml') })

    expect(settings.file).toBe(folder.file('etc/jobs.toml'))
    expect([settings.get('grace'), settings.isSet('jitter')]).toEqual([2_000, false])
    expect(runnerOptionsFromSettings(settings).python).toEqual({
      kind: 'cpython',
      executable: folder.file('etc/.venv/bin/python'),
    })
    expect(settings.shown()).toContainEqual({ key: 'grace', value: '2s', from: folder.file('etc/jobs.toml') })
  })

  it('can be a package.json, and a flag takes precedence over the variable', () => {
    writeFileSync(folder.file('one.toml'), 'grace = "1s"')
    writeFileSync(folder.file('two.toml'), 'grace = "2s"')
    manifest({ cloaca: { grace: '3s' } })
    const environment = { CLOACA_SETTINGS: folder.file('one.toml') }

    expect(load({ environment }).get('grace')).toBe(1_000)
    expect(load({ environment, file: folder.file('two.toml') }).get('grace')).toBe(2_000)
    expect(load({ environment, file: folder.file('package.json') }).get('grace')).toBe(3_000)
    expect(load({ environment: { CLOACA_SETTINGS: '' } }).file).toBe(folder.file('package.json'))
  })

  it.each([
    ['missing.toml', /Settings file ".*missing\.toml" not found/],
    ['package.json', /Settings file ".*package\.json" has no key "cloaca"/],
    ['broken.toml', /Cannot read settings file "broken\.toml": /],
    ['', /Cannot read settings file ".*": EISDIR/],
  ])('is rejected if it is missing, invalid or without settings: %j', (name, message) => {
    writeFileSync(folder.file('broken.toml'), 'grace = ')
    writeFileSync(folder.file('package.json'), '{}')
    toml('grace = "9s"')

    const error = refusal({ file: name === '' ? '' : folder.file(name) })

    expect(error).toMatchObject({ code: 'INVALID_SETTINGS' })
    expect(error.message).toMatch(message)
  })
})

describe('invalid settings', () => {
  it.each([
    ['graze = "2s"', 'graze', /Unknown setting "graze"\. Did you mean "grace"\?/],
    ['maxConcurrentTasks = 3', 'maxConcurrentTasks', /Did you mean "max-concurrent-tasks"\?/],
    ['[limits]\npol = "2s"', 'limits.pol', /Unknown setting "limits\.pol"\. Did you mean "limits\.poll"\?/],
    ['memory = "2gb"', 'memory', /Did you mean "limits\.memory"\?/],
    ['[limts]\npoll = "2s"', 'limts', /Unknown setting "limts"\. Did you mean "limits"\?/],
    ['zzz = 1', 'zzz', /Unknown setting "zzz"\.$/],
    ['__proto__ = 1', '__proto__', /Unknown setting "__proto__"/],
    ['limits = 5', 'limits', /"limits" must be a table of settings/],
    ['grace = 30', 'grace', /"grace" must be a duration such as "30s".* but 30 \(number\) was given/],
    ['grace = "30"', 'grace', /but "30" \(string\) was given/],
    ['grace = "-3s"', 'grace', /but "-3s" \(string\) was given/],
    ['grace = 1979-05-27', 'grace', /must be a duration/],
    ['database = " "', 'database', /a non-empty string/],
    ['interpreters = 0', 'interpreters', /a whole number, 1 or more, but 0 \(number\)/],
    ['interpreters = 1.5', 'interpreters', /a whole number/],
    ['[limits]\nmemory = "100mb"', 'limits.memory', /at least "384mb", but "100mb"/],
    ['[limits]\npoll = "0s"', 'limits.poll', /at least 1ms/],
    ['[log]\nformat = "xml"', 'log.format', /one of "auto", "text", "json", but "xml"/],
  ])('%j is rejected with the nearest key or the expected value', (text, path, message) => {
    toml(text)

    expect(refusal()).toMatchObject({
      code: 'INVALID_SETTINGS',
      facts: { path },
      message: expect.stringMatching(message),
    })
  })

  it('are reported together for the file, the environment and the flags', () => {
    toml('graze = 1\n[limits]\npoll = 5')

    const { message } = refusal({ environment: { CLOACA_JITTER: 'much' }, flags: { interpreters: '0' } })

    expect(message.split('\n')).toHaveLength(5)
    expect(message).toMatch(/"graze"[\s\S]*"limits\.poll"[\s\S]*"CLOACA_JITTER"[\s\S]*"--interpreters"/)
  })

  it.each([
    ['cloaca.toml', 'grace = ', /^Cannot read settings file "cloaca\.toml": .* \(line 1, column \d+\)$/],
    ['package.json', '{"cloaca": {', /^Cannot read settings file "package\.json": /],
    ['package.json', '{"cloaca": 5}', /"cloaca" must be a table of settings, but 5/],
  ])('a broken %s is rejected with an error that names the file or the key', (name, text, message) => {
    writeFileSync(folder.file(name), text)

    expect(refusal().message).toMatch(message)
  })

  it('a folder named cloaca.toml is rejected, and a folder named package.json is ignored', () => {
    mkdirSync(folder.file('package.json'))
    expect(load().isSet('grace')).toBe(false)
    mkdirSync(join(root(), 'cloaca.toml'))

    expect(refusal().message).toMatch(/^Cannot read settings file "cloaca\.toml": EISDIR/)
  })

  it('settings in both cloaca.toml and package.json are rejected', () => {
    toml('grace = "1s"')
    manifest({ cloaca: {} })

    expect(refusal().message).toMatch(/Both .* Move all settings to one of these files/)
  })

  it('a variable of another program is ignored, and a misspelt variable is rejected', () => {
    const others = {
      CLOACA_SERVICE_HOST: '10.0.0.1',
      CLOACA_PORT: 'tcp://10.0.0.1:80',
      CLOACA_CACHE_DIR: '/tmp',
      CLOACA_TRACE: 'border',
      CLOACA_GRID: '1',
    }
    expect(load({ environment: others }).isSet('database')).toBe(false)

    expect(refusal({ environment: { CLOACA_DATABASE_ULR: 'x' } }).message).toMatch(
      /environment variable "CLOACA_DATABASE_ULR"\. Did you mean "CLOACA_DATABASE_URL"\?/,
    )
  })
})

describe('the table of settings', () => {
  it('has the same defaults as the engine and its interpreters', () => {
    const { alerts, config, database, durability, interpreters, reloadGraceMs, streams, ...limits } =
      runnerOptionsFromSettings(load())
    const { maxConcurrentTasks, taskTimeoutMs, parkMs, pollDeadlineMs, pollJitterMs, retention } = DEFAULT_CONFIG
    const { attemptLogBytes, pollLogBytes, triggerStateBytes, keepSkipLogs } = DEFAULT_CONFIG
    const { predicateTimeoutMs, predicateSteps, triesLater, cronMaxCatchupExecutions } = DEFAULT_CONFIG

    expect(config).toEqual({
      maxConcurrentTasks,
      taskTimeoutMs,
      parkMs,
      pollDeadlineMs,
      pollJitterMs,
      retention,
      attemptLogBytes,
      pollLogBytes,
      triggerStateBytes,
      keepSkipLogs,
      predicateTimeoutMs,
      predicateSteps,
      triesLater,
      cronMaxCatchupExecutions,
    })
    expect(alerts).toMatchObject({ url: null, secret: null, command: null, failuresInRow: 3, lateByMs: 60_000 })
    expect({ database, durability, interpreters, reloadGraceMs }).toEqual({
      database: 'sqlite://cloaca.db',
      durability: 'full',
      interpreters: 1,
      reloadGraceMs: 30_000,
    })
    expect(limits).toEqual({
      schema: null,
      python: { kind: 'pyodide' },
      pythonFor: {},
      restrict: null,
      restrictFor: {},
      interpreterMemoryMb: DEFAULT_LIMITS.memoryMebibytes,
      interpreterOpenFiles: DEFAULT_LIMITS.openFiles,
      interpreterThreads: DEFAULT_LIMITS.threads,
      loadTimeoutMs: DEFAULT_LIMITS.loadDeadlineMs,
    })
    expect(Object.keys(streams ?? {})).toEqual(['kafka'])
    expect(programLimitsFromSettings(load())).toMatchObject({ memoryMebibytes: DEFAULT_LIMITS.memoryMebibytes })
    const { schema, fromText } = getSetting('limits.memory').type
    expect(v.is(schema, fromText(`${MIN_MEMORY_MEBIBYTES}`))).toBe(true)
    expect(v.is(schema, fromText(`${MIN_MEMORY_MEBIBYTES - 1}`))).toBe(false)
  })

  it('limits the missed runs of schedules from 0 to 1,000, by its variable or its flag', () => {
    const most = (sources: Partial<SettingSources>) =>
      runnerOptionsFromSettings(load(sources)).config?.cronMaxCatchupExecutions

    expect(most({ environment: { CLOACA_LIMITS_CATCHUP: '0' } })).toBe(0)
    expect(most({ flags: { 'limits.catchup': '1000' } })).toBe(1_000)
    expect(refusal({ flags: { 'limits.catchup': '1001' } }).message).toContain('"--catchup-limit"')
  })

  it('shows each default in a form that it can parse, and has no duplicate variables or flags', () => {
    for (const key of SETTING_KEYS) {
      const { type, default: byDefault } = getSetting(key)
      if (byDefault !== null) expect(v.parse(type.schema, type.fromText(type.show(byDefault))), key).toEqual(byDefault)
    }
    const variables = SETTING_KEYS.map((key) => getSetting(key).variable)
    const flags = SETTING_KEYS.map((key) => getSetting(key).flag).filter((flag) => flag !== null)

    expect(new Set(variables).size).toBe(variables.length)
    expect(new Set(flags).size).toBe(flags.length)
  })
})

describe('the settings of alerts', () => {
  const shown = (sources: Partial<SettingSources> = {}) =>
    Object.fromEntries(
      load(sources)
        .shown()
        .map(({ key, value }) => [key, value]),
    )

  it('are shown without the secret and without the path of the URL', () => {
    toml('[alerts]\nurl = "https://hooks.example.com/T0P/key?token=T0P"\nsecret = "T0P"\ncommand = ["notify", "a b"]')

    expect(shown()).toMatchObject({
      'alerts.url': 'https://hooks.example.com/…',
      'alerts.secret': 'set',
      'alerts.command': '["notify","a b"]',
      'alerts.on':
        'execution-failed, trigger-failing, trigger-late, interpreter-quarantined, database-refused, ' +
        'trigger-disabled, trigger-silent, deadline-missed, engine-lost',
    })
    expect(shown({ environment: { CLOACA_ALERTS_ON: 'trigger-late,execution-failed' } })['alerts.on']).toBe(
      'execution-failed, trigger-late',
    )
  })

  it.each([
    ['secret = 12345678', 'alerts.secret'],
    ['url = "https://user:12345678@example.com"', 'alerts.url'],
    ['url = "htps://example.com/12345678"', 'alerts.url'],
  ])('are not shown in the error if they are invalid: %j', (text, path) => {
    toml(`[alerts]\n${text}`)
    const { facts, message } = refusal()

    expect(facts.path).toBe(path)
    expect(message).not.toContain('12345678')
    expect(() => runnerOptions({ alerts: { url: 'htps://example.com/12345678' } })).toThrow(/something else was given/)
  })

  it.each([
    ['on = []', /a list of one or more of/],
    [
      'on = ["trigger-lat"]',
      /"alerts\.on\[0\]" must be one of .*, but "trigger-lat" \(string\) was given\. Did you mean "trigger-late"\?$/,
    ],
    ['on = ["trigger-late", 3]', /"alerts\.on\[1\]" must be one of .*, but 3 \(number\) was given\.$/],
    ['command = []', /a list of a program and its arguments/],
    ['failures-in-row = 0', /1 or more/],
    ['every = 3', /Unknown setting "alerts\.every"/],
  ])('are rejected with the expected value if they are invalid: %j', (text, message) => {
    toml(`[alerts]\n${text}`)

    expect(refusal().message).toMatch(message)
  })
})

describe('the options of a Node program', () => {
  it('are rejected with the position of an unknown kind in the list of alerts', () => {
    expect(() => runnerOptions({ alerts: { on: ['trigger-late', 'database-refusd'] as never } })).toThrow(
      /"alerts\.on\[1\]" must be .*, but "database-refusd" \(string\) was given\. Did you mean "database-refused"\?$/,
    )
  })

  it('are read from the settings of its project, and are valid options of a runner', () => {
    toml('max-concurrent-tasks = 9\n[limits]\nload = "3s"\n[retention]\nexecutions = "never"')

    const options = projectOptions({ folder: root(), environment: { CLOACA_DURABILITY: 'normal' } })

    expect(runnerOptions(options)).toMatchObject({
      durability: 'normal',
      loadTimeoutMs: 3_000,
      config: { maxConcurrentTasks: 9, retention: { endedMs: null } },
    })
  })
})
