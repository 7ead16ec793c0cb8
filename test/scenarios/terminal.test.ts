/** At a terminal, `run` leaves it to the script: what is typed, its size, Ctrl-C, and job control of a shell. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const AT_A_TERMINAL = fileURLToPath(new URL('../support/at_a_terminal.py', import.meta.url))
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_Z = '\u001a'

const hasPty = spawnSync('python3', ['-c', 'import pty']).status === 0

type Step = readonly ['see' | 'type', string]

async function atATerminal(steps: readonly Step[], command: readonly string[]) {
  const child = spawn('python3', [AT_A_TERMINAL, JSON.stringify(steps), ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const [exitCode] = await once(child, 'close')
  return { shown, exitCode }
}

const running = (code: string) => [process.execPath, MAIN, 'run', '-c', code]

describe.skipIf(!hasPty)('a script at a terminal', () => {
  it('asks, is answered, and sees the terminal and the end of what is typed', async () => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'name? '],
        ['type', 'ada\n'],
        ['see', 'at a terminal: True True, line'],
        ['type', CTRL_D],
      ],
      running(`import os, sys
name = input("name? ")
os.get_terminal_size()
print("hello", name, "at a terminal:", os.isatty(0), sys.stdout.isatty(), end=", line\\n", flush=True)
print("rest", repr(sys.stdin.read()))`),
    )

    expect(shown).toContain('hello ada at a terminal: True True, line\n')
    expect(shown).toContain("rest ''")
    expect(exitCode).toBe(0)
  })

  it.each([
    ['computes', 'while True: pass'],
    ['waits', 'time.sleep(600)'],
    ['asks', 'input()'],
  ])('has the Ctrl-C, once, while it %s', async (_, code) => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
        ['see', 'caught'],
      ],
      running(`import time
print("ready", flush=True)
try:
    ${code}
except KeyboardInterrupt:
    print("caught", flush=True)
    time.sleep(0.3)  # a second one would come here
    print("went on")`),
    )

    expect(shown).toContain('went on')
    expect(exitCode).toBe(0)
  })

  it('has the Ctrl-C from its first line on, where the system keeps the engine from going on', async () => {
    // The engine stands still as soon as it begins to listen, as it does when it has no processor.
    const held = `const { on } = process
process.on = function (event, ...rest) {
  if (event === 'SIGINT') for (const until = Date.now() + 1000; Date.now() < until; );
  return on.call(this, event, ...rest)
}`
    const [node = '', ...words] = running(`import time
try:
    print("ready", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("caught")`)

    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
      ],
      [node, '--import', `data:text/javascript,${encodeURIComponent(held)}`, ...words],
    )

    expect(shown).toContain('caught')
    expect(exitCode).toBe(0)
  })

  it('is stopped by Ctrl-Z as a whole, goes on in the foreground, and has what is typed again', async () => {
    const [node = '', ...words] = running(`
print("rea" + "dy", flush=True)
while True:
    print("was told", input(), flush=True)`)
    const quoted = [node, ...words].map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ')

    const { shown } = await atATerminal(
      [
        ['type', `PS1='sh''ell> '\n`],
        ['see', 'shell> '],
        ['type', `${quoted}\n`],
        ['see', 'ready'],
        ['type', CTRL_Z],
        ['see', 'topped'],
        ['see', 'shell> '],
        ['type', 'echo the shell has "it"\n'],
        ['see', 'the shell has it'],
        ['type', 'fg\n'],
        ['type', 'first\n'],
        ['see', 'was told first'],
        ['type', CTRL_C],
        ['see', 'KeyboardInterrupt'],
        ['see', 'shell> '],
        ['type', 'exit\n'],
      ],
      ['/bin/sh', '-i'],
    )

    expect(shown).toContain('was told first')
  })
})
