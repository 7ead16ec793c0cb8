/**
 * What Python says of a process that it wants, and what of it fails before there is one. Used by `child-processes.ts`.
 */

import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** Comes as JSON. */
export interface SpawnOrder {
  /** Paths of the program, of which the first that can be executed is taken. */
  readonly candidates: readonly string[]
  /** The arguments, the program's name first. */
  readonly argv: readonly string[]
  readonly environ: Readonly<Record<string, string>>
  readonly folder: string
  /** Descriptors of the child, each with the script's that it is. */
  readonly descriptors: readonly (readonly [child: number, own: number])[]
  /** It leads a session, and with that a group, of its own. */
  readonly hasOwnSession: boolean
  /** The group it is in, 0 for one that it leads; null for that of its parent. */
  readonly group: number | null
  readonly uid: number | null
  readonly gid: number | null
  readonly umask: number
}

/** In which step an order failed, and the name of the error number. */
export interface SpawnFailure {
  readonly step: 'folder' | 'descriptors' | 'group' | 'program'
  readonly code: string
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO'
}

/** What is wrong with the child's folder: the name of an error number, or ''. */
export function folderProblem(folder: string): string {
  try {
    if (!statSync(folder).isDirectory()) return 'ENOTDIR'
    accessSync(folder, constants.X_OK)
    return ''
  } catch (error) {
    return codeOf(error)
  }
}

/** The first candidate that can be executed; else the error that `execve` would end with, when all are tried. */
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
    return codeOf(error)
  }
}
