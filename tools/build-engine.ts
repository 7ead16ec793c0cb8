/**
 * Makes the JavaScript in `dist` of `src`; the types beside it are the compiler's. Part of `npm run build`; on its own:
 * `npm run build:engine`, or into another folder: `node tools/build-engine.ts FOLDER`.
 *
 * Node takes a quarter of a millisecond for each file that it imports, and a start needs 400 of ours: so what belongs together is
 * one file, and what is imported late, or shared, is a file of its own in `dist/chunks`. Packages stay what they are.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Loader, type Plugin } from 'esbuild'
import { digestOf } from '../src/border/build.ts'

const SOURCE = fileURLToPath(new URL('../src', import.meta.url))
const TARGET = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)))

/**
 * What is started or imported by its place: by Node, by whoever uses the package, by one of our processes as another one. Each group
 * shares nothing with the others: an interpreter, for whose start everybody waits, has its own in few files.
 */
const GROUPS = [
  [
    'cli/main.ts',
    'functions/blocking/watch-entry.ts',
    'functions/isolation/worker-entry.ts',
    'http/bodies/thread-entry.ts',
    'index.ts',
    'predicates/thread-entry.ts',
    'testing/index.ts',
  ],
  ['interpreter/control-worker.ts', 'interpreter/entry.ts'],
]

const CHUNKS = 'chunks'
/** Shared by all that asks where it is, so that it is in the folder of the chunks itself. */
const PLACES = 'cloaca:places'
/** A name that no file declares itself. */
const PLACE_FUNCTION = '__placeOf'
const PLACES_CODE = `export const ${PLACE_FUNCTION} = (path) => new URL('../' + path, import.meta.url).href`
const OWN_URL = 'import.meta.url'

/** Each file finds what lies beside it as if it were still where it was: `dist` has the folders of `src`. */
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
    define: { CLOACA_BORDER_DIGEST: JSON.stringify(digestOf(join(SOURCE, 'border'))) },
    plugins: [keepPlaces],
    metafile: true,
    logLevel: 'warning',
  })

  const [places] = Object.entries(metafile.outputs).find(([, { inputs }]) => `places:${PLACES}` in inputs) ?? []
  if (places === undefined || basename(dirname(places)) !== CHUNKS) {
    throw new Error(`"${PLACES}" is in ${places}, and has to be in ${CHUNKS}.`)
  }
  // No file has its code: the source map has to.
  const path = join(SOURCE, `${places}.map`)
  const map = JSON.parse(readFileSync(path, 'utf8')) as { readonly sources: readonly string[] }
  const sourcesContent = map.sources.map((source) => (source === `places:${PLACES}` ? PLACES_CODE : null))
  writeFileSync(path, JSON.stringify({ ...map, sourcesContent }))
}
