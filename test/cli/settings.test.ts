/** Settings files on the command line, and the format of log lines. */

import { describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const BUSY = `
import cloaca, time

@cloaca.trigger(on="nothing", poll_interval="20ms")
def hangs():
    time.sleep(600)
`

describe('the settings of a project', () => {
  it('apply to a serving process, and select the database of the other commands', async () => {
    await using terminal = new Terminal()
    terminal.write('busy.py', BUSY)
    terminal.write('cloaca.toml', 'database = "sqlite://jobs.db"\ngrace = "100ms"\n[limits]\npoll = "50ms"\n')
    const serving = terminal.start(['serve', 'busy.py'])

    await serving.logs('timed out')
    const { stdout } = await terminal.run(['trigger', 'list'])
    serving.kill('SIGTERM')

    expect(stdout).toMatch(/^hangs /m)
    expect((await serving.logs('stopping: ')).msg).toMatch(/nothing is running|waiting up to 100 ms for/)
    expect(await serving.ended).toMatchObject({ exitCode: 0 })
  })

  it('make every command fail before it starts anything if a setting is unknown', async () => {
    await using terminal = new Terminal()
    terminal.write('busy.py', BUSY)
    terminal.write('cloaca.toml', '[limits]\npol = "50ms"\n')

    for (const words of [['serve', 'busy.py'], ['run', 'busy.py'], ['trigger', 'list'], ['config']]) {
      const end = await terminal.run(words)

      expect(end, words[0]).toMatchObject({ exitCode: 1, stdout: '' })
      expect(end.stderr).toBe('cloaca: cloaca.toml: Unknown setting "limits.pol". Did you mean "limits.poll"?\n')
    }
  })

  it('are printed with their origin, as text and as JSON', async () => {
    await using terminal = new Terminal()
    terminal.write('package.json', '{"cloaca": {"limits": {"task": "1h"}}}')
    const env = { CLOACA_JITTER: '2s' }

    const people = await terminal.run(['config', '--memory', '2048'], { env })
    const programs = await terminal.run(['config', '--json'], { env })

    expect(people.stdout).toMatch(/^SETTING +VALUE +FROM$/m)
    expect(people.stdout).toMatch(/^limits\.memory +2gb +--memory$/m)
    expect(people.stdout).toMatch(/^limits\.task +1h +package\.json$/m)
    expect(JSON.parse(programs.stdout)).toContainEqual({ key: 'jitter', value: '2s', from: 'CLOACA_JITTER' })
    expect(JSON.parse(programs.stdout)).toContainEqual({ key: 'grace', value: '30s', from: 'default' })
  })

  it('are read in any folder from the file of --settings or CLOACA_SETTINGS, which the log names', async () => {
    await using terminal = new Terminal()
    terminal.write('busy.py', BUSY)
    const file = terminal.write('etc/jobs.toml', 'database = "sqlite://named.db"\njitter = "2s"\ngrace = "100ms"\n')
    terminal.write('cloaca.toml', 'database = "sqlite://other.db"\n')
    const env = { CLOACA_SETTINGS: file }

    const serving = terminal.start(['serve', 'busy.py', '--settings', 'etc/jobs.toml'])
    const { msg } = await serving.logs('settings are read from')
    await serving.logs('serving ')
    const byFlag = await terminal.run(['config', '--settings', 'etc/jobs.toml'])
    const byVariable = await terminal.run(['config', '--json'], { env })
    const listed = await terminal.run(['trigger', 'list', '--settings', file])
    const missing = await terminal.run(['run', '--settings', 'missing.toml', '-c', 'print("ran")'])
    serving.kill('SIGTERM')
    await serving.ended

    expect(msg).toBe(`settings are read from "${file}"`)
    expect(byFlag.stdout).toMatch(/^database +sqlite:\/\/named\.db +etc\/jobs\.toml$/m)
    expect(JSON.parse(byVariable.stdout)).toContainEqual({ key: 'jitter', value: '2s', from: file })
    expect(listed.stdout).toMatch(/^hangs /m)
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' })
    expect(missing.stderr).toContain('Settings file "missing.toml" not found')
  })

  it('are reported as missing in the log of a server that starts in the wrong folder', async () => {
    await using terminal = new Terminal()
    terminal.write('busy.py', BUSY)
    const serving = terminal.start(['serve', 'busy.py'])

    const { msg } = await serving.logs('no settings file')
    serving.kill('SIGTERM')

    expect(msg).toBe(`no settings file in "${terminal.folder}"`)
    await serving.ended
  })

  it('limit the memory of a program, unless a flag overrides them', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', '[limits]\nmemory = "384mb"\n')
    const code = 'try: bytearray(700 * 2**20)\nexcept MemoryError: print("too much")\nelse: print("there is enough")'

    const limited = await terminal.run(['run', '-c', code])
    const flagged = await terminal.run(['run', '--memory', '1gb', '-c', code])

    expect(limited.stdout).toBe('too much\n')
    expect(flagged.stdout).toBe('there is enough\n')
  })
})

describe('log lines', () => {
  it.each([
    ['Asia/Kolkata', '+05:30'],
    ['America/New_York', '-0[45]:00'],
    ['UTC', '+00:00'],
  ])('in text format have a date and a UTC offset, in the time zone %s', async (zone, offset) => {
    await using terminal = new Terminal()
    const env = { TZ: zone }

    const end = await terminal.run(['serve', 'missing_module', '--db', ':memory:', '--log-format', 'text'], { env })

    const stamp = new RegExp(
      `^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}${offset.replace('+0', '\\+0')} ERROR `,
      'm',
    )
    expect(end.stderr).toMatch(stamp)
  })

  it('in JSON format have UTC timestamps, and --log-format overrides the settings file', async () => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', '[log]\nformat = "text"\n')

    const end = await terminal.run(['serve', 'missing_module', '--db', ':memory:', '--log-format', 'json'])

    const lines = end.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly time: string })
    expect(lines.filter(({ time }) => !/^\d{4}-.*T.*Z$/.test(time))).toEqual([])
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error' }))
  })
})
