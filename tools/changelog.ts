/**
 * Moves the files of `.changes/` into a section of `CHANGELOG.md`. Run it once for each release.
 *
 *     npx node tools/changelog.ts 0.2.0
 *
 * One file describes one change, so that branches that are merged do not change the same lines: `NNN.feature.md` or
 * `NNN.fix.md`, with one paragraph of Markdown.
 */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Change {
  readonly file: string
  readonly kind: 'feature' | 'fix'
  readonly text: string
}

const HEADINGS = [
  ['feature', 'Features'],
  ['fix', 'Fixes'],
] as const

/** Reads the changes of a checkout in the order of their numbers. Throws an error that names each unusable file. */
export function readChanges(root: string): readonly Change[] {
  const folder = join(root, '.changes')
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const changes = files.map((file) => toChange(file, readFileSync(join(folder, file), 'utf8')))
  const unusable = changes.filter((change) => typeof change === 'string')
  if (unusable.length > 0) throw new Error(unusable.join('\n'))
  return changes.filter((change) => typeof change !== 'string')
}

/** Returns the change that a file describes, or the reason why it is unusable. */
function toChange(file: string, content: string): Change | string {
  const [, kind] = /^\d{3}\.(feature|fix)\.md$/.exec(file) ?? []
  const text = content.trim()
  if (kind !== 'feature' && kind !== 'fix') return `.changes/${file} is not named NNN.feature.md or NNN.fix.md.`
  if (!/^[A-Z`]/.test(text) || !/[.)]$/.test(text) || /\n\s*\n/.test(text)) {
    const rule = 'begin with a capital letter or a name in backquotes, and end with a full stop'
    return `.changes/${file} is not one paragraph of sentences: ${rule}.`
  }
  return { file, kind, text }
}

/**
 * Returns the changelog with a section for the version. The section `VERSION (unreleased)` is used if it exists: it
 * keeps its text and gets the date.
 */
export function withRelease(changelog: string, version: string, date: string, changes: readonly Change[]): string {
  const lines = changelog.trimEnd().split('\n')
  const heading = `## ${version} (${date})`
  const first = lines.findIndex((line) => line.startsWith('## '))
  const unreleased = lines.indexOf(`## ${version} (unreleased)`)
  const start = unreleased >= 0 ? unreleased : first >= 0 ? first : lines.length
  const next = unreleased >= 0 ? lines.findIndex((line, at) => at > unreleased && line.startsWith('## ')) : start
  const end = next >= 0 ? next : lines.length
  const section = [heading, ...lines.slice(start + 1, end), '', ...changeLines(changes)]
  const text = [...lines.slice(0, start), '', ...section, '', ...lines.slice(end)].join('\n')
  return `${text.replace(/\n{3,}/g, '\n\n').trimEnd()}\n`
}

function changeLines(changes: readonly Change[]): readonly string[] {
  return HEADINGS.flatMap(([kind, heading]) => {
    const items = changes.filter((change) => change.kind === kind).map(({ text }) => `- ${text.replace(/\n/g, '\n  ')}`)
    return items.length === 0 ? [] : [`### ${heading}`, '', ...items, '']
  })
}

/** Writes the changelog of a checkout, and deletes the files that it contains now. */
export function release(root: string, version: string, date: string): void {
  const path = join(root, 'CHANGELOG.md')
  const changes = readChanges(root)
  writeFileSync(path, withRelease(readFileSync(path, 'utf8'), version, date, changes))
  for (const { file } of changes) rmSync(join(root, '.changes', file))
}

function main([version = '']: readonly string[]): void {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    console.error(`"${version}" is not a version such as 0.2.0. Run: npx node tools/changelog.ts VERSION`)
    process.exitCode = 2
    return
  }
  release(fileURLToPath(new URL('..', import.meta.url)), version, new Date().toISOString().slice(0, 10))
}

if (import.meta.main) main(process.argv.slice(2))
