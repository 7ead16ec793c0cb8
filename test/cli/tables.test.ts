/** Columns line up on a terminal, whatever the names in them are written in. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

const AT_A_TERMINAL = join(ROOT, 'test/support/at_a_terminal.py')

/** What `print.ts` writes, called as a command calls it. */
function printed(call: string): readonly string[] {
  const program = `import('${join(ROOT, 'src/cli/print.ts')}').then((print) => print.${call})`
  const { stdout, stderr } = spawnSync(process.execPath, ['--eval', program], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.split('\n').slice(0, -1)
}

it('a table has its columns below their headings, with ideographs, accents, emoji and Hangul in the cells', () => {
  const rows = [
    ['fires', 'yes'],
    ['日本語', 'no'],
    ['cafe\u0301', 'yes'],
    ['\u{1F4E6}parcel', 'no'],
    ['한글', 'yes'],
  ]

  expect(printed(`printTable(['NAME', 'ON'], ${JSON.stringify(rows)}, null)`)).toEqual([
    'NAME      ON',
    'fires     yes',
    '日本語    no', // six columns
    'cafe\u0301      yes', // four
    '\u{1F4E6}parcel  no', // eight
    '한글      yes', // four
  ])
})

it('named values begin in one column', () => {
  expect(printed(`printFields({ '名前': 'a', status: 'b' })`)).toEqual(['名前    a', 'status  b'])
})

describe('at a terminal', () => {
  const call = (words: string) => `const { showInstantsFrom } = await import('${join(ROOT, 'src/cli/display.ts')}')
const print = await import('${join(ROOT, 'src/cli/print.ts')}')
${words}`
  const table = `print.printTable(['WHEN', 'STATUS', 'ERROR', 'ID'], [
  [{ instant: 1_000 }, { state: 'Failed' }, 'a very long message about what went wrong', { id: '5b9debd0-9f16-4377-92a6-fb934363d2ed' }],
  [{ instant: 9_000_000 }, { state: 'Completed' }, '', { id: '7c9debd0-9f16-4377-92a6-fb934363d2ed' }],
], null)`

  /** What a terminal of so many columns shows. */
  function shown(words: string, environ: Readonly<Record<string, string>>): readonly string[] {
    const shell = `stty cols 50; exec ${process.execPath} --input-type=module --eval "$PROGRAM"`
    const { stdout } = spawnSync('python3', [AT_A_TERMINAL, '[]', 'sh', '-c', shell], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', TERM: 'xterm', PROGRAM: call(words), ...environ },
    })
    return stdout.split(/\r?\n/).filter((line) => line !== '')
  }

  it('instants are relative, ids short, and the widest column gives way', () => {
    expect(shown(`showInstantsFrom(185_000); ${table}`, { NO_COLOR: '1' })).toEqual([
      'WHEN       STATUS     ERROR               ID',
      '3 min ago  Failed     a very long messa…  5b9debd0',
      'in 2 h     Completed                      7c9debd0',
    ])
  })

  it('what goes on has lasted for so long, and exactly since then elsewhere', () => {
    const since = (
      at: string,
    ) => `showInstantsFrom(${at}); const { sinceText } = await import('${join(ROOT, 'src/cli/display.ts')}')
console.log(sinceText(1_000))`
    expect(shown(since('185_000'), {})).toEqual(['for 3 min'])
    expect(shown(since('null'), {})).toEqual(['since 1970-01-01T00:00:01.000+00:00'])
  })

  it('exact instants can be asked for', () => {
    expect(shown(`showInstantsFrom(null); ${table}`, { NO_COLOR: '1' })[1]).toMatch(/^1970-01-01T0/)
  })

  it('states have their colours, unless NO_COLOR says otherwise', () => {
    expect(shown(table, {})[1]).toContain('\u001b[31mFailed\u001b[39m')
    expect(shown(table, { NO_COLOR: '1' }).join('')).not.toContain('\u001b')
  })

  it('through a pipe everything is whole and plain', () => {
    const { stdout } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', call(`showInstantsFrom(0); ${table}`)],
      {
        encoding: 'utf8',
      },
    )
    expect(stdout).toContain(
      '1970-01-01T00:00:01.000+00:00  Failed     a very long message about what went wrong  5b9debd0-9f16-4377-92a6-fb934363d2ed\n',
    )
  })
})
