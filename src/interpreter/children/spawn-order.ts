/** Order of Python to start a process, and checks before there is one. Used by `child-processes.ts`. */

import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** Comes as JSON. */
export interface SpawnOrder {
  /** Paths of the program. The first executable one is used. */
  readonly candidates: readonly string[]
  readonly argv: readonly string[]
  readonly environ: Readonly<Record<string, string>>
  readonly folder: string
  /** Descriptors of the child, each with the script's descriptor that it copies. */
  readonly descriptors: readonly (readonly [child: number, own: number])[]
  /** Whether it leads a session, and so a group, of its own. */
  readonly hasOwnSession: boolean
  /** Number of its group; 0 to lead one, null for that of its parent. */
  readonly group: number | null
  readonly uid: number | null
  readonly gid: number | null
  readonly umask: number
}

export interface SpawnFailure {
  readonly step: 'folder' | 'descriptors' | 'group' | 'program'
  readonly code: string
}

export function systemErrorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO'
}

/** Returns the name of an error number for the child's folder, or ''. */
export function folderProblem(folder: string): string {
  try {
    if (!statSync(folder).isDirectory()) return 'ENOTDIR'
    accessSync(folder, constants.X_OK)
    return ''
  } catch (error) {
    return systemErrorCode(error)
  }
}

/** Returns the first executable candidate, or the error with which `execve` would end. */
export function findProgram({ candidates, folder }: SpawnOrder): { readonly path: string } | { readonly code: string } {
  let code = 'ENOENT'
  let isDecided = false
  for (const candidate of candidates) {
    const path = resolve(folder, candidate)
    const problem = programProblem(candidate === '' ? '' : path)
    if (problem === '') return { path }
    if (!isDecided) code = problem
    isDecided ||= problem !== 'ENOENT' && problem !== 'ENOTDIR'
  }
  return { code }
}

function programProblem(path: string): string {
  try {
    if (!statSync(path).isFile()) return 'EACCES'
    accessSync(path, constants.X_OK)
    return ''
  } catch (error) {
    return systemErrorCode(error)
  }
}
