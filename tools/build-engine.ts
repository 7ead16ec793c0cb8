/**
 * Builds the JavaScript in `dist` from `src`; the compiler writes the types next to it. Part of `npm run build`. To run
 * only this step: `npm run build:engine`, or `node tools/build-engine.ts FOLDER` for another folder.
 *
 * Node needs 0.25 ms per imported file, and a start would import 400 files. Therefore each entry point is one bundle,
 * and shared or late-imported modules are files in `dist/chunks`. Valibot is bundled; other packages are imported.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Loader, type Plugin } from 'esbuild'
import { folderDigest } from '../src/border/build.ts'

const SOURCE = fileURLToPath(new URL('../src', import.meta.url))
const TARGET = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)))

/**
 * Modules that are started or imported by path: by Node, by users of the package, or by another process of the engine.
 * Groups share no files. An interpreter has a group of its own with few files, because each start waits for it.
 */
const GROUPS = [
  [
    'cli/main.ts',
    'cli/serve/raw-output-entry.ts',
    'functions/blocking/watch-entry.ts',
    'functions/isolation/worker-entry.ts',
    'http/bodies/body-thread-entry.ts',
    'index.ts',
    'predicates/predicate-thread-entry.ts',
    'testing/index.ts',
  ],
  ['interpreter/control-worker.ts', 'interpreter/entry.ts'],
]

const CHUNKS = 'chunks'
/** Module that all chunks import to find their own paths. It must be directly in the folder of the chunks. */
const PLACES = 'cloaca:places'
/** Name that no source file declares. */
const PLACE_FUNCTION = '__placeOf'
const PLACES_CODE = `export const ${PLACE_FUNCTION} = (path) => new URL('../' + path, import.meta.url).href`
const OWN_URL = 'import.meta.url'

/** Keeps `import.meta.url` as if each file were not bundled, because `dist` has the same folders as `src`. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: new RegExp(`^${PLACES}$`) }, () => ({ path: PLACES, namespace: 'places' }))
    onLoad({ filter: /./, namespace: 'places' }, () => ({ contents: PLACES_CODE, loader: 'js' }))
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8')
      const place = relative(SOURCE, path).split(sep).join('/').replace(/\.ts$/, '.js')
      const withPlace = code.replaceAll(OWN_URL, `${PLACE_FUNCTION}(${JSON.stringify(place)})`)
      const contents = withPlace === code ? code : `${withPlace}\nimport { ${PLACE_FUNCTION} } from '${PLACES}'\n`
      return { contents, loader: 'ts' satisfies Loader }
    })
  },
}

const VALIBOT = readFileSync(fileURLToPath(import.meta.resolve('valibot')), 'utf8')

/** Bundles the parts of Valibot that the engine uses, because loading its file of 200 KB delays each start by 6 ms. */
const bundleValibot: Plugin = {
  name: 'bundle-valibot',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^valibot$/ }, ({ path }) => ({ path, namespace: 'package', sideEffects: false }))
    onLoad({ filter: /./, namespace: 'package' }, () => ({ contents: VALIBOT, loader: 'js' }))
  },
}

/** Code that no file of the package contains, so the source maps contain it. */
const EMBEDDED: ReadonlyMap<string, string> = new Map([
  [`places:${PLACES}`, PLACES_CODE],
  ['package:valibot', VALIBOT],
])

for (const group of GROUPS) await bundle(group)

async function bundle(entryPoints: string[]): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: SOURCE,
    entryPoints,
    outbase: SOURCE,
    outdir: TARGET,
    chunkNames: `${CHUNKS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    sourcemap: true,
    sourcesContent: false,
    define: { CLOACA_BORDER_DIGEST: JSON.stringify(folderDigest(join(SOURCE, 'border'))) },
    plugins: [keepPlaces, bundleValibot],
    metafile: true,
    logLevel: 'warning',
  })

  const [places] = Object.entries(metafile.outputs).find(([, { inputs }]) => `places:${PLACES}` in inputs) ?? []
  if (places === undefined || basename(dirname(places)) !== CHUNKS) {
    throw new Error(`"${PLACES}" is in ${places}, but must be in ${CHUNKS}.`)
  }
  for (const output of Object.keys(metafile.outputs).filter((each) => each.endsWith('.map'))) {
    const path = join(SOURCE, output)
    const map = JSON.parse(readFileSync(path, 'utf8')) as { readonly sources: readonly string[] }
    const sourcesContent = map.sources.map((source) => EMBEDDED.get(source) ?? null)
    if (sourcesContent.some((code) => code !== null)) writeFileSync(path, JSON.stringify({ ...map, sourcesContent }))
  }
}
