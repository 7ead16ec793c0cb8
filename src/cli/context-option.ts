/** JSON arguments of commands: as a text, in a file, or on standard input. They stay unchanged. */

import { readFileSync } from 'node:fs'
import { UsageMistake } from './print.ts'

/** Returns the unchanged text: `{"n": 1.0}`, or the content of the file in `@PATH`. `@-` is standard input. */
export function contextOption(given: string, what = '--context'): string {
  return given.startsWith('@') ? textAt(given.slice(1), what) : given
}

/** Does the same for an argument, for which `-` also is standard input. */
export function jsonArgument(given: string, what: string): string {
  return given === '-' ? textAt('-', what) : contextOption(given, what)
}

/** Checks a text before it is sent, because the engine's error would name a context. */
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
