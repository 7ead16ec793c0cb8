/**
 * Generations of scripts: a declaration belongs to its script whenever the script makes it, and a new load replaces all
 * declarations of the previous load.
 */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LogLine, Runner, type RunnerOptions } from '../../src/index.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'

let folder: string
let log: LogLine[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-generations-'))
  log = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, code: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, code)
  return path
}

function open(options: Partial<RunnerOptions> = {}): Promise<Runner> {
  return Runner.open({ database: join(folder, 'served.db'), log: (line) => log.push(line), ...options })
}

/** Returns a script with a workflow that stores `answer` in its context, and a trigger with a long interval. */
const shop = (answer: string, more = '') => `
import cloaca
answer = ${answer}
${more}

with cloaca.WorkflowBuilder("shop"):

    @cloaca.task()
    def sell(context):
        context.set("answer", answer)
        return context

@cloaca.trigger("shop", poll_interval="1h")
def orders():
    return cloaca.TriggerResult.skip()
`

describe('a script that opens a runner during its import', () => {
  const own = (url: string) =>
    shop('"own"').replace('import cloaca\n', 'import cloaca, os, time\n') +
    `
runner = cloaca.DefaultRunner(${url})
result = runner.execute("shop", cloaca.Context({}))
answer = f"{result.status} {result.final_context.get('answer')}"
`

  it('runs its own workflow in its own database, and is then served by the engine', async () => {
    const path = write('own_runner.py', own(JSON.stringify(`sqlite://${join(folder, 'own.db')}`)))
    await using runner = await open()

    const [report] = await runner.load(path)
    const result = await runner.execute('shop')

    expect(report).toMatchObject({ error: null, triggers: ['orders'], workflows: ['shop'] })
    expect(result.context).toMatchObject({ answer: 'Completed own' })
    // The served database does not contain the run that the script started in its own database.
    expect(await runner.executions.list()).toHaveLength(1)
  })

  it('gets the serving engine if it names the served database', async () => {
    const path = write('same_runner.py', own(JSON.stringify(`sqlite://${join(folder, 'served.db')}`)))
    await using runner = await open()

    const [report] = await runner.load(path)

    expect(report).toMatchObject({ error: null })
    expect(await runner.executions.list()).toMatchObject([{ workflow: 'shop', status: 'Completed' }])
  })

  it('gets the serving engine if it names the served database by a symbolic link', async () => {
    symlinkSync('served.db', join(folder, 'link.db'))
    const path = write('linked_runner.py', own(JSON.stringify(`sqlite://${join(folder, 'link.db')}`)))
    const asked: string[] = []
    await using runner = await open()
    runner.on('executionStarted', ({ workflow }) => asked.push(workflow)) // events of this engine alone

    await runner.load(path)

    expect(asked).toEqual(['shop'])
  })
})

describe('a loaded script', () => {
  it('owns its declarations, also if its import waits before it makes them, or if a thread makes them', async () => {
    const path = write(
      'waits.py',
      `${shop('"first"', 'import threading, time\ntime.sleep(0.05)')}

def declare():
    cloaca.trigger("shop", name="of_a_thread", poll_interval="1h")(lambda: False)

thread = threading.Thread(target=declare)
thread.start()
thread.join()
`,
    )
    await using runner = await open()

    const [report] = await runner.load(path)

    expect(report?.triggers.toSorted()).toEqual(['of_a_thread', 'orders'])
    expect((await runner.poll('of_a_thread')).kind).toBe('skipped')
  })

  it('owns the declarations that its poll, task or thread makes, and their errors name the script', async () => {
    const declares = (name: string) => `cloaca.trigger("shop", name="${name}", poll_interval="1h")(lambda: False)`
    const path = write(
      'late.py',
      `
import cloaca, threading

with cloaca.WorkflowBuilder("shop"):

    @cloaca.task()
    def sell(context):
        ${declares('of_task')}
        return context

def declare():
    ${declares('of_thread')}

@cloaca.trigger("shop", poll_interval="1h")
def orders():
    ${declares('of_poll')}
    ${declares('twin')}
    thread = threading.Thread(target=declare)
    thread.start()
    thread.join()
    return False
`,
    )
    const twin = write('twin.py', `import cloaca\n${declares('twin')}`)
    await using runner = await open({ interpreters: 2 })
    await runner.loadAll([path, twin])

    await runner.poll('orders')
    await runner.execute('shop')

    for (const name of ['of_poll', 'of_thread', 'of_task']) expect((await runner.poll(name)).kind).toBe('skipped')
    expect(log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Script ".*late\.py": Trigger "twin" is declared by ".*twin\.py" and by ".*late\.py"/),
    )
  })

  it('can declare a workflow in a poll that starts the same workflow', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `late_${index}`)
    const path = write(
      'declares_and_fires.py',
      `
import cloaca

def declare_and_fire(name):
    @cloaca.trigger(on=name, name=name, poll_interval="1h")
    def trigger():
        with cloaca.WorkflowBuilder(name):
            @cloaca.task()
            def only(context):
                return context
        return True

for name in ${JSON.stringify(names)}: declare_and_fire(name)
`,
    )
    await using runner = await open()
    await runner.load(path)
    await runner.start()

    for (const name of names) await runner.triggers.poll(name)

    expect(log.filter(({ message }) => message.includes('nothing was started'))).toEqual([])
  })

  it('gets new declarations from the next load, and keeps the old declarations if that load fails', async () => {
    const path = write('shop.py', shop('1'))
    await using runner = await open()
    await runner.load(path)

    write('shop.py', `${shop('2')}\nraise ValueError("not today")\n`)
    const [broken] = await runner.loadAll([path])
    expect(broken?.error?.message).toContain('not today')
    expect((await runner.execute('shop')).context).toMatchObject({ answer: 1 })
    expect((await runner.poll('orders')).kind).toBe('skipped')

    write('shop.py', shop('3').replace('def orders', 'def other_orders'))
    const [good] = await runner.loadAll([path])
    expect(good).toMatchObject({ error: null, triggers: ['other_orders'] })
    expect((await runner.execute('shop')).context).toMatchObject({ answer: 3 })
  })

  it('uses the new version of its helper module when it is loaded again', async () => {
    const helper = (answer: number) => write('helper_of_shop.py', `ANSWER = ${answer}\n`)
    helper(1)
    const path = write('uses_helper.py', shop('None', 'import helper_of_shop\nanswer = helper_of_shop.ANSWER'))
    await using runner = await open()
    await runner.load(path)
    expect((await runner.execute('shop')).context).toMatchObject({ answer: 1 })

    helper(22)
    const [report] = await runner.loadAll([path])

    expect(report).toMatchObject({ error: null, triggers: ['orders'] })
    expect((await runner.execute('shop')).context).toMatchObject({ answer: 22 })
  })

  it('keeps the JSON values of the globals in __cloaca_state__ over a reload', async () => {
    const stateful = `${shop('0')}
__cloaca_state__ = ["seen", "lock"]
seen = {"orders": 2**70}
lock = object()
`
    const path = write('stateful.py', stateful)
    await using runner = await open()
    await runner.load(path)

    write(
      'stateful.py',
      stateful.replace('{"orders": 2**70}', 'None').replace('"answer", answer', '"answer", str(seen["orders"])'),
    )
    await runner.loadAll([path])

    expect((await runner.execute('shop')).context).toMatchObject({ answer: String(2n ** 70n) })
    expect(log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /without the old values of "lock" in __cloaca_state__: "lock" contains a value of type object/,
      ),
    )
  })

  it('keeps the other values in __cloaca_state__ if one is not JSON, without a new interpreter', async () => {
    const odd = `${shop('0')}
__cloaca_state__ = ["kept", "cycle", "deep", "large", "lazy", "added"]
kept = [1]
cycle = []
cycle.append(cycle)
deep = []
for _ in range(5_000): deep = [deep]
large = 10**5_000
def __getattr__(name): raise RuntimeError(name)
`
    const path = write('odd.py', odd)
    const neighbour = write(
      'neighbour.py',
      shop('0', 'import os').replace('orders', 'others').replaceAll('shop', 'pid').replace('answer)', 'os.getpid())'),
    )
    await using runner = await open()
    const reports = await runner.loadAll([path, neighbour])
    expect(reports).toMatchObject([{ error: null }, { error: null }])
    const before = await runner.execute('pid')

    write('odd.py', odd.replace('[1]', 'added = 2').replace('"answer", answer', '"answer", [kept, added]'))
    const [report] = await runner.loadAll([path])

    expect(report?.error).toBe(null)
    expect((await runner.execute('shop')).context).toMatchObject({ answer: [[1], 2] })
    expect((await runner.execute('pid')).context).toEqual(before.context)
    const told = log.filter(({ message }) => message.includes('__cloaca_state__'))
    expect(told.map(({ message }) => message)).toEqual([
      `Script "${path}" was reloaded without the old values of "cycle", "deep", "large" in __cloaca_state__: ` +
        '"cycle" is nested more than 511 levels deep, or contains itself; ' +
        '"deep" is nested more than 511 levels deep, or contains itself; ' +
        '"large" contains an int of more than 4300 digits.',
    ])
  })

  it('is reloaded with a warning if __cloaca_state__ is not a list of names', async () => {
    const path = write('one_name.py', `${shop('0')}\n__cloaca_state__ = "seen"\n`)
    await using runner = await open()

    await runner.load(path)
    await runner.loadAll([path])

    expect(log.map(({ message }) => message)).toContain(
      `Script "${path}" was reloaded without the old values in __cloaca_state__: ` +
        '__cloaca_state__ must be a list of names, but has type str.',
    )
  })
})

describe('the loading of scripts', () => {
  it('succeeds for the other scripts when the import of one script hangs in C', async () => {
    const endless = write('endless.py', 'import collections, itertools\ncollections.deque(itertools.count(), maxlen=0)')
    const good = write('good.py', shop('1'))
    await using runner = await open({ loadTimeoutMs: 7_000 })

    const [first, second] = await runner.loadAll([endless, good])

    expect(first?.error?.message).toMatch(/TimeoutError: its import did not end within 7 s/)
    expect(second).toMatchObject({ error: null, triggers: ['orders'] })
    expect(log.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Interpreter 1 was restarted: script .*endless\.py did not stop at its time limit\.$/),
    )
  })

  it('keeps the modules of a script that is loaded while the import of another script fails', async () => {
    const slow = write('slow.py', 'import time\ntime.sleep(6)\nraise ValueError("at last")')
    write('kept.py', '')
    const again = 'def again():\n    import kept as at_run\n    return at_run is kept\n'
    const good = write(
      'good.py',
      shop('None', `import kept\n${again}`).replace('"answer", answer', '"answer", again()'),
    )
    await using runner = await open()
    const reports = await runner.loadAll([slow, good])
    expect(reports.map(({ error }) => error === null)).toEqual([false, true])

    // The helper module was not imported a second time.
    expect((await runner.execute('shop')).context).toMatchObject({ answer: true })
  })

  it.each([
    ['waits', 'import time\ntime.sleep(600)'],
    ['computes', 'while True: pass'],
  ])('ends at the time limit for a script whose import %s for ever, and loads the others', async (_, code) => {
    const endless = write('endless.py', code)
    const good = write('good.py', shop('1'))
    const { result, limitMs } = await withGrowingLimit(
      300,
      async (loadTimeoutMs) => {
        await using runner = await open({ loadTimeoutMs })
        const [first, second] = await runner.loadAll([endless, good])
        return { first, second, status: second?.error ? null : (await runner.execute('shop')).status }
      },
      // The good script has the same limit, and is late on a busy machine.
      ({ second }) => !second?.error?.message.includes('TimeoutError'),
    )

    expect(result.first?.error?.message).toContain(`TimeoutError: its import did not end within ${limitMs / 1_000} s`)
    expect(result.second).toMatchObject({ error: null, triggers: ['orders'] })
    expect(result.status).toBe('Completed')
  })

  it.each(['report.2024.py', '2024-report.py', 'json.py', "große Aufträge/it's März.py"])(
    'imports a file whose name is not an identifier or is the name of a module: %s',
    async (name) => {
      const path = write(name, shop('__file__'))
      await using runner = await open()

      await runner.load(path)

      expect((await runner.execute('shop')).context).toMatchObject({ answer: path })
    },
  )

  it('imports a file in a package as a module of that package', async () => {
    write('store/__init__.py', '')
    write('store/prices.py', 'PRICE = 7\n')
    write('store/jobs/__init__.py', '')
    const path = write('store/jobs/nightly.py', shop('None', 'from ..prices import PRICE\nanswer = PRICE'))
    await using runner = await open()

    await runner.load(path)

    expect((await runner.execute('shop')).context).toMatchObject({ answer: 7 })
  })
})
