/**
 * Makes `dist/page` of `src/page`: one script and one style sheet, each named by a digest of what is in it, and
 * beside each the same in gzip. `http/page.ts` serves them. Part of `npm run build`; on its own: `npm run build:page`.
 */

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const SOURCE = fileURLToPath(new URL('../src/page', import.meta.url))
const DIST = fileURLToPath(new URL('../dist', import.meta.url))
const TARGET = join(DIST, 'page')

/** An older browser has no `light-dark()`. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5']

interface Asset {
  readonly role: 'script' | 'style' | 'icon'
  readonly name: string
  readonly bytes: Uint8Array
}

const assets = [...(await bundled()), iconOf(readFileSync(join(SOURCE, 'icon.svg')))]
// A server that looks while this runs sees the old page or the new one.
const staging = join(DIST, `page-${process.pid}`)
mkdirSync(staging, { recursive: true })
for (const { name, bytes } of assets) {
  writeFileSync(join(staging, name), bytes)
  writeFileSync(join(staging, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
const roles = Object.fromEntries(assets.map(({ role, name }) => [role, name]))
const html = readFileSync(join(SOURCE, 'index.html'), 'utf8').replace(
  /\{\{(script|style|icon)\}\}/g,
  (_, role) => roles[role] ?? '',
)
writeFileSync(join(staging, 'index.html'), html)
rmSync(TARGET, { recursive: true, force: true })
renameSync(staging, TARGET)

async function bundled(): Promise<readonly Asset[]> {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, 'main.tsx'), join(SOURCE, 'style', 'page.css')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: BROWSERS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]',
    outdir: TARGET,
    write: false,
    logLevel: 'warning',
    legalComments: 'none',
  })
  return outputFiles.map(({ path, contents }) => {
    const [stem, ending] = basename(path).split('.')
    const name = `${stem}-${digest(contents)}.${ending}`
    return { role: ending === 'css' ? 'style' : 'script', name, bytes: contents } as const
  })
}

function iconOf(bytes: Uint8Array): Asset {
  return { role: 'icon', name: `icon-${digest(bytes)}.svg`, bytes }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10)
}
