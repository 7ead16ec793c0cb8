/** `cloaca serve`: requests of other processes, shutdown and restart. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'
import { startServing, WORKS } from '../support/serving.ts'

const SHOP = fileURLToPath(new URL('./scripts/shop.py', import.meta.url))
const DATABASE = ['--db', 'sqlite://shop.db']
/** Difference of last polls that proves that a trigger is no longer polled: 40 poll intervals. */
const FAR_BEHIND_MS = 2_000

const JOURNAL = `
import atexit, cloaca
journal = open("journal.txt", "w")
journal.write("first line\\n")
atexit.register(print, "goodbye")
@cloaca.trigger(on="nothing", poll_interval="1h")
def quiet():
    return cloaca.TriggerResult.skip()
`

const BESIDE = `
import cloaca
@cloaca.trigger(on="nothing", poll_interval="50ms")
def beside():
    return cloaca.TriggerResult.skip()
`

const HANDLERS = `
import cloaca, signal
signal.signal(signal.SIGALRM, lambda signum, frame: print("alarm", flush=True))
signal.signal(signal.SIGUSR2, lambda signum, frame: print("reloaded", flush=True))
signal.setitimer(signal.ITIMER_REAL, 0.01)
@cloaca.trigger(on="nothing", poll_interval="1h")
def quiet():
    return cloaca.TriggerResult.skip()
`

async function served(terminal: Terminal, ...words: readonly string[]): Promise<CloacaProcess> {
  const places = words.length > 0 ? words : [SHOP]
  return await startServing(terminal, [...places, ...DATABASE, '--log-level', 'debug'])
}

/** Starts `count_stock`, which runs until a file COUNTED exists, and returns the id of its execution. */
async function countingStock(terminal: Terminal, serving: CloacaProcess): Promise<string> {
  const words = ['workflow', 'run', 'count_stock', '--context', '{"until": "COUNTED"}', '--json']
  const { stdout } = await terminal.run([...words, ...DATABASE])
  await serving.logs("task 'count' of workflow 'count_stock' started")
  return (JSON.parse(stdout) as { readonly id: string }).id
}

/** Waits until a trigger is no longer polled while another trigger with the same interval is. */
async function fallsBehind(terminal: Terminal, trigger: string, other: string): Promise<void> {
  for (;;) {
    const { stdout } = await terminal.run(['trigger', 'list', '--json', ...DATABASE])
    const rows = JSON.parse(stdout) as readonly { readonly name: string; readonly lastPollAt: string }[]
    const lastPollAt = (name: string) => Date.parse(String(rows.find((row) => row.name === name)?.lastPollAt))
    if (lastPollAt(other) - lastPollAt(trigger) > FAR_BEHIND_MS) return
  }
}

describe('a serving process', () => {
  it('runs workflows that other processes submit', async () => {
    await using terminal = new Terminal()
    const cloaca = (...words: readonly string[]) => terminal.run([...words, ...DATABASE])
    const serving = await served(terminal)
    await serving.logs("workflow 'order' completed")

    const context = '{"large": 9007199254740993, "float": 2.0}'
    const order = await cloaca('workflow', 'run', 'order', '--context', context, '--wait')
    expect(order.exitCode).toBe(0)
    expect(order.stdout).toMatch(/\ncontext +\{.*9007199254740993.*2\.0.*\}\n/)
    const refund = await cloaca('workflow', 'run', 'refund', '--wait', '--json')
    expect(refund.exitCode).toBe(1)
    expect(JSON.parse(refund.stdout)).toMatchObject({ status: 'Failed', tasks: [{ id: 'refund', status: 'Failed' }] })
    const accepted = await cloaca('workflow', 'run', 'order', '--json')
    expect(JSON.parse(accepted.stdout)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })

  it('stops polling a trigger that another process disables, and ends at Ctrl-C', async () => {
    await using terminal = new Terminal()
    terminal.write('beside.py', BESIDE)
    const serving = await served(terminal, SHOP, 'beside.py')
    expect((await serving.logs('serving ')).msg).toBe(
      'serving 5 triggers and 3 workflows from 2 scripts; press Ctrl-C to stop',
    )

    expect((await terminal.run(['trigger', 'disable', 'new_order', ...DATABASE])).exitCode).toBe(0)
    await fallsBehind(terminal, 'new_order', 'beside')

    serving.kill('SIGINT')
    expect(await serving.ended).toMatchObject({ exitCode: 130, signal: null })
    expect((await serving.logs('stopping: ')).level).toBe('info')
  })

  it('completes a running task at SIGTERM, and exits with 0', async () => {
    await using terminal = new Terminal()
    const serving = await served(terminal)
    await countingStock(terminal, serving)

    serving.kill('SIGTERM')
    await serving.logs('stopping: ')
    terminal.write('COUNTED', '')

    expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
    expect(serving.log.map(({ msg }) => msg)).toContain("workflow 'count_stock' completed")
  })

  it('shuts down cleanly when its terminal is closed, and logs polls at level debug', async () => {
    await using terminal = new Terminal()
    const serving = await served(terminal)
    expect(await serving.logs("trigger 'quiet' was polled: skipped")).toMatchObject({ level: 'debug' })

    serving.kill('SIGHUP')

    expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
    expect(serving.log.at(-1)?.msg).toMatch(/^stopped/)
  })

  it('ends its scripts as python does: calls exit functions and writes open files', async () => {
    await using terminal = new Terminal()
    terminal.write('journal.py', JOURNAL)
    const serving = await served(terminal, 'journal.py')

    serving.kill('SIGTERM')

    const { exitCode, stdout } = await serving.ended
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ msg: 'goodbye', stream: 'stdout' })
    expect(readFileSync(join(terminal.folder, 'journal.txt'), 'utf8')).toBe('first line\n')
  })

  it('calls the signal handlers of a script while no function of the script runs', async () => {
    await using terminal = new Terminal()
    terminal.write('handlers.py', HANDLERS)
    const serving = await served(terminal, 'handlers.py')
    await serving.prints('alarm')

    serving.kill('SIGUSR2')

    await serving.prints('reloaded')
  })

  it('ends immediately at the second Ctrl-C, and the next start runs the interrupted task again', async () => {
    await using terminal = new Terminal()
    const serving = await served(terminal)
    const id = await countingStock(terminal, serving)

    serving.kill('SIGINT')
    const { msg } = await serving.logs('stopping: ')
    expect(msg).toMatch(/^stopping: waiting up to 30 s for \d+ running tasks?(?: and up to 2 s for \d+ polls?)?; /)
    expect(msg).toContain('; press Ctrl-C again to quit')
    serving.kill('SIGINT')
    expect(await serving.ended).toMatchObject({ exitCode: 130 })
    expect(serving.log.map(({ msg }) => msg)).not.toContain("workflow 'count_stock' completed")
    // A task that a trigger started may run, too.
    const last = String(serving.log.at(-1)?.msg)
    expect(last).toMatch(/^stopped immediately; interrupted work that runs again after the next start: .*task/)
    expect(last).toContain("task 'count' of workflow 'count_stock'")

    terminal.write('COUNTED', '')
    const next = await served(terminal)
    await next.logs("workflow 'count_stock' completed")
    const show = await terminal.run(['execution', 'show', id, '--json', ...DATABASE])
    expect(JSON.parse(show.stdout)).toMatchObject({ status: 'Completed', tasks: [{ attempts: 2 }] })
  })

  it('loses and duplicates no execution when it is killed and started again', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    const jobs = Array.from({ length: 20 }, (_, job) => `job-${String(job).padStart(2, '0')}`)
    for (const job of jobs) terminal.write(`inbox/${job}`, '')
    terminal.write('jobs.py', JOBS)
    const first = await served(terminal, 'jobs.py')
    await first.logs("trigger 'take_job' fired", jobs.length)
    await first.logs("workflow 'job' completed")

    first.kill('SIGKILL')
    expect(await first.ended).toMatchObject({ signal: 'SIGKILL' })
    const atKill = linesOf(terminal)
    terminal.write('FINISH', '')
    const second = await served(terminal, 'jobs.py')
    while ((await executionStatuses(terminal)).some((status) => status !== 'Completed'));
    second.kill('SIGTERM')
    await second.ended

    const lines = linesOf(terminal)
    const times = (line: string) => lines.filter((each) => each === line).length
    for (const job of jobs) {
      // A task that was running at the kill runs again; an ended task does not.
      expect([1, 2]).toContain(times(`begin ${job}`))
      expect([1, 2]).toContain(times(`end ${job}`))
    }
    const begun = jobs.filter((job) => atKill.includes(`begin ${job}`))
    const repeated = jobs.filter((job) => times(`begin ${job}`) === 2)
    expect(begun).toEqual(expect.arrayContaining(repeated))
    expect(begun.filter((job) => !atKill.includes(`end ${job}`))).not.toEqual([])
    // A task may have printed its end before its end was recorded. A recorded task does not run again.
    const recorded = first.log.filter(({ msg }) => msg === "workflow 'job' completed").length
    expect(repeated.length).toBeLessThanOrEqual(begun.length - recorded)
    expect(await executionStatuses(terminal)).toEqual(jobs.map(() => 'Completed'))
  })

  it('logs a script that cannot be loaded while another script is still loading', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/broken.py', 'import missing_module\n')
    const wait = 'import os, time\nwhile not os.path.exists("FREE"):\n    time.sleep(0.01)\n'
    terminal.write('jobs/slow.py', `${wait}${WORKS}`)

    const serving = terminal.start(['serve', 'jobs', ...DATABASE])
    await serving.logs('Script "jobs/broken.py" could not be loaded')
    terminal.write('FREE', '')

    // A slow machine first logs that it serves the scripts that are loaded.
    expect((await serving.logs('serving 1 trigger')).msg).toContain('from 1 script')
  })

  it('logs a script that cannot be loaded and serves the others, and exits with 1 if there are none', async () => {
    await using terminal = new Terminal()
    terminal.write('folder/broken.py', 'import cloaca\nimport missing_module\n')
    terminal.write('folder/works.py', WORKS)
    terminal.write('works_too.py', WORKS.replaceAll('works', 'works_too'))

    const serving = await served(terminal, 'folder', 'works_too')
    const error = await serving.logs('could not be loaded')
    expect(error).toMatchObject({ level: 'error', script: 'folder/broken.py' })
    expect(error.msg).toMatch(
      /^Script "folder\/broken\.py" .*broken\.py, line 2\): ModuleNotFoundError: .*missing_module/,
    )
    expect((await serving.logs('serving ')).msg).toContain('2 triggers and 2 workflows from 2 scripts')
    await serving.logs("workflow 'works' completed")
    await serving.logs("workflow 'works_too' completed")

    const alone = await terminal.run(['serve', 'folder/broken.py', '--db', ':memory:'])
    expect(alone.exitCode).toBe(1)
    expect(alone.stderr).toContain('no script could be loaded')
  })

  it('searches subfolders, ignores files without declarations, and warns of names declared twice', async () => {
    await using terminal = new Terminal()
    terminal.write('folder/helper.py', 'X = 1')
    terminal.write('folder/jobs/works.py', WORKS)
    terminal.write('folder/jobs/deep/twin.py', WORKS)

    const serving = await served(terminal, 'folder')

    expect((await serving.logs('serving ')).msg).toContain('serving 1 trigger and 1 workflow from 3 scripts')
    const warnings = serving.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)
    expect(warnings).toHaveLength(2)
    for (const message of warnings) {
      expect(message).toContain('"folder/jobs/deep/twin.py" and by "folder/jobs/works.py"')
    }
  })

  it('exits with 1 if no file declares anything, and names the searched folder', async () => {
    await using terminal = new Terminal()
    terminal.write('folder/helper.py', 'X = 1')

    const [end, missing] = await Promise.all([
      terminal.run(['serve', 'folder', '--db', ':memory:']),
      terminal.run(['serve', 'fodler.py']),
    ])
    const unknown = await terminal.run(['check', 'fodler'])

    expect(end.exitCode).toBe(1)
    expect(end.stderr).toContain('no trigger or workflow is declared in \\"folder\\"')
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/"msg":"File or folder .* not found/),
    })
    expect(unknown.stdout).toContain("no file, folder or module is named 'fodler'. If it is a package")
    expect(existsSync(join(terminal.folder, 'cloaca.db'))).toBe(false)
  })

  it('reloads a changed script with --watch', async () => {
    await using terminal = new Terminal()
    terminal.write('works.py', WORKS)
    const serving = terminal.start(['serve', 'works.py', '--watch', ...DATABASE])
    await serving.logs("workflow 'works' completed")

    terminal.write('works.py', WORKS.replaceAll('works', 'renamed'))

    await serving.logs("workflow 'renamed' completed")
    terminal.write('works.py', 'this is no Python')
    await serving.logs('could not be reloaded, and its old version stays in use: SyntaxError')
  })

  it('serves loaded scripts while another is loading, except triggers of workflows not yet loaded', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/slow.py', `import os, time\nwhile not os.path.exists("go"): time.sleep(0.05)\n${WORKS}`)
    terminal.write('jobs/beside.py', BESIDE.replace('nothing', 'works'))
    terminal.write('jobs/ready.py', WORKS.replaceAll('works', 'ready'))
    const serving = terminal.start(['serve', 'jobs', ...DATABASE, '--log-level', 'debug'])

    await serving.logs('serving the scripts that are loaded; the others are still loading')
    await serving.logs("workflow 'ready' completed")
    expect(serving.log.filter(({ msg }) => msg.includes("trigger 'beside'"))).toEqual([])
    terminal.write('go', '')

    await serving.logs("trigger 'beside' was polled: skipped")
    await serving.logs("workflow 'works' completed")
  })

  it('can be stopped while a script is loading', async () => {
    await using terminal = new Terminal()
    terminal.write('slow.py', 'import time\nprint("loading", flush=True)\ntime.sleep(600)\n')
    const serving = terminal.start(['serve', 'slow.py', '--db', ':memory:'])
    await serving.prints('loading')

    serving.kill('SIGINT')

    expect(await serving.ended).toMatchObject({ exitCode: 130 })
  })
})

async function executionStatuses(terminal: Terminal): Promise<readonly string[]> {
  const { stdout } = await terminal.run(['execution', 'list', '--limit', '100', '--json', ...DATABASE])
  return (JSON.parse(stdout) as readonly { readonly status: string }[]).map(({ status }) => status)
}

function linesOf(terminal: Terminal): readonly string[] {
  return readFileSync(`${terminal.folder}/log`, 'utf8').trimEnd().split('\n')
}

const JOBS = `
import os
import time
import cloaca

def note(*words):
    with open("log", "a") as log:
        log.write(" ".join(words) + "\\n")

@cloaca.trigger("job", poll_interval="10ms", allow_concurrent=True)
def take_job():
    for name in sorted(os.listdir("inbox")):
        os.remove(os.path.join("inbox", name))
        return cloaca.TriggerResult.fire(cloaca.Context({"job": name}))
    return cloaca.TriggerResult.skip()

with cloaca.WorkflowBuilder("job"):
    @cloaca.task()
    def begin(context):
        note("begin", context["job"])
        while context["job"] != "job-00" and not os.path.exists("FINISH"):
            time.sleep(0.01)
        return context

    @cloaca.task(dependencies=[begin])
    def end(context):
        note("end", context["job"])
        return context
`
