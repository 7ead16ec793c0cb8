/** The style sheet: its files, and the classes of its rules. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

const PAGE = join(ROOT, 'src', 'page')
const SHEET = join(PAGE, 'style', 'page.css')
const MAX_LINES = 200

/** Class names that the page builds at run time: for tones, terminal colours, and levels of Python's `logging`. */
const COMPOSED = /^(is|ansi)-|^critical$/

const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).map((path) => join(PAGE, path))
const sheets = files.filter((path) => path.endsWith('.css'))
const sources = files.filter((path) => /\.tsx?$/.test(path)).map((path) => readFileSync(path, 'utf8'))
const words = new Set(sources.join('\n').match(/[\w-]+/g))

describe('the style sheet', () => {
  it('imports every file with rules once', () => {
    const imports = readFileSync(SHEET, 'utf8').matchAll(/@import "(.*)"/g)
    const imported = [...imports].map(([, path = '']) => join(PAGE, 'style', path))

    expect(imported.toSorted()).toEqual(sheets.filter((path) => path !== SHEET).toSorted())
  })

  it.each(sheets.map((path) => path.slice(PAGE.length + 1)))(
    'has at most 200 lines in %s, and only used classes',
    (path) => {
      const text = readFileSync(join(PAGE, path), 'utf8').replace(/@import.*|\/\*[\s\S]*?\*\//g, '')
      const classes = [...text.matchAll(/\.([a-z][\w-]*)/gi)].map(([, name = '']) => name)

      expect(text.split('\n').length).toBeLessThanOrEqual(MAX_LINES)
      expect(classes.filter((name) => !words.has(name) && !COMPOSED.test(name))).toEqual([])
    },
  )
})
