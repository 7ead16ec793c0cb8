/**
 * Secrets in a folder of files, as Docker and Kubernetes mount them: `NAME/FIELD` has the value of a field, and a file `NAME` is a
 * secret with the field `value`. They are read each time, so that a value that is replaced counts from then on.
 */

import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ONLY_FIELD, type SecretFields, type SecretProvider } from './provider.ts'

/** Neither Docker nor Kubernetes has larger ones. */
const LARGEST_BYTES = 1_048_576
/** What Kubernetes keeps its versions under: `..2026_01_31…`, and `..data`, a link to the one that counts. */
const OWN_PREFIX = '..'
const PRESENT_VERSION = '..data'

/** The folder is looked for when a secret is asked for. */
export function fileSecrets(folder: string): SecretProvider {
  return async (name) => {
    if (!isFileName(name)) return null
    const path = join(folder, name)
    const found = await statOf(path)
    // Without the folder itself nobody knows whether there is such a secret.
    if (found === null) await stat(folder)
    if (found?.isDirectory()) return await fieldsOfOneVersion(path)
    return found?.isFile() ? { [ONLY_FIELD]: await valueIn(path, found.size) } : null
  }
}

/** It is one step down from a folder and nothing else. */
function isFileName(name: string): boolean {
  const isStep = name !== '' && name !== '.' && !name.startsWith(OWN_PREFIX) && !/[/\0]/.test(name)
  return isStep && (process.platform !== 'win32' || !/[\\:]/.test(name))
}

/** Fields belong together: a user's name of one version and a password of the next would not. */
async function fieldsOfOneVersion(folder: string): Promise<SecretFields> {
  const version = await versionIn(folder)
  try {
    return await fieldsIn(version)
  } catch (thrown) {
    const present = await versionIn(folder)
    if (present === version) throw thrown
    return await fieldsIn(present) // it was replaced and removed meanwhile
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

/** Without the end of a line that editors and `echo` leave behind it. */
async function valueIn(path: string, size: number): Promise<string> {
  if (size > LARGEST_BYTES) throw new Error(`"${path}" has ${size} bytes, but may have at most ${LARGEST_BYTES}`)
  const text = textOf(await readFile(path))
  if (text === null) throw new Error(`"${path}" is not UTF-8 text`)
  return text.replace(/\r?\n$/, '')
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Null where there is nothing. */
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
