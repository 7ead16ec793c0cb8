/**
 * Programs that the system's CPython runs, with the engine as their child process.
 * The tests cover their start, their end, and failures of either process.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MAIN } from '../../support/main-path.ts'
import { PlainProgram } from '../../support/plain-python.ts'
import { whenProcessEnds } from '../../support/process-end.ts'
import { temporaryFolder } from '../../support/store-sites.ts'

const isLinux = process.platform === 'linux'

function program(name: string, words: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): PlainProgram {
  const path = fileURLToPath(new URL(`programs/${name}.py`, import.meta.url))
  return new PlainProgram(path, words, environment)
}

/** Runs a command of cloaca in the folder of a program that has ended. Returns its output. */
function cloaca(folder: string, ...words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout + stderr
}

const SUCCESS = { exitCode: 0, signal: null }

describe('a program that runs under python', () => {
  it('runs workflows and triggers in its own process until its last exit function', async () => {
    await using whole = program('whole_life')

    expect(await whole.ended).toEqual(SUCCESS)
    await whenProcessEnds(Number(await whole.prints('engine ')))
    expect(whole.lines.filter((line) => !line.startsWith('engine '))).toEqual([
      'upper on main thread: False',
      'mark in process: True',
      'Completed HELLO!',
      'trigger fired',
      'end of main',
      'thread Completed',
      'exit function Completed',
      'exit function of before Completed',
    ])
    expect(whole.stderr).toBe('')
    const runs = JSON.parse(
      cloaca(whole.folder, 'execution', 'list', '--workflow', 'shout', '--db', 'sqlite://life.db', '--json'),
    )
    const logged = cloaca(whole.folder, 'execution', 'logs', runs[0].id, '--db', 'sqlite://life.db')
    expect(logged).toMatch(/upper on main thread: False[\s\S]*mark in process: True/)
  })

  it('runs workflows inside an event loop, and its tasks print to its own stdout', async () => {
    await using loop = program('in_a_loop')

    expect(await loop.ended).toEqual(SUCCESS)
    expect(loop.lines.filter((line) => line !== 'said in a task')).toEqual([
      'caught said in a task True',
      "together {'Completed'}",
    ])
    expect(loop.lines.filter((line) => line === 'said in a task')).toHaveLength(5)
  })

  it.runIf(isLinux)('does not share its engine with forked or spawned child processes', async () => {
    await using forks = program('forks')

    expect(await forks.ended).toEqual(SUCCESS)
    expect(forks.lines).toEqual([
      'parent Completed',
      'sockets of the child 0',
      'child The runner belongs to process PARENT, which forked this process. Open another DefaultRunner here',
      'child with a runner of its own True',
      'fork [True, True, True]',
      'spawn [True, True, True]',
      'parent Completed',
    ])
  })
})

describe('a test suite that runs under python', () => {
  it('opens and closes a runner for each test with a single engine', async () => {
    await using suite = program('fixtures')

    expect(await suite.ended).toEqual(SUCCESS)
    expect(suite.lines).toEqual([...Array.from({ length: 10 }, () => 'Completed'), 'engines 1'])
    expect(suite.stderr).toBe('')
  })
})

describe('two programs on one database', () => {
  it('run each of their executions exactly once', { tags: ['proof'] }, async () => {
    using folder = temporaryFolder()
    const url = `sqlite://${folder.file('shared.db')}`
    await using first = program('shares', [url, '20'])
    await using second = program('shares', [url, '20'])
    await Promise.all([first.prints('open'), second.prints('open')])
    for (const each of [first, second]) each.type('\n')

    expect([await first.ended, await second.ended]).toEqual([SUCCESS, SUCCESS])
    expect([first.lines.at(-1), second.lines.at(-1)]).toEqual(["done {'Completed': 20}", "done {'Completed': 20}"])
    const runs = JSON.parse(cloaca(first.folder, 'execution', 'list', '--db', url, '--json', '--limit', '100'))
    expect(runs.map(({ status }: { status: string }) => status)).toEqual(Array.from({ length: 40 }, () => 'Completed'))
  })
})

describe('Ctrl-C', () => {
  it('ends the program with KeyboardInterrupt, and its engine', async () => {
    await using waits = program('waits')
    const engine = Number(await waits.prints('engine '))
    await waits.prints('begun')

    waits.killGroup('SIGINT')

    expect(await waits.ended).toEqual({ exitCode: null, signal: 'SIGINT' })
    expect(waits.stderr).toMatch(/^Traceback [\s\S]*\nKeyboardInterrupt\n$/)
    await whenProcessEnds(engine)
  })

  it('calls the SIGINT handler of a program, which continues', async () => {
    await using waits = program('waits', ['handles'])
    await waits.prints('engine ')

    waits.killGroup('SIGINT')
    await waits.prints('interrupt 1')
    waits.killGroup('SIGINT')

    expect(await waits.prints('taken ')).toBe('2 Completed')
    expect(await waits.ended).toEqual(SUCCESS)
  })
})

describe('a program that is killed', () => {
  it.each([
    ['', []],
    [', even if a forked child keeps its channels open', ['forks']],
  ])('ends its engine%s, and its execution stays Running in the database', async (_, words) => {
    await using waits = program('waits', words)
    const engine = Number(await waits.prints('engine '))
    await waits.prints('begun')

    waits.kill('SIGKILL')

    await whenProcessEnds(engine)
    const listed = cloaca(waits.folder, 'execution', 'list', '--db', 'sqlite://waits.db', '--json')
    expect(JSON.parse(listed)).toMatchObject([{ workflow: 'slow', status: 'Running' }])
  })
})

it.runIf(isLinux)(
  'killing the engine fails open calls with one error, and the next runner starts a new engine',
  async () => {
    await using loses = program('loses_engine')

    expect(await loses.ended).toEqual(SUCCESS)
    const lost = 'RuntimeError: The cloaca engine was killed by signal 9'
    const once = ['before Completed', 'begun', 'stopped by Cancelled', `under way ${lost}`, `after ${lost}`]
    expect([...loses.lines].sort()).toEqual([...once, ...once, 'left behind [0, 0]'].sort())
    expect(loses.stderr).toBe('')
  },
)

describe('an engine that does not start', () => {
  const impostor = fileURLToPath(new URL('programs/not_an_engine.py', import.meta.url))

  it.each([
    ['text', 'sent an invalid message: A message claims a length of 1668048215 bytes, but the maximum is'],
    ['message', 'sent an invalid message: ValueError: received "welcome" before "start"'],
    ['half', 'ended with exit code 0 (started with'],
    ['words', 'ended with exit code 1: boom: it is broken'],
    ['crash', 'was killed by signal 11 (started with'],
  ])('raises an error that contains the cause: %s', async (how, why) => {
    await using opens = program('opens_only', [], { CLOACA_ENGINE: `python3 '${impostor}' ${how}` })

    expect(await opens.ended).toEqual(SUCCESS)
    expect(opens.lines).toEqual(Array(2).fill(expect.stringContaining(`The cloaca engine did not start: it ${why}`)))
    expect(opens.stderr).toBe('')
  })

  it.each([
    ['/nowhere/node', 'cannot be started with `/nowhere/node`: No such file or directory'],
    ['false', 'did not start: it ended with exit code 1 (started with `false`)'],
  ])('raises an error that contains its command: %s', async (command, why) => {
    await using opens = program('opens_only', [], { CLOACA_ENGINE: command })

    expect(await opens.ended).toEqual(SUCCESS)
    expect(opens.lines).toEqual(Array(2).fill(`The cloaca engine ${why}`))
  })
})
