/** What is printed comes into the log of its call, however it is cut into lines. */

import { afterEach, expect, test, vi } from 'vitest'
import { CallLog } from '../../src/output/call-log.ts'

const LIMIT_BYTES = 1_000_000

afterEach(() => vi.restoreAllMocks())

/** How many bytes are looked at in search of ends of lines. */
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
  ['nowhere', ''],
  ['at its beginning', 'a line\n'],
  ['in lines of a few bytes', 'line\n'.repeat(100_000)],
])('what is printed at once is searched a few times at most, with ends of lines %s', (_, lines) => {
  const printed = Buffer.from(lines.padEnd(5 * LIMIT_BYTES, 'p'))
  const log = new CallLog(LIMIT_BYTES)
  const searched = countSearched()

  log.print('stdout', printed, 0)

  expect(searched()).toBeLessThan(4 * printed.length)
})
