/**
 * Writes `sbom.cdx.json`, the software bill of materials of the npm package in CycloneDX format: the packages that are
 * installed with it. Run before packing. `npm sbom --omit=dev` (npm 11.19) also omits runtime packages that development
 * packages need, such as `pg`, so this script selects from the list of all packages.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

interface Bom {
  readonly metadata: { readonly component: { name: string } }
  components: { readonly 'bom-ref': string; readonly name: string; readonly version: string }[]
  dependencies: { readonly ref: string; readonly dependsOn: string[] }[]
}

interface Locked {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly name: string }
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}
const paths = new Set<string>()
visit('')
const installed = new Set([...paths].map((path) => `${path.split('node_modules/').at(-1)}@${packages[path]?.version}`))

/** Adds the direct and indirect dependencies of a package. The path of the checkout is "". */
function visit(path: string): void {
  const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {}
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const found = resolved(path, dependency)
    if (found === null || paths.has(found)) continue
    paths.add(found)
    visit(found)
  }
}

/** Finds a dependency where Node would: in `node_modules` of the package, or of a folder above. */
function resolved(path: string, dependency: string): string | null {
  const own = `${path === '' ? '' : `${path}/`}node_modules/${dependency}`
  if (packages[own] !== undefined) return own
  return path === '' ? null : resolved(path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), dependency)
}

const words = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
const { stdout, stderr, status } = spawnSync('npm', words, { encoding: 'utf8', shell: process.platform === 'win32' })
if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`)
const bom = JSON.parse(stdout) as Bom

// npm writes the name of the folder instead.
bom.metadata.component.name = name
bom.components = bom.components.filter((component) => installed.has(`${component.name}@${component.version}`))
const kept = new Set(bom.components.map((component) => component['bom-ref']))
bom.dependencies = bom.dependencies
  .filter(({ ref }) => kept.has(ref) || ref.startsWith(`${name}@`))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) }))
writeFileSync('sbom.cdx.json', `${JSON.stringify(bom, null, 2)}\n`)
