/**
 * `npm run language`: prints the phrases to rewrite, of all files or of those whose path contains one of the arguments.
 * `--kind message` (comment, docstring, markdown, title, width) prints those of one kind of text.
 * `npm run language -- --record` lowers the numbers of `record.json`; it refuses to raise one.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../support/source-tree.ts'
import { checkRepository, countByFile, increases, readRecord, writeRecord } from './check.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { record: { type: 'boolean' }, kind: { type: 'string' } },
})
const { matches, acceptedLines } = checkRepository()
if (values.record === true) record()
else print(positionals)

function print(parts: readonly string[]): void {
  const shown = matches.filter(
    ({ path, kind }) =>
      (values.kind === undefined || kind === values.kind) &&
      (parts.length === 0 || parts.some((part) => path.includes(part))),
  )
  for (const { path, line, kind, found, advice } of shown) {
    console.log(`${path}:${line}: ${kind} "${found}": ${advice}`)
  }
  console.log(`${shown.length} matches in ${new Set(shown.map(({ path }) => path)).size} files`)
}

function record(): void {
  const counted = countByFile(matches)
  const more = increases(readRecord().matches, counted, (path) => existsSync(join(ROOT, path)))
  if (more.length > 0) {
    console.error(`More matches than recorded; rewrite these texts first:\n${more.join('\n')}`)
    process.exitCode = 1
  } else writeRecord({ acceptedLines, matches: counted })
}
