/** The border inside the interpreter has one form, in TypeScript and in Python: the same parts, functions and parameters. */

import { expect, it } from 'vitest'
import { BORDER } from '../../src/interpreter/restriction/border-functions.ts'
import { readDocument } from '../support/documents.ts'

interface Member {
  readonly name: string
  /** Of a function, in order; an optional one ends with `?`. Null: not a function. */
  readonly parameters: readonly string[] | null
}

type Border = readonly (readonly [part: string, members: readonly Member[]])[]

/** `interface Waits { sleep(token: number, delayMs?: number): void }` */
function typescriptBorder(text: string): Border {
  const code = text.replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
  return [...code.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, part = '', body = '']) => [
    part,
    [...body.matchAll(/^ {2}(?:readonly (\w+): [^\n]+|(\w+)\(([\s\S]*?)\): [^\n]+)$/gm)].map(
      ([, property, name = '', parameters = '']) =>
        property === undefined
          ? { name, parameters: names(parameters, /^(\.\.\.)?(\w+)(\?)?:/).map(snakeCase) }
          : { name: property, parameters: null },
    ),
  ])
}

/** `class Waits(Protocol):` with `def sleep(self, token: int, delay_ms: float = ...) -> None: ...` */
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

/** Of a list of parameters, split where no bracket is open. */
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

it('has the same parts with the same functions in the same order on both sides', () => {
  expect(PYTHON).toEqual(TYPESCRIPT)
})

it('is read whole by this test', () => {
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

it('lists the kinds of all arguments of each function for restricted interpreters', () => {
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

/** Whether a parameter may be missing, or stands for several. */
function mark(parameter: string): string {
  return /[?*]$/.exec(parameter)?.[0] ?? ''
}
