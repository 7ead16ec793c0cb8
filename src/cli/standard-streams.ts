/**
 * Standard output and standard error of the commands. What a command is asked for goes to stdout and is written before
 * the call returns, so that no command ends before its output is out. Messages and log lines go to stderr, where
 * nothing depends on a reader.
 */

import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import { isSameFile, Outlet, prepareStandardStreams } from '../output/outlet.ts'
import { writeAll } from '../output/write-all.ts'

const STDOUT = 1
const STDERR = 2
const BROKEN_PIPE = 141

/** Output that cannot be written. The command can only end with this exit code. */
export class UnwritableOutput extends Error {
  readonly exitCode: number

  constructor(cause: NodeJS.ErrnoException) {
    super(`The output could not be written: ${cause.message}.`, { cause })
    // The reader has closed the pipe (`head`, a pager): ends like a program at SIGPIPE.
    this.exitCode = cause.code === 'EPIPE' ? BROKEN_PIPE : 1
  }

  get isReaderGone(): boolean {
    return this.exitCode === BROKEN_PIPE
  }
}

/** Functions that take the output of a command which does not run in a process of its own. */
export interface StandardStreams {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

let streams: StandardStreams | null = null

/** Redirects the output of commands to `to`, away from the descriptors of this process. */
export function writeTo(to: StandardStreams): void {
  streams = to
}

/** Writes text, waiting for a slow reader. Throws `UnwritableOutput`. */
export function writeStdout(text: string): void {
  if (streams !== null) {
    streams.stdout(text)
    return
  }
  try {
    writeAll(STDOUT, Buffer.from(text))
  } catch (error) {
    throw new UnwritableOutput(error as NodeJS.ErrnoException)
  }
}

let stderr: Outlet | null = null
/** Size of lines that wait for the program that writes them. It always reads, and has the usual limit itself. */
const CONVERTER_LIMIT_BYTES = 256 * 1024 * 1024
let limits: { readonly limitBytes?: number } = {}
let descriptorOfStdout = STDOUT
let descriptorOfStderr = STDERR
/** Form of reports about lost stderr lines: text, unless the log has another form. */
let lossNotice = (text: string): string => `cloaca: ${text}\n`

/** Redirects all of stderr; null discards it. Must be called before any output. */
export function sendStderrTo(descriptor: number | null): void {
  descriptorOfStderr = descriptor ?? openSync(devNull, 'w')
}

/** Sends lines that never wait to other descriptors. If stdout and stderr are one file, all go to `toStderr`. */
export function redirectLines(toStdout: number, toStderr: number): void {
  isOneFile() // Before the descriptors change.
  limits = toStdout === STDOUT ? {} : { limitBytes: CONVERTER_LIMIT_BYTES }
  descriptorOfStdout = toStdout
  descriptorOfStderr = toStderr
  stdout = null
  stderr = null
}

/** Writes text. Never waits and never throws. */
export function writeStderr(text: string): void {
  if (streams !== null) {
    streams.stderr(text)
    return
  }
  if (stderr === null) {
    prepareStandardStreams()
    stderr = new Outlet(descriptorOfStderr, {
      ...limits,
      notice: ({ writes, bytes, reason }) =>
        lossNotice(`${writes} messages (${bytes} bytes) are missing here, because writing them failed: ${reason}`),
    })
  }
  stderr.write(text)
}

let stdout: Outlet | null = null

/** Writes text of a running service. Never waits and never throws. Writes to one file are not mixed. */
export function writeWithoutWaiting(stream: 'stdout' | 'stderr', text: string): void {
  if (stream === 'stderr' || (streams === null && isOneFile())) writeStderr(text)
  else if (streams !== null) streams.stdout(text)
  else {
    prepareStandardStreams()
    stdout ??= new Outlet(descriptorOfStdout, {
      ...limits,
      notice({ bytes, reason }) {
        writeStderr(
          lossNotice(`${bytes} bytes of script output are missing on stdout, because writing them failed: ${reason}`),
        )
        return ''
      },
    })
    stdout.write(text)
  }
}

let isOne: boolean | null = null

function isOneFile(): boolean {
  isOne ??= isSameFile(STDOUT, descriptorOfStderr)
  return isOne
}

/** Sets the form of reports about lost lines. */
export function setLossFormat(format: (text: string) => string): void {
  lossNotice = format
}

/** Settles when all output is written, or has no reader. */
export async function drainOutput(): Promise<void> {
  await stdout?.drain()
  await stderr?.drain()
}
