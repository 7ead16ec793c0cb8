/**
 * The context codec in TypeScript: used where the addon's binary is missing, and the measure of the addon in the tests.
 * Handed out by index.ts. It must give what the addon gives, and nothing here may read a number.
 */

import { createHash } from 'node:crypto'
import type { JsonCodec, JsonText } from './codec.ts'
import { acceptText } from './input.ts'
import { decodeString, type JsonNode, type ListNode, type ObjectNode, readJson, readObject } from './json-reader.ts'

export const twinCodec: JsonCodec = Object.freeze({
  kind: 'twin',
  canonicalize,
  fingerprint,
  merge,
  mergeWithFingerprint,
  pick,
})

const LAST_OF_ONE_UNIT = 0xffff

function canonicalize(json: JsonText): string {
  return canonicalText(readJson(acceptText(json)))
}

function fingerprint(json: JsonText): string {
  return createHash('sha256').update(canonicalize(json)).digest('hex')
}

function merge(jsons: readonly JsonText[]): string {
  const texts = jsons.map((json, position) => acceptText(json, position))
  const [first, ...others] = texts.map((text, position) => readObject(text, position))
  return first === undefined ? '{}' : plainText(others.reduce(mergeObjects, first))
}

function mergeWithFingerprint(jsons: readonly [JsonText, ...JsonText[]]) {
  return { merged: merge(jsons), fingerprint: fingerprint(jsons[0]) }
}

function pick(json: JsonText, key: string): string | null {
  const node = readJson(acceptText(json))
  if (node.kind !== 'object') return null
  const member = node.members.get(key)
  return member === undefined ? null : plainText(member)
}

function canonicalText(node: JsonNode): string {
  switch (node.kind) {
    case 'scalar':
      return node.text.includes('\\') ? quote(decodeString(node.text)) : node.text
    case 'list':
      return `[${node.items.map(canonicalText).join(',')}]`
    case 'object': {
      const members = [...node.members].sort(([left], [right]) => compareByCodePoint(left, right))
      return `{${members.map(([key, value]) => `${quote(key)}:${canonicalText(value)}`).join(',')}}`
    }
  }
}

function plainText(node: JsonNode): string {
  if (node.kind === 'scalar') return node.text
  if (node.text !== null) return node.text
  if (node.kind === 'list') return `[${node.items.map(plainText).join(',')}]`
  return `{${[...node.members].map(([key, value]) => `${quote(key)}:${plainText(value)}`).join(',')}}`
}

function mergeNodes(earlier: JsonNode, later: JsonNode): JsonNode {
  if (earlier.kind === 'object' && later.kind === 'object') return mergeObjects(earlier, later)
  if (earlier.kind === 'list' && later.kind === 'list') return mergeLists(earlier, later)
  return later
}

function mergeObjects(earlier: ObjectNode, later: ObjectNode): ObjectNode {
  const members = new Map(earlier.members)
  for (const [key, value] of later.members) {
    const present = members.get(key)
    members.set(key, present === undefined ? value : mergeNodes(present, value))
  }
  return { kind: 'object', text: null, members }
}

function mergeLists(earlier: ListNode, later: ListNode): ListNode {
  const items = new Map<string, JsonNode>()
  for (const item of [...earlier.items, ...later.items]) {
    const identity = canonicalText(item)
    if (!items.has(identity)) items.set(identity, item)
  }
  return { kind: 'list', text: null, items: [...items.values()] }
}

/** JSON.stringify writes strings in canonical form: shortest escapes, lower case, lone surrogates escaped. */
function quote(text: string): string {
  return JSON.stringify(text)
}

/** Compares the keys' UTF-8 bytes. `<` would put U+E000 to U+FFFF after characters that UTF-16 writes as pairs. */
function compareByCodePoint(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const ofLeft = left.codePointAt(at) ?? 0
    const ofRight = right.codePointAt(at) ?? 0
    if (ofLeft !== ofRight) return ofLeft - ofRight
    if (ofLeft > LAST_OF_ONE_UNIT) at += 1
  }
  return left.length - right.length
}
