/** Signals, alarms and interval timers reach a script as under python. */

import { expect, test } from 'vitest'
import { differs, isLeftOut } from '../support/python-differences.ts'
import { runScript } from '../support/run-script.ts'

test('alarms, timers and handlers of signals run while a script waits, computes, or another thread computes', async () => {
  const run = await runScript('signals.py')

  expect(run.stderr).toBe('')
  expect(run.stdout.split('\n')).toEqual([
    'default True 0',
    "waiting [('SIGALRM', 'wait', 'MainThread')]",
    'computing 2',
    'alarm 0 True (0.0, 0.0)',
    'ended sleep',
    'ended lock',
    'ended event',
    'join threads can only be started once',
    'thread signal only works in main thread of the main interpreter',
    "while a thread computes ['MainThread']",
    'handler SIGUSR2',
    'handler SIGUSR2',
    'before <lambda>',
    'sigwait SIGALRM',
    'KeyboardInterrupt',
    'No such process',
    '',
  ])
  expect(run.exitCode).toBe(7)
})

for (const args of [[], ['--computing']]) {
  test(`an interrupt from outside ends a script that is ${args.length ? 'computing' : 'sleeping'} with KeyboardInterrupt`, async () => {
    let isSent = false
    const run = await runScript('signal_from_outside.py', {
      args,
      onOutput(stdout, kill) {
        if (isSent || !stdout.includes('ready\n')) return
        isSent = true
        kill('SIGINT')
      },
    })

    expect(run.stdout).toBe('ready\ncleaned up\n')
    expect(run.stderr).toMatch(/KeyboardInterrupt\n$/)
    expect([run.exitCode, run.signal]).toEqual(
      differs('ends-by-signal', { pyodide: [130, null], cpython: [null, 'SIGINT'] }),
    )
  })
}

test('a script with a handler for SIGHUP gets it, and SIGTERM ends a script that has none for it', async () => {
  const sent = new Set<string>()
  const run = await runScript('signal_from_outside.py', {
    onOutput(stdout, kill) {
      for (const [word, signal] of [
        ['ready\n', 'SIGHUP'],
        ['reloaded\n', 'SIGTERM'],
      ] as const) {
        if (!stdout.includes(word) || sent.has(signal)) continue
        sent.add(signal)
        kill(signal)
      }
    },
  })

  expect(run.stdout).toBe('ready\nreloaded\n')
  expect([run.exitCode, run.signal]).toEqual(
    differs('ends-by-signal', { pyodide: [143, null], cpython: [null, 'SIGTERM'] }),
  )
})

for (const args of [[], ['--computing']]) {
  test(`each of 24 signals is heard by a script that is ${args.length ? 'computing' : 'waiting'}, of the engine and of its own process`, async () => {
    let pid = 0
    let answered = 0
    const run = await runScript('interrupts.py', {
      args,
      onOutput(stdout, kill) {
        pid = Number(/^pid (\d+)\n/.exec(stdout)?.[1])
        const heard = stdout.match(/^heard/gm)?.length ?? 0
        if (Number.isNaN(pid) || heard < answered || heard >= 24) return
        answered = heard + 1
        // By turns to the process that was started, and to the one that the script takes for its own.
        if (heard % 2 === 0) kill('SIGINT')
        else process.kill(pid, 'SIGUSR1')
      },
    })

    expect(run.stdout.split('\n').at(-2)).toBe('heard 24')
    expect(run.exitCode).toBe(0)
  })
}

test.skipIf(isLeftOut('second-interrupt'))(
  'a script that hangs in C, where no signal is heard, ends at a Ctrl-C that comes again',
  async () => {
    const code =
      'import collections, itertools; print("ready", flush=True); collections.deque(itertools.count(), maxlen=0)'
    let timer: NodeJS.Timeout | undefined
    const run = await runScript('', {
      target: ['-c', code],
      onOutput(_, kill) {
        timer ??= setInterval(() => kill('SIGINT'), 200)
      },
    })
    clearInterval(timer)

    expect(run.stdout).toBe('ready\n')
    expect(run.exitCode).toBe(130)
  },
)
