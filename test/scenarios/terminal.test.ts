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

/** The engine hears of the first Ctrl-C late, as when it has no processor. */
function withLateEngine(code: string): readonly string[] {
  const late = `const { on } = process
let heard = 0
process.on = function (event, listener) {
  const hear = () => (++heard === 1 ? setTimeout(listener, 400) : listener())
  return on.call(this, event, event === 'SIGINT' ? hear : listener)
}`
  const [node = '', ...words] = running(code)
  return [node, '--import', `data:text/javascript,${encodeURIComponent(late)}`, ...words]
}

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

  it.each([
    ['waits for', 'subprocess.run("sleep 0.2; echo ready; exec sleep 600", shell=True)'],
    ['reads from', 'subprocess.check_output("sleep 0.2; echo ready >/dev/tty; exec sleep 600", shell=True)'],
  ])('has the Ctrl-C that ends a program which it %s, once, and before that end', async (_, code) => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
      ],
      withLateEngine(`import subprocess, time
try:
    print("ended:", ${code})
except KeyboardInterrupt:
    print("caught")
    time.sleep(0.8)  # a second one would come here
    print("went on")`),
    )

    expect(shown).toContain('caught\nwent on')
    expect(exitCode).toBe(0)
  })

  it('leaves the Ctrl-C to the command of os.system, as C does', async () => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
      ],
      withLateEngine(`import os, time
print("ended:", os.system("sleep 0.2; echo ready; exec sleep 600"))
time.sleep(0.8)
print("went on")`),
    )

    expect(shown).toContain('ended: 2\nwent on')
    expect(exitCode).toBe(0)
  })

  it('is not taken for one that hangs when it has had a Ctrl-C and is sent another one, much later', async () => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready 1'],
        ['type', CTRL_C],
        ['see', 'ready 2'],
        ['type', CTRL_C],
      ],
      withLateEngine(`import time
try:
    print("ready 1", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(2.5)
try:
    print("ready 2", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.8)
    print("went on")`),
    )

    expect(shown).toContain('went on')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['a thread', 'threading.Thread(target=says_ready).start()', /on threading shutdown\n[\s\S]*\nKeyboardInterrupt/, 0],
    ['an exit function', 'atexit.register(says_ready)', /in atexit callback <[\s\S]*\nKeyboardInterrupt/, 0],
    ['a stream', 'sys.stdout = Stream()', /while flushing sys.stdout:\nKeyboardInterrupt/, 120],
  ])('ends as under python when Ctrl-C comes while %s keeps it from its end', async (_, code, said, exit) => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
      ],
      running(`import atexit, sys, threading, time
def says_ready():
    time.sleep(0.2)
    print("ready", file=sys.__stdout__, flush=True)
    time.sleep(600)
class Stream:
    closed = False
    flush = staticmethod(says_ready)
${code}`),
    )

    expect(shown).toMatch(said)
    expect(shown).not.toContain('cloaca:')
    expect(exitCode).toBe(exit)
  })

  it('says nothing when Ctrl-C ends the wait for what a socket has not sent yet, which python leaves to the system', async () => {
    const { shown, exitCode } = await atATerminal(
      [
        // The whole line: a terminal writes its end separately, and shows the key in between on a busy machine.
        ['see', 'ready\r\n'],
        ['type', CTRL_C],
      ],
      running(`import socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.setblocking(False)
try:
    while True:
        client.send(bytes(1_000_000))
except BlockingIOError:
    pass
threading.Thread(target=lambda: (time.sleep(0.5), print("ready", flush=True)), daemon=True).start()`),
    )

    expect(shown).toMatch(/^ready\n\^C\s*$/)
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
