/** The option `--context` of the commands that start something. */

import { readFileSync } from 'node:fs'
import { UsageMistake } from './print.ts'

/** The text as it was written: `{"n": 1.0}`, or that of the file in `@PATH`. `@-` is standard input. */
export function contextOption(given: string): string {
  if (!given.startsWith('@')) return given
  const path = given.slice(1)
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (error) {
    const { message } = error as Error
    throw new UsageMistake(`--context cannot be read from "${path}": ${message}`)
  }
}
