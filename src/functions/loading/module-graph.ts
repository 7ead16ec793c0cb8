/**
 * Which files a script is made of, and how it is imported anew: Node keeps each module for ever under its URL, so a new
 * generation has a number in the URLs of the script and of all that it imports, outside of installed packages. The first
 * generation has none: its modules are those that the program itself may have imported.
 */

import { type ResolveFnOutput, registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const PARAMETER = 'cloaca'
/** What scripts import of this package is this very one, wherever their folder would find another. */
const PACKAGE = 'cloaca'

export class ModuleGraph {
  /** By URL: what it imports of the user's files. */
  readonly #imports = new Map<string, Set<string>>()
  /** By path of a script: the generation in which it was imported last. */
  readonly #generations = new Map<string, number>()
  /** By URL: the script with which it was imported first. */
  readonly #scripts = new Map<string, string>()
  readonly #packageUrl: string
  readonly #onModule: (script: string, url: string) => void
  readonly #hooks: { deregister(): void }
  #generation = 0

  /** `packageUrl`: of the module that `cloaca` stands for. `onModule`: called before a module of a script is imported, with the URLs of both. */
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

  /**
   * The URL under which a script is imported now: scripts that are imported one after the other share their helpers, until one of
   * them is imported again.
   */
  begin(path: string): string {
    if (this.#generations.get(path) === this.#generation) this.#generation += 1
    this.#generations.set(path, this.#generation)
    const url = numbered(pathToFileURL(path), this.#generation)
    this.#imports.set(url, new Set())
    this.#scripts.set(url, url)
    return url
  }

  /** The modules that were imported first with this script, by its URL. */
  urlsOf(script: string): readonly string[] {
    return [...this.#scripts].filter(([, owner]) => owner === script).map(([url]) => url)
  }

  /** The files that a script was made of when it was imported under this URL, as far as it came: its own first. */
  filesOf(url: string): readonly string[] {
    const seen = new Set([url])
    for (const each of seen) for (const imported of this.#imports.get(each) ?? []) seen.add(imported)
    return [...new Set([...seen].map(pathOf))]
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

/** The path of a module's file. */
export function pathOf(url: string): string {
  const { protocol, pathname } = new URL(url)
  return fileURLToPath(`${protocol}//${pathname}`)
}

function numbered(url: URL, generation: number): string {
  if (generation > 0) url.searchParams.set(PARAMETER, String(generation))
  return url.href
}
