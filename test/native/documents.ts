/**
 * Generators of JSON texts for the property tests of the codecs: values in many spellings, and damaged texts.
 * A value is a tree of its own type, because parsed JSON does not keep spellings such as `1.0`.
 */

import fc from 'fast-check'

/** JSON value with decoded strings, distinct keys, and numbers as they are written. */
export type Value =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
type Member = readonly [key: string, value: Value]

/** Few keys, so that merged objects share some; several keys test the order of sorting. */
const KEYS = ['a', 'b', 'ab', '', 'é', 'Z', '\n', '\\', '"', '/', '\ue000', '\u{1f600}', '\ud83d', '__proto__']
const AWKWARD_UNITS = [
  '\ud83d',
  '\ude00',
  '\udbff',
  'x',
  '\n',
  '"',
  '\\',
  '\0',
  '\x1f',
  '\x7f',
  '/',
  '\ufffd',
  '\ufeff',
]
const AWKWARD_TOKENS = [
  '0',
  '-0',
  '0.0',
  '1',
  '1.0',
  '1e0',
  '1E+5',
  '10',
  '-1.50e-07',
  '1e400',
  'true',
  'false',
  'null',
]

const key = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...KEYS) }, fc.string({ unit: 'binary', maxLength: 40 }))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...AWKWARD_UNITS), maxLength: 20 }),
)
const token = fc.oneof(
  fc.constantFrom(...AWKWARD_TOKENS),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)

const trees = fc.letrec<{ value: Value; list: Value; object: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    token.map((token): Value => ({ kind: 'token', token })),
    text.map((text): Value => ({ kind: 'string', text })),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }).map((items): Value => ({ kind: 'list', items })),
  object: fc
    .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 6, selector: ([name]) => name })
    .map((members): Value => ({ kind: 'object', members })),
}))

export const anyValue: fc.Arbitrary<Value> = trees.value
export const anyObject: fc.Arbitrary<Value> = trees.object

/** Returns a number below `count`. */
type Choose = (count: number) => number

/** Numbers that decide how a value is spelled. They are repeated if the spelling needs more of them. */
export const choices: fc.Arbitrary<readonly number[]> = fc.array(fc.nat(), { minLength: 1, maxLength: 50 })

/** Returns a spelling of the value: it varies key order, white space, escapes, and overridden duplicate keys. */
export function spell(value: Value, numbers: readonly number[]): string {
  let next = 0
  return spellValue(value, (count) => (numbers[next++ % numbers.length] ?? 0) % count)
}

function spellValue(value: Value, choose: Choose): string {
  switch (value.kind) {
    case 'token':
      return spaced(value.token, choose)
    case 'string':
      return spaced(spellString(value.text, choose), choose)
    case 'list':
      return spaced(`[${value.items.map((item) => spellValue(item, choose)).join(',') || spaced('', choose)}]`, choose)
    case 'object': {
      const overridden = value.members.filter(() => choose(8) === 0).map(([key]): Member => [key, OVERRIDDEN])
      const members = [...overridden, ...shuffled(value.members, choose)]
      const spelt = members.map(([key, member]) => `${spellKey(key, choose)}:${spellValue(member, choose)}`)
      return spaced(`{${spelt.join(',') || spaced('', choose)}}`, choose)
    }
  }
}

const OVERRIDDEN: Value = { kind: 'list', items: [{ kind: 'object', members: [] }] }

function spellKey(key: string, choose: Choose): string {
  return spaced(spellString(key, choose), choose)
}

function shuffled<Item>(items: readonly Item[], choose: Choose): Item[] {
  const left = [...items]
  return items.flatMap(() => left.splice(choose(left.length), 1))
}

function spaced(text: string, choose: Choose): string {
  const SPACES = ['', '', '', '', ' ', '\n', '\r\n\t', ' '.repeat(40)]
  return `${SPACES[choose(SPACES.length)]}${text}${SPACES[choose(SPACES.length)]}`
}

/** Spells a string by code points. A lone surrogate can only be written as an escape. */
function spellString(text: string, choose: Choose): string {
  const spelt = Array.from(text, (character) => {
    const shortest = JSON.stringify(character).slice(1, -1)
    const choice = choose(12)
    if (choice === 0) return hexEscapes(character)
    if (choice === 1) return hexEscapes(character).toUpperCase().replaceAll('\\U', '\\u')
    if (choice === 2 && character === '/') return '\\/'
    return shortest
  })
  return `"${spelt.join('')}"`
}

function hexEscapes(character: string): string {
  const units = character.split('')
  return units.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}

/** Damage to one character of a text: it is removed, replaced or doubled, or the text ends there. */
export const damage = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('remove', 'replace', 'insert', 'cut'),
  character: fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '-',
    'e',
    '.',
    't',
    ' ',
    '\0',
    '\x1f',
    'é',
    '\ud83d',
    '\ude00',
  ),
})

export function damaged(
  text: string,
  { place, kind, character }: typeof damage extends fc.Arbitrary<infer D> ? D : never,
): string {
  const at = Math.floor(place * text.length)
  const end = kind === 'cut' ? text.length : kind === 'insert' ? at : at + 1
  const inserted = kind === 'replace' || kind === 'insert' ? character : ''
  return text.slice(0, at) + inserted + text.slice(end)
}
