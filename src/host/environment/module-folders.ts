/** Folders in which Python searches for modules, as far as known before it starts. Used to find scripts by place. */

import type { ProcessSettings } from '../../border/protocol.ts'

export type SearchedFolders = Pick<ProcessSettings, 'cwd' | 'pythonPath' | 'sitePackages'> & {
  readonly python?: Pick<ProcessSettings['python'], 'flags'>
}

/** Returns the folders in the order of the search. With `-P` and `-I` the current folder is not searched. */
export function moduleFolders({ cwd, pythonPath, sitePackages, python }: SearchedFolders): readonly string[] {
  const isSafe = (python?.flags.safe_path ?? 0) > 0
  return [...(isSafe ? [] : [cwd]), ...pythonPath, ...sitePackages]
}
