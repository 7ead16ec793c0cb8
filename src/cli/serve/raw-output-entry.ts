/**
 * Program that writes the output of `serve` in JSON; started by `raw-output.ts`. Copies the engine's lines, and turns
 * lines that the engine's children, native code or a crash of Node write to descriptors 1 and 2 into JSON. It is a
 * process of its own, so that it reads while the engine is blocked, and after the engine crashed. It never waits for
 * the reader of its output: see `standard-streams.ts`.
 */

import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Printed } from '../../output/call-log.ts'
import { printedLines } from '../../output/printed-lines.ts'
import { drainOutput, setLossFormat, writeWithoutWaiting } from '../standard-streams.ts'
import { visibleJson } from '../visible-text.ts'
import { scriptLineJson } from './script-lines.ts'

/** Pipes that are descriptors 1 and 2 of the engine. */
const RAW = { stdout: 3, stderr: 4 }
/** Pipes with JSON lines of the engine. */
const LINES = { stdout: 5, stderr: 6 }
/** Pipe that the engine closes when it has written everything. */
const STOP = 7
/** Pipe that this program closes when it has written everything. */
const DONE = 8
const STREAMS = ['stdout', 'stderr'] as const
const LINE_FEED = 10
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Number of bytes read from all pipes. */
let received = 0

// The engine decides when the output ends.
for (const signal of SIGNALS) process.on(signal, () => {})
setLossFormat((msg) => `${visibleJson(JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg }))}\n`)

const raw = STREAMS.map((stream) =>
  printedLines(
    stream,
    (line) => writeWithoutWaiting(stream, scriptLineJson(line)),
    () => ({}),
  ),
)
const ends = STREAMS.flatMap((stream, index) => [
  read(RAW[stream], (bytes) => raw[index]?.write(0, bytes)),
  read(LINES[stream], copyLines(stream)),
])

await read(STOP, () => {})
// Each turn of the event loop reads everything that is in the pipes.
for (let before = -1; before !== received; ) {
  before = received
  await setImmediate()
  await setImmediate()
}
for (const lines of raw) lines.end()
await drainOutput()
closeSync(DONE) // The engine ends then. Its children may still print.
await Promise.all(ends)
for (const lines of raw) lines.end()
await drainOutput()
process.exit()

/** Passes on everything that is written to a pipe, and returns at its end. */
async function read(descriptor: number, take: (bytes: Buffer) => void): Promise<void> {
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  pipe.on('data', (bytes: Buffer) => {
    received += bytes.length
    take(bytes)
  })
  pipe.on('error', () => {}) // Ignored: the pipe closes then
  await once(pipe, 'close')
}

/** Copies whole lines, each in one write, so that no other line is in between. */
function copyLines(stream: Printed): (bytes: Buffer) => void {
  let parts: Buffer[] = []
  return (bytes) => {
    let begin = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, begin)) {
      writeWithoutWaiting(stream, Buffer.concat([...parts, bytes.subarray(begin, end + 1)]).toString())
      parts = []
      begin = end + 1
    }
    if (begin < bytes.length) parts.push(bytes.subarray(begin))
  }
}
