/** Filter of the option `--grep`. */

import { describe, expect, it } from 'vitest'
import { grepFilter } from '../../src/cli/logs/grep.ts'

describe('--grep', () => {
  it.each(['^(a+)+$', '^(a|a)*$', '(a*)*!?$b', '^(\\w+\\s?)*$'])(
    'searches a long line in a time that does not depend on the pattern: %s',
    async (pattern) => {
      const isShown = await grepFilter(pattern)

      expect(isShown({ message: `${'a'.repeat(100_000)}-` })).toBe(false)
    },
  )

  it('searches the message and the traceback', async () => {
    const isShown = await grepFilter('line \\d+')

    expect(isShown({ message: 'on line 7' })).toBe(true)
    expect(isShown({ message: 'failed', traceback: 'File "x.py", line 7' })).toBe(true)
    expect(isShown({ message: 'failed' })).toBe(false)
  })

  it.each(['(', 'a{1001}', '(?=a)', '(a)\\1', '[a-z]{1000}'.repeat(10)])('rejects the pattern %s', async (pattern) => {
    await expect(grepFilter(pattern)).rejects.toThrow(`Invalid --grep pattern "${pattern}": `)
  })
})
