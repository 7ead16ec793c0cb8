/** Errors of Python as data, as outcomes contain them and the store keeps them. */

/** Python exception as data. Also describes the failure of an interpreter. */
export interface PythonFault {
  /** Class name of the exception, such as `ValueError`. For a failed interpreter, a name such as `InterpreterDied`. */
  readonly type: string
  /** Complete sentence, such as `trigger 'x' raised exception: …`. */
  readonly message: string
  /** Complete traceback as Python prints it. Empty if there is none. */
  readonly traceback: string
}

const KIBIBYTE = 1024
/** Number of bytes of UTF-8 of each part of an error: 64 KiB together. */
const MAX_TYPE_BYTES = KIBIBYTE
const MAX_MESSAGE_BYTES = 16 * KIBIBYTE
const MAX_TRACEBACK_BYTES = 47 * KIBIBYTE
/** Number of bytes reserved for the note that says how much was cut. */
const NOTE_BYTES = 64
/** Number of characters of an error in lists, log lines and alerts. */
export const MAX_SHOWN_CHARACTERS = 1_000
const NOTE_CHARACTERS = 40

/** Returns the error as it is stored, with at most 64 KiB. Shortened texts state how much was cut. */
export function limitedFault(fault: PythonFault): PythonFault {
  const type = cut(fault.type, MAX_TYPE_BYTES, 0)
  const message = cut(fault.message, MAX_MESSAGE_BYTES, 0)
  // The frames are at the beginning of a traceback, and a long message is at its end.
  const traceback = cut(fault.traceback, MAX_TRACEBACK_BYTES, 0.75)
  const isWhole = type === fault.type && message === fault.message && traceback === fault.traceback
  return isWhole ? fault : { type, message, traceback }
}

export function formatError(message: string, maxCharacters?: number): string
export function formatError(message: string | null): string | null
export function formatError(message: string | null, maxCharacters = MAX_SHOWN_CHARACTERS): string | null {
  if (message === null || message.length <= maxCharacters) return message
  const shown = wholePrefix(message, maxCharacters - NOTE_CHARACTERS)
  return `${shown}… (${message.length - shown.length} more characters)`
}

/** Removes the documented beginning of the messages of failed tasks, for places where only their ends differ. */
export function withoutIntroduction(message: string): string {
  return message.replace(/^(?:Python task|Task) execution failed: /, '')
}

/** Returns the beginning and the end of a traceback, for log lines. */
export function formatTraceback(traceback: string): string {
  if (traceback.length <= MAX_SHOWN_CHARACTERS) return traceback
  const kept = MAX_SHOWN_CHARACTERS - NOTE_CHARACTERS
  const head = wholePrefix(traceback, Math.floor(kept / 4))
  const tail = wholeSuffix(traceback, kept - head.length)
  return `${head}\n${noteOf(traceback.length - head.length - tail.length)}\n${tail}`
}

export function formatFault(fault: PythonFault | null): PythonFault | null {
  if (fault === null) return null
  return { ...fault, message: formatError(fault.message), traceback: formatTraceback(fault.traceback) }
}

/** `tailPart`: share of the kept text that is the end of the given text (0 to 1). The rest is its beginning. */
function cut(given: string, bytes: number, tailPart: number): string {
  if (given.length * 3 <= bytes) return given
  // UTF-8 cannot encode half of a surrogate pair.
  const text = given.toWellFormed()
  if (bytesOf(text) <= bytes) return given
  const kept = bytes - NOTE_BYTES
  const tailBytes = Math.floor(kept * tailPart)
  const head = wholePrefix(text, unitsWithin(text, kept - tailBytes))
  const tail = tailBytes === 0 ? '' : wholeSuffix(text, unitsWithinFromEnd(text, tailBytes))
  const note = noteOf(text.length - head.length - tail.length)
  return tailBytes === 0 ? `${head} ${note}` : `${head}\n${note}\n${tail}`
}

function noteOf(characters: number): string {
  return `… ${characters} characters were cut …`
}

function bytesOf(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at += 1) bytes += unitBytes(text.charCodeAt(at))
  return bytes
}

/** Returns the bytes of a UTF-16 unit in UTF-8. A pair of surrogates has four. */
function unitBytes(unit: number): number {
  if (unit < 0x80) return 1
  return unit < 0x8_00 || (unit >= 0xd8_00 && unit < 0xe0_00) ? 2 : 3
}

function unitsWithin(text: string, bytes: number): number {
  let at = 0
  for (let left = bytes; at < text.length && left >= 0; at += 1) left -= unitBytes(text.charCodeAt(at))
  return at - 1
}

function unitsWithinFromEnd(text: string, bytes: number): number {
  let count = 0
  for (let left = bytes; count < text.length && left >= 0; count += 1) {
    left -= unitBytes(text.charCodeAt(text.length - 1 - count))
  }
  return count - 1
}

/** Does not split a surrogate pair. */
function wholePrefix(text: string, units: number): string {
  const last = text.charCodeAt(units - 1)
  return text.slice(0, last >= 0xd8_00 && last < 0xdc_00 ? units - 1 : units)
}

function wholeSuffix(text: string, units: number): string {
  const first = text.charCodeAt(text.length - units)
  return text.slice(text.length - (first >= 0xdc_00 && first < 0xe0_00 ? units - 1 : units))
}
