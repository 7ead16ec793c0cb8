/**
 * Writes the output of scripts to the process's stdout and stderr. Output of a program waits for a reader, as with
 * `python`, until a signal. Output of served scripts never waits and uses an `Outlet`. Created by
 * `interpreter-session.ts`; called by `interpreter.ts`.
 */

import { isatty } from 'node:tty'
import type { StackToken } from '../../border/protocol.ts'
import { isSameFile, type Loss, Outlet, prepareStandardStreams } from '../../output/outlet.ts'
import { type PartSender, UnsentLine } from '../../output/unsent-line.ts'
import { WholeLines } from '../../output/whole-lines.ts'
import { writeAll } from '../../output/write-all.ts'
import type { SignalMailbox } from '../signal-mailbox.ts'
import type { CallLogs } from './call-logs.ts'
import { MaskedStreams, type SecretMasks } from './secret-masks.ts'

const NAMES = { 1: 'stdout', 2: 'stderr' } as const
type Descriptor = keyof typeof NAMES

export interface ScriptOutput {
  /** Writes a part of the interpreter's memory completely. Throws with the code of an error number. */
  write(descriptor: Descriptor, memory: Uint8Array): number
  /** Forgets the progress of interrupted writes that do not continue. */
  abandon(): void
  /** Makes later writes drop what cannot be written immediately, because the process is about to end. */
  hurry(): void
  ended(call: StackToken): void
  /** Settles when all output with a reader is written. */
  drain(): Promise<void>
}

export interface OutputOptions {
  readonly isProgram: boolean
  /** Sends output of served scripts to the engine. Null if it is written. */
  readonly send: PartSender | null
  readonly mailbox: SignalMailbox
  readonly logs: CallLogs
  /** Hides secrets that tasks received from the output of served scripts. */
  readonly masks: SecretMasks
  /** Returns the call whose output is being printed; 0 for none. */
  callThatPrints(): StackToken
  /** Returns the prefix of each line of a call at a terminal, or ''. */
  prefixOf(call: StackToken): string
  /** Reports output of served scripts that was dropped because no reader took it. */
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
  /** Returns early for most writes without building a key, because a program may write millions of times. */
  const takeProgress = (descriptor: Descriptor, memory: Uint8Array): number => {
    if (interrupted.size === 0) return 0
    const place = placeOf(descriptor, memory)
    const progress = interrupted.get(place) ?? 0
    interrupted.delete(place)
    return progress
  }
  return {
    write(descriptor, memory) {
      // C repeats an interrupted write from the same place after Python has run its handlers.
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

function sentOutput(masks: SecretMasks, send: PartSender): Writer {
  const masked = new MaskedStreams(masks)
  const unsent = new UnsentLine(send)
  const ended = (call: StackToken): void => {
    for (const [stream, bytes] of masked.end(call)) unsent.add(call, stream === 'stdout' ? 1 : 2, bytes)
    unsent.flush()
  }
  return {
    write(descriptor, memory, call) {
      unsent.add(call, descriptor, masked.take(call, NAMES[descriptor], memory))
      return memory.length
    },
    abandon: () => {},
    hurry: () => {},
    ended,
    async drain() {
      for (const call of masked.holding) ended(call)
      unsent.flush()
    },
  }
}

function servedOutput({ notice, prefixOf, masks, send }: OutputOptions): Writer {
  if (send !== null) return sentOutput(masks, send)
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
    1: isatty(1) || isSameFile(1, 2) ? wholeLines(1) : null,
    // The terminal also shows the engine's log, whose lines must stay whole.
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
