/**
 * Files that the next start reads or runs: settings, packages, scripts and modules. A grant to write the folder around
 * them does not include them, because a restricted script could otherwise write code that runs without restriction.
 * Pure: paths come resolved. Used by the interpreter, and by the engine for databases that scripts ask for.
 */

import { basename, relative, sep } from 'node:path'
import { type GrantedPath, isBelow, type KeptFiles } from './grants.ts'

/** Names that are kept wherever they are. Settings in a `package.json` are a key that anybody could add. */
const SETTINGS: ReadonlySet<string> = new Set(['cloaca.toml', 'package.json'])
const PACKAGES: ReadonlySet<string> = new Set(['.cloaca', 'node_modules'])
const MODULE = /\.(py|pyc|pyw|pth|so)$/i
const SCRIPT_MODULE = /\.[cm]?[jt]s$/i

/** Returns whether a path granted for writing is kept, because no grant names it or the kept folder around it. */
export function isKeptFile(path: string, granted: readonly GrantedPath[], kept: KeptFiles): boolean {
  const grants = granted.filter(({ real }) => path === real || isBelow(path, real))
  return grants.length > 0 && grants.every((grant) => isKeptFrom(grant, path, kept))
}

function isKeptFrom({ real, isFolder }: GrantedPath, path: string, kept: KeptFiles): boolean {
  if (path === real && !isFolder) return false
  if (SETTINGS.has(namesBetween(real, path).at(-1) ?? '') || isInPackages(real, path)) return true
  const { whole, modules, scriptModules } = kept
  const folders = [...whole, ...modules, ...scriptModules]
  const isNamed = PACKAGES.has(basename(real)) || folders.some((each) => isInPackages(each, real))
  if (isNamed || whole.some((each) => isIn(real, each))) return false
  if (whole.some((each) => isIn(path, each))) return true
  const isBelowOneOf = (places: readonly string[]) => places.some((folder) => isBelow(path, folder))
  return (MODULE.test(path) && isBelowOneOf(modules)) || (SCRIPT_MODULE.test(path) && isBelowOneOf(scriptModules))
}

function isInPackages(folder: string, path: string): boolean {
  return isIn(path, folder) && namesBetween(folder, path).some((name) => PACKAGES.has(name))
}

function namesBetween(folder: string, path: string): readonly string[] {
  return relative(folder, path).toLowerCase().split(sep)
}

function isIn(path: string, place: string): boolean {
  return path === place || isBelow(path, place)
}
