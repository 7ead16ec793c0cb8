/** Values of the options of the commands, checked. */

import { InvalidArgumentError } from 'commander'

/** From 0 on. Anything else is wrong usage. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new InvalidArgumentError('It must be a whole number, 0 or more.')
}

/** One of a few words, in whatever case. Anything else is wrong usage. */
export function oneOf<Word extends string>(what: string, words: readonly Word[]): (given: string) => Word {
  return (given) => {
    const word = words.find((each) => each.toLowerCase() === given.toLowerCase())
    if (word !== undefined) return word
    throw new InvalidArgumentError(`There is no ${what} "${given}". Choose one of: ${words.join(', ')}.`)
  }
}
