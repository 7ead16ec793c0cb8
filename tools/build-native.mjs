/**
 * Builds the context codec's addon. npm runs it as this package's install script, `npm run native:prebuild` with --prebuild.
 * It must run on Node 20 without any dependency of its own. An install fails only for a Node on which cloaca does not start, since
 * npm shows the output of no other install script. What cannot be built is told in one line, and the TypeScript codec is used.
 * --prebuild fails when there is nothing to ship.
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
/** Lies beside a binary and says which sources it was made of. */
const DIGEST_FILE = 'sources.sha256'

const BUILD_TIME_LIMIT_MS = 10 * 60_000

/** What the build prints, and what it means to the reader. The first that matches is told. */
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

/** Says so as well, and makes the install fail. */
function isNodeTooOld() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const [oldest] = /\d+/.exec(engines.node)
  const version = versionOfNode()
  if (Number.parseInt(version, 10) >= Number(oldest)) return false
  console.error(
    `cloaca needs Node ${oldest} or newer, but this is Node ${version}. Install a newer Node, then install cloaca again.`,
  )
  process.exitCode = 1
  return true
}

/**
 * The version of the Node that will run cloaca. In this repository, that is the Node of its own dependencies. In a project that
 * links this repository, it is the project's, on which npm runs, but npm runs this script with the repository's.
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

/** Returns what is wrong, in a few words, or null. An old binary is removed first: it might not fit the sources. */
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

/** binding.gyp runs `node`, which is not on every PATH. Windows may write that name as `Path`. */
function withOwnNodeFirst(env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return { ...env, [name]: [dirname(process.execPath), env[name] ?? ''].join(delimiter) }
}

/** Writes the whole output to a file, and returns the reason that it gives. */
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

/** Ours in this repository; npm's own where cloaca is a dependency. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch {
    const npmsOwn = process.env.npm_config_node_gyp
    return npmsOwn && existsSync(npmsOwn) ? npmsOwn : null
  }
}

/**
 * A folder with `include/node`, so that nothing has to be downloaded; null lets node-gyp look by itself. Headers of any Node
 * will do: the addon uses Node-API only, and is the same for all.
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

/** Copies the binary to where node-gyp-build looks for one that came with the package. */
function shipPrebuilt() {
  const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '.musl' : '.glibc'
  rmSync(PREBUILD_FOLDER, { recursive: true, force: true })
  mkdirSync(PREBUILD_FOLDER, { recursive: true })
  copyFileSync(join(BUILD_FOLDER, BINARY_NAME), join(PREBUILD_FOLDER, `cloaca.napi${libc}.node`))
  copyFileSync(join(BUILD_FOLDER, DIGEST_FILE), join(PREBUILD_FOLDER, DIGEST_FILE))
  console.log(`cloaca: the native context codec is in prebuilds/${process.platform}-${process.arch}.`)
}
