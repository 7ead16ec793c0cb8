/**
 * Where the script begins, which is one for the page and for its worker: a worker has no document. What the one needs is not run in
 * the other, since esbuild runs what is imported so when it is asked for.
 */

if (typeof document === 'undefined') void import('./graph/layout-worker.ts')
else void import('./page.tsx')
