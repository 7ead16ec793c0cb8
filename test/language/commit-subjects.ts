/** Checks the subjects of commits: `area: imperative`, at most 72 characters, and none of the phrases of `rules.ts`. */

import { spawnSync } from 'node:child_process'
import { ROOT } from '../support/source-tree.ts'
import { findIn } from './rules.ts'

const MAX_SUBJECT = 72
const FORM = /^[a-z][\w./-]*(, [\w./-]+)*: \S/

/** States why a subject is refused, or null. A merge and a revert have the subjects that git gives them. */
export function problemOfSubject(subject: string): string | null {
  if (/^(Merge|Revert) /.test(subject)) return null
  if (subject.length > MAX_SUBJECT) return `${subject.length} characters; at most ${MAX_SUBJECT}`
  if (!FORM.test(subject)) return 'not of the form "area: imperative"'
  const text = subject.replace(/^[^:]*: /, '')
  const [finding] = findIn('title', text)
  if (finding !== undefined) return `"${finding.found}": ${finding.advice}`
  return null
}

/** Returns the subjects of the commits after the one that added a file, or null if this clone does not have that commit. */
export function subjectsSince(path: string): readonly string[] | null {
  const added = git('log', '--diff-filter=A', '--format=%H', '--', path).at(-1)
  if (added === undefined || isShallowRoot(added)) return null
  return git('log', '--no-merges', '--format=%s', `${added}..HEAD`)
}

/** The oldest commit of a shallow clone seems to add every file. */
function isShallowRoot(commit: string): boolean {
  return (
    git('rev-parse', '--is-shallow-repository')[0] === 'true' &&
    git('rev-list', '--parents', '-1', commit)[0] === commit
  )
}

function git(...words: readonly string[]): readonly string[] {
  const { status, stdout } = spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : []
}
