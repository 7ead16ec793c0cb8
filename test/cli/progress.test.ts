/** Progress messages of the very first start, on a terminal and in a log. */

import { describe, expect, it } from 'vitest'
import { openLog } from '../../src/cli/engine-log.ts'
import type { LogLine } from '../../src/index.ts'

const CLEAR = '\r\u001b[K'
const STEPS: readonly LogLine[] = [
  { level: 'info', message: 'preparing Python', progress: 'under way' },
  { level: 'info', message: 'preparing Python: 1 of 2', progress: 'under way' },
  { level: 'info', message: 'preparing Python: 2 of 2', progress: 'ended' },
]
const WARNING: LogLine = { level: 'warn', message: 'a warning' }

/** Returns the output of a log with this threshold, without times. */
function written(isTerminal: boolean, threshold: 'info' | 'warn' | 'silent', lines: readonly LogLine[]): string {
  const texts: string[] = []
  const log = openLog(threshold, undefined, { write: (text) => void texts.push(text), isTerminal })
  for (const line of lines) log(line)
  return texts.join('').replaceAll(/\d{4}-\S+ /g, '')
}

describe('the steps of the very first start', () => {
  it('are one line on a terminal, which is erased after the last step, even if only warnings are logged', () => {
    const steps = `preparing Python${CLEAR}preparing Python: 1 of 2${CLEAR}`

    expect(written(true, 'info', STEPS)).toBe(steps)
    expect(written(true, 'warn', [...STEPS, WARNING])).toBe(`${steps}WARN  a warning\n`)
  })

  it('are erased before another line on a terminal', () => {
    expect(written(true, 'warn', [...STEPS.slice(0, 1), WARNING])).toBe(`preparing Python${CLEAR}WARN  a warning\n`)
  })

  it('are lines of level info without a terminal', () => {
    expect(written(false, 'info', STEPS).split('\n')).toEqual([
      'INFO  preparing Python',
      'INFO  preparing Python: 1 of 2',
      'INFO  preparing Python: 2 of 2',
      '',
    ])
    expect(written(false, 'warn', STEPS)).toBe('')
  })

  it('are not shown if the log is silent', () => {
    expect(written(true, 'silent', STEPS)).toBe('')
  })
})
