/**
 * Files of a script, and URLs for importing them again. Node caches each module by URL forever, so a new generation has
 * a number in the URLs of the script and its imports, except installed packages. The first generation has no number,
 * because the program may have imported the same modules.
 */

import { type ResolveFnOutput, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const PARAMETER = 'cloaca'
/** Imports of this name always resolve to this package. */
const PACKAGE = 'cloaca'

export class ModuleGraph {
  /** Imported files of the user, by URL of the importing module. */
  readonly #imports = new Map<string, Set<string>>()
  /** Generation of the last import, by path of the script. */
  readonly #generations = new Map<string, number>()
  /** Script that imported a module first, by URL of the module. */
  readonly #scripts = new Map<string, string>()
  readonly #packageUrl: string
  readonly #onModule: (script: string, url: string) => void
  readonly #hooks: { deregister(): void }
  #generation = 0

  /** `packageUrl`: module for `cloaca`. `onModule`: called before each import, with the URLs of script and module. */
  constructor(packageUrl: string, onModule: (script: string, url: string) => void) {
    this.#packageUrl = packageUrl
    this.#onModule = onModule
    this.#hooks = registerHooks({
      resolve: (specifier, context, next) => {
        const { parentURL } = context
        if (parentURL === undefined || !this.#imports.has(parentURL)) return next(specifier, context)
        if (specifier === PACKAGE) return { url: this.#packageUrl, shortCircuit: true }
        return this.#imported(parentURL, next(specifier, context))
      },
    })
  }

  /** Returns the URL for the next import of a script. Scripts share helpers until one of them is imported again. */
  begin(path: string): string {
    if (this.#generations.get(path) === this.#generation) this.#generation += 1
    this.#generations.set(path, this.#generation)
    const url = numbered(pathToFileURL(path), this.#generation)
    this.#imports.set(url, new Set())
    this.#scripts.set(url, url)
    return url
  }

  /** Returns modules that this script, given by URL, imported first. */
  urlsOf(script: string): readonly string[] {
    return [...this.#scripts].filter(([, owner]) => owner === script).map(([url]) => url)
  }

  /** Returns the files of a script that were imported under this URL, its own first. */
  filesOf(url: string): readonly string[] {
    const seen = new Set([url])
    for (const each of seen) for (const imported of this.#imports.get(each) ?? []) seen.add(imported)
    return [...new Set([...seen].map(pathFromUrl))]
  }

  close(): void {
    this.#hooks.deregister()
  }

  #imported(parentUrl: string, resolved: ResolveFnOutput): ResolveFnOutput {
    if (!resolved.url.startsWith('file:') || /[\\/]node_modules[\\/]/.test(resolved.url)) return resolved
    const generation = Number(new URL(parentUrl).searchParams.get(PARAMETER) ?? 0)
    const url = numbered(new URL(resolved.url), generation)
    this.#imports.get(parentUrl)?.add(url)
    if (!this.#imports.has(url)) {
      this.#imports.set(url, new Set())
      const script = this.#scripts.get(parentUrl) ?? parentUrl
      this.#scripts.set(url, script)
      this.#onModule(script, url)
    }
    return { ...resolved, url }
  }
}

export function pathFromUrl(url: string): string {
  const { protocol, pathname } = new URL(url)
  return fileURLToPath(`${protocol}//${pathname}`)
}

function numbered(url: URL, generation: number): string {
  if (generation > 0) url.searchParams.set(PARAMETER, String(generation))
  return url.href
}
