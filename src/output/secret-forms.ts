/**
 * Forms in which a secret may be printed: unchanged, by line, quoted as in Python, JSON and URLs, and base64, also
 * inside a longer text. Pure; used by `masks.ts`.
 */

import { MIN_TEXT_LENGTH } from './text-finder.ts'

/** Minimum length of a secret. Hiding shorter values would hide half of the output. */
const MIN_CHARACTERS = MIN_TEXT_LENGTH

export function secretForms(value: string): ReadonlySet<string> {
  const texts = [value, ...value.split(/\r?\n/).map((line) => line.trim())].filter(isLong)
  const forms = texts.flatMap((text) => [text, ...quoted(text), ...inUrls(text), ...inBase64(text)])
  return new Set(forms.filter(isLong))
}

function isLong(text: string): boolean {
  return text.length >= MIN_CHARACTERS
}

function quoted(text: string): readonly string[] {
  const inPython = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  const inJson = JSON.stringify(text).slice(1, -1)
  return [inJson, inAscii(inJson), inPython, inPython.replaceAll("'", "\\'"), inAscii(inPython)]
}

/** Escapes as `json.dumps` and `ascii`, for characters of one code unit each. */
function inAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Escapes as `quote`, `quote(safe='')`, `quote_plus` and `encodeURIComponent`. */
function inUrls(text: string): readonly string[] {
  if (!text.isWellFormed()) return []
  const byJavaScript = encodeURIComponent(text)
  const byPython = byJavaScript.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  return [byJavaScript, byPython, byPython.replaceAll('%2F', '/'), byPython.replaceAll('%20', '+')]
}

/** Returns the part of base64 that is the same at any offset in a text, such as `user:password` of a header. */
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
