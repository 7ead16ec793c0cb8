/** Project of a user that contains the built package. Each real compiler checks all its programs in one run. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'

/** Folders of TypeScript versions in `node_modules`. Version 7 is the native compiler. */
export const COMPILERS = { '5.4': 'typescript-5.4', '6': 'typescript-6', '7': 'typescript' } as const
export type Compiler = keyof typeof COMPILERS

/** Returns the tags of tests with a compiler. Only the oldest and the newest one do not wait for the night. */
export function tagsOf(compiler: Compiler): string[] {
  return compiler === '6' ? ['night'] : []
}

export interface Diagnostic {
  readonly file: string
  readonly line: number
  /** Complete text with all lines. */
  readonly message: string
}

export class UserProject implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cloaca-types-'))

  /** Creates a project with the declarations of the package, built from its sources as in `npm run build`. */
  static async open(): Promise<UserProject> {
    const project = new UserProject()
    const own = join(project.folder, 'node_modules/cloaca')
    mkdirSync(own, { recursive: true })
    copyFileSync(join(ROOT, 'package.json'), join(own, 'package.json'))
    for (const name of ['valibot', '@types', '@standard-schema', '@opentelemetry']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(project.folder, 'node_modules', name))
    }
    project.write('package.json', '{ "type": "module" }')
    const args = ['-p', join(ROOT, 'tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', join(own, 'dist')]
    const output = await compile('7', args, ROOT)
    if (output !== '') throw new Error(`The declarations cannot be made: ${output}`)
    return project
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  /** Returns the diagnostics of a compiler for some files. `options` are added to the usual options of projects. */
  async check(compiler: Compiler, files: readonly string[], options: object = {}): Promise<readonly Diagnostic[]> {
    const name = `tsconfig.${compiler}.${files.length}.${Object.values(options).join('.')}.json`
    const compilerOptions = { ...USUAL, ...options }
    this.write(name, JSON.stringify({ compilerOptions, files }))
    return diagnostics(await compile(compiler, ['-p', join(this.folder, name)], this.folder))
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const USUAL = {
  noEmit: true,
  strict: true,
  target: 'es2022',
  lib: ['es2022', 'dom'],
  module: 'nodenext',
  types: ['node'],
  skipLibCheck: true,
  pretty: false,
}

async function compile(compiler: Compiler, args: readonly string[], folder: string): Promise<string> {
  const entry = join(ROOT, 'node_modules', COMPILERS[compiler], 'bin/tsc')
  const child = spawn(process.execPath, [entry, '--pretty', 'false', ...args], { cwd: folder })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  await once(child, 'close')
  return output.trim()
}

function diagnostics(output: string): readonly Diagnostic[] {
  const found: { file: string; line: number; message: string }[] = []
  for (const text of output.split('\n')) {
    const head = /^(.+?)\((\d+),\d+\): (error TS\d+: .*)$/.exec(text)
    if (head !== null) found.push({ file: head[1] ?? '', line: Number(head[2]), message: head[3] ?? '' })
    else if (text.trim() !== '') {
      const last = found.at(-1)
      if (last === undefined) found.push({ file: '', line: 0, message: text })
      else last.message += `\n${text}`
    }
  }
  return found
}
