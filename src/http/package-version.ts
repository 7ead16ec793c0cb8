/** The version of cloaca in answers. */

import { readFileSync } from 'node:fs'

let version: string | null = null

export function packageVersion(): string {
  version ??= readVersion()
  return version
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { readonly version: unknown }).version)
}
