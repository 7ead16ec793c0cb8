/**
 * The page, as `tools/build-page.ts` has made it of `src/page`: at each address that it has a screen for, and the files that it
 * loads. Nothing in them is secret, so they need no token: the page asks for one when it is refused what it reads.
 */

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { OtherRoute } from './app.ts'

/** As from source, so from `dist`. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../page/'

const SCREENS: readonly string[] = [
  '/',
  '/triggers',
  '/triggers/:name',
  '/executions',
  '/executions/:id',
  '/workflows',
  '/workflows/:name',
  '/reactors',
  '/reactors/:name',
  '/sources/:name',
  '/graphs/:name',
  '/schedules',
  '/system',
]

const ASSETS = '/assets/'
/** What a name may be: there is no way out of the folder. */
const ASSET = /^[a-z]+-[0-9a-f]{10}\.(js|css|svg)$/
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

/** `path`: below the base, as it was asked for. */
export function isOfPage(path: string): boolean {
  return path.startsWith(ASSETS) || SCREENS.some((screen) => pattern(screen).test(path === '' ? '/' : path))
}

export function pageRoutes(basePath: string): readonly OtherRoute[] {
  const base = basePath.replace(/\/$/, '')
  return [
    ...SCREENS.map((path) => ({ path, respond: () => pageAt(base) })),
    { path: `${ASSETS}:name`, respond: assetFor },
  ]
}

/** Whether a person stands before it, who mistyped an address or followed an old link; a program asks for JSON, or for anything. */
export function isOfBrowser({ method, headers }: Request): boolean {
  return method === 'GET' && (headers.get('accept') ?? '').includes('text/html')
}

/** The page, which says that there is nothing at this address, and has the way to what there is. */
export async function lostPage(basePath: string): Promise<Response> {
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
      // Its name is a digest of what is in it.
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...(isPacked && { 'content-encoding': 'gzip' }),
    },
  })
}

/** Null where it has not been built, or was built anew under another name. */
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
