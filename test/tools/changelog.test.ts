/** The changelog: the files of `.changes/`, and the tool that moves them into CHANGELOG.md at a release. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readChanges, release, withRelease } from '../../tools/changelog.ts'
import { readDocument } from '../support/documents.ts'
import { ROOT } from '../support/source-tree.ts'

const MAX_UNRELEASED_LINES = 40

const HEAD = '# Changelog\n\nChanges.\n'
const FEATURE = { file: '002.feature.md', kind: 'feature', text: 'Adds b.\nIt is new.' } as const
const FIX = { file: '001.fix.md', kind: 'fix', text: 'Fixes a.' } as const

describe('the changelog of this repository', () => {
  it('has only valid files in .changes', () => {
    expect(() => readChanges(ROOT)).not.toThrow()
  })

  it(`has at most one unreleased section, of at most ${MAX_UNRELEASED_LINES} lines`, () => {
    const sections = readDocument('CHANGELOG.md')
      .split(/^(?=## )/m)
      .slice(1)
    const unreleased = sections.filter((section) => /^## .*unreleased/i.test(section))

    expect(unreleased.filter((section) => section.trimEnd().split('\n').length > MAX_UNRELEASED_LINES)).toEqual([])
    expect(unreleased.length).toBeLessThanOrEqual(1)
    expect(sections.filter((section) => !/^## \d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)\n/.test(section))).toEqual(
      [],
    )
  })
})

describe('withRelease', () => {
  it('adds a section above the former versions, with features before fixes', () => {
    const changelog = `${HEAD}\n## 0.1.0 (2030-01-02)\n\nFirst.\n`

    expect(withRelease(changelog, '0.2.0', '2030-05-06', [FIX, FEATURE])).toBe(
      `${HEAD}\n## 0.2.0 (2030-05-06)\n\n### Features\n\n- Adds b.\n  It is new.\n\n### Fixes\n\n- Fixes a.\n\n` +
        '## 0.1.0 (2030-01-02)\n\nFirst.\n',
    )
  })

  it('keeps the text of the unreleased section of the version', () => {
    const changelog = `${HEAD}\n## 0.2.0 (unreleased)\n\nSecond.\n\n## 0.1.0 (2030-01-02)\n\nFirst.\n`

    expect(withRelease(changelog, '0.2.0', '2030-05-06', [FIX])).toBe(
      `${HEAD}\n## 0.2.0 (2030-05-06)\n\nSecond.\n\n### Fixes\n\n- Fixes a.\n\n## 0.1.0 (2030-01-02)\n\nFirst.\n`,
    )
  })

  it('adds the first section to a changelog without versions', () => {
    expect(withRelease(HEAD, '0.1.0', '2030-05-06', [FIX])).toBe(
      `${HEAD}\n## 0.1.0 (2030-05-06)\n\n### Fixes\n\n- Fixes a.\n`,
    )
  })
})

describe('a release', () => {
  let root = ''

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cloaca-changelog-'))
    mkdirSync(join(root, '.changes'))
    writeFileSync(join(root, 'CHANGELOG.md'), HEAD)
  })

  afterEach(() => rmSync(root, { recursive: true }))

  const change = (file: string, text: string) => writeFileSync(join(root, '.changes', file), text)

  it('deletes the files whose text is in the changelog', () => {
    change('010.fix.md', 'Fixes c.\n')
    change('009.fix.md', '`--flag` is accepted ([Settings](docs/settings.md)).\n')

    release(root, '0.2.0', '2030-05-06')

    expect(readdirSync(join(root, '.changes'))).toEqual([])
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(
      '### Fixes\n\n- `--flag` is accepted ([Settings](docs/settings.md)).\n- Fixes c.\n',
    )
  })

  it.each([
    ['1.fix.md', 'Fixes c.', 'is not named NNN.feature.md or NNN.fix.md'],
    ['001.bugfix.md', 'Fixes c.', 'is not named NNN.feature.md or NNN.fix.md'],
    ['001.fix.md', '- Fixes c.', 'is not one paragraph of sentences'],
    ['001.fix.md', 'Fixes c', 'is not one paragraph of sentences'],
    ['001.fix.md', 'Fixes c.\n\nAnd d.', 'is not one paragraph of sentences'],
    ['001.fix.md', '', 'is not one paragraph of sentences'],
  ])('rejects %s with the text %j, and changes nothing', (file, text, reason) => {
    change(file, text)
    change('002.fix.md', 'Fixes d.')

    expect(() => release(root, '0.2.0', '2030-05-06')).toThrow(`.changes/${file} ${reason}`)
    expect(readdirSync(join(root, '.changes'))).toHaveLength(2)
    expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toBe(HEAD)
  })
})
