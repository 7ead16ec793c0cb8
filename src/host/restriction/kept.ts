/** Files that restricted scripts cannot write in a granted folder, because the next start loads them. */

import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeptFiles } from '../../border/grants.ts'
import type { LoadTarget, ProcessSettings } from '../../border/protocol.ts'
import { cacheFolder } from '../environment/cache-folder.ts'
import { ownFiles } from './node-flags.ts'

export interface RunningScripts {
  readonly process: Pick<ProcessSettings, 'cwd' | 'pythonPath' | 'sitePackages'>
  /** Contains the `cloaca` package. */
  readonly packageFolder: string
  /** All scripts and programs of this process, restricted or not. */
  readonly scripts: readonly LoadTarget[]
}

/** `folder`: of the restricted scripts. */
export function keptFiles(folder: string, { process, packageFolder, scripts }: RunningScripts): KeptFiles {
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

/** Returns whether a path is a TypeScript or JavaScript module, which Node loads with its imports. */
function isScriptModule(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
