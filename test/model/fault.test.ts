/** How much of an error is stored and shown. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boundedFault,
  MAX_SHOWN_CHARACTERS,
  type PythonFault,
  shownError,
  shownTraceback,
} from '../../src/model/fault.ts'

const KIBIBYTE = 1024
const TEXT = fc.string({ unit: fc.constantFrom('a', 'é', '€', '\u{1F600}', '\ud800', '\n'), maxLength: 40 })
const LONG = fc.tuple(TEXT, fc.integer({ min: 1, max: 4_000 })).map(([text, times]) => text.repeat(times))

function bytes({ type, message, traceback }: PythonFault): number {
  return Buffer.byteLength(type) + Buffer.byteLength(message) + Buffer.byteLength(traceback)
}

describe('an error', () => {
  it('has at most 64 KiB, with whole characters, and says how much was cut', () => {
    fc.assert(
      fc.property(LONG, LONG, (message, traceback) => {
        const fault = { type: 'ValueError', message, traceback }
        const bounded = boundedFault(fault)

        expect(bytes(bounded)).toBeLessThanOrEqual(64 * KIBIBYTE)
        expect(boundedFault(bounded)).toEqual(bounded)
        const cut = / ?\n?… (\d+) characters were cut …\n?/
        for (const [now, before] of [
          [bounded.message, message],
          [bounded.traceback, traceback],
        ] as const) {
          if (now === before) continue
          const [note = '', count = ''] = cut.exec(now) ?? []
          expect(now.length - note.length + Number(count)).toBe(before.length)
          expect(before.isWellFormed() && !now.isWellFormed()).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the beginning of a message, and both ends of a traceback', () => {
    const middle = 'x'.repeat(300_000)
    const { message, traceback } = boundedFault({
      type: 'ValueError',
      message: `begin ${middle} end`,
      traceback: `Traceback: ${middle} ValueError`,
    })

    expect(message).toMatch(/^begin x+ … \d+ characters were cut …$/)
    expect(traceback).toMatch(/^Traceback: x+\n… \d+ characters were cut …\nx+ ValueError$/)
  })

  it('is the same object if nothing is cut', () => {
    const fault = { type: 'ValueError', message: 'x'.repeat(16 * KIBIBYTE), traceback: 'x'.repeat(47 * KIBIBYTE) }

    expect(boundedFault(fault)).toBe(fault)
  })

  it('is shown with at most 1,000 characters, and says how many there are more', () => {
    fc.assert(
      fc.property(LONG, (text) => {
        expect(shownError(text).length).toBeLessThanOrEqual(MAX_SHOWN_CHARACTERS)
        expect(shownTraceback(text).length).toBeLessThanOrEqual(MAX_SHOWN_CHARACTERS)
      }),
    )
    expect(shownError('x'.repeat(300_000))).toBe(`${'x'.repeat(960)}… (299040 more characters)`)
    expect(shownError(null)).toBeNull()
    expect(shownTraceback(`a${'x'.repeat(300_000)}b`)).toMatch(/^ax{239}\n… 299042 characters were cut …\nx{719}b$/)
  })
})
