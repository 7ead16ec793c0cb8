/**
 * Folders in which the system's CPython keeps its packages. Called by the composition root if a script imports a
 * package that is found nowhere else. Python takes 50 to 200 ms to answer, so the answer is kept in the cache folder.
 * If the cache fails, Python is asked again.
 */

import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from './cache-folder.ts'
import { findMachinePython } from './machine-python.ts'
import { isOwnFile, isWritableByOthers, makeOwnFolder, removeWriteOfOthers } from './trusted-files.ts'

const LIST_FOLDERS = 'import json, site; print(json.dumps([site.getusersitepackages(), *site.getsitepackages()]))'
const TIMEOUT_MS = 5_000

const FILE = 'machine-python.json'
const KEPT_ANSWERS = 32

/** Answers of Pythons by digest, newest last. */
type Answers = Readonly<Record<string, readonly string[]>>

/** Returns existing folders; none if there is no `python3`, or if an active virtual environment hides them. */
export async function installedPackageFolders(environ: Readonly<Record<string, string>>): Promise<readonly string[]> {
  if (environ.VIRTUAL_ENV) return []
  const python = findMachinePython(environ, process.cwd())
  if (python === null) return []
  const answers = readAnswers(environ)
  const known = python.digest === null ? undefined : answers[python.digest]
  const folders = known ?? (await ask(python.path, environ))
  if (known === undefined && folders !== null && python.digest !== null) {
    storeAnswers(environ, { ...answers, [python.digest]: folders })
  }
  return (folders ?? []).filter((folder) => existsSync(folder))
}

async function ask(python: string, environ: Readonly<Record<string, string>>): Promise<readonly string[] | null> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', LIST_FOLDERS], { env: environ, timeout: TIMEOUT_MS })
    const folders: unknown = JSON.parse(stdout)
    return isListOfTexts(folders) ? folders : null
  } catch {
    return null // this Python is broken
  }
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function readAnswers(environ: Readonly<Record<string, string>>): Answers {
  const path = join(cacheFolder(environ), FILE)
  try {
    removeWriteOfOthers(cacheFolder(environ))
    const status = lstatSync(path)
    // Python runs the files in these folders.
    if (!status.isFile() || !isOwnFile(status) || isWritableByOthers(status)) return {}
    const answers = Object.entries(JSON.parse(readFileSync(path, 'utf8')))
    return Object.fromEntries(answers.filter((entry): entry is [string, string[]] => isListOfTexts(entry[1])))
  } catch {
    return {} // the file is missing or damaged, and is written again
  }
}

function storeAnswers(environ: Readonly<Record<string, string>>, answers: Answers): void {
  const path = join(cacheFolder(environ), FILE)
  const unfinished = `${path}.${randomUUID()}.tmp`
  const kept = Object.fromEntries(Object.entries(answers).slice(-KEPT_ANSWERS))
  try {
    makeOwnFolder(cacheFolder(environ))
    removeWriteOfOthers(cacheFolder(environ))
    try {
      writeFileSync(unfinished, JSON.stringify(kept), { mode: 0o600, flag: 'wx' })
      renameSync(unfinished, path)
    } finally {
      rmSync(unfinished, { force: true })
    }
  } catch {
    return // the cache is not writable: Python is asked each time
  }
}
