/** Cron expressions in words, as shown on the screen of schedules. */

import { expect, it } from 'vitest'
import { cronInWords } from '../../src/page/schedules/cron-words.ts'

it.each([
  ['0 2 * * *', 'every day at 02:00'],
  ['30 2,14 * * 1-5', 'from Monday to Friday at 02:30 and 14:30'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['0 * * * *', 'every hour'],
  ['5 */6 * * *', 'every 6 hours at minute 5'],
  ['0 9 * * sun', 'on Sunday at 09:00'],
  ['0 0 1 1,7 *', 'on day 1 of January and July at 00:00'],
  ['0 3 L * *', 'on the last day of each month at 03:00'],
  ['*/10 * * * * *', 'every 10 seconds'],
  ['@daily', 'every day at 00:00'],
  ['* * * * *', 'every minute'],
])('%s is shown as "%s"', (expression, words) => {
  expect(cronInWords(expression)).toBe(words)
})

it.each(['0 2 1 * 1', '7-59/5 * * * *', '0 2 * * 1#2', '0 25 * * *', '0 2 0 * *', 'nonsense', '0 0 1 13 *'])(
  '%s is shown unchanged, because no words describe it exactly',
  (expression) => {
    expect(cronInWords(expression)).toBeNull()
  },
)
