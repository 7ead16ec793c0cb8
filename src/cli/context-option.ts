/** JSON that commands are given: written out, in a file, or on standard input. Kept to the letter. */

import { readFileSync } from 'node:fs'
import { UsageMistake } from './print.ts'

/** The text as it was written: `{"n": 1.0}`, or that of the file in `@PATH`. `@-` is standard input. */
export function contextOption(given: string, what = '--context'): string {
  return given.startsWith('@') ? textAt(given.slice(1), what) : given
}

/** The same for an argument, of which `-` is standard input, too. */
export function jsonArgument(given: string, what: string): string {
  return given === '-' ? textAt('-', what) : contextOption(given, what)
}

/** Before it is sent, where the answer would speak of a context. */
export function assertJson(text: string, what: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UsageMistake(`${what} is not valid JSON: ${(error as Error).message}`)
  }
}

function textAt(path: string, what: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    const { message } = error as Error
    throw new UsageMistake(`${what} cannot be read from "${path}": ${message}`)
  }
}
