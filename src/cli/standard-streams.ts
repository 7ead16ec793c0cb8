/**
 * Standard output and standard error of the commands. What a command is asked for goes to stdout and is written before
 * the call returns, so that no command ends before its output is out. Messages and log lines go to stderr, where
 * nothing depends on a reader.
 */

import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import { Outlet, prepareStandardStreams } from '../output/outlet.ts'
import { writeAll } from '../output/write-all.ts'

const STDOUT = 1
const STDERR = 2
const BROKEN_PIPE = 141

/** The command's output cannot be written: what is left to do is to end with this exit code. */
export class UnwritableOutput extends Error {
  readonly exitCode: number

  constructor(cause: NodeJS.ErrnoException) {
    super(`The output could not be written: ${cause.message}.`, { cause })
    // The reader has what it wanted (`head`, a pager that was left): as a program that SIGPIPE ends.
    this.exitCode = cause.code === 'EPIPE' ? BROKEN_PIPE : 1
  }

  get isReaderGone(): boolean {
    return this.exitCode === BROKEN_PIPE
  }
}

/** Waits for a slow reader. Throws `UnwritableOutput`. */
export function writeStdout(text: string): void {
  try {
    writeAll(STDOUT, Buffer.from(text))
  } catch (error) {
    throw new UnwritableOutput(error as NodeJS.ErrnoException)
  }
}

let stderr: Outlet | null = null
let descriptorOfStderr = STDERR
/** How a loss on stderr is reported: as text, unless the log has a form of its own. */
let lossNotice = (text: string): string => `cloaca: ${text}\n`

/** Everything that is for stderr goes there from then on; nowhere for null. Called before anything is. */
export function sendStderrTo(descriptor: number | null): void {
  descriptorOfStderr = descriptor ?? openSync(devNull, 'w')
}

/** Never waits and never throws. */
export function writeStderr(text: string): void {
  if (stderr === null) {
    prepareStandardStreams()
    stderr = new Outlet(descriptorOfStderr, {
      notice: ({ writes, bytes, reason }) =>
        lossNotice(`${writes} messages (${bytes} bytes) are missing here, because writing them failed: ${reason}`),
    })
  }
  stderr.write(text)
}

/** Says how a loss is reported in the place of what was lost. */
export function tellLossAs(format: (text: string) => string): void {
  lossNotice = format
}

/** Settles when what was written to stderr is out, or when nobody takes it. */
export async function drainStderr(): Promise<void> {
  await stderr?.drain()
}
