/**
 * The texts in which a secret's value may be printed: as it is, line by line, quoted as Python, JSON and URLs have it, and in base64,
 * also as a part of something longer. Pure; used by `masks.ts`.
 */

import { HEAD } from './text-finder.ts'

/** Shorter values are shown: they would hide half of what is printed, and are hardly secret. */
const LEAST_CHARACTERS = HEAD

/** Empty for a value that is too short. */
export function formsOf(value: string): ReadonlySet<string> {
  const texts = [value, ...value.split(/\r?\n/).map((line) => line.trim())].filter(isLong)
  const forms = texts.flatMap((text) => [text, ...quoted(text), ...inUrls(text), ...inBase64(text)])
  return new Set(forms.filter(isLong))
}

function isLong(text: string): boolean {
  return text.length >= LEAST_CHARACTERS
}

/** Inside of the quotes. */
function quoted(text: string): readonly string[] {
  const inPython = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  const inJson = JSON.stringify(text).slice(1, -1)
  return [inJson, inAscii(inJson), inPython, inPython.replaceAll("'", "\\'"), inAscii(inPython)]
}

/** As `json.dumps` and `ascii` have it, for characters of one code unit each. */
function inAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As `quote`, `quote(safe='')`, `quote_plus` and `encodeURIComponent` have it. */
function inUrls(text: string): readonly string[] {
  if (!text.isWellFormed()) return []
  const byJavaScript = encodeURIComponent(text)
  const byPython = byJavaScript.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  return [byJavaScript, byPython, byPython.replaceAll('%2F', '/'), byPython.replaceAll('%20', '+')]
}

/** What is the same in every text that holds it, wherever it begins there: `user:password` of a header is one. */
function inBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const begin = Math.ceil((before * 8) / 6)
    const end = Math.floor(((before + bytes.length) * 8) / 6)
    const standard = whole.slice(begin, end)
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
