/** Values of the options of the commands, checked. */

import { InvalidArgumentError } from 'commander'
import { durationMs } from '../model/time/duration.ts'

/** From 0 on. Anything else is wrong usage. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number
  throw new InvalidArgumentError('Expected a whole number, 0 or more.')
}

/** From 1 on. Anything else is wrong usage. */
export function positiveNumber(text: string): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 1) return number
  throw new InvalidArgumentError('Expected a whole number, 1 or more.')
}

/** A duration in milliseconds: `90s`, `12h`, `7d`. Anything else is wrong usage. */
export function duration(text: string): number {
  const ms = durationMs(text)
  if (typeof ms === 'number') return ms
  throw new InvalidArgumentError('Expected a duration such as 90s, 12h or 7d.')
}

/** How far back something begins: a duration (`2h`) before now, or an instant. Anything else is wrong usage. */
export function beginning(text: string): { readonly at: number } | { readonly agoMs: number } {
  const agoMs = durationMs(text)
  if (typeof agoMs === 'number') return { agoMs }
  const at = isDate(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(at)) return { at }
  throw new InvalidArgumentError('Expected a duration such as 2h or 7d, or a timestamp such as 2026-01-31T08:00:00Z.')
}

/** Whether there is such a day: `Date` takes the 30th of February for the 1st of March. */
function isDate(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

export function instantOf(given: ReturnType<typeof beginning>, now: number): number {
  return 'at' in given ? given.at : now - given.agoMs
}

/** One of a few words, in whatever case. Anything else is wrong usage. */
export function oneOf<Word extends string>(what: string, words: readonly Word[]): (given: string) => Word {
  return (given) => {
    const word = words.find((each) => each.toLowerCase() === given.toLowerCase())
    if (word !== undefined) return word
    throw new InvalidArgumentError(`Unknown ${what} "${given}". Choose one of: ${words.join(', ')}.`)
  }
}
