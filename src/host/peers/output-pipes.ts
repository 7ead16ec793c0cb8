/**
 * Pipes in place of the stdout and stderr of a process, which the engine reads. Real pipes, because programs cannot
 * open `/dev/stdout` if it is one of the sockets that Node makes.
 */

import { closeSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { openSystemPipe, type PipeEnds } from '../../native/handed-files.ts'

/** Destination of a process's output. `engine`: pipes that the engine reads. `stderr`: both streams go to stderr. */
export type OutputTarget = 'stdout' | 'stderr' | 'engine'

export interface OutputPipe {
  readonly stream: Readable
  /** Returns bytes that have arrived and were not read by the stream; null for none. */
  readNow(): Buffer | null
}

export interface ProcessOutput {
  readonly stdout: OutputPipe
  readonly stderr: OutputPipe
}

/** Entries 1 and 2 of the option `stdio` of `spawn`. */
export type StandardOutputs = readonly ['inherit' | number, 'inherit' | number]

const STDERR = 2
const chunk = Buffer.allocUnsafeSlow(65_536)

/**
 * Starts a process with its outputs. `output` is null if it writes to the streams of the engine. Throws an error with
 * the code `EMFILE` or `ENFILE` if the system has no free descriptor.
 */
export function withOutputs<Result>(
  target: OutputTarget,
  start: (stdio: StandardOutputs) => Result,
): { readonly output: ProcessOutput | null; readonly result: Result } {
  if (target !== 'engine') {
    return { output: null, result: start([target === 'stderr' ? STDERR : 'inherit', 'inherit']) }
  }
  const pipes: PipeEnds[] = []
  const open = (): PipeEnds => {
    const pipe = openSystemPipe()
    pipes.push(pipe)
    return pipe
  }
  try {
    const [stdout, stderr] = [open(), open()]
    const result = start([stdout[1], stderr[1]])
    return { output: { stdout: readerOf(stdout[0]), stderr: readerOf(stderr[0]) }, result }
  } catch (error) {
    for (const [reader] of pipes) closeSync(reader)
    throw error
  } finally {
    for (const [, writer] of pipes) closeSync(writer)
  }
}

function readerOf(descriptor: number): OutputPipe {
  const stream = new Socket({ fd: descriptor, readable: true, writable: false })
  stream.on('error', () => undefined) // Ignored: the end of the process reports a failed read as well
  stream.unref()
  return {
    stream,
    readNow() {
      if (stream.destroyed) return null
      try {
        const size = readSync(descriptor, chunk)
        return size === 0 ? null : Buffer.from(chunk.subarray(0, size))
      } catch {
        return null // Ignored: nothing has arrived
      }
    },
  }
}
