/** Numbers among the options of the commands. */

import { InvalidArgumentError } from 'commander'

/** From 0 on. Anything else is wrong usage. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a whole number, 0 or more.')
}
