/** Signals, alarms and interval timers, which a script receives as in CPython. */

import { expect, test } from 'vitest'
import { differs, isLeftOut } from '../support/python-differences.ts'
import { runScript } from '../support/run-script.ts'

test('signal handlers run while a script waits, while it computes, and while another thread computes', async () => {
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
  test(`SIGINT raises KeyboardInterrupt in a script that is ${args.length ? 'computing' : 'sleeping'}`, async () => {
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

test('SIGHUP calls the handler of the script, and SIGTERM ends a script without a handler for it', async () => {
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
  test(`all of 24 signals reach a script that is ${args.length ? 'computing' : 'waiting'}`, async () => {
    let pid = 0
    let answered = 0
    const run = await runScript('interrupts.py', {
      args,
      onOutput(stdout, kill) {
        pid = Number(/^pid (\d+)\n/.exec(stdout)?.[1])
        const heard = stdout.match(/^heard/gm)?.length ?? 0
        if (Number.isNaN(pid) || heard < answered || heard >= 24) return
        answered = heard + 1
        // Signals go in turn to the started process and to the process id that the script sees as its own.
        if (heard % 2 === 0) kill('SIGINT')
        else process.kill(pid, 'SIGUSR1')
      },
    })

    expect(run.stdout.split('\n').at(-2)).toBe('heard 24')
    expect(run.exitCode).toBe(0)
  })
}

test.skipIf(isLeftOut('second-interrupt'))(
  'a repeated Ctrl-C ends a script that hangs in C, where signals are not handled',
  async () => {
    const code = `import collections, itertools
print("ready", flush=True)
while True:
    try:
        collections.deque(itertools.count(), maxlen=0)
    except KeyboardInterrupt:
        pass  # the first Ctrl-C came before the C code
`
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
