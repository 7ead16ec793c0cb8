/** Downloads and unpacks the newest source distribution of a package. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const INDEX = (process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple').replace(/\/$/, '')
const FINAL_VERSION = /-(\d+(?:\.\d+)*(?:\.post\d+)?)\.tar\.gz$/

export async function unpackSdist(
  name: string,
  folder: string,
): Promise<{ readonly place: string; readonly version: string }> {
  const page = `${INDEX}/${name}/`
  const response = await fetch(page, { headers: { accept: 'application/vnd.pypi.simple.v1+json' } })
  const { files } = (await response.json()) as { files: { filename: string; url: string; yanked?: boolean | string }[] }
  const found = files
    .filter(({ filename, yanked }) => FINAL_VERSION.test(filename) && !yanked)
    .sort((a, b) => versionOf(a.filename).localeCompare(versionOf(b.filename), 'en', { numeric: true }))
    .at(-1)
  if (found === undefined) throw new Error(`${page} has no source distribution of "${name}"`)
  mkdirSync(folder, { recursive: true })
  const archive = join(folder, found.filename)
  writeFileSync(archive, Buffer.from(await (await fetch(new URL(found.url, page))).arrayBuffer()))
  execFileSync('tar', ['-xzf', archive, '-C', folder])
  const unpacked = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isDirectory())
  if (unpacked === undefined) throw new Error(`${archive} contains no folder`)
  return { place: join(folder, unpacked.name), version: versionOf(found.filename) }
}

function versionOf(filename: string): string {
  return FINAL_VERSION.exec(filename)?.[1] ?? ''
}
