/** Where Python finds modules by their names, as far as that is known before it runs. Used by what looks scripts up by place. */

import type { ProcessSettings } from '../../border/protocol.ts'

export type SearchedFolders = Pick<ProcessSettings, 'cwd' | 'pythonPath' | 'sitePackages'> & {
  readonly python?: Pick<ProcessSettings['python'], 'flags'>
}

/** In order. With `-P` and `-I` the current folder is not searched. */
export function moduleFolders({ cwd, pythonPath, sitePackages, python }: SearchedFolders): readonly string[] {
  const isSafe = (python?.flags.safe_path ?? 0) > 0
  return [...(isSafe ? [] : [cwd]), ...pythonPath, ...sitePackages]
}
