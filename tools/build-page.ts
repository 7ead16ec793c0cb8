/**
 * Builds `dist/page` from `src/page`: one style sheet, and a script with chunks that the browser loads when a screen is
 * opened. Each file has a digest of its content in its name, and a gzip copy. `http/page-routes.ts` serves them. Part
 * of `npm run build`; to run only this step: `npm run build:page`.
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

/** Oldest browsers with `light-dark()`. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5']

interface Asset {
  /** Name in `index.html`. Null for a chunk, which another script imports. */
  readonly role: 'script' | 'style' | 'icon' | null
  readonly name: string
  readonly bytes: Uint8Array
}

const assets = [...(await bundled()), iconOf(readFileSync(join(SOURCE, 'icon.svg')))]
// The page is built in another folder, so that a running server reads either the old page or the new one.
const staging = join(DIST, `page-${process.pid}`)
mkdirSync(staging, { recursive: true })
for (const { name, bytes } of assets) {
  writeFileSync(join(staging, name), bytes)
  writeFileSync(join(staging, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
const roles = new Map(assets.map(({ role, name }) => [role, name]))
const html = readFileSync(join(SOURCE, 'index.html'), 'utf8').replace(
  /\{\{(script|style|icon)\}\}/g,
  (_, role) => roles.get(role) ?? '',
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
    splitting: true,
    target: BROWSERS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    outdir: TARGET,
    write: false,
    logLevel: 'warning',
    legalComments: 'none',
  })
  return outputFiles.map(({ path, contents }) => ({ role: roleOf(path), name: basename(path), bytes: contents }))
}

function roleOf(path: string): Asset['role'] {
  if (path.endsWith('.css')) return 'style'
  return basename(path).startsWith('main-') ? 'script' : null
}

function iconOf(bytes: Uint8Array): Asset {
  return { role: 'icon', name: `icon-${digest(bytes)}.svg`, bytes }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10)
}
