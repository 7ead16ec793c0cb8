/**
 * Secrets in a folder of files, as Docker and Kubernetes mount them: `NAME/FIELD` has the value of a field, a file
 * `NAME` the field `value`. They are read for each request, so that a replaced value applies immediately.
 */

import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ONLY_FIELD, type SecretFields, type SecretProvider } from './provider.ts'

/** Limit of Docker and Kubernetes. */
const MAX_BYTES = 1_048_576
/** Prefix of the versions of Kubernetes: `..2026_01_31…`, and `..data`, a link to the current one. */
const OWN_PREFIX = '..'
const PRESENT_VERSION = '..data'

/** Does not access the folder before the first request. */
export function fileSecrets(folder: string): SecretProvider {
  return async (name) => {
    if (!isFileName(name)) return null
    const path = join(folder, name)
    const found = await statOf(path)
    // A missing folder is an error: the secret may exist.
    if (found === null) await stat(folder)
    if (found?.isDirectory()) return await fieldsOfOneVersion(path)
    return found?.isFile() ? { [ONLY_FIELD]: await valueIn(path, found.size) } : null
  }
}

/** Whether a name stays inside the folder. */
function isFileName(name: string): boolean {
  const isStep = name !== '' && name !== '.' && !name.startsWith(OWN_PREFIX) && !/[/\0]/.test(name)
  return isStep && (process.platform !== 'win32' || !/[\\:]/.test(name))
}

/** Reads fields of one version, because a user name and a password of two versions do not match. */
async function fieldsOfOneVersion(folder: string): Promise<SecretFields> {
  const version = await versionIn(folder)
  try {
    return await fieldsIn(version)
  } catch (thrown) {
    const present = await versionIn(folder)
    if (present === version) throw thrown
    return await fieldsIn(present) // The version was replaced and removed during the reading.
  }
}

async function versionIn(folder: string): Promise<string> {
  const link = join(folder, PRESENT_VERSION)
  return (await statOf(link))?.isDirectory() ? await realpath(link) : folder
}

async function fieldsIn(folder: string): Promise<SecretFields> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith(OWN_PREFIX)).sort()
  const fields = names.map(async (name) => {
    const path = join(folder, name)
    const found = await stat(path)
    return found.isFile() ? [[name, await valueIn(path, found.size)] as const] : []
  })
  return Object.fromEntries((await Promise.all(fields)).flat())
}

/** Removes the line break at the end, which editors and `echo` add. */
async function valueIn(path: string, size: number): Promise<string> {
  // Uncoded: the reason of `SecretUnreadable`
  if (size > MAX_BYTES) throw new Error(`"${path}" has ${size} bytes, but may have at most ${MAX_BYTES}`)
  const text = textOf(await readFile(path))
  if (text === null) throw new Error(`"${path}" is not UTF-8 text`) // Uncoded: the reason of `SecretUnreadable`
  return text.replace(/\r?\n$/, '')
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (thrown) {
    if (isMissing((thrown as NodeJS.ErrnoException).code)) return null
    throw thrown
  }
}

function isMissing(code: string | undefined): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG'
}
