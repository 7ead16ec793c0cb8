/**
 * Packs this checkout with `npm pack`, from a copy that was never built. Used by the tests of the files of the package
 * and of its types.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix, relative } from 'node:path'
import { ROOT } from './source-tree.ts'

const NOT_COPIED = /^(\.git|\.vitest|node_modules|build|dist|prebuilds)$/

interface PackReport {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

export class PackedPackage implements Disposable {
  /** Folder of the copy, which `npm pack` has built. */
  readonly folder: string
  readonly files: ReadonlySet<string>
  readonly #tarball: string

  private constructor(folder: string, { filename, files }: PackReport) {
    this.folder = folder
    this.files = new Set(files.map(({ path }) => path))
    this.#tarball = join(folder, filename)
  }

  /** Packs a copy with additional files, given as texts by path. Throws if npm fails or prints on stderr. */
  static make(leftovers: Readonly<Record<string, string>> = {}): PackedPackage {
    const folder = mkdtempSync(join(tmpdir(), 'cloaca-package-'))
    cpSync(ROOT, folder, { recursive: true, filter: (path) => !NOT_COPIED.test(relative(ROOT, path)) })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    for (const [path, text] of Object.entries(leftovers)) {
      mkdirSync(join(folder, posix.dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--silent'], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (status !== 0 || stderr !== '') throw new Error(`npm pack ended with ${status}: ${stderr}`)
    // npm prints a list of packages, or in later versions an object of them.
    const [report] = Object.values(JSON.parse(stdout) as object) as PackReport[]
    if (report === undefined) throw new Error('npm pack has packed nothing')
    return new PackedPackage(folder, report)
  }

  /** Unpacks the tarball, as an installation does. */
  unpackInto(folder: string): void {
    mkdirSync(folder, { recursive: true })
    const words = ['-xzf', this.#tarball, '-C', folder, '--strip-components=1']
    const { status, stderr } = spawnSync('tar', words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`tar ended with ${status}: ${stderr}`)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
