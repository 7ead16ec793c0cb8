/** Stderr of the command of a receiver. Its first line with text is the reason for a failed delivery. */

import type { Readable } from 'node:stream'
import type { Clock } from '../engine/clock-port.ts'

const MAX_READ_CHARACTERS = 4_096
const MAX_LINE_CHARACTERS = 300
/** Time for the last output of a command that has ended. A process that it has started may keep stderr open. */
const LAST_OUTPUT_WITHIN_MS = 100
const TRACEBACK = 'Traceback (most recent call last):'

export class ErrorOutput {
  readonly #clock: Clock
  readonly #ended: Promise<void>
  #text = ''

  constructor(stream: Readable & { unref?(): void }, clock: Clock) {
    this.#clock = clock
    const ended = Promise.withResolvers<void>()
    this.#ended = ended.promise
    // Reads until the end, so that a process that the command has started can write to it later.
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      if (this.#text.length < MAX_READ_CHARACTERS) this.#text += chunk.slice(0, MAX_READ_CHARACTERS)
    })
    stream.on('error', () => undefined) // Ignored: the stream closes then
    stream.on('close', ended.resolve)
    stream.unref?.()
  }

  /** Returns the reason that the command has printed, or null. Must be called when the command has ended. */
  async firstLine(): Promise<string | null> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(LAST_OUTPUT_WITHIN_MS, limit.resolve, 'reading the errors of a command')
    await Promise.race([this.#ended, limit.promise])
    timer.cancel()
    const line = reasonIn(this.#text)
    if (line === undefined) return null
    const characters = [...line.trim()]
    if (characters.length <= MAX_LINE_CHARACTERS) return characters.join('')
    return `${characters.slice(0, MAX_LINE_CHARACTERS).join('')}…`
  }
}

/** Returns the first line with text; of a traceback of Python, the line with the exception. */
function reasonIn(text: string): string | undefined {
  const [first, ...others] = text.split(/[\r\n]/).filter((line) => line.trim() !== '')
  if (first !== TRACEBACK) return first
  return others.find((line) => !line.startsWith(' ')) ?? first
}
