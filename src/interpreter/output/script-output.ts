/**
 * What scripts print, on its way to the process's stdout and stderr. The output of a program is its own: it waits for a
 * reader, as under python, and a signal ends the wait. What a served script prints holds nobody up: it goes through an
 * `Outlet`. Made by `session.ts`, written to by `interpreter.ts`.
 */

import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { StackToken } from '../../border/protocol.ts'
import { type Loss, Outlet, prepareStandardStreams } from '../../output/outlet.ts'
import { WholeLines } from '../../output/whole-lines.ts'
import { writeAll } from '../../output/write-all.ts'
import type { SignalMailbox } from '../signal-mailbox.ts'
import type { CallLogs } from './call-logs.ts'
import { MaskedStreams, type SecretMasks } from './secret-masks.ts'

const NAMES = { 1: 'stdout', 2: 'stderr' } as const
type Descriptor = keyof typeof NAMES

export interface ScriptOutput {
  /** Takes all of a part of the interpreter's memory, or throws with the code of an error number. */
  write(descriptor: Descriptor, memory: Uint8Array): number
  /** Forgets how far writes came that were interrupted and do not go on. */
  abandon(): void
  /** From now on a write takes what can be written at once, and drops the rest: the process is about to end. */
  hurry(): void
  /** A poll or an attempt has ended, and prints nothing more. */
  ended(call: StackToken): void
  /** Settles when everything is written that somebody takes. */
  drain(): Promise<void>
}

export interface OutputOptions {
  readonly isProgram: boolean
  readonly mailbox: SignalMailbox
  /** Polls and attempts print into it, too. */
  readonly logs: CallLogs
  /** What served scripts print has no secrets in it that their tasks were given. */
  readonly masks: SecretMasks
  /** Whose output is what is printed now; 0 for nobody's. */
  callThatPrints(): StackToken
  /** What stands before each line of a call at a terminal, or ''. */
  prefixOf(call: StackToken): string
  /** Hears of what served scripts printed and nobody took. */
  notice(message: string): void
}

type Writer = Omit<ScriptOutput, 'write'> & {
  write(descriptor: Descriptor, memory: Uint8Array, call: StackToken): number
}

export function scriptOutput(options: OutputOptions): ScriptOutput {
  const { isProgram, mailbox, logs, callThatPrints } = options
  const writer = isProgram ? programOutput(mailbox) : servedOutput(options)
  return {
    ...writer,
    write(descriptor, memory) {
      const call = callThatPrints()
      const written = writer.write(descriptor, memory, call)
      if (call !== 0) logs.print(call, NAMES[descriptor], memory)
      return written
    },
  }
}

function programOutput(mailbox: SignalMailbox): Writer {
  const interrupted = new Map<string, number>()
  let isHurried = false
  const mustStop = () => isHurried || mailbox.isAsking
  /** Without a word for most writes, of which there may be millions. */
  const takeProgress = (descriptor: Descriptor, memory: Uint8Array): number => {
    if (interrupted.size === 0) return 0
    const place = placeOf(descriptor, memory)
    const progress = interrupted.get(place) ?? 0
    interrupted.delete(place)
    return progress
  }
  return {
    write(descriptor, memory) {
      // C tries an interrupted write again, from the same place, when Python's handlers have run.
      const written = writeAll(descriptor, memory, takeProgress(descriptor, memory), mustStop)
      if (written === memory.length || isHurried) return memory.length
      interrupted.set(placeOf(descriptor, memory), written)
      mailbox.requestCheck()
      throw Object.assign(new Error('a signal arrived'), { code: 'EINTR' })
    },
    abandon: () => interrupted.clear(),
    hurry() {
      isHurried = true
    },
    ended: () => {},
    drain: async () => {},
  }
}

function placeOf(descriptor: Descriptor, { byteOffset, length }: Uint8Array): string {
  return `${descriptor}:${byteOffset}:${length}`
}

function servedOutput({ notice, prefixOf, masks }: OutputOptions): Writer {
  prepareStandardStreams()
  const masked = new MaskedStreams(masks)
  const report = (descriptor: Descriptor, { bytes, reason }: Loss) =>
    notice(
      `${bytes} bytes of script output are missing on ${NAMES[descriptor]}, because writing them failed: ${reason}`,
    )
  const open = (descriptor: Descriptor) =>
    new Outlet(descriptor, {
      notice(loss) {
        report(descriptor, loss)
        return ''
      },
    })
  const outlets = { 1: open(1), 2: open(2) }
  const lines = {
    1: isatty(1) || isSameFile() ? wholeLines(1) : null,
    // Where the engine's log is: its lines are never in the middle of another.
    2: wholeLines(2),
  }
  function wholeLines(descriptor: Descriptor): WholeLines {
    const prefix = isatty(descriptor) ? prefixOf : () => ''
    return new WholeLines((bytes) => outlets[descriptor].write(bytes), prefix)
  }
  const show = (descriptor: Descriptor, bytes: Uint8Array, call: StackToken): void => {
    const whole = lines[descriptor]
    if (whole === null) outlets[descriptor].write(bytes)
    else whole.write(call, bytes)
  }
  const ended = (call: StackToken): void => {
    for (const [stream, bytes] of masked.end(call)) show(stream === 'stdout' ? 1 : 2, bytes, call)
    lines[1]?.ended(call)
    lines[2].ended(call)
  }
  const drain = async (descriptor: Descriptor) => {
    for (const call of masked.holding) ended(call)
    lines[descriptor]?.end()
    await outlets[descriptor].drain()
    const loss = outlets[descriptor].takeRest()
    if (loss !== null) report(descriptor, loss)
  }
  return {
    write(descriptor, memory, call) {
      show(descriptor, masked.take(call, NAMES[descriptor], memory), call)
      return memory.length
    },
    abandon: () => {},
    hurry: () => {},
    ended,
    drain: async () => void (await Promise.all([drain(1), drain(2)])),
  }
}

/** Both streams go to one file, pipe or terminal. */
function isSameFile(): boolean {
  try {
    const [stdout, stderr] = [fstatSync(1), fstatSync(2)]
    return stdout.dev === stderr.dev && stdout.ino === stderr.ino
  } catch {
    return false // one of them is closed
  }
}
