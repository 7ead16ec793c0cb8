/** Declarations of the functions that TypeScript offers to Python, which both languages must declare equally. */

import { expect, it } from 'vitest'
import { BORDER } from '../../src/interpreter/restriction/border-functions.ts'
import { readDocument } from '../support/documents.ts'

interface Member {
  readonly name: string
  /** Parameters of a function in order; `?` marks an optional one. Null for a property. */
  readonly parameters: readonly string[] | null
}

type Border = readonly (readonly [part: string, members: readonly Member[]])[]

/** Parses `interface Waits { sleep(token: number, delayMs?: number): void }`. */
function typescriptBorder(text: string): Border {
  const code = text.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
  return [...code.matchAll(/^(?:export )?interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, part = '', body = '']) => [
    part,
    [...body.matchAll(/^ {2}(?:readonly (\w+): [^\n]+|(\w+)\(([\s\S]*?)\): [^\n]+)$/gm)].map(
      ([, property, name = '', parameters = '']) =>
        property === undefined
          ? { name, parameters: names(parameters, /^(\.\.\.)?(\w+)(\?)?:/).map(snakeCase) }
          : { name: property, parameters: null },
    ),
  ])
}

/** Parses `class Waits(Protocol):` with `def sleep(self, token: int, delay_ms: float = ...) -> None: ...`. */
function pythonBorder(text: string): Border {
  const code = text.replace(/"""[\s\S]*?"""/g, '')
  return [...code.matchAll(/^class (\w+)\(Protocol\):\n([\s\S]*?)(?=^\S)/gm)].map(([, part = '', body = '']) => [
    part,
    [...body.matchAll(/^ {4}(?:(\w+): \w+|def (\w+)\(\s*self,?([\s\S]*?)\) -> [^\n]+: \.\.\.)$/gm)].map(
      ([, property, name = '', parameters = '']) =>
        property === undefined
          ? { name, parameters: names(parameters, /^(\*)?(\w+): [^=]+?( = \.\.\.)?$/) }
          : { name: property, parameters: null },
    ),
  ])
}

/** Returns the names in a list of parameters, split at commas outside brackets. */
function names(parameters: string, pattern: RegExp): string[] {
  const parts = parameters.split(/,(?![^(<[{]*[)>\]}])/).map((part) => part.trim().replace(/\s+/g, ' '))
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const [, rest, name, optional] = pattern.exec(part) ?? []
      return `${rest === undefined ? '' : '*'}${name}${optional === undefined ? '' : '?'}`
    })
}

function snakeCase(name: string): string {
  return name.replace('IPv6', 'Ipv6').replace(/(?<=[a-z0-9])([A-Z])/g, (letter) => `_${letter.toLowerCase()}`)
}

const TYPESCRIPT = typescriptBorder(readDocument('src/interpreter/python-border.ts'))
const PYTHON = pythonBorder(readDocument('python/cloaca/_border/host.py'))

it('Python and TypeScript declare the same parts with the same functions in the same order', () => {
  expect(PYTHON).toEqual(TYPESCRIPT)
})

it('this test parses every declared function', () => {
  const functions = TYPESCRIPT.flatMap(([, members]) => members).length

  expect(TYPESCRIPT.map(([part]) => part)).toEqual([
    'Engine',
    'Waits',
    'Threads',
    'Signals',
    'Files',
    'Descriptors',
    'Output',
    'Clocks',
    'Sockets',
    'Tls',
    'Hashes',
    'Sqlite',
    'Children',
    'Machine',
    'Host',
  ])
  const lines = readDocument('python/cloaca/_border/host.py').match(/^ {4}(def \w+\(|\w+: \w+$)/gm)
  expect(functions).toBe(lines?.length)
})

it('the table for restricted interpreters lists the kind of each argument of each function', () => {
  const { suspension_descriptor: _, ...parts } = BORDER
  const listed = Object.entries(parts).map(([part, functions]) => [
    part,
    Object.entries(functions ?? {}).map(([name, kinds]) => [name, kinds?.split(' ').filter(Boolean).map(mark) ?? null]),
  ])

  const declared = TYPESCRIPT.filter(([part]) => !['Machine', 'Host'].includes(part)).map(([part, members]) => [
    part.toLowerCase(),
    members.map(({ name, parameters }) => [name, parameters?.map((each) => mark(each.replace(/^\*.*/, '*'))) ?? null]),
  ])
  expect(listed).toEqual(declared)
})

/** Returns `?` for an optional parameter, `*` for a rest parameter, and otherwise an empty string. */
function mark(parameter: string): string {
  return /[?*]$/.exec(parameter)?.[0] ?? ''
}
