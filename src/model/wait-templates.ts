/** Templates of keys of signals and titles of approvals: `{name}` is a top-level value of the input of the node. */

import { isStorable } from './arguments.ts'

/** Maximum size of the key of a signal, in bytes of UTF-8. */
export const MAX_SIGNAL_KEY_BYTES = 512

/** Maximum length of the title of an approval. Longer titles are cut. */
const MAX_TITLE_LENGTH = 1_000

/** A template that cannot be filled. The message states the reason, without a full stop. */
export class WaitKeyError extends Error {}

type TemplatePart = { readonly kind: 'text' | 'name'; readonly text: string }

/** Returns the exact JSON text of a top-level value, or null if it is missing. */
export type PickMember = (name: string) => string | null

const PART = /\{\{|\}\}|\{([^{}]+)\}|[{}]|[^{}]+/gu

/** Splits a template. `{{` and `}}` are braces. Throws `WaitKeyError` for a single brace, or a name that is empty. */
export function templateParts(template: string): readonly TemplatePart[] {
  return [...template.matchAll(PART)].map(([text, name]) => {
    if (name !== undefined) return { kind: 'name', text: name }
    if (text === '{{' || text === '}}') return { kind: 'text', text: text.slice(1) }
    if (text === '{' || text === '}') {
      throw new WaitKeyError(`the template ${JSON.stringify(template)} has a single "${text}": write "${text}${text}"`)
    }
    return { kind: 'text', text }
  })
}

/** Throws `WaitKeyError` for the template of a key whose text is too long, whatever its values are. */
export function checkKeyTemplate(template: string): void {
  const texts = templateParts(template).map(({ kind, text }) => (kind === 'text' ? text : ''))
  checkKeySize(texts.join(''))
}

/** Returns the key of a signal. Throws `WaitKeyError`. */
export function filledKey(template: string, pick: PickMember): string {
  const filled = templateParts(template).map(({ kind, text }) => (kind === 'text' ? text : keyValue(text, pick(text))))
  const key = filled.join('')
  checkKeySize(key)
  if (!isStorable(key)) throw new WaitKeyError('the key has a character U+0000 or half of a surrogate pair')
  return key
}

/** Returns the title of an approval, in which a missing value stays as it is in the template. Throws `WaitKeyError`. */
export function filledTitle(template: string, pick: PickMember): string {
  const filled = templateParts(template).map(({ kind, text }) => {
    if (kind === 'text') return text
    const json = pick(text)
    if (json === null) return `{${text}}`
    return json.startsWith('"') ? (JSON.parse(json) as string) : json
  })
  const title = filled.join('').replaceAll('\0', '\ufffd').toWellFormed()
  return title.length <= MAX_TITLE_LENGTH ? title : `${title.slice(0, MAX_TITLE_LENGTH - 1).toWellFormed()}…`
}

function checkKeySize(key: string): void {
  const bytes = new TextEncoder().encode(key).length
  if (bytes <= MAX_SIGNAL_KEY_BYTES) return
  throw new WaitKeyError(`the key has ${bytes} bytes, but at most ${MAX_SIGNAL_KEY_BYTES} are allowed`)
}

function keyValue(name: string, json: string | null): string {
  if (json === null) throw new WaitKeyError(`its input has no value "${name}"`)
  if (json.startsWith('"')) return JSON.parse(json) as string
  if (json === 'null' || json.startsWith('[') || json.startsWith('{')) {
    const kind = json === 'null' ? 'null' : json.startsWith('[') ? 'a list' : 'an object'
    throw new WaitKeyError(`"${name}" is ${kind}, but a key needs a string, a number, true or false`)
  }
  return json
}
