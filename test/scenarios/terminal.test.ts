/** `cloaca run` at a terminal: the script has the input, the terminal size, Ctrl-C and the job control of the shell. */

import { describe, expect, it } from 'vitest'
import { MAIN } from '../support/main-path.ts'
import { atATerminal, hasPty } from '../support/pseudo-terminal.ts'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_Z = '\u001a'

const running = (code: string) => [process.execPath, MAIN, 'run', '-c', code]

/** Returns a command whose engine handles the first Ctrl-C late, as on a busy machine. */
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
  it('reads typed lines until Ctrl-D, and sees a terminal', async () => {
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
    ['reads input', 'input()'],
  ])('gets one KeyboardInterrupt for a Ctrl-C while it %s', async (_, code) => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
        ['see', 'caught'],
      ],
      running(`import time
try:
    print("ready", flush=True)
    ${code}
except KeyboardInterrupt:
    print("caught", flush=True)
    time.sleep(0.3)  # a second interrupt would arrive here
    print("went on")`),
    )

    expect(shown).toContain('went on')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['waits for', 'subprocess.run("sleep 0.2; echo ready; exec sleep 600", shell=True)'],
    ['reads from', 'subprocess.check_output("sleep 0.2; echo ready >/dev/tty; exec sleep 600", shell=True)'],
  ])('gets one KeyboardInterrupt when Ctrl-C ends a program that it %s', { tags: ['night'] }, async (_, code) => {
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
    time.sleep(0.8)  # a second interrupt would arrive here
    print("went on")`),
    )

    expect(shown).toContain('caught\nwent on')
    expect(exitCode).toBe(0)
  })

  it('gets no KeyboardInterrupt for a Ctrl-C during os.system, which ends only the command', {
    tags: ['night'],
  }, async () => {
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

  it('is not killed by a second Ctrl-C long after the first', { tags: ['night'] }, async () => {
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
  ])('ends as in CPython after a Ctrl-C while %s delays its end', { tags: ['night'] }, async (_, code, said, exit) => {
    const { shown, exitCode } = await atATerminal(
      [
        ['see', 'ready'],
        ['type', CTRL_C],
      ],
      running(`import atexit, sys, threading, time
def says_ready():
    while threading.current_thread() is not threading.main_thread() and threading.main_thread().is_alive():
        time.sleep(0.01)  # the main thread has not reached its end
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

  it('prints nothing when Ctrl-C ends the wait for unsent data of a socket', { tags: ['night'] }, async () => {
    const { shown, exitCode } = await atATerminal(
      [
        // Waits for the line end, because on a busy machine a terminal shows the typed key before it.
        ['see', 'ready\r\n'],
        ['type', CTRL_C],
      ],
      running(`import socket
from cloaca._adapt.sockets import socket_module
pause_until = socket_module.pause_until
def say_and_pause(*arguments):
    print("ready", flush=True)
    pause_until(*arguments)
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
client.setblocking(False)
try:
    while True:
        client.send(bytes(1_000_000))
except BlockingIOError:
    pass
socket_module.pause_until = say_and_pause`),
    )

    expect(shown).toMatch(/^ready\n\^C\s*$/)
    expect(exitCode).toBe(0)
  })

  it('gets a Ctrl-C from its first line on, also while the engine has no processor', { tags: ['night'] }, async () => {
    // The engine stops for a second when it adds its SIGINT listener, as on a busy machine.
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

  it('is stopped by Ctrl-Z, and resumes in the foreground with the typed input', async () => {
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
