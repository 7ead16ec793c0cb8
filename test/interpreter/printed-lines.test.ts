/** Printed bytes as lines of text. */

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { PrintedLines } from '../../src/output/printed-lines.ts'

let lines: PrintedLines
let taken: [call: number, message: string, isCut: boolean][]

beforeEach(() => {
  vi.useFakeTimers()
  taken = []
  lines = new PrintedLines((...line) => void taken.push(line))
})

afterEach(() => void vi.useRealTimers())

function write(text: string | Uint8Array, call = 1): void {
  lines.write(call, typeof text === 'string' ? Buffer.from(text) : text)
}

it('passes on each line of each call without its end, including empty lines', () => {
  write('one\n\ntw')
  write('other', 2)
  write('o\r\n')
  lines.ended(2)

  expect(taken).toEqual([
    [1, 'one', false],
    [1, '', false],
    [1, 'two', false],
    [2, 'other', false],
  ])
})

it('joins a character that arrives in two parts, and replaces invalid bytes', () => {
  const [first, ...rest] = Buffer.from('é')
  write(Uint8Array.of(first ?? 0))
  write(Uint8Array.of(...rest, 0xff, 10))

  expect(taken).toEqual([[1, 'é\ufffd', false]])
})

it('cuts a line of more than 64 KiB before an incomplete character, and drops the rest up to its end', () => {
  write(`a${'é'.repeat(40_000)}`)
  write(`${'x'.repeat(100_000)}\nnext\n`)

  expect(taken).toEqual([
    [1, `a${'é'.repeat(32_767)}`, true],
    [1, 'next', false],
  ])
})

it('does not cut a line of exactly 64 KiB', () => {
  write(`${'x'.repeat(65_536)}\n`)

  expect(taken).toEqual([[1, 'x'.repeat(65_536), false]])
})

it('passes on an unfinished line a second after it began, and no empty line for its end', () => {
  write('half')
  vi.advanceTimersByTime(999)
  expect(taken).toEqual([])
  vi.advanceTimersByTime(1)
  expect(taken).toEqual([[1, 'half', false]])
  write('\nnext\n')

  expect(taken).toEqual([
    [1, 'half', false],
    [1, 'next', false],
  ])
})

it('drops the rest of a long line that was passed on before its end', () => {
  write('x'.repeat(70_000))
  vi.advanceTimersByTime(1_000)
  write('rest\nnext\n')

  expect(taken).toEqual([
    [1, 'x'.repeat(65_536), true],
    [1, 'next', false],
  ])
})
