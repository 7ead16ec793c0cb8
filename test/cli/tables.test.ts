/** Columns line up on a terminal, whatever the names in them are written in. */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

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
