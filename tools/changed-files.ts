/**
 * Files that differ from the last commit of `main`, as git reports them. `node tools/changed-files.ts FOLDER` prints
 * those below a folder.
 */

import { spawnSync } from 'node:child_process'
import { ROOT } from './again/test-report.ts'

/** Returns paths below the repository of changed and new files, with those that are not committed. */
export function changedFiles(folder = ROOT): readonly string[] {
  const lines = (...words: readonly string[]) => {
    const { status, stdout } = spawnSync('git', words, { cwd: folder, encoding: 'utf8' })
    return status === 0 ? stdout.split('\n').filter((line) => line !== '') : []
  }
  const head = lines('rev-parse', 'HEAD')[0]
  const bases = ['origin/main', 'main'].flatMap((name) => lines('merge-base', 'HEAD', name))
  // On main itself, the last commit is the change. A shallow clone has no commit before it.
  const base = bases.find((commit) => commit !== head) ?? lines('rev-parse', 'HEAD^')[0] ?? head
  const changed = base === undefined ? [] : lines('diff', '--name-only', '--diff-filter=d', base)
  return [...new Set([...changed, ...lines('ls-files', '--others', '--exclude-standard')])].sort()
}

export function isTestFile(path: string): boolean {
  return /^test\/.*\.test\.ts$/.test(path)
}

if (import.meta.main) {
  const below = `${process.argv[2] ?? ''}/`
  for (const path of changedFiles()) if (path.startsWith(below)) console.log(path)
}
