/** Files that restricted scripts may not write although their folder is granted, because the next start loads them: see `border/kept-files.ts`. */

import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeptFiles } from '../../border/kept-files.ts'
import type { LoadTarget, ProcessSettings } from '../../border/protocol.ts'
import { cacheFolder } from '../environment/cache-folder.ts'
import { ownFiles } from './node-flags.ts'

export interface Running {
  readonly process: Pick<ProcessSettings, 'cwd' | 'pythonPath' | 'sitePackages'>
  /** Folder that holds the `cloaca` package. */
  readonly packageFolder: string
  /** All scripts and programs that this process loads or runs, restricted or not. */
  readonly scripts: readonly LoadTarget[]
}

/** `folder`: of the restricted scripts. */
export function keptFiles(folder: string, { process, packageFolder, scripts }: Running): KeptFiles {
  const files = scripts.flatMap((script) => (script.kind === 'file' ? [script.path] : []))
  const folders = files.map((path) => (isFolder(path) ? path : dirname(path)))
  const ours = [...ownFiles(), packageFolder, cacheFolder(globalThis.process.env)]
  return {
    whole: realPaths([...ours, ...process.sitePackages, ...files.filter((path) => !isFolder(path))]),
    modules: realPaths([folder, process.cwd, ...process.pythonPath, ...folders]),
    scriptModules: realPaths(files.filter(isScriptModule).map((path) => dirname(path))),
  }
}

function realPaths(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined))].map((path) =>
    realpathSync(path),
  )
}

/** Returns whether a path is a module of TypeScript or JavaScript, which Node loads together with its imports. */
function isScriptModule(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
