/**
 * Output of `serve --log-format json` that does not pass the streams of Node or Python: descriptors 1 and 2 of the
 * engine, its children, and crashes. Each line is JSON as well.
 */

import { describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { preloading } from '../support/preloads.ts'
import { find, JSON_LINES, servedLines } from '../support/served-lines.ts'
import { EXECUTABLE } from '../support/test-python.ts'

/** Returns a script in TypeScript with a task that runs this code. */
function scriptWith(code: string): string {
  return `
import { execSync, spawnSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { trigger, workflow } from 'cloaca'
export const says = workflow('says').task('say', { retries: 0 }, async () => {
${code}
})
export const once = trigger('once', { starts: says, every: '1h' }, () => true)
`
}

const WRITES_RAW = `
  writeSync(1, 'one\\ntwo\\n')
  writeSync(2, 'to stderr\\n')
  // More than a pipe holds, while the thread of the engine waits.
  execSync('seq 1 50000; echo from a child >&2', { stdio: 'inherit' })
  spawnSync('sh', ['-c', 'echo to the device > /dev/stderr'], { stdio: 'inherit' })
  writeSync(1, 'x'.repeat(100_000) + '\\n{"level":"info"}\\nno end')
`

describe.skipIf(process.platform === 'win32')('serve with --log-format json', () => {
  it.each(['main thread', 'worker'])(
    'prints JSON for children and writes to descriptors of a TypeScript script in a %s',
    async (thread) => {
      await using terminal = new Terminal()
      const isolation = thread === 'worker' ? "export const isolation = 'worker'\n" : ''
      terminal.write('raw.ts', scriptWith(WRITES_RAW) + isolation)

      const records = await servedLines(terminal, ['raw.ts', ...JSON_LINES])

      for (const msg of ['one', 'two', '{"level":"info"}', 'no end'])
        expect(find(records, msg)).toMatchObject({ msg, level: 'info', stream: 'stdout' })
      for (const msg of ['to stderr', 'from a child', 'to the device'])
        expect(find(records, msg)).toMatchObject({ msg, level: 'info', stream: 'stderr' })
      expect(find(records, 'xxx')).toMatchObject({ msg: 'x'.repeat(65_536), cut: true })
      expect(records.filter(({ msg }) => /^\d+$/.test(msg)).map(({ msg }) => Number(msg))).toEqual(
        Array.from({ length: 50_000 }, (_, index) => index + 1),
      )
    },
  )

  it('prints everything before a crash of Node, and its report, as JSON', async () => {
    await using terminal = new Terminal()
    terminal.write(
      'crashes.ts',
      scriptWith(`
  console.log('printed')
  writeSync(1, 'written\\n')
  for (const all = []; ; ) all.push(new Array(100_000).fill(all.length))`),
    )

    const records = await servedLines(terminal, ['crashes.ts', ...JSON_LINES], {
      until: 'FATAL ERROR',
      env: { NODE_OPTIONS: '--max-old-space-size=120' },
    })

    expect(find(records, 'printed')).toMatchObject({ task: 'say', stream: 'stdout' })
    expect(find(records, 'written')).toMatchObject({ stream: 'stdout' })
    expect(find(records, 'FATAL ERROR')).toMatchObject({ stream: 'stderr' })
  })

  it.each([
    ['the memory of Node is exhausted', 'exhausted-memory', 'FATAL ERROR: '],
    ['native code aborts Node', 'aborted', '----- Native stack trace'],
  ] as const)('prints the report of a crash as JSON if %s while only Python is served', async (_, preload, report) => {
    await using terminal = new Terminal()
    terminal.write('crashes.py', crashesBy('os.kill(os.getppid(), signal.SIGUSR1)'))

    const records = await servedLines(terminal, ['crashes.py', ...JSON_LINES, '--python', EXECUTABLE], {
      until: report,
      env: { NODE_OPTIONS: `${preloading(preload)} --max-old-space-size=120` },
    })

    expect(find(records, report)).toMatchObject({ stream: 'stderr' })
  })

  it('prints JSON for raw output of a TypeScript file that --watch finds in a folder of Python scripts', async () => {
    await using terminal = new Terminal()
    const code = "  writeSync(1, 'written\\n')\n  execSync('echo from a child >&2', { stdio: 'inherit' })"
    terminal.write('found', scriptWith(code))
    terminal.write('jobs/finds.py', FINDS)

    const records = await servedLines(terminal, ['jobs', '--watch', ...JSON_LINES])

    expect(find(records, 'written')).toMatchObject({ stream: 'stdout' })
    expect(find(records, 'from a child')).toMatchObject({ stream: 'stderr' })
  })

  it('prints JSON although a variable makes Node print what it does', async () => {
    await using terminal = new Terminal()
    terminal.write('raw.ts', scriptWith("  writeSync(1, 'written\\n')"))

    const env = { NODE_DEBUG: 'net,child_process,timer' }
    const records = await servedLines(terminal, ['raw.ts', ...JSON_LINES], { env })

    expect(find(records, 'written')).toMatchObject({ stream: 'stdout' })
  })

  it('prints everything that was written before it is killed', async () => {
    await using terminal = new Terminal()
    terminal.write('killed.ts', scriptWith("  writeSync(1, 'written\\nno end')"))

    const records = await servedLines(terminal, ['killed.ts', ...JSON_LINES], { signal: 'SIGKILL' })

    expect(find(records, 'written')).toMatchObject({ stream: 'stdout' })
  })

  it('prints everything before the second Ctrl-C ends it, as JSON', async () => {
    await using terminal = new Terminal()
    terminal.write(
      'quits.ts',
      scriptWith(`
  writeSync(1, 'no end')
  process.once('SIGINT', () => setImmediate(() => process.kill(process.pid, 'SIGINT')))
  process.emitWarning('begun')
  await new Promise((resolve) => setTimeout(resolve, 60_000))`),
    )

    const records = await servedLines(terminal, ['quits.ts', ...JSON_LINES], { until: 'begun', signal: 'SIGINT' })

    expect(find(records, 'no end')).toMatchObject({ stream: 'stdout' })
    expect(find(records, 'stopped immediately')).toMatchObject({ level: 'warn' })
  })

  it('prints JSON without a loss after the program that converts the output was killed', async () => {
    await using terminal = new Terminal()
    terminal.write(
      'kills.ts',
      scriptWith(`
  const found = () => execSync('pgrep -P ' + process.pid + ' -f [r]aw-output-entry || true').toString().trim()
  const first = found()
  while (process.uptime() < 4) await new Promise((resolve) => setTimeout(resolve, 100))
  process.kill(Number(first), 'SIGKILL')
  writeSync(1, 'written after the kill\\n')
  console.log('printed after the kill')
  while (found() === first || found() === '') await new Promise((resolve) => setTimeout(resolve, 50))
  writeSync(2, 'written after the start\\n')`),
    )

    const records = await servedLines(terminal, ['kills.ts', ...JSON_LINES])

    expect(find(records, 'written after the kill')).toMatchObject({ stream: 'stdout' })
    expect(find(records, 'printed after the kill')).toMatchObject({ stream: 'stdout', task: 'say' })
    expect(find(records, 'written after the start')).toMatchObject({ stream: 'stderr' })
  })

  it('names a function that blocks the engine in a JSON line', async () => {
    await using terminal = new Terminal()
    terminal.write('blocks.ts', scriptWith('  for (const end = Date.now() + 7_000; Date.now() < end; );'))

    const records = await servedLines(terminal, ['blocks.ts', ...JSON_LINES])

    expect(records.find(({ msg }) => msg.includes('has blocked the event loop for'))).toMatchObject({
      stream: 'stderr',
    })
  })

  it.each([
    ['os._exit(3) in Pyodide', 'os._exit(3)', []],
    ['os.abort() in Pyodide', 'os.abort()', []],
    ["os.abort() in the system's CPython", 'os.abort()', ['--python', EXECUTABLE]],
  ])(
    'prints JSON if a crash ends the interpreter, and names the task in its last words: %s',
    async (_, code, words) => {
      await using terminal = new Terminal()
      terminal.write('crashes.py', crashesBy(code))

      const records = await servedLines(terminal, ['crashes.py', ...JSON_LINES, ...words], {
        until: "task 'crash' of workflow 'crashes' failed",
      })

      expect(find(records, 'last words')).toMatchObject({ workflow: 'crashes', task: 'crash', stream: 'stdout' })
      expect(find(records, "task 'crash' of workflow 'crashes' failed")).toMatchObject({ task: 'crash', attempt: 1 })
    },
  )

  it('prints JSON if a worker of a TypeScript script ends its thread', async () => {
    await using terminal = new Terminal()
    const code = "  console.log('last words')\n  writeSync(1, 'last bytes\\n')\n  process.abort()"
    terminal.write('crashes.ts', `${scriptWith(code)}export const isolation = 'worker'\n`)

    const records = await servedLines(terminal, ['crashes.ts', ...JSON_LINES], {
      until: "'say' of workflow 'says' failed",
    })

    expect(find(records, 'last words')).toMatchObject({ task: 'say', stream: 'stdout' })
    expect(find(records, 'last bytes')).toMatchObject({ stream: 'stdout' })
  })
})

const FINDS = `
import os, cloaca
@cloaca.trigger(on="nothing", poll_interval="1h")
def finds():
    os.rename("found", "jobs/found.ts")
    return cloaca.TriggerResult.skip()
`

function crashesBy(code: string): string {
  return `
import os, signal
import cloaca
with cloaca.WorkflowBuilder("crashes"):
    @cloaca.task(id="crash", retry_attempts=1)
    def crash(context):
        print("last words")
        ${code}

@cloaca.trigger(on="crashes", name="once", poll_interval="1h")
def once():
    return True
`
}
