/** Limits on the stored and the shown text of an error. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatError,
  formatTraceback,
  limitedFault,
  MAX_SHOWN_CHARACTERS,
  type PythonFault,
} from '../../src/model/fault.ts'

const KIBIBYTE = 1024
const TEXT = fc.string({ unit: fc.constantFrom('a', 'é', '€', '\u{1F600}', '\ud800', '\n'), maxLength: 40 })
const LONG = fc.tuple(TEXT, fc.integer({ min: 1, max: 4_000 })).map(([text, times]) => text.repeat(times))

function bytes({ type, message, traceback }: PythonFault): number {
  return Buffer.byteLength(type) + Buffer.byteLength(message) + Buffer.byteLength(traceback)
}

describe('an error', () => {
  it('is cut to at most 64 KiB of whole characters, and states the number of cut characters', () => {
    fc.assert(
      fc.property(LONG, LONG, (message, traceback) => {
        const fault = { type: 'ValueError', message, traceback }
        const bounded = limitedFault(fault)

        expect(bytes(bounded)).toBeLessThanOrEqual(64 * KIBIBYTE)
        expect(limitedFault(bounded)).toEqual(bounded)
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

  it('keeps the beginning of a long message, and both ends of a long traceback', () => {
    const middle = 'x'.repeat(300_000)
    const { message, traceback } = limitedFault({
      type: 'ValueError',
      message: `begin ${middle} end`,
      traceback: `Traceback: ${middle} ValueError`,
    })

    expect(message).toMatch(/^begin x+ … \d+ characters were cut …$/)
    expect(traceback).toMatch(/^Traceback: x+\n… \d+ characters were cut …\nx+ ValueError$/)
  })

  it('is the same object if nothing is cut', () => {
    const fault = { type: 'ValueError', message: 'x'.repeat(16 * KIBIBYTE), traceback: 'x'.repeat(47 * KIBIBYTE) }

    expect(limitedFault(fault)).toBe(fault)
  })

  it('is shown with at most 1,000 characters, which include the number of omitted characters', () => {
    fc.assert(
      fc.property(LONG, (text) => {
        expect(formatError(text).length).toBeLessThanOrEqual(MAX_SHOWN_CHARACTERS)
        expect(formatTraceback(text).length).toBeLessThanOrEqual(MAX_SHOWN_CHARACTERS)
      }),
    )
    expect(formatError('x'.repeat(300_000))).toBe(`${'x'.repeat(960)}… (299040 more characters)`)
    expect(formatError(null)).toBeNull()
    expect(formatTraceback(`a${'x'.repeat(300_000)}b`)).toMatch(/^ax{239}\n… 299042 characters were cut …\nx{719}b$/)
  })
})
