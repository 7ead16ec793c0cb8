/**
 * What scripts print, on its way to the process's stdout and stderr. The output of a program is its own: it waits for a
 * reader, as under python, and a signal ends the wait. What a served script prints holds nobody up: it goes through an
 * `Outlet`. Made by `session.ts`, written to by `interpreter.ts`.
 */

import { type Loss, Outlet, prepareStandardStreams } from '../../output/outlet.ts'
import { writeAll } from '../../output/write-all.ts'
import type { SignalMailbox } from '../signal-mailbox.ts'
import type { CallLogs } from './call-logs.ts'

const NAMES = { 1: 'stdout', 2: 'stderr' } as const
type Descriptor = keyof typeof NAMES

export interface ScriptOutput {
  /** Takes all of a part of the interpreter's memory, or throws with the code of an error number. */
  write(descriptor: Descriptor, memory: Uint8Array): number
  /** Forgets how far writes came that were interrupted and do not go on. */
  abandon(): void
  /** From now on a write takes what can be written at once, and drops the rest: the process is about to end. */
  hurry(): void
  /** Settles when everything is written that somebody takes. */
  drain(): Promise<void>
}

/** Polls and attempts print into `logs`, too. `notice` hears of what served scripts printed and nobody took. */
export function scriptOutput(
  isProgram: boolean,
  mailbox: SignalMailbox,
  logs: CallLogs,
  notice: (message: string) => void,
): ScriptOutput {
  const output = isProgram ? programOutput(mailbox) : servedOutput(notice)
  return {
    ...output,
    write(descriptor, memory) {
      const written = output.write(descriptor, memory)
      logs.print(NAMES[descriptor], memory)
      return written
    },
  }
}

function programOutput(mailbox: SignalMailbox): ScriptOutput {
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
      throw Object.assign(new Error('a signal came in'), { code: 'EINTR' })
    },
    abandon: () => interrupted.clear(),
    hurry() {
      isHurried = true
    },
    drain: async () => {},
  }
}

function placeOf(descriptor: Descriptor, { byteOffset, length }: Uint8Array): string {
  return `${descriptor}:${byteOffset}:${length}`
}

function servedOutput(notice: (message: string) => void): ScriptOutput {
  prepareStandardStreams()
  const report = (descriptor: Descriptor, { bytes, reason }: Loss) =>
    notice(
      `${bytes} bytes that scripts printed are missing on ${NAMES[descriptor]}: they could not be written (${reason})`,
    )
  const open = (descriptor: Descriptor) =>
    new Outlet(descriptor, {
      notice(loss) {
        report(descriptor, loss)
        return ''
      },
    })
  const outlets = { 1: open(1), 2: open(2) }
  const drain = async (descriptor: Descriptor) => {
    await outlets[descriptor].drain()
    const loss = outlets[descriptor].takeRest()
    if (loss !== null) report(descriptor, loss)
  }
  return {
    write(descriptor, memory) {
      outlets[descriptor].write(memory)
      return memory.length
    },
    abandon: () => {},
    hurry: () => {},
    drain: async () => void (await Promise.all([drain(1), drain(2)])),
  }
}
