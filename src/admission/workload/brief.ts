/** The API server cuts warnings once all of them together are long; a short one is always whole. */
const MAX_WARNING = 200

/** The text of a warning, cut where an object has given it too much. The reason that precedes it counts too. */
export function brief(reason: string, text: string): string {
  const room = MAX_WARNING - reason.length - ': '.length
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`
}
