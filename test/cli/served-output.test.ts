/** Output of `serve` as data: each line on stdout and stderr is JSON with the names of its call, or text with them. */

import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type LogRecord, Terminal } from '../support/cloaca-process.ts'
import { find, JSON_LINES, parsed, servedLines } from '../support/served-lines.ts'
import { EXECUTABLE } from '../support/test-python.ts'

const PRINTS = `
import logging, os, subprocess, sys, threading, time, warnings
import cloaca

print("printed at load")
logging.warning("logged at load")

with cloaca.WorkflowBuilder("says"):
    @cloaca.task(id="say")
    def say(context):
        print("one\\ntwo")
        print("half", end="", flush=True)
        time.sleep(0.01)
        print(" and half")
        print("a\\rb\\x00c")
        sys.stdout.buffer.write(b"bytes \\xff\\n")
        sys.stdout.flush()
        print("é" * 500_000)
        print("to stderr", file=sys.stderr)
        logging.getLogger("shop.stock").error("low: %s", 3, extra={"item": "tea"})
        try:
            1 / 0
        except ZeroDivisionError:
            logging.exception("caught")
        warnings.warn("careful")
        subprocess.run(["sh", "-c", "echo from a child; echo to the device > /dev/stderr"])
        os.system("echo from a shell")
        def print_many():
            print("\\n".join(f"line {number}" for number in range(10_000)))
        thread = threading.Thread(target=print_many)
        thread.start()
        thread.join()
        def fail():
            raise ValueError("in a thread")
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        print("no end", end="")

@cloaca.trigger(on="says", name="once", poll_interval="1h")
def once():
    print("polled")
    return True
`

const FUNCTIONS = `
import { execSync } from 'node:child_process'
import { trigger, workflow } from 'cloaca'
console.log('printed at load')
export const says = workflow('says').task('say', {}, (_context, { log }) => {
  process.emitWarning('careful')
  console.log('one\\ntwo')
  process.stderr.write('to stderr\\n')
  log.error('low', { item: 'tea', error: new Error('empty') })
  execSync('echo from a child >&2')
  console.log('y'.repeat(100_000))
  process.stdout.write('half')
})
export const once = trigger('once', { starts: says, every: '1h' }, () => {
  console.log('polled')
  return true
})
`

const OF_TASK = { executionId: expect.any(String), workflow: 'says', task: 'say', attempt: 1 }

function checkPrints(records: readonly LogRecord[]): void {
  const ofTask = (msg: string, stream: string) => ({ msg, stream, script: 'prints.py', ...OF_TASK })
  for (const msg of ['one', 'two', 'half and half', 'a\rb\0c', 'bytes \ufffd', 'no end', 'line 0', 'line 9999'])
    expect(find(records, msg)).toMatchObject(ofTask(msg, 'stdout'))
  for (const msg of ['from a child', 'from a shell']) expect(find(records, msg)).toMatchObject(ofTask(msg, 'stdout'))
  for (const msg of ['to stderr', 'to the device', 'ValueError: in a thread'])
    expect(find(records, msg)).toMatchObject(ofTask(msg, 'stderr'))
  expect(find(records, 'é')).toMatchObject({ ...ofTask('é'.repeat(32_768), 'stdout'), cut: true })
  expect(records.filter(({ msg }) => /^line \d+$/.test(msg))).toHaveLength(10_000)
  const low = { ...ofTask('low: 3', 'log'), level: 'error', logger: 'shop.stock', extra: { item: 'tea' } }
  expect(find(records, 'low')).toMatchObject(low)
  expect(find(records, 'caught')).toMatchObject({ traceback: expect.stringContaining('ZeroDivisionError') })
  expect(records.find(({ msg }) => msg.includes('UserWarning: careful'))).toMatchObject({
    stream: 'stderr',
    task: 'say',
  })
  expect(find(records, 'polled')).toMatchObject({ script: 'prints.py', trigger: 'once', stream: 'stdout' })
  expect(find(records, 'printed at load')).toMatchObject({ script: 'prints.py', stream: 'stdout' })
  expect(find(records, 'logged at load')).toMatchObject({ script: 'prints.py', stream: 'log', level: 'warn' })
  expect(find(records, "workflow 'says' completed")).not.toHaveProperty('stream')
  expect(records.at(-1)?.msg).toMatch(/^stopped/)
}

describe('serve with --log-format json', () => {
  it('prints a JSON object for each line of a Python script, its children and the engine', async () => {
    await using terminal = new Terminal()
    terminal.write('prints.py', PRINTS)

    const records = await servedLines(terminal, ['prints.py', ...JSON_LINES])

    checkPrints(records)
    if (spawnSync('jq', ['--version']).status === 0) {
      const filter = 'select(.task == "say" and .stream == "log") | .logger'
      const loggers = execFileSync('jq', ['-r', filter, 'output'], { cwd: terminal.folder, encoding: 'utf8' })
      expect(loggers).toBe('shop.stock\nroot\n')
    }
  })

  it("prints the same objects for a script in the system's CPython, also if it is stopped by Ctrl-C", async () => {
    await using terminal = new Terminal()
    terminal.write('prints.py', PRINTS)

    const words = ['prints.py', ...JSON_LINES, '--python', EXECUTABLE]
    const records = await servedLines(terminal, words, { signal: 'SIGINT' })

    checkPrints(records)
  })

  it.each(['main thread', 'worker'])(
    'prints a JSON object for each line of a TypeScript script in a %s',
    async (thread) => {
      await using terminal = new Terminal()
      terminal.write('prints.ts', FUNCTIONS + (thread === 'worker' ? "export const isolation = 'worker'\n" : ''))

      const records = await servedLines(terminal, ['prints.ts', ...JSON_LINES])

      for (const msg of ['one', 'two', 'half'])
        expect(find(records, msg)).toMatchObject({ msg, ...OF_TASK, script: 'prints.ts', stream: 'stdout' })
      for (const msg of ['to stderr', 'from a child'])
        expect(find(records, msg)).toMatchObject({ msg, ...OF_TASK, stream: 'stderr' })
      expect(find(records, 'yyy')).toMatchObject({ ...OF_TASK, msg: 'y'.repeat(65_536), cut: true })
      const low = { msg: 'low', level: 'error', stream: 'log', extra: { item: 'tea' }, ...OF_TASK }
      expect(find(records, 'low')).toMatchObject({ ...low, traceback: expect.stringContaining('Error: empty') })
      expect(find(records, 'polled')).toMatchObject({ trigger: 'once', stream: 'stdout' })
      expect(find(records, 'printed at load')).toMatchObject({ stream: 'stdout' })
      expect(records.find(({ msg }) => msg.includes('Warning: careful'))).toMatchObject({ stream: 'stderr' })
    },
  )

  it('prints errors of a start as JSON: a wrong option, a missing file, a script that cannot be loaded', async () => {
    await using terminal = new Terminal()
    terminal.write('broken.py', 'print("before")\nraise KeyboardInterrupt\n')

    const wrong = await terminal.run(['serve', 'broken.py', '--nonsense', '--log-format', 'json'])
    const missing = await terminal.run(['serve', 'missing.py', ...JSON_LINES])
    const broken = await terminal.run(['serve', 'broken.py', ...JSON_LINES])

    expect(parsed(wrong.stderr)[0]).toMatchObject({ level: 'error', msg: expect.stringContaining('--nonsense') })
    expect(parsed(missing.stderr).at(-1)).toMatchObject({ level: 'error', msg: expect.stringContaining('missing.py') })
    expect(parsed(broken.stdout)).toMatchObject([{ msg: 'before', script: 'broken.py', stream: 'stdout' }])
    expect(find(parsed(broken.stderr), 'Script "broken.py"')).toMatchObject({ level: 'error', script: 'broken.py' })
  })

  it.each([
    ['is not TOML', '[log\n', 'Cannot read settings file "cloaca.toml"'],
    ['has unknown and invalid settings', 'nonsense = 1\n[log]\nlevel = "loud"\n', 'Unknown setting "nonsense"'],
    ['has an invalid format of the log', '[log]\nformat = "jsn"\n', '"log.format" must be one of'],
  ])('prints JSON if the settings file %s, by option and by variable', async (_, file, error) => {
    await using terminal = new Terminal()
    terminal.write('cloaca.toml', file)

    const ends = [
      await terminal.start(['serve', 'jobs.py', '--log-format', 'json']).ended,
      await terminal.start(['serve', 'jobs.py', '--log-format=json']).ended,
      await terminal.start(['serve', 'jobs.py'], { env: { CLOACA_LOG_FORMAT: 'json' } }).ended,
    ]

    for (const { stdout, stderr } of ends) {
      expect(stdout).toBe('')
      expect(parsed(stderr)).toMatchObject([{ level: 'error', msg: expect.stringContaining(error) }])
    }
  })
})

describe('serve with --log-format text', () => {
  it('starts each line in a file with the names of its call, unless --no-prefix is given', async () => {
    await using terminal = new Terminal()
    terminal.write('says.py', SAYS)
    const words = ['says.py', '--no-http', '--db', ':memory:', '--log-format', 'text']

    const lines = await servedText(terminal, words)
    const plain = await servedText(terminal, [...words, '--no-prefix'])

    const names = String.raw`\[[0-9a-f-]{36} says say 1\] `
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${names}hello$`)))
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${names}WARNING:root:logged$`)))
    expect(lines).toContainEqual('[trigger once] polled')
    expect(lines).toContainEqual('[script says.py] at load')
    expect(lines).toContainEqual(expect.stringMatching(/INFO {2}\[[0-9a-f-]{36} says\] workflow 'says' completed$/))
    expect(plain).toEqual(expect.arrayContaining(['hello', 'polled', 'at load']))
  })
})

async function servedText(terminal: Terminal, words: readonly string[]): Promise<readonly string[]> {
  const serving = terminal.start(['serve', ...words])
  await serving.complains("workflow 'says' completed")
  serving.kill('SIGTERM')
  const { stdout, stderr } = await serving.ended
  return `${stdout}${stderr}`.split('\n')
}

const SAYS = `
import logging
import cloaca
print("at load")
with cloaca.WorkflowBuilder("says"):
    @cloaca.task(id="say")
    def say(context):
        print("hello")
        logging.warning("logged")

@cloaca.trigger(on="says", name="once", poll_interval="1h")
def once():
    print("polled")
    return True
`
