/** The SQL of engines, the same for both databases. */

export const FIND_INSTANCE = 'SELECT seq FROM instances WHERE id = $1'
