/** Where the page is served: it may be below a path of somebody else's server. Told by the address of its own script. */

/** `` at the root, else `/cloaca`. */
export const BASE: string = new URL('..', import.meta.url).pathname.replace(/\/$/, '')

export const API: string = `${BASE}/api/v1`
