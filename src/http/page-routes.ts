/**
 * The page that `tools/build-page.ts` made of `src/page`: at the address of each screen, with its files. They contain
 * no secrets and need no token: the page prompts for one when its requests are refused.
 */

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { OtherRoute } from './other-route.ts'

/** Path from the source and from `dist`. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../page/'

const SCREENS: readonly string[] = [
  '/',
  '/triggers',
  '/triggers/:name',
  '/executions',
  '/executions/:id',
  '/approvals',
  '/approvals/:id',
  '/workflows',
  '/workflows/:name',
  '/reactors',
  '/reactors/:name',
  '/sources/:name',
  '/graphs/:name',
  '/schedules',
  '/schedules/:id',
  '/alerts',
  '/actions',
  '/system',
]

const ASSETS = '/assets/'
/** Names of files, which cannot leave the folder. */
const ASSET = /^[a-z-]+-[0-9A-Za-z]{8,10}\.(js|css|svg)$/
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const NOT_BUILT = 'The page is not built. Build it with "npm run build", or use the HTTP API at /api/v1.\n'

/** `path`: requested path below the base. */
export function isPagePath(path: string): boolean {
  return path.startsWith(ASSETS) || SCREENS.some((screen) => pattern(screen).test(path === '' ? '/' : path))
}

export function pageRoutes(basePath: string): readonly OtherRoute[] {
  const base = basePath.replace(/\/$/, '')
  return [
    ...SCREENS.map((path) => ({ path, respond: () => pageAt(base) })),
    { path: `${ASSETS}:name`, respond: assetFor },
  ]
}

/** Whether the client is a browser, whose user may have mistyped an address. Programs accept JSON or anything. */
export function isBrowserRequest({ method, headers }: Request): boolean {
  return method === 'GET' && (headers.get('accept') ?? '').includes('text/html')
}

/** Returns the page, which reports the unknown address and has links to the others. */
export async function unknownAddressPage(basePath: string): Promise<Response> {
  const { body, headers } = await pageAt(basePath.replace(/\/$/, ''))
  return new Response(body, { status: 404, headers })
}

async function pageAt(base: string): Promise<Response> {
  const html = await built('index.html')
  if (html === null) return new Response(NOT_BUILT, { status: 503, headers: { 'content-type': 'text/plain' } })
  return new Response(html.toString().replaceAll('{{base}}', base), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })
}

async function assetFor(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split('/').at(-1) ?? ''
  const [, ending = ''] = ASSET.exec(name) ?? []
  const isPacked = acceptsGzip(request.headers.get('accept-encoding') ?? '')
  const bytes = ending === '' ? null : await built(isPacked ? `${name}.gz` : name)
  if (bytes === null) return new Response('File not found.\n', { status: 404 })
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': `${TYPES[ending]}; charset=utf-8`,
      // A worker has the policy of its script, and imports another chunk.
      'content-security-policy': POLICY,
      // The name is a digest of the content.
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...(isPacked && { 'content-encoding': 'gzip' }),
    },
  })
}

/** Returns null if the page was not built, or was built again under another name. */
async function built(name: string): Promise<Buffer | null> {
  try {
    return await readFile(fileURLToPath(new URL(`${BUILT}${name}`, import.meta.url)))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw thrown
  }
}

function acceptsGzip(header: string): boolean {
  const [, weight = '1'] = /(?:^|,)\s*gzip\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)/i.exec(header) ?? [undefined, '0']
  return Number(weight) > 0
}

function pattern(screen: string): RegExp {
  return new RegExp(`^${screen.replace(/:\w+/g, '[^/]+')}$`)
}
