/** Cost of finding the ends of lines in the output that a call prints. */

import { afterEach, expect, test, vi } from 'vitest'
import { CallLog } from '../../src/output/call-log.ts'

const LIMIT_BYTES = 1_000_000

afterEach(() => vi.restoreAllMocks())

/** Spies on the searches of `Buffer`. Returns a function that returns the number of searched bytes. */
function countSearched(): () => number {
  let searched = 0
  const { indexOf, lastIndexOf } = Buffer.prototype
  vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, value, from) {
    const found = indexOf.call(this, value, from)
    searched += (found === -1 ? this.length : found) - Number(from ?? 0)
    return found
  })
  vi.spyOn(Buffer.prototype, 'lastIndexOf').mockImplementation(function (this: Buffer, value, from) {
    const found = lastIndexOf.call(this, value, from)
    searched += Number(from ?? this.length) - found
    return found
  })
  return () => searched
}

test.each([
  ['without line ends', ''],
  ['with a single line end near the start', 'a line\n'],
  ['of 5-byte lines', 'line\n'.repeat(100_000)],
])('searches less than 20 MB for line ends in 5 MB of output %s', (_, lines) => {
  const printed = Buffer.from(lines.padEnd(5 * LIMIT_BYTES, 'p'))
  const log = new CallLog(LIMIT_BYTES)
  const searched = countSearched()

  log.print('stdout', printed, 0)

  expect(searched()).toBeLessThan(4 * printed.length)
})
