/**
 * Builds the addon of the context codec. npm runs this file as the install script of the package, and `npm run
 * native:prebuild` runs it with --prebuild. It must run on Node 20 without dependencies.
 *
 * An install fails only if Node is too old for cloaca, because npm shows the output of an install script only then. If
 * the addon cannot be built, the script prints one line, and cloaca uses the TypeScript codec. With --prebuild, the
 * script exits with 1 instead.
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BINARY_NAME = 'context_codec.node'
const BUILD_FOLDER = join(ROOT, 'build', 'Release')
const PREBUILD_FOLDER = join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`)
const LOG_FILE = join(ROOT, 'build', 'native-build.log')
/** File beside a binary with the digest of the sources that it was built from. */
const DIGEST_FILE = 'sources.sha256'

const BUILD_TIME_LIMIT_MS = 10 * 60_000

/** Patterns in the output of the build, with the reason to print. The first match wins. */
const KNOWN_PROBLEMS = [
  [/Could not find any Python/, 'Python, which node-gyp needs, was not found'],
  [/Could not find any Visual Studio/, 'Visual Studio, which node-gyp needs, was not found'],
  [/related to network connectivity|headers.*failed/, "Node's headers were not found, and could not be downloaded"],
  [/not found: make/, 'make was not found'],
  [/GetCompilerPredefines.*FileNotFoundError/s, 'the compiler that CC or CXX names was not found'],
  [/Error 127\b/, 'there is no C++ compiler'],
]

main()

function main() {
  const isPrebuild = process.argv.includes('--prebuild')
  if (!isPrebuild && isNodeTooOld()) return
  const problem = isCurrent(BUILD_FOLDER) || (!isPrebuild && isCurrent(PREBUILD_FOLDER)) ? null : build()
  if (problem === null) {
    if (isPrebuild) shipPrebuilt()
    return
  }
  console.log(
    `cloaca: the native context codec was not built (${problem}). The slower TypeScript codec is used instead.`,
  )
  if (isPrebuild) process.exitCode = 1
}

/** Returns whether Node is too old. If it is, prints this and makes the install fail. */
function isNodeTooOld() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const [oldest] = /\d+/.exec(engines.node)
  const version = versionOfNode()
  if (Number.parseInt(version, 10) >= Number(oldest)) return false
  console.error(
    `cloaca needs Node ${oldest} or newer, but this is Node ${version}. ` +
      'Install a newer Node, then install cloaca again.',
  )
  process.exitCode = 1
  return true
}

/**
 * Returns the version of the Node that will run cloaca. In this repository, that is the Node in its dependencies. In a
 * project that links this repository, it is the Node of the project, which runs npm, although npm runs this script with
 * the Node of this repository.
 */
function versionOfNode() {
  const { npm_config_local_prefix: project, npm_config_user_agent: agent = '' } = process.env
  const isOwnInstall = project && existsSync(project) && realpathSync(project) === resolve(ROOT)
  const [, ofInstaller] = / node\/v(\S+)/.exec(agent) ?? []
  return isOwnInstall ? process.versions.node : (ofInstaller ?? process.versions.node)
}

function isCurrent(folder) {
  const digestFile = join(folder, DIGEST_FILE)
  return hasBinary(folder) && existsSync(digestFile) && readFileSync(digestFile, 'utf8') === digestOfSources()
}

function hasBinary(folder) {
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.node'))
}

function digestOfSources() {
  const nativeFolder = join(ROOT, 'src', 'native')
  const nativeFiles = readdirSync(nativeFolder, { recursive: true }).filter((name) => /\.(cc|h)$/.test(name))
  const files = [join(ROOT, 'binding.gyp'), ...nativeFiles.sort().map((name) => join(nativeFolder, name))]
  const digest = createHash('sha256')
  for (const file of files) digest.update(readFileSync(file, 'utf8').replaceAll('\r\n', '\n'))
  return digest.digest('hex')
}

/** Builds the addon, and returns a short reason if that fails. Removes an old binary, which may not fit the sources. */
function build() {
  const nodeGyp = findNodeGyp()
  if (nodeGyp === null) return 'node-gyp was not found'
  const headers = findHeaders()
  const nodeGypArguments = [
    'configure',
    'build',
    '--release',
    '--jobs=max',
    ...(headers ? [`--nodedir=${headers}`] : []),
  ]
  rmSync(BUILD_FOLDER, { recursive: true, force: true })
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [nodeGyp, ...nodeGypArguments], {
    cwd: ROOT,
    encoding: 'utf8',
    env: withOwnNodeFirst(process.env),
    timeout: BUILD_TIME_LIMIT_MS,
  })
  if (status === 0 && hasBinary(BUILD_FOLDER)) {
    writeFileSync(join(BUILD_FOLDER, DIGEST_FILE), digestOfSources())
    return null
  }
  return keepLog(`${stdout}\n${stderr}\n${error ?? ''}`)
}

/** Returns the environment with this Node first in PATH, because binding.gyp runs `node`. Windows may write `Path`. */
function withOwnNodeFirst(env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...env, [name]: [dirname(process.execPath), env[name] ?? ''].join(delimiter) }
}

/** Writes the whole output to a file, and returns the reason for the failure. */
function keepLog(output) {
  const known = KNOWN_PROBLEMS.find(([pattern]) => pattern.test(output))
  try {
    mkdirSync(dirname(LOG_FILE), { recursive: true })
    writeFileSync(LOG_FILE, output)
  } catch (error) {
    return known?.[1] ?? `it failed, and its log could not be written: ${error.message}`
  }
  return `${known?.[1] ?? 'it failed'}; see build/native-build.log`
}

/** Returns the node-gyp of this repository or, if cloaca is a dependency, the node-gyp of npm. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    const npmsOwn = process.env.npm_config_node_gyp
    return npmsOwn && existsSync(npmsOwn) ? npmsOwn : null
  }
}

/**
 * Returns a folder with `include/node`, so that node-gyp downloads nothing, or null to let node-gyp search itself. The
 * headers of any Node work, because the addon uses only Node-API.
 */
function findHeaders() {
  const nodePackage = join(ROOT, 'node_modules', 'node', 'node_modules')
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const candidates = [
    join(nodePackage, `node-${platform}-${process.arch}`),
    join(nodePackage, `node-bin-${platform}-${process.arch}`),
    process.env.npm_config_nodedir,
    dirname(dirname(process.execPath)),
  ]
  return candidates.find((folder) => folder && existsSync(join(folder, 'include', 'node', 'node_api.h'))) ?? null
}

/** Copies the binary to the folder in which node-gyp-build searches for binaries of the package. */
function shipPrebuilt() {
  const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '.musl' : '.glibc'
  rmSync(PREBUILD_FOLDER, { recursive: true, force: true })
  mkdirSync(PREBUILD_FOLDER, { recursive: true })
  copyFileSync(join(BUILD_FOLDER, BINARY_NAME), join(PREBUILD_FOLDER, `cloaca.napi${libc}.node`))
  copyFileSync(join(BUILD_FOLDER, DIGEST_FILE), join(PREBUILD_FOLDER, DIGEST_FILE))
  console.log(`cloaca: the native context codec is in prebuilds/${process.platform}-${process.arch}.`)
}
