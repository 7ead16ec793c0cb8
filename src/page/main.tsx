/**
 * Entry point of the script of the page and of its worker, which has no document. Both are chunks of their own, so that
 * neither loads the other.
 */

// `reportError` sends a failed import to the page, as an event of the worker.
if (typeof document === 'undefined') import('./graph/layout-worker.ts').catch(reportError)
else void import('./page.tsx')
