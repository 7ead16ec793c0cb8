/** Columns of tables and fields on a terminal, for narrow and wide characters. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { printFields, printTable } from '../../src/cli/print.ts'
import { writeTo } from '../../src/cli/standard-streams.ts'
import { collector } from '../support/command-call.ts'
import { ROOT } from '../support/source-tree.ts'

const AT_A_TERMINAL = join(ROOT, 'test/support/at_a_terminal.py')

/** Returns the lines that a function of `print.ts` writes. */
function printed(print: () => void): readonly string[] {
  const { output, streams } = collector()
  writeTo(streams)
  print()
  expect(output.stderr).toBe('')
  return output.stdout.split('\n').slice(0, -1)
}

it('the columns of a table are aligned for ideographs, accents, emoji and Hangul', () => {
  const rows = [
    ['fires', 'yes'],
    ['日本語', 'no'],
    ['cafe\u0301', 'yes'],
    ['\u{1F4E6}parcel', 'no'],
    ['한글', 'yes'],
  ]

  expect(printed(() => printTable(['NAME', 'ON'], rows, null))).toEqual([
    'NAME      ON',
    'fires     yes',
    '日本語    no', // 6 columns
    'cafe\u0301      yes', // 4 columns
    '\u{1F4E6}parcel  no', // 8 columns
    '한글      yes', // 4 columns
  ])
})

it('the values of named fields begin in the same column', () => {
  expect(printed(() => printFields({ 名前: 'a', status: 'b' }))).toEqual(['名前    a', 'status  b'])
})

describe('the display of times, ids and states', () => {
  const call = (words: string) => `const display = await import('${join(ROOT, 'src/cli/display.ts')}')
const print = await import('${join(ROOT, 'src/cli/print.ts')}')
${words}`
  const table = `print.printTable(['WHEN', 'STATUS', 'ID', 'ERROR'], [
  [{ instant: 1_000 }, { state: 'Failed' }, { id: '5b9debd0-9f16-4377-92a6-fb934363d2ed' },
    'a very long message about what went wrong'],
  [{ instant: 9_000_000 }, { state: 'Completed' }, { id: '7c9debd0-9f16-4377-92a6-fb934363d2ed' }, ''],
], null, { columns: ['STATUS', 'WHEN'], lastWidth: 30 })`
  const quiet = { NO_COLOR: '1', TZ: 'Europe/Berlin' }

  /** Returns the lines that a program shows on a terminal. */
  function shown(words: string, environ: Readonly<Record<string, string>>, columns = 90): readonly string[] {
    const shell = `stty cols ${columns}; exec '${process.execPath}' --input-type=module --eval "$PROGRAM"`
    const { stdout } = spawnSync('python3', [AT_A_TERMINAL, '[]', 'sh', '-c', shell], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', TERM: 'xterm', PROGRAM: call(words), ...environ },
    })
    return stdout.split(/\r?\n/).filter((line) => line !== '')
  }

  it('has local times and short ids on a terminal, and shortens the last column to the width', () => {
    expect(shown(table, quiet)).toEqual([
      'WHEN                        STATUS     ID        ERROR',
      '1970-01-01 01:00:01 +01:00  Failed     5b9debd0  a very long message about what went wrong',
      '1970-01-01 03:30:00 +01:00  Completed  7c9debd0',
    ])
    expect(shown(table, quiet, 82)[1]).toBe(
      '1970-01-01 01:00:01 +01:00  Failed     5b9debd0  a very long message about what w…',
    )
  })

  it.each([
    [79, '1970-01-01 01:00:01 +01:00  Failed     5b9debd0  a very long message about wha…'],
    [78, '1970-01-01 01:00:01 +01:00  5b9debd0  a very long message about what went wro…'],
    [68, '1970-01-01 01:00:01 +01:00  5b9debd0  a very long message about wha…'],
    [67, '5b9debd0  a very long message about what went wrong'],
    [40, '5b9debd0  a very long message about wha…'],
    [18, '5b9debd0  a very …'],
  ])('leaves out columns on a terminal of %d columns, before the last column becomes narrow', (columns, line) => {
    expect(shown(table, quiet, columns)).toContain(line)
  })

  it('shortens other columns before times, which are then shortened too', () => {
    const long = table.replace(/, \{ columns.*\}\)$/, ')')

    expect(shown(long, quiet, 60)[1]).toBe('1970-01-01 01:00:01 +01:00  Failed     5b9debd0  a very lon…')
    expect(shown(long, quiet, 48)[1]).toBe('1970-01-01 01:00:…  Failed    5b9debd0  a very …')
  })

  it('leaves out no column if the last column is short', () => {
    const short = table.replace('a very long message about what went wrong', 'no')

    expect(shown(short, quiet, 56)[1]).toBe('1970-01-01 01:00:01 +01:00  Failed     5b9debd0  no')
  })

  it('has the age of a time in a field on a terminal, also with --utc', () => {
    const field = (isUtc: boolean) => `display.showTimes({ isUtc: ${isUtc}, now: 185_000 })
print.printFields({ since: display.instantText(1_000), next: display.instantText(9_000_000) })`

    expect(shown(field(false), quiet)).toEqual([
      'since  1970-01-01 01:00:01 +01:00 (3 min ago)',
      'next   1970-01-01 03:30:00 +01:00 (in 2 h)',
    ])
    expect(shown(field(true), quiet)[0]).toBe('since  1970-01-01 00:00:01 +00:00 (3 min ago)')
  })

  it('has coloured states on a terminal unless NO_COLOR is set', () => {
    expect(shown(table, {})[1]).toContain('\u001b[31mFailed\u001b[39m')
    expect(shown(table, { NO_COLOR: '1' }).join('')).not.toContain('\u001b')
  })

  it('has all columns, complete cells, and neither colours nor ages in a pipe', () => {
    const program = call(`display.showTimes({ isUtc: false, now: 0 })
${table}
print.printFields({ since: display.instantText(1_000) })`)
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { ...process.env, ...quiet, COLUMNS: '20' },
    })
    expect(stdout).toContain(
      '1970-01-01 01:00:01 +01:00  Failed     5b9debd0-9f16-4377-92a6-fb934363d2ed  ' +
        'a very long message about what went wrong\n',
    )
    expect(stdout).toMatch(/since {2}1970-01-01 01:00:01 \+01:00\n$/)
  })
})
